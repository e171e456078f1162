//! A lock that nobody waits for: who finds it taken leaves an item, and the holder
//! sees to all items before it lets go.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use super::spare::Spare;
use crate::sync::{AtomicUsize, Mutex};

const FREE: usize = 0;
/// Added to the holder's mark while there is something in the queue.
const QUEUED: usize = 1;

/// The lock. Whoever takes it gives a mark by which it can be told from others: an
/// even number that is not 0.
pub(super) struct Handoff<T> {
    /// `FREE`, or the holder's mark with or without `QUEUED`.
    state: AtomicUsize,
    queue: Mutex<Spare<VecDeque<T>>>,
}

impl<T> Handoff<T> {
    pub(super) fn new() -> Self {
        Self {
            state: AtomicUsize::new(FREE),
            queue: Mutex::new(Spare::default()),
        }
    }

    /// Takes the lock if it is free, and then nothing is queued.
    #[inline]
    pub(super) fn try_take(&self, mark: usize) -> bool {
        self.state
            .compare_exchange(FREE, mark, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    }

    /// Leaves an item for the holder. `true`: the lock was free, and is the
    /// caller's now, together with the item. The mark may be 0 then, if it will be
    /// [`adopt`](Self::adopt)ed.
    pub(super) fn leave(&self, item: T, mark: usize) -> bool {
        let mut queue = self.queue.lock();
        queue.make().push_back(item);
        // `QUEUED` is added only under the queue's lock, and the holder looks into the
        // queue under that lock before it lets go of such a state. So the item is
        // either seen by the holder or ours.
        loop {
            let state = self.state.load(Ordering::Relaxed);
            if state & QUEUED != 0 {
                return false;
            }
            let taken = state == FREE;
            let holder = if taken { mark } else { state };
            let swapped = self.state.compare_exchange(
                state,
                holder | QUEUED,
                Ordering::AcqRel,
                Ordering::Relaxed,
            );
            if swapped.is_ok() {
                return taken;
            }
        }
    }

    /// Makes the lock another thread's, with everything that is queued. Only for the
    /// one to whom it was handed over after [`leave`](Self::leave) had taken it.
    pub(super) fn adopt(&self, mark: usize) {
        // Nobody but the holder changes a state that says `QUEUED`.
        self.state.store(mark | QUEUED, Ordering::Relaxed);
    }

    /// Whether the lock is held under that mark.
    pub(super) fn is_held_as(&self, mark: usize) -> bool {
        self.state.load(Ordering::Relaxed) & !QUEUED == mark
    }

    /// Whether an item waits for the holder.
    #[cfg(test)]
    pub(super) fn is_waited_for(&self) -> bool {
        self.state.load(Ordering::Relaxed) & QUEUED != 0
    }

    /// The next item to see to; `None`: there is none, and the lock is free. Only
    /// for the holder.
    #[inline]
    pub(super) fn next_or_release(&self, mark: usize) -> Option<T> {
        let released =
            self.state
                .compare_exchange(mark, FREE, Ordering::Release, Ordering::Relaxed);
        if released.is_ok() {
            return None;
        }
        self.next_queued()
    }

    #[cold]
    fn next_queued(&self) -> Option<T> {
        let mut queue = self.queue.lock();
        let item = queue.get_mut().and_then(VecDeque::pop_front);
        if item.is_none() {
            self.state.store(FREE, Ordering::Release);
        }
        item
    }
}

#[cfg(all(test, portwright_loom))]
mod loom_tests {
    use loom::sync::{Arc, Mutex};

    use super::*;

    /// What the lock guards. loom's own mutex is never waited for in the model: to
    /// find it taken would be two holders at once.
    struct Guarded {
        handoff: Handoff<(usize, usize)>,
        seen: Mutex<Vec<(usize, usize)>>,
    }

    fn signal(guarded: &Guarded, item: (usize, usize)) {
        let see = |item| {
            guarded
                .seen
                .try_lock()
                .expect("one holder at a time")
                .push(item)
        };
        // A sender is a thread.
        let mark = 2 * (item.0 + 1);
        if guarded.handoff.try_take(mark) {
            see(item);
        } else if !guarded.handoff.leave(item, mark) {
            return;
        }
        assert!(guarded.handoff.is_held_as(mark));
        while let Some(item) = guarded.handoff.next_or_release(mark) {
            see(item);
        }
    }

    #[test]
    fn loom_every_item_is_seen_once_in_its_senders_order_by_one_holder_at_a_time() {
        loom::model(|| {
            let guarded = Arc::new(Guarded {
                handoff: Handoff::new(),
                seen: Mutex::new(Vec::new()),
            });
            let threads: Vec<_> = (0..2)
                .map(|sender| {
                    let guarded = Arc::clone(&guarded);
                    loom::thread::spawn(move || {
                        (0..2).for_each(|number| signal(&guarded, (sender, number)));
                    })
                })
                .collect();
            threads
                .into_iter()
                .for_each(|thread| thread.join().unwrap());
            assert!(guarded.handoff.try_take(2), "the lock is free in the end");
            let seen = guarded.seen.lock().unwrap();
            assert_eq!(seen.len(), 4, "{seen:?}");
            for sender in 0..2 {
                let own: Vec<_> = seen.iter().filter(|item| item.0 == sender).collect();
                assert_eq!(own, [&(sender, 0), &(sender, 1)]);
            }
        });
    }
}
