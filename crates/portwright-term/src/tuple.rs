//! Tuples.

use std::ops::Deref;

use triomphe::{Arc, UniqueArc};

use crate::{Term, release};

/// A tuple; dereferences to its elements.
#[derive(Clone)]
pub struct Tuple(Arc<[Term]>);

impl Tuple {
    /// A tuple of `len` times `[]`, to be filled in.
    pub(crate) fn of_nil(len: usize) -> Tuple {
        (0..len).map(|_| Term::Nil).collect()
    }

    /// `true` when both handles name the same memory; equality for free.
    pub(crate) fn is_same(&self, other: &Tuple) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// `true` when somebody else holds the tuple, or has until now.
    #[inline]
    pub(crate) fn is_shared(&self) -> bool {
        !self.0.is_unique()
    }

    /// The elements, if nobody else holds the tuple.
    pub(crate) fn unshared(&mut self) -> Option<&mut [Term]> {
        Arc::get_mut(&mut self.0)
    }
}

impl Deref for Tuple {
    type Target = [Term];

    #[inline]
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
    #[inline]
    fn drop(&mut self) {
        release::tuple(self);
    }
}

impl FromIterator<Term> for Tuple {
    fn from_iter<I: IntoIterator<Item = Term>>(elements: I) -> Tuple {
        Tuple(UniqueArc::from_iter(elements).shareable())
    }
}

impl<const N: usize> From<[Term; N]> for Tuple {
    fn from(elements: [Term; N]) -> Tuple {
        elements.into_iter().collect()
    }
}

impl From<Vec<Term>> for Tuple {
    fn from(elements: Vec<Term>) -> Tuple {
        Tuple(elements.into())
    }
}
