//! Integer types.
//!
//! The header makes [`ErlDrvUInt`], [`ErlDrvSInt`] and [`ErlDrvTermData`] as wide as a pointer on every platform, so
//! they are `usize` and `isize` here.

/// Unsigned integer of 64 bits.
pub type ErlDrvUInt64 = u64;

/// Signed integer of 64 bits.
pub type ErlDrvSInt64 = i64;

/// Unsigned integer as wide as a pointer.
pub type ErlDrvUInt = usize;

/// Signed integer as wide as a pointer: reference counts, `orig_size`, OS process ids.
pub type ErlDrvSInt = isize;

/// One word of a term array, or a term that a driver got from the system: an atom, a port, a pid, `[]`.
///
/// Drivers may store such terms, compare them for equality and hand them back; the bits mean nothing to them.
/// Inside a term array the same word also carries integers, lengths and addresses, see [`term_data`](crate::term_data).
pub type ErlDrvTermData = usize;

/// A size in bytes (`size_t`).
pub type ErlDrvSizeT = usize;

/// A size in bytes, or a negative number for an error (`ssize_t`).
pub type ErlDrvSSizeT = isize;

#[cfg(all(unix, target_pointer_width = "64"))]
const _: () = {
    assert!(size_of::<ErlDrvUInt>() == 8);
    assert!(size_of::<ErlDrvTermData>() == 8);
    assert!(size_of::<ErlDrvSizeT>() == 8);
    assert!(size_of::<core::ffi::c_long>() == 8);
    assert!(size_of::<core::ffi::c_int>() == 4);
};
