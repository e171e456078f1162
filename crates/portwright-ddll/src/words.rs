//! Atoms, pids and ports as the words that drivers hold ([`ErlDrvTermData`]).
//!
//! A word carries the whole identity, so nothing is kept for it and it never goes stale. The low four bits say what it
//! is; from there on:
//!
//! ```text
//!  atom   number ........................... 0x00b
//!  pid    number (44 bits)  node (16 bits)   0x3
//!  port   number (44 bits)  node (16 bits)   0x7
//!  []                                        0x3b
//! ```
//!
//! *Node* is an index into a table of (name, creation) pairs, one for each node that drivers have met.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use portwright::{Atom, Pid, PortId};
use portwright_driver_abi::ErlDrvTermData;

/// `[]`, and every handle that is none: the value that OTP uses too.
pub(crate) const NIL: ErlDrvTermData = 0x3b;

const PID: usize = 0x3;
const PORT: usize = 0x7;
const ATOM: usize = 0xb;

/// Nodes that drivers can meet.
const MAX_NODES: usize = 1 << 16;

/// Nodes that drivers have met: the atom's number and the creation as one word, 0 where there is none yet. Read without
/// a lock, for the drivers' threads read them all the time.
static NODES: [AtomicU64; MAX_NODES] = [const { AtomicU64::new(0) }; MAX_NODES];
/// Adds to [`NODES`], one at a time.
static ADDING: Mutex<()> = Mutex::new(());

fn node_index(name: Atom, creation: u32) -> Option<usize> {
    // One more, so that no node is 0.
    let node = (u64::from(name.index()) + 1) << 32 | u64::from(creation);
    let find = |first: usize| {
        (first..MAX_NODES)
            .map(|index| (index, NODES[index].load(Ordering::Acquire)))
            .find(|(_, known)| *known == node || *known == 0)
    };
    let (index, known) = find(0)?;
    if known == node {
        return Some(index);
    }
    let _adding = ADDING.lock();
    let (index, _) = find(index)?;
    NODES[index].store(node, Ordering::Release);
    Some(index)
}

fn pack(tag: usize, number: u64, node: Option<usize>) -> ErlDrvTermData {
    match node {
        Some(node) if number < 1 << 44 => (number as usize) << 20 | node << 4 | tag,
        _ => NIL,
    }
}

fn unpack(tag: usize, word: ErlDrvTermData) -> Option<(u64, (Atom, u32))> {
    if word & 0xf != tag {
        return None;
    }
    let node = NODES[word >> 4 & 0xffff].load(Ordering::Acquire);
    let name = Atom::from_index(u32::try_from((node >> 32).checked_sub(1)?).ok()?)?;
    Some((word as u64 >> 20, (name, node as u32)))
}

/// The word of an atom: always the same one.
pub(crate) fn from_atom(atom: Atom) -> ErlDrvTermData {
    (atom.index() as usize) << 20 | ATOM
}

/// The word of a pid; `[]` for the pid of a remote node that is too long for a word.
pub(crate) fn from_pid(pid: Pid) -> ErlDrvTermData {
    if pid.id() >= 1 << 28 {
        return NIL;
    }
    let number = u64::from(pid.serial()) << 28 | u64::from(pid.id());
    pack(PID, number, node_index(pid.node(), pid.creation()))
}

/// The word of a port.
pub(crate) fn from_port(port: PortId) -> ErlDrvTermData {
    pack(PORT, port.id(), node_index(port.node(), port.creation()))
}

/// The atom of a word that came from [`from_atom`], or could have.
pub(crate) fn to_atom(word: ErlDrvTermData) -> Option<Atom> {
    if word & 0xf_ffff != ATOM {
        return None;
    }
    Atom::from_index(u32::try_from(word >> 20).ok()?)
}

/// The pid of a word that came from [`from_pid`].
pub(crate) fn to_pid(word: ErlDrvTermData) -> Option<Pid> {
    let (number, (node, creation)) = unpack(PID, word)?;
    let id = (number & 0x0fff_ffff) as u32;
    Some(Pid::new(node, id, (number >> 28) as u32, creation))
}

/// The port of a word that came from [`from_port`].
pub(crate) fn to_port(word: ErlDrvTermData) -> Option<PortId> {
    let (number, (node, creation)) = unpack(PORT, word)?;
    Some(PortId::new(node, number, creation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lead_back_and_are_told_apart() {
        let node = Atom::literal("words@test");
        let pid = Pid::new(node, 77, 3, 5);
        let port = PortId::new(node, 77, 5);
        let atom = Atom::literal("a word of its own");
        let words = [from_pid(pid), from_port(port), from_atom(atom), NIL];
        assert_eq!(to_pid(words[0]), Some(pid));
        assert_eq!(to_port(words[1]), Some(port));
        assert_eq!(to_atom(words[2]), Some(atom));
        assert_eq!(from_pid(pid), words[0]);
        for (index, word) in words.iter().enumerate() {
            let found = [
                to_pid(*word).is_some(),
                to_port(*word).is_some(),
                to_atom(*word).is_some(),
            ];
            let expect: Vec<bool> = (0..3).map(|kind| kind == index).collect();
            assert_eq!(found[..], expect[..], "word {index}");
        }
        // Not handed out by anybody: refused (D-D22).
        assert_eq!(to_atom(usize::MAX << 20 | ATOM), None);
        assert_eq!(to_atom(12345), None);
    }
}
