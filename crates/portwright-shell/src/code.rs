//! Compiled code: a flat vector of instructions per function.
//!
//! A function has numbered slots (arguments first, then captured variables,
//! then locals) and an operand stack on top of them. All addresses are
//! instruction numbers. A pattern or guard that fails goes to one of the
//! function's [`Failure`] points, which cut the operand stack to a known
//! height.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use portwright_term::{Atom, Term};

use crate::evaluation::Part;
use crate::native::NativeKind;
use crate::parse::ast::{BinaryOp, UnaryOp};

/// One instruction. "Pops" and "pushes" are about the operand stack.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    /// Pushes a constant of the module.
    Const(u32),
    /// Pushes a slot.
    Load(u32),
    /// Pops into a slot.
    Store(u32),
    /// Sets a flag slot.
    Flag(u32, bool),
    Pop,
    Dup,
    /// Pops that many elements, pushes a tuple.
    Tuple(u32),
    /// Pops the tail, then that many elements, pushes a list.
    List(u32),
    Unary(UnaryOp),
    Binary(BinaryOp),
    Jump(u32),
    /// Pops; goes to the failure point unless it was `true`.
    Unless(u32),
    /// `false` stays and jumps; `true` is popped; the rest is `{badarg, V}`.
    AndAlso(u32),
    /// As above with the values exchanged.
    OrElse(u32),
    /// Calls of functions: the arguments are on the stack.
    CallLocal {
        function: u32,
        arity: u8,
        tail: bool,
    },
    CallSite {
        site: u32,
        arity: u8,
        tail: bool,
    },
    /// The fun below the arguments.
    CallFun {
        arity: u8,
        tail: bool,
    },
    /// Module and function below the arguments.
    CallDynamic {
        arity: u8,
        tail: bool,
    },
    Return,
    /// Pushes a closure over a function of this module.
    Closure(u32),
    /// Pops arity, function, module; pushes `fun M:F/A`.
    ExternalFun,
    /// Errors inside go to the failure point until `GuardEnd`.
    Guard(u32),
    GuardEnd,
    /// Pushes the process's own pid.
    SelfPid,
    /// Pushes the node's name.
    NodeName,

    // Patterns: each pops the value it looks at.
    MatchConst {
        constant: u32,
        fail: u32,
    },
    MatchSlot {
        slot: u32,
        fail: u32,
    },
    /// Binds the slot if the flag is not `true`, else compares.
    MatchMaybe {
        slot: u32,
        flag: u32,
        fail: u32,
    },
    /// Pushes the elements, the first on top.
    MatchTuple {
        arity: u32,
        fail: u32,
    },
    /// Pushes tail, then head on top.
    MatchCons {
        fail: u32,
    },
    MatchNil {
        fail: u32,
    },
    /// Only looks: the map stays.
    MatchMap {
        fail: u32,
    },
    /// Pops key and map, pushes the value.
    MatchKey {
        fail: u32,
    },
    /// Pops a binary into two slots: the bits, and the offset 0.
    BitsStart {
        slot: u32,
        fail: u32,
    },
    /// Pops the size if the segment has a dynamic one; pushes what it read.
    BitsField {
        slot: u32,
        segment: u32,
        fail: u32,
    },
    /// Fails unless all bits are read.
    BitsEnd {
        slot: u32,
        fail: u32,
    },
    /// Jumps when all bits are read (binary generators).
    BitsDone {
        slot: u32,
        target: u32,
    },

    // Construction.
    /// Pops values and sizes of the segments of this table entry.
    BuildBits {
        segments: u32,
    },
    /// Pops that many key and value pairs, pushes a map.
    NewMap(u32),
    /// Pops value, key, map; pushes the updated map.
    PutMap {
        exact: bool,
    },
    /// Only looks: `{badmap, V}` unless a map.
    CheckMap,
    /// Only looks: `{badrecord, V}` unless a tuple of this size and tag.
    CheckRecord {
        arity: u32,
        tag: u32,
    },
    /// Pops a value and a tuple, pushes the tuple with element `n` (from 0)
    /// replaced.
    SetElement(u32),
    /// Pops a tuple, pushes element `n` (from 0).
    Element(u32),

    // Errors.
    /// Pops the value and raises `{badmatch, V}`.
    BadMatch,
    CaseClause,
    TryClause,
    IfClause,
    FunctionClause,
    /// Pops V, raises `{constant, V}`.
    RaiseTagged(u32),

    // Exceptions.
    /// The handler is a failure point; it finds class, reason and trace pushed.
    TryPush(u32),
    TryPop,
    /// Pops trace, reason, class and raises them again.
    Reraise,
    /// Pops trace, reason, class and pushes what `catch` gives.
    CatchValue,

    // Receive.
    /// Pops the time; raises `timeout_value` if bad. Sets the deadline.
    SetTimeout,
    /// Tries the mailbox; each message is pushed at `clauses`. At the deadline
    /// goes to the failure point `timeout` (0 means none).
    Receive {
        clauses: u32,
        timeout: u32,
    },
    Accept,
    Reject,

    // Comprehensions.
    /// Takes the next element of the list in the slot and pushes it; jumps at
    /// its end; `{bad_generator, V}` otherwise.
    Next {
        slot: u32,
        end: u32,
    },
    /// Pops a map, pushes the list of its pairs.
    MapPairs,
    /// Pops and prepends to the list in the slot.
    Collect(u32),
    /// Pushes the reverse of the list in the slot.
    Collected(u32),
    /// Pushes the bit strings in the slot, joined in reverse order.
    CollectedBits(u32),
    /// Pushes a map of the pairs in the slot.
    CollectedMap(u32),
    /// Pops; `true` goes on, `false` goes to the failure point, anything else
    /// is `{bad_filter, V}`.
    Filter(u32),
}

/// Where a pattern, guard or handler goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure {
    pub(crate) target: u32,
    /// Operands that stay on the stack.
    pub(crate) height: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SegmentKind {
    Integer,
    Float,
    Bits,
    Utf8,
    Utf16,
    Utf32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SegmentSize {
    /// As many units as the constant says.
    Fixed(u64),
    /// The number of units is on the stack.
    Dynamic,
    /// The rest (or, in construction, the whole of the value).
    All,
}

/// How a segment of the bit syntax is read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentCode {
    pub(crate) kind: SegmentKind,
    pub(crate) signed: bool,
    pub(crate) little: bool,
    pub(crate) unit: u32,
    pub(crate) size: SegmentSize,
}

/// A compiled function, fun or expression.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: Atom,
    pub(crate) arity: u8,
    pub(crate) slots: u32,
    pub(crate) ops: Vec<Op>,
    pub(crate) failures: Vec<Failure>,
    pub(crate) segments: Vec<SegmentCode>,
    /// Ranges of `segments` for `BuildBits`.
    pub(crate) builds: Vec<(u32, u32)>,
    /// Slots of the enclosing function that a closure copies; they become the
    /// slots after the arguments.
    pub(crate) captures: Vec<u32>,
    /// Where a named fun finds itself.
    pub(crate) own_slot: Option<u32>,
    /// Line of the instructions from this number on.
    pub(crate) lines: Vec<(u32, u32)>,
    /// What the function is: it decides what stack traces show.
    pub(crate) kind: FunctionKind,
    /// Which instructions belong to which part of an expression, inner parts
    /// first; only of what OTP interprets.
    pub(crate) parts: Vec<(u32, u32, Part)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FunctionKind {
    /// The body of a typed expression.
    Expression,
    /// A function of a module.
    Named,
    /// A fun.
    Fun,
    /// A fun with a name.
    NamedFun,
}

impl Function {
    /// The parts that an instruction belongs to, the innermost first.
    pub(crate) fn parts(&self, pc: u32) -> impl Iterator<Item = Part> {
        let within = move |(start, end, part): &(u32, u32, Part)| {
            (*start..*end).contains(&pc).then_some(*part)
        };
        self.parts.iter().filter_map(within)
    }

    /// The source line of an instruction.
    pub(crate) fn line(&self, pc: u32) -> u32 {
        match self.lines.partition_point(|(start, _)| *start <= pc) {
            0 => 0,
            index => self.lines[index - 1].1,
        }
    }
}

/// A call of a function outside the module, resolved at the first call.
pub(crate) struct CallSite {
    pub(crate) module: Atom,
    pub(crate) function: Atom,
    pub(crate) arity: u8,
    pub(crate) target: OnceLock<Target>,
}

/// What a called name turned out to be.
#[derive(Clone)]
pub(crate) enum Target {
    Native(NativeKind),
    Erlang {
        module: Arc<Module>,
        function: u32,
    },
    /// `apply/2`.
    ApplyFun,
    /// `apply/3`.
    Apply,
}

/// Where the code of a module came from; it decides how it looks in traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Typed into the shell.
    Shell,
    /// Expressions of a file: `erl_eval`.
    Expressions,
    /// A script or a module given as text.
    Program,
    /// A module of the library.
    Library,
}

impl Origin {
    /// Whether `erl_eval` is what evaluates it in OTP.
    pub(crate) fn is_expressions(self) -> bool {
        matches!(self, Origin::Shell | Origin::Expressions)
    }
}

/// A compiled unit: a module, or one typed expression with its funs.
pub(crate) struct Module {
    pub(crate) name: Atom,
    pub(crate) origin: Origin,
    pub(crate) file: String,
    pub(crate) functions: Vec<Function>,
    pub(crate) constants: Vec<Term>,
    pub(crate) sites: Vec<CallSite>,
    pub(crate) exports: HashMap<(Atom, u8), u32>,
    /// All named functions, exported or not.
    pub(crate) locals: HashMap<(Atom, u8), u32>,
}

impl Module {
    /// The function that a call from outside means.
    pub(crate) fn entry(&self, function: Atom, arity: u8) -> Option<u32> {
        let key = (function, arity);
        match self.origin {
            // The functions of a script are all reachable, as in OTP.
            Origin::Program if self.exports.is_empty() => self.locals.get(&key).copied(),
            // A script's main function need not be exported.
            Origin::Program if arity == 1 && function.as_str() == "main" => {
                self.locals.get(&key).copied()
            }
            _ => self.exports.get(&key).copied(),
        }
    }
}

impl std::fmt::Debug for CallSite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}:{}/{}",
            self.module.as_str(),
            self.function.as_str(),
            self.arity
        )
    }
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Module")
            .field("name", &self.name.as_str())
            .finish_non_exhaustive()
    }
}
