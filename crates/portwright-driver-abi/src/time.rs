//! Clocks and time units.
//!
//! Timers (`driver_set_timer`, `driver_read_timer`) are not among them: they count milliseconds in an
//! `unsigned long`.

use core::ffi::{c_uint, c_ulong};
use core::mem::offset_of;

use crate::ErlDrvSInt64;

/// A point in time or a duration, in an [`ErlDrvTimeUnit`] that goes along with it.
pub type ErlDrvTime = ErlDrvSInt64;

/// The [`ErlDrvTime`] that means an error: an unknown unit, or a clock read on a thread where that is not allowed.
pub const ERL_DRV_TIME_ERROR: ErlDrvTime = i64::MIN;

/// Unit of an [`ErlDrvTime`].
///
/// A C `enum`, so a driver may pass any number: not a Rust `enum`, for which that would be undefined behaviour.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ErlDrvTimeUnit(pub c_uint);

/// Seconds.
pub const ERL_DRV_SEC: ErlDrvTimeUnit = ErlDrvTimeUnit(0);
/// Milliseconds.
pub const ERL_DRV_MSEC: ErlDrvTimeUnit = ErlDrvTimeUnit(1);
/// Microseconds.
pub const ERL_DRV_USEC: ErlDrvTimeUnit = ErlDrvTimeUnit(2);
/// Nanoseconds.
pub const ERL_DRV_NSEC: ErlDrvTimeUnit = ErlDrvTimeUnit(3);

/// Time since 1970-01-01 00:00 UTC as `driver_get_now` tells it, in three parts that add up.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErlDrvNowData {
    /// Whole units of a million seconds.
    pub megasecs: c_ulong,
    /// Seconds, below a million.
    pub secs: c_ulong,
    /// Microseconds, below a million.
    pub microsecs: c_ulong,
}

#[cfg(all(unix, target_pointer_width = "64"))]
const _: () = {
    assert!(size_of::<ErlDrvTimeUnit>() == 4);
    assert!(size_of::<ErlDrvNowData>() == 24);
    assert!(offset_of!(ErlDrvNowData, megasecs) == 0);
    assert!(offset_of!(ErlDrvNowData, secs) == 8);
    assert!(offset_of!(ErlDrvNowData, microsecs) == 16);
};
