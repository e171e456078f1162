//! A task that polls: events are handled by whichever thread of a tokio runtime runs it.
//!
//! The epoll set is a descriptor too, readable while it has events, so tokio's own can watch
//! it. What it reports is an edge: the task looks until nothing is left before it waits again.

#![allow(
    unsafe_code,
    reason = "tokio has to be promised that a descriptor stays what it is"
)]

use std::future::poll_fn;
use std::io;
use std::mem;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create, timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::{AT_ONCE, Reactor, add_wake, timespec};

/// Looks in a row before other tasks have their turn.
const LOOKS: usize = 8;

impl Reactor {
    /// Handles events for as long as it is polled, or until the node has ended. A thread that
    /// polls already goes on until its wait is over; then the task does.
    pub(crate) async fn handle_events(self: Arc<Self>) -> io::Result<()> {
        let alarm = Alarm::new(&self)?;
        let watched = watch(&self)?;
        let mut tenure = Tenure::begin(&self).await;
        while !self.has_ended() {
            let mut looks = 0;
            while self.look() > 0 || self.sources.has_always_ready() {
                looks += 1;
                if looks == LOOKS {
                    looks = 0;
                    tokio::task::yield_now().await;
                }
            }
            alarm.set(tenure.begin_wait());
            watched.readable().await?.clear_ready();
            tenure.end_wait();
        }
        Ok(())
    }
}

/// Has the runtime of the caller watch the epoll set.
fn watch(reactor: &Reactor) -> io::Result<AsyncFd<OwnedFd>> {
    // A descriptor of our own: a runtime watches each but once.
    let watched = reactor.epoll.try_clone()?;
    // SAFETY: an owned descriptor stays open, and what it is, for as long as `AsyncFd` has it.
    Ok(unsafe { AsyncFd::register_with_interest(watched, Interest::READABLE) }?)
}

/// Makes the epoll set readable when a timer is due.
struct Alarm(OwnedFd);

impl Alarm {
    fn new(reactor: &Reactor) -> io::Result<Self> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        add_wake(&reactor.epoll, &timer)?;
        Ok(Self(timer))
    }

    /// `None` leaves an earlier time as it is: to look once in vain does no harm.
    fn set(&self, until: Option<Instant>) {
        let Some(until) = until else { return };
        let left = until.saturating_duration_since(Instant::now());
        let time = Itimerspec {
            it_interval: AT_ONCE,
            // Zero would be never.
            it_value: timespec(left.max(Duration::from_nanos(1))),
        };
        timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &time)
            .expect("a relative time from now on is a valid one");
    }
}

/// A task that is to have the poller's role next.
#[derive(Default)]
pub(super) struct Candidate(Mutex<Candidacy>);

#[derive(Default)]
enum Candidacy {
    #[default]
    New,
    Waits(Waker),
    Chosen,
}

impl Candidate {
    /// The role is its own now; the caller wakes the waker after letting go of its locks.
    pub(super) fn choose(&self) -> Option<Waker> {
        match mem::replace(&mut *self.0.lock(), Candidacy::Chosen) {
            Candidacy::Waits(waker) => Some(waker),
            Candidacy::New | Candidacy::Chosen => None,
        }
    }

    fn poll_chosen(&self, context: &Context<'_>) -> Poll<()> {
        let mut candidacy = self.0.lock();
        if let Candidacy::Chosen = *candidacy {
            return Poll::Ready(());
        }
        *candidacy = Candidacy::Waits(context.waker().clone());
        Poll::Pending
    }
}

/// Waits for the role; who gives up leaves it to others.
struct Standing<'r> {
    reactor: &'r Arc<Reactor>,
    /// `None` once it has been chosen.
    candidate: Option<Arc<Candidate>>,
}

impl Standing<'_> {
    async fn chosen(mut self) {
        if let Some(candidate) = &self.candidate {
            poll_fn(|context| candidate.poll_chosen(context)).await;
        }
        self.candidate = None;
    }
}

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        if let Some(candidate) = self.candidate.take()
            && !self.reactor.withdraw(&candidate)
        {
            self.reactor.leave();
        }
    }
}

/// The poller's role, while a task has it.
struct Tenure<'r> {
    reactor: &'r Arc<Reactor>,
    /// Until when it waits, if it waits.
    waits: Option<Option<Instant>>,
}

impl<'r> Tenure<'r> {
    async fn begin(reactor: &'r Arc<Reactor>) -> Self {
        if let Some(candidate) = reactor.stand_for_role() {
            Standing {
                reactor,
                candidate: Some(candidate),
            }
            .chosen()
            .await;
        }
        Self {
            reactor,
            waits: None,
        }
    }

    fn begin_wait(&mut self) -> Option<Instant> {
        let until = self.reactor.timers.begin_wait();
        self.waits = Some(until);
        until
    }

    fn end_wait(&mut self) {
        if let Some(until) = self.waits.take() {
            self.reactor.timers.end_wait(until);
        }
    }
}

impl Drop for Tenure<'_> {
    fn drop(&mut self) {
        self.end_wait();
        self.reactor.leave();
    }
}
