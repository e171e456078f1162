//! Building and reading bit strings, segment by segment.

use num_traits::ToPrimitive;
use portwright_term::{BigInt, Binary, Bitstring, Term};

use super::arithmetic;
use crate::code::{SegmentCode, SegmentKind, SegmentSize};

/// Bits that one binary may have: what a process may build before it is
/// stopped with `system_limit`.
const MAX_BITS: u64 = 1 << 36;

/// Why a segment cannot be built; the text is OTP's.
#[derive(Debug)]
pub(crate) enum BuildError {
    /// `badarg`, with the explanation of the shell and the line of `eval_bits`
    /// that finds it in OTP.
    Bad(String, u32),
    /// A size that is no number.
    Size(Term),
    /// Not a bit string where one has to be.
    NotBits(Term),
    SystemLimit,
}

/// A binary of bytes that were just made. Drivers can have it as it is, not as a copy, and a driver that writes into it
/// shows here, as in OTP.
pub(crate) fn new_binary(bytes: impl Into<Binary>) -> Binary {
    /// Shorter ones reach drivers as part of a common buffer.
    const SHORT: usize = 64;
    let binary = bytes.into();
    if binary.len() <= SHORT {
        return binary;
    }
    portwright_ddll::share_with_drivers(binary.to_bytes()).into()
}

/// The bytes and the number of bits of a bit string.
pub(crate) fn parts(term: &Term) -> Option<(&Binary, usize)> {
    match term {
        Term::Binary(binary) => Some((binary, binary.len() * 8)),
        Term::Bitstring(bits) => Some((bits.bytes(), bits.bit_len())),
        _ => None,
    }
}

/// Collects bits.
#[derive(Default)]
pub(crate) struct BitBuilder {
    bytes: Vec<u8>,
    /// Used bits of the last byte; 0 means all.
    tail: u8,
}

impl BitBuilder {
    pub(crate) fn new() -> BitBuilder {
        BitBuilder::default()
    }

    fn bit_len(&self) -> u64 {
        let whole = self.bytes.len() as u64 * 8;
        if self.tail == 0 {
            whole
        } else {
            whole - 8 + u64::from(self.tail)
        }
    }

    pub(crate) fn finish(self) -> Term {
        let bytes = new_binary(self.bytes);
        match Bitstring::new(bytes.clone(), self.tail) {
            Some(bits) => Term::Bitstring(bits),
            None => Term::Binary(bytes),
        }
    }

    /// Appends the first `len` bits of `bytes`.
    pub(crate) fn append(&mut self, bytes: &[u8], len: usize) {
        let (whole, rest) = (len / 8, (len % 8) as u8);
        if self.tail == 0 {
            self.bytes.extend_from_slice(&bytes[..whole]);
        } else {
            for byte in &bytes[..whole] {
                self.push_bits(*byte, 8);
            }
        }
        if rest > 0 {
            self.push_bits(bytes[whole] >> (8 - rest), rest);
        }
    }

    /// Appends the low `count` (1 to 8) bits of `value`.
    fn push_bits(&mut self, value: u8, count: u8) {
        let value = if count == 8 {
            value
        } else {
            value & ((1 << count) - 1)
        };
        if self.tail == 0 {
            self.bytes.push(value << (8 - count));
            self.tail = count % 8;
            return;
        }
        let free = 8 - self.tail;
        if let Some(last) = self.bytes.last_mut() {
            if count <= free {
                *last |= value << (free - count);
                self.tail = (self.tail + count) % 8;
            } else {
                *last |= value >> (count - free);
                let rest = count - free;
                self.bytes.push(value << (8 - rest));
                self.tail = rest % 8;
            }
        }
    }

    /// Appends a value as a segment; `size` is the dynamic size.
    pub(crate) fn push(
        &mut self,
        code: SegmentCode,
        value: &Term,
        size: Option<&Term>,
    ) -> Result<(), BuildError> {
        let units = match code.size {
            SegmentSize::Fixed(units) => Some(units),
            SegmentSize::All => None,
            SegmentSize::Dynamic => Some(dynamic_size(size)?),
        };
        let bits = match units {
            None => None,
            Some(units) => {
                let bits = units.checked_mul(u64::from(code.unit));
                let total = bits.and_then(|bits| bits.checked_add(self.bit_len()));
                if total.is_none_or(|total| total > MAX_BITS) {
                    return Err(BuildError::SystemLimit);
                }
                bits
            }
        };
        match code.kind {
            SegmentKind::Integer => self.push_integer(code, value, bits.unwrap_or(8)),
            SegmentKind::Float => self.push_float(code, value, bits.unwrap_or(64)),
            SegmentKind::Bits => self.push_binary(code, value, bits),
            SegmentKind::Utf8 | SegmentKind::Utf16 | SegmentKind::Utf32 => {
                self.push_utf(code, value)
            }
        }
    }

    fn push_integer(
        &mut self,
        code: SegmentCode,
        value: &Term,
        bits: u64,
    ) -> Result<(), BuildError> {
        let bits = usize::try_from(bits).map_err(|_| BuildError::SystemLimit)?;
        let count = bits.div_ceil(8);
        // Big endian two's complement, right aligned.
        let mut bytes = vec![0u8; count];
        match value {
            Term::Integer(value) => {
                let fill = if *value < 0 { 0xff } else { 0 };
                let source = value.to_be_bytes();
                for (index, byte) in bytes.iter_mut().rev().enumerate() {
                    *byte = source
                        .len()
                        .checked_sub(index + 1)
                        .map_or(fill, |at| source[at]);
                }
            }
            Term::BigInteger(value) => {
                let source = value.to_signed_bytes_be();
                let fill = if value.sign() == num_bigint::Sign::Minus {
                    0xff
                } else {
                    0
                };
                for (index, byte) in bytes.iter_mut().rev().enumerate() {
                    *byte = source
                        .len()
                        .checked_sub(index + 1)
                        .map_or(fill, |at| source[at]);
                }
            }
            _ => return Err(bad("integer", "an integer", value)),
        }
        self.push_number(&mut bytes, bits, code.little);
        Ok(())
    }

    /// Appends the low `bits` bits of a big-endian number.
    fn push_number(&mut self, bytes: &mut [u8], bits: usize, little: bool) {
        let partial = (bits % 8) as u8;
        if little {
            bytes.reverse();
            if partial == 0 {
                self.append(bytes, bits);
            } else if let Some((last, whole)) = bytes.split_last() {
                // The last, partial byte holds the most significant bits.
                self.append(whole, whole.len() * 8);
                self.push_bits(*last, partial);
            }
        } else if partial == 0 {
            self.append(bytes, bits);
        } else if let Some((first, rest)) = bytes.split_first() {
            self.push_bits(*first, partial);
            self.append(rest, rest.len() * 8);
        }
    }

    fn push_float(&mut self, code: SegmentCode, value: &Term, bits: u64) -> Result<(), BuildError> {
        if !value.is_number() {
            return Err(bad("float", "a float or an integer", value));
        }
        let Ok(number) = arithmetic::as_float(value) else {
            return Err(bad("float", "a float or an integer", value));
        };
        #[allow(clippy::cast_possible_truncation)]
        let mut bytes = match bits {
            16 => half::encode(number).map(|bits| bits.to_be_bytes().to_vec()),
            32 => Some(number as f32)
                .filter(|small| small.is_finite())
                .map(|small| small.to_be_bytes().to_vec()),
            64 => Some(number.to_be_bytes().to_vec()),
            _ => {
                return Err(BuildError::Bad(format!(
                    "segment * of type 'float': expected one of the supported sizes 16, 32, or 64 but got: {bits}"
                ), 163));
            }
        }
        .ok_or_else(|| {
            BuildError::Bad(format!(
                "segment * of type 'float': the value {value:?} is outside the range expressible as a {bits}-bit float"
            ), 163)
        })?;
        self.push_number(&mut bytes, usize::try_from(bits).unwrap_or(0), code.little);
        Ok(())
    }

    fn push_binary(
        &mut self,
        code: SegmentCode,
        value: &Term,
        bits: Option<u64>,
    ) -> Result<(), BuildError> {
        let Some((bytes, len)) = parts(value) else {
            return Err(BuildError::NotBits(value.clone()));
        };
        let wanted = match bits {
            None => {
                if !(len as u64).is_multiple_of(u64::from(code.unit)) {
                    return Err(BuildError::Bad(
                        format!(
                            "segment * of type 'binary': the size of the value {value} is not a multiple of {} for the segment",
                            code.unit
                        ),
                        154,
                    ));
                }
                len
            }
            Some(wanted) if wanted <= len as u64 => {
                usize::try_from(wanted).map_err(|_| BuildError::SystemLimit)?
            }
            Some(_) => {
                return Err(BuildError::Bad(
                    format!(
                        "segment * of type 'binary': the value {value} is shorter than the size of the segment"
                    ),
                    150,
                ));
            }
        };
        if self.bit_len() + wanted as u64 > MAX_BITS {
            return Err(BuildError::SystemLimit);
        }
        let bytes = bytes.clone();
        self.append(&bytes, wanted);
        Ok(())
    }

    fn push_utf(&mut self, code: SegmentCode, value: &Term) -> Result<(), BuildError> {
        let name = match code.kind {
            SegmentKind::Utf16 => "utf16",
            SegmentKind::Utf32 => "utf32",
            _ => "utf8",
        };
        let point = value
            .as_i64()
            .and_then(|value| u32::try_from(value).ok())
            .and_then(char::from_u32)
            .ok_or_else(|| {
                BuildError::Bad(format!(
                    "segment * of type '{name}': expected a non-negative integer encodable as {name} but got: {value:?}"
                ), 145)
            })?;
        match code.kind {
            SegmentKind::Utf16 => {
                for unit in point.encode_utf16(&mut [0; 2]) {
                    let bytes = if code.little {
                        unit.to_le_bytes()
                    } else {
                        unit.to_be_bytes()
                    };
                    self.append(&bytes, 16);
                }
            }
            SegmentKind::Utf32 => {
                let value = u32::from(point);
                let bytes = if code.little {
                    value.to_le_bytes()
                } else {
                    value.to_be_bytes()
                };
                self.append(&bytes, 32);
            }
            _ => {
                let mut buffer = [0; 4];
                let text = point.encode_utf8(&mut buffer);
                self.append(text.as_bytes(), text.len() * 8);
            }
        }
        Ok(())
    }
}

fn bad(kind: &str, expected: &str, value: &Term) -> BuildError {
    let text = format!("segment * of type '{kind}': expected {expected} but got: {value}");
    BuildError::Bad(text, 143)
}

fn dynamic_size(size: Option<&Term>) -> Result<u64, BuildError> {
    match size {
        Some(Term::Integer(size)) => u64::try_from(*size).map_err(|_| {
            let text = format!(
                "segment * of type 'integer': expected a non-negative integer as size but got: {size}"
            );
            BuildError::Bad(text, 143)
        }),
        Some(Term::BigInteger(_)) => Err(BuildError::SystemLimit),
        Some(size) => Err(BuildError::Size(size.clone())),
        None => Err(BuildError::SystemLimit),
    }
}

/// Reads one segment at a bit offset: the value and the offset after it.
/// `None` when it does not match.
pub(crate) fn read(
    bits: &Term,
    offset: usize,
    code: SegmentCode,
    size: Option<&Term>,
) -> Option<(Term, usize)> {
    let (bytes, len) = parts(bits)?;
    let left = len.checked_sub(offset)?;
    let wanted = match code.size {
        SegmentSize::All => None,
        SegmentSize::Fixed(units) => Some(units.checked_mul(u64::from(code.unit))?),
        SegmentSize::Dynamic => {
            // `all` is what the abstract format writes for "the rest".
            match size? {
                Term::Integer(units) => Some(
                    u64::try_from(*units)
                        .ok()?
                        .checked_mul(u64::from(code.unit))?,
                ),
                _ => return None,
            }
        }
    };
    let wanted = match wanted {
        Some(wanted) => Some(
            usize::try_from(wanted)
                .ok()
                .filter(|wanted| *wanted <= left)?,
        ),
        None => None,
    };
    match code.kind {
        SegmentKind::Integer => {
            let wanted = wanted.unwrap_or(8);
            Some((integer(bytes, offset, wanted, code), offset + wanted))
        }
        SegmentKind::Float => {
            let wanted = wanted.unwrap_or(64);
            let mut raw = extract(bytes, offset, wanted);
            if code.little {
                raw.reverse();
            }
            let value = match wanted {
                16 => half::decode(u16::from_be_bytes(raw.try_into().ok()?)),
                32 => f64::from(f32::from_be_bytes(raw.try_into().ok()?)),
                64 => f64::from_be_bytes(raw.try_into().ok()?),
                _ => return None,
            };
            Some((Term::float(value)?, offset + wanted))
        }
        SegmentKind::Bits => {
            let wanted = wanted.unwrap_or(left);
            if code.size == SegmentSize::All && !wanted.is_multiple_of(code.unit as usize) {
                return None;
            }
            Some((slice(bytes, offset, wanted), offset + wanted))
        }
        SegmentKind::Utf8 | SegmentKind::Utf16 | SegmentKind::Utf32 => {
            utf(bytes, offset, left, code)
        }
    }
}

/// `len` bits from `offset` as bytes; unused low bits of the last are zero.
fn extract(bytes: &[u8], offset: usize, len: usize) -> Vec<u8> {
    let (start, shift) = (offset / 8, offset % 8);
    let count = len.div_ceil(8);
    let mut out = Vec::with_capacity(count);
    if shift == 0 {
        out.extend_from_slice(&bytes[start..start + count]);
    } else {
        for index in start..start + count {
            let high = bytes[index] << shift;
            let low = bytes.get(index + 1).map_or(0, |next| next >> (8 - shift));
            out.push(high | low);
        }
    }
    if !len.is_multiple_of(8)
        && let Some(last) = out.last_mut()
    {
        *last &= 0xff << (8 - len % 8);
    }
    out
}

/// A part of a bit string, shared where it starts at a byte.
pub(crate) fn slice(bytes: &Binary, offset: usize, len: usize) -> Term {
    let tail = (len % 8) as u8;
    let part = if offset.is_multiple_of(8) {
        let start = offset / 8;
        bytes.slice(start..start + len.div_ceil(8))
    } else {
        Binary::from(extract(bytes, offset, len))
    };
    match Bitstring::new(part.clone(), tail) {
        Some(bits) => Term::Bitstring(bits),
        None => Term::Binary(part),
    }
}

fn integer(bytes: &[u8], offset: usize, len: usize, code: SegmentCode) -> Term {
    if len == 8 && offset.is_multiple_of(8) && !code.signed {
        return Term::Integer(i64::from(bytes[offset / 8]));
    }
    if len == 0 {
        return Term::Integer(0);
    }
    let mut raw = extract(bytes, offset, len);
    let partial = len % 8;
    // Big endian, right aligned.
    if code.little {
        if partial != 0
            && let Some(last) = raw.last_mut()
        {
            *last >>= 8 - partial;
        }
        raw.reverse();
    } else if partial != 0 {
        let shift = 8 - partial;
        let mut carry = 0u8;
        for byte in &mut raw {
            let next = *byte << partial;
            *byte = (*byte >> shift) | carry;
            carry = next;
        }
    }
    let negative = code.signed
        && raw.first().is_some_and(|first| {
            let top = if partial == 0 { 7 } else { partial - 1 };
            first >> top & 1 == 1
        });
    if negative
        && partial != 0
        && let Some(first) = raw.first_mut()
    {
        *first |= 0xff << partial;
    }
    if raw.len() <= 8 {
        let mut full = [if negative { 0xff } else { 0 }; 8];
        full[8 - raw.len()..].copy_from_slice(&raw);
        if code.signed || full[0] < 0x80 {
            return Term::Integer(i64::from_be_bytes(full));
        }
        return Term::from(u64::from_be_bytes(full));
    }
    if code.signed {
        Term::from(BigInt::from_signed_bytes_be(&raw))
    } else {
        Term::from(BigInt::from_bytes_be(num_bigint::Sign::Plus, &raw))
    }
}

fn utf(bytes: &[u8], offset: usize, left: usize, code: SegmentCode) -> Option<(Term, usize)> {
    let take = |len: usize, at: usize| (at + len <= left).then(|| extract(bytes, offset + at, len));
    let (point, used) = match code.kind {
        SegmentKind::Utf8 => {
            let first = *take(8, 0)?.first()?;
            let count = match first {
                0..=0x7f => 1,
                0xc2..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf4 => 4,
                _ => return None,
            };
            let raw = take(count * 8, 0)?;
            (std::str::from_utf8(&raw).ok()?.chars().next()?, count * 8)
        }
        SegmentKind::Utf16 => {
            let unit = |at: usize| {
                let raw: [u8; 2] = take(16, at)?.try_into().ok()?;
                Some(if code.little {
                    u16::from_le_bytes(raw)
                } else {
                    u16::from_be_bytes(raw)
                })
            };
            let first = unit(0)?;
            if (0xd800..0xdc00).contains(&first) {
                let units = [first, unit(16)?];
                (char::decode_utf16(units).next()?.ok()?, 32)
            } else {
                (char::from_u32(u32::from(first))?, 16)
            }
        }
        _ => {
            let raw: [u8; 4] = take(32, 0)?.try_into().ok()?;
            let value = if code.little {
                u32::from_le_bytes(raw)
            } else {
                u32::from_be_bytes(raw)
            };
            (char::from_u32(value)?, 32)
        }
    };
    Some((Term::Integer(i64::from(u32::from(point))), offset + used))
}

/// Floats of 16 bits (IEEE 754 binary16).
mod half {
    /// Rounds to the nearest, ties to even; `None` when it is too big.
    pub(super) fn encode(value: f64) -> Option<u16> {
        let sign = if value.is_sign_negative() {
            0x8000u16
        } else {
            0
        };
        let magnitude = value.abs();
        if magnitude >= 65520.0 {
            return None;
        }
        // Units of 2^-24 (subnormal) or of the value's own last place.
        let exponent = if magnitude < 2f64.powi(-14) {
            -14
        } else {
            // The exponent of a finite double fits.
            ((magnitude.to_bits() >> 52) as i32) - 1023
        };
        let scaled = magnitude / 2f64.powi(exponent - 10);
        let mut rounded = scaled.floor();
        let rest = scaled - rounded;
        if rest > 0.5 || (rest == 0.5 && rounded % 2.0 == 1.0) {
            rounded += 1.0;
        }
        // At most 2048, so exact.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let mantissa = rounded as u16;
        let biased = if magnitude < 2f64.powi(-14) {
            0
        } else {
            exponent + 14
        };
        let biased = u16::try_from(biased).ok()?;
        // A mantissa that has rounded up carries into the exponent by itself.
        Some(sign | ((biased << 10) + mantissa))
    }

    pub(super) fn decode(bits: u16) -> f64 {
        let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
        let exponent = i32::from(bits >> 10 & 0x1f);
        let mantissa = f64::from(bits & 0x3ff);
        match exponent {
            0 => sign * mantissa * 2f64.powi(-24),
            31 => f64::INFINITY,
            _ => sign * (1024.0 + mantissa) * 2f64.powi(exponent - 25),
        }
    }
}

/// A size as `bit_size/1` counts it.
pub(crate) fn bit_size(term: &Term) -> Option<usize> {
    parts(term).map(|(_, len)| len)
}

/// Converts a count that came out of a term.
pub(crate) fn count(term: &Term) -> Option<usize> {
    match term {
        Term::Integer(value) => usize::try_from(*value).ok(),
        Term::BigInteger(value) => value.to_usize(),
        _ => None,
    }
}
