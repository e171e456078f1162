//! More ports, and more drivers.

use core::ffi::{c_char, c_int};

use crate::{ErlDrvData, ErlDrvEntry, ErlDrvPort, ErlDrvTermData};

/// Makes another port of the same driver, owned by and linked to the pid `connected`, without calling `start`.
///
/// Callback only. [`INVALID_PORT`](crate::INVALID_PORT) when there is no such process, or on a dead port.
pub type driver_create_port = unsafe extern "C" fn(
    creator_port: ErlDrvPort,
    connected: ErlDrvTermData,
    name: *mut c_char,
    drv_data: ErlDrvData,
) -> ErlDrvPort;

/// Registers a driver that is not a library of its own. Not from `driver_init`, `init` or `finish`.
pub type add_driver_entry = unsafe extern "C" fn(de: *mut ErlDrvEntry);

/// Removes what [`add_driver_entry`] added: 1 done, 0 not known, -1 it is a loaded library's.
pub type remove_driver_entry = unsafe extern "C" fn(de: *mut ErlDrvEntry) -> c_int;

/// Keeps the port's driver loaded for ever. Callback only; 0, or -1 on a dead port or when it is no loaded library.
pub type driver_lock_driver = unsafe extern "C" fn(ix: ErlDrvPort) -> c_int;
