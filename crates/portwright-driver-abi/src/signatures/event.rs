//! Events, the timer, and time slices. All are *callback only*.

use core::ffi::{c_int, c_ulong};

use crate::{ErlDrvEvent, ErlDrvPort};

/// Switches interest in an event on (`on` not 0) or off; `mode` is a set of [`select`](crate::select) modes.
///
/// 0, or -1 for a dead port or an event that is no file descriptor.
pub type driver_select =
    unsafe extern "C" fn(port: ErlDrvPort, event: ErlDrvEvent, mode: c_int, on: c_int) -> c_int;

/// Has the `timeout` callback run in `time` milliseconds. A port has one timer; setting replaces it. 0, -1 on a dead
/// port.
pub type driver_set_timer = unsafe extern "C" fn(port: ErlDrvPort, time: c_ulong) -> c_int;

/// Cancels the timer. 0, also when there is none; -1 on a dead port.
pub type driver_cancel_timer = unsafe extern "C" fn(port: ErlDrvPort) -> c_int;

/// Puts the milliseconds until the timer runs out into `*time_left`, 0 without a timer. 0, -1 on a dead port.
pub type driver_read_timer =
    unsafe extern "C" fn(port: ErlDrvPort, time_left: *mut c_ulong) -> c_int;

/// Tells that the callback has used `percent` (1 to 100) of a time slice.
///
/// 1 when the slice is used up and the callback should return soon, 0 when not; -1 on a dead port.
pub type erl_drv_consume_timeslice =
    unsafe extern "C" fn(port: ErlDrvPort, percent: c_int) -> c_int;
