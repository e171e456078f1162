//! Signals on their way from one side of a node to another.

use std::sync::Arc;

use portwright_term::{Atom, Pid, PortId, Reference, Term};

use super::{NodeCore, Registered};
use crate::process::{ProcessCore, Signalled};
use crate::{Destination, ExitReason, Identity, Message, SendError};

impl NodeCore {
    // Inlined, so that the message is made of what the caller has in registers. A term that was just
    // written, eight bytes at a time, cannot be copied sixteen at a time without waiting.
    #[inline(always)]
    pub(crate) fn send(
        self: &Arc<Self>,
        from: Pid,
        to: Destination,
        message: Term,
    ) -> Result<(), SendError> {
        match to {
            Destination::Process(pid) => {
                // Made before the process is looked for: it is copied soon enough.
                let message = Message::Term(message);
                if let Some(process) = self.process(pid) {
                    process.deliver(message);
                }
                Ok(())
            }
            Destination::Port(port) => {
                self.send_to_port(from, port, &message);
                Ok(())
            }
            Destination::Name(name) => self.send_to_name(from, name, message),
        }
    }

    fn send_to_port(&self, from: Pid, id: PortId, message: &Term) {
        if let Some(port) = self.port(id) {
            port.message(from, message);
        }
    }

    fn send_to_name(&self, from: Pid, name: Atom, message: Term) -> Result<(), SendError> {
        match self.whereis(name).ok_or(SendError::NoSuchName(name))? {
            Registered::Process(pid) => {
                if let Some(process) = self.process(pid) {
                    process.deliver(Message::Term(message));
                }
            }
            Registered::Port(port) => self.send_to_port(from, port, &message),
        }
        Ok(())
    }

    pub(crate) fn exit_signal(
        &self,
        to: Identity,
        from: Identity,
        reason: ExitReason,
        by: Signalled,
    ) {
        match to {
            Identity::Process(pid) => {
                if let Some(process) = self.process(pid) {
                    process.exit_signal(from, reason, by);
                }
            }
            Identity::Port(id) => {
                if let Some(port) = self.port(id) {
                    port.exit_signal(from, reason, by);
                }
            }
        }
    }

    /// Links `process` with `to`; `false` when `to` does not exist.
    pub(crate) fn link(&self, process: &ProcessCore, to: Identity) -> bool {
        if process.add_link(to).is_none() {
            return true;
        }
        let from = Identity::Process(process.pid());
        let linked = match to {
            Identity::Process(pid) => self
                .process(pid)
                .is_some_and(|other| other.add_link(from).is_some()),
            Identity::Port(id) => self
                .port(id)
                .is_some_and(|port| port.add_link(process.pid())),
        };
        if !linked {
            process.remove_link(to);
        } else if process.is_exited() {
            // Died between the two halves: its end did not see this link.
            let reason = process.exit_reason().unwrap_or_else(ExitReason::noproc);
            self.exit_signal(to, from, reason, Signalled::ByLink);
        }
        linked
    }

    pub(crate) fn unlink(&self, process: &ProcessCore, from: Identity) {
        process.remove_link(from);
        match from {
            Identity::Process(pid) => {
                if let Some(other) = self.process(pid) {
                    other.remove_link(process.pid().into());
                }
            }
            Identity::Port(id) => {
                if let Some(port) = self.port(id) {
                    port.remove_link(process.pid());
                }
            }
        }
    }

    pub(crate) fn remove_monitor(&self, target: Identity, by: Pid, reference: &Reference) {
        match target {
            Identity::Process(pid) => {
                if let Some(process) = self.process(pid) {
                    process.remove_monitored_by(|watcher| {
                        matches!(watcher, crate::process::MonitoredBy::Process { pid, reference: own }
                            if *pid == by && own == reference)
                    });
                }
            }
            Identity::Port(id) => {
                if let Some(port) = self.port(id) {
                    port.remove_monitor(reference.clone());
                }
            }
        }
    }
}
