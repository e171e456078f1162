//! Links, monitors and names of a port.

use std::sync::Arc;

use portwright_term::{Atom, Pid, Reference};

use super::{Phase, PortCore, State};

impl State {
    /// The processes that are linked to the port.
    pub(super) fn links(&self) -> Vec<Pid> {
        match self.rare.get() {
            _ if self.only_owner_linked => vec![self.connected.pid()],
            Some(rare) => rare.links.clone(),
            None => Vec::new(),
        }
    }

    /// All links as a list, to be changed.
    pub(super) fn list_links(&mut self) -> &mut Vec<Pid> {
        let links = &mut self.rare.make().links;
        if std::mem::take(&mut self.only_owner_linked) {
            links.push(self.connected.pid());
        }
        links
    }

    pub(super) fn link(&mut self, pid: Pid) {
        if self.only_owner_linked && self.connected.pid() == pid {
            return;
        }
        let links = self.list_links();
        if !links.contains(&pid) {
            links.push(pid);
        }
    }

    /// Whether there was such a link.
    pub(super) fn unlink(&mut self, pid: Pid) -> bool {
        if self.only_owner_linked {
            let is_linked = self.connected.pid() == pid;
            self.only_owner_linked = !is_linked;
            return is_linked;
        }
        let links = self.rare.get_mut().map(|rare| &mut rare.links);
        links.is_some_and(|links| {
            let index = links.iter().position(|link| *link == pid);
            index.map(|index| links.remove(index)).is_some()
        })
    }
}

impl PortCore {
    /// Adds the port's side of a link; `false` when the port is not open.
    pub(crate) fn add_link(self: &Arc<Self>, pid: Pid) -> bool {
        self.request(move |port, held| {
            let open = port.phase() == Phase::Open;
            if open {
                port.state(held).link(pid);
            }
            open
        })
        .unwrap_or(false)
    }

    pub(crate) fn remove_link(self: &Arc<Self>, pid: Pid) {
        self.signal(super::Signal::Run(Box::new(move |port, held| {
            port.state(held).unlink(pid);
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
        let mut outside = self.outside.lock();
        if name.is_none() && outside.rare.get().is_none() {
            return true;
        }
        let registered = &mut outside.rare.make().registered;
        if name.is_some() && (registered.is_some() || !self.is_open()) {
            return false;
        }
        *registered = name;
        true
    }

    pub(super) fn registered_name(&self) -> Option<Atom> {
        self.outside.lock().rare.get()?.registered
    }

    pub(super) fn take_name(&self) -> Option<Atom> {
        self.outside.lock().rare.get_mut()?.registered.take()
    }
}
