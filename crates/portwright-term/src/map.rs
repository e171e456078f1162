//! Maps: immutable values with cheap updates.

use triomphe::Arc;

use crate::{Term, release};

mod tree;

use tree::{Tree, TreeIter};

/// Entries up to which a map is one sorted array, as in OTP.
const FLAT_MAX: usize = 32;

/// A map from terms to terms, in key order.
///
/// Keys are compared exactly: `1` and `1.0` are two keys, and every integer
/// comes before every float. A clone is O(1). An update takes O(log n); it
/// works in place when nobody else holds the map and copies only the path to
/// the entry otherwise.
///
/// # Examples
///
/// ```
/// use portwright_term::{Map, Term};
///
/// let one = Map::new().insert(Term::atom("a"), Term::from(1));
/// let two = one.clone().insert(Term::atom("b"), Term::from(2));
/// assert_eq!((one.len(), two.len()), (1, 2));
/// assert_eq!(two.get(&Term::atom("a")), Some(&Term::from(1)));
/// ```
#[derive(Clone)]
pub struct Map(Repr);

#[derive(Clone)]
enum Repr {
    Flat(Arc<Vec<(Term, Term)>>),
    Tree(Tree),
}

impl Map {
    /// The empty map.
    pub fn new() -> Map {
        Map(Repr::Flat(Arc::new(Vec::new())))
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Flat(entries) => entries.len(),
            Repr::Tree(tree) => tree.len(),
        }
    }

    /// `true` without entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of `key`.
    pub fn get(&self, key: &Term) -> Option<&Term> {
        match &self.0 {
            Repr::Flat(entries) => {
                let found = entries.binary_search_by(|(other, _)| other.cmp(key)).ok()?;
                Some(&entries[found].1)
            }
            Repr::Tree(tree) => tree.get(key),
        }
    }

    /// `true` when there is an entry with this key.
    pub fn contains_key(&self, key: &Term) -> bool {
        self.get(key).is_some()
    }

    /// This map with `key` bound to `value`.
    #[must_use = "the map with the entry is the result"]
    pub fn insert(mut self, key: Term, value: Term) -> Map {
        self.insert_mut(key, value);
        self
    }

    /// Binds `key` to `value`; returns the value it had.
    pub fn insert_mut(&mut self, key: Term, value: Term) -> Option<Term> {
        match &mut self.0 {
            Repr::Flat(entries) => {
                match entries.binary_search_by(|(other, _)| other.cmp(&key)) {
                    Ok(at) => {
                        let entry = &mut Arc::make_mut(entries)[at];
                        return Some(std::mem::replace(&mut entry.1, value));
                    }
                    Err(at) => Arc::make_mut(entries).insert(at, (key, value)),
                }
                if entries.len() > FLAT_MAX {
                    let entries = std::mem::take(Arc::make_mut(entries));
                    self.0 = Repr::Tree(Tree::from_sorted(entries));
                }
                None
            }
            Repr::Tree(tree) => tree.insert(key, value),
        }
    }

    /// This map without `key`.
    #[must_use = "the map without the entry is the result"]
    pub fn remove(mut self, key: &Term) -> Map {
        self.remove_mut(key);
        self
    }

    /// Removes `key`; returns the value it had.
    pub fn remove_mut(&mut self, key: &Term) -> Option<Term> {
        match &mut self.0 {
            Repr::Flat(entries) => {
                let at = entries.binary_search_by(|(other, _)| other.cmp(key)).ok()?;
                Some(Arc::make_mut(entries).remove(at).1)
            }
            // The look-up first: a miss must not copy shared nodes.
            Repr::Tree(tree) => tree.get(key).is_some().then(|| tree.remove(key))?,
        }
    }

    /// The entries in key order.
    pub fn iter(&self) -> MapIter<'_> {
        match &self.0 {
            Repr::Flat(entries) => MapIter(Walk::Flat(entries.iter())),
            Repr::Tree(tree) => MapIter(Walk::Tree(tree.iter())),
        }
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &Term> {
        self.iter().map(|(key, _)| key)
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &Term> {
        self.iter().map(|(_, value)| value)
    }

    /// `true` when both handles name the same memory; equality for free.
    pub(crate) fn is_same(&self, other: &Map) -> bool {
        match (&self.0, &other.0) {
            (Repr::Flat(a), Repr::Flat(b)) => Arc::ptr_eq(a, b),
            (Repr::Tree(a), Repr::Tree(b)) => a.is_same(b),
            _ => false,
        }
    }

    /// Calls `visit` for every key and value that no other map shares.
    pub(crate) fn take_unshared(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        match &mut self.0 {
            Repr::Flat(entries) => {
                for (key, value) in Arc::get_mut(entries).into_iter().flatten() {
                    visit(key);
                    visit(value);
                }
            }
            Repr::Tree(tree) => tree.visit_unshared(visit),
        }
    }

    /// A map of entries whose keys ascend strictly.
    pub(crate) fn from_sorted(entries: Vec<(Term, Term)>) -> Map {
        if entries.len() > FLAT_MAX {
            Map(Repr::Tree(Tree::from_sorted(entries)))
        } else {
            Map(Repr::Flat(Arc::new(entries)))
        }
    }
}

/// As [`Term`] has it.
impl std::fmt::Debug for Map {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&Term::Map(self.clone()), f)
    }
}

/// Erlang's `=:=`.
impl PartialEq for Map {
    fn eq(&self, other: &Map) -> bool {
        Term::Map(self.clone()) == Term::Map(other.clone())
    }
}

impl Eq for Map {}

impl Drop for Map {
    fn drop(&mut self) {
        release::map(self);
    }
}

impl Default for Map {
    fn default() -> Map {
        Map::new()
    }
}

/// Later entries win over earlier ones with the same key.
impl FromIterator<(Term, Term)> for Map {
    fn from_iter<I: IntoIterator<Item = (Term, Term)>>(entries: I) -> Map {
        let mut entries: Vec<(Term, Term)> = entries.into_iter().collect();
        if !entries.is_sorted_by(|a, b| a.0 < b.0) {
            // A stable sort keeps equal keys in the order they came in.
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            entries.dedup_by(|later, earlier| {
                let same = later.0 == earlier.0;
                if same {
                    std::mem::swap(later, earlier);
                }
                same
            });
        }
        Map::from_sorted(entries)
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a Term, &'a Term);
    type IntoIter = MapIter<'a>;

    fn into_iter(self) -> MapIter<'a> {
        self.iter()
    }
}

/// The entries of a [`Map`] in key order.
#[derive(Clone)]
pub struct MapIter<'a>(Walk<'a>);

#[derive(Clone)]
enum Walk<'a> {
    Flat(std::slice::Iter<'a, (Term, Term)>),
    Tree(TreeIter<'a>),
}

impl<'a> Iterator for MapIter<'a> {
    type Item = (&'a Term, &'a Term);

    fn next(&mut self) -> Option<(&'a Term, &'a Term)> {
        match &mut self.0 {
            Walk::Flat(entries) => entries.next().map(|(key, value)| (key, value)),
            Walk::Tree(entries) => entries.next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_a_btree_under_updates() {
        let mut map = Map::new();
        let mut model = std::collections::BTreeMap::new();
        let mut kept = Vec::new();
        let mut state = 7u64;
        for step in 0..20_000 {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            let key = Term::from((state >> 33) as i64 % 500);
            if state >> 63 == 0 || step < 400 {
                let value = Term::from(step as i64);
                assert_eq!(
                    map.insert_mut(key.clone(), value.clone()),
                    model.insert(key, value)
                );
            } else {
                assert_eq!(map.remove_mut(&key), model.remove(&key));
            }
            if step % 1000 == 0 {
                kept.push((map.clone(), model.clone()));
            }
        }
        kept.push((map, model));
        for (map, model) in kept {
            assert_eq!(map.len(), model.len());
            assert!(map.iter().eq(model.iter()), "an older version changed");
            assert!(model.iter().all(|(key, value)| map.get(key) == Some(value)));
        }
    }

    #[test]
    fn later_entry_wins() {
        let entry = |key: i64, value: i64| (Term::from(key), Term::from(value));
        let map: Map = [entry(2, 0), entry(1, 1), entry(2, 3), entry(2, 4)]
            .into_iter()
            .collect();
        assert!(
            map.iter()
                .eq([entry(1, 1), entry(2, 4)].iter().map(|(k, v)| (k, v)))
        );
    }

    #[test]
    fn hundred_thousand_inserts_stay_balanced() {
        let mut map = Map::new();
        for n in 0..100_000i64 {
            map.insert_mut(Term::from(n), Term::Nil);
        }
        assert_eq!(map.len(), 100_000);
        assert!(map.keys().map(|key| key.as_i64().unwrap()).eq(0..100_000));
    }
}
