//! The built-in functions of erlang(3) for processes and ports, on terms.
//!
//! What an evaluator calls: arguments and results are terms, errors are the
//! exceptions of OTP 25. A caller of Rust uses [`Process`](crate::Process)
//! instead.
//!
//! Functions that can wait for a busy port return [`Outcome::Suspend`]; the caller waits with
//! [`Process::not_busy`](crate::Process::not_busy) and calls again.
//!
//! # Examples
//!
//! ```
//! use portwright::{Node, bif};
//!
//! let node = Node::new();
//! let me = node.attach();
//! let arguments = ["{spawn,\"cat\"}".parse().unwrap(), "[{packet,3}]".parse().unwrap()];
//! let error = bif::open_port(&me, &arguments).unwrap_err();
//! assert_eq!(error.reason.to_string(), "badarg");
//! assert_eq!(error.notes, [(2, "invalid option in list".into())]);
//! ```

mod ports;
mod processes;

pub use ports::*;
pub use processes::*;

use std::borrow::Cow;

use portwright_term::{Atom, Term, atoms};

use crate::Port;

/// An exception of class `error` that a built-in function raises.
#[derive(Debug, Clone, PartialEq)]
pub struct BifError {
    /// The reason.
    pub reason: Term,
    /// What is wrong with which argument (counted from 1), in OTP's words: what the
    /// shell prints as `*** argument 2: ...`.
    pub notes: Vec<(usize, Cow<'static, str>)>,
    /// The `cause` in the error information of the exception, if it has one.
    pub cause: Option<Atom>,
}

/// The result of a function that can wait for a busy port.
#[derive(Debug)]
pub enum Outcome {
    /// It is done.
    Value(Term),
    /// The port is busy: wait and call again.
    Suspend(Port),
}

impl BifError {
    /// An error with this reason and no notes.
    pub fn new(reason: Atom) -> Self {
        Self {
            reason: Term::Atom(reason),
            notes: Vec::new(),
            cause: None,
        }
    }

    /// `badarg` without notes.
    pub fn badarg() -> Self {
        Self::new(atoms::BADARG)
    }

    /// Adds what is wrong with an argument.
    pub fn note(mut self, argument: usize, text: impl Into<Cow<'static, str>>) -> Self {
        self.notes.push((argument, text.into()));
        self
    }
}

/// `badarg` because of one argument.
fn bad(argument: usize, text: &'static str) -> BifError {
    BifError::badarg().note(argument, text)
}

/// Wrong number of arguments: a caller's mistake that OTP reports as `undef`.
fn arity<const N: usize>(arguments: &[Term]) -> Result<&[Term; N], BifError> {
    arguments
        .try_into()
        .map_err(|_| BifError::new(atoms::UNDEF))
}

fn truth() -> Term {
    Term::boolean(true)
}
