//! The driver contract: what a port can be connected to.
//!
//! Everything that a Portwright port talks to is a *driver*: the external
//! program behind pipes, the pair of descriptors, a compiled Erlang driver, and
//! any Rust type that implements [`Driver`]. The contract is the one of
//! driver_entry(3) and erl_driver(3), written as Rust: a driver has callbacks,
//! and in each callback it is lent a [`PortContext`] through which it asks
//! things of its port.
//!
//! Authors of drivers depend on this crate alone. It does no I/O, starts no
//! thread and knows no asynchronous runtime; whoever hosts the driver implements
//! [`PortOperations`].
//!
//! # Rules that every host keeps
//!
//! - Callbacks of one port never overlap. Without [`DriverFlags::PORT_LOCKING`]
//!   callbacks of *all* ports of the driver never overlap.
//! - A callback runs on whatever thread caused it; it must not block for long and
//!   must not wait for another process.
//! - [`Driver::stop`] is the last callback of a port and is called exactly once,
//!   unless `start` failed.
//!
//! # Example
//!
//! ```
//! use portwright_driver::{BadArgument, Driver, PortContext, Reply, StartError};
//!
//! /// Sends back what it is sent, in upper case.
//! struct Upper;
//!
//! impl Driver for Upper {
//!     fn start(_: &PortContext<'_>, _command: &[u8]) -> Result<Self, StartError> {
//!         Ok(Upper)
//!     }
//!     fn output(&mut self, port: &PortContext<'_>, data: &[u8]) {
//!         port.output(data.to_ascii_uppercase());
//!     }
//!     fn control(&mut self, _: &PortContext<'_>, operation: u32, data: &[u8])
//!         -> Result<Reply, BadArgument> {
//!         match operation {
//!             1 => Ok(Reply::list(data.to_ascii_uppercase())),
//!             _ => Err(BadArgument),
//!         }
//!     }
//! }
//! ```

#![forbid(unsafe_code)]

mod context;
mod driver;
mod entry;
pub mod errno;
mod error;
mod operations;
mod options;
mod queue;
mod reply;

pub use context::PortContext;
pub use driver::{Driver, Request};
pub use entry::{DriverEntry, DriverFlags};
pub use error::{BadArgument, NotSupported, StartError};
pub use operations::{
    BusyLimits, Delivery, End, Interest, Job, JobResult, MonitorId, PortOperations, Select,
};
pub use options::{Framing, OpenOptions, PortTarget, ProgramOptions, StandardError};
pub use queue::Queue;
pub use reply::{Reply, ReplyRoom};
