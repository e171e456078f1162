//! What can go wrong in either direction.

use crate::MAX_INTEGER_BITS;

/// Why a term has no external format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The term holds a closure of this process.
    #[error("{fun} cannot be encoded: closures of this process have no external format")]
    NativeFun {
        /// The text of the fun.
        fun: String,
    },
    /// A part is longer than the 32-bit length fields of the format.
    #[error("{what} of {len} does not fit the format, which ends at 4294967295")]
    TooLong {
        /// What is too long, with its unit.
        what: &'static str,
        /// How long it is.
        len: usize,
    },
    /// A float that is not finite, which no term should hold.
    #[error("a float that is not finite cannot be encoded")]
    NotFinite,
}

/// Why bytes are no term. Displays with the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (at byte {offset})")]
pub struct DecodeError {
    /// Where, counted from the first byte of the input; in a compressed term
    /// from the first byte of what it inflates to.
    pub offset: usize,
    /// What is wrong.
    pub kind: DecodeErrorKind,
}

/// What is wrong with the bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The input does not begin with 131.
    #[error("not an external term: it begins with {found}, not with 131")]
    Version {
        /// The first byte.
        found: u8,
    },
    /// The input ends within a term, or announces more than it holds.
    #[error("the term ends too early: {needed} bytes needed, {left} left")]
    Truncated {
        /// Bytes needed at least.
        needed: u64,
        /// Bytes left.
        left: usize,
    },
    /// Bytes follow the term. `decode_prefix` allows that.
    #[error("{extra} bytes follow the term; decode a prefix if that is meant")]
    TrailingBytes {
        /// How many.
        extra: usize,
    },
    /// The tag is not one of the format.
    #[error("unknown tag {tag}")]
    UnknownTag {
        /// The tag.
        tag: u8,
    },
    /// A term in the local format of another node (LOCAL_EXT, OTP 26).
    #[error(
        "the term is in the local format (tag 121) of another node and only that node reads it"
    )]
    Local,
    /// Terms are nested deeper than the limit.
    #[error("the term is nested deeper than the limit of {limit}")]
    TooDeep {
        /// The limit, see [`DecodeLimits::max_depth`](super::DecodeLimits::max_depth).
        limit: usize,
    },
    /// A compressed term inflates to more than the limit.
    #[error("the compressed term announces {announced} bytes; the limit is {limit}")]
    TooLarge {
        /// Announced bytes.
        announced: usize,
        /// The limit, see [`DecodeLimits::max_inflated`](super::DecodeLimits::max_inflated).
        limit: usize,
    },
    /// The compressed bytes are damaged, or not as long as announced.
    #[error("the compressed term is damaged")]
    Compressed,
    /// An atom that is not text, or of more than 255 characters.
    #[error("bad atom: not UTF-8, or more than 255 characters")]
    Atom,
    /// The atom does not exist, and only existing ones are accepted.
    #[error("unknown atom, and new ones are not accepted here")]
    UnknownAtom,
    /// The atom table is full.
    #[error("the atom table is full")]
    AtomTableFull,
    /// A float that is infinite, not a number, or not readable.
    #[error("bad float: not finite, or not a number")]
    Float,
    /// An integer beyond [`MAX_INTEGER_BITS`].
    #[error("an integer of {bytes} bytes is longer than {} bits", MAX_INTEGER_BITS)]
    Integer {
        /// Its length.
        bytes: usize,
    },
    /// A bitstring whose last byte uses no bits, or more than 8.
    #[error("bad bitstring: {bits} bits used in the last byte")]
    Bits {
        /// The announced number.
        bits: u8,
    },
    /// A reference of no words, or of more than 5.
    #[error("bad reference: {words} words, 1 to 5 are possible")]
    Reference {
        /// The announced number.
        words: usize,
    },
    /// A fun whose parts do not agree, or of more than 255 arguments.
    #[error("bad fun: its parts do not agree")]
    Fun,
    /// Two entries of a map have the same key.
    #[error("bad map: two entries have the same key")]
    DuplicateKey,
}
