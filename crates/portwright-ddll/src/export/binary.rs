//! Reference-counted binaries; anywhere.
#![allow(unsafe_code, reason = "functions for C")]

use portwright_driver_abi::ErlDrvBinary;

use crate::binary;

pub(super) unsafe extern "C" fn driver_alloc_binary(size: usize) -> *mut ErlDrvBinary {
    binary::allocate(size)
}

pub(super) unsafe extern "C" fn driver_realloc_binary(
    bin: *mut ErlDrvBinary,
    size: usize,
) -> *mut ErlDrvBinary {
    if bin.is_null() {
        return binary::allocate(size);
    }
    // SAFETY: the driver says that the binary is its own and nobody else's.
    unsafe { binary::reallocate(bin, size) }
}

pub(super) unsafe extern "C" fn driver_free_binary(bin: *mut ErlDrvBinary) {
    if !bin.is_null() {
        // SAFETY: the driver gives up a reference that it has.
        unsafe { binary::release(bin) }
    }
}

pub(super) unsafe extern "C" fn driver_binary_get_refc(bin: *mut ErlDrvBinary) -> isize {
    // SAFETY: the driver says that the binary is alive.
    unsafe { binary::references(bin) }
}

pub(super) unsafe extern "C" fn driver_binary_inc_refc(bin: *mut ErlDrvBinary) -> isize {
    // SAFETY: the driver says that the binary is alive.
    unsafe { binary::add_references(bin, 1) }
}

pub(super) unsafe extern "C" fn driver_binary_dec_refc(bin: *mut ErlDrvBinary) -> isize {
    // SAFETY: the driver says that the binary is alive, and keeps a reference (erl_driver(3)).
    unsafe { binary::add_references(bin, -1) }
}
