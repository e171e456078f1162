//! What `driver_system_info` tells.

use core::ffi::{c_char, c_int};
use core::mem::offset_of;

/// Facts about the system that a driver runs in.
///
/// Fields were added over the years, and `driver_system_info` is told how large the struct of the *driver* is. It must
/// write nothing beyond that. *Measured on OTP 25*, on 64-bit, where a driver passes `size`: 32 bytes reach through
/// `smp_support` (fewer are fatal), 40 add `async_threads` and `scheduler_threads`, 48 the NIF version, and 52
/// `dirty_scheduler_support`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ErlDrvSysInfo {
    /// Major version of the driver interface of the host.
    pub driver_major_version: c_int,
    /// Minor version of the driver interface of the host.
    pub driver_minor_version: c_int,
    /// Version of the run-time system such as `13.1.5`, NUL terminated, valid for ever.
    pub erts_version: *mut c_char,
    /// OTP release such as `25`, NUL terminated, valid for ever.
    pub otp_release: *mut c_char,
    /// Not 0 when there are threads.
    pub thread_support: c_int,
    /// Not 0 when drivers may be called on several threads.
    pub smp_support: c_int,
    /// Number of threads for async jobs.
    pub async_threads: c_int,
    /// Number of scheduler threads.
    pub scheduler_threads: c_int,
    /// Major version of the NIF interface.
    pub nif_major_version: c_int,
    /// Minor version of the NIF interface.
    pub nif_minor_version: c_int,
    /// Not 0 when there are dirty schedulers.
    pub dirty_scheduler_support: c_int,
}

#[cfg(all(unix, target_pointer_width = "64"))]
const _: () = {
    assert!(size_of::<ErlDrvSysInfo>() == 56);
    assert!(offset_of!(ErlDrvSysInfo, driver_major_version) == 0);
    assert!(offset_of!(ErlDrvSysInfo, driver_minor_version) == 4);
    assert!(offset_of!(ErlDrvSysInfo, erts_version) == 8);
    assert!(offset_of!(ErlDrvSysInfo, otp_release) == 16);
    assert!(offset_of!(ErlDrvSysInfo, thread_support) == 24);
    assert!(offset_of!(ErlDrvSysInfo, smp_support) == 28);
    assert!(offset_of!(ErlDrvSysInfo, async_threads) == 32);
    assert!(offset_of!(ErlDrvSysInfo, scheduler_threads) == 36);
    assert!(offset_of!(ErlDrvSysInfo, nif_major_version) == 40);
    assert!(offset_of!(ErlDrvSysInfo, nif_minor_version) == 44);
    assert!(offset_of!(ErlDrvSysInfo, dirty_scheduler_support) == 48);
};
