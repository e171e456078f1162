//! Back pressure on what a port reads, for owners that read a stream.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Counts the bytes that the owner has not taken yet. While there are too many,
/// the port's descriptors are not watched for reading, and whoever writes to them
/// is held back by the pipe.
///
/// Ports opened with a mailbox have no gate, as in OTP (P-202).
pub(crate) struct Gate {
    /// 0: no gate.
    limit_bytes: usize,
    waiting_bytes: AtomicUsize,
    shut: AtomicBool,
}

impl Gate {
    pub(crate) fn new(limit_bytes: Option<usize>) -> Self {
        Self {
            limit_bytes: limit_bytes.map_or(0, |limit| limit.max(1)),
            waiting_bytes: AtomicUsize::new(0),
            shut: AtomicBool::new(false),
        }
    }

    /// More data waits for the owner; `true` when that shuts the gate.
    pub(super) fn add(&self, bytes: usize) -> bool {
        if self.limit_bytes == 0 || bytes == 0 {
            return false;
        }
        let waiting = self.waiting_bytes.fetch_add(bytes, Ordering::AcqRel) + bytes;
        waiting >= self.limit_bytes && !self.shut.swap(true, Ordering::AcqRel)
    }

    /// The owner has taken data; `true` when that opens the gate.
    pub(super) fn remove(&self, bytes: usize) -> bool {
        if self.limit_bytes == 0 || bytes == 0 {
            return false;
        }
        let waiting = self.waiting_bytes.fetch_sub(bytes, Ordering::AcqRel) - bytes;
        waiting <= self.limit_bytes / 2
            && self.shut.load(Ordering::Acquire)
            && self.shut.swap(false, Ordering::AcqRel)
    }

    pub(super) fn is_shut(&self) -> bool {
        self.shut.load(Ordering::Acquire)
    }
}
