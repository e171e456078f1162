//! Monitors that a driver holds on processes.

use core::ffi::{c_uchar, c_void};

/// Names one monitor; the driver provides the memory, `driver_monitor_process` fills it.
///
/// The content is the host's. Compare two of them with `driver_compare_monitors` and not byte by byte: a host need
/// not fill all of it (*measured on OTP 25*: 24 of the 32 bytes). Alignment is 1, so a host must not read words from it
/// in place.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct ErlDrvMonitor {
    /// Room for four pointers.
    pub data: [c_uchar; size_of::<*mut c_void>() * 4],
}

#[cfg(all(unix, target_pointer_width = "64"))]
const _: () = {
    assert!(size_of::<ErlDrvMonitor>() == 32);
    assert!(align_of::<ErlDrvMonitor>() == 1);
};
