//! What is done to a port.

use std::sync::Arc;

use portwright_driver::{Interest, JobResult, MonitorId};
use portwright_term::{IoVec, Pid};

use super::PortCore;
use super::turn::Held;
use crate::process::Signalled;
use crate::{ExitReason, Identity};

/// Something to be run with a port's turn held.
pub(crate) type Run = Box<dyn FnOnce(&Arc<PortCore>, &Held<'_>) + Send>;

/// A signal to a port. Handled by [`PortCore::handle`] under the port's turn.
pub(crate) enum Signal {
    /// `port_command/2`, or a command message.
    Command(Command),
    /// A message that is no command, from `claimed`.
    Message { claimed: Pid, action: Action },
    /// A message that makes no sense.
    BadMessage,
    /// `exit/2`, or the end of a linked process.
    Exit {
        from: Identity,
        reason: ExitReason,
        by: Signalled,
    },
    /// A selected descriptor is ready.
    Ready { select: u64, readiness: Interest },
    /// The driver's timer, if it is still this one.
    Timeout { number: u64 },
    /// A job is done.
    AsyncDone(JobResult),
    /// A process that the driver monitors died.
    ProcessDown(MonitorId),
    /// Anything else, run with the turn held.
    Run(Run),
}

pub(crate) struct Command {
    /// Who sent it.
    pub(crate) caller: Pid,
    /// Who it says is the owner; `None` for `port_command/2`, where that does
    /// not matter.
    pub(crate) claimed: Option<Pid>,
    pub(crate) data: IoVec,
    /// What it counts in the signal queue; 0 when it was not queued.
    pub(crate) queued_bytes: usize,
}

/// What a message asks for.
pub(crate) enum Action {
    Close,
    Connect(Pid),
    /// No more input: an extension to OTP.
    CloseInput,
}
