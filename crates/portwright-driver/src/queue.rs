//! The byte queue of a port.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};

/// Bytes that a driver has not got rid of yet, as a vector of shared slices.
///
/// Pieces are never merged and never copied. The queue's content decides what
/// closing does: a port whose queue is not empty lingers until it is.
///
/// # Source
///
/// erl_driver(3), `driver_enq` and its family.
///
/// # Examples
///
/// ```
/// use portwright_driver::Queue;
/// let mut queue = Queue::new();
/// queue.push_back("world".into());
/// queue.push_front("hello ".into());
/// assert_eq!((queue.len(), queue.pieces().count()), (11, 2));
/// assert_eq!(queue.advance(7), Some(4));
/// assert_eq!(queue.advance(5), None); // more than there is: nothing happens
/// assert_eq!(queue.pieces().next().unwrap(), "orld");
/// ```
#[derive(Debug, Default)]
pub struct Queue {
    pieces: VecDeque<Bytes>,
    len: usize,
}

impl Queue {
    /// An empty queue.
    pub const fn new() -> Self {
        Self {
            pieces: VecDeque::new(),
            len: 0,
        }
    }

    /// The number of bytes in the queue.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no bytes in the queue.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds bytes at the end. An empty piece adds nothing.
    pub fn push_back(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.len += bytes.len();
            self.pieces.push_back(bytes);
        }
    }

    /// Adds bytes at the head. An empty piece adds nothing.
    pub fn push_front(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.len += bytes.len();
            self.pieces.push_front(bytes);
        }
    }

    /// Removes `count` bytes from the head and returns how many are left, or
    /// `None` (and removes nothing) when there are fewer.
    pub fn advance(&mut self, count: usize) -> Option<usize> {
        if count > self.len {
            return None;
        }
        self.len -= count;
        let mut left = count;
        while left > 0 {
            let first = self
                .pieces
                .front_mut()
                .expect("len counts the pieces' bytes");
            if first.len() > left {
                first.advance(left);
                break;
            }
            left -= first.len();
            self.pieces.pop_front();
        }
        // An idle port keeps no memory for a queue that was long once.
        if self.pieces.is_empty() && self.pieces.capacity() > 64 {
            self.pieces = VecDeque::new();
        }
        Some(self.len)
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// The pieces from the head on.
    pub fn pieces(&self) -> impl Iterator<Item = &Bytes> {
        self.pieces.iter()
    }

    /// Fills `slices` with the first pieces, for a vectored write; returns how
    /// many it filled.
    pub fn fill<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut filled = 0;
        for (slot, piece) in slices.iter_mut().zip(&self.pieces) {
            *slot = IoSlice::new(piece);
            filled += 1;
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Step {
        Back(Vec<u8>),
        Front(Vec<u8>),
        Advance(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        let data = proptest::collection::vec(any::<u8>(), 0..9);
        prop_oneof![
            data.clone().prop_map(Step::Back),
            data.prop_map(Step::Front),
            (0usize..12).prop_map(Step::Advance),
        ]
    }

    proptest! {
        // Cites D-F1 to D-F5 and D-F9: the queue is a deque of bytes.
        #[test]
        fn behaves_as_a_deque_of_bytes(steps in proptest::collection::vec(step(), 0..60)) {
            let mut queue = Queue::new();
            let mut model: VecDeque<u8> = VecDeque::new();
            for step in steps {
                match step {
                    Step::Back(data) => {
                        model.extend(&data);
                        queue.push_back(data.into());
                    }
                    Step::Front(data) => {
                        data.iter().rev().for_each(|byte| model.push_front(*byte));
                        queue.push_front(data.into());
                    }
                    Step::Advance(count) => {
                        let expect = (count <= model.len()).then(|| {
                            model.drain(..count);
                            model.len()
                        });
                        prop_assert_eq!(queue.advance(count), expect);
                    }
                }
                let flat: Vec<u8> = queue.pieces().flatten().copied().collect();
                prop_assert_eq!(&flat, &Vec::from(model.clone()));
                prop_assert_eq!(queue.len(), model.len());
                prop_assert_eq!(queue.is_empty(), model.is_empty());
            }
        }
    }
}
