//! What is known about a process from outside.

use portwright_term::{Atom, Pid, Term, atoms};
use std::sync::atomic::Ordering;

use super::core::{MonitoredBy, ProcessCore};
use crate::Identity;

/// What a process is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProcessStatus {
    /// It waits for a message.
    Waiting,
    /// It waits for a port that is busy.
    Suspended,
    /// Anything else.
    Running,
}

/// A snapshot of a process, as `process_info/2` gives it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ProcessInfo {
    /// Its name, if it has one.
    pub registered_name: Option<Atom>,
    /// Messages that it has not received.
    pub message_queue_len: usize,
    /// The messages, as terms. Of a process that is just looking at them some may be left out.
    pub messages: Vec<Term>,
    /// Who is linked to it.
    pub links: Vec<Identity>,
    /// What it monitors: the target, and the name when it is monitored by name.
    pub monitors: Vec<(Identity, Option<Atom>)>,
    /// Who monitors it, once for each monitor.
    pub monitored_by: Vec<Identity>,
    /// Whether exit signals arrive as messages.
    pub trap_exit: bool,
    /// What it is doing.
    pub status: ProcessStatus,
}

impl ProcessCore {
    /// `None` when the process is dead.
    pub(crate) fn info(&self) -> Option<ProcessInfo> {
        self.inspect(|state| {
            (!state.exited).then(|| ProcessInfo {
                registered_name: state.name,
                message_queue_len: state.mailbox.len() + self.set_aside.load(Ordering::Relaxed),
                messages: state.mailbox.iter().map(crate::Message::to_term).collect(),
                links: state.links.to_vec(),
                monitors: state.monitors.iter().map(|m| (m.target, m.name)).collect(),
                monitored_by: state
                    .monitored_by
                    .iter()
                    .filter_map(|watcher| match watcher {
                        MonitoredBy::Process { pid, .. } => Some(Identity::Process(*pid)),
                        MonitoredBy::Port { port, .. } => Some(Identity::Port(*port)),
                        MonitoredBy::Call(_) => None,
                    })
                    .collect(),
                trap_exit: state.trap_exit,
                status: if state.suspended {
                    ProcessStatus::Suspended
                } else if state.waiting {
                    ProcessStatus::Waiting
                } else {
                    ProcessStatus::Running
                },
            })
        })
    }
}

impl ProcessInfo {
    /// The value of one item of `process_info/2`; `None` for an item that does not
    /// exist here.
    pub fn item(&self, item: Atom) -> Option<Term> {
        let text = item.as_str();
        Some(match text {
            "registered_name" => self.registered_name.map_or(Term::Nil, Term::Atom),
            "message_queue_len" => Term::from(self.message_queue_len),
            "messages" => Term::list(self.messages.iter().cloned()),
            "links" => Term::list(self.links.iter().map(|link| link.to_term())),
            "monitors" => Term::list(self.monitors.iter().map(|(target, name)| {
                let (kind, node) = match target {
                    Identity::Process(pid) => (atoms::PROCESS, pid.node()),
                    Identity::Port(port) => (atoms::PORT, port.node()),
                };
                let object = match name {
                    None => target.to_term(),
                    Some(name) => Term::tuple([Term::Atom(*name), Term::Atom(node)]),
                };
                Term::tuple([Term::Atom(kind), object])
            })),
            "monitored_by" => Term::list(self.monitored_by.iter().map(|by| by.to_term())),
            "trap_exit" => Term::boolean(self.trap_exit),
            "status" => Term::atom(match self.status {
                ProcessStatus::Waiting => "waiting",
                ProcessStatus::Suspended => "suspended",
                ProcessStatus::Running => "running",
            }),
            "priority" => Term::Atom(atoms::NORMAL),
            "dictionary" => Term::Nil,
            _ => return None,
        })
    }
}

impl crate::Node {
    /// What is known about a process; `None` when it is dead.
    pub fn process_info(&self, pid: Pid) -> Option<ProcessInfo> {
        self.core().process(pid)?.info()
    }
}
