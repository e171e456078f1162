//! A lock that nobody waits for: who finds it taken leaves an item, and the holder
//! sees to all items before it lets go.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use crate::sync::{AtomicU8, Mutex};

const FREE: u8 = 0;
const HELD: u8 = 1;
/// Held, and there is something in the queue.
const QUEUED: u8 = 2;

pub(super) struct Handoff<T> {
    state: AtomicU8,
    queue: Mutex<VecDeque<T>>,
}

impl<T> Handoff<T> {
    pub(super) fn new() -> Self {
        Self {
            state: AtomicU8::new(FREE),
            queue: Mutex::new(VecDeque::new()),
        }
    }

    /// Takes the lock if it is free, and then nothing is queued.
    #[inline]
    pub(super) fn try_take(&self) -> bool {
        self.state
            .compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    }

    /// Leaves an item for the holder. `true`: the lock was free, and is the
    /// caller's now, together with the item.
    pub(super) fn leave(&self, item: T) -> bool {
        let mut queue = self.queue.lock();
        queue.push_back(item);
        // The state becomes QUEUED only under the queue's lock, and the holder looks
        // into the queue under that lock before it lets go of a QUEUED state. So the
        // item is either seen by the holder or ours.
        loop {
            match self.state.load(Ordering::Relaxed) {
                QUEUED => return false,
                state => {
                    let taken = state == FREE;
                    let swapped = self.state.compare_exchange(
                        state,
                        QUEUED,
                        Ordering::AcqRel,
                        Ordering::Relaxed,
                    );
                    if swapped.is_ok() {
                        return taken;
                    }
                }
            }
        }
    }

    /// The next item to see to; `None`: there is none, and the lock is free. Only
    /// for the holder.
    #[inline]
    pub(super) fn next_or_release(&self) -> Option<T> {
        let released =
            self.state
                .compare_exchange(HELD, FREE, Ordering::Release, Ordering::Relaxed);
        if released.is_ok() {
            return None;
        }
        self.next_queued()
    }

    #[cold]
    fn next_queued(&self) -> Option<T> {
        let mut queue = self.queue.lock();
        let item = queue.pop_front();
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
        if guarded.handoff.try_take() {
            see(item);
        } else if !guarded.handoff.leave(item) {
            return;
        }
        while let Some(item) = guarded.handoff.next_or_release() {
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
            assert!(guarded.handoff.try_take(), "the lock is free in the end");
            let seen = guarded.seen.lock().unwrap();
            assert_eq!(seen.len(), 4, "{seen:?}");
            for sender in 0..2 {
                let own: Vec<_> = seen.iter().filter(|item| item.0 == sender).collect();
                assert_eq!(own, [&(sender, 0), &(sender, 1)]);
            }
        });
    }
}
