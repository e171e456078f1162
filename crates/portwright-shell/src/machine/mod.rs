//! The machine: runs compiled code with a stack of its own.
//!
//! Erlang's recursion never becomes Rust's. A machine is small until it runs;
//! it gives control back when its budget of calls is used up, when it waits for
//! a message, and when a library function wants to wait.

pub(crate) mod arithmetic;
pub(crate) mod bits;
pub(crate) mod closure;
mod execute;
mod operations;
mod trace;

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use portwright_term::{Atom, Pid, Term, atoms};

use crate::code::*;
use crate::exception::Exception;
use crate::native::{Call, WaitingFn};
use closure::Closure;
use trace::Culprit;

/// How far recursion may go before it is `system_limit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StackLimit {
    /// Calls that have not returned.
    pub calls: usize,
    /// Values held by them.
    pub values: usize,
}

impl Default for StackLimit {
    /// 4,000,000 calls, 16,000,000 values: at most some 500 MB.
    fn default() -> StackLimit {
        StackLimit {
            calls: 4_000_000,
            values: 16_000_000,
        }
    }
}

/// A function that waits for a callee.
pub(super) struct Frame {
    module: Arc<Module>,
    function: u32,
    pc: u32,
    base: u32,
}

struct Handler {
    /// Callers below the function that handles.
    depth: u32,
    failure: u32,
}

/// Why [`Machine::run`] returned.
pub(crate) enum Step {
    /// The code is done; its value.
    Done(Term),
    /// Nobody caught this.
    Raised(Exception),
    /// It waits for a message, until this moment at most; run it again when one
    /// has come or the moment has.
    Receive(Option<Instant>),
    /// The budget is used up; run it again.
    Yield,
    /// It waits for a library function; give the result to [`Machine::resume`].
    Await {
        function: WaitingFn,
        arguments: Arc<[Term]>,
    },
}

/// What [`Machine::execute`] came to.
enum Event {
    Step(Step),
    /// A receive clause took the message; the address after it is in `pc`.
    Accepted,
    Rejected,
}

/// The state of one running piece of code.
pub(crate) struct Machine {
    module: Arc<Module>,
    function: u32,
    pc: u32,
    /// Where the running function's slots start.
    base: u32,
    stack: Vec<Term>,
    frames: Vec<Frame>,
    handlers: Vec<Handler>,
    deadline: Option<Instant>,
    /// It is within a receive that has looked at some messages already.
    receiving: bool,
    /// Only patterns and guards run: a receive looks at a message.
    scanning: bool,
    waiting_for: Option<Culprit>,
    limit: StackLimit,
    pid: Pid,
    node: Atom,
}

impl Machine {
    fn new(module: Arc<Module>, stack: Vec<Term>, pid: Pid, limit: StackLimit) -> Machine {
        let mut machine = Machine {
            module,
            function: 0,
            pc: 0,
            base: 0,
            stack,
            frames: Vec::new(),
            handlers: Vec::new(),
            deadline: None,
            receiving: false,
            scanning: false,
            waiting_for: None,
            limit,
            pid,
            node: pid.node(),
        };
        let slots = machine.module.functions[0].slots as usize;
        machine.stack.resize(slots, Term::Nil);
        machine
    }

    /// Runs an expression with these values in its first slots.
    pub(crate) fn expression(
        module: Arc<Module>,
        values: Vec<Term>,
        pid: Pid,
        limit: StackLimit,
    ) -> Machine {
        Machine::new(module, values, pid, limit)
    }

    /// Runs `apply(Module, Function, Arguments)`.
    pub(crate) fn apply(
        module: Atom,
        function: Atom,
        arguments: Term,
        pid: Pid,
        limit: StackLimit,
    ) -> Machine {
        let values = vec![Term::Atom(module), Term::Atom(function), arguments];
        Machine::new(starter(), values, pid, limit)
    }

    /// Runs `apply(Fun, Arguments)`.
    pub(crate) fn apply_fun(fun: Term, arguments: Term, pid: Pid, limit: StackLimit) -> Machine {
        let mut machine = Machine::new(starter(), vec![fun, arguments], pid, limit);
        machine.function = 1;
        machine
    }

    /// The slots of a finished expression.
    pub(crate) fn slot(&self, slot: u32) -> Option<&Term> {
        self.stack.get(slot as usize)
    }

    /// Runs for at most `budget` calls.
    pub(crate) fn run(&mut self, budget: u32, call: &mut Call) -> Step {
        let mut budget = budget;
        match self.execute(&mut budget, Some(call)) {
            Event::Step(step) => step,
            // Only scanning makes these.
            Event::Accepted | Event::Rejected => Step::Raised(Exception::system_limit()),
        }
    }

    /// Gives the result of a waiting function. `Some` when nobody catches its
    /// exception.
    pub(crate) fn resume(&mut self, result: Result<Term, Exception>) -> Option<Exception> {
        let culprit = self.waiting_for.take();
        match result {
            Ok(value) => {
                self.stack.push(value);
                None
            }
            Err(exception) => self.unwind(exception, culprit),
        }
    }

    /// Goes to the nearest handler. `Some` when there is none.
    fn unwind(&mut self, mut exception: Exception, culprit: Option<Culprit>) -> Option<Exception> {
        self.trace(&mut exception, culprit);
        self.receiving = false;
        if self.scanning || exception.is_uncatchable() {
            return Some(exception);
        }
        let Some(handler) = self.handlers.pop() else {
            return Some(exception);
        };
        let depth = handler.depth as usize;
        if depth < self.frames.len() {
            self.frames.truncate(depth + 1);
            if let Some(frame) = self.frames.pop() {
                self.module = frame.module;
                self.function = frame.function;
                self.base = frame.base;
            }
        }
        let code = &self.module.functions[self.function as usize];
        let failure = code.failures[handler.failure as usize];
        self.stack
            .truncate((self.base + code.slots + failure.height) as usize);
        if self.stack.capacity() > 4 * self.stack.len() + 1_000_000 {
            self.stack.shrink_to(2 * self.stack.len());
        }
        self.stack.push(Term::Atom(exception.class().atom()));
        self.stack.push(exception.reason().clone());
        self.stack.push(exception.stack());
        self.pc = failure.target;
        None
    }

    /// Starts a function whose arguments are on the stack.
    ///
    /// # Errors
    ///
    /// `system_limit` when recursion is too deep.
    fn enter(
        &mut self,
        module: &Arc<Module>,
        function: u32,
        tail: bool,
        closure: Option<(&Closure, &Term)>,
    ) -> Result<(), Exception> {
        let code = &module.functions[function as usize];
        let arity = usize::from(code.arity);
        let arguments = self.stack.len() - arity;
        if tail {
            let base = self.base as usize;
            // The arguments take the place of the old slots.
            if base + arity <= arguments {
                for index in 0..arity {
                    self.stack.swap(base + index, arguments + index);
                }
                self.stack.truncate(base + arity);
            } else {
                self.stack.drain(base..arguments);
            }
        } else {
            if self.frames.len() >= self.limit.calls || self.stack.len() >= self.limit.values {
                return Err(Exception::system_limit().without_entry());
            }
            self.frames.push(Frame {
                module: self.module.clone(),
                function: self.function,
                pc: self.pc,
                base: self.base,
            });
            // The limit of values keeps this far below `u32`.
            self.base = u32::try_from(arguments).unwrap_or(u32::MAX);
        }
        if let Some((closure, own)) = closure {
            self.stack.extend(closure.captured.iter().cloned());
            if code.own_slot.is_some() {
                self.stack.push(own.clone());
            }
        }
        self.stack
            .resize((self.base + code.slots) as usize, Term::Nil);
        if !Arc::ptr_eq(&self.module, module) {
            self.module = module.clone();
        }
        self.function = function;
        self.pc = 0;
        Ok(())
    }
}

/// The code that starts processes: `apply(M, F, As)` and `apply(F, As)`.
fn starter() -> Arc<Module> {
    static STARTER: OnceLock<Arc<Module>> = OnceLock::new();
    STARTER
        .get_or_init(|| {
            let function = |arguments: u8| Function {
                name: Atom::literal("-start-"),
                arity: 0,
                slots: u32::from(arguments),
                ops: (0..u32::from(arguments))
                    .map(Op::Load)
                    .chain([
                        Op::CallSite {
                            site: u32::from(arguments == 2),
                            arity: arguments,
                            tail: true,
                        },
                        Op::Return,
                    ])
                    .collect(),
                failures: Vec::new(),
                segments: Vec::new(),
                builds: Vec::new(),
                captures: Vec::new(),
                own_slot: None,
                lines: Vec::new(),
                kind: FunctionKind::Expression,
                parts: Vec::new(),
            };
            let site = |arity| CallSite {
                module: atoms::ERLANG,
                function: Atom::literal("apply"),
                arity,
                target: OnceLock::new(),
            };
            Arc::new(Module {
                name: atoms::ERLANG,
                origin: Origin::Library,
                file: String::new(),
                functions: vec![function(3), function(2)],
                constants: Vec::new(),
                sites: vec![site(3), site(2)],
                exports: Default::default(),
                locals: Default::default(),
            })
        })
        .clone()
}
