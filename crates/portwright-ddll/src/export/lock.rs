//! The port data lock; anywhere, save the first.
#![allow(unsafe_code, reason = "functions for C")]

use std::ptr;

use portwright_driver_abi::{ErlDrvPDL, ErlDrvPort};

use crate::context;
use crate::lock::PortDataLock;

pub(super) unsafe extern "C" fn driver_pdl_create(port: ErlDrvPort) -> ErlDrvPDL {
    context::with(port, |instance, _| {
        let mut own = instance.rare().lock.lock();
        if own.is_some() {
            return ptr::null_mut();
        }
        own.insert(PortDataLock::new()).as_handle()
    })
    .unwrap_or(ptr::null_mut())
}

pub(super) unsafe extern "C" fn driver_pdl_lock(pdl: ErlDrvPDL) {
    // SAFETY: the driver has a reference.
    unsafe { PortDataLock::of(pdl) }.lock();
}

pub(super) unsafe extern "C" fn driver_pdl_unlock(pdl: ErlDrvPDL) {
    // SAFETY: the driver has a reference and has locked it.
    unsafe { PortDataLock::of(pdl).unlock() };
}

pub(super) unsafe extern "C" fn driver_pdl_get_refc(pdl: ErlDrvPDL) -> isize {
    // SAFETY: the driver has a reference.
    unsafe { PortDataLock::of(pdl) }.references()
}

pub(super) unsafe extern "C" fn driver_pdl_inc_refc(pdl: ErlDrvPDL) -> isize {
    // SAFETY: the driver has a reference.
    unsafe { PortDataLock::of(pdl) }.add_reference()
}

pub(super) unsafe extern "C" fn driver_pdl_dec_refc(pdl: ErlDrvPDL) -> isize {
    // SAFETY: the driver has a reference, which it gives up.
    unsafe { PortDataLock::of(pdl) }.release()
}
