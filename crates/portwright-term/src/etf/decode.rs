//! From bytes to terms.

use std::sync::Arc;

use bytes::Bytes;
use flate2::{Decompress, FlushDecompress, Status};
use num_bigint::{BigInt, Sign};
use smallvec::SmallVec;

use super::{DecodeError, DecodeErrorKind, VERSION, tag};
use crate::buffer::SHORT;
use crate::{
    Atom, AtomError, Binary, Bitstring, Fun, List, MAX_INTEGER_BITS, Map, OpaqueFun, Pid, PortId,
    Reference, Term, Tuple,
};

/// What a term from outside may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Bytes that a compressed term may inflate to. Default: 256 MiB.
    pub max_inflated: usize,
    /// Levels of lists, tuples, maps and funs within each other. Default: no
    /// limit, for depth costs no more than any other content.
    pub max_depth: usize,
    /// Accept only atoms that exist already, as `binary_to_term(Bin, [safe])`;
    /// for bytes from strangers, because atoms are never freed. Default: no.
    pub existing_atoms_only: bool,
}

impl Default for DecodeLimits {
    fn default() -> DecodeLimits {
        DecodeLimits {
            max_inflated: 256 << 20,
            max_depth: usize::MAX,
            existing_atoms_only: false,
        }
    }
}

impl DecodeLimits {
    /// The defaults, but without new atoms.
    pub fn safe() -> DecodeLimits {
        DecodeLimits {
            existing_atoms_only: true,
            ..DecodeLimits::default()
        }
    }
}

/// Decodes a term that is all of `bytes`.
///
/// Binaries in the term are slices of `bytes` and keep it alive.
///
/// # Errors
///
/// [`DecodeError`]; it never panics, and allocates in proportion to the input
/// (or to [`DecodeLimits::max_inflated`]).
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use portwright_term::{Term, etf};
///
/// let bytes = Bytes::from_static(&[131, 104, 2, 97, 1, 106]);
/// let term = etf::decode(&bytes, &etf::DecodeLimits::default()).unwrap();
/// assert_eq!(term, Term::tuple([Term::from(1), Term::Nil]));
/// ```
pub fn decode(bytes: &Bytes, limits: &DecodeLimits) -> Result<Term, DecodeError> {
    let (term, used) = decode_prefix(bytes, limits)?;
    match bytes.len() - used {
        0 => Ok(term),
        extra => Err(*fault(used, DecodeErrorKind::TrailingBytes { extra })),
    }
}

/// Decodes the term at the front of `bytes`; returns also how many bytes it
/// takes. More may follow, as for `binary_to_term(Bin, [used])`.
///
/// # Errors
///
/// As [`decode`].
pub fn decode_prefix(bytes: &Bytes, limits: &DecodeLimits) -> Result<(Term, usize), DecodeError> {
    let mut term = Term::Nil;
    let used = Reader::new(bytes, Some(bytes), limits).front(&mut term)?;
    Ok((term, used))
}

/// As [`decode_prefix`], of bytes that are only borrowed: binaries in the term are copies.
///
/// # Errors
///
/// As [`decode`].
pub fn decode_borrowed(bytes: &[u8], limits: &DecodeLimits) -> Result<(Term, usize), DecodeError> {
    let mut term = Term::Nil;
    let used = decode_borrowed_into(&mut term, bytes, limits)?;
    Ok((term, used))
}

/// As [`decode_borrowed`], with the term made where the caller wants it.
///
/// # Errors
///
/// As [`decode`]; `term` is then of no use.
pub fn decode_borrowed_into(
    term: &mut Term,
    bytes: &[u8],
    limits: &DecodeLimits,
) -> Result<usize, DecodeError> {
    Reader::new(bytes, None, limits).front(term)
}

/// Inflates exactly `announced` bytes; returns also how many bytes that took.
fn inflate(packed: &[u8], announced: usize) -> Option<(Vec<u8>, usize)> {
    let mut zlib = Decompress::new(true);
    let mut plain = Vec::new();
    loop {
        let used = zlib.total_in() as usize;
        let before = plain.len();
        if plain.len() == plain.capacity() {
            // Grows with what has come out, not with what was announced. One
            // byte more than announced shows a stream that is too long.
            let room = (announced + 1).saturating_sub(plain.len());
            if room == 0 {
                return None;
            }
            plain.reserve_exact(room.min(plain.len().max(4096)));
        }
        let status = zlib.decompress_vec(packed.get(used..)?, &mut plain, FlushDecompress::None);
        match status.ok()? {
            Status::StreamEnd => {
                return (plain.len() == announced).then_some((plain, zlib.total_in() as usize));
            }
            Status::Ok | Status::BufError => {
                let stuck = plain.len() == before && zlib.total_in() as usize == used;
                if stuck && plain.len() < plain.capacity() {
                    return None;
                }
            }
        }
    }
}

/// An error on its way out; boxed, so that a result is no larger than the term that it
/// mostly is.
type Fault = Box<DecodeError>;

#[cold]
fn fault(offset: usize, kind: DecodeErrorKind) -> Fault {
    Box::new(DecodeError { offset, kind })
}

/// Puts a term where `[]` is, which need not be dropped.
fn put(slot: &mut Term, term: Term) {
    debug_assert!(slot.is_nil(), "what is there would leak");
    std::mem::forget(std::mem::replace(slot, term));
}

struct Reader<'l> {
    source: &'l [u8],
    /// What has not been read yet: the end of the source.
    rest: &'l [u8],
    /// The source again, if it can be shared.
    owner: Option<&'l Bytes>,
    /// The owner, shared by the binaries that are cut from it; made for the first of them.
    shared: Option<Binary>,
    limits: &'l DecodeLimits,
}

/// A container whose parts are being read; they gather in one common stack.
struct Open {
    what: What,
    /// Terms that are still to come.
    missing: usize,
    /// Where its terms begin in the common stack.
    first: usize,
    /// Where its tag stands.
    offset: usize,
}

/// How deep small tuples are read by recursion.
const SHALLOW: usize = 4;

/// Finished terms of containers that are still open.
type Terms = SmallVec<[Term; 16]>;

enum What {
    /// The last term is the tail.
    List,
    Tuple,
    /// Keys and values in turn.
    Map,
    /// Its terms are the environment.
    Fun(Box<FunHead>),
}

struct FunHead {
    fun: OpaqueFun,
    /// Where the fun ends, by its own account.
    end: usize,
}

/// What stands at a tag: a finished term, or the beginning of a container.
enum Found {
    Term(Term),
    Open(What, usize),
}

impl<'l> Reader<'l> {
    fn new(source: &'l [u8], owner: Option<&'l Bytes>, limits: &'l DecodeLimits) -> Reader<'l> {
        Reader {
            source,
            rest: source,
            owner,
            shared: None,
            limits,
        }
    }

    /// Puts the term at the front of the source, which has a version, into `slot`;
    /// returns how many bytes that took.
    fn front(mut self, slot: &mut Term) -> Result<usize, DecodeError> {
        *slot = Term::Nil;
        let outcome = match self.u8() {
            Ok(VERSION) if self.rest.first() == Some(&tag::COMPRESSED) => self.compressed(slot),
            Ok(VERSION) => self.nested(slot, 0),
            Ok(found) => Err(fault(0, DecodeErrorKind::Version { found })),
            Err(fault) => Err(fault),
        };
        match outcome {
            Ok(()) => Ok(self.at()),
            Err(fault) => Err(*fault),
        }
    }

    #[cold]
    fn compressed(&mut self, slot: &mut Term) -> Result<(), Fault> {
        let limits = self.limits;
        self.u8()?;
        let announced = self.u32()? as usize;
        if announced > limits.max_inflated {
            let limit = limits.max_inflated;
            return Err(fault(2, DecodeErrorKind::TooLarge { announced, limit }));
        }
        let (plain, packed_len) =
            inflate(self.rest, announced).ok_or_else(|| fault(6, DecodeErrorKind::Compressed))?;
        self.skip(packed_len)?;
        let plain = Bytes::from(plain);
        let mut inner = Reader::new(&plain, Some(&plain), limits);
        inner.nested(slot, 0)?;
        if !inner.rest.is_empty() {
            return Err(fault(6, DecodeErrorKind::Compressed));
        }
        Ok(())
    }

    /// Puts a term within `depth` small tuples into `slot`, where `[]` is. What most messages
    /// are made of is read without any bookkeeping and made where it stays; everything else by
    /// [`container`](Self::container), which does not recurse.
    fn nested(&mut self, slot: &mut Term, depth: usize) -> Result<(), Fault> {
        let offset = self.at();
        match self.u8()? {
            tag::SMALL_TUPLE if depth < SHALLOW.min(self.limits.max_depth) => {
                let len = usize::from(self.u8()?);
                // Every term takes a byte at least.
                if len > self.rest.len() {
                    return Err(self.truncated(len));
                }
                let mut tuple = Tuple::of_nil(len);
                let slots = tuple.unshared().expect("nobody else has it yet");
                for slot in slots {
                    self.nested(slot, depth + 1)?;
                }
                put(slot, Term::Tuple(tuple));
            }
            tag::BINARY => {
                let len = self.u32()? as usize;
                let start = self.at();
                let bytes = self.skip(len)?;
                // Made here, so that its parts stay in registers until they are in their place.
                if self.owner.is_none() && bytes.len() <= SHORT {
                    put(slot, Term::Binary(Binary::short(bytes)));
                } else {
                    put(slot, Term::Binary(self.binary(start, bytes)));
                }
            }
            tag @ (tag::ATOM | tag::SMALL_ATOM | tag::ATOM_UTF8 | tag::SMALL_ATOM_UTF8) => {
                put(slot, Term::Atom(self.atom_tagged(tag, offset)?));
            }
            tag::SMALL_INTEGER => put(slot, Term::from(self.u8()?)),
            tag => match self.found(tag, offset)? {
                Found::Term(term) => put(slot, term),
                Found::Open(what, missing) => {
                    put(slot, self.container(what, missing, offset, depth)?);
                }
            },
        }
        Ok(())
    }

    /// A container within `depth` others, of which `missing` terms are to come.
    fn container(
        &mut self,
        what: What,
        missing: usize,
        offset: usize,
        depth: usize,
    ) -> Result<Term, Fault> {
        // Most terms are small: what is being read finds room on the stack.
        let mut open: SmallVec<[Open; 4]> = SmallVec::new();
        let mut terms: Terms = SmallVec::new();
        open.push(self.open(what, missing, offset, 0, depth)?);
        loop {
            loop {
                let Some(top) = open.last_mut() else {
                    // The outermost container has just been closed.
                    return Ok(terms.pop().unwrap_or(Term::Nil));
                };
                top.missing -= 1;
                if top.missing > 0 {
                    break;
                }
                if let Some(closed) = open.pop() {
                    let term = self.close(closed, &mut terms)?;
                    terms.push(term);
                }
            }
            let offset = self.at();
            let tag = self.u8()?;
            match self.found(tag, offset)? {
                Found::Term(term) => terms.push(term),
                Found::Open(what, missing) => {
                    let depth = depth + open.len();
                    open.push(self.open(what, missing, offset, terms.len(), depth)?);
                }
            }
        }
    }

    /// Begins with a container whose terms stand in the common stack from `first` on.
    fn open(
        &self,
        what: What,
        missing: usize,
        offset: usize,
        first: usize,
        depth: usize,
    ) -> Result<Open, Fault> {
        if depth >= self.limits.max_depth {
            let limit = self.limits.max_depth;
            return Err(fault(offset, DecodeErrorKind::TooDeep { limit }));
        }
        // Every term takes a byte at least.
        if missing > self.rest.len() {
            return Err(self.truncated(missing));
        }
        Ok(Open {
            what,
            // One more, because the container itself counts below.
            missing: missing.saturating_add(1),
            first,
            offset,
        })
    }

    /// Builds a container from its terms.
    fn close(&self, closed: Open, terms: &mut Terms) -> Result<Term, Fault> {
        let first = closed.first;
        match closed.what {
            What::List => {
                let tail = terms.pop().unwrap_or(Term::Nil);
                Ok(terms
                    .drain(first..)
                    .rev()
                    .fold(tail, |tail, head| List::cons(head, tail)))
            }
            What::Tuple => {
                // Counted by a range, whose length an `Arc` can rely on.
                let indices = first..terms.len();
                let tuple = indices
                    .map(|index| std::mem::replace(&mut terms[index], Term::Nil))
                    .collect();
                terms.truncate(first);
                Ok(Term::Tuple(tuple))
            }
            What::Map => {
                let count = (terms.len() - first) / 2;
                let mut rest = terms.drain(first..);
                let mut entries = Vec::with_capacity(count);
                while let (Some(key), Some(value)) = (rest.next(), rest.next()) {
                    entries.push((key, value));
                }
                let map: Map = entries.into_iter().collect();
                if map.len() < count {
                    return Err(fault(closed.offset, DecodeErrorKind::DuplicateKey));
                }
                Ok(Term::Map(map))
            }
            What::Fun(head) => {
                terms.truncate(first);
                if self.at() != head.end {
                    return Err(fault(closed.offset, DecodeErrorKind::Fun));
                }
                let range = closed.offset..self.at();
                let encoded = match self.owner {
                    Some(owner) => owner.slice(range),
                    None => Bytes::copy_from_slice(&self.source[range]),
                };
                let fun = OpaqueFun {
                    encoded,
                    ..head.fun
                };
                Ok(Term::Fun(Fun::Opaque(Arc::new(fun))))
            }
        }
    }

    /// What stands behind `tag`, which is at `offset`.
    fn found(&mut self, tag: u8, offset: usize) -> Result<Found, Fault> {
        let term = match tag {
            tag::SMALL_INTEGER => Term::from(self.u8()?),
            tag::INTEGER => Term::from(self.u32()? as i32),
            tag::SMALL_BIG => {
                let len = usize::from(self.u8()?);
                self.big(len)?
            }
            tag::LARGE_BIG => {
                let len = self.u32()? as usize;
                self.big(len)?
            }
            tag::NEW_FLOAT => {
                let value = f64::from_be_bytes(self.array()?);
                Term::float(value).ok_or_else(|| fault(offset, DecodeErrorKind::Float))?
            }
            tag::FLOAT => {
                let field: [u8; 31] = self.array()?;
                let len = field
                    .iter()
                    .position(|byte| *byte == 0)
                    .unwrap_or(field.len());
                std::str::from_utf8(&field[..len])
                    .ok()
                    .and_then(|text| text.trim().parse().ok())
                    .and_then(Term::float)
                    .ok_or_else(|| fault(offset, DecodeErrorKind::Float))?
            }
            tag::ATOM | tag::SMALL_ATOM | tag::ATOM_UTF8 | tag::SMALL_ATOM_UTF8 => {
                Term::Atom(self.atom_tagged(tag, offset)?)
            }
            tag::NIL => Term::Nil,
            tag::STRING => {
                let len = usize::from(self.u16()?);
                Term::bytes_list(self.skip(len)?)
            }
            tag::LIST => {
                let len = self.u32()? as usize;
                return Ok(Found::Open(What::List, len.saturating_add(1)));
            }
            tag::SMALL_TUPLE => return Ok(Found::Open(What::Tuple, usize::from(self.u8()?))),
            tag::LARGE_TUPLE => return Ok(Found::Open(What::Tuple, self.u32()? as usize)),
            tag::MAP => {
                let len = self.u32()? as usize;
                return Ok(Found::Open(What::Map, len.saturating_mul(2)));
            }
            tag::BINARY => {
                let len = self.u32()? as usize;
                let start = self.at();
                let bytes = self.skip(len)?;
                Term::Binary(self.binary(start, bytes))
            }
            tag::BIT_BINARY => {
                let len = self.u32()? as usize;
                let bits = self.u8()?;
                let start = self.at();
                let bytes = self.skip(len)?;
                let bytes = self.binary(start, bytes);
                match bits {
                    0 if bytes.is_empty() => Term::Binary(bytes),
                    8 if !bytes.is_empty() => Term::Binary(bytes),
                    _ => Bitstring::new(bytes, bits)
                        .map(Term::Bitstring)
                        .ok_or_else(|| fault(offset, DecodeErrorKind::Bits { bits }))?,
                }
            }
            tag::PID | tag::NEW_PID => Term::Pid(self.pid_tagged(tag)?),
            tag::PORT => {
                let (node, id) = (self.atom()?, self.u32()?);
                PortId::new(node, u64::from(id), u32::from(self.u8()?)).into()
            }
            tag::NEW_PORT => {
                let (node, id) = (self.atom()?, self.u32()?);
                PortId::new(node, u64::from(id), self.u32()?).into()
            }
            tag::V4_PORT => {
                let (node, id) = (self.atom()?, u64::from_be_bytes(self.array()?));
                PortId::new(node, id, self.u32()?).into()
            }
            tag::REFERENCE => {
                let (node, id) = (self.atom()?, self.u32()?);
                let creation = u32::from(self.u8()?);
                self.make_reference(offset, node, creation, &[id])?
            }
            tag::NEW_REFERENCE | tag::NEWER_REFERENCE => {
                let words = usize::from(self.u16()?);
                let node = self.atom()?;
                let creation = match tag {
                    tag::NEW_REFERENCE => u32::from(self.u8()?),
                    _ => self.u32()?,
                };
                let mut ids = [0; Reference::MAX_IDS];
                let Some(ids) = ids.get_mut(..words) else {
                    return Err(fault(offset, DecodeErrorKind::Reference { words }));
                };
                for id in ids.iter_mut() {
                    *id = self.u32()?;
                }
                self.make_reference(offset, node, creation, ids)?
            }
            tag::EXPORT => {
                let (module, function) = (self.atom()?, self.atom()?);
                let arity = self.small_integer(offset)?;
                let arity = u8::try_from(arity).map_err(|_| fault(offset, DecodeErrorKind::Fun))?;
                Term::Fun(Fun::External {
                    module,
                    function,
                    arity,
                })
            }
            tag::NEW_FUN => return self.fun(offset),
            tag::LOCAL => return Err(fault(offset, DecodeErrorKind::Local)),
            tag => return Err(fault(offset, DecodeErrorKind::UnknownTag { tag })),
        };
        Ok(Found::Term(term))
    }

    fn fun(&mut self, offset: usize) -> Result<Found, Fault> {
        let size = self.u32()? as usize;
        let arity = self.u8()?;
        let uniq = self.array()?;
        let index = self.u32()?;
        let environment = self.u32()? as usize;
        let module = self.atom()?;
        let old_index = self.small_integer(offset)?;
        let old_uniq = self.small_integer(offset)?;
        let at = self.at();
        let creator = match self.u8()? {
            tag @ (tag::PID | tag::NEW_PID) => self.pid_tagged(tag)?,
            _ => return Err(fault(at, DecodeErrorKind::Fun)),
        };
        let fun = OpaqueFun {
            arity,
            uniq,
            index,
            module,
            old_index,
            old_uniq,
            creator,
            encoded: Bytes::new(),
        };
        // The size counts from its own first byte, behind the tag.
        let end = offset.saturating_add(1).saturating_add(size);
        Ok(Found::Open(
            What::Fun(Box::new(FunHead { fun, end })),
            environment,
        ))
    }

    fn make_reference(
        &self,
        offset: usize,
        node: Atom,
        creation: u32,
        ids: &[u32],
    ) -> Result<Term, Fault> {
        Reference::new(node, creation, ids)
            .map(Term::Reference)
            .ok_or_else(|| fault(offset, DecodeErrorKind::Reference { words: ids.len() }))
    }

    fn pid_tagged(&mut self, tag: u8) -> Result<Pid, Fault> {
        let (node, id, serial) = (self.atom()?, self.u32()?, self.u32()?);
        let creation = if tag == tag::PID {
            u32::from(self.u8()?)
        } else {
            self.u32()?
        };
        Ok(Pid::new(node, id, serial, creation))
    }

    /// Reads an integer that stands where only one of 32 bits makes sense.
    fn small_integer(&mut self, offset: usize) -> Result<i64, Fault> {
        match self.u8()? {
            tag::SMALL_INTEGER => Ok(i64::from(self.u8()?)),
            tag::INTEGER => Ok(i64::from(self.u32()? as i32)),
            tag::SMALL_BIG => {
                let len = usize::from(self.u8()?);
                self.big(len)?
                    .as_i64()
                    .ok_or_else(|| fault(offset, DecodeErrorKind::Fun))
            }
            _ => Err(fault(offset, DecodeErrorKind::Fun)),
        }
    }

    /// Reads an atom where nothing else may stand.
    fn atom(&mut self) -> Result<Atom, Fault> {
        let offset = self.at();
        let tag = self.u8()?;
        self.atom_tagged(tag, offset)
    }

    fn atom_tagged(&mut self, tag: u8, offset: usize) -> Result<Atom, Fault> {
        let len = match tag {
            tag::ATOM | tag::ATOM_UTF8 => usize::from(self.u16()?),
            tag::SMALL_ATOM | tag::SMALL_ATOM_UTF8 => usize::from(self.u8()?),
            _ => return Err(fault(offset, DecodeErrorKind::Atom)),
        };
        let bytes = self.skip(len)?;
        let made = if bytes.is_ascii() || matches!(tag, tag::ATOM_UTF8 | tag::SMALL_ATOM_UTF8) {
            if let Some(atom) = Atom::recent(bytes) {
                return Ok(atom);
            }
            let text =
                std::str::from_utf8(bytes).map_err(|_| fault(offset, DecodeErrorKind::Atom))?;
            self.intern(text)
        } else {
            let text: String = bytes.iter().copied().map(char::from).collect();
            self.intern(&text)
        };
        made.map_err(|kind| fault(offset, kind))
    }

    fn intern(&self, text: &str) -> Result<Atom, DecodeErrorKind> {
        if self.limits.existing_atoms_only {
            return Atom::existing(text).ok_or(DecodeErrorKind::UnknownAtom);
        }
        Atom::new(text).map_err(|error| match error {
            AtomError::TableFull { .. } => DecodeErrorKind::AtomTableFull,
            AtomError::TooLong { .. } => DecodeErrorKind::Atom,
        })
    }

    fn big(&mut self, len: usize) -> Result<Term, Fault> {
        let offset = self.at();
        if len as u64 * 8 > MAX_INTEGER_BITS {
            return Err(fault(offset, DecodeErrorKind::Integer { bytes: len }));
        }
        let sign = if self.u8()? == 0 {
            Sign::Plus
        } else {
            Sign::Minus
        };
        let magnitude = self.skip(len)?;
        Ok(BigInt::from_bytes_le(sign, magnitude).into())
    }

    /// The binary of `bytes`, which stand at `start`.
    fn binary(&mut self, start: usize, bytes: &[u8]) -> Binary {
        let Some(owner) = self.owner else {
            return Binary::copy_from_slice(bytes);
        };
        let shared = self
            .shared
            .get_or_insert_with(|| Binary::new(owner.clone()));
        shared.slice(start..start + bytes.len())
    }

    /// Where the reader stands.
    fn at(&self) -> usize {
        self.source.len() - self.rest.len()
    }

    #[cold]
    fn truncated(&self, needed: usize) -> Fault {
        let left = self.rest.len();
        let needed = needed as u64;
        fault(self.at(), DecodeErrorKind::Truncated { needed, left })
    }

    /// Takes `len` bytes.
    fn skip(&mut self, len: usize) -> Result<&'l [u8], Fault> {
        match self.rest.split_at_checked(len) {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(bytes)
            }
            None => Err(self.truncated(len)),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        match self.rest.split_first_chunk() {
            Some((array, rest)) => {
                self.rest = rest;
                Ok(*array)
            }
            None => Err(self.truncated(N)),
        }
    }

    fn u8(&mut self) -> Result<u8, Fault> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    fn u16(&mut self) -> Result<u16, Fault> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    fn u32(&mut self) -> Result<u32, Fault> {
        Ok(u32::from_be_bytes(self.array()?))
    }
}
