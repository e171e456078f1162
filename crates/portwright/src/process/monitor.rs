//! Monitors: being told once that somebody ended.

use portwright_term::{Atom, Pid, Reference, Term};

use super::core::{Monitor, MonitoredBy, down};
use super::handle::Process;
use crate::node::Registered;
use crate::{ExitReason, Identity, Message};

/// What is monitored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MonitorTarget {
    /// A process or a port.
    Identity(Identity),
    /// The process registered under a name.
    ProcessName(Atom),
    /// The port registered under a name.
    PortName(Atom),
}

impl<T: Into<Identity>> From<T> for MonitorTarget {
    fn from(identity: T) -> Self {
        Self::Identity(identity.into())
    }
}

/// Why a monitor could not be set. A target that does not exist is no error: the
/// monitor fires at once with `noproc`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MonitorError {
    /// The target belongs to another node (`badarg`).
    #[error("{0} belongs to another node")]
    OtherNode(Identity),
}

/// What [`Process::demonitor`] does besides removing the monitor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DemonitorOptions {
    /// Remove the `'DOWN'` message from the mailbox if it is there.
    pub flush: bool,
}

impl Process {
    /// Monitors a process or port: one `'DOWN'` message when it ends, at once with
    /// `noproc` when it does not exist.
    ///
    /// # Errors
    ///
    /// [`MonitorError::OtherNode`].
    ///
    /// # Source
    ///
    /// erlang(3), `monitor/2`; rule P-609.
    pub fn monitor(&self, target: impl Into<MonitorTarget>) -> Result<Reference, MonitorError> {
        self.monitor_tagged(target, None)
    }

    /// As [`monitor`](Self::monitor), with another first element of the message
    /// than `'DOWN'`.
    ///
    /// # Errors
    ///
    /// [`MonitorError::OtherNode`].
    pub fn monitor_tagged(
        &self,
        target: impl Into<MonitorTarget>,
        tag: Option<Term>,
    ) -> Result<Reference, MonitorError> {
        let node = self.node().core();
        let reference = node.make_reference();
        let nobody = |is_port| {
            // Stands for whoever had the name; only its node shows in the message.
            if is_port {
                Identity::Port(portwright_term::PortId::new(node.name(), 0, 0))
            } else {
                Identity::Process(portwright_term::Pid::new(node.name(), 0, 0, 0))
            }
        };
        let (identity, name, exists) = match target.into() {
            MonitorTarget::Identity(identity) => {
                if !node.is_local(identity) {
                    return Err(MonitorError::OtherNode(identity));
                }
                (identity, None, true)
            }
            MonitorTarget::ProcessName(name) => match node.whereis(name) {
                Some(Registered::Process(pid)) => (pid.into(), Some(name), true),
                _ => (nobody(false), Some(name), false),
            },
            MonitorTarget::PortName(name) => match node.whereis(name) {
                Some(Registered::Port(port)) => (port.into(), Some(name), true),
                _ => (nobody(true), Some(name), false),
            },
        };
        let monitor = Monitor {
            reference: reference.clone(),
            target: identity,
            name,
            tag,
        };
        self.core().add_monitor(monitor);
        let watcher = MonitoredBy::Process {
            pid: self.pid(),
            reference: reference.clone(),
        };
        let alive = exists
            && match identity {
                Identity::Process(pid) => node
                    .process(pid)
                    .is_some_and(|process| process.add_monitored_by(watcher)),
                Identity::Port(port) => node
                    .port(port)
                    .is_some_and(|port| port.add_monitor(self.pid(), reference.clone())),
            };
        if !alive && let Some(monitor) = self.core().take_monitor(&reference) {
            self.core()
                .deliver(Message::Down(Box::new(down(monitor, ExitReason::noproc()))));
        } else if alive && self.is_exited() {
            // Its end did not see this monitor, or saw it before the other side knew of it.
            self.core().take_monitor(&reference);
            node.remove_monitor(identity, self.pid(), &reference);
        }
        Ok(reference)
    }

    /// Removes a monitor; `false` when this process has no such monitor (any more).
    ///
    /// # Source
    ///
    /// erlang(3), `demonitor/2`.
    pub fn demonitor(&mut self, reference: &Reference, options: DemonitorOptions) -> bool {
        let monitor = self.core().take_monitor(reference);
        if let Some(monitor) = &monitor {
            self.node()
                .core()
                .remove_monitor(monitor.target, self.pid(), reference);
        }
        if options.flush {
            self.rescan();
            // At most one such message exists.
            let _ = self.scan(|message| match message {
                Message::Down(down) if down.reference == *reference => super::Scan::Break(()),
                _ => super::Scan::Continue(()),
            });
            self.rescan();
        }
        monitor.is_some()
    }

    /// Whether a process has this monitor: it was neither removed nor has it fired. An alias
    /// of `monitor/3` with `demonitor` lives as long.
    ///
    /// # Source
    ///
    /// erlang(3), `monitor/3`.
    pub fn is_monitor_of(&self, watcher: Pid, reference: &Reference) -> bool {
        let watcher = self.node().core().process(watcher);
        watcher.is_some_and(|process| process.has_monitor(reference))
    }

    /// Ends a monitor of another process, as a reply does that goes through an alias with
    /// `reply_demonitor`; `false` when that process has no such monitor (any more).
    ///
    /// A message of the monitor that was delivered before stays where it is.
    ///
    /// # Source
    ///
    /// erlang(3), `monitor/3`.
    pub fn end_monitor_of(&self, watcher: Pid, reference: &Reference) -> bool {
        let node = self.node().core();
        let monitor = node
            .process(watcher)
            .and_then(|process| process.take_monitor(reference));
        if let Some(monitor) = &monitor {
            node.remove_monitor(monitor.target, watcher, reference);
        }
        monitor.is_some()
    }
}
