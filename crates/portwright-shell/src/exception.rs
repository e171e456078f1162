//! Erlang exceptions: class, reason, stack trace.

use std::borrow::Cow;
use std::fmt;

use portwright_term::{Atom, Map, Term, atoms};

/// The class of an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Raised by the runtime or by `error/1`.
    Error,
    /// Raised by `exit/1`.
    Exit,
    /// Raised by `throw/1`.
    Throw,
}

impl Class {
    /// The atom that `try ... catch Class:Reason` binds.
    pub fn atom(self) -> Atom {
        match self {
            Class::Error => atoms::ERROR,
            Class::Exit => atoms::EXIT_LOWER,
            Class::Throw => atoms::THROW,
        }
    }

    /// The class of this name.
    pub fn from_atom(atom: Atom) -> Option<Class> {
        match atom {
            atoms::ERROR => Some(Class::Error),
            atoms::EXIT_LOWER => Some(Class::Exit),
            atoms::THROW => Some(Class::Throw),
            _ => None,
        }
    }
}

/// The number of a note that is about no argument in particular.
pub const GENERAL: u8 = 0;

/// The number of a note that stands in for the text of the reason.
pub const REASON: u8 = u8::MAX;

/// An Erlang exception on its way to a handler.
///
/// A native function returns one as its error. It need not care for the stack
/// trace: the machine adds the entry of the function (with its arguments) and
/// those of its callers.
#[derive(Clone)]
pub struct Exception(Box<Parts>);

#[derive(Clone)]
struct Parts {
    class: Class,
    reason: Term,
    /// The finished stack trace; `None` until the machine has made it.
    stack: Option<Term>,
    cause: Option<Term>,
    notes: Vec<(u8, Cow<'static, str>)>,
    without_entry: bool,
    arguments: Option<Term>,
    /// Entries that the trace starts with.
    entries: Vec<Term>,
    uncatchable: bool,
}

impl Exception {
    /// An exception without a stack trace yet.
    pub fn new(class: Class, reason: impl Into<Term>) -> Exception {
        Exception(Box::new(Parts {
            class,
            reason: reason.into(),
            stack: None,
            cause: None,
            notes: Vec::new(),
            without_entry: false,
            arguments: None,
            entries: Vec::new(),
            uncatchable: false,
        }))
    }

    /// Class `error`.
    pub fn error(reason: impl Into<Term>) -> Exception {
        Exception::new(Class::Error, reason)
    }

    /// Class `exit`: the meaning of `exit(Reason)`.
    pub fn exit(reason: impl Into<Term>) -> Exception {
        let mut exception = Exception::new(Class::Exit, reason);
        exception.0.without_entry = true;
        exception
    }

    /// Class `throw`: the meaning of `throw(Value)`.
    pub fn throw(reason: impl Into<Term>) -> Exception {
        let mut exception = Exception::new(Class::Throw, reason);
        exception.0.without_entry = true;
        exception
    }

    /// Error `badarg`.
    pub fn badarg() -> Exception {
        Exception::error(atoms::BADARG)
    }

    /// Error `badarith`.
    pub fn badarith() -> Exception {
        Exception::error(atoms::BADARITH)
    }

    /// Error `function_clause`, as a library function written in Erlang gives it.
    pub fn function_clause() -> Exception {
        Exception::error(atoms::FUNCTION_CLAUSE)
    }

    /// Error `system_limit`.
    pub fn system_limit() -> Exception {
        Exception::error(atoms::SYSTEM_LIMIT)
    }

    /// Error `undef`.
    pub fn undef() -> Exception {
        Exception::error(atoms::UNDEF)
    }

    /// Error `{Name, Value}`, such as `{badmatch, V}`.
    pub fn tagged(name: Atom, value: impl Into<Term>) -> Exception {
        Exception::error(Term::tuple([Term::Atom(name), value.into()]))
    }

    /// Ends the process and cannot be caught: used by `halt` and by exit
    /// signals.
    pub fn uncatchable(reason: impl Into<Term>) -> Exception {
        let mut exception = Exception::exit(reason);
        exception.0.uncatchable = true;
        exception
    }

    /// Adds the shell's explanation of an argument, printed as
    /// `*** argument 2: not an iodata term`. Arguments count from 1; see also
    /// [`GENERAL`] and [`REASON`].
    #[must_use]
    pub fn note(mut self, argument: u8, text: impl Into<Cow<'static, str>>) -> Exception {
        self.0.notes.push((argument, text.into()));
        self
    }

    /// Adds `cause => Cause` to the `error_info` of the stack entry.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Term>) -> Exception {
        self.0.cause = Some(cause.into());
        self
    }

    /// Leaves the native function itself out of the stack trace.
    #[must_use]
    pub fn without_entry(mut self) -> Exception {
        self.0.without_entry = true;
        self
    }

    /// Shows these arguments (a list) in the stack entry instead of the real
    /// ones, as `error/2` does for its caller.
    #[must_use]
    pub fn with_arguments(mut self, arguments: Term) -> Exception {
        self.0.arguments = Some(arguments);
        self
    }

    /// Gives the whole stack trace, as `erlang:raise/3` does.
    #[must_use]
    pub fn with_stack(mut self, stack: Term) -> Exception {
        self.0.stack = Some(stack);
        self
    }

    /// The class.
    pub fn class(&self) -> Class {
        self.0.class
    }

    /// The reason.
    pub fn reason(&self) -> &Term {
        &self.0.reason
    }

    /// The stack trace: a list of `{Module, Function, ArityOrArgs, Location}`.
    pub fn stack(&self) -> Term {
        self.0.stack.clone().unwrap_or(Term::Nil)
    }

    /// Whether the stack trace has been made.
    pub(crate) fn has_stack(&self) -> bool {
        self.0.stack.is_some()
    }

    pub(crate) fn set_stack(&mut self, stack: Term) {
        self.0.stack = Some(stack);
    }

    pub(crate) fn wants_entry(&self) -> bool {
        !self.0.without_entry
    }

    /// Starts the stack trace with these entries.
    pub(crate) fn with_entries(mut self, entries: Vec<Term>) -> Exception {
        self.0.entries = entries;
        self
    }

    pub(crate) fn take_entries(&mut self) -> Vec<Term> {
        std::mem::take(&mut self.0.entries)
    }

    pub(crate) fn arguments(&self) -> Option<&Term> {
        self.0.arguments.as_ref()
    }

    /// Explanations of arguments given by the function that failed.
    pub fn notes(&self) -> &[(u8, Cow<'static, str>)] {
        &self.0.notes
    }

    /// Whether no handler may stop it.
    pub fn is_uncatchable(&self) -> bool {
        self.0.uncatchable
    }

    /// The `error_info` map of a stack entry whose texts come from `module`.
    pub(crate) fn error_info(&self, module: Atom) -> Term {
        let mut map = Map::default();
        if let Some(cause) = &self.0.cause {
            map = map.insert(Term::Atom(Atom::literal("cause")), cause.clone());
        }
        map = map.insert(Term::Atom(Atom::literal("module")), Term::Atom(module));
        Term::Map(map)
    }

    /// The reason with which a process ends that does not catch this.
    ///
    /// `{Reason, Stack}` for errors, the reason itself for exits, and
    /// `{{nocatch, Value}, Stack}` for throws.
    pub fn exit_reason(&self) -> Term {
        match self.class() {
            Class::Error => Term::tuple([self.reason().clone(), self.stack()]),
            Class::Exit => self.reason().clone(),
            Class::Throw => Term::tuple([
                Term::tuple([Term::Atom(atoms::NOCATCH), self.reason().clone()]),
                self.stack(),
            ]),
        }
    }

    /// What `catch Expr` returns.
    pub fn caught(&self) -> Term {
        let exit = Term::Atom(atoms::EXIT);
        match self.class() {
            Class::Error => Term::tuple([exit, Term::tuple([self.reason().clone(), self.stack()])]),
            Class::Exit => Term::tuple([exit, self.reason().clone()]),
            Class::Throw => self.reason().clone(),
        }
    }
}

impl fmt::Debug for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{:?} {:?}",
            self.class().atom().as_str(),
            self.reason(),
            self.stack()
        )
    }
}
