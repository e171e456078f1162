//! Descriptors that are known by their number only.
//!
//! `{fd,In,Out}` and `select` name descriptors by number: they belong to the
//! program around us, or to a driver, and may be closed at any time. The only
//! thing done with them is a system call that fails on a closed descriptor.

#![allow(
    unsafe_code,
    reason = "the one place where a number becomes a descriptor"
)]

use std::os::fd::{BorrowedFd, RawFd};

/// A descriptor for the length of one system call.
///
/// `fd` must not be negative.
pub(crate) fn borrow<'a>(fd: RawFd) -> BorrowedFd<'a> {
    debug_assert!(fd >= 0);
    // SAFETY: `BorrowedFd` asks that the descriptor be open while it is borrowed.
    // We cannot promise that for a number that a user gave us. What rests on the
    // promise is I/O safety, not memory safety, and callers hand the value straight
    // to one system call, which answers EBADF for a closed descriptor. The value
    // is never -1, the one bit pattern that the type forbids.
    unsafe { BorrowedFd::borrow_raw(fd) }
}
