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
pub struct Binary {
    buffer: Arc<Bytes>,
    start: u32,
    /// [`WHOLE`] stands for all of `buffer`, so that longer buffers work too.
    len: u32,
}

const WHOLE: u32 = u32::MAX;

impl Binary {
    /// A binary of all these bytes; shares them.
    pub fn new(bytes: Bytes) -> Binary {
        Binary {
            buffer: Arc::new(bytes),
            start: 0,
            len: WHOLE,
        }
    }

    /// A copy of `bytes`.
    pub fn copy_from_slice(bytes: &[u8]) -> Binary {
        Binary::new(Bytes::copy_from_slice(bytes))
    }

    /// `buffer[start..start + len]`, sharing the reference count of `buffer`.
    /// The caller has checked the bounds.
    pub(crate) fn cut(buffer: &Arc<Bytes>, start: usize, len: usize) -> Binary {
        match (u32::try_from(start), u32::try_from(len)) {
            (Ok(start), Ok(len)) if len != WHOLE => Binary {
                buffer: Arc::clone(buffer),
                start,
                len,
            },
            _ => Binary::new(buffer.slice(start..start + len)),
        }
    }

    /// The bytes as [`Bytes`]; shares them.
    pub fn to_bytes(&self) -> Bytes {
        if self.len == WHOLE {
            Bytes::clone(&self.buffer)
        } else {
            self.buffer
                .slice(self.start as usize..(self.start as usize + self.len as usize))
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
        Binary::cut(&self.buffer, self.start as usize + from, to - from)
    }
}

impl Deref for Binary {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        if self.len == WHOLE {
            &self.buffer
        } else {
            &self.buffer[self.start as usize..][..self.len as usize]
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
    fn unused_bits_are_cleared() {
        let bits = Bitstring::new(vec![0xff, 0xff].into(), 3).unwrap();
        assert_eq!((&**bits.bytes(), bits.bit_len()), (&[0xff, 0xe0][..], 11));
        assert!(Bitstring::new(vec![1].into(), 8).is_none());
        assert!(Bitstring::new(Binary::default(), 1).is_none());
    }
}
