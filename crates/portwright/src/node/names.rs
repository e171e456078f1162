//! Registered names, which processes and ports share.

use portwright_term::{Atom, atoms};

use super::{NodeCore, RegisterError, Registered};
use crate::Identity;

impl NodeCore {
    pub(crate) fn whereis(&self, name: Atom) -> Option<Registered> {
        self.names.read().get(&name).copied()
    }

    pub(crate) fn register(&self, name: Atom, identity: Identity) -> Result<(), RegisterError> {
        if name == atoms::UNDEFINED {
            return Err(RegisterError::Undefined);
        }
        let mut names = self.names.write();
        if names.contains_key(&name) {
            return Err(RegisterError::NameInUse(name));
        }
        let (named, registered) = match identity {
            Identity::Process(pid) => {
                let process = self
                    .process(pid)
                    .ok_or(RegisterError::NoSuchProcess(identity))?;
                (process.set_name(Some(name)), Registered::Process(pid))
            }
            Identity::Port(id) => {
                let port = self
                    .port(id)
                    .filter(|port| port.is_open())
                    .ok_or(RegisterError::NoSuchProcess(identity))?;
                (port.set_name(Some(name)), Registered::Port(id))
            }
        };
        if !named {
            return Err(RegisterError::AlreadyNamed(identity));
        }
        names.insert(name, registered);
        Ok(())
    }

    pub(crate) fn unregister(&self, name: Atom) -> bool {
        // Held to the end, as in `register`: nobody is nameless in one place and named in the
        // other.
        let mut names = self.names.write();
        match names.remove(&name) {
            None => return false,
            Some(Registered::Process(pid)) => {
                if let Some(process) = self.process(pid) {
                    process.set_name(None);
                }
            }
            Some(Registered::Port(id)) => {
                if let Some(port) = self.port(id) {
                    port.set_name(None);
                }
            }
        }
        true
    }

    /// Runs `run` while nobody can look at the names.
    #[cfg(test)]
    pub(crate) fn with_names_locked<R>(&self, run: impl FnOnce() -> R) -> R {
        let _names = self.names.write();
        run()
    }

    /// Frees a name at the end of whoever had it.
    pub(crate) fn forget_name(&self, name: Atom, identity: Identity) {
        let mut names = self.names.write();
        let held = match names.get(&name) {
            Some(Registered::Process(pid)) => Identity::Process(*pid) == identity,
            Some(Registered::Port(port)) => Identity::Port(*port) == identity,
            None => false,
        };
        if held {
            names.remove(&name);
        }
    }
}
