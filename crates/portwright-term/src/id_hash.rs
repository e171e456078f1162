//! Quick hashing of identities.

use std::hash::{BuildHasherDefault, Hasher};

/// Hashes pids, ports and numbers that this process has given out itself, in a few
/// instructions.
///
/// Not for keys that come from strangers, who could choose them to collide.
///
/// # Examples
///
/// ```
/// use std::collections::HashMap;
/// use portwright_term::{Atom, BuildIdHasher, PortId};
///
/// let mut names: HashMap<PortId, &str, BuildIdHasher> = HashMap::default();
/// let port = PortId::new(Atom::literal("nonode@nohost"), 1, 0);
/// names.insert(port, "first");
/// assert_eq!(names.get(&port), Some(&"first"));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct IdHasher(u64);

/// Makes [`IdHasher`]s.
pub type BuildIdHasher = BuildHasherDefault<IdHasher>;

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    #[inline]
    fn write_u8(&mut self, number: u8) {
        self.write_u64(u64::from(number));
    }

    #[inline]
    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        // The product's upper half depends on all of the number, and the table looks at
        // both ends.
        let product = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = product ^ product >> 32;
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    #[inline]
    fn write_isize(&mut self, number: isize) {
        self.write_u64(number as u64);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::BuildHasher;

    use super::*;
    use crate::{Pid, PortId, atoms};

    #[test]
    fn consecutive_identities_spread_over_both_ends_of_the_hash() {
        let hash = BuildIdHasher::default();
        let ports = (0..4096).map(|id| hash.hash_one(PortId::new(atoms::OK, id, 1)));
        let pids = (0..4096).map(|id| hash.hash_one(Pid::new(atoms::OK, id, 0, 1)));
        for hashes in [ports.collect::<Vec<_>>(), pids.collect()] {
            let low: HashSet<u64> = hashes.iter().map(|hash| hash & 0xfff).collect();
            let high: HashSet<u64> = hashes.iter().map(|hash| hash >> 57).collect();
            // Random numbers would fill 63 % of the slots.
            assert!(low.len() > 2_000, "{} of 4096 slots", low.len());
            assert_eq!(high.len(), 128);
        }
    }
}
