//! Terms: how to get them, and how to send messages made of them.

use core::ffi::{c_char, c_int};

use crate::{ErlDrvPort, ErlDrvTermData};

/// Type of the constant `driver_term_nil`: the term `[]`, which is also "none" in several results.
///
/// The one data symbol of the interface. Its value is the host's choice (*measured on OTP 25*: `0x3b`).
pub type driver_term_nil = ErlDrvTermData;

/// The value of `driver_term_nil`, from a function.
pub type driver_mk_term_nil = unsafe extern "C" fn() -> ErlDrvTermData;

/// The atom with this name (Latin-1, NUL terminated); the same name gives the same term. On any thread.
pub type driver_mk_atom = unsafe extern "C" fn(*mut c_char) -> ErlDrvTermData;

/// The port as a term. Callback only; `driver_term_nil` on a dead port.
pub type driver_mk_port = unsafe extern "C" fn(ErlDrvPort) -> ErlDrvTermData;

/// The pid of the port's owner. Callback only; `driver_term_nil` on a dead port.
pub type driver_connected = unsafe extern "C" fn(ErlDrvPort) -> ErlDrvTermData;

/// The pid of the process whose call or command is being handled; `driver_term_nil` in other callbacks.
pub type driver_caller = unsafe extern "C" fn(ErlDrvPort) -> ErlDrvTermData;

/// Sends the owner of `port` (from [`driver_mk_port`]) the term that `len` *words* of `data` describe.
///
/// On any thread. 1 sent; 0 not sent, because the receiver is gone or the port is closing; -1 for a malformed
/// description or a port that is gone. See [`term_data`](crate::term_data).
pub type erl_drv_output_term =
    unsafe extern "C" fn(port: ErlDrvTermData, data: *mut ErlDrvTermData, len: c_int) -> c_int;

/// As [`erl_drv_output_term`], to the process `to`.
pub type erl_drv_send_term = unsafe extern "C" fn(
    port: ErlDrvTermData,
    to: ErlDrvTermData,
    data: *mut ErlDrvTermData,
    len: c_int,
) -> c_int;

/// Old form of [`erl_drv_output_term`]; callback only.
pub type driver_output_term =
    unsafe extern "C" fn(ix: ErlDrvPort, data: *mut ErlDrvTermData, len: c_int) -> c_int;

/// Old form of [`erl_drv_send_term`]; callback only.
pub type driver_send_term = unsafe extern "C" fn(
    ix: ErlDrvPort,
    to: ErlDrvTermData,
    data: *mut ErlDrvTermData,
    len: c_int,
) -> c_int;
