//! Guards: tests that fail instead of raising.

use portwright_term::{Atom, Term, atoms};

use super::{Compiler, Fault};
use crate::code::*;
use crate::parse::ast::*;

impl Compiler {
    /// Tests a guard; goes on if one alternative holds, else to `failure`.
    pub(super) fn guard(&mut self, alternatives: &[Vec<Expr>], failure: u32) {
        let Some((last, first)) = alternatives.split_last() else {
            return;
        };
        let mut held = Vec::new();
        for alternative in first {
            let next = self.failure();
            self.conjunction(alternative, next);
            held.push(self.jump());
            self.fail_here(next);
        }
        self.conjunction(last, failure);
        for jump in held {
            self.land(jump);
        }
    }

    fn conjunction(&mut self, tests: &[Expr], failure: u32) {
        self.emit(Op::Guard(failure));
        for test in tests {
            self.guard_test(test, failure);
        }
        self.emit(Op::GuardEnd);
    }

    /// One test within `Guard` and `GuardEnd`.
    pub(super) fn guard_test(&mut self, test: &Expr, failure: u32) {
        if let ExprKind::Literal(Term::Atom(atoms::TRUE)) = test.kind {
            return;
        }
        self.guard_expr(test);
        self.emit(Op::Unless(failure));
    }

    /// An expression of a guard; illegal ones are faults.
    fn guard_expr(&mut self, expr: &Expr) {
        let illegal = self.illegal_in_guard(expr);
        match illegal {
            None => self.expr(expr, false),
            Some(place) => self.fault_value(place, Fault::IllegalGuard),
        }
    }

    /// The place of the first part that a guard may not have.
    pub(super) fn illegal_in_guard(&self, expr: &Expr) -> Option<crate::parse::Place> {
        let first = |list: &[Expr]| list.iter().find_map(|expr| self.illegal_in_guard(expr));
        match &expr.kind {
            ExprKind::Literal(_) | ExprKind::Variable(_) | ExprKind::RecordIndex { .. } => None,
            ExprKind::Tuple(list) => first(list),
            ExprKind::List(list, tail) => {
                first(list).or_else(|| tail.as_ref().and_then(|tail| self.illegal_in_guard(tail)))
            }
            ExprKind::Binary(segments) => segments.iter().find_map(|segment| {
                self.illegal_in_guard(&segment.value).or_else(|| {
                    segment
                        .size
                        .as_ref()
                        .and_then(|size| self.illegal_in_guard(size))
                })
            }),
            ExprKind::Map(base, fields) => base
                .as_ref()
                .and_then(|base| self.illegal_in_guard(base))
                .or_else(|| {
                    fields.iter().find_map(|field| {
                        self.illegal_in_guard(&field.key)
                            .or_else(|| self.illegal_in_guard(&field.value))
                    })
                }),
            ExprKind::Record {
                base: None, fields, ..
            } => fields
                .iter()
                .find_map(|field| self.illegal_in_guard(&field.value)),
            ExprKind::RecordAccess { base, .. } => self.illegal_in_guard(base),
            ExprKind::Unary(_, inner) => self.illegal_in_guard(inner),
            ExprKind::Binary2(op, left, right) if op.in_guards() => self
                .illegal_in_guard(left)
                .or_else(|| self.illegal_in_guard(right)),
            ExprKind::AndAlso(left, right) | ExprKind::OrElse(left, right) => self
                .illegal_in_guard(left)
                .or_else(|| self.illegal_in_guard(right)),
            ExprKind::Call(function, arguments) => {
                if self.is_guard_call(function, arguments.len()) {
                    first(arguments)
                } else {
                    Some(expr.place)
                }
            }
            _ => Some(expr.place),
        }
    }

    fn is_guard_call(&self, function: &Expr, arity: usize) -> bool {
        let (module, name) = match &function.kind {
            ExprKind::Literal(Term::Atom(name)) => (None, *name),
            ExprKind::Remote(module, name) => match (&module.kind, &name.kind) {
                (ExprKind::Literal(Term::Atom(module)), ExprKind::Literal(Term::Atom(name))) => {
                    (Some(*module), *name)
                }
                _ => return false,
            },
            _ => return false,
        };
        if module.is_some_and(|module| module != atoms::ERLANG) {
            return false;
        }
        let Ok(arity) = u8::try_from(arity) else {
            return false;
        };
        if module.is_none() && self.is_local(name, arity) {
            return false;
        }
        crate::bif::is_guard(name, arity)
    }

    /// Whether the module at hand has a function of this name.
    pub(super) fn is_local(&self, name: Atom, arity: u8) -> bool {
        self.locals.contains_key(&(name, arity))
    }
}
