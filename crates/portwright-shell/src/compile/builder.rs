//! The function under construction: instructions, slots, operand height.

use portwright_term::{Atom, atoms};

use super::scope::Scope;
use super::{Compiler, number};
use crate::code::*;
use crate::evaluation::Part;
use crate::parse::Place;
use crate::parse::ast::Expr;

pub(super) struct Builder {
    name: Atom,
    arity: u8,
    kind: FunctionKind,
    ops: Vec<Op>,
    failures: Vec<Failure>,
    pub(super) segments: Vec<SegmentCode>,
    pub(super) builds: Vec<(u32, u32)>,
    pub(super) captures: Vec<u32>,
    pub(super) own_slot: Option<u32>,
    lines: Vec<(u32, u32)>,
    parts: Vec<(u32, u32, Part)>,
    next_slot: u32,
    /// Operands on the stack at this place.
    pub(super) height: u32,
    pub(super) scope: Scope,
    /// Variables bound by a neighbour in the same expression, such as the
    /// first element of a tuple: bound for patterns, not yet for uses.
    pub(super) hidden: Vec<Atom>,
}

impl Default for Builder {
    fn default() -> Builder {
        Builder::new(atoms::EMPTY, 0, FunctionKind::Expression)
    }
}

impl Builder {
    pub(super) fn new(name: Atom, arity: u8, kind: FunctionKind) -> Builder {
        Builder {
            name,
            arity,
            kind,
            ops: Vec::new(),
            failures: Vec::new(),
            segments: Vec::new(),
            builds: Vec::new(),
            captures: Vec::new(),
            own_slot: None,
            lines: Vec::new(),
            parts: Vec::new(),
            next_slot: u32::from(arity),
            height: 0,
            scope: Scope::default(),
            hidden: Vec::new(),
        }
    }

    pub(super) fn new_slot(&mut self) -> u32 {
        self.next_slot += 1;
        self.next_slot - 1
    }

    pub(super) fn set_failure_target(&mut self, failure: u32, target: u32) {
        self.failures[failure as usize].target = target;
    }

    pub(super) fn here(&self) -> u32 {
        number(self.ops.len())
    }

    pub(super) fn finish(self) -> Function {
        Function {
            name: self.name,
            arity: self.arity,
            slots: self.next_slot,
            ops: self.ops,
            failures: self.failures,
            segments: self.segments,
            builds: self.builds,
            captures: self.captures,
            own_slot: self.own_slot,
            lines: self.lines,
            kind: self.kind,
            parts: self.parts,
        }
    }
}

impl Compiler {
    /// Emits an instruction and keeps count of the operands.
    pub(super) fn emit(&mut self, op: Op) {
        let (pops, pushes) = effect(op);
        self.f.height = self.f.height.saturating_sub(pops) + pushes;
        self.f.ops.push(op);
    }

    /// Compiles a part of an expression: what is emitted belongs to it.
    pub(super) fn within<T>(&mut self, part: Part, compile: impl FnOnce(&mut Compiler) -> T) -> T {
        let start = self.f.here();
        let result = compile(self);
        let end = self.f.here();
        self.belongs(start, end, part);
        result
    }

    /// Notes what instructions belong to.
    pub(super) fn belongs(&mut self, start: u32, end: u32, part: Part) {
        if self.origin.is_expressions() && start < end {
            self.f.parts.push((start, end, part));
        }
    }

    /// [`Compiler::expr`] for a part of an expression.
    pub(super) fn part(&mut self, part: Part, expr: &Expr) {
        self.within(part, |compiler| compiler.expr(expr, false));
    }

    /// The line that the next instructions belong to.
    pub(super) fn mark(&mut self, place: Place) {
        let here = self.f.here();
        match self.f.lines.last_mut() {
            Some((_, line)) if *line == place.line => {}
            Some((start, line)) if *start == here => *line = place.line,
            _ => self.f.lines.push((here, place.line)),
        }
    }

    /// A failure point with the operands of this place; its target is set by
    /// [`Compiler::fail_here`].
    pub(super) fn failure(&mut self) -> u32 {
        self.f.failures.push(Failure {
            target: 0,
            height: self.f.height,
        });
        number(self.f.failures.len() - 1)
    }

    /// Failures of this number come here, with the operands that were there.
    pub(super) fn fail_here(&mut self, failure: u32) {
        let here = self.f.here();
        let failure = &mut self.f.failures[failure as usize];
        failure.target = here;
        self.f.height = failure.height;
    }

    /// A jump that [`Compiler::land`] completes.
    pub(super) fn jump(&mut self) -> u32 {
        let here = self.f.here();
        self.emit(Op::Jump(0));
        here
    }

    /// Emits an instruction with a jump target that [`Compiler::land`] sets.
    pub(super) fn branch(&mut self, op: Op) -> u32 {
        let here = self.f.here();
        self.emit(op);
        here
    }

    pub(super) fn jump_to(&mut self, target: u32) {
        self.emit(Op::Jump(target));
    }

    /// Makes the jump at `from` come here.
    pub(super) fn land(&mut self, from: u32) {
        let here = self.f.here();
        match &mut self.f.ops[from as usize] {
            Op::Jump(target) | Op::AndAlso(target) | Op::OrElse(target) => *target = here,
            Op::Next { end, .. } => *end = here,
            Op::BitsDone { target, .. } => *target = here,
            Op::Receive { clauses, .. } => *clauses = here,
            other => unreachable!("no jump: {other:?}"),
        }
    }

    pub(super) fn set_timeout_target(&mut self, from: u32) {
        let here = self.f.here();
        if let Op::Receive { timeout, .. } = &mut self.f.ops[from as usize] {
            *timeout = here;
        }
    }
}

/// How many operands an instruction pops and pushes when it goes on.
fn effect(op: Op) -> (u32, u32) {
    match op {
        Op::Const(_)
        | Op::Load(_)
        | Op::Dup
        | Op::Closure(_)
        | Op::SelfPid
        | Op::NodeName
        | Op::BitsField { .. }
        | Op::Next { .. }
        | Op::Collected(_)
        | Op::CollectedBits(_)
        | Op::CollectedMap(_) => (0, 1),
        Op::Store(_)
        | Op::Pop
        | Op::Unless(_)
        | Op::AndAlso(_)
        | Op::OrElse(_)
        | Op::MatchConst { .. }
        | Op::MatchSlot { .. }
        | Op::MatchMaybe { .. }
        | Op::MatchNil { .. }
        | Op::BitsStart { .. }
        | Op::SetTimeout
        | Op::Collect(_)
        | Op::Filter(_) => (1, 0),
        Op::Tuple(count) => (count, 1),
        Op::List(count) => (count + 1, 1),
        Op::Unary(_) | Op::MapPairs | Op::Element(_) => (1, 1),
        Op::Binary(_) | Op::MatchKey { .. } | Op::SetElement(_) => (2, 1),
        Op::CallLocal { arity, .. } | Op::CallSite { arity, .. } => (u32::from(arity), 1),
        Op::CallFun { arity, .. } => (u32::from(arity) + 1, 1),
        Op::CallDynamic { arity, .. } => (u32::from(arity) + 2, 1),
        Op::ExternalFun | Op::PutMap { .. } | Op::CatchValue => (3, 1),
        Op::MatchTuple { arity, .. } => (1, arity),
        Op::MatchCons { .. } => (1, 2),
        Op::NewMap(pairs) => (2 * pairs, 1),
        // What these need is counted where they are emitted.
        Op::BuildBits { .. } => (0, 0),
        Op::Jump(_)
        | Op::Flag(..)
        | Op::Guard(_)
        | Op::GuardEnd
        | Op::MatchMap { .. }
        | Op::BitsEnd { .. }
        | Op::BitsDone { .. }
        | Op::CheckMap
        | Op::CheckRecord { .. }
        | Op::TryPush(_)
        | Op::TryPop
        | Op::Receive { .. }
        | Op::Accept
        | Op::Reject => (0, 0),
        // Control does not go on: the value counts as pushed.
        Op::IfClause | Op::FunctionClause => (0, 1),
        Op::BadMatch | Op::CaseClause | Op::TryClause | Op::RaiseTagged(_) => (1, 1),
        Op::Reraise => (3, 1),
        Op::Return => (0, 0),
    }
}
