//! Freeing deep terms without recursion.
//!
//! The handles [`List`], [`Tuple`] and [`Map`] call in here when they are
//! dropped. Whoever holds the last reference moves the children out and onto a
//! list of work, so the depth of the Rust stack does not depend on the depth of
//! the term. Two threads that drop the same term at the same instant may both
//! see it as shared; then one level is freed by ordinary nested drops, and its
//! children come through here again.

use std::mem::replace;

use crate::{List, Map, Term, Tuple};

/// Empties `list` if this is its last handle and it holds anything nested.
pub(crate) fn list(list: &mut List) {
    let Some(cell) = list.unshared() else { return };
    if !cell.head.is_nested() && !cell.tail.is_nested() {
        return;
    }
    let mut work = Vec::new();
    take_one(&mut cell.head, &mut work);
    drain(replace(&mut cell.tail, Term::Nil), work);
}

/// Empties `tuple` if this is its last handle and it holds anything nested.
#[inline]
pub(crate) fn tuple(tuple: &mut Tuple) {
    // To look costs less than to make sure that nobody else can, and mostly it is enough.
    if !tuple.is_shared() && tuple.iter().any(Term::is_nested) {
        nested_tuple(tuple);
    }
}

fn nested_tuple(tuple: &mut Tuple) {
    let Some(elements) = tuple.unshared() else {
        return;
    };
    let mut work = Vec::new();
    take_nested(elements, &mut work);
    drain(Term::Nil, work);
}

/// Empties `map` if this is its last handle and it holds anything nested.
pub(crate) fn map(map: &mut Map) {
    let mut work = Vec::new();
    map.take_unshared(&mut |term| take_one(term, &mut work));
    drain(Term::Nil, work);
}

fn take_one(term: &mut Term, work: &mut Vec<Term>) {
    if term.is_nested() {
        work.push(replace(term, Term::Nil));
    }
}

fn take_nested(terms: &mut [Term], work: &mut Vec<Term>) {
    for term in terms {
        take_one(term, work);
    }
}

/// Frees `term` and all of `work`, and what they hold in turn.
fn drain(mut term: Term, mut work: Vec<Term>) {
    loop {
        // Walks along the tails of a list in place; only nested heads queue up.
        while let Term::List(list) = &mut term {
            let Some(cell) = list.unshared() else { break };
            take_one(&mut cell.head, &mut work);
            let tail = replace(&mut cell.tail, Term::Nil);
            term = tail;
        }
        match &mut term {
            Term::Tuple(tuple) => {
                if let Some(elements) = tuple.unshared() {
                    take_nested(elements, &mut work);
                }
            }
            Term::Map(map) => map.take_unshared(&mut |child| take_one(child, &mut work)),
            _ => {}
        }
        match work.pop() {
            Some(next) => term = next,
            None => return,
        }
    }
}
