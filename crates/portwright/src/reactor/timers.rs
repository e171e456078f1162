//! Timers by deadline.

use std::collections::BTreeMap;
use std::time::Instant;

/// Names a timer; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TimerId {
    deadline: Instant,
    number: u64,
}

pub(super) type Expire = Box<dyn FnOnce() + Send>;

#[derive(Default)]
pub(super) struct Timers {
    timers: BTreeMap<TimerId, Expire>,
    next: u64,
    wait: Wait,
}

/// What the poller is doing.
#[derive(Default)]
enum Wait {
    #[default]
    None,
    /// It waits until then, or for ever.
    Until(Option<Instant>),
}

impl Timers {
    /// Adds a timer; the second value says that the poller would wake too late.
    pub(super) fn add(&mut self, deadline: Instant, expire: Expire) -> (TimerId, bool) {
        let id = TimerId {
            deadline,
            number: self.next,
        };
        self.next += 1;
        self.timers.insert(id, expire);
        let too_late = match self.wait {
            Wait::None => false,
            Wait::Until(None) => true,
            Wait::Until(Some(until)) => deadline < until,
        };
        (id, too_late)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.timers.is_empty()
    }

    pub(super) fn remove(&mut self, id: TimerId) -> Option<Expire> {
        self.timers.remove(&id)
    }

    /// The poller begins to wait: until when at most?
    pub(super) fn begin_wait(&mut self, until: Option<Instant>) -> Option<Instant> {
        let first = self.timers.first_key_value().map(|(id, _)| id.deadline);
        let deadline = match (first, until) {
            (Some(first), Some(until)) => Some(first.min(until)),
            (first, until) => first.or(until),
        };
        self.wait = Wait::Until(deadline);
        deadline
    }

    pub(super) fn end_wait(&mut self) {
        self.wait = Wait::None;
    }

    pub(super) fn pop_expired(&mut self, now: Instant) -> Option<Expire> {
        let first = self.timers.first_entry()?;
        (first.key().deadline <= now).then(|| first.remove())
    }
}
