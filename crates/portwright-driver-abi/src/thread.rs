//! Threads, locks, thread-specific data, and the lock of a port's queue.
//!
//! All of them are made and freed by the host; a driver only holds pointers.
#![allow(non_camel_case_types, reason = "the struct tags of the header")]

use core::ffi::c_int;

opaque! {
    /// A thread, behind [`ErlDrvTid`].
    ErlDrvTid_;
    /// A mutual exclusion lock; not recursive.
    ErlDrvMutex;
    /// A condition variable; may wake up without reason.
    ErlDrvCond;
    /// A lock for many readers or one writer; not recursive.
    ErlDrvRWLock;
    /// A port data lock, behind [`ErlDrvPDL`].
    erl_drv_port_data_lock;
}

/// A thread.
pub type ErlDrvTid = *mut ErlDrvTid_;

/// Names a slot that every thread has for itself.
pub type ErlDrvTSDKey = c_int;

/// A port data lock: whoever holds it may use the port's queue from any thread.
///
/// Reference counted: the port holds one reference, and so do each pending async job and each holder of the lock.
pub type ErlDrvPDL = *mut erl_drv_port_data_lock;

/// Wishes for a new thread.
///
/// Made by `erl_drv_thread_opts_create`, never by the driver itself: a later version may add fields.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ErlDrvThreadOpts {
    /// Stack size in kilowords, where a word is as wide as a pointer; negative for the default.
    pub suggested_stack_size: c_int,
}

#[cfg(all(unix, target_pointer_width = "64"))]
const _: () = {
    assert!(size_of::<ErlDrvThreadOpts>() == 4);
    assert!(size_of::<ErlDrvTSDKey>() == 4);
};
