//! Who a process is linked with.

use std::collections::HashSet;

use portwright_term::BuildIdHasher;

use crate::Identity;

/// From this many links on they are hashed: a process that owns 50,000 ports opens
/// and closes one as fast as its first.
const MANY: usize = 32;

/// A set of identities; in the order in which they were linked while they are few.
#[derive(Debug)]
pub(super) enum Links {
    Few(Vec<Identity>),
    Many(HashSet<Identity, BuildIdHasher>),
}

impl Links {
    pub(super) const fn new() -> Self {
        Self::Few(Vec::new())
    }

    pub(super) fn insert(&mut self, to: Identity) {
        match self {
            Self::Few(links) if links.contains(&to) => {}
            Self::Few(links) if links.len() < MANY => links.push(to),
            Self::Few(links) => *self = Self::Many(links.drain(..).chain([to]).collect()),
            Self::Many(links) => {
                links.insert(to);
            }
        }
    }

    /// Whether there was such a link.
    pub(super) fn remove(&mut self, to: Identity) -> bool {
        match self {
            Self::Few(links) => {
                let index = links.iter().position(|link| *link == to);
                index.map(|index| links.remove(index)).is_some()
            }
            Self::Many(links) => {
                let removed = links.remove(&to);
                if links.is_empty() {
                    *self = Self::new();
                }
                removed
            }
        }
    }

    pub(super) fn to_vec(&self) -> Vec<Identity> {
        match self {
            Self::Few(links) => links.clone(),
            Self::Many(links) => links.iter().copied().collect(),
        }
    }

    /// Leaves none.
    pub(super) fn take(&mut self) -> Vec<Identity> {
        match std::mem::replace(self, Self::new()) {
            Self::Few(links) => links,
            Self::Many(links) => links.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use portwright_term::{PortId, atoms};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn links_are_a_set_however_many_they_are(
            steps in proptest::collection::vec((0u64..80, any::<bool>()), 0..400)
        ) {
            let port = |id| Identity::Port(PortId::new(atoms::NONODE_NOHOST, id, 0));
            let mut links = Links::new();
            let mut model = BTreeSet::new();
            for (id, insert) in steps {
                if insert {
                    links.insert(port(id));
                    model.insert(id);
                } else {
                    prop_assert_eq!(links.remove(port(id)), model.remove(&id));
                }
                let mut shown: Vec<u64> =
                    links.to_vec().into_iter().map(|link| link.as_port().unwrap().id()).collect();
                shown.sort_unstable();
                prop_assert_eq!(shown, model.iter().copied().collect::<Vec<_>>());
            }
            prop_assert_eq!(links.take().len(), model.len());
            prop_assert!(links.to_vec().is_empty());
        }
    }
}
