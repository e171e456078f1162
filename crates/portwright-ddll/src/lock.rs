//! The port data lock: what a driver's threads hold while they use a port's queue.
//!
//! A driver's handle is a pointer to a counted object. The count is the driver's business as much as ours: its creator
//! has one reference until the port ends, every lock holds one, every job holds one.
#![allow(unsafe_code, reason = "an object that drivers count")]

use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering};

use parking_lot::RawMutex;
use parking_lot::lock_api::RawMutex as _;
use portwright_driver_abi::{ErlDrvPDL, erl_drv_port_data_lock};

/// The lock. Lives in an `Arc` of which one strong reference stands for all references that are counted here.
pub(crate) struct PortDataLock {
    mutex: RawMutex,
    references: AtomicIsize,
}

impl PortDataLock {
    /// A lock with the creator's reference.
    pub(crate) fn new() -> Arc<Self> {
        let lock = Arc::new(Self {
            mutex: RawMutex::INIT,
            references: AtomicIsize::new(1),
        });
        // The references of drivers together own this one; `release` gives it back.
        std::mem::forget(Arc::clone(&lock));
        lock
    }

    /// The driver's handle.
    pub(crate) fn as_handle(&self) -> ErlDrvPDL {
        ptr::from_ref(self)
            .cast_mut()
            .cast::<erl_drv_port_data_lock>()
    }

    /// The lock behind a driver's handle.
    ///
    /// # Safety
    ///
    /// `handle` came from [`as_handle`](Self::as_handle) and the driver has a reference.
    pub(crate) unsafe fn of<'a>(handle: ErlDrvPDL) -> &'a Self {
        assert!(!handle.is_null(), "a port data lock that is NULL");
        // SAFETY: by the caller's word the object has a reference, and all references own the `Arc` together.
        unsafe { &*handle.cast::<Self>() }
    }

    pub(crate) fn references(&self) -> isize {
        self.references.load(Ordering::Acquire)
    }

    pub(crate) fn add_reference(&self) -> isize {
        self.references.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// Takes a reference away; the lock is gone with the last.
    pub(crate) fn release(&self) -> isize {
        let left = self.references.fetch_sub(1, Ordering::AcqRel) - 1;
        if left == 0 {
            // SAFETY: `new` forgot one strong reference of this `Arc`, and the count reaches 0 once.
            unsafe { Arc::decrement_strong_count(ptr::from_ref(self)) };
        }
        left
    }

    pub(crate) fn lock(&self) {
        self.add_reference();
        self.mutex.lock();
    }

    /// # Safety
    ///
    /// The calling thread has locked it.
    pub(crate) unsafe fn unlock(&self) {
        // SAFETY: by the caller's word.
        unsafe { self.mutex.unlock() };
        self.release();
    }
}
