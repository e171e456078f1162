//! Links, monitors and names of a port.

use std::sync::Arc;

use portwright_term::{Atom, Pid, Reference};

use super::{Phase, PortCore};

impl PortCore {
    /// Adds the port's side of a link; `false` when the port is not open.
    pub(crate) fn add_link(self: &Arc<Self>, pid: Pid) -> bool {
        self.request(move |port, held| {
            let open = port.phase() == Phase::Open;
            if open {
                let mut state = port.state(held);
                if !state.links.contains(&pid) {
                    state.links.push(pid);
                }
            }
            open
        })
        .unwrap_or(false)
    }

    pub(crate) fn remove_link(self: &Arc<Self>, pid: Pid) {
        self.signal(super::Signal::Run(Box::new(move |port, held| {
            port.state(held).links.retain(|link| *link != pid);
        })));
    }

    /// Is told when the port ends; `false` when it is not open.
    pub(crate) fn add_monitor(self: &Arc<Self>, by: Pid, reference: Reference) -> bool {
        self.request(move |port, held| {
            let open = port.phase() == Phase::Open;
            if open {
                port.state(held).rare.make().monitors.push((by, reference));
            }
            open
        })
        .unwrap_or(false)
    }

    pub(crate) fn remove_monitor(self: &Arc<Self>, reference: Reference) {
        self.signal(super::Signal::Run(Box::new(move |port, held| {
            if let Some(rare) = port.state(held).rare.get_mut() {
                rare.monitors.retain(|(_, own)| *own != reference);
            }
        })));
    }

    /// Remembers the registered name; `false` when not open or named already.
    pub(crate) fn set_name(&self, name: Option<Atom>) -> bool {
        let mut registered = self.registered.lock();
        if name.is_some() && (registered.is_some() || !self.is_open()) {
            return false;
        }
        *registered = name;
        true
    }
}
