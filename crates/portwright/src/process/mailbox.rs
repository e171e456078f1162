//! Messages on their way to a process, and its wait for them.

use std::collections::VecDeque;
use std::task::Waker;

/// What has arrived and was not fetched. Lives under the lock of its process.
pub(super) struct Mailbox<T> {
    messages: VecDeque<T>,
    /// How many of them the process has looked at and left, until it looks for more.
    left: usize,
    waker: Option<Waker>,
    closed: bool,
}

/// What fetching came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    Some,
    Nothing,
    /// The process has ended.
    Exited,
}

impl<T> Mailbox<T> {
    pub(super) fn new() -> Self {
        Self {
            messages: VecDeque::new(),
            left: 0,
            waker: None,
            closed: false,
        }
    }

    /// Whether the process has ended. Who would push then drops the message instead,
    /// without the lock.
    #[inline]
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Adds a message to a mailbox that is not closed; the caller wakes the waker after
    /// letting go of the lock.
    #[inline]
    pub(super) fn push(&mut self, message: T) -> Option<Waker> {
        debug_assert!(!self.closed, "the caller looks");
        self.messages.push_back(message);
        self.waker.take()
    }

    /// Adds messages, as [`push`](Self::push); of a process that has ended they are
    /// dropped.
    pub(super) fn push_all(&mut self, messages: impl Iterator<Item = T>) -> Option<Waker> {
        if self.closed {
            return None;
        }
        self.messages.extend(messages);
        self.waker.take()
    }

    /// Puts messages that the process has looked at where everybody sees them; `false`
    /// when there are others, that it has not seen.
    pub(super) fn leave(&mut self, looked_at: &mut VecDeque<T>) -> bool {
        let nothing_new = self.messages.is_empty() && !self.closed;
        if nothing_new {
            std::mem::swap(looked_at, &mut self.messages);
            self.left = self.messages.len();
        }
        nothing_new
    }

    /// Takes them back, with those that have come behind them.
    pub(super) fn take_back(&mut self, into: &mut VecDeque<T>) {
        self.left = 0;
        std::mem::swap(into, &mut self.messages);
    }

    /// Moves all messages to `into`; if there are none, `waker` is woken by the
    /// next one, or by the end.
    #[inline]
    pub(super) fn take(&mut self, into: &mut VecDeque<T>, waker: Option<&Waker>) -> Taken {
        if self.closed {
            return Taken::Exited;
        }
        if self.messages.len() == self.left {
            if let Some(waker) = waker {
                self.wake_next(waker);
            }
            return Taken::Nothing;
        }
        self.left = 0;
        if into.is_empty() {
            std::mem::swap(into, &mut self.messages);
        } else {
            self.append_to(into);
        }
        Taken::Some
    }

    #[cold]
    fn append_to(&mut self, into: &mut VecDeque<T>) {
        into.append(&mut self.messages);
    }

    /// Has `waker` woken by the next message or by the end.
    pub(super) fn wake_next(&mut self, waker: &Waker) {
        match &mut self.waker {
            Some(own) => own.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    /// The process ends: nothing comes in any more. What is left goes to the caller,
    /// to be dropped without the lock.
    pub(super) fn close(&mut self) -> (VecDeque<T>, Option<Waker>) {
        self.closed = true;
        (std::mem::take(&mut self.messages), self.waker.take())
    }

    pub(super) fn messages(&self) -> &VecDeque<T> {
        &self.messages
    }

    /// Whether somebody waits for a message.
    pub(super) fn is_awaited(&self) -> bool {
        self.waker.is_some() && self.messages.len() == self.left
    }
}

#[cfg(all(test, portwright_loom))]
mod loom_tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use loom::sync::Arc;

    use super::*;
    use crate::sync::Mutex;

    /// As `ProcessCore::deliver`.
    fn deliver(mailbox: &Mutex<Mailbox<u32>>, message: u32) {
        let waker = mailbox.lock().push(message);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    #[test]
    fn loom_no_message_and_no_wake_up_is_lost() {
        loom::model(|| {
            let mailbox = Arc::new(Mutex::new(Mailbox::new()));
            let senders: Vec<_> = [1, 2]
                .map(|message| {
                    let mailbox = Arc::clone(&mailbox);
                    loom::thread::spawn(move || deliver(&mailbox, message))
                })
                .into();
            let mut got = VecDeque::new();
            while got.len() < 2 {
                let mut new = VecDeque::new();
                loom::future::block_on(poll_fn(|context| {
                    match mailbox.lock().take(&mut new, Some(context.waker())) {
                        Taken::Some => Poll::Ready(()),
                        Taken::Nothing => Poll::Pending,
                        Taken::Exited => panic!("nobody closes it"),
                    }
                }));
                got.append(&mut new);
            }
            senders
                .into_iter()
                .for_each(|sender| sender.join().unwrap());
            got.make_contiguous().sort_unstable();
            assert_eq!(got, [1, 2]);
        });
    }

    #[test]
    fn loom_the_end_wakes_a_receiver() {
        loom::model(|| {
            let mailbox = Arc::new(Mutex::new(Mailbox::<u32>::new()));
            let killer = {
                let mailbox = Arc::clone(&mailbox);
                loom::thread::spawn(move || {
                    let (_, waker) = mailbox.lock().close();
                    if let Some(waker) = waker {
                        waker.wake();
                    }
                })
            };
            let mut none = VecDeque::new();
            loom::future::block_on(poll_fn(|context| {
                match mailbox.lock().take(&mut none, Some(context.waker())) {
                    Taken::Exited => Poll::Ready(()),
                    _ => Poll::Pending,
                }
            }));
            killer.join().unwrap();
        });
    }
}
