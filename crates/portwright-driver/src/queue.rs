//! The byte queue of a port.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes, BytesMut};

/// How much room for copied bytes is made at a time.
const TAIL_BYTES: usize = 8 * 1024;

/// Bytes that a driver has not got rid of yet, as a vector of shared slices.
///
/// Pieces that are pushed are never merged and never copied; small ones may be
/// [`append`](Self::append)ed instead, which copies them into one piece. The queue's
/// content decides what closing does: a port whose queue is not empty lingers until
/// it is.
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
    /// Copied bytes behind the last piece.
    tail: BytesMut,
    len: usize,
}

impl Queue {
    /// An empty queue.
    pub fn new() -> Self {
        Self::default()
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
            self.seal();
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

    /// Copies bytes to the end; what is appended one after another becomes one
    /// piece.
    pub fn append(&mut self, bytes: &[u8]) {
        if self.tail.capacity() - self.tail.len() < bytes.len() {
            self.seal();
            self.tail.reserve(bytes.len().max(TAIL_BYTES));
        }
        self.len += bytes.len();
        self.tail.extend_from_slice(bytes);
    }

    /// Makes a piece of what was appended.
    fn seal(&mut self) {
        if !self.tail.is_empty() {
            self.pieces.push_back(self.tail.split().freeze());
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
            let Some(first) = self.pieces.front_mut() else {
                self.tail.advance(left);
                break;
            };
            if first.len() > left {
                first.advance(left);
                break;
            }
            left -= first.len();
            self.pieces.pop_front();
        }
        // An idle port keeps no memory for a queue that was long once.
        if self.is_empty() {
            self.tail = BytesMut::new();
            if self.pieces.capacity() > 64 {
                self.pieces = VecDeque::new();
            }
        }
        Some(self.len)
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// The pieces from the head on.
    pub fn pieces(&mut self) -> impl Iterator<Item = &Bytes> {
        self.seal();
        self.pieces.iter()
    }

    /// Fills `slices` with the first pieces, for a vectored write; returns how
    /// many it filled.
    pub fn fill<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let tail = (!self.tail.is_empty()).then_some(&self.tail[..]);
        let all = self.pieces.iter().map(|piece| &piece[..]).chain(tail);
        let mut filled = 0;
        for (slot, piece) in slices.iter_mut().zip(all) {
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
        Append(Vec<u8>),
        Advance(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        let data = proptest::collection::vec(any::<u8>(), 0..9);
        prop_oneof![
            data.clone().prop_map(Step::Back),
            data.clone().prop_map(Step::Front),
            data.prop_map(Step::Append),
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
                    Step::Append(data) => {
                        model.extend(&data);
                        queue.append(&data);
                    }
                    Step::Advance(count) => {
                        let expect = (count <= model.len()).then(|| {
                            model.drain(..count);
                            model.len()
                        });
                        prop_assert_eq!(queue.advance(count), expect);
                    }
                }
                let mut slices = [IoSlice::new(&[]); 64];
                let filled = queue.fill(&mut slices);
                let filled: Vec<u8> = slices[..filled].iter().flat_map(|slice| slice.to_vec()).collect();
                prop_assert_eq!(&filled, &Vec::from(model.clone()));
                let flat: Vec<u8> = queue.pieces().flatten().copied().collect();
                prop_assert_eq!(&flat, &Vec::from(model.clone()));
                prop_assert_eq!(queue.len(), model.len());
                prop_assert_eq!(queue.is_empty(), model.is_empty());
            }
        }
    }
}
