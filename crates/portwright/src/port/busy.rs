//! Busy ports and who waits for them.
//!
//! A port is busy when its driver says so, when its queue is long (for drivers
//! with queue limits: programs and descriptors), or when too many bytes of
//! commands wait in its signal queue. Senders of commands wait then; nothing else
//! does.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use portwright_driver::{BusyLimits, DriverFlags};

use super::PortCore;
use super::spare::Spare;
use crate::process::ProcessCore;

/// The driver says so.
const BY_DRIVER: u8 = 1;
/// The port's queue is long.
const BY_QUEUE: u8 = 2;
/// The signal queue is long.
const BY_SIGNALS: u8 = 4;

/// Limits that switch the feature off.
const NEVER: u64 = u64::MAX;

pub(super) struct BusyState {
    flags: AtomicU8,
    queue_low: AtomicU64,
    queue_high: AtomicU64,
    signal_low: AtomicU64,
    signal_high: AtomicU64,
    signal_bytes: AtomicUsize,
    waiters: Mutex<Spare<Vec<(WaitId, Waker)>>>,
    /// Somebody waits for an empty queue.
    wants_drained: AtomicBool,
}

impl BusyState {
    pub(super) fn new(queue: BusyLimits, signals: BusyLimits) -> Self {
        let (queue_low, queue_high) = numbers(queue);
        let (signal_low, signal_high) = numbers(signals);
        Self {
            flags: AtomicU8::new(0),
            queue_low: queue_low.into(),
            queue_high: queue_high.into(),
            signal_low: signal_low.into(),
            signal_high: signal_high.into(),
            signal_bytes: AtomicUsize::new(0),
            waiters: Mutex::new(Spare::default()),
            wants_drained: AtomicBool::new(false),
        }
    }

    fn is_busy(&self) -> bool {
        self.flags.load(Ordering::Acquire) != 0
    }

    fn set(&self, flag: u8, busy: bool) {
        if busy {
            self.flags.fetch_or(flag, Ordering::AcqRel);
        } else if self.flags.load(Ordering::Relaxed) & flag != 0
            && self.flags.fetch_and(!flag, Ordering::AcqRel) == flag
        {
            self.wake_all();
        }
    }

    fn add_waiter(&self, wait: WaitId, waker: &Waker) {
        set_waker(self.waiters.lock().make(), wait, waker);
    }

    fn remove_waiter(&self, wait: WaitId) {
        let mut waiters = self.waiters.lock();
        let waker = waiters
            .get_mut()
            .and_then(|waiters| take_waker(waiters, wait));
        drop(waiters);
        drop(waker);
    }

    /// Lets everybody who waits look again.
    pub(super) fn wake_all(&self) {
        let waiters = self.waiters.lock().take();
        for (_, waker) in waiters.into_iter().flat_map(|waiters| *waiters) {
            waker.wake();
        }
    }

    pub(super) fn add_signal_bytes(&self, bytes: usize) {
        let total = self.signal_bytes.fetch_add(bytes, Ordering::AcqRel) + bytes;
        if total as u64 > self.signal_high.load(Ordering::Relaxed) {
            self.set(BY_SIGNALS, true);
        }
    }

    pub(super) fn remove_signal_bytes(&self, bytes: usize) {
        let total = self.signal_bytes.fetch_sub(bytes, Ordering::AcqRel) - bytes;
        if total == 0 || (total as u64) < self.signal_low.load(Ordering::Relaxed) {
            self.set(BY_SIGNALS, false);
        }
    }

    /// D-I12 to D-I15.
    pub(super) fn set_signal_limits(&self, low: Option<u64>, high: Option<u64>) -> BusyLimits {
        let mut now_low = self.signal_low.load(Ordering::Relaxed);
        let mut now_high = self.signal_high.load(Ordering::Relaxed);
        if now_high == NEVER {
            return BusyLimits::Disabled;
        }
        match (low, high) {
            (Some(low), Some(high)) => (now_low, now_high) = (low.min(high), high),
            (Some(low), None) => (now_low, now_high) = (low, now_high.max(low)),
            (None, Some(high)) => (now_low, now_high) = (now_low.min(high), high),
            (None, None) => {}
        }
        self.signal_low.store(now_low, Ordering::Relaxed);
        self.signal_high.store(now_high, Ordering::Relaxed);
        BusyLimits::Limits {
            low: now_low,
            high: now_high,
        }
    }

    pub(super) fn disable_signal_limits(&self) {
        self.signal_high.store(NEVER, Ordering::Relaxed);
        self.set(BY_SIGNALS, false);
    }
}

fn numbers(limits: BusyLimits) -> (u64, u64) {
    match limits {
        BusyLimits::Disabled => (NEVER, NEVER),
        BusyLimits::Limits { low, high } => (low.min(high), high),
    }
}

impl PortCore {
    /// Whether senders of commands wait now.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy.is_busy()
    }

    pub(super) fn set_busy_by_driver(&self, busy: bool) {
        self.busy.set(BY_DRIVER, busy);
    }

    /// Compares the queue with its limits (P-801).
    pub(super) fn update_busy(&self) {
        let len = self.queue_len() as u64;
        if len >= self.busy.queue_high.load(Ordering::Relaxed) {
            self.busy.set(BY_QUEUE, true);
        } else if len < self.busy.queue_low.load(Ordering::Relaxed) || len == 0 {
            self.busy.set(BY_QUEUE, false);
        }
        if len == 0
            && self.busy.wants_drained.load(Ordering::SeqCst)
            && self.busy.wants_drained.swap(false, Ordering::AcqRel)
        {
            self.busy.wake_all();
        }
    }

    /// Waits until the queue is empty: `true`, or `false` when the port ended with
    /// something in it.
    pub(crate) fn poll_drained(&self, context: &mut Context<'_>) -> Poll<bool> {
        let waker = context.waker();
        {
            let mut waiters = self.busy.waiters.lock();
            let waiters = waiters.make();
            if !waiters.iter().any(|(_, waiter)| waiter.will_wake(waker)) {
                waiters.push((WaitId::next(), waker.clone()));
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
        self.port.busy.add_waiter(wait, context.waker());
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
            self.port.busy.remove_waiter(wait);
        }
    }
}
