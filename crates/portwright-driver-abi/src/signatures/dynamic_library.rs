//! Opening libraries, as `dlopen(3)` and its kin.

use core::ffi::{c_char, c_int, c_void};

/// Opens the library `name` (NUL terminated) with `.so` appended; null when that fails.
pub type driver_dl_open = unsafe extern "C" fn(*mut c_char) -> *mut c_void;

/// The address of a symbol; null when there is none.
pub type driver_dl_sym = unsafe extern "C" fn(*mut c_void, *mut c_char) -> *mut c_void;

/// Closes the library. 0.
pub type driver_dl_close = unsafe extern "C" fn(*mut c_void) -> c_int;

/// Text of the last failure on this thread, NUL terminated; stays the host's.
pub type driver_dl_error = unsafe extern "C" fn() -> *mut c_char;
