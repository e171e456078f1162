//! List, binary and map comprehensions: loops that collect.

use portwright_term::{Atom, Term};

use super::expression::Element;
use super::{Compiler, Fault};
use crate::code::*;
use crate::evaluation::Part;
use crate::parse::ast::*;

impl Compiler {
    pub(super) fn comprehension(&mut self, element: Element<'_>, qualifiers: &[Qualifier]) {
        let known = self.f.scope.known.clone();
        let list = self.f.new_slot();
        self.push(Term::Nil);
        self.emit(Op::Store(list));
        let end = self.failure();
        let whole = match element {
            Element::Bits(_) => Part::BitsComprehension,
            _ => Part::ListComprehension,
        };
        self.within(whole, |compiler| {
            compiler.qualifiers(&element, qualifiers, list, end);
        });
        self.fail_here(end);
        self.emit(match element {
            Element::List(_) => Op::Collected(list),
            Element::Bits(_) => Op::CollectedBits(list),
            Element::Map(..) => Op::CollectedMap(list),
        });
        self.f.scope.known = known;
    }

    /// The rest of the qualifiers; a filter that does not hold goes to `next`.
    fn qualifiers(
        &mut self,
        element: &Element<'_>,
        qualifiers: &[Qualifier],
        list: u32,
        next: u32,
    ) {
        let Some((first, rest)) = qualifiers.split_first() else {
            match element {
                Element::List(value) => self.part(Part::ListElement, value),
                Element::Bits(value) => self.part(Part::BitsElement, value),
                Element::Map(key, value) => {
                    self.siblings(Part::ListElement, [*key, *value]);
                    self.emit(Op::Tuple(2));
                }
            }
            return self.emit(Op::Collect(list));
        };
        match first {
            Qualifier::Filter(test) => {
                if self.illegal_in_guard(test).is_none() {
                    self.emit(Op::Guard(next));
                    self.guard_test(test, next);
                    self.emit(Op::GuardEnd);
                } else {
                    self.part(Part::Filter, test);
                    self.emit(Op::Filter(next));
                }
                self.qualifiers(element, rest, list, next);
            }
            Qualifier::Generate(pattern, source) => {
                self.part(element.generator(), source);
                self.list_loop(
                    element,
                    rest,
                    list,
                    pattern_names(&[pattern]),
                    |compiler, fail| {
                        compiler.pattern(pattern, fail);
                    },
                );
            }
            Qualifier::GenerateMap(key, value, source) => {
                self.part(element.generator(), source);
                self.emit(Op::MapPairs);
                self.list_loop(
                    element,
                    rest,
                    list,
                    pattern_names(&[key, value]),
                    |compiler, fail| {
                        compiler.emit(Op::MatchTuple { arity: 2, fail });
                        compiler.pattern(key, fail);
                        compiler.pattern(value, fail);
                    },
                );
            }
            Qualifier::GenerateBinary(pattern, source) => {
                self.bits_loop(element, rest, list, pattern, source);
            }
        }
    }

    /// A loop over the list on the stack.
    fn list_loop(
        &mut self,
        element: &Element<'_>,
        rest: &[Qualifier],
        list: u32,
        names: Vec<Atom>,
        pattern: impl FnOnce(&mut Compiler, u32),
    ) {
        let slot = self.f.new_slot();
        self.emit(Op::Store(slot));
        let height = self.f.height;
        let known = self.f.scope.known.clone();
        let shadowed = self.f.scope.shadow(&names);
        let start = self.f.here();
        let again = self.failure();
        self.fail_to(again, start);
        let next = self.branch(Op::Next { slot, end: 0 });
        self.within(Part::ListLoop, |compiler| {
            pattern(compiler, again);
            compiler.qualifiers(element, rest, list, again);
        });
        self.jump_to(start);
        self.land(next);
        self.f.height = height;
        self.f.scope.unshadow(shadowed);
        self.f.scope.known = known;
    }

    /// A loop over the bits of a binary. Segments whose value does not match
    /// are skipped; too few bits end the loop.
    fn bits_loop(
        &mut self,
        element: &Element<'_>,
        rest: &[Qualifier],
        list: u32,
        pattern: &Expr,
        source: &Expr,
    ) {
        let ExprKind::Binary(segments) = &pattern.kind else {
            return self.fault(pattern.place, Fault::IllegalPattern);
        };
        self.part(element.binary_generator(), source);
        let (value, slot) = (self.f.new_slot(), self.f.new_slot());
        let _offset = self.f.new_slot();
        let matched = self.f.new_slot();
        self.emit(Op::Store(value));
        let height = self.f.height;
        let bad = self.failure();
        self.emit(Op::Load(value));
        self.emit(Op::BitsStart { slot, fail: bad });
        let good = self.jump();
        self.fail_here(bad);
        self.emit(Op::Load(value));
        let tag = self.constant(Term::atom("bad_generator"));
        self.emit(Op::RaiseTagged(tag));
        self.land(good);
        self.f.height = height;
        let known = self.f.scope.known.clone();
        let shadowed = self.f.scope.shadow(&pattern_names(&[pattern]));
        let start = self.f.here();
        let done = self.failure();
        let again = self.failure();
        self.fail_to(again, start);
        self.emit(Op::Flag(matched, true));
        let end = self.branch(Op::BitsDone { slot, target: 0 });
        self.generator_segments(segments, slot, matched, done);
        self.emit(Op::Load(matched));
        self.emit(Op::Unless(again));
        self.within(Part::BinaryLoop, |compiler| {
            compiler.qualifiers(element, rest, list, again);
        });
        self.jump_to(start);
        self.fail_here(done);
        self.land(end);
        self.f.height = height;
        self.f.scope.unshadow(shadowed);
        self.f.scope.known = known;
    }
}

impl Element<'_> {
    fn generator(&self) -> Part {
        match self {
            Element::Bits(_) => Part::BitsGenerator,
            _ => Part::ListGenerator,
        }
    }

    fn binary_generator(&self) -> Part {
        match self {
            Element::Bits(_) => Part::BitsBinaryGenerator,
            _ => Part::BinaryGenerator,
        }
    }
}

fn pattern_names(patterns: &[&Expr]) -> Vec<Atom> {
    let mut names = Vec::new();
    for pattern in patterns {
        super::variables::of_pattern(pattern, &mut names);
    }
    names
}
