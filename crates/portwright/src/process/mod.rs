//! Processes: a pid, a mailbox, links, monitors and names.
//!
//! [`Process`] is the handle of whoever *is* the process, a task or a thread.
//! Everybody else knows its pid. Signals act when they arrive: an exit signal ends
//! the process on the sender's stack, not when its mailbox is read next.

mod core;
mod handle;
mod info;
mod links;
mod mailbox;
mod monitor;
mod ports;
mod receive;
mod spawn;

pub(crate) use self::core::{MonitoredBy, ProcessCore, Signalled};
pub use handle::{LinkError, Process, SendError};
pub use info::{ProcessInfo, ProcessStatus};
pub use monitor::{DemonitorOptions, MonitorError, MonitorTarget};
pub use ports::Sent;
pub(crate) use receive::Timer;
pub use receive::{Changed, Received, Scan};
pub use spawn::SpawnOptions;
pub(crate) use spawn::panic_reason;
