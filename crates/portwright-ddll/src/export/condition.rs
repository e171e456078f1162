//! Conditions; anywhere. Misuse is fatal, as in OTP.
#![allow(unsafe_code, reason = "functions for C")]

use std::cell::UnsafeCell;
use std::ffi::{CString, c_char, c_int};
use std::ptr;

use portwright_driver_abi::{ErlDrvCond, ErlDrvMutex};

use super::fatal;
use super::mutex::{self, copy_name, name_of};

struct Condition {
    raw: UnsafeCell<libc::pthread_cond_t>,
    name: Option<CString>,
}

/// # Safety
///
/// `cnd` is null or came from `erl_drv_cond_create` and was not destroyed.
unsafe fn of<'a>(cnd: *mut ErlDrvCond, function: &str) -> &'a Condition {
    if cnd.is_null() {
        fatal(function, libc::EINVAL);
    }
    // SAFETY: by the caller's word.
    unsafe { &*cnd.cast::<Condition>() }
}

fn check(function: &str, result: c_int) {
    if result != 0 {
        fatal(function, result);
    }
}

pub(super) unsafe extern "C" fn erl_drv_cond_create(name: *mut c_char) -> *mut ErlDrvCond {
    let condition = Box::new(Condition {
        raw: UnsafeCell::new(libc::PTHREAD_COND_INITIALIZER),
        name: copy_name(name),
    });
    Box::into_raw(condition).cast()
}

pub(super) unsafe extern "C" fn erl_drv_cond_destroy(cnd: *mut ErlDrvCond) {
    let function = "erl_drv_cond_destroy";
    // SAFETY: the driver says that the condition is one, and that nobody uses it any more. It came from a box.
    unsafe {
        check(
            function,
            libc::pthread_cond_destroy(of(cnd, function).raw.get()),
        );
        drop(Box::from_raw(cnd.cast::<Condition>()));
    }
}

pub(super) unsafe extern "C" fn erl_drv_cond_signal(cnd: *mut ErlDrvCond) {
    let function = "erl_drv_cond_signal";
    // SAFETY: the driver says that the condition is one.
    check(function, unsafe {
        libc::pthread_cond_signal(of(cnd, function).raw.get())
    });
}

pub(super) unsafe extern "C" fn erl_drv_cond_broadcast(cnd: *mut ErlDrvCond) {
    let function = "erl_drv_cond_broadcast";
    // SAFETY: the driver says that the condition is one.
    check(function, unsafe {
        libc::pthread_cond_broadcast(of(cnd, function).raw.get())
    });
}

pub(super) unsafe extern "C" fn erl_drv_cond_wait(cnd: *mut ErlDrvCond, mtx: *mut ErlDrvMutex) {
    let function = "erl_drv_cond_wait";
    // SAFETY: the driver says that both are what they should be and that this thread has locked the mutex.
    check(function, unsafe {
        libc::pthread_cond_wait(
            of(cnd, function).raw.get(),
            mutex::of(mtx, function).raw.get(),
        )
    });
}

pub(super) unsafe extern "C" fn erl_drv_cond_name(cnd: *mut ErlDrvCond) -> *mut c_char {
    if cnd.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: the driver says that the condition is one.
    name_of(unsafe { of(cnd, "erl_drv_cond_name") }.name.as_ref())
}
