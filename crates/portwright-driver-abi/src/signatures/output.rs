//! Data messages to the port's owner. Lengths are bytes; all four are *callback only*.

use core::ffi::{c_char, c_int};

use crate::{ErlDrvBinary, ErlDrvPort, ErlDrvSizeT, ErlIOVec};

/// Sends `{Port, {data, Bytes}}` to the owner. 0, also when the owner is gone; -1 on a dead port.
pub type driver_output =
    unsafe extern "C" fn(port: ErlDrvPort, buf: *mut c_char, len: ErlDrvSizeT) -> c_int;

/// As [`driver_output`], with `hlen` header bytes in front, which stay a list on a `binary` port.
pub type driver_output2 = unsafe extern "C" fn(
    port: ErlDrvPort,
    hbuf: *mut c_char,
    hlen: ErlDrvSizeT,
    buf: *mut c_char,
    len: ErlDrvSizeT,
) -> c_int;

/// As [`driver_output2`], with `len` bytes of a binary from `offset` on. The caller keeps its reference.
pub type driver_output_binary = unsafe extern "C" fn(
    port: ErlDrvPort,
    hbuf: *mut c_char,
    hlen: ErlDrvSizeT,
    bin: *mut ErlDrvBinary,
    offset: ErlDrvSizeT,
    len: ErlDrvSizeT,
) -> c_int;

/// As [`driver_output2`], with a vector of which the first `skip` bytes are left out.
pub type driver_outputv = unsafe extern "C" fn(
    port: ErlDrvPort,
    hbuf: *mut c_char,
    hlen: ErlDrvSizeT,
    ev: *mut ErlIOVec,
    skip: ErlDrvSizeT,
) -> c_int;

/// Copies at most `len` bytes of a vector to `buf`; on any thread.
///
/// Returns the number of bytes copied (*measured on OTP 25*; the manual says: the room that is left).
pub type driver_vec_to_buf =
    unsafe extern "C" fn(ev: *mut ErlIOVec, buf: *mut c_char, len: ErlDrvSizeT) -> ErlDrvSizeT;
