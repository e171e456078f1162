//! Exit reasons.

use std::fmt;

use portwright_term::{Atom, Term, atoms};

/// Why a process or port ended: any term.
///
/// # Examples
///
/// ```
/// use portwright::ExitReason;
/// assert!(ExitReason::normal().is_normal());
/// assert_eq!(ExitReason::killed().to_string(), "killed");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ExitReason(Term);

impl ExitReason {
    /// `normal`: it ended of itself.
    pub fn normal() -> Self {
        Self(Term::Atom(atoms::NORMAL))
    }

    /// `kill`: as a signal, it cannot be trapped.
    pub fn kill() -> Self {
        Self(Term::Atom(atoms::KILL))
    }

    /// `killed`: it was ended by `kill`.
    pub fn killed() -> Self {
        Self(Term::Atom(atoms::KILLED))
    }

    /// `noproc`: it did not exist.
    pub fn noproc() -> Self {
        Self(Term::Atom(atoms::NOPROC))
    }

    /// Whether the reason is `normal`.
    pub fn is_normal(&self) -> bool {
        self.is(atoms::NORMAL)
    }

    /// Whether the reason is this atom.
    pub fn is(&self, atom: Atom) -> bool {
        matches!(self.0, Term::Atom(own) if own == atom)
    }

    /// The reason as a term.
    pub fn term(&self) -> &Term {
        &self.0
    }

    /// The reason as a term.
    pub fn into_term(self) -> Term {
        self.0
    }
}

impl<T: Into<Term>> From<T> for ExitReason {
    fn from(reason: T) -> Self {
        Self(reason.into())
    }
}

impl fmt::Debug for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What the result of a spawned process says about its exit reason.
///
/// `()` and `Ok(_)` are `normal`; an [`ExitReason`] is itself; `Err(e)` is the
/// reason that `e` converts to.
pub trait IntoExitReason {
    /// The exit reason.
    fn into_exit_reason(self) -> ExitReason;
}

impl IntoExitReason for () {
    fn into_exit_reason(self) -> ExitReason {
        ExitReason::normal()
    }
}

impl IntoExitReason for ExitReason {
    fn into_exit_reason(self) -> ExitReason {
        self
    }
}

impl<T, E: Into<ExitReason>> IntoExitReason for Result<T, E> {
    fn into_exit_reason(self) -> ExitReason {
        match self {
            Ok(_) => ExitReason::normal(),
            Err(reason) => reason.into(),
        }
    }
}
