//! How functions written in Rust, and modules written in Erlang, enter the
//! evaluator.
//!
//! # A function in Rust
//!
//! ```ignore
//! use crate::native::{Call, Native, NativeModule};
//!
//! fn reverse(_: &mut Call, args: &[Term]) -> Result<Term, Exception> {
//!     let items = args[0].to_vec().ok_or_else(Exception::function_clause)?;
//!     Ok(Term::list(items.into_iter().rev()))
//! }
//!
//! pub(crate) const LISTS: NativeModule =
//!     NativeModule::new("lists", &[Native::new("reverse", 1, reverse)]);
//! ```
//!
//! and `&LISTS` goes into `library::MODULES`. `args` always has as many
//! elements as the arity says. Several [`NativeModule`]s may add to one Erlang
//! module; the same function twice is caught by a test of the registry.
//!
//! * Bad arguments: `Err(Exception::badarg().note(1, "not an atom"))`. The
//!   machine adds the stack entry with the arguments.
//! * A function that must wait (a port that is busy, a socket, a child
//!   program) is registered with [`Native::waiting`] and returns a boxed
//!   future. The process can be killed while it waits: then the future is
//!   dropped.
//! * A function that seldom has to wait (`port_command/2`) is registered with
//!   [`Native::either`]: its first half answers at once or says that it must
//!   wait. That is much cheaper than a future for every call.
//! * A native function must not run long or block the thread. What is slow by
//!   nature (a big file, `os:cmd`) is a waiting function that uses
//!   `tokio::task::spawn_blocking`.
//! * A native function cannot call a fun. Whatever takes a fun is a prelude.
//!
//! # A module in Erlang (a prelude)
//!
//! ```ignore
//! pub(crate) const PRELUDES: &[Prelude] =
//!     &[Prelude { module: "lists", source: include_str!("lists.erl") }];
//! ```
//!
//! The text is an ordinary module: `-export([...]).` and functions; guards,
//! funs, comprehensions and everything else of the language. It is parsed and
//! compiled when the first of its functions is called. Calls without a module
//! mean functions of the same text, then BIFs; native functions of the same
//! module are called with it (`lists:reverse(L)`). Native functions win over
//! prelude functions of the same name.
//!
//! # State
//!
//! * per process: [`Call::local`] gives a value of any `Default` type,
//!   [`Call::dictionary`] is the process dictionary;
//! * per node: [`System::shared`] gives a value of any `Default` type that all
//!   processes share (tables, listeners, seeds).

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use portwright::Process;
use portwright_term::{Pid, Term};

use crate::exception::Exception;
use crate::system::System;

/// The first half of a function that seldom waits: `None` when it has to.
pub type TryFn = fn(&mut Call, &[Term]) -> Result<Option<Term>, Exception>;

/// The future of a waiting native function.
pub type NativeFuture<'a> = Pin<Box<dyn Future<Output = Result<Term, Exception>> + Send + 'a>>;

/// A native function that returns at once.
pub type NativeFn = fn(&mut Call, &[Term]) -> Result<Term, Exception>;

/// A native function that may wait.
pub type WaitingFn = for<'a> fn(&'a mut Call, &'a [Term]) -> NativeFuture<'a>;

/// A native function that needs nothing but its arguments.
pub type PureFn = fn(&[Term]) -> Result<Term, Exception>;

/// How a native function runs.
#[derive(Clone, Copy)]
pub enum NativeKind {
    /// It returns at once and asks nothing of the process.
    Pure(PureFn),
    /// It returns at once.
    Now(NativeFn),
    /// It may wait.
    Waiting(WaitingFn),
    /// It tries without waiting first, and waits if that gave nothing.
    Either(TryFn, WaitingFn),
}

/// One native function: name, arity, code.
#[derive(Clone, Copy)]
pub struct Native {
    /// The function's name.
    pub name: &'static str,
    /// Number of arguments.
    pub arity: u8,
    /// The code.
    pub kind: NativeKind,
}

impl Native {
    /// A function that needs nothing but its arguments.
    pub const fn pure(name: &'static str, arity: u8, function: PureFn) -> Native {
        Native {
            name,
            arity,
            kind: NativeKind::Pure(function),
        }
    }

    /// A function that returns at once.
    pub const fn new(name: &'static str, arity: u8, function: NativeFn) -> Native {
        Native {
            name,
            arity,
            kind: NativeKind::Now(function),
        }
    }

    /// A function that may wait.
    pub const fn waiting(name: &'static str, arity: u8, function: WaitingFn) -> Native {
        Native {
            name,
            arity,
            kind: NativeKind::Waiting(function),
        }
    }

    /// A function that seldom waits: `try_now` gives the value or `None`, and
    /// then `waiting` is called with the same arguments.
    pub const fn either(
        name: &'static str,
        arity: u8,
        try_now: TryFn,
        waiting: WaitingFn,
    ) -> Native {
        Native {
            name,
            arity,
            kind: NativeKind::Either(try_now, waiting),
        }
    }
}

/// Native functions of one Erlang module.
#[derive(Clone, Copy)]
pub struct NativeModule {
    /// The Erlang module's name.
    pub name: &'static str,
    /// Its functions, or some of them.
    pub functions: &'static [Native],
}

impl NativeModule {
    /// Functions of the module `name`.
    pub const fn new(name: &'static str, functions: &'static [Native]) -> NativeModule {
        NativeModule { name, functions }
    }
}

/// A module written in Erlang.
#[derive(Clone, Copy)]
pub struct Prelude {
    /// The module's name.
    pub module: &'static str,
    /// Its text.
    pub source: &'static str,
}

/// What a native function may ask of the process that calls it.
pub struct Call {
    process: Process,
    system: Arc<System>,
    dictionary: HashMap<Term, Term>,
    group_leader: Option<Term>,
    initial_call: Option<Term>,
    local: HashMap<TypeId, Box<dyn Any + Send>>,
}

impl Call {
    pub(crate) fn new(process: Process, system: Arc<System>) -> Call {
        Call {
            process,
            system,
            dictionary: HashMap::new(),
            group_leader: None,
            initial_call: None,
            local: HashMap::new(),
        }
    }

    /// The calling process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// The calling process, to look at.
    pub fn process_ref(&self) -> &Process {
        &self.process
    }

    /// Its pid.
    pub fn pid(&self) -> Pid {
        self.process.pid()
    }

    /// The node-wide state: node, output, arguments, shared values.
    pub fn system(&self) -> &Arc<System> {
        &self.system
    }

    /// The process dictionary of `put/2` and `get/1`.
    pub fn dictionary(&mut self) -> &mut HashMap<Term, Term> {
        &mut self.dictionary
    }

    /// The group leader's pid, if one was set with `group_leader/2`.
    pub fn group_leader(&mut self) -> &mut Option<Term> {
        &mut self.group_leader
    }

    /// `{M, F, A}` with which the process was spawned.
    pub(crate) fn initial_call(&mut self) -> &mut Option<Term> {
        &mut self.initial_call
    }

    /// The value of this type that belongs to the calling process, made with
    /// `Default` at first use.
    pub fn local<T: Default + Send + 'static>(&mut self) -> &mut T {
        let slot = self
            .local
            .entry(TypeId::of::<T>())
            .or_insert_with(|| Box::<T>::default());
        // The key is the type's own id.
        slot.downcast_mut()
            .expect("values are stored under their own type")
    }

    /// Takes the process out when the evaluator is done.
    pub(crate) fn into_process(self) -> Process {
        self.process
    }
}
