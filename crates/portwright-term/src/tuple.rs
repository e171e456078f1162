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

    /// A tuple of `len` times `[]`, to be filled in.
    pub(crate) fn of_nil(len: usize) -> Tuple {
        const fn nils<const N: usize>() -> [Term; N] {
            [const { Term::Nil }; N]
        }
        // With a length that is known there is nothing to work out.
        match len {
            1 => Tuple::from(const { nils::<1>() }),
            2 => Tuple::from(const { nils::<2>() }),
            3 => Tuple::from(const { nils::<3>() }),
            4 => Tuple::from(const { nils::<4>() }),
            // Counted by a range, whose length an `Arc` can rely on.
            _ => (0..len).map(|_| Term::Nil).collect(),
        }
    }

    /// `true` when both handles name the same memory; equality for free.
    pub(crate) fn is_same(&self, other: &Tuple) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// `true` when somebody else holds the tuple, or has until now.
    #[inline]
    pub(crate) fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
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
