//! What is known about a port: `port_info/1,2`.

use std::sync::Arc;

use portwright_driver::{DriverFlags, Request};
use portwright_term::{Atom, Pid, Term, atoms};

use super::{Phase, PortCore};

/// How the callbacks of a port are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locking {
    /// From other callbacks of the same port.
    PortLevel,
    /// From all callbacks of the same driver.
    DriverLevel,
}

/// A snapshot of a port, as `port_info/1,2` gives it.
///
/// # Source
///
/// erlang(3), `port_info/2`; rules P-507 to P-509.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PortInfo {
    /// Its registered name, if it has one.
    pub registered_name: Option<Atom>,
    /// The whole command or file that was opened.
    pub name: Vec<u8>,
    /// The processes that are linked to it.
    pub links: Vec<Pid>,
    /// A number that stands for the port.
    pub id: u64,
    /// Its owner, which may be dead.
    pub connected: Pid,
    /// Bytes that it has read, without packet headers.
    pub input: u64,
    /// Bytes of commands that it has taken, without packet headers.
    pub output: u64,
    /// The operating system's number of the program.
    pub os_pid: Option<u32>,
    /// Bytes of output that are queued.
    pub queue_size: usize,
    /// The processes that its driver monitors.
    pub monitors: Vec<Pid>,
    /// The processes that monitor it, once for each monitor.
    pub monitored_by: Vec<Pid>,
    /// The setting `parallelism`.
    pub parallelism: bool,
    /// How its callbacks are kept apart.
    pub locking: Locking,
    /// Memory of the port and its queue, in bytes.
    pub memory: usize,
}

impl PortInfo {
    /// The value of one item of `port_info/2`; `None` when there is no such item.
    ///
    /// For `registered_name` of a port without a name it is `[]` itself, not a tuple.
    pub fn item(&self, item: Atom) -> Option<Term> {
        let value = match item {
            atoms::REGISTERED_NAME => match self.registered_name {
                None => return Some(Term::Nil),
                Some(name) => Term::Atom(name),
            },
            atoms::NAME => name_term(&self.name),
            atoms::LINKS => Term::list(self.links.iter().map(|pid| Term::Pid(*pid))),
            atoms::ID => Term::from(self.id),
            atoms::CONNECTED => Term::Pid(self.connected),
            atoms::INPUT => Term::from(self.input),
            atoms::OUTPUT => Term::from(self.output),
            atoms::OS_PID => match self.os_pid {
                Some(os_pid) => Term::from(u64::from(os_pid)),
                None => Term::Atom(atoms::UNDEFINED),
            },
            atoms::QUEUE_SIZE => Term::from(self.queue_size),
            atoms::MONITORS => Term::list(
                self.monitors
                    .iter()
                    .map(|pid| Term::tuple([Term::Atom(atoms::PROCESS), Term::Pid(*pid)])),
            ),
            atoms::MONITORED_BY => Term::list(self.monitored_by.iter().map(|pid| Term::Pid(*pid))),
            atoms::PARALLELISM => Term::boolean(self.parallelism),
            atoms::LOCKING => Term::Atom(match self.locking {
                Locking::PortLevel => atoms::PORT_LEVEL,
                Locking::DriverLevel => atoms::DRIVER_LEVEL,
            }),
            atoms::MEMORY => Term::from(self.memory),
            _ => return None,
        };
        Some(Term::tuple([Term::Atom(item), value]))
    }

    /// What `port_info/1` returns.
    pub fn to_term(&self) -> Term {
        let named = self
            .registered_name
            .is_some()
            .then_some(atoms::REGISTERED_NAME);
        let items = [
            atoms::NAME,
            atoms::LINKS,
            atoms::ID,
            atoms::CONNECTED,
            atoms::INPUT,
            atoms::OUTPUT,
            atoms::OS_PID,
        ];
        Term::list(
            named
                .into_iter()
                .chain(items)
                .filter_map(|item| self.item(item)),
        )
    }
}

/// A name is shown byte by byte, whatever its encoding (*measured on OTP 25*; D-B9).
fn name_term(name: &[u8]) -> Term {
    Term::bytes_list(name)
}

impl PortCore {
    /// `None` when the port is gone.
    pub(crate) fn info(self: &Arc<Self>) -> Option<PortInfo> {
        self.request(|port, held| {
            if matches!(port.phase(), Phase::Gone) {
                return None;
            }
            if port.queue_len() > 0 {
                // The size that is shown is what the operating system does not take.
                port.callback(held, None, |driver, context| {
                    driver.request(context, Request::WriteNow)
                });
                if port.phase() == Phase::Gone {
                    return None;
                }
            }
            let registered_name = port.registered_name();
            let state = port.state(held);
            let flags = port.driver.entry.driver_flags();
            Some(PortInfo {
                registered_name,
                name: port.name_bytes().to_vec(),
                links: state.links(),
                // OTP's numbers have the same distance.
                id: port.id.id() * 8,
                connected: state.connected.pid(),
                input: state.input,
                output: state.output,
                os_pid: state.rare.get().and_then(|rare| rare.os_pid),
                queue_size: port.queue_len(),
                monitors: state.rare.get().map_or(Vec::new(), |rare| {
                    rare.driver_monitors.iter().map(|(_, pid)| *pid).collect()
                }),
                monitored_by: state.rare.get().map_or(Vec::new(), |rare| {
                    rare.monitors.iter().map(|(pid, _)| *pid).collect()
                }),
                parallelism: port.parallelism,
                locking: if flags.contains(DriverFlags::PORT_LOCKING) {
                    Locking::PortLevel
                } else {
                    Locking::DriverLevel
                },
                memory: size_of::<PortCore>() + port.queue_len(),
            })
        })
        .flatten()
    }

    pub(crate) fn name(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(self.name_bytes())
    }

    /// The name under which the port was opened.
    pub(super) fn name_bytes(&self) -> &[u8] {
        let special = self.special.as_ref();
        special
            .and_then(|special| special.name.as_deref())
            .unwrap_or(self.driver.entry.name().as_bytes())
    }
}
