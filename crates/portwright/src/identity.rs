//! Who can be linked, monitored, registered and addressed.

use std::fmt;

use portwright_term::{Atom, Pid, PortId, Term};

/// A process or a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Identity {
    /// A process.
    Process(Pid),
    /// A port.
    Port(PortId),
}

impl Identity {
    /// The process, if it is one.
    pub fn as_pid(self) -> Option<Pid> {
        match self {
            Self::Process(pid) => Some(pid),
            Self::Port(_) => None,
        }
    }

    /// The port, if it is one.
    pub fn as_port(self) -> Option<PortId> {
        match self {
            Self::Port(port) => Some(port),
            Self::Process(_) => None,
        }
    }

    /// The identity as a term.
    pub fn to_term(self) -> Term {
        match self {
            Self::Process(pid) => Term::Pid(pid),
            Self::Port(port) => Term::Port(port),
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_term().fmt(f)
    }
}

impl From<Pid> for Identity {
    fn from(pid: Pid) -> Self {
        Self::Process(pid)
    }
}

impl From<PortId> for Identity {
    fn from(port: PortId) -> Self {
        Self::Port(port)
    }
}

/// Where a message goes, or what is monitored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Destination {
    /// A process.
    Process(Pid),
    /// A port.
    Port(PortId),
    /// Whoever is registered under the name when the message is sent.
    Name(Atom),
}

impl From<Pid> for Destination {
    fn from(pid: Pid) -> Self {
        Self::Process(pid)
    }
}

impl From<PortId> for Destination {
    fn from(port: PortId) -> Self {
        Self::Port(port)
    }
}

impl From<Atom> for Destination {
    fn from(name: Atom) -> Self {
        Self::Name(name)
    }
}

impl From<Identity> for Destination {
    fn from(identity: Identity) -> Self {
        match identity {
            Identity::Process(pid) => Self::Process(pid),
            Identity::Port(port) => Self::Port(port),
        }
    }
}
