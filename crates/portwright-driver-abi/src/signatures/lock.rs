//! The port data lock; on any thread, save [`driver_pdl_create`].

use crate::{ErlDrvPDL, ErlDrvPort, ErlDrvSInt};

/// Makes the port's data lock. Callback only; null on a dead port, and when the port has one already.
pub type driver_pdl_create = unsafe extern "C" fn(port: ErlDrvPort) -> ErlDrvPDL;

/// Takes the lock, and a reference with it.
pub type driver_pdl_lock = unsafe extern "C" fn(pdl: ErlDrvPDL);

/// Gives the lock back, and the reference.
pub type driver_pdl_unlock = unsafe extern "C" fn(pdl: ErlDrvPDL);

/// The number of references.
pub type driver_pdl_get_refc = unsafe extern "C" fn(pdl: ErlDrvPDL) -> ErlDrvSInt;

/// Adds a reference; returns the new number.
pub type driver_pdl_inc_refc = unsafe extern "C" fn(pdl: ErlDrvPDL) -> ErlDrvSInt;

/// Gives up a reference; returns the new number. At 0 the lock is freed.
pub type driver_pdl_dec_refc = unsafe extern "C" fn(pdl: ErlDrvPDL) -> ErlDrvSInt;
