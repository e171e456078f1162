//! The byte queue of a compiled driver's port.
//!
//! Drivers look straight into it (`driver_peekq` gives them the array for `writev`), so it is kept in the form that they
//! see: an array of buffers and, beside it, the binary that each buffer lies in.
#![allow(unsafe_code, reason = "pointers into the queue's own binaries")]

use std::ffi::c_char;

use portwright_driver_abi::{ErlDrvBinary, ErlIOVec, SysIOVec};

use crate::binary::{BinaryRef, bytes_of};

/// Where the arrays begin to leave room at the head.
const HEADROOM: usize = 4;

/// The queue. Elements before `head` are free room.
#[derive(Default)]
pub(crate) struct DriverQueue {
    iov: Vec<SysIOVec>,
    binaries: Vec<*mut ErlDrvBinary>,
    owners: Vec<Option<BinaryRef>>,
    head: usize,
    len: usize,
}

// SAFETY: the pointers lead into the binaries of `owners`, which are `Send`.
unsafe impl Send for DriverQueue {}

/// At which end something is added.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// `enq`.
    Back,
    /// `pushq`.
    Front,
}

impl DriverQueue {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds `offset..offset + len` of a binary; `false` when it is shorter.
    pub(crate) fn add(&mut self, end: End, binary: BinaryRef, offset: usize, len: usize) -> bool {
        if offset
            .checked_add(len)
            .is_none_or(|until| until > binary.len())
        {
            return false;
        }
        if len == 0 {
            return true;
        }
        let buffer = SysIOVec {
            iov_base: bytes_of(binary.as_ptr())
                .wrapping_add(offset)
                .cast::<c_char>(),
            iov_len: len,
        };
        let pointer = binary.as_ptr();
        self.len += len;
        match end {
            End::Back => {
                self.iov.push(buffer);
                self.binaries.push(pointer);
                self.owners.push(Some(binary));
            }
            End::Front => {
                if self.head == 0 {
                    self.make_room();
                }
                self.head -= 1;
                self.iov[self.head] = buffer;
                self.binaries[self.head] = pointer;
                self.owners[self.head] = Some(binary);
            }
        }
        true
    }

    /// Adds a copy of `bytes`; `false` when there is no memory.
    pub(crate) fn add_copy(&mut self, end: End, bytes: &[u8]) -> bool {
        if bytes.is_empty() {
            return true;
        }
        BinaryRef::copy_of(bytes).is_some_and(|binary| self.add(end, binary, 0, bytes.len()))
    }

    fn make_room(&mut self) {
        let room = HEADROOM.max(self.iov.len());
        let none = SysIOVec {
            iov_base: std::ptr::null_mut(),
            iov_len: 0,
        };
        self.iov.splice(0..0, std::iter::repeat_n(none, room));
        self.binaries
            .splice(0..0, std::iter::repeat_n(std::ptr::null_mut(), room));
        self.owners.splice(0..0, (0..room).map(|_| None));
        self.head = room;
    }

    /// Removes bytes from the head; returns how many are left, or `None` (and removes nothing) when there are fewer.
    pub(crate) fn advance(&mut self, count: usize) -> Option<usize> {
        if count > self.len {
            return None;
        }
        self.len -= count;
        let mut left = count;
        while left > 0 {
            let first = &mut self.iov[self.head];
            if first.iov_len > left {
                first.iov_base = first.iov_base.wrapping_add(left);
                first.iov_len -= left;
                break;
            }
            left -= first.iov_len;
            self.owners[self.head] = None;
            self.head += 1;
        }
        if self.len == 0 {
            self.clear();
        } else if self.head > 64 && self.head > self.iov.len() / 2 {
            self.iov.drain(..self.head);
            self.binaries.drain(..self.head);
            self.owners.drain(..self.head);
            self.head = 0;
        }
        Some(self.len)
    }

    /// Removes everything.
    pub(crate) fn clear(&mut self) {
        if self.iov.capacity() > 64 {
            *self = Self::default();
        } else {
            self.iov.clear();
            self.binaries.clear();
            self.owners.clear();
            self.head = 0;
            self.len = 0;
        }
    }

    /// The vector as drivers see it; its arrays are the queue's own, valid until the queue changes.
    pub(crate) fn view(&mut self) -> ErlIOVec {
        let count = self.iov.len() - self.head;
        if count == 0 {
            return ErlIOVec {
                vsize: 0,
                size: 0,
                iov: std::ptr::null_mut(),
                binv: std::ptr::null_mut(),
            };
        }
        ErlIOVec {
            vsize: count as i32,
            size: self.len,
            iov: self.iov[self.head..].as_mut_ptr(),
            binv: self.binaries[self.head..].as_mut_ptr(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(queue: &mut DriverQueue) -> Vec<Vec<u8>> {
        let view = queue.view();
        (0..view.vsize as usize)
            .map(|index| {
                // SAFETY: the view is of `vsize` buffers inside the queue's binaries.
                unsafe {
                    let buffer = *view.iov.add(index);
                    std::slice::from_raw_parts(buffer.iov_base.cast::<u8>(), buffer.iov_len)
                        .to_vec()
                }
            })
            .collect()
    }

    // D-F2 to D-F5.
    #[test]
    fn both_ends_and_the_view() {
        let mut queue = DriverQueue::default();
        assert!(queue.add_copy(End::Back, b"abc"));
        assert!(queue.add_copy(End::Front, b"XY"));
        assert_eq!(content(&mut queue), [b"XY".to_vec(), b"abc".to_vec()]);
        for number in 0..20u8 {
            assert!(queue.add_copy(End::Front, &[number]));
        }
        assert_eq!(queue.len(), 25);
        assert_eq!(queue.advance(21), Some(4));
        assert_eq!(content(&mut queue), [b"Y".to_vec(), b"abc".to_vec()]);
        assert_eq!(queue.advance(100), None);
        assert_eq!(queue.advance(4), Some(0));
        assert_eq!(queue.view().vsize, 0);
    }

    #[test]
    fn a_part_beyond_the_binary_is_refused() {
        let mut queue = DriverQueue::default();
        let binary = || BinaryRef::copy_of(b"0123456789").unwrap();
        assert!(queue.add(End::Back, binary(), 2, 3));
        assert!(!queue.add(End::Back, binary(), 8, 3));
        assert!(!queue.add(End::Back, binary(), usize::MAX, 2));
        assert!(queue.add(End::Back, binary(), 10, 0));
        assert_eq!(content(&mut queue), [b"234".to_vec()]);
    }
}
