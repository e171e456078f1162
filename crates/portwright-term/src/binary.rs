//! Binaries and bitstrings: shared bytes, sliced without copying.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Bound, Deref, RangeBounds};
use std::sync::Arc;

use bytes::Bytes;

/// Whole bytes, shared.
///
/// A clone or a slice shares the buffer and keeps all of it alive. Many
/// binaries that were cut from one buffer (a decoded message, say) share one
/// reference count and cost no allocation each.
///
/// # Examples
///
/// ```
/// use portwright_term::Binary;
///
/// let whole = Binary::from("header:body");
/// let body = whole.slice(7..);
/// assert_eq!(&*body, b"body");
/// ```
#[derive(Clone)]
pub struct Binary(Part);

/// Part of a buffer, or all of it.
///
/// Both kinds have the same fields in the same places, so whatever a binary is
/// written and read for, the pieces are the same.
#[derive(Clone)]
enum Part {
    /// Few bytes, copied to where their references are counted: one allocation
    /// for both.
    Short {
        buffer: Arc<Short>,
        start: u32,
        len: Len,
    },
    Shared {
        buffer: Arc<Bytes>,
        start: u32,
        len: Len,
    },
}

type Short = [u8; Binary::SHORT];

/// The length of a part, in as few bytes as leave room to tell the kinds of parts
/// apart. [`WHOLE`] stands for all of the buffer, so that longer ones work too.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Len([u8; 3]);

const WHOLE: Len = Len([u8::MAX; 3]);

impl Len {
    const fn of_byte(len: u8) -> Len {
        Len([len, 0, 0])
    }

    /// `None` when it is too long to be told from [`WHOLE`].
    fn new(len: usize) -> Option<Len> {
        let [low, middle, high, 0] = u32::try_from(len).ok()?.to_le_bytes() else {
            return None;
        };
        Some(Len([low, middle, high])).filter(|len| *len != WHOLE)
    }

    fn get(self) -> usize {
        let [low, middle, high] = self.0;
        u32::from_le_bytes([low, middle, high, 0]) as usize
    }
}

const _: () = assert!(size_of::<Binary>() == 16);

impl Binary {
    /// A binary of all these bytes; shares them.
    pub fn new(bytes: Bytes) -> Binary {
        Binary(Part::Shared {
            buffer: Arc::new(bytes),
            start: 0,
            len: WHOLE,
        })
    }

    /// A copy of `bytes`; one allocation if they are 64 at most.
    pub fn copy_from_slice(bytes: &[u8]) -> Binary {
        if bytes.len() <= Binary::SHORT {
            Binary::short(bytes)
        } else {
            Binary::new(Bytes::copy_from_slice(bytes))
        }
    }

    /// Bytes that a copy keeps beside the count of its references.
    pub(crate) const SHORT: usize = 64;

    /// A copy of at most [`SHORT`](Self::SHORT) bytes.
    #[inline]
    pub(crate) fn short(bytes: &[u8]) -> Binary {
        Binary(Part::Short {
            buffer: copy_short(bytes),
            start: 0,
            len: Len::of_byte(bytes.len() as u8),
        })
    }

    /// `buffer[start..start + len]`, sharing the reference count of `buffer`.
    /// The caller has checked the bounds.
    pub(crate) fn cut(buffer: &Arc<Bytes>, start: usize, len: usize) -> Binary {
        match (u32::try_from(start), Len::new(len)) {
            (Ok(start), Some(len)) => Binary(Part::Shared {
                buffer: Arc::clone(buffer),
                start,
                len,
            }),
            _ => Binary::new(buffer.slice(start..start + len)),
        }
    }

    /// The bytes as [`Bytes`]; shares them.
    pub fn to_bytes(&self) -> Bytes {
        match &self.0 {
            Part::Shared {
                buffer, len: WHOLE, ..
            } => Bytes::clone(buffer),
            Part::Shared { buffer, start, len } => {
                let start = *start as usize;
                buffer.slice(start..start + len.get())
            }
            Part::Short { .. } => Bytes::from_owner(self.clone()),
        }
    }

    /// A part of the binary; shares the bytes.
    ///
    /// # Panics
    ///
    /// When the range does not lie within the binary, as slicing does.
    #[track_caller]
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Binary {
        let from = match range.start_bound() {
            Bound::Included(&n) => n,
            Bound::Excluded(&n) => n + 1,
            Bound::Unbounded => 0,
        };
        let to = match range.end_bound() {
            Bound::Included(&n) => n + 1,
            Bound::Excluded(&n) => n,
            Bound::Unbounded => self.len(),
        };
        assert!(
            from <= to && to <= self.len(),
            "range {from}..{to} is outside of {} bytes",
            self.len()
        );
        match &self.0 {
            // All of it is within `SHORT`.
            Part::Short { buffer, start, .. } => Binary(Part::Short {
                buffer: Arc::clone(buffer),
                start: start + from as u32,
                len: Len::of_byte((to - from) as u8),
            }),
            Part::Shared { buffer, start, .. } => {
                Binary::cut(buffer, *start as usize + from, to - from)
            }
        }
    }
}

fn copy_short(bytes: &[u8]) -> Arc<Short> {
    let mut short = [0; Binary::SHORT];
    short[..bytes.len()].copy_from_slice(bytes);
    Arc::new(short)
}

impl Deref for Binary {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Part::Short { buffer, start, len } => &buffer[*start as usize..][..len.get()],
            Part::Shared {
                buffer, len: WHOLE, ..
            } => buffer,
            Part::Shared { buffer, start, len } => &buffer[*start as usize..][..len.get()],
        }
    }
}

impl AsRef<[u8]> for Binary {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Default for Binary {
    fn default() -> Binary {
        Binary::new(Bytes::new())
    }
}

impl PartialEq for Binary {
    fn eq(&self, other: &Binary) -> bool {
        **self == **other
    }
}

impl Eq for Binary {}

impl PartialOrd for Binary {
    fn partial_cmp(&self, other: &Binary) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Binary {
    fn cmp(&self, other: &Binary) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl Hash for Binary {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Debug for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Binary(\"{}\")", self.escape_ascii())
    }
}

impl From<Bytes> for Binary {
    fn from(bytes: Bytes) -> Binary {
        Binary::new(bytes)
    }
}

impl From<Vec<u8>> for Binary {
    fn from(bytes: Vec<u8>) -> Binary {
        Binary::new(bytes.into())
    }
}

impl From<String> for Binary {
    fn from(text: String) -> Binary {
        Binary::new(text.into())
    }
}

impl From<&'static [u8]> for Binary {
    fn from(bytes: &'static [u8]) -> Binary {
        Binary::new(Bytes::from_static(bytes))
    }
}

impl From<&'static str> for Binary {
    fn from(text: &'static str) -> Binary {
        Binary::new(Bytes::from_static(text.as_bytes()))
    }
}

impl From<Binary> for Bytes {
    fn from(binary: Binary) -> Bytes {
        binary.to_bytes()
    }
}

/// Bits whose number is not a multiple of eight.
///
/// The unused low bits of the last byte are zero, so equal bitstrings have
/// equal bytes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Bitstring {
    // One allocation more than a binary, so that a term stays small.
    parts: Arc<BitParts>,
}

#[derive(PartialEq, Eq, Hash)]
struct BitParts {
    bytes: Binary,
    /// Used bits of the last byte, 1 to 7.
    tail_bits: u8,
}

impl Bitstring {
    /// Bits of which the last byte of `bytes` has `tail_bits` used ones (the
    /// high ones). `None` when `bytes` is empty or `tail_bits` is not 1 to 7.
    ///
    /// Unused bits that are set are cleared, which copies the bytes.
    pub fn new(bytes: Binary, tail_bits: u8) -> Option<Bitstring> {
        if !(1..=7).contains(&tail_bits) {
            return None;
        }
        let last = *bytes.last()?;
        let clean = last & (0xff << (8 - tail_bits));
        let bytes = if clean == last {
            bytes
        } else {
            let mut copy = bytes.to_vec();
            if let Some(byte) = copy.last_mut() {
                *byte = clean;
            }
            copy.into()
        };
        Some(Bitstring {
            parts: Arc::new(BitParts { bytes, tail_bits }),
        })
    }

    /// Number of bits.
    pub fn bit_len(&self) -> usize {
        (self.parts.bytes.len() - 1) * 8 + usize::from(self.parts.tail_bits)
    }

    /// Used bits of the last byte, 1 to 7.
    pub fn tail_bits(&self) -> u8 {
        self.parts.tail_bits
    }

    /// The bytes; the unused low bits of the last one are zero.
    pub fn bytes(&self) -> &Binary {
        &self.parts.bytes
    }
}

impl fmt::Debug for Bitstring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Bitstring(\"{}\", {} bits)",
            self.bytes().escape_ascii(),
            self.bit_len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_share_the_buffer() {
        let whole = Binary::from(vec![1, 2, 3, 4, 5]);
        let middle = whole.slice(1..=3);
        assert_eq!(&*middle, &[2, 3, 4]);
        assert_eq!(middle.as_ptr(), whole[1..].as_ptr());
        assert_eq!(middle.slice(2..).to_bytes().as_ptr(), whole[3..].as_ptr());
        assert!(whole.slice(5..).is_empty());
    }

    #[test]
    fn short_and_long_copies_are_the_same_to_look_at() {
        for len in [
            0,
            1,
            Binary::SHORT - 1,
            Binary::SHORT,
            Binary::SHORT + 1,
            300,
        ] {
            let bytes: Vec<u8> = (0..len).map(|n| n as u8).collect();
            let copy = Binary::copy_from_slice(&bytes);
            assert_eq!(copy, Binary::from(bytes.clone()), "{len} bytes");
            assert_eq!(copy.to_bytes(), bytes);
            assert_eq!(copy.to_bytes().as_ptr(), copy.as_ptr());
            for from in 0..=len.min(70) {
                let part = copy.slice(from..);
                assert_eq!(&*part, &bytes[from..]);
                assert_eq!(part.as_ptr(), copy[from..].as_ptr());
                let inner = part.slice(..part.len() / 2);
                assert_eq!(&*inner, &bytes[from..from + (len - from) / 2]);
                assert_eq!(inner.to_bytes().as_ptr(), part.as_ptr());
            }
        }
    }

    #[test]
    #[should_panic(expected = "range 3..70 is outside of 64 bytes")]
    fn a_slice_beyond_a_short_copy_is_refused() {
        let _ = Binary::copy_from_slice(&[0; Binary::SHORT]).slice(3..70);
    }

    #[test]
    fn slices_of_sixteen_megabytes_are_as_long_as_they_should_be() {
        let whole = Binary::from(vec![7; (1 << 24) + 2]);
        for len in [(1 << 24) - 2, (1 << 24) - 1, 1 << 24, (1 << 24) + 1] {
            let part = whole.slice(1..=len);
            assert_eq!(part.len(), len);
            assert_eq!(part.as_ptr(), whole[1..].as_ptr());
            assert_eq!(part.to_bytes().len(), len);
            assert_eq!(part.slice(1..).len(), len - 1);
        }
    }

    #[test]
    fn bytes_outlive_the_short_copy_that_they_share() {
        let bytes = Binary::copy_from_slice(b"short").slice(1..).to_bytes();
        assert_eq!(bytes, &b"hort"[..]);
    }

    #[test]
    fn unused_bits_are_cleared() {
        let bits = Bitstring::new(vec![0xff, 0xff].into(), 3).unwrap();
        assert_eq!((&**bits.bytes(), bits.bit_len()), (&[0xff, 0xe0][..], 11));
        assert!(Bitstring::new(vec![1].into(), 8).is_none());
        assert!(Bitstring::new(Binary::default(), 1).is_none());
    }
}
