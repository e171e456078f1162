//! What all parts of a node share: tables of processes, ports, drivers.

use std::any::{Any, TypeId};
use std::borrow::Borrow;
use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, RwLock};
use portwright_term::{Atom, BuildIdHasher, Pid, PortId, Reference};
use tokio::runtime::{Handle, Runtime};

use super::Registered;
use crate::port::Scheduler;
use crate::port::{KnownDriver, PortCore};
use crate::process::{ProcessCore, Signalled};
use crate::reactor::Reactor;
use crate::reactor::pool::Pool;
use crate::{ExitReason, Identity};

/// How long a node that closes its ports waits before it looks for new ones.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

pub(crate) struct NodeCore {
    pub(super) name: Atom,
    pub(super) creation: u32,
    pub(super) processes: RwLock<IdMap<Arc<ProcessCore>>>,
    pub(super) ports: RwLock<HashSet<ById, BuildIdHasher>>,
    pub(super) names: RwLock<HashMap<Atom, Registered>>,
    pub(super) next_process: AtomicU64,
    pub(super) next_port: AtomicU64,
    pub(super) next_reference: AtomicU64,
    pub(super) next_job: AtomicU64,
    pub(crate) port_limit: usize,
    pub(super) drivers: RwLock<Vec<Arc<KnownDriver>>>,
    pub(super) programs: Arc<KnownDriver>,
    pub(super) descriptors: Arc<KnownDriver>,
    pub(super) vanilla: Arc<KnownDriver>,
    pub(super) environment: Mutex<HashMap<OsString, Option<OsString>>>,
    pub(super) reactor: Arc<Reactor>,
    pub(super) pool: Pool,
    pub(super) scheduler: Scheduler,
    /// The runtime in which the node was made.
    pub(super) home: Option<Handle>,
    /// A runtime of the node's own, where there is no other.
    pub(super) own: OnceLock<Runtime>,
    pub(super) started: Instant,
    /// `halt` has been called: see [`Node::begin_halt`](super::Node::begin_halt).
    pub(super) halting: AtomicBool,
    /// Somebody waits until there are no ports.
    pub(super) awaits_no_ports: AtomicBool,
    pub(super) no_ports: (Mutex<()>, Condvar),
    pub(super) extensions: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

/// A process by its number, which says nothing about the node, kept by a thread.
type Known = Cell<Option<(u64, Weak<ProcessCore>)>>;

thread_local! {
    /// Processes that the thread has looked for lately: threads talk to few others, and
    /// those who look into the same table at once slow each other down.
    static RECENT: [Known; 8] = const { [const { Cell::new(None) }; 8] };
}

impl NodeCore {
    pub(crate) fn name(&self) -> Atom {
        self.name
    }

    pub(crate) fn reactor(&self) -> &Arc<Reactor> {
        &self.reactor
    }

    pub(crate) fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(crate) fn next_job(&self) -> u64 {
        self.next_job.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn runtime(&self) -> Handle {
        if let Ok(current) = Handle::try_current() {
            return current;
        }
        if let Some(home) = &self.home {
            return home.clone();
        }
        self.own
            .get_or_init(|| {
                tokio::runtime::Builder::new_multi_thread()
                    .thread_name("portwright-run")
                    .build()
                    .expect("a runtime without I/O and timers needs nothing but threads")
            })
            .handle()
            .clone()
    }

    pub(super) fn new_process(self: &Arc<Self>) -> Arc<ProcessCore> {
        // 28 bits of number and the rest as serial, as OTP has it.
        let number = self.next_process.fetch_add(1, Ordering::Relaxed);
        let pid = Pid::new(
            self.name,
            (number & 0x0fff_ffff) as u32,
            (number >> 28) as u32,
            self.creation,
        );
        let process = ProcessCore::new(pid, self.clone());
        self.processes.write().insert(number, process.clone());
        process
    }

    /// A process that is alive.
    pub(crate) fn process(&self, pid: Pid) -> Option<Arc<ProcessCore>> {
        if pid.node() != self.name || pid.creation() != self.creation {
            return None;
        }
        let number = process_number(pid);
        RECENT
            .try_with(|recent| {
                let slot = &recent[number as usize % recent.len()];
                let known = slot.take();
                let process = known
                    .as_ref()
                    .and_then(|(of, known)| (*of == number).then(|| known.upgrade()).flatten())
                    .filter(|process| std::ptr::eq(&**process.node(), self));
                if let Some(process) = process {
                    slot.set(known);
                    return (!process.is_exited()).then_some(process);
                }
                let process = self.processes.read().get(&number).cloned()?;
                slot.set(Some((number, Arc::downgrade(&process))));
                Some(process)
            })
            // A thread that is ending may be past its thread-local values.
            .unwrap_or_else(|_| self.processes.read().get(&number).cloned())
    }

    pub(crate) fn forget_process(&self, pid: Pid) {
        self.processes.write().remove(&process_number(pid));
    }

    /// A port that is open or closing.
    pub(crate) fn port(&self, id: PortId) -> Option<Arc<PortCore>> {
        if id.node() != self.name || id.creation() != self.creation {
            return None;
        }
        self.ports.read().get(&id).map(|port| port.0.clone())
    }

    /// All ports that are open or closing.
    pub(super) fn all_ports(&self) -> Vec<Arc<PortCore>> {
        let ports = self.ports.read();
        ports.iter().map(|port| port.0.clone()).collect()
    }

    /// Makes a port known under a new number; `None` when the table is full.
    pub(crate) fn add_port(
        &self,
        make: impl FnOnce(PortId) -> Arc<PortCore>,
    ) -> Option<Arc<PortCore>> {
        let mut ports = self.ports.write();
        if ports.len() >= self.port_limit {
            return None;
        }
        let number = self.next_port.fetch_add(1, Ordering::Relaxed);
        let port = make(PortId::new(self.name, number, self.creation));
        ports.insert(ById(port.clone()));
        Some(port)
    }

    /// Takes a port number for a port that does not come to be.
    pub(crate) fn skip_port_number(&self) {
        self.next_port.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn forget_port(&self, id: PortId) {
        let port = self.ports.write().take(&id);
        drop(port);
        if self.awaits_no_ports.load(Ordering::SeqCst) {
            // Whoever is about to wait holds the lock since it last looked.
            drop(self.no_ports.0.lock());
            self.no_ports.1.notify_all();
        }
    }

    pub(crate) fn make_reference(&self) -> Reference {
        let number = self.next_reference.fetch_add(1, Ordering::Relaxed);
        // 18 bits in the first word, as OTP has it.
        let ids = [
            (number & 0x3_ffff) as u32,
            (number >> 18) as u32,
            (number >> 50) as u32,
        ];
        Reference::new(self.name, self.creation, &ids).expect("three words are few enough")
    }

    pub(crate) fn is_local(&self, identity: Identity) -> bool {
        let (node, creation) = match identity {
            Identity::Process(pid) => (pid.node(), pid.creation()),
            Identity::Port(port) => (port.node(), port.creation()),
        };
        node == self.name && creation == self.creation
    }

    pub(crate) fn creation(&self) -> u32 {
        self.creation
    }

    /// The driver that `{spawn,Command}` finds: by the text before the first space.
    pub(crate) fn find_driver(&self, command: &[u8]) -> Option<Arc<KnownDriver>> {
        // No name has a space in it.
        let is_first_word = |name: &str| {
            let rest = command.strip_prefix(name.as_bytes());
            rest.is_some_and(|rest| matches!(rest, [] | [b' ', ..]))
        };
        let drivers = self.drivers.read();
        let found = drivers
            .iter()
            .find(|driver| is_first_word(driver.entry.name()));
        found.cloned()
    }

    pub(crate) fn program_driver(&self) -> Arc<KnownDriver> {
        Arc::clone(&self.programs)
    }

    pub(crate) fn vanilla_driver(&self) -> Arc<KnownDriver> {
        Arc::clone(&self.vanilla)
    }

    pub(crate) fn descriptor_driver(&self) -> Arc<KnownDriver> {
        Arc::clone(&self.descriptors)
    }

    /// The environment of a program: ours, changed by `changes` from left to right.
    pub(crate) fn environment_with(
        &self,
        changes: &[(OsString, Option<OsString>)],
    ) -> Vec<(OsString, OsString)> {
        let own = self.environment.lock();
        if own.is_empty() && changes.is_empty() {
            return std::env::vars_os().collect();
        }
        let mut all: HashMap<OsString, OsString> = std::env::vars_os().collect();
        let changes = changes.iter().map(|(name, value)| (name, value));
        for (name, value) in own.iter().chain(changes) {
            match value {
                Some(value) => all.insert(name.clone(), value.clone()),
                None => all.remove(name),
            };
        }
        all.into_iter().collect()
    }

    /// Closes all ports and waits until they are gone.
    pub(super) fn close_ports(&self) {
        self.awaits_no_ports.store(true, Ordering::SeqCst);
        let nobody = Identity::Process(Pid::new(self.name, 0, 0, self.creation));
        loop {
            let ports = self.all_ports();
            for port in ports {
                // Nothing happens to those that are closing already.
                port.exit_signal(nobody, ExitReason::killed(), Signalled::Directly);
            }
            let mut guard = self.no_ports.0.lock();
            if self.ports.read().is_empty() {
                break;
            }
            // Not for ever: processes that are still running may open more.
            self.no_ports.1.wait_for(&mut guard, LOOK_AGAIN);
        }
        self.pool.wait_idle();
    }

    /// Ends everything that is left when the last handle has gone.
    pub(super) fn halt(&self) {
        let processes: Vec<_> = self.processes.read().values().cloned().collect();
        for process in processes {
            process.die(ExitReason::killed());
        }
        let ports = self.all_ports();
        let nobody = Identity::Process(Pid::new(self.name, 0, 0, self.creation));
        for port in ports {
            port.exit_signal(nobody, ExitReason::kill(), Signalled::Directly);
        }
        self.reactor.shut_down();
    }
}

impl Drop for NodeCore {
    fn drop(&mut self) {
        if let Some(runtime) = self.own.take() {
            // We may be on one of its threads.
            runtime.shutdown_background();
        }
    }
}

fn process_number(pid: Pid) -> u64 {
    u64::from(pid.serial()) << 28 | u64::from(pid.id())
}

/// By the number of a process.
pub(super) type IdMap<T> = HashMap<u64, T, BuildIdHasher>;

/// A port that is found by the identity that it has in it.
pub(super) struct ById(pub(super) Arc<PortCore>);

impl Borrow<PortId> for ById {
    fn borrow(&self) -> &PortId {
        self.0.id_ref()
    }
}

impl PartialEq for ById {
    fn eq(&self, other: &Self) -> bool {
        self.0.id() == other.0.id()
    }
}

impl Eq for ById {}

impl Hash for ById {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id().hash(state);
    }
}
