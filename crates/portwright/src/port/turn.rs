//! The lock of a port, and the signals that wait for it.
//!
//! A [`Turn`] is a lock whose waiters do not wait: whoever finds it taken leaves
//! the signal, and the holder handles it before letting go. If the turn is free,
//! and then nothing is queued, the caller handles its signal at once. So signals
//! of one sender keep their order, and no port needs a task of its own.
//!
//! Drivers with driver-level locking share one turn among all their ports.

#![allow(
    unsafe_code,
    reason = "state that is guarded by a turn instead of by a mutex of its own"
)]

use std::cell::{RefCell, RefMut};
use std::marker::PhantomData;
use std::sync::Arc;

use super::PortCore;
use super::handoff::Handoff;
use super::signal::Signal;

pub(crate) struct Turn {
    signals: Handoff<(Arc<PortCore>, Signal)>,
}

/// Proof that this thread holds the turn of a port. Not sendable, made only here.
pub(crate) struct Held<'a> {
    turn: &'a Turn,
    /// `turn` is its turn. Only compared, and so never out of date: nobody else has the
    /// address while there is a `Held` that was made for it.
    port: *const PortCore,
    not_send: PhantomData<*const ()>,
}

impl<'a> Held<'a> {
    /// Takes the turn of a port if it is free.
    #[inline]
    pub(crate) fn try_of(port: &'a PortCore) -> Option<Self> {
        let turn = port.turn();
        turn.signals
            .try_take(thread_mark())
            .then(|| turn.held(port))
    }

    /// The same for another port that has the same turn.
    ///
    /// # Panics
    ///
    /// When it has another turn.
    pub(crate) fn with_port<R>(&self, port: &PortCore, run: impl FnOnce(&Held<'_>) -> R) -> R {
        assert!(
            std::ptr::eq(port.turn(), self.turn),
            "the wrong turn is held"
        );
        run(&self.turn.held(port))
    }

    /// Handles what was queued and lets go.
    #[inline]
    pub(crate) fn release(self) {
        if let Some(queued) = self.turn.signals.next_or_release(thread_mark()) {
            self.turn.handle_queued(queued);
        }
    }
}

impl Turn {
    pub(crate) fn new() -> Self {
        Self {
            signals: Handoff::new(),
        }
    }

    /// For a port whose turn this is.
    #[inline]
    fn held(&self, port: &PortCore) -> Held<'_> {
        Held {
            turn: self,
            port,
            not_send: PhantomData,
        }
    }

    /// Takes the turn of a port that nobody knows yet; [`held_by_maker`](Self::held_by_maker)
    /// follows on the same thread.
    pub(crate) fn take_exclusive(&mut self) {
        let taken = self.signals.try_take(thread_mark());
        debug_assert!(taken, "nobody else can have it");
    }

    /// The proof that goes with [`take_exclusive`](Self::take_exclusive), once. It
    /// proves nothing for a port that has another turn.
    pub(crate) fn held_by_maker(&self, port: &PortCore) -> Held<'_> {
        let mut held = self.held(port);
        if !std::ptr::eq(port.turn(), self) {
            held.port = std::ptr::null();
        }
        held
    }

    /// Whether a signal waits for the holder.
    #[cfg(test)]
    pub(super) fn is_waited_for(&self) -> bool {
        self.signals.is_waited_for()
    }

    /// Whether the calling thread holds the turn, further up its stack.
    pub(crate) fn is_held_here(&self) -> bool {
        self.signals.is_held_as(thread_mark())
    }

    /// Hands a signal to whoever holds the turn. If nobody does, the turn is the
    /// caller's, and handles it.
    pub(crate) fn queue(&self, port: &Arc<PortCore>, signal: Signal) {
        if self
            .signals
            .leave((Arc::clone(port), signal), thread_mark())
        {
            self.held(port).release();
        }
    }

    /// As [`queue`](Self::queue), but the caller does not handle the signal: whoever
    /// sees to what is returned does, on any thread.
    pub(crate) fn queue_for_later(&self, port: &Arc<PortCore>, signal: Signal) -> Option<Owed> {
        const NOBODY: usize = 0;
        self.signals
            .leave((Arc::clone(port), signal), NOBODY)
            .then(|| Owed(Arc::clone(port)))
    }

    #[cold]
    fn handle_queued(&self, mut queued: (Arc<PortCore>, Signal)) {
        loop {
            // Only ports that have this turn leave signals with it.
            let (port, signal) = queued;
            port.handle(&self.held(&port), signal);
            match self.signals.next_or_release(thread_mark()) {
                Some(next) => queued = next,
                None => return,
            }
        }
    }
}

/// A turn that is taken, with signals that nobody handles yet. To drop it is to see
/// to them: a turn that nobody lets go would be taken for ever.
pub(crate) struct Owed(Arc<PortCore>);

impl Drop for Owed {
    fn drop(&mut self) {
        let turn = self.0.turn();
        turn.signals.adopt(thread_mark());
        turn.held(&self.0).release();
    }
}

/// An even number that no two living threads share and that is never 0.
#[inline]
pub(crate) fn thread_mark() -> usize {
    // The address is that of a `u16`, so it is even.
    thread_local!(static MARK: u16 = const { 0 });
    MARK.with(|mark| std::ptr::from_ref(mark) as usize)
}

/// State of a port that only the holder of its turn touches.
///
/// The borrow is checked as in a `RefCell`: a callback that comes back to its
/// own port finds the state borrowed and not aliased.
pub(crate) struct TurnCell<T> {
    value: RefCell<T>,
}

// SAFETY: a `RefCell` must not be used by two threads at once. Its only uses are
// `get_mut` and `try_get_mut` below, which ask for a `Held` and for the port that the
// cell is a field of, and check that the `Held` is that port's. A `Held` exists only
// between `Held::try_of`, `Turn::queue` or the drop of the `Owed` that stands for a taken
// turn, and `release`. `Handoff` lets one thread in at a time with acquire and release
// ordering (its loom test), and a `Held` cannot leave its thread.
// `T: Send`, because the value is used by one thread after another.
unsafe impl<T: Send> Sync for TurnCell<T> {}

impl<T> TurnCell<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            value: RefCell::new(value),
        }
    }

    /// The cell is a field of `port`.
    #[inline]
    pub(crate) fn get_mut<'a>(&'a self, port: &PortCore, held: &'a Held<'_>) -> RefMut<'a, T> {
        assert!(std::ptr::eq(port, held.port), "the wrong turn is held");
        self.value.borrow_mut()
    }

    /// For a value that nobody shares yet.
    pub(crate) fn get_exclusive(&mut self) -> &mut T {
        self.value.get_mut()
    }

    /// As [`get_mut`](Self::get_mut); `None` while the value is borrowed.
    #[inline]
    pub(crate) fn try_get_mut<'a>(
        &'a self,
        port: &PortCore,
        held: &'a Held<'_>,
    ) -> Option<RefMut<'a, T>> {
        assert!(std::ptr::eq(port, held.port), "the wrong turn is held");
        self.value.try_borrow_mut().ok()
    }
}
