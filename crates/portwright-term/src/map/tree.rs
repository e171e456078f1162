//! A persistent weight-balanced search tree: the shape of maps above 32 keys.
//!
//! Balance: neither side of a node weighs more than [`DELTA`] times the other,
//! where a tree of n nodes weighs n + 1. Depth is therefore logarithmic, and
//! the recursion below is bounded by it.

use std::cmp::Ordering;

use triomphe::Arc;

use crate::Term;

const DELTA: usize = 3;
const GAMMA: usize = 2;

#[derive(Clone)]
pub(super) struct Tree(Link);

type Link = Option<Arc<Node>>;

#[derive(Clone)]
struct Node {
    key: Term,
    value: Term,
    size: usize,
    left: Link,
    right: Link,
}

fn size(link: &Link) -> usize {
    link.as_ref().map_or(0, |node| node.size)
}

fn weight(link: &Link) -> usize {
    size(link) + 1
}

impl Tree {
    /// A tree of entries whose keys ascend strictly.
    pub(super) fn from_sorted(entries: Vec<(Term, Term)>) -> Tree {
        let count = entries.len();
        Tree(build(&mut entries.into_iter(), count))
    }

    pub(super) fn len(&self) -> usize {
        size(&self.0)
    }

    pub(super) fn is_same(&self, other: &Tree) -> bool {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        }
    }

    pub(super) fn get(&self, key: &Term) -> Option<&Term> {
        let mut link = &self.0;
        while let Some(node) = link {
            link = match key.cmp(&node.key) {
                Ordering::Less => &node.left,
                Ordering::Greater => &node.right,
                Ordering::Equal => return Some(&node.value),
            };
        }
        None
    }

    pub(super) fn insert(&mut self, key: Term, value: Term) -> Option<Term> {
        insert(&mut self.0, key, value)
    }

    pub(super) fn remove(&mut self, key: &Term) -> Option<Term> {
        remove(&mut self.0, key)
    }

    pub(super) fn iter(&self) -> TreeIter<'_> {
        let mut iter = TreeIter { path: Vec::new() };
        iter.descend(&self.0);
        iter
    }

    pub(super) fn visit_unshared(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        fn walk(link: &mut Link, visit: &mut dyn FnMut(&mut Term)) {
            // Below a shared node everything is shared as well.
            let Some(node) = link.as_mut().and_then(Arc::get_mut) else {
                return;
            };
            visit(&mut node.key);
            visit(&mut node.value);
            walk(&mut node.left, visit);
            walk(&mut node.right, visit);
        }
        walk(&mut self.0, visit);
    }
}

fn build(entries: &mut std::vec::IntoIter<(Term, Term)>, count: usize) -> Link {
    if count == 0 {
        return None;
    }
    let left = build(entries, count / 2);
    let (key, value) = entries.next()?;
    let right = build(entries, count - count / 2 - 1);
    Some(Arc::new(Node {
        key,
        value,
        size: count,
        left,
        right,
    }))
}

fn insert(link: &mut Link, key: Term, value: Term) -> Option<Term> {
    let Some(shared) = link else {
        *link = Some(Arc::new(Node {
            key,
            value,
            size: 1,
            left: None,
            right: None,
        }));
        return None;
    };
    let node = Arc::make_mut(shared);
    let old = match key.cmp(&node.key) {
        Ordering::Less => insert(&mut node.left, key, value),
        Ordering::Greater => insert(&mut node.right, key, value),
        Ordering::Equal => return Some(std::mem::replace(&mut node.value, value)),
    };
    if old.is_none() {
        rebalance(shared);
    }
    old
}

fn remove(link: &mut Link, key: &Term) -> Option<Term> {
    let shared = link.as_mut()?;
    let node = Arc::make_mut(shared);
    let old = match key.cmp(&node.key) {
        Ordering::Less => remove(&mut node.left, key)?,
        Ordering::Greater => remove(&mut node.right, key)?,
        Ordering::Equal => {
            if node.right.is_none() {
                let left = node.left.take();
                let old = std::mem::replace(&mut node.value, Term::Nil);
                *link = left;
                return Some(old);
            }
            let (next_key, next_value) = take_first(&mut node.right)?;
            node.key = next_key;
            std::mem::replace(&mut node.value, next_value)
        }
    };
    rebalance(shared);
    Some(old)
}

/// Removes the smallest entry.
fn take_first(link: &mut Link) -> Option<(Term, Term)> {
    let shared = link.as_mut()?;
    let node = Arc::make_mut(shared);
    if node.left.is_none() {
        let entry = (
            std::mem::replace(&mut node.key, Term::Nil),
            std::mem::replace(&mut node.value, Term::Nil),
        );
        let right = node.right.take();
        *link = right;
        return Some(entry);
    }
    let entry = take_first(&mut node.left);
    rebalance(shared);
    entry
}

/// Restores size and balance of a node after one change below it.
fn rebalance(shared: &mut Arc<Node>) {
    let node = Arc::make_mut(shared);
    node.size = size(&node.left) + size(&node.right) + 1;
    let (left, right) = (weight(&node.left), weight(&node.right));
    if right > DELTA * left {
        if let Some(child) = &mut node.right
            && weight(&child.left) >= GAMMA * weight(&child.right)
        {
            rotate_right(child);
        }
        rotate_left(shared);
    } else if left > DELTA * right {
        if let Some(child) = &mut node.left
            && weight(&child.right) >= GAMMA * weight(&child.left)
        {
            rotate_left(child);
        }
        rotate_right(shared);
    }
}

fn rotate_left(shared: &mut Arc<Node>) {
    let node = Arc::make_mut(shared);
    let Some(mut child) = node.right.take() else {
        return;
    };
    let upper = Arc::make_mut(&mut child);
    node.right = upper.left.take();
    let whole = node.size;
    node.size = size(&node.left) + size(&node.right) + 1;
    upper.size = whole;
    std::mem::swap(shared, &mut child);
    Arc::make_mut(shared).left = Some(child);
}

fn rotate_right(shared: &mut Arc<Node>) {
    let node = Arc::make_mut(shared);
    let Some(mut child) = node.left.take() else {
        return;
    };
    let upper = Arc::make_mut(&mut child);
    node.left = upper.right.take();
    let whole = node.size;
    node.size = size(&node.left) + size(&node.right) + 1;
    upper.size = whole;
    std::mem::swap(shared, &mut child);
    Arc::make_mut(shared).right = Some(child);
}

#[derive(Clone)]
pub(super) struct TreeIter<'a> {
    /// Nodes whose own entry is still to come, the next one last.
    path: Vec<&'a Node>,
}

impl<'a> TreeIter<'a> {
    fn descend(&mut self, mut link: &'a Link) {
        while let Some(node) = link {
            self.path.push(node);
            link = &node.left;
        }
    }
}

impl<'a> Iterator for TreeIter<'a> {
    type Item = (&'a Term, &'a Term);

    fn next(&mut self) -> Option<(&'a Term, &'a Term)> {
        let node = self.path.pop()?;
        self.descend(&node.right);
        Some((&node.key, &node.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(link: &Link) -> usize {
        let Some(node) = link else { return 0 };
        let (left, right) = (check(&node.left), check(&node.right));
        assert_eq!(node.size, left + right + 1);
        assert!(
            left < DELTA * (right + 1) && right < DELTA * (left + 1),
            "{left} against {right}"
        );
        node.size
    }

    #[test]
    fn stays_balanced_under_ascending_inserts_and_removals() {
        let mut tree = Tree(None);
        for n in 0..2000i64 {
            tree.insert(Term::from(n), Term::Nil);
            check(&tree.0);
        }
        for n in 0..1900i64 {
            assert!(tree.remove(&Term::from((n * 7) % 2000)).is_some());
            check(&tree.0);
        }
    }
}
