//! Looking for a moment before going to sleep.
//!
//! To wake a thread on another processor takes longer than many answers do. So a thread
//! whose waits have been short looks for what it waits for before it sleeps; one whose
//! waits are long soon stops that, and looks again only once in a while. A thread that
//! waits for nobody to come costs one moment and then nothing.

use std::cell::Cell;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

/// For how long a thread looks: what two wake-ups across processors cost.
const MOMENT: Duration = Duration::from_micros(50);

/// Looks between two looks at the clock.
const LOOKS: u32 = 16;

/// How many long waits it takes, once waits have been short, to stop looking.
const CONFIDENT: u8 = 8;

thread_local! {
    static HABIT: Cell<Habit> = const { Cell::new(Habit { confidence: 2, waits: 0 }) };
}

/// What a thread's waits have taught it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Habit {
    /// 0: looking has not helped.
    confidence: u8,
    /// Counts round; at 0 a thread without confidence tries again.
    waits: u8,
}

impl Habit {
    /// Whether to look this time.
    fn next(&mut self) -> bool {
        self.waits = self.waits.wrapping_add(1);
        self.confidence > 0 || self.waits == 0
    }

    fn learn(&mut self, helped: bool) {
        self.confidence = if helped {
            (self.confidence + 1).min(CONFIDENT)
        } else {
            self.confidence.saturating_sub(2)
        };
    }
}

/// With one processor whoever is to answer cannot run while we look.
static SEVERAL_PROCESSORS: LazyLock<bool> =
    LazyLock::new(|| thread::available_parallelism().is_ok_and(|count| count.get() > 1));

/// Calls `found` until it is true, for a moment at most: whether it was.
pub(super) fn look(mut found: impl FnMut() -> bool) -> bool {
    if !*SEVERAL_PROCESSORS {
        return false;
    }
    let mut habit = HABIT.get();
    let looks = habit.next();
    let mut helped = false;
    if looks {
        let end = Instant::now() + MOMENT;
        while !helped {
            helped = (0..LOOKS).any(|_| {
                std::hint::spin_loop();
                found()
            });
            if Instant::now() >= end {
                break;
            }
        }
        habit.learn(helped);
    }
    HABIT.set(habit);
    helped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_waits_end_the_looking_and_short_ones_bring_it_back() {
        let mut habit = Habit {
            confidence: CONFIDENT,
            waits: 0,
        };
        let mut looks = 0;
        for _ in 0..1_000 {
            if habit.next() {
                looks += 1;
                habit.learn(false);
            }
        }
        assert!(looks <= 8, "{looks} looks in 1000 waits");
        let tries = (0..256).filter(|_| habit.next()).count();
        assert_eq!(tries, 1);
        habit.learn(true);
        assert!(habit.next());
    }

    #[test]
    fn what_is_there_is_found() {
        assert_eq!(look(|| true), *SEVERAL_PROCESSORS);
    }
}
