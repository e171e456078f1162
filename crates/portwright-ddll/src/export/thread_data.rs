//! Thread-specific data; anywhere. An unknown key is fatal, as in OTP.
#![allow(unsafe_code, reason = "functions for C")]

use std::cell::RefCell;
use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use parking_lot::Mutex;
use portwright_driver_abi::ErlDrvTSDKey;

use super::fatal;

/// Which keys are in use. The lowest free number is given out.
static KEYS: Mutex<Vec<bool>> = Mutex::new(Vec::new());

thread_local! {
    static DATA: RefCell<Vec<*mut c_void>> = const { RefCell::new(Vec::new()) };
}

fn index(key: ErlDrvTSDKey, function: &str) -> usize {
    usize::try_from(key)
        .ok()
        .filter(|index| KEYS.lock().get(*index) == Some(&true))
        .unwrap_or_else(|| fatal(function, libc::EINVAL))
}

pub(super) unsafe extern "C" fn erl_drv_tsd_key_create(
    _name: *mut c_char,
    key: *mut ErlDrvTSDKey,
) -> c_int {
    if key.is_null() {
        fatal("erl_drv_tsd_key_create", libc::EINVAL);
    }
    let mut keys = KEYS.lock();
    let index = keys.iter().position(|used| !used).unwrap_or_else(|| {
        keys.push(false);
        keys.len() - 1
    });
    let Ok(number) = ErlDrvTSDKey::try_from(index) else {
        return libc::ENOMEM;
    };
    keys[index] = true;
    // SAFETY: the driver says where its key goes.
    unsafe { key.write(number) };
    0
}

pub(super) unsafe extern "C" fn erl_drv_tsd_key_destroy(key: ErlDrvTSDKey) {
    let index = index(key, "erl_drv_tsd_key_destroy");
    KEYS.lock()[index] = false;
}

pub(super) unsafe extern "C" fn erl_drv_tsd_set(key: ErlDrvTSDKey, data: *mut c_void) {
    let index = index(key, "erl_drv_tsd_set");
    DATA.with_borrow_mut(|own| {
        if own.len() <= index {
            own.resize(index + 1, ptr::null_mut());
        }
        own[index] = data;
    });
}

pub(super) unsafe extern "C" fn erl_drv_tsd_get(key: ErlDrvTSDKey) -> *mut c_void {
    let index = index(key, "erl_drv_tsd_get");
    // A thread that is going down has no data any more.
    DATA.try_with(|own| own.borrow().get(index).copied())
        .ok()
        .flatten()
        .unwrap_or(ptr::null_mut())
}
