//! Threads that block for a future.

use std::cell::Cell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use super::Reactor;
use crate::port::thread_mark;

thread_local! {
    static BLOCKING: Cell<bool> = const { Cell::new(false) };
    /// The parker of this thread's last wait, for its next one.
    static PARKER: Cell<Option<Arc<Parker>>> = const { Cell::new(None) };
}

/// Whether the caller runs inside [`block_on`].
pub(crate) fn is_blocking() -> bool {
    BLOCKING.get()
}

/// One blocked thread.
pub(super) struct Parker {
    thread: Thread,
    /// The thread's `thread_mark`.
    mark: usize,
    notified: AtomicBool,
    promoted: AtomicBool,
    polling: AtomicBool,
    /// Weak, for a thread that keeps its parker must not keep a node.
    reactor: Weak<Reactor>,
}

impl Parker {
    /// The parker of the calling thread: that of its last wait, unless somebody still
    /// has a waker of it.
    fn of_this_thread(reactor: &Arc<Reactor>) -> Arc<Self> {
        // A thread that is ending may be past its thread-local values.
        if let Ok(Some(mut parker)) = PARKER.try_with(Cell::take)
            && let Some(own) = Arc::get_mut(&mut parker)
            && own.reactor.as_ptr() == Arc::as_ptr(reactor)
        {
            *own.promoted.get_mut() = false;
            return parker;
        }
        Arc::new(Parker {
            mark: thread_mark(),
            thread: thread::current(),
            notified: AtomicBool::new(false),
            promoted: AtomicBool::new(false),
            polling: AtomicBool::new(false),
            reactor: Arc::downgrade(reactor),
        })
    }

    /// Waits until notified (`false`) or made the poller (`true`).
    pub(super) fn wait(&self) -> bool {
        loop {
            if self.notified.load(Ordering::Acquire) {
                return false;
            }
            if self.take_promotion() {
                return true;
            }
            thread::park();
        }
    }

    pub(super) fn promote(&self) {
        self.promoted.store(true, Ordering::Release);
        self.thread.unpark();
    }

    pub(super) fn take_promotion(&self) -> bool {
        self.promoted.swap(false, Ordering::Acquire)
    }

    pub(super) fn is_notified(&self) -> bool {
        self.notified.load(Ordering::SeqCst)
    }

    pub(super) fn set_polling(&self, polling: bool) {
        // Sequentially consistent, together with `notified`: either the notifier
        // sees that we poll, or we see that we are notified.
        self.polling.store(polling, Ordering::SeqCst);
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.notified.store(true, Ordering::SeqCst);
        // A thread that handles its own event needs no system call.
        if thread_mark() == self.mark {
            return;
        }
        if self.polling.load(Ordering::SeqCst) {
            if let Some(reactor) = self.reactor.upgrade() {
                reactor.interrupt();
            }
        } else {
            self.thread.unpark();
        }
    }
}

/// Runs a future on this thread, polling the reactor while it waits.
pub(crate) fn block_on<F: Future>(reactor: &Arc<Reactor>, future: F) -> F::Output {
    let mut future = pin!(future);
    let outer = BLOCKING.replace(true);
    let _restore = Restore(outer);
    // Most calls need not wait at all: the parker comes with the first wait.
    if let Poll::Ready(output) = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        return output;
    }
    wait_for(reactor, future)
}

/// As [`block_on`], for a future of which the caller knows that it is not ready.
pub(crate) fn block_on_pending<F: Future>(reactor: &Arc<Reactor>, future: F) -> F::Output {
    let outer = BLOCKING.replace(true);
    let _restore = Restore(outer);
    wait_for(reactor, pin!(future))
}

fn wait_for<F: Future>(reactor: &Arc<Reactor>, mut future: Pin<&mut F>) -> F::Output {
    let parker = Parker::of_this_thread(reactor);
    let waker = Waker::from(Arc::clone(&parker));
    loop {
        parker.notified.store(false, Ordering::SeqCst);
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            drop(waker);
            let _ = PARKER.try_with(|kept| kept.set(Some(parker)));
            return output;
        }
        reactor.wait(&parker);
    }
}

struct Restore(bool);

impl Drop for Restore {
    fn drop(&mut self) {
        BLOCKING.set(self.0);
    }
}
