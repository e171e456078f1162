//! The bit syntax.

use portwright_term::Term;

use super::{Compiler, Fault, number};
use crate::code::*;
use crate::machine::bits;
use crate::parse::ast::*;

/// The characters of a segment that is a string literal.
fn string(segment: &Segment) -> Option<Vec<Term>> {
    match &segment.value.kind {
        ExprKind::Literal(term @ (Term::List(_) | Term::Nil)) => term.to_vec(),
        _ => None,
    }
}

impl Compiler {
    /// What the types and the size of a segment say; `None` after a fault.
    fn segment_code(&mut self, segment: &Segment) -> Option<SegmentCode> {
        let mut kind: Option<(&'static str, SegmentKind, u32)> = None;
        let mut sign: Option<&'static str> = None;
        let mut endian: Option<&'static str> = None;
        let mut unit: Option<u32> = None;
        for (name, number) in &segment.types {
            let (text, number) = (name.as_str(), *number);
            let conflict =
                |old: &'static str, new: &'static str| Fault::BitTypeConflict { old, new };
            if text == "unit" || number.is_some() {
                match number.filter(|unit| text == "unit" && (1..=256).contains(unit)) {
                    Some(new) if unit.is_none_or(|old| old == new) => unit = Some(new),
                    _ => {
                        self.fault(segment.place, Fault::UndefinedBitType(*name, number));
                        return None;
                    }
                }
                continue;
            }
            let new_kind = match text {
                "integer" => Some(("integer", SegmentKind::Integer, 1)),
                "float" => Some(("float", SegmentKind::Float, 1)),
                "binary" | "bytes" => Some(("binary", SegmentKind::Bits, 8)),
                "bitstring" | "bits" => Some(("bitstring", SegmentKind::Bits, 1)),
                "utf8" => Some(("utf8", SegmentKind::Utf8, 0)),
                "utf16" => Some(("utf16", SegmentKind::Utf16, 0)),
                "utf32" => Some(("utf32", SegmentKind::Utf32, 0)),
                _ => None,
            };
            let other = match text {
                "signed" | "unsigned" => Some(&mut sign),
                "big" | "little" | "native" => Some(&mut endian),
                _ => None,
            };
            let clash = match (new_kind, other) {
                (Some(new), _) => {
                    let old = kind.replace(new);
                    old.filter(|old| old.0 != new.0)
                        .map(|old| conflict(old.0, new.0))
                }
                (None, Some(place)) => {
                    let new = name.as_str();
                    let old = place.replace(new);
                    old.filter(|old| *old != new).map(|old| conflict(old, new))
                }
                (None, None) => Some(Fault::UndefinedBitType(*name, None)),
            };
            if let Some(fault) = clash {
                self.fault(segment.place, fault);
                return None;
            }
        }
        let (_, kind, default_unit) = kind.unwrap_or(("integer", SegmentKind::Integer, 1));
        let utf = matches!(
            kind,
            SegmentKind::Utf8 | SegmentKind::Utf16 | SegmentKind::Utf32
        );
        if utf && (segment.size.is_some() || unit.is_some()) {
            self.fault(segment.place, Fault::SizeOfUtf);
            return None;
        }
        if segment.size.is_none()
            && unit.is_some()
            && matches!(kind, SegmentKind::Integer | SegmentKind::Float)
        {
            self.fault(segment.place, Fault::UnitWithoutSize);
            return None;
        }
        let size = match &segment.size {
            None => match kind {
                SegmentKind::Integer => SegmentSize::Fixed(8),
                SegmentKind::Float => SegmentSize::Fixed(64),
                _ => SegmentSize::All,
            },
            Some(expr) => match &expr.kind {
                ExprKind::Literal(term) if term.as_u64().is_some() => {
                    SegmentSize::Fixed(term.as_u64().unwrap_or(0))
                }
                ExprKind::Literal(Term::Atom(atom)) if atom.as_str() == "all" => SegmentSize::All,
                _ => SegmentSize::Dynamic,
            },
        };
        Some(SegmentCode {
            kind,
            signed: sign == Some("signed"),
            little: endian == Some("little")
                || (endian == Some("native") && cfg!(target_endian = "little")),
            unit: unit.unwrap_or(default_unit).max(1),
            size,
        })
    }

    /// `<<...>>` as an expression.
    pub(super) fn build_bits(&mut self, segments: &[Segment]) {
        let mut codes = Vec::new();
        for segment in segments {
            let Some(code) = self.segment_code(segment) else {
                return self.push(Term::Nil);
            };
            codes.push(code);
        }
        if let Some(term) = constant_bits(segments, &codes) {
            return self.push(term);
        }
        let height = self.f.height;
        let mut emitted = Vec::new();
        for (segment, code) in segments.iter().zip(&codes) {
            if let Some(characters) = string(segment) {
                for character in characters {
                    self.push(character);
                    self.segment_size(segment, *code);
                    emitted.push(*code);
                }
            } else {
                self.part(crate::evaluation::Part::BitsValue, &segment.value);
                self.segment_size(segment, *code);
                emitted.push(*code);
            }
        }
        let count = number(emitted.len());
        // Nested binaries have put theirs into the table by now.
        let start = number(self.f.segments.len());
        self.f.segments.extend(emitted);
        self.f.builds.push((start, count));
        let build = number(self.f.builds.len() - 1);
        self.emit(Op::BuildBits { segments: build });
        self.f.height = height + 1;
    }

    fn segment_size(&mut self, segment: &Segment, code: SegmentCode) {
        if let (SegmentSize::Dynamic, Some(size)) = (code.size, &segment.size) {
            self.part(crate::evaluation::Part::BitsSize, size);
        }
    }

    /// `<<...>>` as a pattern for the value on the stack.
    pub(super) fn bits_pattern(&mut self, segments: &[Segment], fail: u32) {
        let slot = self.f.new_slot();
        let _offset = self.f.new_slot();
        self.emit(Op::BitsStart { slot, fail });
        for (index, segment) in segments.iter().enumerate() {
            let Some(code) = self.segment_code(segment) else {
                continue;
            };
            if code.size == SegmentSize::All
                && code.kind == SegmentKind::Bits
                && index + 1 != segments.len()
            {
                self.fault(segment.place, Fault::UnsizedBinary);
                continue;
            }
            self.segment_pattern(segment, code, slot, fail, |compiler, value| match value {
                Ok(expr) => compiler.segment_value(expr, code, fail),
                Err(character) => {
                    let constant = compiler.constant(character);
                    compiler.emit(Op::MatchConst { constant, fail });
                }
            });
        }
        self.emit(Op::BitsEnd { slot, fail });
    }

    /// Reads one segment (each character of a string) and matches what it read.
    fn segment_pattern(
        &mut self,
        segment: &Segment,
        code: SegmentCode,
        slot: u32,
        fail: u32,
        mut value: impl FnMut(&mut Compiler, Result<&Expr, Term>),
    ) {
        self.f.segments.push(code);
        let code_number = number(self.f.segments.len() - 1);
        let mut field = |compiler: &mut Compiler, what: Result<&Expr, Term>| {
            if let (SegmentSize::Dynamic, Some(size)) = (code.size, &segment.size) {
                let height = compiler.f.height;
                let simple = matches!(size.kind, ExprKind::Literal(_) | ExprKind::Variable(_));
                if simple {
                    compiler.expr(size, false);
                } else if let Some(place) = compiler.illegal_in_guard(size) {
                    compiler.fault(place, Fault::IllegalBitSize);
                    return;
                } else {
                    compiler.emit(Op::Guard(fail));
                    compiler.expr(size, false);
                    compiler.emit(Op::GuardEnd);
                }
                compiler.emit(Op::BitsField {
                    slot,
                    segment: code_number,
                    fail,
                });
                compiler.f.height = height + 1;
            } else {
                compiler.emit(Op::BitsField {
                    slot,
                    segment: code_number,
                    fail,
                });
            }
            value(compiler, what);
        };
        match string(segment) {
            Some(characters) => {
                for character in characters {
                    field(self, Err(character));
                }
            }
            None => field(self, Ok(&segment.value)),
        }
    }

    /// The pattern within a segment: a variable or a number.
    fn segment_value(&mut self, value: &Expr, code: SegmentCode, fail: u32) {
        if code.kind == SegmentKind::Float
            && let Some(Term::Integer(number)) = super::pattern::constant_of(value)
        {
            // An integer in a float segment stands for the float.
            #[allow(clippy::cast_precision_loss)]
            let constant = self.constant(Term::Float(number as f64));
            return self.emit(Op::MatchConst { constant, fail });
        }
        match &value.kind {
            ExprKind::Variable(_)
            | ExprKind::Literal(Term::Integer(_) | Term::BigInteger(_) | Term::Float(_))
            | ExprKind::Unary(..)
            | ExprKind::Binary2(..) => self.pattern(value, fail),
            _ => {
                self.emit(Op::Pop);
                self.fault(value.place, Fault::IllegalPattern);
            }
        }
    }

    /// The segments of a generator: values that do not match clear the slot
    /// `matched`, too few bits go to `done`.
    pub(super) fn generator_segments(
        &mut self,
        segments: &[Segment],
        slot: u32,
        matched: u32,
        done: u32,
    ) {
        for segment in segments {
            let Some(code) = self.segment_code(segment) else {
                continue;
            };
            self.segment_pattern(segment, code, slot, done, |compiler, value| {
                // The failure keeps what was there below the value.
                compiler.f.height -= 1;
                let mismatch = compiler.failure();
                compiler.f.height += 1;
                match value {
                    Ok(expr) => compiler.segment_value(expr, code, mismatch),
                    Err(character) => {
                        let constant = compiler.constant(character);
                        compiler.emit(Op::MatchConst {
                            constant,
                            fail: mismatch,
                        });
                    }
                }
                let end = compiler.jump();
                compiler.fail_here(mismatch);
                compiler.emit(Op::Flag(matched, false));
                compiler.land(end);
            });
        }
    }

    /// Failures of this number go to an address that is known already.
    pub(super) fn fail_to(&mut self, failure: u32, target: u32) {
        self.f.set_failure_target(failure, target);
    }
}

/// The value of a binary that is all literals.
fn constant_bits(segments: &[Segment], codes: &[SegmentCode]) -> Option<Term> {
    let mut builder = bits::BitBuilder::new();
    for (segment, code) in segments.iter().zip(codes) {
        if code.size == SegmentSize::Dynamic
            || matches!(code.size, SegmentSize::Fixed(size) if size > 4096)
        {
            return None;
        }
        match string(segment) {
            Some(characters) => {
                for character in characters {
                    builder.push(*code, &character, None).ok()?;
                }
            }
            None => {
                let value = super::pattern::constant_of(&segment.value)?;
                if !value.is_number() {
                    return None;
                }
                builder.push(*code, &value, None).ok()?;
            }
        }
    }
    Some(builder.finish())
}
