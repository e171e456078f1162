//! The system, and names of errors; anywhere.
#![allow(unsafe_code, reason = "functions for C")]

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_int};
use std::sync::LazyLock;

use portwright_driver::errno;
use portwright_driver_abi::{
    ERL_DRV_EXTENDED_MAJOR_VERSION, ERL_DRV_EXTENDED_MINOR_VERSION, ErlDrvSysInfo,
};

use super::fatal;
use crate::context;

pub(super) unsafe extern "C" fn null_func() -> c_int {
    0
}

/// The version texts of OTP, for ever.
static VERSIONS: LazyLock<[CString; 2]> = LazyLock::new(|| {
    ["13.1.5", "25"].map(|text| CString::new(text).expect("a version has no NUL in it"))
});

pub(super) unsafe extern "C" fn driver_system_info(sip: *mut ErlDrvSysInfo, si_size: usize) {
    // Older drivers know fewer fields and say so by the size (driver_abi.md 3.14).
    const SIZES: [usize; 5] = [32, 40, 48, 52, 56];
    if sip.is_null() || si_size < SIZES[0] {
        fatal("driver_system_info", libc::EINVAL);
    }
    let node = context::node();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let info = ErlDrvSysInfo {
        driver_major_version: ERL_DRV_EXTENDED_MAJOR_VERSION,
        driver_minor_version: ERL_DRV_EXTENDED_MINOR_VERSION,
        erts_version: VERSIONS[0].as_ptr().cast_mut(),
        otp_release: VERSIONS[1].as_ptr().cast_mut(),
        thread_support: 1,
        smp_support: 1,
        async_threads: node.map_or(1, |node| node.async_threads()) as c_int,
        scheduler_threads: threads as c_int,
        nif_major_version: 2,
        nif_minor_version: 16,
        dirty_scheduler_support: 1,
    };
    let size = SIZES
        .into_iter()
        .rfind(|size| *size <= si_size)
        .unwrap_or(SIZES[0]);
    // SAFETY: the driver says that its struct has `si_size` bytes, of which `size` are written.
    unsafe {
        sip.cast::<u8>()
            .copy_from_nonoverlapping(std::ptr::from_ref(&info).cast(), size);
    }
}

/// The names as C strings.
static NAMES: LazyLock<HashMap<&'static str, CString>> = LazyLock::new(|| {
    (0..=200)
        .map(errno::name)
        .filter_map(|name| Some((name, CString::new(name).ok()?)))
        .collect()
});

pub(super) unsafe extern "C" fn erl_errno_id(error: c_int) -> *mut c_char {
    NAMES
        .get(errno::name(error))
        .map_or(c"unknown", |name| -> &CStr { name })
        .as_ptr()
        .cast_mut()
}
