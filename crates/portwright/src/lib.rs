//! Erlang's ports: processes, ports, external programs and drivers.
//!
//! A *port* connects an Erlang-style process to something that moves bytes. A
//! [`Node`] is a world of such processes; a task or thread becomes one with
//! [`Node::attach`], or is started as one with [`Node::spawn`].
//!
//! # Three faces
//!
//! *A mailbox*, as in Erlang. The process owns the port, is linked to it, and gets
//! everything that the port says as a [`Message`]:
//!
//! ```
//! use portwright::{Message, Node, PortMessage, PortName, PortSettings};
//!
//! let node = Node::new();
//! let mut me = node.attach();
//! let settings = PortSettings::new().packet(2);
//! let port = me.open_port(PortName::executable("cat"), settings)?;
//! me.command_blocking(&port, "ping").expect("the port is open");
//! let Some(Message::Port { message: PortMessage::Data(data), .. }) = me.receive_blocking()
//! else { panic!("cat answers") };
//! assert_eq!(&data[..], b"ping");
//! # Ok::<(), portwright::OpenError>(())
//! ```
//!
//! *Streams*, with back pressure both ways: [`Node::open`].
//!
//! *One call* that runs a program to its end, whatever happens: [`run()`].
//!
//! # Drivers
//!
//! Programs and descriptors are two drivers among others. Any type that implements
//! [`Driver`](driver::Driver) becomes one with [`Node::register_driver`], and is opened by name.
//!
//! # Blocking, tasks, threads
//!
//! Nothing here needs an asynchronous runtime but [`Node::spawn`], which takes
//! tokio's or starts one. What waits has an `async` form and a blocking twin; a
//! thread that blocks handles the node's events meanwhile, otherwise a thread of the
//! node does, or a task of the host's own runtime ([`Node::handle_events`]). No future
//! loses anything when it is dropped, unless its documentation says so.
//!
//! # Source
//!
//! The behaviour is Erlang/OTP 25's, as measured; the rules are cited by number
//! (P-301), and `docs/differences.md` in the repository lists where they are not
//! kept, with reasons.
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
pub use portwright_term::{Atom, Binary, IoVec, Pid, PortId, Reference, Term, atoms};

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
