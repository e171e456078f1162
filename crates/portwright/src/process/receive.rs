//! Receiving: everything that takes messages out of the mailbox.

use std::future::poll_fn;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::handle::Process;
use super::mailbox::Taken;
use crate::Message;
use crate::reactor::{block_on, block_on_pending, is_blocking};

/// What a bounded wait for a message brought.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    /// A message.
    Message(Message),
    /// The time is up; the mailbox is as it was.
    Timeout,
    /// The process was ended by an exit signal; it gets no more messages.
    Exited,
}

impl Received {
    /// The message, if there is one.
    pub fn message(self) -> Option<Message> {
        match self {
            Self::Message(message) => Some(message),
            Self::Timeout | Self::Exited => None,
        }
    }
}

/// What [`Process::scan`] does with a message.
pub type Scan<R> = ControlFlow<R>;

impl Process {
    /// Takes the oldest message, waiting for one if there is none. `None` when the
    /// process was ended by an exit signal.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no message.
    ///
    /// # Examples
    ///
    /// ```
    /// # use portwright::{Node, Message};
    /// # use portwright_term::Term;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let node = Node::new();
    /// let mut me = node.attach();
    /// me.send(me.pid(), Term::from(42)).unwrap();
    /// assert_eq!(me.receive().await, Some(Message::Term(Term::from(42))));
    /// # }
    /// ```
    // No `async fn`, in which a message would be moved once more.
    #[inline]
    pub fn receive(&mut self) -> impl Future<Output = Option<Message>> {
        poll_fn(|context| self.poll_receive(context))
    }

    /// As [`receive`](Self::receive), for a thread without an asynchronous
    /// runtime: blocks the thread, and handles the node's events meanwhile.
    #[inline]
    pub fn receive_blocking(&mut self) -> Option<Message> {
        match self.has_oldest(None) {
            Taken::Some => self.take_oldest(),
            Taken::Nothing | Taken::Exited => self.wait_for_oldest(),
        }
    }

    fn wait_for_oldest(&mut self) -> Option<Message> {
        let reactor = self.core().node().reactor().clone();
        block_on_pending(&reactor, poll_fn(|context| self.poll_receive(context)))
    }

    /// The oldest message, if there is one; does not wait.
    #[inline]
    pub fn try_receive(&mut self) -> Option<Message> {
        if self.has_oldest(None) != Taken::Some {
            return None;
        }
        self.take_oldest()
    }

    /// As [`receive`](Self::receive), but not for longer than `timeout`.
    ///
    /// Needs no runtime's timer: the node keeps the time itself.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no message.
    pub async fn receive_timeout(&mut self, timeout: Duration) -> Received {
        let deadline = Instant::now().checked_add(timeout);
        self.receive_until(deadline, |_| true).await
    }

    /// As [`receive_timeout`](Self::receive_timeout), for a thread without a
    /// runtime.
    pub fn receive_timeout_blocking(&mut self, timeout: Duration) -> Received {
        let reactor = self.core().node().reactor().clone();
        block_on(&reactor, self.receive_timeout(timeout))
    }

    /// Takes the oldest message that `matches`, leaving the others in order, and
    /// waits for one if there is none: selective receive. `None` when the process
    /// was ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no message.
    pub async fn receive_match(
        &mut self,
        matches: impl FnMut(&Message) -> bool,
    ) -> Option<Message> {
        self.receive_until(None, matches).await.message()
    }

    /// As [`receive_match`](Self::receive_match), for a thread without a runtime.
    pub fn receive_match_blocking(
        &mut self,
        matches: impl FnMut(&Message) -> bool,
    ) -> Option<Message> {
        let reactor = self.core().node().reactor().clone();
        block_on(&reactor, self.receive_match(matches))
    }

    /// Selective receive with a deadline; `None` waits for ever. The deadline is
    /// looked at after the mailbox: a message that is there is received even when
    /// the deadline has passed, as by `after 0`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no message.
    pub async fn receive_until(
        &mut self,
        deadline: Option<Instant>,
        mut matches: impl FnMut(&Message) -> bool,
    ) -> Received {
        self.rescan();
        loop {
            let found = self.scan(|message| {
                if matches(message) {
                    Scan::Break(())
                } else {
                    Scan::Continue(())
                }
            });
            if let Some((message, ())) = found {
                return Received::Message(message);
            }
            match self.changed_until(deadline).await {
                Changed::Message => {}
                Changed::Timeout => return Received::Timeout,
                Changed::Exited => return Received::Exited,
            }
        }
    }

    /// Looks at the messages that no scan since the last
    /// [`rescan`](Self::rescan) has seen, oldest first. The first for which `look` breaks is
    /// taken out and returned. Does not wait.
    ///
    /// This and [`changed_until`](Self::changed_until) are what evaluators build
    /// their own selective receive on.
    pub fn scan<R>(&mut self, mut look: impl FnMut(&Message) -> Scan<R>) -> Option<(Message, R)> {
        self.take_back();
        self.fetch(None);
        while let Some(message) = self.saved.get(self.seen) {
            match look(message) {
                Scan::Break(result) => {
                    let message = self.saved.remove(self.seen).expect("just looked at");
                    self.seen = 0;
                    self.note_saved();
                    return Some((message, result));
                }
                Scan::Continue(()) => self.seen += 1,
            }
        }
        None
    }

    /// All messages that wait, oldest first, as terms.
    pub(crate) fn waiting_messages(&mut self) -> Vec<portwright_term::Term> {
        self.take_back();
        self.fetch(None);
        self.saved.iter().map(Message::to_term).collect()
    }

    /// Lets the next [`scan`](Self::scan) begin with the oldest message again.
    pub fn rescan(&mut self) {
        self.seen = 0;
    }

    /// Waits until there is a message that [`scan`](Self::scan) has not seen.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn changed_until(&mut self, deadline: Option<Instant>) -> Changed {
        let mut timer = None;
        let core = self.core().clone();
        let changed = poll_fn(|context| {
            self.take_back();
            if self.seen < self.saved.len() {
                return Poll::Ready(Changed::Message);
            }
            self.leave();
            match self.fetch(Some(context)) {
                Taken::Some => return Poll::Ready(Changed::Message),
                Taken::Exited => return Poll::Ready(Changed::Exited),
                Taken::Nothing => {}
            }
            if let Some(deadline) = deadline {
                if Instant::now() >= deadline {
                    return Poll::Ready(Changed::Timeout);
                }
                // A future may be polled by one task first and by another then: the
                // timer has to wake the last.
                let waker = context.waker();
                let is_set = timer
                    .as_ref()
                    .is_some_and(|(woken, _): &(Waker, Timer)| woken.will_wake(waker));
                if !is_set {
                    let wake = waker.clone();
                    let expire = move || wake.wake();
                    let set = Timer::new(core.node().clone(), deadline, expire);
                    timer = Some((waker.clone(), set));
                }
            }
            Poll::Pending
        })
        .await;
        drop(timer);
        changed
    }

    #[inline]
    pub(crate) fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Option<Message>> {
        match self.has_oldest(Some(context)) {
            Taken::Some => Poll::Ready(self.take_oldest()),
            Taken::Nothing => Poll::Pending,
            Taken::Exited => Poll::Ready(None),
        }
    }

    /// Whether there is a message that [`take_oldest`](Self::take_oldest) takes.
    // Not inlined, so that those who receive are, and copy no message on its way.
    #[inline(never)]
    fn has_oldest(&mut self, context: Option<&mut Context<'_>>) -> Taken {
        self.take_back();
        if self.saved.is_empty() {
            self.fetch(context)
        } else if self.core().is_exited() {
            Taken::Exited
        } else {
            Taken::Some
        }
    }

    #[inline]
    fn take_oldest(&mut self) -> Option<Message> {
        self.seen = self.seen.saturating_sub(1);
        self.core()
            .set_aside
            .store(self.saved.len().saturating_sub(1), Ordering::Relaxed);
        self.saved.pop_front()
    }

    /// Moves what has arrived to the messages set aside.
    fn fetch(&mut self, context: Option<&mut Context<'_>>) -> Taken {
        let waker = context.as_ref().map(|context| context.waker());
        let taken = self.core.take_messages(&mut self.saved, waker);
        match taken {
            Taken::Some => {
                self.left = false;
                self.note_saved();
            }
            Taken::Exited => {
                self.saved.clear();
                self.seen = 0;
            }
            Taken::Nothing => {
                if waker.is_some() && !is_blocking() {
                    self.core.node().reactor().note_task();
                }
            }
        }
        taken
    }

    /// Leaves what was looked at to the mailbox, for as long as the process waits: there
    /// `process_info/2` of others finds it.
    fn leave(&mut self) {
        if !self.saved.is_empty() {
            self.left = self.core.leave_messages(&mut self.saved);
        }
    }

    /// Has what was left again.
    #[inline]
    fn take_back(&mut self) {
        if self.left {
            self.left = false;
            self.core.take_messages_back(&mut self.saved);
        }
    }

    fn note_saved(&self) {
        self.core()
            .set_aside
            .store(self.saved.len(), Ordering::Relaxed);
    }
}

/// Why [`Process::changed_until`] returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// There is a message that was not seen.
    Message,
    /// The time is up.
    Timeout,
    /// The process was ended by an exit signal.
    Exited,
}

/// A timer of the node that is taken back when dropped.
pub(crate) struct Timer {
    node: std::sync::Arc<crate::node::NodeCore>,
    id: crate::reactor::TimerId,
}

impl Timer {
    pub(crate) fn new(
        node: std::sync::Arc<crate::node::NodeCore>,
        deadline: Instant,
        expire: impl FnOnce() + Send + 'static,
    ) -> Self {
        let id = node.reactor().set_timer(deadline, expire);
        Self { node, id }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.node.reactor().cancel_timer(self.id);
    }
}
