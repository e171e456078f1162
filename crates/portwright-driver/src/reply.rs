//! What `port_control/3` returns.

use std::fmt;

use bytes::Bytes;
use portwright_term::{Binary, Term};

/// Replies up to this size are kept in place: the size of the buffer that OTP hands to a
/// driver's `control` (D-G1).
const SHORT: usize = 64;

/// What `port_control/3` returns to its caller: bytes, as a list or as a binary.
///
/// Up to 64 bytes are kept in place and cost no allocation.
///
/// # Examples
///
/// ```
/// use portwright_driver::Reply;
///
/// let reply = Reply::binary_from_slice(b"ok");
/// assert_eq!(reply.bytes(), b"ok");
/// assert_eq!(reply.to_term().to_string(), "<<\"ok\">>");
/// assert_eq!(Reply::list("ok").to_term().to_string(), "\"ok\"");
/// ```
#[derive(Clone)]
pub struct Reply {
    /// The bytes, unless they are `shared`.
    short: Short,
    len: usize,
    shared: Option<Bytes>,
    is_binary: bool,
}

// Aligned, and no variant of an enum: so a reply is moved in the pieces in which it was written. A
// processor that has to put them together anew waits for that, and where they lie in two lines of its cache.
#[derive(Clone)]
#[repr(align(64))]
struct Short([u8; SHORT]);

impl Reply {
    /// A reply that arrives as a list of bytes: what a C driver without
    /// `PORT_CONTROL_FLAG_BINARY` returns.
    pub fn list(bytes: impl Into<Bytes>) -> Self {
        Self::shared(bytes.into(), false)
    }

    /// A reply that arrives as a binary.
    pub fn binary(bytes: impl Into<Bytes>) -> Self {
        Self::shared(bytes.into(), true)
    }

    /// As [`list`](Self::list), with a copy of the bytes.
    #[inline]
    pub fn list_from_slice(bytes: &[u8]) -> Self {
        Self::copied(bytes, false)
    }

    /// As [`binary`](Self::binary), with a copy of the bytes.
    #[inline]
    pub fn binary_from_slice(bytes: &[u8]) -> Self {
        Self::copied(bytes, true)
    }

    /// An empty list.
    #[inline]
    pub const fn empty() -> Self {
        Self {
            short: Short([0; SHORT]),
            len: 0,
            shared: None,
            is_binary: false,
        }
    }

    /// Makes it a reply with a copy of the bytes.
    #[inline]
    pub fn set(&mut self, bytes: &[u8], is_binary: bool) {
        self.is_binary = is_binary;
        self.len = bytes.len();
        if bytes.len() > SHORT {
            self.shared = Some(Bytes::copy_from_slice(bytes));
        } else {
            self.shared = None;
            self.short.0[..bytes.len()].copy_from_slice(bytes);
        }
    }

    fn shared(bytes: Bytes, is_binary: bool) -> Self {
        Self {
            len: bytes.len(),
            shared: Some(bytes),
            is_binary,
            ..Self::empty()
        }
    }

    #[inline]
    fn copied(bytes: &[u8], is_binary: bool) -> Self {
        let mut reply = Self::empty();
        reply.set(bytes, is_binary);
        reply
    }

    /// Whether it arrives as a binary, and not as a list of bytes.
    pub fn is_binary(&self) -> bool {
        self.is_binary
    }

    /// The bytes, whatever their shape.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        match &self.shared {
            None => &self.short.0[..self.len],
            Some(bytes) => bytes,
        }
    }

    /// The bytes to keep; what was short is copied, what was long is not.
    pub fn into_bytes(self) -> Bytes {
        match self.shared {
            None => Bytes::copy_from_slice(&self.short.0[..self.len]),
            Some(bytes) => bytes,
        }
    }

    /// The term that an Erlang caller of `port_control/3` gets.
    pub fn to_term(&self) -> Term {
        if !self.is_binary {
            return Term::bytes_list(self.bytes());
        }
        match &self.shared {
            None => Term::Binary(Binary::copy_from_slice(self.bytes())),
            Some(bytes) => Term::binary(bytes.clone()),
        }
    }
}

/// An empty list.
impl Default for Reply {
    fn default() -> Self {
        Self::empty()
    }
}

/// Equal when shape and bytes are, however they are kept.
impl PartialEq for Reply {
    fn eq(&self, other: &Self) -> bool {
        self.is_binary == other.is_binary && self.bytes() == other.bytes()
    }
}

impl Eq for Reply {}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape = if self.is_binary { "Binary" } else { "List" };
        let bytes = Bytes::copy_from_slice(self.bytes());
        f.debug_tuple(shape).field(&bytes).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_the_same_however_it_is_kept() {
        for len in [0, 1, 63, 64, 65, 300] {
            let bytes = vec![7; len];
            let (kept, shared) = (
                Reply::binary_from_slice(&bytes),
                Reply::binary(bytes.clone()),
            );
            assert_eq!(kept, shared);
            assert_eq!(kept.bytes(), bytes);
            assert_eq!(kept.to_term(), shared.to_term());
            assert_eq!(kept.into_bytes(), bytes);
            assert_ne!(Reply::list_from_slice(&bytes), shared);
        }
    }
}
