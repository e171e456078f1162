//! How a driver ends its own port. All are *callback only*; 0, or -1 on a dead port.
//!
//! The `stop` callback runs before they return, and the port is dead afterwards.

use core::ffi::{c_char, c_int};

use crate::ErlDrvPort;

/// End of the data: with the setting `eof` the owner gets `{Port, eof}` and the port stays; else exit `normal`.
pub type driver_failure_eof = unsafe extern "C" fn(port: ErlDrvPort) -> c_int;

/// Exit with the atom `string`, NUL terminated.
pub type driver_failure_atom = unsafe extern "C" fn(port: ErlDrvPort, string: *mut c_char) -> c_int;

/// Exit with the name of the `errno` number `error`, such as `enoent`.
pub type driver_failure_posix = unsafe extern "C" fn(port: ErlDrvPort, error: c_int) -> c_int;

/// Exit with the integer `error`; 0 is [`driver_failure_eof`].
pub type driver_failure = unsafe extern "C" fn(port: ErlDrvPort, error: c_int) -> c_int;

/// Unlinks the owner, then exits: `normal` for 0, else the name of the `errno` number `err`.
pub type driver_exit = unsafe extern "C" fn(port: ErlDrvPort, err: c_int) -> c_int;
