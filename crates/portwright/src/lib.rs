//! Erlang's ports: processes, ports, external programs and drivers.
#![deny(unsafe_code)]

pub mod bif;

mod descriptor;
mod exit;
mod framing;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod identity;
mod message;
mod node;
mod port;
mod process;
mod program;
mod reactor;
mod run;
mod settings;
mod stream;
mod sync;

pub use bytes::Bytes;
pub use portwright_driver as driver;
pub use portwright_driver::{BusyLimits, Reply, errno};
pub use portwright_term as term;
pub use portwright_term::{Atom, IoVec, Pid, PortId, Reference, Term, atoms};

pub use exit::{ExitReason, IntoExitReason};
pub use identity::{Destination, Identity};
pub use message::{Down, Message, PortData, PortMessage};
pub use node::{
    Delayed, Node, NodeBuilder, RegisterDriverError, RegisterError, Registered, WeakNode,
};
pub use port::{
    Busy, CallError, CloseInputError, CommandError, ConnectError, ControlError, Locking, NotOpen,
    OpenError, Port, PortInfo, SignalError,
};
pub use process::{
    Changed, DemonitorOptions, LinkError, MonitorError, MonitorTarget, Process, ProcessInfo,
    ProcessStatus, Received, Scan, SendError, Sent, SpawnOptions,
};
pub use run::{Finished, Run, RunError, RunStatus, run};
pub use settings::{PortName, PortSettings};
pub use stream::{PortEvents, PortExit, PortInput, PortStream};

/// The example in the README is a test.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
mod readme {}
