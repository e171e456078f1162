//! Patterns. Each takes the value on top of the stack.

use portwright_term::{Atom, Term};

use super::scope::Known;
use super::{Compiler, Fault, number};
use crate::code::*;
use crate::machine::arithmetic;
use crate::parse::Place;
use crate::parse::ast::*;

impl Compiler {
    pub(super) fn pattern(&mut self, pattern: &Expr, fail: u32) {
        match &pattern.kind {
            ExprKind::Literal(Term::Nil) => self.emit(Op::MatchNil { fail }),
            ExprKind::Literal(term) => self.match_constant(term.clone(), fail),
            ExprKind::Variable(name) => self.match_variable(*name, pattern.place, fail),
            ExprKind::Tuple(elements) => {
                self.emit(Op::MatchTuple {
                    arity: number(elements.len()),
                    fail,
                });
                for element in elements {
                    self.pattern(element, fail);
                }
            }
            ExprKind::List(elements, tail) => {
                for element in elements {
                    self.emit(Op::MatchCons { fail });
                    self.pattern(element, fail);
                }
                match tail {
                    Some(tail) => self.pattern(tail, fail),
                    None => self.emit(Op::MatchNil { fail }),
                }
            }
            ExprKind::Match(left, right) => {
                self.emit(Op::Dup);
                self.pattern(left, fail);
                self.pattern(right, fail);
            }
            ExprKind::Map(None, fields) => self.map_pattern(pattern, fields, fail),
            ExprKind::Binary(segments) => self.bits_pattern(segments, fail),
            ExprKind::Record {
                base: None,
                name,
                fields,
            } => {
                self.record_pattern(pattern.place, *name, fields, fail);
            }
            ExprKind::RecordIndex { name, field } => {
                match self.record_position(pattern.place, *name, *field) {
                    Some(position) => self.match_constant(Term::from(position), fail),
                    None => self.emit(Op::Pop),
                }
            }
            ExprKind::Binary2(BinaryOp::Append, left, right) => {
                self.append_pattern(pattern, left, right, fail);
            }
            ExprKind::Unary(..) | ExprKind::Binary2(..) => match constant_of(pattern) {
                Some(term) => self.match_constant(term, fail),
                None => self.illegal_pattern(pattern),
            },
            _ => self.illegal_pattern(pattern),
        }
    }

    fn match_constant(&mut self, term: Term, fail: u32) {
        let constant = self.constant(term);
        self.emit(Op::MatchConst { constant, fail });
    }

    fn illegal_pattern(&mut self, pattern: &Expr) {
        self.emit(Op::Pop);
        self.fault(pattern.place, Fault::IllegalPattern);
    }

    pub(super) fn match_variable(&mut self, name: Atom, place: Place, fail: u32) {
        if name.as_str() == "_" {
            self.emit(Op::Pop);
            return;
        }
        match self.f.scope.known.get(&name).copied() {
            None => self.bind(name),
            Some(Known::Bound) => {
                let slot = self.slot(name);
                self.emit(Op::MatchSlot { slot, fail });
            }
            // Functions are checked before they run; what is typed is not.
            Some(Known::Maybe(construct, origin)) if !self.origin.is_expressions() => {
                self.fault(place, Fault::Unsafe(name, construct, origin));
            }
            Some(Known::Maybe(..)) => {
                let (slot, flag) = (self.slot(name), self.flag(name));
                self.emit(Op::MatchMaybe { slot, flag, fail });
                self.f.scope.known.insert(name, Known::Bound);
            }
        }
    }

    /// `"prefix" ++ Rest`.
    fn append_pattern(&mut self, pattern: &Expr, left: &Expr, right: &Expr, fail: u32) {
        match &left.kind {
            ExprKind::Literal(term) if term.is_list() => {
                for element in term.list_iter() {
                    self.emit(Op::MatchCons { fail });
                    self.match_constant(element.clone(), fail);
                }
                self.pattern(right, fail);
            }
            ExprKind::List(elements, None) => {
                for element in elements {
                    self.emit(Op::MatchCons { fail });
                    self.pattern(element, fail);
                }
                self.pattern(right, fail);
            }
            ExprKind::Binary2(BinaryOp::Append, ..) => match constant_of(left) {
                Some(term) => {
                    for element in term.list_iter() {
                        self.emit(Op::MatchCons { fail });
                        self.match_constant(element.clone(), fail);
                    }
                    self.pattern(right, fail);
                }
                None => self.illegal_pattern(pattern),
            },
            _ => self.illegal_pattern(pattern),
        }
    }

    fn map_pattern(&mut self, pattern: &Expr, fields: &[MapField], fail: u32) {
        self.emit(Op::MatchMap { fail });
        for field in fields {
            if !field.exact {
                self.fault(field.place, Fault::IllegalPattern);
                continue;
            }
            if let Some(place) = self.illegal_in_guard(&field.key) {
                self.fault(place, Fault::IllegalMapKey);
                continue;
            }
            self.emit(Op::Dup);
            // A key that cannot be computed is a key that is not there; an
            // unbound variable is a fault all the same.
            let guarded = !matches!(field.key.kind, ExprKind::Literal(_) | ExprKind::Variable(_));
            if guarded {
                self.emit(Op::Guard(fail));
                self.expr(&field.key, false);
                self.emit(Op::GuardEnd);
            } else {
                self.expr(&field.key, false);
            }
            self.emit(Op::MatchKey { fail });
            self.pattern(&field.value, fail);
        }
        let _ = pattern;
        self.emit(Op::Pop);
    }
}

/// The value of a constant expression: what patterns allow of arithmetic.
pub(super) fn constant_of(expr: &Expr) -> Option<Term> {
    match &expr.kind {
        ExprKind::Literal(term) => Some(term.clone()),
        ExprKind::Unary(op, inner) => arithmetic::unary(*op, &constant_of(inner)?).ok(),
        ExprKind::Binary2(op, left, right) if *op != BinaryOp::Send => {
            arithmetic::binary(*op, &constant_of(left)?, &constant_of(right)?).ok()
        }
        ExprKind::List(elements, None) => elements
            .iter()
            .map(constant_of)
            .collect::<Option<Vec<Term>>>()
            .map(Term::list),
        _ => None,
    }
}
