//! Memory for drivers: plain `malloc`, so that valgrind and sanitizers see a driver's mistakes; zeroed, because a driver in
//! the field (`trace_ip_drv`) counts on it.
#![allow(unsafe_code, reason = "the C allocator")]

use std::ffi::c_void;

/// A zeroed block; of one byte for 0. Null when there is no memory.
pub(crate) fn allocate(size: usize) -> *mut c_void {
    // SAFETY: `calloc` has no duties.
    unsafe { libc::calloc(1, size.max(1)) }
}

/// Changes the size of a block; null (and the block stays) when there is no memory.
///
/// # Safety
///
/// `block` is null or came from here and is not used any more.
pub(crate) unsafe fn reallocate(block: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: by the caller's word.
    unsafe { libc::realloc(block, size.max(1)) }
}

/// Frees a block.
///
/// # Safety
///
/// `block` is null or came from here and is not used any more.
pub(crate) unsafe fn free(block: *mut c_void) {
    // SAFETY: by the caller's word.
    unsafe { libc::free(block) }
}
