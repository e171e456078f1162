//! Data to the port's owner; callback. 0, or -1 on a dead port. `driver_vec_to_buf`; anywhere.
#![allow(unsafe_code, reason = "functions for C")]

use std::ffi::{c_char, c_int};
use std::ptr::NonNull;

use portwright_driver_abi::{ErlDrvBinary, ErlDrvPort, ErlIOVec};
use portwright_term::Binary;

use super::queue::slice;
use crate::binary::BinaryRef;
use crate::context;

fn result(sent: Option<bool>) -> c_int {
    if sent == Some(true) { 0 } else { -1 }
}

pub(super) unsafe extern "C" fn driver_output(
    port: ErlDrvPort,
    buf: *mut c_char,
    len: usize,
) -> c_int {
    if buf.is_null() {
        // SAFETY: the same duties.
        return unsafe { driver_output2(port, std::ptr::null_mut(), 0, buf, len) };
    }
    // SAFETY: the driver says that the buffer has this length.
    let data = unsafe { slice(buf, len) };
    result(context::with(port, |_, operations| {
        operations.output_copy(data)
    }))
}

pub(super) unsafe extern "C" fn driver_output2(
    port: ErlDrvPort,
    hbuf: *mut c_char,
    hlen: usize,
    buf: *mut c_char,
    len: usize,
) -> c_int {
    // SAFETY: the driver says that the buffers have these lengths.
    let (header, data) = unsafe { (slice(hbuf, hlen), slice(buf, len)) };
    // Data that is NULL is `[]`, also for owners that want binaries (D-C3).
    let data = (!buf.is_null()).then(|| Binary::copy_from_slice(data));
    result(context::with(port, |_, operations| {
        operations.output(header, data)
    }))
}

pub(super) unsafe extern "C" fn driver_output_binary(
    port: ErlDrvPort,
    hbuf: *mut c_char,
    hlen: usize,
    bin: *mut ErlDrvBinary,
    offset: usize,
    len: usize,
) -> c_int {
    let sent = context::with(port, |_, operations| {
        // SAFETY: the driver says that the header has this length.
        let header = unsafe { slice(hbuf, hlen) };
        let Some(binary) = NonNull::new(bin) else {
            return operations.output_unlined(header, Vec::new());
        };
        // SAFETY: the driver has a reference to the binary while it calls.
        let binary = unsafe { BinaryRef::share(binary) };
        // Lists are copies: nothing is shared, so the binary's count stays (D-C13).
        let bytes = if operations.is_binary() {
            binary.into_binary(offset, len)
        } else {
            binary
                .into_binary(offset, len)
                .map(|bytes| Binary::copy_from_slice(&bytes))
        };
        bytes.is_some_and(|bytes| operations.output_unlined(header, vec![bytes]))
    });
    result(sent)
}

pub(super) unsafe extern "C" fn driver_outputv(
    port: ErlDrvPort,
    hbuf: *mut c_char,
    hlen: usize,
    ev: *mut ErlIOVec,
    skip: usize,
) -> c_int {
    let sent = context::with(port, |_, operations| {
        // SAFETY: the driver says that the header has this length and that the vector is one.
        let (header, pieces) = unsafe {
            (
                slice(hbuf, hlen),
                pieces(&*ev, skip, operations.is_binary()),
            )
        };
        if pieces.is_empty() {
            // The path of `driver_output2` with NULL (D-C11); a line buffer swallows that (D-C18).
            return operations.output(header, None);
        }
        operations.output_unlined(header, pieces)
    });
    result(sent)
}

/// The vector without its first `skip` bytes.
///
/// # Safety
///
/// `vector` is a vector of the driver's.
unsafe fn pieces(vector: &ErlIOVec, skip: usize, share: bool) -> Vec<Binary> {
    let elements = 0..usize::try_from(vector.vsize).unwrap_or(0);
    // SAFETY: the vector has `vsize` elements.
    let buffer_at = |index: usize| unsafe { *vector.iov.add(index) };
    let total: usize = elements.clone().map(|index| buffer_at(index).iov_len).sum();
    if total <= skip {
        return Vec::new();
    }
    // As OTP strips: an empty element is left out at the very start, and delivered as <<>> elsewhere.
    let mut skip = skip;
    let mut first = 0;
    while buffer_at(first).iov_len <= skip {
        skip -= buffer_at(first).iov_len;
        first += 1;
        if skip == 0 {
            break;
        }
    }
    let mut pieces = Vec::new();
    for index in first..elements.end {
        let buffer = buffer_at(index);
        // SAFETY: `binv` has as many elements as the vector if it is not null.
        let binary = unsafe {
            if vector.binv.is_null() {
                std::ptr::null_mut()
            } else {
                *vector.binv.add(index)
            }
        };
        let skipped = std::mem::take(&mut skip);
        // SAFETY: the element has `iov_len` bytes; `skipped` is 0 but for the first, which has more.
        let bytes = unsafe { slice(buffer.iov_base, buffer.iov_len) };
        let bytes = bytes.get(skipped..).unwrap_or_default();
        let shared = NonNull::new(binary).filter(|_| share).and_then(|binary| {
            let start = crate::binary::bytes_of(binary.as_ptr()).addr();
            let offset = bytes.as_ptr().addr().checked_sub(start)?;
            // SAFETY: the driver has a reference to each binary of its vector.
            unsafe { BinaryRef::share(binary) }.into_binary(offset, bytes.len())
        });
        pieces.push(shared.unwrap_or_else(|| Binary::copy_from_slice(bytes)));
    }
    pieces
}

pub(super) unsafe extern "C" fn driver_vec_to_buf(
    ev: *mut ErlIOVec,
    buf: *mut c_char,
    len: usize,
) -> usize {
    let mut copied = 0;
    // SAFETY: the driver says that the vector is one and that the buffer has `len` bytes.
    unsafe {
        let vector = &*ev;
        for index in 0..usize::try_from(vector.vsize).unwrap_or(0) {
            let buffer = *vector.iov.add(index);
            let part = buffer.iov_len.min(len - copied);
            if part > 0 {
                buf.add(copied)
                    .copy_from_nonoverlapping(buffer.iov_base, part);
                copied += part;
            }
        }
    }
    copied
}
