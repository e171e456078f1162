//! Who a process is linked with.

use std::collections::HashSet;

use portwright_term::{BuildIdHasher, Pid, PortId};

use crate::Identity;

/// From this many links on they are hashed: a process that owns 50,000 ports opens
/// and closes one as fast as its first.
const MANY: usize = 32;

/// A set of identities; in the order in which they were linked while they are few.
#[derive(Debug)]
pub(super) enum Links {
    Few(Vec<Identity>),
    Many(Box<Hashed>),
}

/// Apart from each other, which takes a third less memory.
#[derive(Debug, Default)]
pub(super) struct Hashed {
    processes: HashSet<Pid, BuildIdHasher>,
    ports: HashSet<PortId, BuildIdHasher>,
}

impl Hashed {
    fn insert(&mut self, to: Identity) {
        match to {
            Identity::Process(pid) => self.processes.insert(pid),
            Identity::Port(port) => self.ports.insert(port),
        };
    }

    fn remove(&mut self, to: Identity) -> bool {
        match to {
            Identity::Process(pid) => self.processes.remove(&pid),
            Identity::Port(port) => self.ports.remove(&port),
        }
    }

    fn is_empty(&self) -> bool {
        self.processes.is_empty() && self.ports.is_empty()
    }

    fn to_vec(&self) -> Vec<Identity> {
        let processes = self.processes.iter().copied().map(Identity::Process);
        let ports = self.ports.iter().copied().map(Identity::Port);
        processes.chain(ports).collect()
    }
}

impl Links {
    pub(super) const fn new() -> Self {
        Self::Few(Vec::new())
    }

    pub(super) fn insert(&mut self, to: Identity) {
        match self {
            Self::Few(links) if links.contains(&to) => {}
            Self::Few(links) if links.len() < MANY => links.push(to),
            Self::Few(links) => {
                let mut hashed = Box::<Hashed>::default();
                links.drain(..).chain([to]).for_each(|to| hashed.insert(to));
                *self = Self::Many(hashed);
            }
            Self::Many(links) => links.insert(to),
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
                let removed = links.remove(to);
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
            Self::Many(links) => links.to_vec(),
        }
    }

    /// Leaves none.
    pub(super) fn take(&mut self) -> Vec<Identity> {
        match std::mem::replace(self, Self::new()) {
            Self::Few(links) => links,
            Self::Many(links) => links.to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use portwright_term::atoms;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn links_are_a_set_however_many_they_are(
            steps in proptest::collection::vec((0u64..80, any::<bool>()), 0..400)
        ) {
            // Processes and ports.
            let identity = |id: u64| match id % 3 {
                0 => Identity::Process(Pid::new(atoms::NONODE_NOHOST, id as u32, 0, 0)),
                _ => Identity::Port(PortId::new(atoms::NONODE_NOHOST, id, 0)),
            };
            let number = |link: Identity| match link {
                Identity::Process(pid) => u64::from(pid.id()),
                Identity::Port(port) => port.id(),
            };
            let mut links = Links::new();
            let mut model = BTreeSet::new();
            for (id, insert) in steps {
                if insert {
                    links.insert(identity(id));
                    model.insert(id);
                } else {
                    prop_assert_eq!(links.remove(identity(id)), model.remove(&id));
                }
                let mut shown: Vec<u64> =
                    links.to_vec().into_iter().map(number).collect();
                shown.sort_unstable();
                prop_assert_eq!(shown, model.iter().copied().collect::<Vec<_>>());
            }
            prop_assert_eq!(links.take().len(), model.len());
            prop_assert!(links.to_vec().is_empty());
        }
    }
}
