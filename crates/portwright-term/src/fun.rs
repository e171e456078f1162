//! Functions as values.

use std::any::Any;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use bytes::Bytes;

use crate::{Atom, Pid};

/// A function value.
#[derive(Clone)]
// A fun is the largest part of a term, so the tag of a fun is the tag of every term.
// With eight bytes a term is written and moved in the same pieces; a processor waits
// where it has to put a value together from what was written as a byte and more.
#[repr(u64)]
pub enum Fun {
    /// `fun Module:Function/Arity`.
    External {
        /// The module.
        module: Atom,
        /// The function's name.
        function: Atom,
        /// Number of arguments.
        arity: u8,
    },
    /// A closure of another node: kept so that it encodes to the same bytes.
    Opaque(Arc<OpaqueFun>),
    /// A closure of this process.
    Native(Arc<dyn NativeFun>),
}

/// A closure that lives in this process, such as one made by the shell.
///
/// Two native funs are the same when they are the same object. They have no
/// external format.
pub trait NativeFun: Send + Sync + Any {
    /// Number of arguments.
    fn arity(&self) -> u8;
    /// The module it prints as coming from.
    fn module(&self) -> Atom;
    /// The second part of its text, `42` in `#Fun<erl_eval.42.3316493>`.
    fn index(&self) -> u32;
    /// The third part of its text, `3316493` in `#Fun<erl_eval.42.3316493>`.
    fn uniq(&self) -> u32;
    /// The object itself, to get back to its own type.
    fn as_any(&self) -> &dyn Any;
}

/// A decoded closure of another node.
///
/// Its environment is not looked into; only the head is, for printing and order.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OpaqueFun {
    pub(crate) arity: u8,
    pub(crate) uniq: [u8; 16],
    pub(crate) index: u32,
    pub(crate) module: Atom,
    pub(crate) old_index: i64,
    pub(crate) old_uniq: i64,
    pub(crate) creator: Pid,
    /// The whole of NEW_FUN_EXT, tag included, as it was received.
    pub(crate) encoded: Bytes,
}

impl OpaqueFun {
    /// Number of arguments.
    pub fn arity(&self) -> u8 {
        self.arity
    }

    /// The module that made the closure.
    pub fn module(&self) -> Atom {
        self.module
    }

    /// The number of the fun in its module.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// The checksum of the module that made it.
    pub fn uniq(&self) -> [u8; 16] {
        self.uniq
    }

    /// The process that made it.
    pub fn creator(&self) -> Pid {
        self.creator
    }

    /// The external format as it was received, without the version byte.
    pub fn encoded(&self) -> &Bytes {
        &self.encoded
    }
}

impl Fun {
    /// Number of arguments.
    pub fn arity(&self) -> u8 {
        match self {
            Fun::External { arity, .. } => *arity,
            Fun::Opaque(fun) => fun.arity,
            Fun::Native(fun) => fun.arity(),
        }
    }

    /// The module it names or comes from.
    pub fn module(&self) -> Atom {
        match self {
            Fun::External { module, .. } => *module,
            Fun::Opaque(fun) => fun.module,
            Fun::Native(fun) => fun.module(),
        }
    }

    /// A sort key that puts closures before external funs, as OTP does.
    fn rank(&self) -> u8 {
        match self {
            Fun::Opaque(_) => 0,
            Fun::Native(_) => 1,
            Fun::External { .. } => 2,
        }
    }
}

impl PartialEq for Fun {
    fn eq(&self, other: &Fun) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Fun {}

impl PartialOrd for Fun {
    fn partial_cmp(&self, other: &Fun) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Fun {
    fn cmp(&self, other: &Fun) -> Ordering {
        match (self, other) {
            (
                Fun::External {
                    module: m1,
                    function: f1,
                    arity: a1,
                },
                Fun::External {
                    module: m2,
                    function: f2,
                    arity: a2,
                },
            ) => (m1, f1, a1).cmp(&(m2, f2, a2)),
            (Fun::Opaque(a), Fun::Opaque(b)) => {
                fn key(fun: &OpaqueFun) -> (Atom, i64, i64, &[u8]) {
                    (fun.module, fun.old_index, fun.old_uniq, &fun.encoded)
                }
                key(a).cmp(&key(b))
            }
            // Addresses of living objects: stable while both are held.
            (Fun::Native(a), Fun::Native(b)) => address(a).cmp(&address(b)),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

fn address(fun: &Arc<dyn NativeFun>) -> usize {
    Arc::as_ptr(fun).cast::<()>() as usize
}

impl Hash for Fun {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Fun::External {
                module,
                function,
                arity,
            } => (module, function, arity).hash(state),
            Fun::Opaque(fun) => fun.encoded.hash(state),
            Fun::Native(fun) => address(fun).hash(state),
        }
    }
}

impl fmt::Debug for Fun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fun::External {
                module,
                function,
                arity,
            } => write!(f, "fun {module}:{function}/{arity}"),
            Fun::Opaque(fun) => {
                write!(f, "#Fun<{}.{}.{}>", fun.module, fun.old_index, fun.old_uniq)
            }
            Fun::Native(fun) => write!(f, "#Fun<{}.{}.{}>", fun.module(), fun.index(), fun.uniq()),
        }
    }
}
