//! The byte queue of a port: *enq* adds at the end, *push* at the head. Sizes are bytes.
//!
//! Callback only, or on any thread that holds the port data lock. Those that add return 0, or -1 on a dead port.

use core::ffi::{c_char, c_int};

use crate::{ErlDrvBinary, ErlDrvPort, ErlDrvSizeT, ErlIOVec, SysIOVec};

/// Adds a copy of a buffer at the end.
pub type driver_enq =
    unsafe extern "C" fn(port: ErlDrvPort, buf: *mut c_char, len: ErlDrvSizeT) -> c_int;

/// Adds a copy of a buffer at the head.
pub type driver_pushq =
    unsafe extern "C" fn(port: ErlDrvPort, buf: *mut c_char, len: ErlDrvSizeT) -> c_int;

/// Removes `size` bytes at the head. Returns how many are left; all ones, and nothing removed, if there are fewer or
/// the port is dead.
pub type driver_deq = unsafe extern "C" fn(port: ErlDrvPort, size: ErlDrvSizeT) -> ErlDrvSizeT;

/// How many bytes are queued; all ones on a dead port.
pub type driver_sizeq = unsafe extern "C" fn(port: ErlDrvPort) -> ErlDrvSizeT;

/// Adds `len` bytes of a binary from `offset` on at the end; the queue takes a reference of its own.
pub type driver_enq_bin = unsafe extern "C" fn(
    port: ErlDrvPort,
    bin: *mut ErlDrvBinary,
    offset: ErlDrvSizeT,
    len: ErlDrvSizeT,
) -> c_int;

/// As [`driver_enq_bin`], at the head.
pub type driver_pushq_bin = unsafe extern "C" fn(
    port: ErlDrvPort,
    bin: *mut ErlDrvBinary,
    offset: ErlDrvSizeT,
    len: ErlDrvSizeT,
) -> c_int;

/// Describes the whole queue in `*ev` and returns its size; all ones on a dead port.
///
/// What `*ev` points to is valid until the queue changes.
pub type driver_peekqv = unsafe extern "C" fn(port: ErlDrvPort, ev: *mut ErlIOVec) -> ErlDrvSizeT;

/// The queue as an array of `*vlen` buffers, valid until the queue changes.
///
/// Null and 0 for an empty queue, null and -1 on a dead port.
pub type driver_peekq = unsafe extern "C" fn(port: ErlDrvPort, vlen: *mut c_int) -> *mut SysIOVec;

/// Adds a vector at the end, without its first `skip` bytes. Binaries are shared, other buffers copied.
pub type driver_enqv =
    unsafe extern "C" fn(port: ErlDrvPort, ev: *mut ErlIOVec, skip: ErlDrvSizeT) -> c_int;

/// As [`driver_enqv`], at the head.
pub type driver_pushqv =
    unsafe extern "C" fn(port: ErlDrvPort, ev: *mut ErlIOVec, skip: ErlDrvSizeT) -> c_int;
