//! Reference-counted binaries.

use core::ffi::c_char;
use core::mem::offset_of;

use crate::ErlDrvSInt;

/// A binary that drivers and host share: a length, then that many bytes.
///
/// The size of this Rust type is the header alone; the bytes follow it at [`ERL_DRV_BINARY_BYTES_OFFSET`]. (The C
/// declaration says `char orig_bytes[1]`, the old way to write "some bytes", so C's `sizeof` is 16 and means nothing:
/// a binary of 0 bytes may be an allocation of 8.) A reference to this type covers only the header, so reach the
/// bytes from the pointer that the host handed out, never from a reference:
///
/// ```
/// use core::ffi::c_char;
/// use portwright_driver_abi::{ERL_DRV_BINARY_BYTES_OFFSET, ErlDrvBinary};
///
/// fn bytes(binary: *mut ErlDrvBinary) -> *mut c_char {
///     binary.wrapping_byte_add(ERL_DRV_BINARY_BYTES_OFFSET).cast()
/// }
/// # let mut words = [1_u64, 0x61];
/// # let start = words.as_mut_ptr();
/// # assert_eq!(bytes(start.cast()), start.wrapping_add(1).cast());
/// ```
///
/// The reference count is the host's and lies before this address; `driver_binary_get_refc`, `_inc_refc` and
/// `_dec_refc` reach it. Bytes may be written until the binary has been sent, and never after.
#[repr(C)]
#[derive(Debug)]
pub struct ErlDrvBinary {
    /// Number of bytes.
    pub orig_size: ErlDrvSInt,
    /// Start of the bytes.
    pub orig_bytes: [c_char; 0],
}

/// Distance in bytes from the address of an [`ErlDrvBinary`] to its first byte of data.
pub const ERL_DRV_BINARY_BYTES_OFFSET: usize = offset_of!(ErlDrvBinary, orig_bytes);

#[cfg(all(unix, target_pointer_width = "64"))]
const _: () = {
    assert!(size_of::<ErlDrvBinary>() == 8);
    assert!(align_of::<ErlDrvBinary>() == 8);
    assert!(offset_of!(ErlDrvBinary, orig_size) == 0);
    assert!(offset_of!(ErlDrvBinary, orig_bytes) == 8);
};
