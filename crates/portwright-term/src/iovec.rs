//! Vectors of shared buffers, ready for `writev`.

use std::fmt;

use bytes::{Bytes, BytesMut};

use crate::Binary;

/// Bytes in pieces that are shared, not copied.
///
/// A vector of one piece allocates nothing; no piece is empty.
///
/// # Examples
///
/// ```
/// use portwright_term::IoVec;
///
/// let mut message = IoVec::from("header\n");
/// message.append(IoVec::from(vec![1, 2, 3]));
/// assert_eq!(message.len(), 10);
/// assert_eq!(message.iter().count(), 2);
/// assert_eq!(message.into_bytes(), &b"header\n\x01\x02\x03"[..]);
/// ```
#[derive(Clone, Default)]
pub struct IoVec {
    pieces: Pieces,
    len: usize,
}

#[derive(Clone, Default)]
enum Pieces {
    #[default]
    None,
    One(Bytes),
    /// One that was put together from smaller data.
    Gathered(Bytes),
    Many(Box<Many>),
}

#[derive(Clone)]
struct Many {
    pieces: Vec<Bytes>,
    /// Indexes of pieces that were put together from smaller data.
    gathered: Vec<usize>,
}

impl IoVec {
    /// No bytes.
    pub const fn new() -> IoVec {
        IoVec {
            pieces: Pieces::None,
            len: 0,
        }
    }

    /// All bytes together.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// `true` without bytes.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The pieces in order, none of them empty.
    pub fn iter(&self) -> std::slice::Iter<'_, Bytes> {
        self.pieces().iter()
    }

    /// The pieces in order, none of them empty.
    #[inline]
    pub fn pieces(&self) -> &[Bytes] {
        match &self.pieces {
            Pieces::None => &[],
            Pieces::One(piece) | Pieces::Gathered(piece) => std::slice::from_ref(piece),
            Pieces::Many(many) => &many.pieces,
        }
    }

    /// Adds one piece at the end; shares it.
    pub fn push(&mut self, piece: Bytes) {
        if piece.is_empty() {
            return;
        }
        self.len += piece.len();
        self.pieces = match std::mem::take(&mut self.pieces) {
            Pieces::None => Pieces::One(piece),
            Pieces::One(first) => Pieces::Many(Box::new(Many {
                pieces: vec![first, piece],
                gathered: Vec::new(),
            })),
            Pieces::Gathered(first) => Pieces::Many(Box::new(Many {
                pieces: vec![first, piece],
                gathered: vec![0],
            })),
            Pieces::Many(mut many) => {
                many.pieces.push(piece);
                Pieces::Many(many)
            }
        };
    }

    /// As [`push`](Self::push), for a piece that was put together from smaller data
    /// and never was a binary of its own.
    pub fn push_gathered(&mut self, piece: Bytes) {
        if piece.is_empty() {
            return;
        }
        if matches!(self.pieces, Pieces::None) {
            self.len = piece.len();
            self.pieces = Pieces::Gathered(piece);
            return;
        }
        self.push(piece);
        if let Pieces::Many(many) = &mut self.pieces {
            many.gathered.push(many.pieces.len() - 1);
        }
    }

    /// Whether the piece with this index came by
    /// [`push_gathered`](Self::push_gathered). [`append`](Self::append) forgets that
    /// for what it adds.
    pub fn is_gathered(&self, index: usize) -> bool {
        match &self.pieces {
            Pieces::None | Pieces::One(_) => false,
            Pieces::Gathered(_) => index == 0,
            Pieces::Many(many) => many.gathered.binary_search(&index).is_ok(),
        }
    }

    /// Adds all pieces of `other` at the end; shares them.
    pub fn append(&mut self, other: IoVec) {
        if self.is_empty() {
            *self = other;
        } else {
            for piece in other {
                self.push(piece);
            }
        }
    }

    /// The bytes in one piece. Copies only when there are several.
    #[inline]
    pub fn into_bytes(self) -> Bytes {
        match self.pieces {
            Pieces::None => Bytes::new(),
            Pieces::One(piece) | Pieces::Gathered(piece) => piece,
            Pieces::Many(many) => join(&many.pieces, self.len),
        }
    }

    /// A copy of the bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut joined = Vec::with_capacity(self.len);
        for piece in self.iter() {
            joined.extend_from_slice(piece);
        }
        joined
    }
}

fn join(pieces: &[Bytes], len: usize) -> Bytes {
    let mut joined = BytesMut::with_capacity(len);
    for piece in pieces {
        joined.extend_from_slice(piece);
    }
    joined.freeze()
}

impl From<Bytes> for IoVec {
    #[inline]
    fn from(bytes: Bytes) -> IoVec {
        let len = bytes.len();
        let pieces = if len == 0 {
            Pieces::None
        } else {
            Pieces::One(bytes)
        };
        IoVec { pieces, len }
    }
}

impl From<Binary> for IoVec {
    fn from(binary: Binary) -> IoVec {
        binary.to_bytes().into()
    }
}

impl From<Vec<u8>> for IoVec {
    fn from(bytes: Vec<u8>) -> IoVec {
        Bytes::from(bytes).into()
    }
}

impl From<String> for IoVec {
    fn from(text: String) -> IoVec {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for IoVec {
    fn from(text: &'static str) -> IoVec {
        Bytes::from_static(text.as_bytes()).into()
    }
}

/// Copies the bytes.
impl From<&[u8]> for IoVec {
    fn from(bytes: &[u8]) -> IoVec {
        Bytes::copy_from_slice(bytes).into()
    }
}

/// Copies the bytes.
impl<const N: usize> From<&[u8; N]> for IoVec {
    fn from(bytes: &[u8; N]) -> IoVec {
        Bytes::copy_from_slice(bytes).into()
    }
}

impl FromIterator<Bytes> for IoVec {
    fn from_iter<I: IntoIterator<Item = Bytes>>(pieces: I) -> IoVec {
        let mut vec = IoVec::new();
        vec.extend(pieces);
        vec
    }
}

impl Extend<Bytes> for IoVec {
    fn extend<I: IntoIterator<Item = Bytes>>(&mut self, pieces: I) {
        for piece in pieces {
            self.push(piece);
        }
    }
}

impl<'a> IntoIterator for &'a IoVec {
    type Item = &'a Bytes;
    type IntoIter = std::slice::Iter<'a, Bytes>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for IoVec {
    type Item = Bytes;
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        IntoIter(match self.pieces {
            Pieces::None => Owned::One(None),
            Pieces::One(piece) | Pieces::Gathered(piece) => Owned::One(Some(piece)),
            Pieces::Many(many) => Owned::Many(many.pieces.into_iter()),
        })
    }
}

/// The pieces of an [`IoVec`], by value.
pub struct IntoIter(Owned);

enum Owned {
    One(Option<Bytes>),
    Many(std::vec::IntoIter<Bytes>),
}

impl Iterator for IntoIter {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        match &mut self.0 {
            Owned::One(piece) => piece.take(),
            Owned::Many(pieces) => pieces.next(),
        }
    }
}

/// Equal when the bytes are, however they are cut.
impl PartialEq for IoVec {
    fn eq(&self, other: &IoVec) -> bool {
        self.len == other.len && self.iter().flatten().eq(other.iter().flatten())
    }
}

impl Eq for IoVec {}

impl fmt::Debug for IoVec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
