//! Opening libraries; anywhere.
#![allow(unsafe_code, reason = "functions for C, and dlopen")]

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;

use crate::load::last_error;

thread_local! {
    /// What went wrong last on this thread. OTP forgets the error of a failed open; we do not.
    static ERROR: RefCell<CString> = RefCell::new(CString::default());
}

fn keep_error() {
    let text = CString::new(last_error()).unwrap_or_default();
    ERROR.replace(text);
}

pub(super) unsafe extern "C" fn driver_dl_open(name: *mut c_char) -> *mut c_void {
    // SAFETY: the driver says that the name is NUL terminated.
    let mut path = unsafe { CStr::from_ptr(name) }.to_bytes().to_vec();
    path.extend_from_slice(b".so");
    let path = CString::new(path).expect("a C string has no NUL inside");
    // SAFETY: the path is NUL terminated; what the library does when it is opened is the driver's choice.
    let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW) };
    if handle.is_null() {
        keep_error();
    }
    handle
}

pub(super) unsafe extern "C" fn driver_dl_sym(
    handle: *mut c_void,
    name: *mut c_char,
) -> *mut c_void {
    // SAFETY: the driver says that the handle is open and the name NUL terminated.
    let symbol = unsafe { libc::dlsym(handle, name) };
    if symbol.is_null() {
        keep_error();
    }
    symbol
}

pub(super) unsafe extern "C" fn driver_dl_close(handle: *mut c_void) -> c_int {
    if handle.is_null() {
        return -1;
    }
    // SAFETY: the driver says that the handle is open and that it does not use it any more.
    unsafe { libc::dlclose(handle) }
}

pub(super) unsafe extern "C" fn driver_dl_error() -> *mut c_char {
    ERROR
        .try_with(|error| error.borrow().as_ptr().cast_mut())
        .unwrap_or(ptr::null_mut())
}
