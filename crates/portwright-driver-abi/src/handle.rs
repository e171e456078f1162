//! Pointer-sized handles: driver data, ports, events; and the values of [`ErlDrvData`] that mean an error.
//!
//! The header declares them as pointers to incomplete structs, so that mixing them up is a type error; the Rust
//! side keeps that. None of them is to be dereferenced by whoever receives it.
#![allow(non_camel_case_types, reason = "the struct tags of the header")]

use core::ptr;

opaque! {
    /// What a driver keeps per port, behind [`ErlDrvData`].
    _erl_drv_data;
    /// What an event is to the operating system, behind [`ErlDrvEvent`].
    _erl_drv_event;
    /// What a port is to the host, behind [`ErlDrvPort`].
    _erl_drv_port;
}

/// Data of the driver for one port: what `start` returns and every later callback receives first.
///
/// Any bit pattern except the three `ERL_DRV_ERROR_*` values is data, null and small integers included.
pub type ErlDrvData = *mut _erl_drv_data;

/// Something to select on: on Unix a file descriptor, cast to a pointer.
pub type ErlDrvEvent = *mut _erl_drv_event;

/// A port, as the host names it to its driver. Opaque; see [`INVALID_PORT`].
pub type ErlDrvPort = *mut _erl_drv_port;

/// The payload of an async job when it comes back in `ready_async`.
///
/// The header declares it with the same struct tag as [`ErlDrvPort`], yet it is the `void *` that the driver
/// gave to `driver_async`. So cast it; the compiler does not tell the two apart.
pub type ErlDrvThreadData = *mut _erl_drv_port;

/// The handle that is no port: `(ErlDrvPort) -1`, which `driver_create_port` returns when it fails.
///
/// The header has no name for it.
///
/// # Source
///
/// erl_driver(3), `driver_create_port`.
pub const INVALID_PORT: ErlDrvPort = ptr::without_provenance_mut(usize::MAX);

/// Returned by `start`: `open_port/2` fails with `einval`.
pub const ERL_DRV_ERROR_GENERAL: ErlDrvData = ptr::without_provenance_mut(-1_isize as usize);

/// Returned by `start`: `open_port/2` fails with the name of the current `errno`, such as `eacces`.
///
/// A host has to read `errno` before it makes any other call on that thread.
pub const ERL_DRV_ERROR_ERRNO: ErlDrvData = ptr::without_provenance_mut(-2_isize as usize);

/// Returned by `start`: `open_port/2` fails with `badarg`.
pub const ERL_DRV_ERROR_BADARG: ErlDrvData = ptr::without_provenance_mut(-3_isize as usize);
