//! The system, its environment, names of errors; on any thread.

use core::ffi::{c_char, c_int};

use crate::ErlDrvSysInfo;

/// Fills as many fields of `*sip` as fit into `si_size` bytes.
pub type driver_system_info = unsafe extern "C" fn(sip: *mut ErlDrvSysInfo, si_size: usize);

/// Reads a variable of Erlang's environment (`os:getenv`), which is not that of libc.
///
/// `*value_size` is the room at `value` in bytes with the NUL. 0 found, and `*value_size` is then the length without the
/// NUL; above 0 too small; below 0 not set.
pub type erl_drv_getenv =
    unsafe extern "C" fn(key: *const c_char, value: *mut c_char, value_size: *mut usize) -> c_int;

/// Sets a variable of Erlang's environment. 0, or not 0 when that fails.
pub type erl_drv_putenv = unsafe extern "C" fn(key: *const c_char, value: *mut c_char) -> c_int;

/// Name of an `errno` number in lower case such as `enoent`, or `unknown`; NUL terminated, valid for ever.
pub type erl_errno_id = unsafe extern "C" fn(error: c_int) -> *mut c_char;

/// Returns 0. For tables that need some function.
pub type null_func = unsafe extern "C" fn() -> c_int;
