//! Constructs with clauses: functions, `case`, `if`, `receive`, `try`.

use portwright_term::Atom;

use super::scope::{Knowledge, Known};
use super::{Compiler, number};
use crate::code::*;
use crate::evaluation::Part;
use crate::parse::Place;
use crate::parse::ast::*;

/// The end of one way through a construct.
struct Way {
    /// The jump to where the ways meet.
    jump: u32,
    known: Knowledge,
}

impl Compiler {
    /// The clauses of a function or fun; the arguments are in the first slots.
    pub(super) fn function_clauses(&mut self, clauses: &[Clause]) {
        let outer = self.f.scope.known.clone();
        for clause in clauses {
            self.mark(clause.place);
            let mut names = Vec::new();
            for pattern in &clause.patterns {
                super::variables::of_pattern(pattern, &mut names);
            }
            let shadowed = self.f.scope.shadow(&names);
            let failure = self.failure();
            for (slot, pattern) in clause.patterns.iter().enumerate() {
                self.argument_pattern(number(slot), pattern, failure);
            }
            self.guard(&clause.guard, failure);
            self.body(&clause.body, true);
            self.fail_here(failure);
            self.f.scope.unshadow(shadowed);
            self.f.scope.known.clone_from(&outer);
        }
        self.emit(Op::FunctionClause);
    }

    /// One argument: a plain variable is the argument's own slot.
    fn argument_pattern(&mut self, slot: u32, pattern: &Expr, failure: u32) {
        match &pattern.kind {
            ExprKind::Variable(name) if name.as_str() == "_" => {}
            ExprKind::Variable(name) if !self.f.scope.known.contains_key(name) => {
                self.f.scope.slots.insert(*name, slot);
                self.f.scope.known.insert(*name, Known::Bound);
            }
            _ => {
                self.emit(Op::Load(slot));
                self.pattern(pattern, failure);
            }
        }
    }

    pub(super) fn case(&mut self, place: Place, subject: &Expr, clauses: &[Clause], tail: bool) {
        self.part(Part::CaseSubject, subject);
        let slot = self.f.new_slot();
        self.emit(Op::Store(slot));
        self.match_clauses(&[slot], clauses, tail, ("case", place), |compiler| {
            compiler.emit(Op::Load(slot));
            compiler.emit(Op::CaseClause);
        });
    }

    /// Clauses over values in slots. `otherwise` raises the error.
    fn match_clauses(
        &mut self,
        slots: &[u32],
        clauses: &[Clause],
        tail: bool,
        origin: (&'static str, Place),
        otherwise: impl FnOnce(&mut Compiler),
    ) {
        let before = self.f.scope.known.clone();
        let height = self.f.height;
        let mut ways = Vec::new();
        for clause in clauses {
            self.mark(clause.place);
            let failure = self.failure();
            let saved = self.save_uncertain(&clause.patterns);
            for (slot, pattern) in slots.iter().zip(&clause.patterns) {
                if matches!(&pattern.kind, ExprKind::Variable(name) if name.as_str() == "_") {
                    continue;
                }
                self.emit(Op::Load(*slot));
                self.pattern(pattern, failure);
            }
            self.guard(&clause.guard, failure);
            self.body(&clause.body, tail);
            ways.push(self.way(&before));
            self.fail_here(failure);
            self.restore_uncertain(&saved);
        }
        otherwise(self);
        self.meet(ways, before, height, tail, origin);
    }

    /// Ends one way: jumps to where they meet.
    fn way(&mut self, before: &Knowledge) -> Way {
        let known = std::mem::replace(&mut self.f.scope.known, before.clone());
        Way {
            jump: self.jump(),
            known,
        }
    }

    /// Where the ways of a construct meet: variables that all of them bound are
    /// bound, those of some are uncertain and get flags.
    fn meet(
        &mut self,
        ways: Vec<Way>,
        before: Knowledge,
        height: u32,
        tail: bool,
        (construct, place): (&'static str, Place),
    ) {
        if tail {
            // Every way has returned; the jumps are never reached, but they
            // must go somewhere.
            for way in &ways {
                self.land(way.jump);
            }
            self.f.height = height + 1;
            self.emit(Op::Return);
            return;
        }
        let mut names: Vec<Atom> = Vec::new();
        for way in &ways {
            for (name, known) in &way.known {
                if before.get(name) != Some(known) && !names.contains(name) {
                    names.push(*name);
                }
            }
        }
        let mut known = before;
        let mut uncertain = Vec::new();
        for name in names {
            let everywhere = ways
                .iter()
                .all(|way| way.known.get(&name) == Some(&Known::Bound));
            if everywhere {
                known.insert(name, Known::Bound);
            } else {
                uncertain.push(name);
                known.insert(name, Known::Maybe(construct, place));
            }
        }
        let mut joins = Vec::new();
        let mut direct = Vec::new();
        if uncertain.is_empty() {
            direct.extend(ways.iter().map(|way| way.jump));
        } else {
            for way in &ways {
                self.land(way.jump);
                for name in &uncertain {
                    let flag = self.flag(*name);
                    match way.known.get(name) {
                        Some(Known::Bound) => self.emit(Op::Flag(flag, true)),
                        // The flag already tells.
                        Some(Known::Maybe(..)) => {}
                        None => self.emit(Op::Flag(flag, false)),
                    }
                }
                joins.push(self.jump());
            }
        }
        for jump in direct.into_iter().chain(joins) {
            self.land(jump);
        }
        self.f.height = height + 1;
        self.f.scope.known = known;
    }

    /// A pattern that fails must not leave uncertain variables bound: keeps
    /// their flags.
    pub(super) fn save_uncertain(&mut self, patterns: &[Expr]) -> Vec<(u32, u32)> {
        let mut names = Vec::new();
        for pattern in patterns {
            super::variables::of_pattern(pattern, &mut names);
        }
        let mut saved = Vec::new();
        for name in names {
            if let Some(Known::Maybe(..)) = self.f.scope.known.get(&name) {
                let flag = self.flag(name);
                let copy = self.f.new_slot();
                self.emit(Op::Load(flag));
                self.emit(Op::Store(copy));
                saved.push((flag, copy));
            }
        }
        saved
    }

    pub(super) fn restore_uncertain(&mut self, saved: &[(u32, u32)]) {
        for (flag, copy) in saved {
            self.emit(Op::Load(*copy));
            self.emit(Op::Store(*flag));
        }
    }

    pub(super) fn if_(&mut self, place: Place, clauses: &[Clause], tail: bool) {
        self.match_clauses(&[], clauses, tail, ("if", place), |compiler| {
            compiler.emit(Op::IfClause);
        });
    }

    pub(super) fn receive(
        &mut self,
        place: Place,
        clauses: &[Clause],
        timeout: Option<&Timeout>,
        tail: bool,
    ) {
        if let Some(timeout) = timeout {
            self.part(Part::Timeout, &timeout.time);
            self.emit(Op::SetTimeout);
        }
        let before = self.f.scope.known.clone();
        let height = self.f.height;
        let receive = self.branch(Op::Receive {
            clauses: 0,
            timeout: 0,
        });
        self.land(receive);
        let slot = self.f.new_slot();
        // The message arrives on the stack.
        self.f.height = height + 1;
        self.emit(Op::Store(slot));
        let mut ways = Vec::new();
        for clause in clauses {
            self.mark(clause.place);
            let failure = self.failure();
            let saved = self.save_uncertain(&clause.patterns);
            for pattern in &clause.patterns {
                self.emit(Op::Load(slot));
                self.pattern(pattern, failure);
            }
            self.guard(&clause.guard, failure);
            self.emit(Op::Accept);
            self.body(&clause.body, tail);
            ways.push(self.way(&before));
            self.fail_here(failure);
            self.restore_uncertain(&saved);
        }
        self.emit(Op::Reject);
        if let Some(timeout) = timeout {
            self.f.height = height;
            self.set_timeout_target(receive);
            self.body(&timeout.body, tail);
            ways.push(self.way(&before));
        }
        self.meet(ways, before, height, tail, ("receive", place));
    }

    pub(super) fn try_(
        &mut self,
        place: Place,
        body: &[Expr],
        of: &[Clause],
        catch: &[Clause],
        after: &[Expr],
        tail: bool,
    ) {
        if after.is_empty() {
            self.try_catch(place, body, of, catch, tail);
            if tail {
                self.emit(Op::Return);
            }
            return;
        }
        let handler = self.failure();
        let known = self.f.scope.known.clone();
        self.emit(Op::TryPush(handler));
        if catch.is_empty() && of.is_empty() {
            self.within(Part::TryBody, |compiler| compiler.body(body, false));
        } else {
            self.try_catch(place, body, of, catch, false);
        }
        self.emit(Op::TryPop);
        let (value, ended) = (self.f.new_slot(), self.f.new_slot());
        self.emit(Op::Store(value));
        self.emit(Op::Flag(ended, true));
        let inside = std::mem::replace(&mut self.f.scope.known, known);
        let to_after = self.jump();
        self.fail_here(handler);
        self.f.height += 3;
        let (class, reason, trace) = self.exception_slots();
        self.emit(Op::Flag(ended, false));
        self.land(to_after);
        // What the body bound is not safe here, nor in what follows `after`.
        self.mark_unsafe(&inside, "try", place);
        self.within(Part::After, |compiler| compiler.body(after, false));
        self.emit(Op::Pop);
        let raise = self.failure();
        self.emit(Op::Load(ended));
        self.emit(Op::Unless(raise));
        self.emit(Op::Load(value));
        let end = self.jump();
        self.fail_here(raise);
        self.emit(Op::Load(class));
        self.emit(Op::Load(reason));
        self.emit(Op::Load(trace));
        self.emit(Op::Reraise);
        self.land(end);
        if tail {
            self.emit(Op::Return);
        }
    }

    /// Pops an exception into three new slots.
    fn exception_slots(&mut self) -> (u32, u32, u32) {
        let (class, reason, trace) = (self.f.new_slot(), self.f.new_slot(), self.f.new_slot());
        self.emit(Op::Store(trace));
        self.emit(Op::Store(reason));
        self.emit(Op::Store(class));
        (class, reason, trace)
    }

    /// Marks the variables that `inside` has in addition as unsafe, so that a
    /// use is a fault. Their flags say unbound.
    pub(super) fn mark_unsafe(
        &mut self,
        inside: &Knowledge,
        construct: &'static str,
        place: Place,
    ) {
        for name in inside.keys() {
            if !self.f.scope.known.contains_key(name) {
                let flag = self.flag(*name);
                self.emit(Op::Flag(flag, false));
                self.f
                    .scope
                    .known
                    .insert(*name, Known::Maybe(construct, place));
            }
        }
    }

    /// `try` without `after`: the value ends up on the stack.
    fn try_catch(
        &mut self,
        place: Place,
        body: &[Expr],
        of: &[Clause],
        catch: &[Clause],
        tail: bool,
    ) {
        if catch.is_empty() {
            self.within(Part::TryBody, |compiler| compiler.body(body, false));
            self.try_of(place, of, tail);
            return;
        }
        let before = self.f.scope.known.clone();
        let height = self.f.height;
        let handler = self.failure();
        self.emit(Op::TryPush(handler));
        self.within(Part::TryBody, |compiler| compiler.body(body, false));
        self.emit(Op::TryPop);
        self.try_of(place, of, tail);
        let mut ways = vec![self.way(&before)];
        self.fail_here(handler);
        self.f.height += 3;
        let (class, reason, trace) = self.exception_slots();
        let body_known = ways[0].known.clone();
        self.mark_unsafe(&body_known, "try", place);
        let before_catch = self.f.scope.known.clone();
        let slots = [class, reason, trace];
        for clause in catch {
            self.mark(clause.place);
            let failure = self.failure();
            for (slot, pattern) in slots.iter().zip(&clause.patterns) {
                if matches!(&pattern.kind, ExprKind::Variable(name) if name.as_str() == "_") {
                    continue;
                }
                self.emit(Op::Load(*slot));
                self.pattern(pattern, failure);
            }
            self.guard(&clause.guard, failure);
            self.within(Part::CatchClause, |compiler| {
                compiler.body(&clause.body, tail)
            });
            ways.push(self.way(&before_catch));
            self.fail_here(failure);
        }
        for slot in slots {
            self.emit(Op::Load(slot));
        }
        self.emit(Op::Reraise);
        self.meet(ways, before, height, tail, ("try", place));
    }

    /// The `of` part: the body's value is on the stack.
    fn try_of(&mut self, place: Place, of: &[Clause], tail: bool) {
        if of.is_empty() {
            if tail {
                self.emit(Op::Return);
            }
            return;
        }
        let slot = self.f.new_slot();
        self.emit(Op::Store(slot));
        let start = self.f.here();
        let mut end = start;
        self.match_clauses(&[slot], of, tail, ("try", place), |compiler| {
            end = compiler.f.here();
            compiler.emit(Op::Load(slot));
            compiler.emit(Op::TryClause);
        });
        self.belongs(start, end, Part::TryOf);
    }
}
