//! Which variables are bound where.

use std::collections::HashMap;

use portwright_term::Atom;

use crate::parse::Place;

/// What is known of a variable at one place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Bound,
    /// Bound on some ways here only: the construct to blame, and its place.
    Maybe(&'static str, Place),
}

pub(super) type Knowledge = HashMap<Atom, Known>;

/// The variables of one function. A name keeps its slot over all branches, so
/// that branches can export it; only shadowing gives it another.
#[derive(Default)]
pub(super) struct Scope {
    pub(super) slots: HashMap<Atom, u32>,
    pub(super) flags: HashMap<Atom, u32>,
    pub(super) known: Knowledge,
}

/// What shadowing has put aside.
pub(super) struct Shadowed(Vec<(Atom, Option<u32>, Option<u32>)>);

impl Scope {
    /// Makes these names new variables.
    pub(super) fn shadow(&mut self, names: &[Atom]) -> Shadowed {
        Shadowed(
            names
                .iter()
                .map(|name| {
                    self.known.remove(name);
                    (*name, self.slots.remove(name), self.flags.remove(name))
                })
                .collect(),
        )
    }

    /// Gives the names back their old slots. What was known of them is
    /// restored by the caller, with everything else.
    pub(super) fn unshadow(&mut self, shadowed: Shadowed) {
        for (name, slot, flag) in shadowed.0.into_iter().rev() {
            match slot {
                Some(slot) => self.slots.insert(name, slot),
                None => self.slots.remove(&name),
            };
            match flag {
                Some(flag) => self.flags.insert(name, flag),
                None => self.flags.remove(&name),
            };
        }
    }
}
