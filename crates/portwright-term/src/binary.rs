//! Binaries and bitstrings: shared bytes, sliced without copying.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Bound, Deref, RangeBounds};

use bytes::Bytes;
use triomphe::Arc;

use crate::buffer::{Buffer, SHORT};

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
    // Two words: so it is passed in registers, and never written in one set of pieces
    // and read in another, for which a processor waits longer than for all else.
    span: Span,
    buffer: Buffer,
}

/// Where the bytes are in the buffer.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Span(u64);

impl Span {
    /// All of the buffer, so that longer ones work too.
    const WHOLE: Span = Span(u64::MAX);

    /// `None` when the numbers are too large.
    fn new(start: usize, len: usize) -> Option<Span> {
        let (start, len) = (u32::try_from(start).ok()?, u32::try_from(len).ok()?);
        Some(Span(u64::from(len) << 32 | u64::from(start))).filter(|span| *span != Span::WHOLE)
    }

    /// The first `len` bytes.
    #[inline]
    const fn first(len: u8) -> Span {
        Span((len as u64) << 32)
    }

    #[inline]
    fn start(self) -> usize {
        self.0 as u32 as usize
    }

    #[inline]
    fn len(self) -> usize {
        (self.0 >> 32) as usize
    }
}

const _: () = assert!(size_of::<Binary>() == 16);

impl Binary {
    /// A binary of all these bytes; shares them.
    pub fn new(bytes: Bytes) -> Binary {
        Binary {
            span: Span::WHOLE,
            buffer: Buffer::long(bytes),
        }
    }

    /// A copy of `bytes`. Up to 64 of them take no more than one allocation, and none
    /// where the thread has let go of such a binary before.
    #[inline]
    pub fn copy_from_slice(bytes: &[u8]) -> Binary {
        if bytes.len() <= SHORT {
            Binary::short(bytes)
        } else {
            Binary::new(Bytes::copy_from_slice(bytes))
        }
    }

    /// A copy of at most [`SHORT`] bytes.
    #[inline]
    pub(crate) fn short(bytes: &[u8]) -> Binary {
        Binary {
            span: Span::first(bytes.len() as u8),
            buffer: Buffer::short(bytes),
        }
    }

    /// Number of bytes.
    #[inline]
    pub fn len(&self) -> usize {
        if self.span == Span::WHOLE {
            self.buffer.bytes().len()
        } else {
            self.span.len()
        }
    }

    /// Whether there are no bytes.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes as [`Bytes`]; shares them.
    pub fn to_bytes(&self) -> Bytes {
        match self.buffer.as_long() {
            Some(bytes) if self.span == Span::WHOLE => bytes.clone(),
            Some(bytes) => bytes.slice(self.span.start()..self.span.start() + self.span.len()),
            None => Bytes::from_owner(self.clone()),
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
        let start = if self.span == Span::WHOLE {
            from
        } else {
            self.span.start() + from
        };
        match Span::new(start, to - from) {
            Some(span) => Binary {
                span,
                buffer: self.buffer.clone(),
            },
            None => Binary::new(self.to_bytes().slice(from..to)),
        }
    }
}

impl Deref for Binary {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        let bytes = self.buffer.bytes();
        if self.span == Span::WHOLE {
            bytes
        } else {
            &bytes[self.span.start()..][..self.span.len()]
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

/// Up to 64 bytes are copied, which costs less than to share them; more are shared.
/// [`Binary::new`] shares them all.
impl From<Bytes> for Binary {
    #[inline]
    fn from(bytes: Bytes) -> Binary {
        if bytes.len() <= SHORT {
            Binary::short(&bytes)
        } else {
            Binary::new(bytes)
        }
    }
}

/// As from [`Bytes`].
impl From<Vec<u8>> for Binary {
    fn from(bytes: Vec<u8>) -> Binary {
        Bytes::from(bytes).into()
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

/// Shares them, or copies them if they are 64 at most.
impl From<Binary> for Bytes {
    fn from(mut binary: Binary) -> Bytes {
        if binary.span == Span::WHOLE
            && let Some(bytes) = binary.buffer.take_long()
        {
            return bytes;
        }
        match binary.buffer.as_long() {
            Some(_) => binary.to_bytes(),
            None => Bytes::copy_from_slice(&binary),
        }
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
        for len in [0, 1, SHORT - 1, SHORT, SHORT + 1, 300] {
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
        let _ = Binary::copy_from_slice(&[0; SHORT]).slice(3..70);
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
