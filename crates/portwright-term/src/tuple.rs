//! Tuples.

use std::ops::Deref;
use std::sync::Arc;

use crate::{Term, release};

/// A tuple; dereferences to its elements.
#[derive(Clone)]
pub struct Tuple(Arc<[Term]>);

impl Tuple {
    /// A tuple of these elements.
    pub fn new(elements: impl Into<Arc<[Term]>>) -> Tuple {
        Tuple(elements.into())
    }

    /// `true` when both handles name the same memory; equality for free.
    pub(crate) fn is_same(&self, other: &Tuple) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The elements, if nobody else holds the tuple.
    pub(crate) fn unshared(&mut self) -> Option<&mut [Term]> {
        Arc::get_mut(&mut self.0)
    }
}

impl Deref for Tuple {
    type Target = [Term];

    fn deref(&self) -> &[Term] {
        &self.0
    }
}

/// As [`Term`] has it.
impl std::fmt::Debug for Tuple {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&Term::Tuple(self.clone()), f)
    }
}

/// Erlang's `=:=`.
impl PartialEq for Tuple {
    fn eq(&self, other: &Tuple) -> bool {
        Term::Tuple(self.clone()) == Term::Tuple(other.clone())
    }
}

impl Eq for Tuple {}

impl Drop for Tuple {
    fn drop(&mut self) {
        release::tuple(self);
    }
}

impl FromIterator<Term> for Tuple {
    fn from_iter<I: IntoIterator<Item = Term>>(elements: I) -> Tuple {
        Tuple(elements.into_iter().collect())
    }
}

impl<const N: usize> From<[Term; N]> for Tuple {
    fn from(elements: [Term; N]) -> Tuple {
        Tuple(elements.into())
    }
}

impl From<Vec<Term>> for Tuple {
    fn from(elements: Vec<Term>) -> Tuple {
        Tuple(elements.into())
    }
}
