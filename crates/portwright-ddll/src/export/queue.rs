//! The port's byte queue; callback, or anywhere with the port data lock. -1 on a dead port.
#![allow(unsafe_code, reason = "functions for C")]

use std::ffi::{c_char, c_int};
use std::ptr::{self, NonNull};

use portwright_driver_abi::{ErlDrvBinary, ErlDrvPort, ErlIOVec, SysIOVec};

use crate::binary::BinaryRef;
use crate::context;
use crate::queue::{DriverQueue, End};

/// `len` bytes of the driver's; none for a null pointer.
///
/// # Safety
///
/// `buf` is null or points to `len` bytes that stay for `'a`.
pub(super) unsafe fn slice<'a>(buf: *const c_char, len: usize) -> &'a [u8] {
    if buf.is_null() || len == 0 || isize::try_from(len).is_err() {
        return &[];
    }
    // SAFETY: by the caller's word.
    unsafe { std::slice::from_raw_parts(buf.cast(), len) }
}

/// Changes the queue and tells the core how long it is.
fn change<R>(port: ErlDrvPort, change: impl FnOnce(&mut DriverQueue) -> R) -> Option<R> {
    context::lookup(port, |instance| {
        let mut queue = instance.rare().queue.lock();
        let result = change(&mut queue);
        instance.port.set_queue_len(queue.len());
        result
    })
}

fn result(done: Option<bool>) -> c_int {
    if done == Some(true) { 0 } else { -1 }
}

unsafe fn add(end: End, port: ErlDrvPort, buf: *mut c_char, len: usize) -> c_int {
    if len == 0 {
        return 0;
    }
    // SAFETY: the driver says that the buffer has `len` bytes.
    let bytes = unsafe { slice(buf, len) };
    result(change(port, |queue| queue.add_copy(end, bytes)))
}

unsafe fn add_binary(
    end: End,
    port: ErlDrvPort,
    bin: *mut ErlDrvBinary,
    offset: usize,
    len: usize,
) -> c_int {
    if len == 0 {
        return 0;
    }
    let Some(binary) = NonNull::new(bin) else {
        return -1;
    };
    result(change(port, |queue| {
        // SAFETY: the driver has a reference to the binary while it calls.
        queue.add(end, unsafe { BinaryRef::share(binary) }, offset, len)
    }))
}

/// Adds a vector without its first `skip` bytes: shared where it lies in binaries, else copied.
unsafe fn add_vector(end: End, port: ErlDrvPort, ev: *mut ErlIOVec, skip: usize) -> c_int {
    let done = change(port, |queue| {
        // SAFETY: the driver says that the vector is one.
        let vector = unsafe { &*ev };
        let count = usize::try_from(vector.vsize).unwrap_or(0);
        let mut skip = skip;
        let mut parts = Vec::with_capacity(count);
        for index in 0..count {
            // SAFETY: the vector has `vsize` elements.
            let buffer = unsafe { *vector.iov.add(index) };
            let skipped = skip.min(buffer.iov_len);
            skip -= skipped;
            if skipped < buffer.iov_len {
                parts.push((index, skipped));
            }
        }
        if end == End::Front {
            parts.reverse();
        }
        parts.into_iter().all(|(index, skipped)| {
            // SAFETY: the vector has `vsize` elements, and `binv` as many if it is not null; the driver has a reference
            // to each binary there.
            unsafe {
                let buffer = *vector.iov.add(index);
                let bytes = &slice(buffer.iov_base, buffer.iov_len)[skipped..];
                let binary = if vector.binv.is_null() {
                    ptr::null_mut()
                } else {
                    *vector.binv.add(index)
                };
                match NonNull::new(binary) {
                    None => queue.add_copy(end, bytes),
                    Some(binary) => {
                        let start = crate::binary::bytes_of(binary.as_ptr()).addr();
                        let offset = bytes.as_ptr().addr().wrapping_sub(start);
                        queue.add(end, BinaryRef::share(binary), offset, bytes.len())
                            || queue.add_copy(end, bytes)
                    }
                }
            }
        })
    });
    result(done)
}

pub(super) unsafe extern "C" fn driver_enq(
    port: ErlDrvPort,
    buf: *mut c_char,
    len: usize,
) -> c_int {
    // SAFETY: the same duties.
    unsafe { add(End::Back, port, buf, len) }
}

pub(super) unsafe extern "C" fn driver_pushq(
    port: ErlDrvPort,
    buf: *mut c_char,
    len: usize,
) -> c_int {
    // SAFETY: the same duties.
    unsafe { add(End::Front, port, buf, len) }
}

pub(super) unsafe extern "C" fn driver_enq_bin(
    port: ErlDrvPort,
    bin: *mut ErlDrvBinary,
    offset: usize,
    len: usize,
) -> c_int {
    // SAFETY: the same duties.
    unsafe { add_binary(End::Back, port, bin, offset, len) }
}

pub(super) unsafe extern "C" fn driver_pushq_bin(
    port: ErlDrvPort,
    bin: *mut ErlDrvBinary,
    offset: usize,
    len: usize,
) -> c_int {
    // SAFETY: the same duties.
    unsafe { add_binary(End::Front, port, bin, offset, len) }
}

pub(super) unsafe extern "C" fn driver_enqv(
    port: ErlDrvPort,
    ev: *mut ErlIOVec,
    skip: usize,
) -> c_int {
    // SAFETY: the same duties.
    unsafe { add_vector(End::Back, port, ev, skip) }
}

pub(super) unsafe extern "C" fn driver_pushqv(
    port: ErlDrvPort,
    ev: *mut ErlIOVec,
    skip: usize,
) -> c_int {
    // SAFETY: the same duties.
    unsafe { add_vector(End::Front, port, ev, skip) }
}

pub(super) unsafe extern "C" fn driver_deq(port: ErlDrvPort, size: usize) -> usize {
    context::lookup(port, |instance| {
        let mut queue = instance.rare().queue.lock();
        // After a failure the port says that the queue is empty while it can still be looked at (D-H16).
        if size > instance.port.queue_len() {
            return None;
        }
        let left = queue.advance(size)?;
        instance.port.set_queue_len(left);
        Some(left)
    })
    .flatten()
    .unwrap_or(usize::MAX)
}

pub(super) unsafe extern "C" fn driver_sizeq(port: ErlDrvPort) -> usize {
    context::lookup(port, |instance| instance.port.queue_len()).unwrap_or(usize::MAX)
}

pub(super) unsafe extern "C" fn driver_peekq(port: ErlDrvPort, vlen: *mut c_int) -> *mut SysIOVec {
    let view = context::lookup(port, |instance| instance.rare().queue.lock().view());
    // SAFETY: the driver says where the length goes.
    unsafe {
        match view {
            Some(view) => {
                vlen.write(view.vsize);
                view.iov
            }
            None => {
                vlen.write(-1);
                ptr::null_mut()
            }
        }
    }
}

pub(super) unsafe extern "C" fn driver_peekqv(port: ErlDrvPort, ev: *mut ErlIOVec) -> usize {
    let Some(view) = context::lookup(port, |instance| instance.rare().queue.lock().view()) else {
        return usize::MAX;
    };
    // SAFETY: the driver says where the vector goes.
    unsafe { ev.write(view) };
    view.size
}
