//! Funs made by evaluated code.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::sync::Arc;

use portwright_term::{Atom, Fun, NativeFun, Term, atoms};

use crate::code::{Function, FunctionKind, Module};

/// What OTP 25's `erl_eval` has as the checksum of its funs.
const UNIQ: u32 = 3_316_493;

/// A fun: code and captured values.
pub(crate) struct Closure {
    pub(crate) module: Arc<Module>,
    pub(crate) function: u32,
    pub(crate) captured: Box<[Term]>,
}

impl Closure {
    pub(crate) fn code(&self) -> &Function {
        &self.module.functions[self.function as usize]
    }
}

impl NativeFun for Closure {
    fn arity(&self) -> u8 {
        self.code().arity
    }

    fn module(&self) -> Atom {
        atoms::ERL_EVAL
    }

    /// `erl_eval` has one fun per arity, and another one for named funs.
    fn index(&self) -> u32 {
        let arity = u32::from(self.code().arity).min(20);
        match self.code().kind {
            FunctionKind::NamedFun => 20 - arity,
            // 24 to 32 belong to other funs of that module.
            _ if arity == 20 => 23,
            _ => 43 - arity,
        }
    }

    fn uniq(&self) -> u32 {
        UNIQ
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The closure of a fun that was made here.
pub(crate) fn of(fun: &Fun) -> Option<&Closure> {
    match fun {
        Fun::Native(native) => native.as_any().downcast_ref(),
        _ => None,
    }
}

thread_local! {
    static PENDING: RefCell<Vec<Term>> = const { RefCell::new(Vec::new()) };
    static RELEASING: Cell<bool> = const { Cell::new(false) };
}

/// Funs that hold funs that hold funs are released one after the other, not
/// one within the other: the stack is not as deep as such a chain may be.
impl Drop for Closure {
    fn drop(&mut self) {
        let holds = |term: &Term| {
            !matches!(
                term,
                Term::Integer(_)
                    | Term::Float(_)
                    | Term::Atom(_)
                    | Term::Nil
                    | Term::Pid(_)
                    | Term::Port(_)
                    | Term::Binary(_)
            )
        };
        if !self.captured.iter().any(holds) {
            return;
        }
        let captured = std::mem::take(&mut self.captured).into_vec();
        // Without the thread's storage (the thread is ending) there is only the
        // ordinary way.
        let Ok(()) = PENDING.try_with(|pending| pending.borrow_mut().extend(captured)) else {
            return;
        };
        if RELEASING.replace(true) {
            return;
        }
        while let Some(term) = PENDING.with(|pending| pending.borrow_mut().pop()) {
            drop(term);
        }
        RELEASING.set(false);
    }
}
