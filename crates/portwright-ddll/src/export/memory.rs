//! `driver_alloc`, `driver_realloc`, `driver_free`; anywhere.
#![allow(unsafe_code, reason = "functions for C")]

use std::ffi::c_void;

use crate::memory;

pub(super) unsafe extern "C" fn driver_alloc(size: usize) -> *mut c_void {
    memory::allocate(size)
}

pub(super) unsafe extern "C" fn driver_realloc(block: *mut c_void, size: usize) -> *mut c_void {
    if block.is_null() {
        return memory::allocate(size);
    }
    // SAFETY: the driver says that the block is its own.
    unsafe { memory::reallocate(block, size) }
}

pub(super) unsafe extern "C" fn driver_free(block: *mut c_void) {
    // SAFETY: the driver says that the block is its own.
    unsafe { memory::free(block) }
}
