//! Reference-counted binaries that drivers, queues and messages share.
//!
//! A block from `malloc` holds a header that only we see and then what the driver sees:
//!
//! ```text
//!  refc | size of the block | orig_size | bytes ...
//!  └── Header ─────────────┘└── ErlDrvBinary ──────
//! ```
//!
//! Who has a [`BinaryRef`] has one reference.
#![allow(unsafe_code, reason = "memory that C code reads, writes and counts")]

use std::ptr::NonNull;
use std::sync::atomic::{AtomicIsize, Ordering};

use bytes::Bytes;
use portwright_driver_abi::{ERL_DRV_BINARY_BYTES_OFFSET, ErlDrvBinary};
use portwright_term::Binary;

/// Longer binaries are shared with messages, others are copied (D-C13, D-D37, D-D38).
pub(crate) const COPY_MAX: usize = 64;

#[repr(C, align(8))]
struct Header {
    refc: AtomicIsize,
    reserved: usize,
}

const HEADER: usize = size_of::<Header>();

/// One reference to a driver's binary.
///
/// # Invariant
///
/// The pointer came from [`allocate`] and the reference count counts this value.
pub(crate) struct BinaryRef(NonNull<ErlDrvBinary>);

// SAFETY: the count is atomic, and `free` may be called on any thread. The bytes are only read through a `BinaryRef`;
// that nobody writes to a binary that has been sent is the contract of erl_driver(3).
unsafe impl Send for BinaryRef {}
// SAFETY: as above.
unsafe impl Sync for BinaryRef {}

/// A new block of `size` bytes with one reference; the bytes are zero. Null when there is no memory.
pub(crate) fn allocate(size: usize) -> *mut ErlDrvBinary {
    let Some(total) = block_size(size) else {
        return std::ptr::null_mut();
    };
    // SAFETY: `calloc` of a size that is not 0 has no other duty.
    let block = unsafe { libc::calloc(1, total) };
    if block.is_null() {
        return std::ptr::null_mut();
    }
    // SAFETY: the block is fresh, has room for both structs, and `malloc` aligns to 16.
    unsafe {
        block.cast::<Header>().write(Header {
            refc: AtomicIsize::new(1),
            reserved: 0,
        });
        let binary = block.byte_add(HEADER).cast::<ErlDrvBinary>();
        (*binary).orig_size = size as isize;
        binary
    }
}

/// Changes the size of a binary with one reference; null (and the binary stays) when there is no memory.
///
/// # Safety
///
/// `binary` came from [`allocate`], is alive and used by nobody else.
pub(crate) unsafe fn reallocate(binary: *mut ErlDrvBinary, size: usize) -> *mut ErlDrvBinary {
    let Some(total) = block_size(size) else {
        return std::ptr::null_mut();
    };
    // SAFETY: the block begins `HEADER` bytes before a live binary, by the caller's word.
    unsafe {
        let old = (*binary).orig_size as usize;
        let block = libc::realloc(binary.byte_sub(HEADER).cast(), total);
        if block.is_null() {
            return std::ptr::null_mut();
        }
        let binary = block.byte_add(HEADER).cast::<ErlDrvBinary>();
        if size > old {
            bytes_of(binary).add(old).write_bytes(0, size - old);
        }
        (*binary).orig_size = size as isize;
        binary
    }
}

fn block_size(size: usize) -> Option<usize> {
    isize::try_from(size).ok()?;
    size.checked_add(HEADER + ERL_DRV_BINARY_BYTES_OFFSET)
}

/// Where a binary's bytes begin.
pub(crate) fn bytes_of(binary: *mut ErlDrvBinary) -> *mut u8 {
    binary.wrapping_byte_add(ERL_DRV_BINARY_BYTES_OFFSET).cast()
}

/// # Safety
///
/// `binary` came from [`allocate`] and is alive while the result is used.
unsafe fn count<'a>(binary: *mut ErlDrvBinary) -> &'a AtomicIsize {
    // SAFETY: the header lies before a live binary, and only its atomic is touched after `allocate`.
    unsafe { &(*binary.byte_sub(HEADER).cast::<Header>()).refc }
}

/// The number of references.
///
/// # Safety
///
/// `binary` came from [`allocate`] and is alive.
pub(crate) unsafe fn references(binary: *mut ErlDrvBinary) -> isize {
    // SAFETY: by the caller's word.
    unsafe { count(binary) }.load(Ordering::Acquire)
}

/// Changes the number of references and returns the new one; nothing is freed.
///
/// # Safety
///
/// `binary` came from [`allocate`] and is alive.
pub(crate) unsafe fn add_references(binary: *mut ErlDrvBinary, change: isize) -> isize {
    // SAFETY: by the caller's word.
    unsafe { count(binary) }.fetch_add(change, Ordering::AcqRel) + change
}

/// Takes one reference away and frees the binary with the last one.
///
/// # Safety
///
/// `binary` came from [`allocate`], and the caller gives up one reference that it has.
pub(crate) unsafe fn release(binary: *mut ErlDrvBinary) {
    // SAFETY: by the caller's word; the block is freed once, by whoever takes the last reference.
    unsafe {
        // Acquiring in every case: the thread sanitizer does not know fences.
        if count(binary).fetch_sub(1, Ordering::AcqRel) == 1 {
            libc::free(binary.byte_sub(HEADER).cast());
        }
    }
}

impl BinaryRef {
    /// A new binary with a copy of `bytes`; `None` when there is no memory.
    pub(crate) fn copy_of(bytes: &[u8]) -> Option<BinaryRef> {
        let binary = NonNull::new(allocate(bytes.len()))?;
        // SAFETY: the binary is fresh and has room for `bytes.len()` bytes.
        unsafe {
            bytes_of(binary.as_ptr()).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        }
        Some(BinaryRef(binary))
    }

    /// Takes over a reference that a driver gives away.
    ///
    /// # Safety
    ///
    /// `binary` came from [`allocate`], and the caller gives up one reference that it has.
    pub(crate) unsafe fn from_raw(binary: NonNull<ErlDrvBinary>) -> BinaryRef {
        BinaryRef(binary)
    }

    /// Another reference beside the driver's.
    ///
    /// # Safety
    ///
    /// `binary` came from [`allocate`] and is alive.
    pub(crate) unsafe fn share(binary: NonNull<ErlDrvBinary>) -> BinaryRef {
        // SAFETY: by the caller's word.
        unsafe { add_references(binary.as_ptr(), 1) };
        BinaryRef(binary)
    }

    /// The driver's view.
    pub(crate) fn as_ptr(&self) -> *mut ErlDrvBinary {
        self.0.as_ptr()
    }

    /// Number of bytes.
    pub(crate) fn len(&self) -> usize {
        // SAFETY: alive by the invariant. A driver that shrinks a binary writes here; then fewer bytes are used.
        unsafe { (*self.0.as_ptr()).orig_size.max(0) as usize }
    }

    /// `offset..offset + len` of the binary for a message: shared above 64 bytes, else copied.
    ///
    /// `None` when the binary is shorter.
    pub(crate) fn into_binary(self, offset: usize, len: usize) -> Option<Binary> {
        if offset.checked_add(len)? > self.len() {
            return None;
        }
        if len > COPY_MAX {
            return Some(Binary::new(Bytes::from_owner(Slice {
                binary: self,
                offset,
                len,
            })));
        }
        // SAFETY: alive by the invariant and long enough; the driver does not write while it sends.
        let bytes = unsafe { std::slice::from_raw_parts(bytes_of(self.as_ptr()).add(offset), len) };
        Some(Binary::copy_from_slice(bytes))
    }
}

impl Drop for BinaryRef {
    fn drop(&mut self) {
        // SAFETY: the reference is this value's, by the invariant.
        unsafe { release(self.0.as_ptr()) };
    }
}

/// Part of a binary; `offset + len` lie in it.
struct Slice {
    binary: BinaryRef,
    offset: usize,
    len: usize,
}

impl AsRef<[u8]> for Slice {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: `into_binary` has checked the bounds against the block, which neither moves nor shrinks while there
        // are two references (`driver_realloc_binary` asks for a single one).
        unsafe {
            std::slice::from_raw_parts(bytes_of(self.binary.as_ptr()).add(self.offset), self.len)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_above_64_bytes_shares_and_one_of_64_copies() {
        let binary = allocate(100);
        // SAFETY: fresh from `allocate`, released at the end.
        unsafe {
            let share = || BinaryRef::share(NonNull::new(binary).unwrap());
            let long = share().into_binary(0, 65).unwrap();
            assert_eq!(references(binary), 2);
            let short = share().into_binary(36, 64).unwrap();
            assert_eq!(references(binary), 2);
            assert!(share().into_binary(1, 100).is_none());
            assert!(share().into_binary(usize::MAX, 2).is_none());
            assert_eq!((long.len(), short.len()), (65, 64));
            drop(long);
            assert_eq!(references(binary), 1);
            release(binary);
        }
    }

    #[test]
    fn growing_keeps_the_content_and_zeroes_the_rest() {
        let binary = BinaryRef::copy_of(b"abc").unwrap().into_raw();
        // SAFETY: one reference, which is ours.
        unsafe {
            let binary = reallocate(binary, 6);
            assert_eq!((*binary).orig_size, 6);
            assert_eq!(
                std::slice::from_raw_parts(bytes_of(binary), 6),
                b"abc\0\0\0"
            );
            release(binary);
        }
        assert!(allocate(usize::MAX - 8).is_null());
    }

    impl BinaryRef {
        fn into_raw(self) -> *mut ErlDrvBinary {
            let pointer = self.as_ptr();
            std::mem::forget(self);
            pointer
        }
    }
}
