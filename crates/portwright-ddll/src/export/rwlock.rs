//! Read-write locks; anywhere. Misuse is fatal, as in OTP.
#![allow(unsafe_code, reason = "functions for C")]

use std::cell::UnsafeCell;
use std::ffi::{CString, c_char, c_int};
use std::ptr;

use portwright_driver_abi::ErlDrvRWLock;

use super::fatal;
use super::mutex::{copy_name, name_of};

struct ReadWriteLock {
    raw: UnsafeCell<libc::pthread_rwlock_t>,
    name: Option<CString>,
}

/// # Safety
///
/// `rwlck` is null or came from `erl_drv_rwlock_create` and was not destroyed.
unsafe fn of<'a>(rwlck: *mut ErlDrvRWLock, function: &str) -> &'a ReadWriteLock {
    if rwlck.is_null() {
        fatal(function, libc::EINVAL);
    }
    // SAFETY: by the caller's word.
    unsafe { &*rwlck.cast::<ReadWriteLock>() }
}

fn check(function: &str, result: c_int) {
    if result != 0 {
        fatal(function, result);
    }
}

fn check_try(function: &str, result: c_int) -> c_int {
    match result {
        0 | libc::EBUSY => result,
        errno => fatal(function, errno),
    }
}

pub(super) unsafe extern "C" fn erl_drv_rwlock_create(name: *mut c_char) -> *mut ErlDrvRWLock {
    let lock = Box::new(ReadWriteLock {
        raw: UnsafeCell::new(libc::PTHREAD_RWLOCK_INITIALIZER),
        name: copy_name(name),
    });
    Box::into_raw(lock).cast()
}

pub(super) unsafe extern "C" fn erl_drv_rwlock_destroy(rwlck: *mut ErlDrvRWLock) {
    let function = "erl_drv_rwlock_destroy";
    // glibc frees a lock that is held without a word, OTP does not.
    // SAFETY: the driver says that the lock is one, and that nobody uses it any more. It came from a box.
    unsafe {
        let raw = of(rwlck, function).raw.get();
        check(function, libc::pthread_rwlock_trywrlock(raw));
        check(function, libc::pthread_rwlock_unlock(raw));
        check(function, libc::pthread_rwlock_destroy(raw));
        drop(Box::from_raw(rwlck.cast::<ReadWriteLock>()));
    }
}

pub(super) unsafe extern "C" fn erl_drv_rwlock_tryrlock(rwlck: *mut ErlDrvRWLock) -> c_int {
    let function = "erl_drv_rwlock_tryrlock";
    // SAFETY: the driver says that the lock is one.
    check_try(function, unsafe {
        libc::pthread_rwlock_tryrdlock(of(rwlck, function).raw.get())
    })
}

pub(super) unsafe extern "C" fn erl_drv_rwlock_rlock(rwlck: *mut ErlDrvRWLock) {
    let function = "erl_drv_rwlock_rlock";
    // SAFETY: the driver says that the lock is one.
    check(function, unsafe {
        libc::pthread_rwlock_rdlock(of(rwlck, function).raw.get())
    });
}

pub(super) unsafe extern "C" fn erl_drv_rwlock_runlock(rwlck: *mut ErlDrvRWLock) {
    let function = "erl_drv_rwlock_runlock";
    // SAFETY: the driver says that the lock is one and that this thread holds it for reading.
    check(function, unsafe {
        libc::pthread_rwlock_unlock(of(rwlck, function).raw.get())
    });
}

pub(super) unsafe extern "C" fn erl_drv_rwlock_tryrwlock(rwlck: *mut ErlDrvRWLock) -> c_int {
    let function = "erl_drv_rwlock_tryrwlock";
    // SAFETY: the driver says that the lock is one.
    check_try(function, unsafe {
        libc::pthread_rwlock_trywrlock(of(rwlck, function).raw.get())
    })
}

pub(super) unsafe extern "C" fn erl_drv_rwlock_rwlock(rwlck: *mut ErlDrvRWLock) {
    let function = "erl_drv_rwlock_rwlock";
    // SAFETY: the driver says that the lock is one.
    check(function, unsafe {
        libc::pthread_rwlock_wrlock(of(rwlck, function).raw.get())
    });
}

pub(super) unsafe extern "C" fn erl_drv_rwlock_rwunlock(rwlck: *mut ErlDrvRWLock) {
    let function = "erl_drv_rwlock_rwunlock";
    // SAFETY: the driver says that the lock is one and that this thread holds it for writing.
    check(function, unsafe {
        libc::pthread_rwlock_unlock(of(rwlck, function).raw.get())
    });
}

pub(super) unsafe extern "C" fn erl_drv_rwlock_name(rwlck: *mut ErlDrvRWLock) -> *mut c_char {
    if rwlck.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: the driver says that the lock is one.
    name_of(unsafe { of(rwlck, "erl_drv_rwlock_name") }.name.as_ref())
}
