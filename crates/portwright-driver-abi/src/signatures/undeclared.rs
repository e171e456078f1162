//! What the emulator exports and no public header declares, see
//! [`UNDECLARED_FUNCTIONS`](crate::UNDECLARED_FUNCTIONS).
//!
//! There is no declaration to check these against; they follow the machine code of OTP 25.

use core::ffi::{c_char, c_int, c_uint};

use crate::{ErlDrvPort, ErlDrvSizeT, ErlDrvTermData};

/// Sends `{Port, {exit_status, Status}}` to the port's owner. Callback only.
pub type driver_report_exit = unsafe extern "C" fn(ix: ErlDrvPort, status: c_int);

/// Calls the `control` callback of another port later on, without a reply. 0.
///
/// Takes over `buff`, which in the emulator must come from an allocator that drivers cannot reach (memory of
/// `malloc` crashed it, *measured on OTP 25*).
pub type erl_drv_port_control = unsafe extern "C" fn(
    port: ErlDrvTermData,
    cmd: c_uint,
    buff: *mut c_char,
    size: ErlDrvSizeT,
) -> c_int;

/// Prepares the thread functions, once, while the emulator starts.
pub type erl_drv_thr_init = unsafe extern "C" fn();
