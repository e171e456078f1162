//! Mutexes; anywhere. Misuse is fatal, as in OTP.
#![allow(unsafe_code, reason = "functions for C")]

use std::cell::UnsafeCell;
use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr;

use portwright_driver_abi::ErlDrvMutex;

use super::fatal;

/// What is behind an `ErlDrvMutex *`. POSIX's own, because conditions wait with it.
pub(super) struct Mutex {
    pub(super) raw: UnsafeCell<libc::pthread_mutex_t>,
    name: Option<CString>,
}

/// A copy of a name, which may be null.
pub(super) fn copy_name(name: *const c_char) -> Option<CString> {
    // SAFETY: the driver says that the name is NUL terminated.
    (!name.is_null()).then(|| unsafe { CStr::from_ptr(name) }.to_owned())
}

/// What the `*_name` functions return.
pub(super) fn name_of(name: Option<&CString>) -> *mut c_char {
    name.map_or(c"unknown".as_ptr(), |name| name.as_ptr())
        .cast_mut()
}

/// The mutex of a handle; null is fatal.
///
/// # Safety
///
/// `mtx` is null or came from `erl_drv_mutex_create` and was not destroyed.
pub(super) unsafe fn of<'a>(mtx: *mut ErlDrvMutex, function: &str) -> &'a Mutex {
    if mtx.is_null() {
        fatal(function, libc::EINVAL);
    }
    // SAFETY: by the caller's word.
    unsafe { &*mtx.cast::<Mutex>() }
}

pub(super) unsafe extern "C" fn erl_drv_mutex_create(name: *mut c_char) -> *mut ErlDrvMutex {
    let mutex = Box::new(Mutex {
        raw: UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER),
        name: copy_name(name),
    });
    Box::into_raw(mutex).cast()
}

pub(super) unsafe extern "C" fn erl_drv_mutex_destroy(mtx: *mut ErlDrvMutex) {
    // SAFETY: the driver says that the mutex is one, and that nobody uses it any more. It came from a box.
    unsafe {
        let result = libc::pthread_mutex_destroy(of(mtx, "erl_drv_mutex_destroy").raw.get());
        if result != 0 {
            fatal("erl_drv_mutex_destroy", result);
        }
        drop(Box::from_raw(mtx.cast::<Mutex>()));
    }
}

pub(super) unsafe extern "C" fn erl_drv_mutex_trylock(mtx: *mut ErlDrvMutex) -> c_int {
    // SAFETY: the driver says that the mutex is one.
    let result = unsafe { libc::pthread_mutex_trylock(of(mtx, "erl_drv_mutex_trylock").raw.get()) };
    match result {
        0 | libc::EBUSY => result,
        errno => fatal("erl_drv_mutex_trylock", errno),
    }
}

pub(super) unsafe extern "C" fn erl_drv_mutex_lock(mtx: *mut ErlDrvMutex) {
    // SAFETY: the driver says that the mutex is one.
    let result = unsafe { libc::pthread_mutex_lock(of(mtx, "erl_drv_mutex_lock").raw.get()) };
    if result != 0 {
        fatal("erl_drv_mutex_lock", result);
    }
}

pub(super) unsafe extern "C" fn erl_drv_mutex_unlock(mtx: *mut ErlDrvMutex) {
    // SAFETY: the driver says that the mutex is one and that this thread has locked it.
    let result = unsafe { libc::pthread_mutex_unlock(of(mtx, "erl_drv_mutex_unlock").raw.get()) };
    if result != 0 {
        fatal("erl_drv_mutex_unlock", result);
    }
}

pub(super) unsafe extern "C" fn erl_drv_mutex_name(mtx: *mut ErlDrvMutex) -> *mut c_char {
    if mtx.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: the driver says that the mutex is one.
    name_of(unsafe { of(mtx, "erl_drv_mutex_name") }.name.as_ref())
}
