//! Version numbers of the driver interface, and the marker that says "this entry carries them".
//!
//! A loader compares them in this order: marker, major, minor. *Measured on OTP 25:* a wrong marker, a major below 2
//! or above 3, and 3.x with x above 3 are refused as `driver_incorrect_version`; major 2 passes with any minor.

use core::ffi::c_int;

/// Value of [`ErlDrvEntry::extended_marker`](crate::ErlDrvEntry::extended_marker).
///
/// The header writes it as the unsigned number `0xfeeeeeed`; the field is an `int`, where it is negative.
pub const ERL_DRV_EXTENDED_MARKER: c_int = 0xfeee_eeed_u32 as c_int;

/// Major version of the interface that this crate describes.
pub const ERL_DRV_EXTENDED_MAJOR_VERSION: c_int = 3;

/// Minor version of the interface that this crate describes.
pub const ERL_DRV_EXTENDED_MINOR_VERSION: c_int = 3;

/// Lowest major version that a loader accepts.
pub const ERL_DRV_MIN_REQUIRED_MAJOR_VERSION_ON_LOAD: c_int = 2;
