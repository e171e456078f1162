//! Busy ports and who waits for them.
//!
//! A port is busy when its driver says so, when its queue is long (for drivers
//! with queue limits: programs and descriptors), or when too many bytes of
//! commands wait in its signal queue. Senders of commands wait then; nothing else
//! does.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use portwright_driver::{BusyLimits, DriverFlags};

use super::{KnownDriver, PortCore, RareOutside};
use crate::process::ProcessCore;

/// The driver says so.
const BY_DRIVER: u8 = 1;
/// The port's queue is long.
const BY_QUEUE: u8 = 2;
/// The signal queue is long.
const BY_SIGNALS: u8 = 4;

/// The usual limits: of programs, descriptors and signal queues (P-801, P-808).
pub(super) const DEFAULT_LIMITS: BusyLimits = BusyLimits::Limits {
    low: 4096,
    high: 8192,
};

/// Why the port is busy, and whether somebody wants to know more.
pub(super) struct BusyState {
    flags: AtomicU8,
    /// Somebody waits for an empty queue.
    wants_drained: AtomicBool,
}

impl BusyState {
    pub(super) fn new() -> Self {
        Self {
            flags: AtomicU8::new(0),
            wants_drained: AtomicBool::new(false),
        }
    }

    #[inline]
    fn is_busy(&self) -> bool {
        self.flags.load(Ordering::Acquire) != 0
    }
}

impl KnownDriver {
    fn has_queue_limits(&self) -> bool {
        let flags = self.entry.driver_flags();
        flags.contains(DriverFlags::QUEUE_LIMITS)
    }

    /// The limits of the queue of a port that was opened without any.
    pub(super) fn queue_limits(&self) -> BusyLimits {
        if self.has_queue_limits() {
            DEFAULT_LIMITS
        } else {
            BusyLimits::Disabled
        }
    }

    /// The limits of the signal queue of such a port.
    pub(super) fn signal_limits(&self) -> BusyLimits {
        let flags = self.entry.driver_flags();
        if flags.contains(DriverFlags::NO_BUSY_MSGQ) {
            BusyLimits::Disabled
        } else {
            DEFAULT_LIMITS
        }
    }
}

/// Low and high, in bytes; out of reach when switched off.
fn numbers(limits: BusyLimits) -> (u64, u64) {
    match limits {
        BusyLimits::Disabled => (u64::MAX, u64::MAX),
        BusyLimits::Limits { low, high } => (low.min(high), high),
    }
}

impl PortCore {
    fn set_busy(&self, flag: u8, busy: bool) {
        let flags = &self.busy.flags;
        if busy {
            flags.fetch_or(flag, Ordering::AcqRel);
        } else if flags.load(Ordering::Relaxed) & flag != 0
            && flags.fetch_and(!flag, Ordering::AcqRel) == flag
        {
            self.wake_all();
        }
    }

    fn add_waiter(&self, wait: WaitId, waker: &Waker) {
        // Wakers are code of others.
        let waker = waker.clone();
        let mut outside = self.outside.lock();
        let waiters = &mut outside.rare.make().waiters;
        let old = match waiters.iter_mut().find(|(own, _)| *own == wait) {
            Some((_, own)) => Some(std::mem::replace(own, waker)),
            None => {
                waiters.push((wait, waker));
                None
            }
        };
        drop(outside);
        drop(old);
    }

    fn remove_waiter(&self, wait: WaitId) {
        let mut outside = self.outside.lock();
        let rare = outside.rare.get_mut();
        let waker = rare.and_then(|rare| take_waker(&mut rare.waiters, wait));
        drop(outside);
        drop(waker);
    }

    /// Lets everybody who waits look again.
    pub(super) fn wake_all(&self) {
        let waiters = match self.outside.lock().rare.get_mut() {
            Some(rare) => std::mem::take(&mut rare.waiters),
            None => return,
        };
        for (_, waker) in waiters {
            waker.wake();
        }
    }

    pub(super) fn add_signal_bytes(&self, bytes: usize) {
        let mut outside = self.outside.lock();
        let rare = outside.rare.make();
        rare.signal_bytes += bytes;
        let total = rare.signal_bytes as u64;
        let (_, high) = numbers(self.signal_limits(rare));
        drop(outside);
        if total > high {
            self.set_busy(BY_SIGNALS, true);
        }
    }

    pub(super) fn remove_signal_bytes(&self, bytes: usize) {
        let mut outside = self.outside.lock();
        let rare = outside.rare.make();
        rare.signal_bytes -= bytes;
        let total = rare.signal_bytes as u64;
        let (low, _) = numbers(self.signal_limits(rare));
        drop(outside);
        if total == 0 || total < low {
            self.set_busy(BY_SIGNALS, false);
        }
    }

    fn signal_limits(&self, rare: &RareOutside) -> BusyLimits {
        rare.signal_limits
            .unwrap_or_else(|| self.driver.signal_limits())
    }

    /// D-I12 to D-I15.
    pub(super) fn set_signal_limits(&self, low: Option<u64>, high: Option<u64>) -> BusyLimits {
        let mut outside = self.outside.lock();
        let rare = outside.rare.make();
        let BusyLimits::Limits {
            low: now_low,
            high: now_high,
        } = self.signal_limits(rare)
        else {
            return BusyLimits::Disabled;
        };
        let now_low = now_low.min(now_high);
        let (low, high) = match (low, high) {
            (Some(low), Some(high)) => (low.min(high), high),
            (Some(low), None) => (low, now_high.max(low)),
            (None, Some(high)) => (now_low.min(high), high),
            (None, None) => (now_low, now_high),
        };
        *rare.signal_limits.insert(BusyLimits::Limits { low, high })
    }

    pub(super) fn disable_signal_limits(&self) {
        self.outside.lock().rare.make().signal_limits = Some(BusyLimits::Disabled);
        self.set_busy(BY_SIGNALS, false);
    }
}

impl PortCore {
    /// Whether senders of commands wait now.
    #[inline]
    pub(crate) fn is_busy(&self) -> bool {
        self.busy.is_busy()
    }

    /// Whether a command finds the port busy (P-802).
    #[inline]
    pub(crate) fn refuses_commands(self: &Arc<Self>) -> bool {
        self.is_busy() && self.stays_busy()
    }

    /// A burst of commands may fill the signal queue while another thread writes what came
    /// before and was interrupted there. The callbacks of programs and descriptors never
    /// wait, so that thread is waited for: it handles the queue before anything else.
    #[cold]
    fn stays_busy(self: &Arc<Self>) -> bool {
        if self.busy.flags.load(Ordering::Acquire) == BY_SIGNALS
            && !self.parallelism
            && self.driver.has_queue_limits()
        {
            self.request(|_, _| ());
        }
        self.is_busy()
    }

    pub(super) fn set_busy_by_driver(&self, busy: bool) {
        self.set_busy(BY_DRIVER, busy);
    }

    /// Compares the queue with its limits (P-801).
    #[inline]
    pub(super) fn update_busy(&self) {
        let len = self.queue_len();
        let is_watched = self.busy.flags.load(Ordering::Relaxed) & BY_QUEUE != 0
            || self.busy.wants_drained.load(Ordering::SeqCst);
        if len > 0 || is_watched {
            self.compare_queue(len as u64);
        }
    }

    fn compare_queue(&self, len: u64) {
        if len == 0 {
            self.set_busy(BY_QUEUE, false);
            if self.busy.wants_drained.swap(false, Ordering::AcqRel) {
                self.wake_all();
            }
            return;
        }
        let limits = self.special.as_ref().and_then(|own| own.queue_limits);
        let (low, high) = numbers(limits.unwrap_or_else(|| self.driver.queue_limits()));
        if len >= high {
            self.set_busy(BY_QUEUE, true);
        } else if len < low {
            self.set_busy(BY_QUEUE, false);
        }
    }

    /// Waits until the queue is empty: `true`, or `false` when the port ended with
    /// something in it.
    pub(crate) fn poll_drained(&self, context: &mut Context<'_>) -> Poll<bool> {
        let waker = context.waker();
        {
            // Wakers are code of others.
            let own = waker.clone();
            let mut outside = self.outside.lock();
            let waiters = &mut outside.rare.make().waiters;
            if !waiters.iter().any(|(_, waiter)| waiter.will_wake(waker)) {
                waiters.push((WaitId::next(), own));
            }
        }
        // Either we see the queue empty below, or whoever empties it sees that we wait.
        self.busy.wants_drained.store(true, Ordering::SeqCst);
        if self.dropped_output() {
            Poll::Ready(false)
        } else if self.queue_len() == 0 {
            Poll::Ready(true)
        } else {
            if !crate::reactor::is_blocking() {
                self.node().reactor().note_task();
            }
            Poll::Pending
        }
    }

    /// Whether `force` reaches the driver while the port is busy.
    pub(crate) fn is_forceable(&self) -> bool {
        self.driver
            .entry
            .driver_flags()
            .contains(DriverFlags::SOFT_BUSY)
    }

    /// Waits until the port is not busy, or not open, or the waiting process ends.
    pub(crate) fn not_busy(self: &Arc<Self>, process: &Arc<ProcessCore>) -> NotBusy {
        NotBusy {
            port: Arc::clone(self),
            process: Arc::clone(process),
            wait: None,
        }
    }
}

/// The wait of a suspended process.
pub(crate) struct NotBusy {
    port: Arc<PortCore>,
    process: Arc<ProcessCore>,
    /// Once it is known to both that wake it.
    wait: Option<WaitId>,
}

/// Tells apart those who wait: one process may wait in several tasks, one task for several
/// ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WaitId(u64);

impl WaitId {
    fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Remembers whom to wake for a wait.
pub(crate) fn set_waker(waits: &mut Vec<(WaitId, Waker)>, wait: WaitId, waker: &Waker) {
    match waits.iter_mut().find(|(own, _)| *own == wait) {
        Some((_, own)) => own.clone_from(waker),
        None => waits.push((wait, waker.clone())),
    }
}

/// Forgets a wait. The waker is returned to be dropped without a lock.
pub(crate) fn take_waker(waits: &mut Vec<(WaitId, Waker)>, wait: WaitId) -> Option<Waker> {
    let index = waits.iter().position(|(own, _)| *own == wait)?;
    Some(waits.swap_remove(index).1)
}

impl NotBusy {
    fn is_over(&self) -> bool {
        !self.port.is_busy() || !self.port.is_open() || self.process.is_exited()
    }
}

impl Future for NotBusy {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.is_over() {
            return Poll::Ready(());
        }
        let wait = *self.wait.get_or_insert_with(WaitId::next);
        if !self.process.suspend(wait, context.waker()) {
            return Poll::Ready(());
        }
        self.port.add_waiter(wait, context.waker());
        if !crate::reactor::is_blocking() {
            self.port.node().reactor().note_task();
        }
        // What changed before the waker was there woke nobody.
        if self.is_over() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl std::fmt::Debug for NotBusy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("NotBusy").field(&self.port.id()).finish()
    }
}

impl Drop for NotBusy {
    fn drop(&mut self) {
        if let Some(wait) = self.wait {
            self.process.resume(wait);
            self.port.remove_waiter(wait);
        }
    }
}
