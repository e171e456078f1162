//! What `port_control/3` returns.

use std::fmt;
use std::mem::MaybeUninit;

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
// processor that has to put them together anew waits for that.
#[derive(Clone)]
#[repr(align(16))]
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
        if bytes.len() > SHORT {
            return Self::shared(Bytes::copy_from_slice(bytes), is_binary);
        }
        let mut reply = Self::empty();
        reply.is_binary = is_binary;
        reply.len = bytes.len();
        reply.short.0[..bytes.len()].copy_from_slice(bytes);
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

/// Where [`Driver::control_into`](crate::Driver::control_into) makes its reply. For hosts and for drivers that write
/// to memory they are given; others return a [`Reply`].
///
/// # Examples
///
/// ```
/// use portwright_driver::{Reply, ReplyRoom};
///
/// let mut room = ReplyRoom::new();
/// room.put(Reply::list("ok"));
/// assert_eq!(room.into_reply(), Reply::list("ok"));
/// ```
pub struct ReplyRoom {
    room: Room,
    /// How many bytes of `room` are the reply, unless it is `shared`.
    len: usize,
    shared: Option<Bytes>,
    is_binary: bool,
}

// Aligned as memory from `driver_alloc` would be, and better: short data that lies in two lines of the
// processor's cache takes a fourth more time to pass on.
#[repr(C, align(64))]
struct Room {
    short: [u8; SHORT],
    spare: MaybeUninit<[u8; 192]>,
}

impl ReplyRoom {
    /// How many bytes a driver may write at [`as_mut_ptr`](Self::as_mut_ptr).
    pub const LEN: usize = SHORT;

    /// Room for a reply that is an empty list so far.
    #[inline]
    pub const fn new() -> Self {
        Self {
            room: Room {
                short: [0; SHORT],
                spare: MaybeUninit::uninit(),
            },
            len: 0,
            shared: None,
            is_binary: false,
        }
    }

    /// Makes `reply` the reply.
    #[inline]
    pub fn put(&mut self, reply: Reply) {
        let Reply {
            short,
            len,
            shared,
            is_binary,
        } = reply;
        self.room.short = short.0;
        self.len = len;
        self.shared = shared;
        self.is_binary = is_binary;
    }

    /// Where a driver may write [`LEN`](Self::LEN) bytes. Some write more, unpunished by OTP: 192 bytes behind them
    /// are nobody else's.
    #[inline]
    pub fn as_mut_ptr(&mut self) -> *mut u8 {
        (&raw mut self.room).cast()
    }

    /// Makes what was written at [`as_mut_ptr`](Self::as_mut_ptr) the reply, up to `len` bytes or
    /// [`LEN`](Self::LEN), and zeros where nothing was written.
    #[inline]
    pub fn put_written(&mut self, len: usize, is_binary: bool) {
        self.len = len.min(SHORT);
        self.shared = None;
        self.is_binary = is_binary;
    }

    /// The reply.
    #[inline]
    pub fn into_reply(self) -> Reply {
        Reply {
            short: Short(self.room.short),
            len: self.len,
            shared: self.shared,
            is_binary: self.is_binary,
        }
    }
}

impl Default for ReplyRoom {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ReplyRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyRoom").finish_non_exhaustive()
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
            let mut room = ReplyRoom::new();
            room.put(shared);
            assert_eq!(room.into_reply(), Reply::binary_from_slice(&bytes));
        }
    }

    #[test]
    fn what_is_written_to_the_room_is_the_reply() {
        let mut room = ReplyRoom::new();
        room.put(Reply::list(vec![9; 300]));
        room.room.short[..3].copy_from_slice(b"abc");
        assert_eq!(room.as_mut_ptr(), room.room.short.as_mut_ptr());
        room.put_written(4, true);
        assert_eq!(room.into_reply(), Reply::binary_from_slice(b"abc\0"));
        let mut room = ReplyRoom::new();
        room.put_written(usize::MAX, false);
        assert_eq!(room.into_reply(), Reply::list(vec![0; ReplyRoom::LEN]));
    }
}
