//! Vectors of buffers: what `outputv` gets, and what lies in a driver's queue.

use core::ffi::{c_char, c_int};
use core::mem::offset_of;

use crate::{ErlDrvBinary, ErlDrvSizeT};

/// One buffer; laid out as `struct iovec`, so an array of it may be passed to `writev(2)`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SysIOVec {
    /// First byte. Where the header is compiled with `HAVE_SYS_UIO_H` this is a `void *`.
    pub iov_base: *mut c_char,
    /// Length in bytes.
    pub iov_len: usize,
}

/// A vector of buffers, each of which may be part of a binary.
///
/// In `outputv` element 0 is always empty: room for a header that the driver may want to add.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ErlIOVec {
    /// Number of elements in `iov` and in `binv`.
    pub vsize: c_int,
    /// Sum of all `iov_len`, in bytes.
    pub size: ErlDrvSizeT,
    /// The buffers.
    pub iov: *mut SysIOVec,
    /// For each buffer the binary that it points into, or null when it belongs to none.
    pub binv: *mut *mut ErlDrvBinary,
}

#[cfg(all(unix, target_pointer_width = "64"))]
const _: () = {
    assert!(size_of::<SysIOVec>() == 16);
    assert!(offset_of!(SysIOVec, iov_base) == 0);
    assert!(offset_of!(SysIOVec, iov_len) == 8);

    assert!(size_of::<ErlIOVec>() == 32);
    assert!(align_of::<ErlIOVec>() == 8);
    assert!(offset_of!(ErlIOVec, vsize) == 0);
    assert!(offset_of!(ErlIOVec, size) == 8);
    assert!(offset_of!(ErlIOVec, iov) == 16);
    assert!(offset_of!(ErlIOVec, binv) == 24);
};
