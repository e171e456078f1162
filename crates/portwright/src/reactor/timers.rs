//! Timers by deadline.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use parking_lot::Mutex;

/// Names a timer; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TimerId {
    deadline: Instant,
    number: u64,
}

pub(super) type Expire = Box<dyn FnOnce() + Send>;

/// All timers, and until when the poller waits.
///
/// Most waits have no timer to mind: a poller sees that without the lock.
#[derive(Default)]
pub(super) struct Timers {
    list: Mutex<List>,
    /// How many there are. Written under the lock.
    count: AtomicUsize,
    /// The poller waits and knows of no timer.
    heedless: AtomicBool,
}

#[derive(Default)]
struct List {
    timers: BTreeMap<TimerId, Expire>,
    next: u64,
    /// Until when the poller waits, if it minds timers.
    until: Option<Instant>,
}

impl Timers {
    /// Adds a timer; the second value says that the poller would wake too late.
    pub(super) fn add(&self, deadline: Instant, expire: Expire) -> (TimerId, bool) {
        let mut list = self.list.lock();
        let id = TimerId {
            deadline,
            number: list.next,
        };
        list.next += 1;
        list.timers.insert(id, expire);
        // Sequentially consistent, together with `heedless`: either the poller sees the timer
        // before it waits, or we see that it waits without.
        self.count.store(list.timers.len(), Ordering::SeqCst);
        let too_late = list.until.is_some_and(|until| deadline < until);
        (id, too_late || self.heedless.load(Ordering::SeqCst))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    pub(super) fn remove(&self, id: TimerId) -> Option<Expire> {
        let mut list = self.list.lock();
        let removed = list.timers.remove(&id);
        self.count.store(list.timers.len(), Ordering::SeqCst);
        removed
    }

    /// The poller begins to wait, for ever or until the time that is returned.
    pub(super) fn begin_wait(&self) -> Option<Instant> {
        self.heedless.store(true, Ordering::SeqCst);
        if self.count.load(Ordering::SeqCst) == 0 {
            return None;
        }
        let mut list = self.list.lock();
        list.until = list.timers.first_key_value().map(|(id, _)| id.deadline);
        self.heedless.store(list.until.is_none(), Ordering::SeqCst);
        list.until
    }

    /// The wait that [`begin_wait`](Self::begin_wait) returned `until` for is over.
    pub(super) fn end_wait(&self, until: Option<Instant>) {
        if until.is_some() {
            self.list.lock().until = None;
        } else {
            self.heedless.store(false, Ordering::Relaxed);
        }
    }

    pub(super) fn pop_expired(&self, now: Instant) -> Option<Expire> {
        let mut list = self.list.lock();
        let first = list.timers.first_entry()?;
        let expired = (first.key().deadline <= now).then(|| first.remove());
        self.count.store(list.timers.len(), Ordering::SeqCst);
        expired
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_poller_is_told_of_timers_that_it_would_be_too_late_for() {
        let timers = Timers::default();
        let now = Instant::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        let add = |seconds| timers.add(at(seconds), Box::new(|| ()));
        let (first, told) = add(5);
        assert!(!told, "nobody waits");
        assert_eq!(timers.begin_wait(), Some(at(5)));
        assert!(!add(6).1);
        let (second, told) = add(4);
        assert!(told);
        timers.end_wait(Some(at(5)));
        assert!(!add(3).1, "nobody waits");
        assert!(timers.remove(first).is_some() && timers.remove(second).is_some());
        assert!(timers.pop_expired(at(2)).is_none());
        while timers.pop_expired(at(9)).is_some() {}
        assert!(timers.is_empty());
        assert_eq!(timers.begin_wait(), None);
        assert!(add(7).1);
        timers.end_wait(None);
        assert!(!add(1).1);
    }
}
