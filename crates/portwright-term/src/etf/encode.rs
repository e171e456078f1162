//! From terms to bytes.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use num_bigint::{BigInt, Sign};
use smallvec::{SmallVec, smallvec};

use super::{EncodeError, VERSION, tag};
use crate::{Atom, Fun, MapIter, Pid, PortId, Reference, Term};

/// How to encode. The default gives the bytes of `term_to_binary/1` of OTP 25.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncodeOptions {
    /// 0: floats as text. 1, the default of OTP 24 and 25: floats as 8 bytes,
    /// atoms of Latin-1 characters in Latin-1. 2, the default since OTP 26:
    /// atoms in UTF-8. Higher numbers mean 2.
    pub minor_version: u8,
    /// zlib level 0 to 9, or `None` for no compression. A term that would not
    /// get shorter stays uncompressed. Default: none.
    ///
    /// The compressed bytes are valid but need not equal those of OTP, which
    /// uses another implementation of zlib.
    pub compressed: Option<u8>,
}

impl Default for EncodeOptions {
    fn default() -> EncodeOptions {
        EncodeOptions {
            minor_version: 1,
            compressed: None,
        }
    }
}

/// Encodes a term, as `term_to_binary/2`.
///
/// # Errors
///
/// [`EncodeError::NativeFun`] for closures of this process;
/// [`EncodeError::TooLong`] beyond 2^32 - 1 bytes or elements.
///
/// # Examples
///
/// ```
/// use portwright_term::{Term, etf};
///
/// let bytes = etf::encode(&Term::atom("ok"), &etf::EncodeOptions::default()).unwrap();
/// assert_eq!(&bytes[..], [131, 100, 0, 2, b'o', b'k']);
/// ```
pub fn encode(term: &Term, options: &EncodeOptions) -> Result<Bytes, EncodeError> {
    let mut out = Vec::new();
    encode_into(&mut out, term, options)?;
    Ok(out.into())
}

/// Encodes a term behind what `out` holds, to reuse its memory.
///
/// # Errors
///
/// As [`encode`]; `out` is then as long as before.
pub fn encode_into(
    out: &mut Vec<u8>,
    term: &Term,
    options: &EncodeOptions,
) -> Result<(), EncodeError> {
    let start = out.len();
    out.push(VERSION);
    if let Err(error) = (Encoder { out, options }).nested(term, SHALLOW) {
        out.truncate(start);
        return Err(*error);
    }
    if let Some(level) = options.compressed {
        compress(out, start + 1, level);
    }
    Ok(())
}

/// Replaces `out[from..]` with its compressed form if that is shorter.
fn compress(out: &mut Vec<u8>, from: usize, level: u8) {
    let plain = &out[from..];
    let Ok(len) = u32::try_from(plain.len()) else {
        return;
    };
    let mut head = vec![tag::COMPRESSED];
    head.extend_from_slice(&len.to_be_bytes());
    let mut zlib = ZlibEncoder::new(head, Compression::new(u32::from(level.min(9))));
    // Writing to a vector does not fail; if it did, the plain form stays.
    if zlib.write_all(plain).is_err() {
        return;
    }
    if let Ok(packed) = zlib.finish()
        && packed.len() < plain.len()
    {
        out.truncate(from);
        out.extend_from_slice(&packed);
    }
}

/// An error on its way out; boxed, because there hardly ever is one.
type Fault = Box<EncodeError>;

/// How deep tuples are written by recursion.
const SHALLOW: u8 = 4;

struct Encoder<'o> {
    out: &'o mut Vec<u8>,
    options: &'o EncodeOptions,
}

/// What is still to be written, the next thing last.
enum Step<'a> {
    Term(&'a Term),
    /// The rest of a list whose head has been counted.
    List(&'a Term),
    Elements(&'a [Term]),
    Entries(MapIter<'a>),
}

impl Encoder<'_> {
    /// Small tuples, up to so many within each other, are written without any bookkeeping;
    /// everything else by [`container`](Self::container), which does not recurse.
    fn nested(&mut self, term: &Term, levels: u8) -> Result<(), Fault> {
        match term {
            Term::Tuple(elements) if levels > 0 => match u8::try_from(elements.len()) {
                Ok(len) => {
                    self.out.extend_from_slice(&[tag::SMALL_TUPLE, len]);
                    elements
                        .iter()
                        .try_for_each(|element| self.nested(element, levels - 1))
                }
                Err(_) => self.container(term),
            },
            Term::Tuple(_) | Term::List(_) | Term::Map(_) => self.container(term),
            Term::Binary(bytes) => self.binary(bytes),
            Term::Atom(atom) => {
                self.atom(*atom);
                Ok(())
            }
            leaf => self.leaf(leaf),
        }
    }

    fn container(&mut self, term: &Term) -> Result<(), Fault> {
        // Most terms are small: what is still to be written finds room on the stack.
        let mut steps: SmallVec<[Step<'_>; 8]> = smallvec![Step::Term(term)];
        while let Some(step) = steps.pop() {
            match step {
                Step::Term(term @ Term::List(list)) => {
                    if let Some(len) = string_len(term) {
                        self.head_16(tag::STRING, len);
                        let bytes = list.iter().filter_map(Term::as_i64).map(|byte| byte as u8);
                        self.out.extend(bytes);
                    } else {
                        self.head_32(tag::LIST, "a list", list.iter().count())?;
                        steps.push(Step::List(term));
                    }
                }
                Step::List(Term::List(list)) => {
                    steps.push(Step::List(list.tail()));
                    steps.push(Step::Term(list.head()));
                }
                Step::List(tail) => steps.push(Step::Term(tail)),
                Step::Term(Term::Tuple(elements)) => {
                    if let Ok(len) = u8::try_from(elements.len()) {
                        self.out.extend_from_slice(&[tag::SMALL_TUPLE, len]);
                    } else {
                        self.head_32(tag::LARGE_TUPLE, "a tuple", elements.len())?;
                    }
                    steps.push(Step::Elements(elements));
                }
                Step::Elements(elements) => {
                    if let Some((first, rest)) = elements.split_first() {
                        steps.push(Step::Elements(rest));
                        steps.push(Step::Term(first));
                    }
                }
                Step::Term(Term::Map(map)) => {
                    self.head_32(tag::MAP, "a map", map.len())?;
                    steps.push(Step::Entries(map.iter()));
                }
                Step::Entries(mut entries) => {
                    if let Some((key, value)) = entries.next() {
                        steps.push(Step::Entries(entries));
                        steps.push(Step::Term(value));
                        steps.push(Step::Term(key));
                    }
                }
                Step::Term(leaf) => self.leaf(leaf)?,
            }
        }
        Ok(())
    }

    fn leaf(&mut self, term: &Term) -> Result<(), Fault> {
        match term {
            Term::Integer(value) => self.integer(*value),
            Term::BigInteger(value) => self.big(value)?,
            Term::Float(value) => self.float(*value)?,
            Term::Atom(atom) => self.atom(*atom),
            Term::Nil => self.out.push(tag::NIL),
            Term::Binary(bytes) => self.binary(bytes)?,
            Term::Bitstring(bits) => {
                self.head_32(tag::BIT_BINARY, "a bitstring", bits.bytes().len())?;
                self.out.push(bits.tail_bits());
                self.out.extend_from_slice(bits.bytes());
            }
            Term::Pid(pid) => self.pid(pid),
            Term::Port(port) => self.port(port),
            Term::Reference(reference) => self.reference(reference),
            Term::Fun(Fun::External {
                module,
                function,
                arity,
            }) => {
                self.out.push(tag::EXPORT);
                self.atom(*module);
                self.atom(*function);
                self.integer(i64::from(*arity));
            }
            Term::Fun(Fun::Opaque(fun)) => self.out.extend_from_slice(fun.encoded()),
            Term::Fun(Fun::Native(_)) => {
                return Err(Box::new(EncodeError::NativeFun {
                    fun: format!("{term:?}"),
                }));
            }
            // These hold other terms; `container` takes them apart.
            Term::List(_) | Term::Tuple(_) | Term::Map(_) => {}
        }
        Ok(())
    }

    fn u32(&mut self, value: u32) {
        self.out.extend_from_slice(&value.to_be_bytes());
    }

    /// Writes a tag and a 16-bit length.
    fn head_16(&mut self, tag: u8, len: u16) {
        let [high, low] = len.to_be_bytes();
        self.out.extend_from_slice(&[tag, high, low]);
    }

    /// Writes a tag and a 32-bit length.
    fn head_32(&mut self, tag: u8, what: &'static str, len: usize) -> Result<(), Fault> {
        let Ok(short) = u32::try_from(len) else {
            return Err(Box::new(EncodeError::TooLong { what, len }));
        };
        let [a, b, c, d] = short.to_be_bytes();
        self.out.extend_from_slice(&[tag, a, b, c, d]);
        Ok(())
    }

    fn binary(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.head_32(tag::BINARY, "a binary", bytes.len())?;
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn integer(&mut self, value: i64) {
        if let Ok(byte) = u8::try_from(value) {
            self.out.extend_from_slice(&[tag::SMALL_INTEGER, byte]);
        } else if let Ok(value) = i32::try_from(value) {
            self.out.push(tag::INTEGER);
            self.out.extend_from_slice(&value.to_be_bytes());
        } else {
            let magnitude = value.unsigned_abs().to_le_bytes();
            let len = magnitude
                .iter()
                .rposition(|byte| *byte != 0)
                .map_or(0, |last| last + 1);
            self.out
                .extend_from_slice(&[tag::SMALL_BIG, len as u8, u8::from(value < 0)]);
            self.out.extend_from_slice(&magnitude[..len]);
        }
    }

    fn big(&mut self, value: &BigInt) -> Result<(), Fault> {
        let (sign, magnitude) = value.to_bytes_le();
        if let Ok(len) = u8::try_from(magnitude.len()) {
            self.out.extend_from_slice(&[tag::SMALL_BIG, len]);
        } else {
            self.head_32(tag::LARGE_BIG, "an integer", magnitude.len())?;
        }
        self.out.push(u8::from(sign == Sign::Minus));
        self.out.extend_from_slice(&magnitude);
        Ok(())
    }

    fn float(&mut self, value: f64) -> Result<(), Fault> {
        if !value.is_finite() {
            return Err(Box::new(EncodeError::NotFinite));
        }
        if self.options.minor_version == 0 {
            self.out.push(tag::FLOAT);
            self.out.extend_from_slice(&float_text(value));
        } else {
            self.out.push(tag::NEW_FLOAT);
            self.out.extend_from_slice(&value.to_be_bytes());
        }
        Ok(())
    }

    fn atom(&mut self, atom: Atom) {
        let text = atom.as_str();
        if self.options.minor_version < 2 && text.is_ascii() {
            // At most 255 characters.
            self.head_16(tag::ATOM, text.len() as u16);
            self.out.extend_from_slice(text.as_bytes());
        } else if self.options.minor_version < 2 && text.chars().all(|c| u32::from(c) < 256) {
            self.head_16(tag::ATOM, text.chars().count() as u16);
            self.out.extend(text.chars().map(|c| c as u8));
        } else if let Ok(len) = u8::try_from(text.len()) {
            self.out.extend_from_slice(&[tag::SMALL_ATOM_UTF8, len]);
            self.out.extend_from_slice(text.as_bytes());
        } else {
            // At most 255 characters of 4 bytes.
            self.head_16(tag::ATOM_UTF8, text.len() as u16);
            self.out.extend_from_slice(text.as_bytes());
        }
    }

    fn pid(&mut self, pid: &Pid) {
        self.out.push(tag::NEW_PID);
        self.atom(pid.node());
        self.u32(pid.id());
        self.u32(pid.serial());
        self.u32(pid.creation());
    }

    fn port(&mut self, port: &PortId) {
        // The older form holds 28 bits.
        match u32::try_from(port.id()) {
            Ok(id) if id < 1 << 28 => {
                self.out.push(tag::NEW_PORT);
                self.atom(port.node());
                self.u32(id);
            }
            _ => {
                self.out.push(tag::V4_PORT);
                self.atom(port.node());
                self.out.extend_from_slice(&port.id().to_be_bytes());
            }
        }
        self.u32(port.creation());
    }

    fn reference(&mut self, reference: &Reference) {
        self.out.push(tag::NEWER_REFERENCE);
        self.out
            .extend_from_slice(&(reference.ids().len() as u16).to_be_bytes());
        self.atom(reference.node());
        self.u32(reference.creation());
        for id in reference.ids() {
            self.u32(*id);
        }
    }
}

/// The length of a list that goes out as a string: proper, bytes only, and
/// short enough for a 16-bit length.
fn string_len(list: &Term) -> Option<u16> {
    let mut elements = list.list_iter();
    let mut len = 0u16;
    for element in elements.by_ref() {
        if !matches!(element, Term::Integer(0..=255)) {
            return None;
        }
        len = len.checked_add(1)?;
    }
    matches!(elements.tail(), Some(Term::Nil)).then_some(len)
}

/// A float as 31 bytes of text, as `%.20e` of C writes it, padded with zeros.
fn float_text(value: f64) -> [u8; 31] {
    let text = format!("{value:.20e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    let text = format!("{digits}e{sign}{:02}", exponent.abs());
    let mut field = [0; 31];
    let len = text.len().min(field.len());
    field[..len].copy_from_slice(&text.as_bytes()[..len]);
    field
}
