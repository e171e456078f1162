//! Names of processes, ports and references.

use std::cmp::Ordering;
use std::fmt;

use triomphe::Arc;

use crate::Atom;

/// The name of a process.
///
/// Ordered as Erlang orders pids: by number and serial first, then by node.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pid {
    node: Atom,
    id: u32,
    serial: u32,
    creation: u32,
}

impl Pid {
    /// A pid from its parts.
    pub const fn new(node: Atom, id: u32, serial: u32, creation: u32) -> Pid {
        Pid {
            node,
            id,
            serial,
            creation,
        }
    }

    /// The node the process lives on.
    pub const fn node(&self) -> Atom {
        self.node
    }

    /// The process number, the second of the three numbers in `<0.N.S>`.
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// The serial, the third of the three numbers in `<0.N.S>`.
    pub const fn serial(&self) -> u32 {
        self.serial
    }

    /// Which incarnation of the node made it.
    pub const fn creation(&self) -> u32 {
        self.creation
    }

    /// Writes the text, with `node_number` for the node.
    pub(crate) fn write(&self, out: &mut dyn fmt::Write, node_number: u32) -> fmt::Result {
        write!(out, "<{node_number}.{}.{}>", self.id, self.serial)
    }
}

impl PartialOrd for Pid {
    fn partial_cmp(&self, other: &Pid) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pid {
    fn cmp(&self, other: &Pid) -> Ordering {
        let key = |pid: &Pid| (pid.serial, pid.id, pid.node, pid.creation);
        key(self).cmp(&key(other))
    }
}

/// `<0.N.S>`; the first number stands for the node, and is 0 for `nonode@nohost`.
impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, node_number(self.node))
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The name of a port.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PortId {
    node: Atom,
    creation: u32,
    id: u64,
}

impl PortId {
    /// A port name from its parts.
    pub const fn new(node: Atom, id: u64, creation: u32) -> PortId {
        PortId { node, creation, id }
    }

    /// The node the port lives on.
    pub const fn node(&self) -> Atom {
        self.node
    }

    /// The port number, the second of the two numbers in `#Port<0.N>`.
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// Which incarnation of the node made it.
    pub const fn creation(&self) -> u32 {
        self.creation
    }

    /// Writes the text, with `node_number` for the node.
    pub(crate) fn write(&self, out: &mut dyn fmt::Write, node_number: u32) -> fmt::Result {
        write!(out, "#Port<{node_number}.{}>", self.id)
    }
}

impl PartialOrd for PortId {
    fn partial_cmp(&self, other: &PortId) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PortId {
    fn cmp(&self, other: &PortId) -> Ordering {
        let key = |port: &PortId| (port.node, port.creation, port.id);
        key(self).cmp(&key(other))
    }
}

/// `#Port<0.N>`; the first number is the number of the node.
impl fmt::Display for PortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, node_number(self.node))
    }
}

impl fmt::Debug for PortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A reference, as `make_ref/0` gives.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Reference(Arc<ReferenceParts>);

#[derive(PartialEq, Eq, Hash)]
struct ReferenceParts {
    node: Atom,
    creation: u32,
    /// Words in use, 1 to 5; the others are zero.
    len: u8,
    ids: [u32; Reference::MAX_IDS],
}

impl Reference {
    /// Words that the number of a reference may have.
    pub const MAX_IDS: usize = 5;

    /// A reference from its parts; `ids` has its least significant word first.
    ///
    /// `None` unless there are one to five words.
    pub fn new(node: Atom, creation: u32, ids: &[u32]) -> Option<Reference> {
        if ids.is_empty() || ids.len() > Reference::MAX_IDS {
            return None;
        }
        let mut words = [0; Reference::MAX_IDS];
        words[..ids.len()].copy_from_slice(ids);
        Some(Reference(Arc::new(ReferenceParts {
            node,
            creation,
            len: ids.len() as u8,
            ids: words,
        })))
    }

    /// The node that made it.
    pub fn node(&self) -> Atom {
        self.0.node
    }

    /// Which incarnation of the node made it.
    pub fn creation(&self) -> u32 {
        self.0.creation
    }

    /// The words of its number, least significant first.
    pub fn ids(&self) -> &[u32] {
        &self.0.ids[..usize::from(self.0.len)]
    }

    /// Writes the text, with `node_number` for the node.
    pub(crate) fn write(&self, out: &mut dyn fmt::Write, node_number: u32) -> fmt::Result {
        write!(out, "#Ref<{node_number}")?;
        for id in self.ids().iter().rev() {
            write!(out, ".{id}")?;
        }
        out.write_char('>')
    }
}

impl PartialOrd for Reference {
    fn partial_cmp(&self, other: &Reference) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Reference {
    fn cmp(&self, other: &Reference) -> Ordering {
        (self.node(), self.creation())
            .cmp(&(other.node(), other.creation()))
            .then_with(|| self.0.ids.iter().rev().cmp(other.0.ids.iter().rev()))
            .then_with(|| self.0.len.cmp(&other.0.len))
    }
}

/// `#Ref<0.C.B.A>`: the number of the node, then the words, most significant first.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, node_number(self.node()))
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The number that stands for a node in the text of an identifier: 0 for
/// `nonode@nohost`, else the number of its name in the atom table, as in OTP.
pub(crate) fn node_number(node: Atom) -> u32 {
    // `nonode@nohost` is atom number 0.
    node.index()
}
