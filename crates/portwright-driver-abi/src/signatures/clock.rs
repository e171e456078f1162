//! Clocks. Those that read a clock may be called on scheduler threads only.

use core::ffi::c_int;

use crate::{ErlDrvNowData, ErlDrvTime, ErlDrvTimeUnit};

/// Erlang monotonic time; [`ERL_DRV_TIME_ERROR`](crate::ERL_DRV_TIME_ERROR) on another thread or for an unknown unit.
pub type erl_drv_monotonic_time = unsafe extern "C" fn(time_unit: ErlDrvTimeUnit) -> ErlDrvTime;

/// What to add to the monotonic time to get Erlang system time; errors as for [`erl_drv_monotonic_time`].
pub type erl_drv_time_offset = unsafe extern "C" fn(time_unit: ErlDrvTimeUnit) -> ErlDrvTime;

/// Converts between units, rounding down; [`ERL_DRV_TIME_ERROR`](crate::ERL_DRV_TIME_ERROR) for an unknown unit. On any
/// thread.
pub type erl_drv_convert_time_unit =
    unsafe extern "C" fn(val: ErlDrvTime, from: ErlDrvTimeUnit, to: ErlDrvTimeUnit) -> ErlDrvTime;

/// Old way to read the clock. 0, or -1 when `now` is null.
pub type driver_get_now = unsafe extern "C" fn(now: *mut ErlDrvNowData) -> c_int;
