//! Attributes of a port: busy, queue limits, flags, acknowledgement, process id. All are *callback only*.

use core::ffi::c_int;

use crate::{ErlDrvData, ErlDrvPort, ErlDrvSInt, ErlDrvSizeT};

/// Makes the port busy (`on` not 0) or not: whoever sends it a command waits meanwhile. Not counted.
pub type set_busy_port = unsafe extern "C" fn(port: ErlDrvPort, on: c_int);

/// Sets and reads the limits of the command queue, in bytes; see [`busy`](crate::busy) for the special values.
pub type erl_drv_busy_msgq_limits =
    unsafe extern "C" fn(port: ErlDrvPort, low: *mut ErlDrvSizeT, high: *mut ErlDrvSizeT);

/// Replaces the port's [`PORT_CONTROL_FLAG_*`](crate::PORT_CONTROL_FLAG_BINARY).
pub type set_port_control_flags = unsafe extern "C" fn(port: ErlDrvPort, flags: c_int);

/// The port's [`PORT_FLAG_*`](crate::PORT_FLAG_BINARY); 0 during `start` and on a dead port.
pub type get_port_flags = unsafe extern "C" fn(port: ErlDrvPort) -> c_int;

/// Lets `open_port/2` return, for drivers with
/// [`ERL_DRV_FLAG_USE_INIT_ACK`](crate::ERL_DRV_FLAG_USE_INIT_ACK).
///
/// `res` becomes the port's data, or is one of the error values that `start` may return.
pub type erl_drv_init_ack = unsafe extern "C" fn(ix: ErlDrvPort, res: ErlDrvData);

/// Sets the `os_pid` that `port_info` reports.
pub type erl_drv_set_os_pid = unsafe extern "C" fn(ix: ErlDrvPort, pid: ErlDrvSInt);
