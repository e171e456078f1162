//! Who waits for a driver to be loaded or unloaded, and what they are told.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::{Condvar, Mutex};
use portwright::{Node, Pid, Reference, Term};

use crate::table::{Record, User};

/// What somebody waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Awaits {
    Load,
    Unload,
    /// As `Unload`, and not interested in that being revoked.
    UnloadOnly,
}

/// A monitor.
pub(crate) struct Waiter {
    pub(crate) awaits: Awaits,
    pub(crate) whom: Whom,
}

/// Who is told.
#[derive(Clone)]
pub(crate) enum Whom {
    /// A message `{'UP'|'DOWN',Reference,driver,Name,What}`.
    Process(Pid, Reference),
    /// Somebody who waits in Rust.
    Slot(Arc<Slot>, Reference),
}

impl Whom {
    pub(crate) fn pid(&self) -> Option<Pid> {
        match self {
            Self::Process(pid, _) => Some(*pid),
            Self::Slot(..) => None,
        }
    }

    pub(crate) fn reference(&self) -> &Reference {
        match self {
            Self::Process(_, reference) | Self::Slot(_, reference) => reference,
        }
    }
}

/// The natural receiver of a user's messages.
pub(crate) fn whom(user: User, node: &Node) -> Whom {
    let reference = node.make_reference();
    match user {
        User::Process(pid) => Whom::Process(pid, reference),
        User::Host => Whom::Slot(Arc::default(), reference),
    }
}

/// A message to be sent when no lock is held.
pub(crate) struct Notice {
    pub(crate) whom: Whom,
    pub(crate) is_up: bool,
    pub(crate) name: Term,
    pub(crate) what: Term,
}

impl Notice {
    pub(crate) fn deliver(self, node: &Node) {
        match self.whom {
            Whom::Process(pid, reference) => {
                let tag = if self.is_up {
                    Term::atom("UP")
                } else {
                    Term::atom("DOWN")
                };
                let message = Term::tuple([
                    tag,
                    Term::Reference(reference),
                    Term::atom("driver"),
                    self.name,
                    self.what,
                ]);
                // A receiver that is gone hears nothing.
                let _ = node.send(pid, message);
            }
            Whom::Slot(slot, _) => slot.fill(self.is_up, self.what),
        }
    }
}

impl Record {
    /// Adds a monitor.
    pub(crate) fn wait(&mut self, awaits: Awaits, whom: Whom) -> Reference {
        let reference = whom.reference().clone();
        self.waiters.push(Waiter { awaits, whom });
        reference
    }

    /// Takes out those who wait for something, each with its message.
    pub(crate) fn take_notices(&mut self, awaits: Awaits, what: &Term, is_up: bool) -> Vec<Notice> {
        let (taken, kept) = std::mem::take(&mut self.waiters)
            .into_iter()
            .partition(|waiter| waiter.awaits == awaits);
        self.waiters = kept;
        let taken: Vec<Waiter> = taken;
        let name = crate::names::atom_of(&self.driver.name);
        taken
            .into_iter()
            .map(|waiter| Notice {
                whom: waiter.whom,
                is_up,
                name: name.clone(),
                what: what.clone(),
            })
            .collect()
    }
}

/// Whether the news are good, and what they are.
pub(crate) type News = (bool, Term);

/// Where an answer to somebody in Rust arrives.
#[derive(Default)]
pub(crate) struct Slot {
    answer: Mutex<(Option<News>, Option<Waker>)>,
    arrived: Condvar,
}

impl Slot {
    fn fill(&self, is_up: bool, what: Term) {
        let mut answer = self.answer.lock();
        answer.0 = Some((is_up, what));
        let waker = answer.1.take();
        drop(answer);
        self.arrived.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Waits for the answer.
    pub(crate) fn wait(&self) -> News {
        let mut answer = self.answer.lock();
        loop {
            match answer.0.take() {
                Some(news) => return news,
                None => self.arrived.wait(&mut answer),
            }
        }
    }
}

/// The answer as a future.
pub(crate) struct Answer(pub(crate) Arc<Slot>);

impl Future for Answer {
    type Output = News;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut answer = self.0.answer.lock();
        match answer.0.take() {
            Some(news) => Poll::Ready(news),
            None => {
                answer.1 = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}
