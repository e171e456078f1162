//! The BIFs that the language itself needs: operators and tests of guards,
//! exceptions, processes.

mod aliases;
mod guards;
mod names;
mod operators;
mod processes;
mod raising;
mod timers;

use portwright_term::{Atom, Term};

use crate::exception::Exception;
use crate::native::{NativeKind, NativeModule};

/// What a function gives.
type Value = Result<Term, Exception>;

/// The functions of this module.
pub(crate) const MODULES: &[&NativeModule] = &[
    &aliases::ALIASES,
    &guards::GUARDS,
    &operators::OPERATORS,
    &processes::PROCESSES,
    &processes::INIT,
    &raising::RAISING,
    &timers::TIMERS,
];

/// Whether `name/arity` is callable without a module.
pub(crate) fn is_auto_imported(name: Atom, arity: u8) -> bool {
    names::AUTO_IMPORTED
        .binary_search(&(name.as_str(), arity))
        .is_ok()
}

/// Whether guards may call it.
pub(crate) fn is_guard(name: Atom, arity: u8) -> bool {
    let name = name.as_str();
    if arity == 0 {
        return name == "self" || name == "node";
    }
    [&guards::GUARDS, &operators::OPERATORS]
        .into_iter()
        .any(|module| {
            module.functions.iter().any(|native| {
                native.name == name
                    && native.arity == arity
                    && matches!(native.kind, NativeKind::Pure(_))
                    && !matches!(name, "++" | "--" | "setelement" | "max" | "min")
            })
        })
}
