//! Memory and binaries, on any thread. Sizes are bytes.

use core::ffi::c_void;

use crate::{ErlDrvBinary, ErlDrvSInt, ErlDrvSizeT};

/// Allocates memory, aligned for anything; null when there is none. Not null for size 0 (*measured on OTP 25*).
pub type driver_alloc = unsafe extern "C" fn(size: ErlDrvSizeT) -> *mut c_void;

/// Resizes memory from [`driver_alloc`]; null when that fails, and then the old memory stays. Allocates for null.
pub type driver_realloc = unsafe extern "C" fn(ptr: *mut c_void, size: ErlDrvSizeT) -> *mut c_void;

/// Frees memory from [`driver_alloc`]; null is allowed.
pub type driver_free = unsafe extern "C" fn(ptr: *mut c_void);

/// Makes a binary of `size` bytes with one reference; null when there is no memory.
pub type driver_alloc_binary = unsafe extern "C" fn(size: ErlDrvSizeT) -> *mut ErlDrvBinary;

/// Resizes a binary that has one reference; null when that fails. Makes one for null.
pub type driver_realloc_binary =
    unsafe extern "C" fn(bin: *mut ErlDrvBinary, size: ErlDrvSizeT) -> *mut ErlDrvBinary;

/// Gives up one reference; the last one frees the binary. Null is allowed.
pub type driver_free_binary = unsafe extern "C" fn(bin: *mut ErlDrvBinary);

/// The number of references.
pub type driver_binary_get_refc = unsafe extern "C" fn(dbp: *mut ErlDrvBinary) -> ErlDrvSInt;

/// Adds a reference; returns the new number.
pub type driver_binary_inc_refc = unsafe extern "C" fn(dbp: *mut ErlDrvBinary) -> ErlDrvSInt;

/// Gives up a reference that is not the last; returns the new number. For the last use [`driver_free_binary`].
pub type driver_binary_dec_refc = unsafe extern "C" fn(dbp: *mut ErlDrvBinary) -> ErlDrvSInt;
