//! Threads of drivers; anywhere.
//!
//! `erl_drv_thread_exit` ends a thread from inside the driver's function by `pthread_exit`, which unwinds the thread's
//! stack. So the two Rust functions that may be on it, [`thread_main`] and `erl_drv_thread_exit`, are `extern "C-unwind"`
//! and own nothing while the driver's code (or `pthread_exit`) runs.
#![allow(unsafe_code, reason = "functions for C, and POSIX threads")]

use std::cell::Cell;
use std::ffi::{CString, c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr;

use parking_lot::Mutex;
use portwright::WeakNode;
use portwright_driver_abi::{ErlDrvThreadOpts, ErlDrvTid, signatures};

use super::fatal;
use super::mutex::{copy_name, name_of};
use crate::context;

type Body = unsafe extern "C-unwind" fn(*mut c_void) -> *mut c_void;

unsafe extern "C-unwind" {
    fn pthread_exit(value: *mut c_void) -> !;
    fn pthread_create(
        native: *mut libc::pthread_t,
        attributes: *const libc::pthread_attr_t,
        start: unsafe extern "C-unwind" fn(*mut c_void) -> *mut c_void,
        argument: *mut c_void,
    ) -> c_int;
}

/// What is behind an `ErlDrvTid`.
struct Thread {
    /// Made by `erl_drv_thread_create`, and `native` is set.
    is_driver_thread: bool,
    native: Mutex<libc::pthread_t>,
    name: Option<CString>,
    body: Option<Body>,
    argument: *mut c_void,
    node: Mutex<Option<WeakNode>>,
}

thread_local! {
    static SELF: Cell<*const Thread> = const { Cell::new(ptr::null()) };
}

extern "C-unwind" fn thread_main(thread: *mut c_void) -> *mut c_void {
    let (body, argument) = begin(thread.cast());
    // SAFETY: the driver passed both together to `erl_drv_thread_create`. Nothing of ours is alive on this stack, so
    // `pthread_exit` may leave it from inside.
    unsafe { body(argument) }
}

fn begin(thread: *const Thread) -> (Body, *mut c_void) {
    SELF.set(thread);
    // SAFETY: the thread's record is freed by whoever joins it, which is after its end.
    let thread = unsafe { &*thread };
    context::adopt_thread(thread.node.lock().take());
    (
        thread.body.expect("a driver's thread has a function"),
        thread.argument,
    )
}

pub(super) unsafe extern "C" fn erl_drv_thread_opts_create(
    _name: *mut c_char,
) -> *mut ErlDrvThreadOpts {
    Box::into_raw(Box::new(ErlDrvThreadOpts {
        suggested_stack_size: -1,
    }))
}

pub(super) unsafe extern "C" fn erl_drv_thread_opts_destroy(opts: *mut ErlDrvThreadOpts) {
    if opts.is_null() {
        fatal("erl_drv_thread_opts_destroy", libc::EINVAL);
    }
    // SAFETY: the driver says that they came from the function above.
    drop(unsafe { Box::from_raw(opts) });
}

/// Bytes of stack for a thread: the option counts kilowords, and less than this is asking for trouble.
fn stack_size(opts: *const ErlDrvThreadOpts) -> Option<usize> {
    const LEAST: usize = 64 * 1024;
    // SAFETY: the driver says that the options are options, or null.
    let kilowords = unsafe { opts.as_ref() }?.suggested_stack_size;
    let bytes = usize::try_from(kilowords)
        .ok()?
        .checked_mul(1024 * size_of::<usize>())?;
    Some(bytes.max(LEAST))
}

pub(super) unsafe extern "C" fn erl_drv_thread_create(
    name: *mut c_char,
    tid: *mut ErlDrvTid,
    func: Option<unsafe extern "C" fn(*mut c_void) -> *mut c_void>,
    args: *mut c_void,
    opts: *mut ErlDrvThreadOpts,
) -> c_int {
    let (Some(func), false) = (func, tid.is_null()) else {
        return libc::EINVAL;
    };
    // SAFETY: the same function; the other type only tells the compiler that it may unwind, by `pthread_exit`.
    let body = unsafe {
        std::mem::transmute::<unsafe extern "C" fn(*mut c_void) -> *mut c_void, Body>(func)
    };
    let thread = Box::into_raw(Box::new(Thread {
        is_driver_thread: true,
        native: Mutex::new(0),
        name: copy_name(name),
        body: Some(body),
        argument: args,
        node: Mutex::new(context::weak_node()),
    }));
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    // SAFETY: the attributes are made before they are used and destroyed afterwards. The thread's record stays until
    // the thread is joined. The new thread waits for nothing that we hold but the lock on `native`.
    unsafe {
        let made = libc::pthread_attr_init(attributes.as_mut_ptr());
        if made != 0 {
            drop(Box::from_raw(thread));
            return made;
        }
        if let Some(bytes) = stack_size(opts) {
            let page = 4096;
            libc::pthread_attr_setstacksize(attributes.as_mut_ptr(), bytes.next_multiple_of(page));
        }
        // Also the pointer is stored before the thread can look at it.
        tid.write(thread.cast());
        let mut native = (*thread).native.lock();
        let created = pthread_create(
            &raw mut *native,
            attributes.as_ptr(),
            thread_main,
            thread.cast(),
        );
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        if created != 0 {
            drop(native);
            drop(Box::from_raw(thread));
            return created;
        }
        if let Some(name) = &(*thread).name {
            // Linux takes 15 bytes; a longer name stays visible through `erl_drv_thread_name`.
            libc::pthread_setname_np(*native, name.as_ptr());
        }
    }
    0
}

pub(super) unsafe extern "C" fn erl_drv_thread_self() -> ErlDrvTid {
    let own = SELF.get();
    if !own.is_null() {
        return own.cast_mut().cast();
    }
    // A thread of the host's. Its record stays: drivers may compare it for as long as they like.
    let own: &'static Thread = Box::leak(Box::new(Thread {
        is_driver_thread: false,
        native: Mutex::new(0),
        name: std::thread::current()
            .name()
            .and_then(|name| CString::new(name).ok()),
        body: None,
        argument: ptr::null_mut(),
        node: Mutex::new(None),
    }));
    SELF.set(own);
    ptr::from_ref(own).cast_mut().cast()
}

pub(super) unsafe extern "C" fn erl_drv_equal_tids(tid1: ErlDrvTid, tid2: ErlDrvTid) -> c_int {
    if tid1.is_null() || tid2.is_null() {
        fatal("erl_drv_equal_tids", libc::EINVAL);
    }
    c_int::from(tid1 == tid2)
}

/// The real function behind the name; see the module.
extern "C-unwind" fn thread_exit(value: *mut c_void) {
    if !is_driver_thread() {
        fatal("erl_drv_thread_exit", libc::EINVAL);
    }
    // SAFETY: this is a thread of `erl_drv_thread_create`; its stack holds the driver's frames and two of ours that own
    // nothing.
    unsafe { pthread_exit(value) }
}

fn is_driver_thread() -> bool {
    // SAFETY: a thread's own record is there as long as the thread is.
    unsafe { SELF.get().as_ref() }.is_some_and(|thread| thread.is_driver_thread)
}

#[allow(non_upper_case_globals, reason = "the name of the C function")]
pub(super) const erl_drv_thread_exit: signatures::erl_drv_thread_exit = {
    // SAFETY: the same arguments and result; C callers do not know about unwinding.
    unsafe {
        std::mem::transmute::<extern "C-unwind" fn(*mut c_void), signatures::erl_drv_thread_exit>(
            thread_exit,
        )
    }
};

pub(super) unsafe extern "C" fn erl_drv_thread_join(
    tid: ErlDrvTid,
    respp: *mut *mut c_void,
) -> c_int {
    let thread = tid.cast::<Thread>();
    // SAFETY: the driver says that the thread is one that was not joined, or null.
    let Some(own) = (unsafe { thread.as_ref() }) else {
        return libc::EINVAL;
    };
    if !own.is_driver_thread {
        return libc::EINVAL;
    }
    let native = *own.native.lock();
    let mut result = ptr::null_mut();
    // SAFETY: the native thread was made by us, is not detached, and is joined once.
    let joined = unsafe { libc::pthread_join(native, &raw mut result) };
    if joined == 0 {
        // SAFETY: the thread has ended and was the only other user of its record; the driver says where the value goes.
        unsafe {
            if !respp.is_null() {
                respp.write(result);
            }
            drop(Box::from_raw(thread));
        }
    }
    joined
}

pub(super) unsafe extern "C" fn erl_drv_thread_name(tid: ErlDrvTid) -> *mut c_char {
    // SAFETY: the driver says that the thread is one, or null.
    match unsafe { tid.cast::<Thread>().as_ref() } {
        None => ptr::null_mut(),
        Some(thread) => name_of(thread.name.as_ref()),
    }
}
