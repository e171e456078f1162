//! Lists: cons cells, proper or improper.

use triomphe::Arc;

use crate::{Term, release};

/// A cons cell: a non-empty list, proper or improper.
///
/// The empty list is [`Term::Nil`].
#[derive(Clone)]
pub struct List(Arc<Cell>);

pub(crate) struct Cell {
    pub(crate) head: Term,
    pub(crate) tail: Term,
}

impl List {
    /// `[Head | Tail]` as a term.
    pub fn cons(head: Term, tail: Term) -> Term {
        Term::List(List::new(head, tail))
    }

    /// `[Head | Tail]`.
    pub fn new(head: Term, tail: Term) -> List {
        List(Arc::new(Cell { head, tail }))
    }

    /// The first element.
    pub fn head(&self) -> &Term {
        &self.0.head
    }

    /// What follows the first element: a list, nil, or (improper) anything.
    pub fn tail(&self) -> &Term {
        &self.0.tail
    }

    /// The elements in front of the final tail.
    pub fn iter(&self) -> ListIter<'_> {
        ListIter {
            first: Some(self),
            rest: None,
        }
    }

    /// `true` when both handles name the same memory; equality for free.
    pub(crate) fn is_same(&self, other: &List) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The cell, if nobody else holds it.
    pub(crate) fn unshared(&mut self) -> Option<&mut Cell> {
        Arc::get_mut(&mut self.0)
    }
}

/// As [`Term`] has it.
impl std::fmt::Debug for List {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&Term::List(self.clone()), f)
    }
}

/// Erlang's `=:=`.
impl PartialEq for List {
    fn eq(&self, other: &List) -> bool {
        Term::List(self.clone()) == Term::List(other.clone())
    }
}

impl Eq for List {}

impl Drop for List {
    fn drop(&mut self) {
        release::list(self);
    }
}

impl<'a> IntoIterator for &'a List {
    type Item = &'a Term;
    type IntoIter = ListIter<'a>;

    fn into_iter(self) -> ListIter<'a> {
        self.iter()
    }
}

/// Walks the elements of a list; see [`ListIter::tail`] for what ends it.
#[derive(Clone)]
pub struct ListIter<'a> {
    /// Set before the first step when the walk starts at a cell.
    first: Option<&'a List>,
    /// What has not been walked yet.
    rest: Option<&'a Term>,
}

impl<'a> ListIter<'a> {
    pub(crate) fn over(term: &'a Term) -> ListIter<'a> {
        ListIter {
            first: None,
            rest: Some(term),
        }
    }

    /// What follows the elements walked so far. At the end of a proper list it
    /// is [`Term::Nil`]; at the end of an improper one it is the odd tail.
    ///
    /// `None` only before the first step of [`List::iter`].
    pub fn tail(&self) -> Option<&'a Term> {
        self.rest
    }
}

impl<'a> Iterator for ListIter<'a> {
    type Item = &'a Term;

    fn next(&mut self) -> Option<&'a Term> {
        let cell = match (self.first.take(), self.rest) {
            (Some(cell), _) => cell,
            (None, Some(Term::List(cell))) => cell,
            _ => return None,
        };
        self.rest = Some(cell.tail());
        Some(cell.head())
    }
}
