//! Bitstrings: `<<1, 2:4, "text"/utf8>>`.

use num_bigint::BigInt;

use super::{ParseError, Parser};
use crate::Term;
use crate::text::scan::{Position, TokenKind};

/// How to write the values of a segment.
#[derive(Default)]
struct Format {
    kind: Option<Kind>,
    endian: Option<Endian>,
    signedness: Option<()>,
    unit: Option<usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Integer,
    Float,
    Utf8,
    Utf16,
    Utf32,
}

#[derive(Clone, Copy, PartialEq)]
enum Endian {
    Big,
    Little,
}

/// What a segment writes.
enum Value {
    Number(Term),
    Text(String),
}

impl Parser<'_> {
    /// Reads a bitstring behind its `<<`.
    ///
    /// Segments are numbers and strings, with sizes and types; segments that
    /// are bitstrings themselves are not read.
    pub(super) fn bitstring(&mut self) -> Result<Term, ParseError> {
        let mut bits = Bits::default();
        if self.take_symbol(">>")? {
            return Ok(bits.into_term());
        }
        loop {
            self.segment(&mut bits)?;
            let token = self.need()?;
            match token.kind {
                TokenKind::Symbol(",") => {}
                TokenKind::Symbol(">>") => return Ok(bits.into_term()),
                _ => return Err(super::syntax(&token)),
            }
        }
    }

    fn segment(&mut self, bits: &mut Bits) -> Result<(), ParseError> {
        let token = self.need()?;
        let position = token.position;
        let value = match token.kind {
            TokenKind::Integer(value) => Value::Number(value),
            TokenKind::Float(value) => Value::Number(Term::Float(value)),
            TokenKind::Char(c) => Value::Number(Term::from(u32::from(c))),
            TokenKind::String(text) => Value::Text(self.joined(text)?),
            TokenKind::Symbol("-") => Value::Number(self.signed(true)?),
            TokenKind::Symbol("+") => Value::Number(self.signed(false)?),
            TokenKind::Variable(_) => {
                let token = token.kind.to_string();
                return Err(ParseError::BadTerm { position, token });
            }
            _ => return Err(super::syntax(&token)),
        };
        let size = if self.take_symbol(":")? {
            Some(self.size()?)
        } else {
            None
        };
        let format = if self.take_symbol("/")? {
            self.format()?
        } else {
            Format::default()
        };
        bits.segment(&value, size, &format, &mut self.sized_bits)
            .map_err(|why| ParseError::BadSegment { position, why })
    }

    fn size(&mut self) -> Result<usize, ParseError> {
        let token = self.need()?;
        match &token.kind {
            TokenKind::Integer(size) => size
                .as_usize()
                .filter(|size| *size <= self.options.max_sized_bits)
                .ok_or(ParseError::BadSegment {
                    position: token.position,
                    why: "its size is too large",
                }),
            TokenKind::Char(c) => Ok(u32::from(*c) as usize),
            _ => Err(super::syntax(&token)),
        }
    }

    /// Reads the types behind the `/`, separated by `-`.
    fn format(&mut self) -> Result<Format, ParseError> {
        let mut format = Format::default();
        loop {
            let token = self.need()?;
            let TokenKind::Atom(name) = token.kind else {
                return Err(super::syntax(&token));
            };
            let clash = match name.as_str() {
                "integer" => format.kind.replace(Kind::Integer).is_some(),
                "float" => format.kind.replace(Kind::Float).is_some(),
                "utf8" => format.kind.replace(Kind::Utf8).is_some(),
                "utf16" => format.kind.replace(Kind::Utf16).is_some(),
                "utf32" => format.kind.replace(Kind::Utf32).is_some(),
                "big" => format.endian.replace(Endian::Big).is_some(),
                "little" => format.endian.replace(Endian::Little).is_some(),
                "native" => {
                    let native = if cfg!(target_endian = "big") {
                        Endian::Big
                    } else {
                        Endian::Little
                    };
                    format.endian.replace(native).is_some()
                }
                // The sign changes how a segment is matched, not how it is built.
                "signed" | "unsigned" => format.signedness.replace(()).is_some(),
                "unit" => {
                    self.expect(":")?;
                    let unit = self.unit(token.position)?;
                    format.unit.replace(unit).is_some()
                }
                _ => {
                    return Err(bad(
                        token.position,
                        "its type is unknown, or not a constant's",
                    ));
                }
            };
            if clash {
                return Err(bad(
                    token.position,
                    "two of its types contradict each other",
                ));
            }
            if !self.take_symbol("-")? {
                return Ok(format);
            }
        }
    }

    fn unit(&mut self, position: Position) -> Result<usize, ParseError> {
        let token = self.need()?;
        match token.kind {
            TokenKind::Integer(Term::Integer(unit @ 1..=256)) => Ok(unit as usize),
            _ => Err(bad(position, "its unit is not 1 to 256")),
        }
    }
}

fn bad(position: Position, why: &'static str) -> ParseError {
    ParseError::BadSegment { position, why }
}

/// Bits in the making.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    /// Used bits of the last byte, 0 when it is full.
    tail_bits: usize,
}

impl Bits {
    fn into_term(self) -> Term {
        // 1 to 7 bits are only counted where there is a byte for them.
        Term::bits(self.bytes, self.tail_bits as u8).unwrap_or(Term::Nil)
    }

    fn segment(
        &mut self,
        value: &Value,
        size: Option<usize>,
        format: &Format,
        sized_bits: &mut usize,
    ) -> Result<(), &'static str> {
        match value {
            Value::Number(number) => self.number(number, size, format, sized_bits),
            Value::Text(text) => text
                .chars()
                .try_for_each(|c| self.number(&Term::from(u32::from(c)), size, format, sized_bits)),
        }
    }

    fn number(
        &mut self,
        number: &Term,
        size: Option<usize>,
        format: &Format,
        sized_bits: &mut usize,
    ) -> Result<(), &'static str> {
        let kind = format.kind.unwrap_or(Kind::Integer);
        let endian = format.endian.unwrap_or(Endian::Big);
        if matches!(kind, Kind::Utf8 | Kind::Utf16 | Kind::Utf32) {
            if size.is_some() || format.unit.is_some() {
                return Err("utf segments have no size");
            }
            return self.character(number, kind, endian);
        }
        if size.is_none() && format.unit.is_some() {
            return Err("a unit needs a size");
        }
        let size = match (size, kind) {
            (None, Kind::Float) => 64,
            (None, _) => 8,
            (Some(size), _) => {
                let size = size.saturating_mul(format.unit.unwrap_or(1));
                *sized_bits = sized_bits
                    .checked_sub(size)
                    .ok_or("the bitstrings of the text get too long")?;
                size
            }
        };
        if kind == Kind::Float {
            return self.float(number, size, endian);
        }
        let bytes = match number {
            Term::Integer(value) => value.to_be_bytes().to_vec(),
            Term::BigInteger(value) => BigInt::to_signed_bytes_be(value),
            _ => return Err("it needs an integer, or the type float"),
        };
        self.integer(&bytes, size, endian);
        Ok(())
    }

    fn float(&mut self, number: &Term, size: usize, endian: Endian) -> Result<(), &'static str> {
        let value = match number {
            Term::Float(value) => *value,
            Term::Integer(value) => *value as f64,
            _ => return Err("its integer is too large for a float"),
        };
        let bytes = match size {
            64 => value.to_be_bytes().to_vec(),
            32 if (value as f32).is_finite() => (value as f32).to_be_bytes().to_vec(),
            32 => return Err("its float is too large for 32 bits"),
            _ => return Err("a float has 64 or 32 bits here"),
        };
        self.integer(&bytes, size, endian);
        Ok(())
    }

    fn character(&mut self, number: &Term, kind: Kind, endian: Endian) -> Result<(), &'static str> {
        let c = number
            .as_i64()
            .and_then(|code| u32::try_from(code).ok())
            .and_then(char::from_u32)
            .ok_or("it is not a code point")?;
        match kind {
            Kind::Utf16 => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    self.integer(&unit.to_be_bytes(), 16, endian);
                }
            }
            Kind::Utf32 => self.integer(&u32::from(c).to_be_bytes(), 32, endian),
            _ => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    self.push(byte, 8);
                }
            }
        }
        Ok(())
    }

    /// Adds the low `size` bits of a signed integer given in big-endian bytes.
    fn integer(&mut self, bytes: &[u8], size: usize, endian: Endian) {
        let sign = if bytes.first().is_some_and(|byte| byte & 0x80 != 0) {
            0xff
        } else {
            0
        };
        // The byte of weight 256^n.
        let byte = |n: usize| bytes.len().checked_sub(n + 1).map_or(sign, |at| bytes[at]);
        let (whole, rest) = (size / 8, size % 8);
        // Where there is a byte of the number at all; all others are the sign.
        let written = whole.min(bytes.len());
        match endian {
            Endian::Big => {
                if rest > 0 {
                    self.push(byte(whole) << (8 - rest), rest);
                }
                self.fill(sign, whole - written);
                (0..written).rev().for_each(|n| self.push(byte(n), 8));
            }
            Endian::Little => {
                (0..written).for_each(|n| self.push(byte(n), 8));
                self.fill(sign, whole - written);
                if rest > 0 {
                    self.push(byte(whole) << (8 - rest), rest);
                }
            }
        }
    }

    /// Adds a byte `count` times.
    fn fill(&mut self, byte: u8, count: usize) {
        if self.tail_bits == 0 {
            self.bytes.resize(self.bytes.len() + count, byte);
        } else {
            (0..count).for_each(|_| self.push(byte, 8));
        }
    }

    /// Adds the high `count` (1 to 8) bits of a byte.
    fn push(&mut self, byte: u8, count: usize) {
        let byte = byte & (0xff << (8 - count));
        match self.bytes.last_mut() {
            Some(last) if self.tail_bits > 0 => {
                *last |= byte >> self.tail_bits;
                if self.tail_bits + count > 8 {
                    self.bytes.push(byte << (8 - self.tail_bits));
                }
            }
            _ => self.bytes.push(byte),
        }
        self.tail_bits = (self.tail_bits + count) % 8;
    }
}
