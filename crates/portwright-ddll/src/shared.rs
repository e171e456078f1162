//! Binaries that reach drivers as they are.
//!
//! A driver counts the references to a binary in front of its bytes, where Rust's buffers have no place for that. So what
//! is sent to `outputv` is copied, unless it was put into such memory when it was made. Evaluators of expressions do that
//! with [`share_with_drivers`], as a driver that writes into a binary after it was sent expects the Erlang side to see it.
#![allow(unsafe_code, reason = "bytes in memory that drivers have too")]

use std::collections::BTreeMap;
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::binary::{BinaryRef, COPY_MAX, bytes_of};

/// A driver with `outputv` has been loaded: only then it is worth the trouble.
static WANTED: AtomicBool = AtomicBool::new(false);

/// Shared binaries by the address of their first byte.
///
/// What is here is alive and has no reference of its own: [`Owner`] has it, and takes the binary out before it lets go.
static SHARED: Mutex<BTreeMap<usize, ManuallyDrop<BinaryRef>>> = Mutex::new(BTreeMap::new());

/// From now on binaries are shared.
pub(crate) fn begin() {
    WANTED.store(true, Ordering::Release);
}

/// Moves bytes to where drivers can have them without a copy: they see the binary itself, and keep it alive by counting.
///
/// Returns the bytes as they are when they are 64 or fewer, which drivers see as part of a common buffer, and while no
/// driver with an `outputv` callback has been loaded. Copies otherwise, so it is for bytes that were just made.
///
/// # Caveats
///
/// erl_driver(3) forbids drivers to write into a binary that others have. One that does so all the same changes these
/// bytes, on whichever thread it runs: so use this where Erlang's behaviour is wanted, with drivers that are trusted.
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
///
/// let bytes = portwright_ddll::share_with_drivers(Bytes::from(vec![7; 100]));
/// assert_eq!(bytes, vec![7; 100]);
/// ```
pub fn share_with_drivers(bytes: Bytes) -> Bytes {
    if bytes.len() <= COPY_MAX || !WANTED.load(Ordering::Acquire) {
        return bytes;
    }
    match BinaryRef::copy_of(&bytes) {
        Some(binary) => Bytes::from_owner(Owner::new(binary)),
        // No memory for a copy: then the driver's copy will fail.
        None => bytes,
    }
}

/// The shared binary that a piece is part of, and where in it the piece begins.
pub(crate) fn shared(piece: &Bytes) -> Option<(BinaryRef, usize)> {
    if !WANTED.load(Ordering::Acquire) {
        return None;
    }
    let address = piece.as_ptr().addr();
    let shared = SHARED.lock();
    let (start, binary) = shared.range(..=address).next_back()?;
    let offset = address - start;
    if offset + piece.len() > binary.len() {
        return None;
    }
    let pointer = std::ptr::NonNull::new(binary.as_ptr())?;
    // SAFETY: what is in the table is alive while the lock is held, see `SHARED`.
    Some((unsafe { BinaryRef::share(pointer) }, offset))
}

/// The reference of all `Bytes` that share a binary.
struct Owner {
    binary: BinaryRef,
    len: usize,
}

impl Owner {
    fn new(binary: BinaryRef) -> Self {
        let pointer = std::ptr::NonNull::new(binary.as_ptr()).expect("it is not null");
        let address = bytes_of(binary.as_ptr()).addr();
        // SAFETY: it is dropped nowhere, so it takes no reference; `binary` keeps it alive until `drop`.
        let uncounted = ManuallyDrop::new(unsafe { BinaryRef::from_raw(pointer) });
        SHARED.lock().insert(address, uncounted);
        let len = binary.len();
        Self { binary, len }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        SHARED.lock().remove(&bytes_of(self.binary.as_ptr()).addr());
    }
}

impl AsRef<[u8]> for Owner {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: the block has `len` bytes and neither moves nor shrinks: drivers may only resize a binary of which they
        // have the one reference, and this value has one.
        unsafe { std::slice::from_raw_parts(bytes_of(self.binary.as_ptr()), self.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binary::references;

    #[test]
    fn a_part_of_a_shared_binary_is_found_and_counted_and_others_are_not() {
        begin();
        let short = share_with_drivers(Bytes::from(vec![1; COPY_MAX]));
        assert!(shared(&short).is_none());
        let bytes = share_with_drivers(Bytes::from((0..100).collect::<Vec<u8>>()));
        assert_eq!(bytes[99], 99);
        let (binary, offset) = shared(&bytes.slice(10..90)).unwrap();
        assert_eq!((binary.len(), offset), (100, 10));
        // SAFETY: `binary` keeps it alive.
        assert_eq!(unsafe { references(binary.as_ptr()) }, 2);
        assert!(shared(&Bytes::from(vec![0; 100])).is_none());
        drop(bytes);
        // SAFETY: as above.
        assert_eq!(unsafe { references(binary.as_ptr()) }, 1);
        let address = bytes_of(binary.as_ptr()).addr();
        assert!(!SHARED.lock().contains_key(&address));
    }
}
