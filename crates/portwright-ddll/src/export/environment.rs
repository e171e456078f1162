//! The node's environment, `os:getenv` and `os:putenv`; anywhere.
#![allow(unsafe_code, reason = "functions for C")]

use std::ffi::{CStr, OsStr, OsString, c_char, c_int};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use crate::context;

pub(super) unsafe extern "C" fn erl_drv_getenv(
    key: *const c_char,
    value: *mut c_char,
    value_size: *mut usize,
) -> c_int {
    // SAFETY: the driver says that the key is NUL terminated and where the capacity is.
    let (key, capacity) = unsafe { (CStr::from_ptr(key), *value_size) };
    let found = context::node().and_then(|node| node.env(OsStr::from_bytes(key.to_bytes())));
    // OTP writes the capacity less one where the manual promises the size that is needed (D-N16); drivers may have seen
    // either, so we do as OTP does.
    let (result, size) = match &found {
        None => (-1, capacity.wrapping_sub(1)),
        Some(text) if text.len() >= capacity => (1, capacity.wrapping_sub(1)),
        Some(text) => {
            // SAFETY: the driver says that `value` has room for `capacity` bytes, and the text with its NUL fits.
            unsafe {
                let bytes = text.as_bytes();
                value
                    .cast::<u8>()
                    .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
                value.add(bytes.len()).write(0);
            }
            (0, text.len())
        }
    };
    // SAFETY: as above.
    unsafe { value_size.write(size) };
    result
}

pub(super) unsafe extern "C" fn erl_drv_putenv(key: *const c_char, value: *mut c_char) -> c_int {
    let owned = |text: *const c_char| {
        // SAFETY: the driver says that the texts are NUL terminated.
        OsString::from_vec(unsafe { CStr::from_ptr(text) }.to_bytes().to_vec())
    };
    match context::node() {
        Some(node) => {
            node.set_env(owned(key), Some(owned(value)));
            0
        }
        None => -1,
    }
}
