//! Back pressure on what a port reads, for owners that read a stream.

use parking_lot::Mutex;

/// Counts the bytes that the owner has not taken yet. While there are too many,
/// the port's descriptors are not watched for reading, and whoever writes to them
/// is held back by the pipe.
///
/// Ports opened with a mailbox have no gate, as in OTP (P-202).
#[derive(Default)]
pub(crate) struct Gate(Option<Box<Limited>>);

struct Limited {
    limit_bytes: usize,
    // One lock for both: counted apart from each other, the owner could take
    // everything between "too many" and "shut", and nobody would open again.
    state: Mutex<State>,
}

struct State {
    waiting_bytes: usize,
    shut: bool,
}

impl Gate {
    /// A gate that is never shut.
    pub(super) const OPEN: Self = Self(None);

    pub(crate) fn new(limit_bytes: Option<usize>) -> Self {
        Self(limit_bytes.map(|limit_bytes| {
            Box::new(Limited {
                limit_bytes: limit_bytes.max(1),
                state: Mutex::new(State {
                    waiting_bytes: 0,
                    shut: false,
                }),
            })
        }))
    }

    /// More data waits for the owner; `true` when that shuts the gate.
    pub(super) fn add(&self, bytes: usize) -> bool {
        let Some(gate) = self.0.as_deref().filter(|_| bytes > 0) else {
            return false;
        };
        let mut state = gate.state.lock();
        state.waiting_bytes += bytes;
        state.waiting_bytes >= gate.limit_bytes && !std::mem::replace(&mut state.shut, true)
    }

    /// The owner has taken data; `true` when that opens the gate.
    pub(super) fn remove(&self, bytes: usize) -> bool {
        let Some(gate) = self.0.as_deref().filter(|_| bytes > 0) else {
            return false;
        };
        let mut state = gate.state.lock();
        state.waiting_bytes -= bytes;
        state.waiting_bytes <= gate.limit_bytes / 2 && std::mem::replace(&mut state.shut, false)
    }

    /// Whether there is a gate at all.
    pub(super) fn is_limited(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn is_shut(&self) -> bool {
        self.0.as_deref().is_some_and(|gate| gate.state.lock().shut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_shuts_at_the_limit_and_opens_at_half_of_it() {
        let gate = Gate::new(Some(10));
        assert!(!gate.add(9) && !gate.is_shut());
        assert!(gate.add(1) && gate.is_shut());
        assert!(!gate.add(5), "it is shut already");
        assert!(!gate.remove(9) && gate.is_shut());
        assert!(gate.remove(1) && !gate.is_shut());
        assert!(!gate.remove(5));
    }

    // An owner that took everything at the very moment at which the gate shut used to
    // leave it shut for ever.
    #[test]
    fn a_gate_behind_which_nothing_waits_is_open() {
        for _ in 0..2_000 {
            let gate = Gate::new(Some(1));
            let (sent, received) = std::sync::mpsc::channel();
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    for bytes in received {
                        gate.remove(bytes);
                    }
                });
                // As a port: the message follows the count.
                for _ in 0..4 {
                    gate.add(1);
                    sent.send(1).unwrap();
                }
                drop(sent);
            });
            assert!(!gate.is_shut());
        }
    }
}
