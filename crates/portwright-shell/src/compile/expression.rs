//! Expressions.

use portwright_term::{Atom, Term, atoms};

use super::scope::Known;
use super::{Compiler, Fault, number};
use crate::code::*;
use crate::evaluation::Part;
use crate::parse::Place;
use crate::parse::ast::*;

impl Compiler {
    /// Compiles an expression: its value ends up on the stack, or (`tail`) is
    /// returned.
    pub(super) fn expr(&mut self, expr: &Expr, tail: bool) {
        self.mark(expr.place);
        match &expr.kind {
            ExprKind::Block(body) => return self.body(body, tail),
            ExprKind::Case(subject, clauses) => {
                return self.case(expr.place, subject, clauses, tail);
            }
            ExprKind::If(clauses) => return self.if_(expr.place, clauses, tail),
            ExprKind::Receive(clauses, timeout) => {
                return self.receive(expr.place, clauses, timeout.as_ref(), tail);
            }
            ExprKind::Try {
                body,
                of,
                catch,
                after,
            } => {
                return self.try_(expr.place, body, of, catch, after, tail);
            }
            ExprKind::Call(function, arguments) => {
                return self.call(expr.place, function, arguments, tail);
            }
            ExprKind::AndAlso(left, right) | ExprKind::OrElse(left, right) => {
                let or = matches!(expr.kind, ExprKind::OrElse(..));
                let (first, second) = if or {
                    (Part::OrElseLeft, Part::OrElseRight)
                } else {
                    (Part::AndAlsoLeft, Part::AndAlsoRight)
                };
                self.part(first, left);
                let branch = self.branch(if or { Op::OrElse(0) } else { Op::AndAlso(0) });
                let known = self.f.scope.known.clone();
                self.within(second, |compiler| compiler.expr(right, tail));
                // What the right side bound is not to be used; the shell
                // forgets it.
                let inside = std::mem::replace(&mut self.f.scope.known, known);
                self.land(branch);
                let construct = if or { "orelse" } else { "andalso" };
                self.mark_unsafe(&inside, construct, expr.place);
            }
            _ => self.plain(expr),
        }
        if tail {
            self.emit(Op::Return);
        }
    }

    /// `Expr, Expr, ...`: the value of the last.
    pub(super) fn body(&mut self, body: &[Expr], tail: bool) {
        let Some((last, first)) = body.split_last() else {
            return;
        };
        for expr in first {
            self.within(Part::Statement, |compiler| compiler.statement(expr));
        }
        self.expr(last, tail);
    }

    /// What was typed at once: the shell evaluates one after the other.
    pub(super) fn typed(&mut self, body: &[Expr]) {
        let Some((last, first)) = body.split_last() else {
            return;
        };
        for expr in first {
            if self.origin == Origin::Shell {
                self.statement(expr);
            } else {
                self.within(Part::Statement, |compiler| compiler.statement(expr));
            }
        }
        self.expr(last, false);
    }

    /// An expression whose value nobody wants.
    fn statement(&mut self, expr: &Expr) {
        if let ExprKind::Match(pattern, value) = &expr.kind {
            self.part(Part::Matched, value);
            if let ExprKind::Variable(name) = &pattern.kind
                && name.as_str() != "_"
                && !self.f.scope.known.contains_key(name)
            {
                self.bind(*name);
                return;
            }
            self.mark(expr.place);
            self.match_value(pattern);
        } else {
            self.expr(expr, false);
        }
        self.emit(Op::Pop);
    }

    /// `Pattern = Value` with the value on the stack, where it stays.
    fn match_value(&mut self, pattern: &Expr) {
        if matches!(&pattern.kind, ExprKind::Variable(name) if name.as_str() == "_") {
            return;
        }
        let failure = self.failure();
        self.emit(Op::Dup);
        self.pattern(pattern, failure);
        let end = self.jump();
        self.fail_here(failure);
        self.emit(Op::BadMatch);
        self.land(end);
    }

    /// Pops the value into a new variable.
    pub(super) fn bind(&mut self, name: Atom) {
        let slot = self.slot(name);
        self.emit(Op::Store(slot));
        self.f.scope.known.insert(name, Known::Bound);
    }

    pub(super) fn slot(&mut self, name: Atom) -> u32 {
        if let Some(slot) = self.f.scope.slots.get(&name) {
            return *slot;
        }
        let slot = self.f.new_slot();
        self.f.scope.slots.insert(name, slot);
        slot
    }

    pub(super) fn flag(&mut self, name: Atom) -> u32 {
        if let Some(flag) = self.f.scope.flags.get(&name) {
            return *flag;
        }
        let flag = self.f.new_slot();
        self.f.scope.flags.insert(name, flag);
        flag
    }

    pub(super) fn push(&mut self, term: Term) {
        let constant = self.constant(term);
        self.emit(Op::Const(constant));
    }

    fn variable(&mut self, name: Atom, place: Place) {
        let known = self.f.scope.known.get(&name).copied();
        let hidden = self.f.hidden.contains(&name);
        match known {
            Some(Known::Bound) if !hidden => {
                let slot = self.slot(name);
                self.emit(Op::Load(slot));
            }
            Some(Known::Maybe(construct, origin)) if !hidden => {
                self.fault_value(place, Fault::Unsafe(name, construct, origin));
            }
            _ => self.fault_value(place, Fault::Unbound(name)),
        }
    }

    /// Compiles neighbours of one kind, see [`Compiler::neighbours`].
    pub(super) fn siblings<'e>(&mut self, part: Part, list: impl IntoIterator<Item = &'e Expr>) {
        self.neighbours(list.into_iter().map(|expr| (part, expr)));
    }

    /// Compiles neighbours, which do not see each other's variables.
    pub(super) fn neighbours<'e>(&mut self, list: impl IntoIterator<Item = (Part, &'e Expr)>) {
        let hidden_before = self.f.hidden.len();
        let mut bound = self.f.scope.known.len();
        let mut before: Option<Vec<Atom>> = None;
        let mut list = list.into_iter().peekable();
        while let Some((part, expr)) = list.next() {
            if list.peek().is_some() && before.is_none() && binds(expr) {
                before = Some(self.f.scope.known.keys().copied().collect());
            }
            self.part(part, expr);
            if self.f.scope.known.len() != bound
                && let Some(before) = &before
            {
                bound = self.f.scope.known.len();
                let new: Vec<Atom> = self
                    .f
                    .scope
                    .known
                    .keys()
                    .filter(|name| !before.contains(name) && !self.f.hidden.contains(name))
                    .copied()
                    .collect();
                self.f.hidden.extend(new);
            }
        }
        self.f.hidden.truncate(hidden_before);
    }

    /// Expressions that cannot be tail calls.
    fn plain(&mut self, expr: &Expr) {
        let place = expr.place;
        match &expr.kind {
            ExprKind::Literal(term) => self.push(term.clone()),
            ExprKind::Variable(name) => self.variable(*name, place),
            ExprKind::Tuple(elements) => {
                self.siblings(Part::TupleElement, elements);
                self.emit(Op::Tuple(number(elements.len())));
            }
            ExprKind::List(elements, tail) => {
                self.list(elements, tail.as_deref());
                self.emit(Op::List(number(elements.len())));
            }
            ExprKind::Binary(segments) => self.build_bits(segments),
            ExprKind::Map(base, fields) => self.map(base.as_deref(), fields),
            ExprKind::Record { base, name, fields } => {
                self.record(place, base.as_deref(), *name, fields);
            }
            ExprKind::RecordAccess { base, name, field } => {
                self.record_access(place, base, *name, *field);
            }
            ExprKind::RecordIndex { name, field } => self.record_index(place, *name, *field),
            ExprKind::Match(pattern, value) => {
                self.part(Part::Matched, value);
                self.mark(place);
                self.match_value(pattern);
            }
            ExprKind::Unary(op, inner) => {
                // A negative number is one constant.
                if let (UnaryOp::Minus, ExprKind::Literal(term)) = (op, &inner.kind)
                    && let Ok(value) = crate::machine::arithmetic::unary(UnaryOp::Minus, term)
                {
                    return self.push(value);
                }
                self.part(Part::Operand, inner);
                self.mark(place);
                self.emit(Op::Unary(*op));
            }
            ExprKind::Binary2(op, left, right) => {
                self.neighbours([(Part::LeftOperand, &**left), (Part::RightOperand, &**right)]);
                self.mark(place);
                self.emit_binary(*op);
            }
            ExprKind::Remote(..) => {
                self.fault_value(place, Fault::IllegalExpression);
            }
            ExprKind::Catch(inner) => {
                let handler = self.failure();
                self.emit(Op::TryPush(handler));
                let known = self.f.scope.known.clone();
                self.part(Part::Caught, inner);
                self.emit(Op::TryPop);
                let end = self.jump();
                self.fail_here(handler);
                self.f.height += 3;
                self.emit(Op::CatchValue);
                self.merge_fallback(known, "catch", place, end);
            }
            ExprKind::Fun(name, clauses) => self.fun(place, *name, clauses),
            ExprKind::FunLocal(name, arity) => self.fun_local(place, *name, *arity),
            ExprKind::FunRemote(module, function, arity) => {
                if let (
                    ExprKind::Literal(Term::Atom(module)),
                    ExprKind::Literal(Term::Atom(function)),
                    ExprKind::Literal(Term::Integer(arity)),
                ) = (&module.kind, &function.kind, &arity.kind)
                    && let Ok(arity) = u8::try_from(*arity)
                {
                    let fun = portwright_term::Fun::External {
                        module: *module,
                        function: *function,
                        arity,
                    };
                    return self.push(Term::Fun(fun));
                }
                let parts = [&**module, &**function, &**arity];
                self.siblings(Part::TupleElement, parts);
                self.emit(Op::ExternalFun);
            }
            ExprKind::ListComprehension(element, qualifiers) => {
                self.comprehension(Element::List(element), qualifiers);
            }
            ExprKind::BinaryComprehension(element, qualifiers) => {
                self.comprehension(Element::Bits(element), qualifiers);
            }
            ExprKind::MapComprehension(key, value, qualifiers) => {
                self.comprehension(Element::Map(key, value), qualifiers);
            }
            // The others are handled by `expr`.
            _ => self.expr(expr, false),
        }
    }

    pub(super) fn emit_binary(&mut self, op: BinaryOp) {
        match op {
            BinaryOp::Send => {
                let site = self.site(atoms::ERLANG, Atom::literal("!"), 2);
                self.emit(Op::CallSite {
                    site,
                    arity: 2,
                    tail: false,
                });
            }
            op => self.emit(Op::Binary(op)),
        }
    }

    /// Ends a construct whose last way bound nothing: the variables of the
    /// other way, whose end is the jump `end`, are bound only if it was taken.
    pub(super) fn merge_fallback(
        &mut self,
        known: super::scope::Knowledge,
        construct: &'static str,
        place: Place,
        end: u32,
    ) {
        let after = std::mem::replace(&mut self.f.scope.known, known);
        let new: Vec<Atom> = after
            .keys()
            .filter(|name| self.f.scope.known.get(*name) != after.get(*name))
            .copied()
            .collect();
        if new.is_empty() {
            self.land(end);
            return;
        }
        // The way that bound nothing.
        for name in &new {
            if !self.f.scope.known.contains_key(name) {
                let flag = self.flag(*name);
                self.emit(Op::Flag(flag, false));
            }
        }
        let join = self.jump();
        self.land(end);
        for name in &new {
            if after.get(name) == Some(&Known::Bound) {
                let flag = self.flag(*name);
                self.emit(Op::Flag(flag, true));
            }
        }
        self.land(join);
        for name in new {
            self.f
                .scope
                .known
                .insert(name, Known::Maybe(construct, place));
        }
    }

    /// `[A, B | Tail]`: what comes before the instruction.
    fn list(&mut self, elements: &[Expr], tail: Option<&Expr>) {
        let heads = elements
            .iter()
            .enumerate()
            .map(|(index, expr)| match index {
                0 => (Part::ListHead, expr),
                _ => (Part::LaterHead, expr),
            });
        self.neighbours(heads.chain(tail.map(|expr| (Part::ListTail, expr))));
        if tail.is_none() {
            self.push(Term::Nil);
        }
    }

    /// `#{...}` and `M#{...}`.
    fn map(&mut self, base: Option<&Expr>, fields: &[MapField]) {
        let Some(base) = base else {
            for field in fields {
                if field.exact {
                    self.fault(field.place, Fault::MapConstruction);
                }
            }
            let entries = fields
                .iter()
                .flat_map(|field| [(Part::MapKey, &field.key), (Part::MapValue, &field.value)]);
            self.within(Part::NewMap, |compiler| compiler.neighbours(entries));
            self.emit(Op::NewMap(number(fields.len())));
            return;
        };
        self.part(Part::MapBase, base);
        self.emit(Op::CheckMap);
        // Keys and values are evaluated before the map is updated, as OTP does;
        // an update after each pair differs only in which error comes first.
        for field in fields {
            let entry = [(Part::MapKey, &field.key), (Part::MapValue, &field.value)];
            self.within(Part::MapUpdate, |compiler| compiler.neighbours(entry));
            self.emit(Op::PutMap { exact: field.exact });
        }
    }
}

/// What a comprehension makes.
pub(super) enum Element<'e> {
    List(&'e Expr),
    Bits(&'e Expr),
    Map(&'e Expr, &'e Expr),
}

/// Whether an expression may bind variables: a quick look, to save work.
fn binds(expr: &Expr) -> bool {
    !matches!(
        expr.kind,
        ExprKind::Literal(_) | ExprKind::Variable(_) | ExprKind::Fun(..) | ExprKind::FunLocal(..)
    )
}
