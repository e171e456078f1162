//! A node: a world of processes and ports.

mod core;
mod names;
mod signals;

use std::any::{Any, TypeId};
use std::ffi::{OsStr, OsString};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use parking_lot::{Mutex, RwLock};
use portwright_driver::{Driver, DriverEntry};
use portwright_term::{Atom, Pid, PortId, Reference, Term, atoms};
use tokio::runtime::Handle;

pub(crate) use self::core::NodeCore;

use crate::port::Scheduler;
use crate::port::{KnownDriver, Port};
use crate::process::{Process, Signalled};
use crate::program;
use crate::reactor::Reactor;
use crate::reactor::pool::Pool;
use crate::{Destination, ExitReason, Identity, SendError};

/// How many ports a node has at most, unless told otherwise. As OTP (P-900).
const DEFAULT_PORT_LIMIT: usize = 65_536;

/// A world of processes and ports. Cloning gives another handle of the same node.
///
/// When the last handle is gone (those inside [`Process`] included) the node
/// halts: its ports close and its threads end.
///
/// Several nodes may live in one operating system process; their pids and ports
/// are different terms.
#[derive(Clone)]
pub struct Node {
    core: Arc<NodeCore>,
    /// Halts the node when the last handle goes.
    _halt: Arc<HaltOnDrop>,
}

/// Settings for a new [`Node`].
#[derive(Debug, Clone)]
pub struct NodeBuilder {
    name: Atom,
    port_limit: usize,
    async_threads: usize,
}

/// Who is registered under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// A process.
    Process(Pid),
    /// A port.
    Port(PortId),
}

/// Why a name could not be registered (`badarg`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The name is `undefined`, which `whereis/1` uses for "nobody".
    #[error("`undefined` cannot be a registered name")]
    Undefined,
    /// Somebody has the name.
    #[error("the name {0} is in use")]
    NameInUse(Atom),
    /// The process or port has a name, and may have only one.
    #[error("{0} has a registered name already")]
    AlreadyNamed(Identity),
    /// The process or port does not exist, or its end has begun.
    #[error("{0} does not exist")]
    NoSuchProcess(Identity),
}

/// Why a driver could not be registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterDriverError {
    /// `open_port/2` could never find it.
    #[error("{0:?} cannot be a driver's name: it is empty or has a space in it")]
    BadName(String),
    /// There is a driver of that name.
    #[error("there is a driver named {0:?} already")]
    NameInUse(String),
}

/// A handle of a node that does not keep it going.
#[derive(Clone)]
pub struct WeakNode {
    core: Weak<NodeCore>,
    halt: Weak<HaltOnDrop>,
}

impl WeakNode {
    /// The node, unless its last handle has gone.
    pub fn upgrade(&self) -> Option<Node> {
        Some(Node {
            core: self.core.upgrade()?,
            _halt: self.halt.upgrade()?,
        })
    }
}

struct HaltOnDrop(Arc<NodeCore>);

impl Drop for HaltOnDrop {
    fn drop(&mut self) {
        self.0.halt();
    }
}

impl Default for Node {
    fn default() -> Self {
        Self::new()
    }
}

impl Node {
    /// A node with the settings of [`NodeBuilder`].
    ///
    /// # Panics
    ///
    /// When the operating system has no descriptors left for the node's two;
    /// [`NodeBuilder::build`] returns that as an error.
    pub fn new() -> Self {
        Self::builder()
            .build()
            .unwrap_or_else(|error| panic!("cannot make a node: {error}"))
    }

    /// Settings for a new node.
    pub fn builder() -> NodeBuilder {
        NodeBuilder {
            name: atoms::NONODE_NOHOST,
            port_limit: DEFAULT_PORT_LIMIT,
            async_threads: 1,
        }
    }

    pub(crate) fn core(&self) -> &Arc<NodeCore> {
        &self.core
    }

    /// The node's name: `nonode@nohost` unless it was given one.
    pub fn name(&self) -> Atom {
        self.core.name
    }

    /// Makes the caller a process. It ends when the handle is dropped.
    pub fn attach(&self) -> Process {
        Process::new(self.core.new_process(), self.clone())
    }

    /// Sends a message on behalf of nobody: as [`Process::send`], where the sender
    /// does not matter.
    ///
    /// To a port, `{Owner,{command,Data}}`, `{Owner,close}`,
    /// `{Owner,{connect,Pid}}` and, as an extension, `{Owner,eof}` are requests; anything else ends
    /// in an exit signal `badsig` to the port's owner.
    ///
    /// # Errors
    ///
    /// [`SendError::NoSuchName`].
    pub fn send(
        &self,
        to: impl Into<Destination>,
        message: impl Into<Term>,
    ) -> Result<(), SendError> {
        let nobody = Pid::new(self.core.name, 0, 0, self.core.creation);
        self.core.send(nobody, to.into(), message.into())
    }

    /// All ports, closing ones included, in the order in which they were opened.
    pub fn ports(&self) -> Vec<PortId> {
        let mut ports: Vec<PortId> = self
            .core
            .ports
            .read()
            .iter()
            .map(|port| port.0.id())
            .collect();
        ports.sort_unstable_by_key(PortId::id);
        ports
    }

    /// A handle of an open or closing port.
    pub fn port(&self, id: PortId) -> Option<Port> {
        self.core.port(id).map(Port::new)
    }

    /// All processes, in the order in which they were made.
    pub fn processes(&self) -> Vec<Pid> {
        let mut pids: Vec<Pid> = self
            .core
            .processes
            .read()
            .values()
            .map(|p| p.pid())
            .collect();
        pids.sort_unstable_by_key(|pid| (pid.serial(), pid.id()));
        pids
    }

    /// Whether a process exists.
    pub fn is_alive(&self, pid: Pid) -> bool {
        self.core.process(pid).is_some()
    }

    /// All registered names.
    pub fn registered(&self) -> Vec<Atom> {
        self.core.names.read().keys().copied().collect()
    }

    /// Who is registered under a name.
    pub fn whereis(&self, name: Atom) -> Option<Registered> {
        self.core.whereis(name)
    }

    /// A reference that no other call returns: `make_ref()`.
    pub fn make_reference(&self) -> Reference {
        self.core.make_reference()
    }

    /// Sends an exit signal on behalf of nobody.
    pub fn exit_signal(&self, to: impl Into<Identity>, reason: impl Into<ExitReason>) {
        let nobody = Pid::new(self.core.name, 0, 0, self.core.creation);
        self.core
            .exit_signal(to.into(), nobody.into(), reason.into(), Signalled::Directly);
    }

    /// Makes a Rust driver known: `{spawn,"Name ..."}` finds it from now on.
    ///
    /// # Errors
    ///
    /// See [`RegisterDriverError`].
    pub fn register_driver<D: Driver>(&self, name: &str) -> Result<(), RegisterDriverError> {
        self.add_driver(DriverEntry::of::<D>(name))
    }

    /// Makes a driver known by its entry.
    ///
    /// # Errors
    ///
    /// See [`RegisterDriverError`].
    pub fn add_driver(&self, entry: DriverEntry) -> Result<(), RegisterDriverError> {
        let name = entry.name();
        if name.is_empty() || name.contains([' ', '\0']) {
            return Err(RegisterDriverError::BadName(name.into()));
        }
        let mut drivers = self.core.drivers.write();
        if drivers.iter().any(|driver| driver.entry.name() == name) {
            return Err(RegisterDriverError::NameInUse(name.into()));
        }
        drivers.push(KnownDriver::new(entry));
        Ok(())
    }

    /// Forgets a driver; ports that are open stay open. `false` when there is none.
    pub fn remove_driver(&self, name: &str) -> bool {
        let mut drivers = self.core.drivers.write();
        let count = drivers.len();
        drivers.retain(|driver| driver.entry.name() != name);
        count != drivers.len()
    }

    /// The names of all drivers that `open_port/2` finds.
    pub fn drivers(&self) -> Vec<String> {
        self.core
            .drivers
            .read()
            .iter()
            .map(|driver| driver.entry.name().to_owned())
            .collect()
    }

    /// An environment variable as programs opened from now on see it: what
    /// [`set_env`](Self::set_env) said, else what the operating system process has.
    pub fn env(&self, name: impl AsRef<OsStr>) -> Option<OsString> {
        let name = name.as_ref();
        match self.core.environment.lock().get(name) {
            Some(value) => value.clone(),
            // `getenv(3)` itself is not asked: Rust forbids odd names there.
            None => std::env::vars_os()
                .find(|(own, _)| own == name)
                .map(|(_, value)| value),
        }
    }

    /// All environment variables as programs see them.
    pub fn env_all(&self) -> Vec<(OsString, OsString)> {
        self.core.environment_with(&[])
    }

    /// Sets (`Some`) or removes (`None`) an environment variable for programs
    /// opened from now on. The environment of the operating system process stays.
    pub fn set_env(&self, name: impl Into<OsString>, value: Option<OsString>) {
        self.core.environment.lock().insert(name.into(), value);
    }

    /// Time since the node was made; never goes back.
    pub fn uptime(&self) -> std::time::Duration {
        self.core.started.elapsed()
    }

    /// A handle that does not keep the node going.
    pub fn downgrade(&self) -> WeakNode {
        WeakNode {
            core: Arc::downgrade(&self.core),
            halt: Arc::downgrade(&self._halt),
        }
    }

    /// What another crate keeps per node, made at its first use. One value per type;
    /// it lives as long as the node and so must not hold a [`Node`] itself, but a
    /// [`WeakNode`].
    pub fn extension<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let mut extensions = self.core.extensions.lock();
        let value = extensions
            .entry(TypeId::of::<T>())
            .or_insert_with(|| Arc::new(make()));
        Arc::clone(value)
            .downcast()
            .expect("values are stored under their own type")
    }

    /// Calls `run` when a process ends, on the thread that ends it, before those who
    /// are linked to it are told. At once when it is dead already. `run` must not block.
    pub fn at_exit(&self, pid: Pid, run: impl FnOnce() + Send + 'static) {
        let watcher = crate::process::MonitoredBy::Call(Arc::new(Mutex::new(Some(Box::new(run)))));
        let watched = self
            .core
            .process(pid)
            .is_some_and(|process| process.add_monitored_by(watcher.clone()));
        if !watched {
            watcher.call();
        }
    }

    /// Says that everything is to end, as `halt/1` does: from now on what processes have
    /// loaded into the node is not unloaded when they end.
    pub fn begin_halt(&self) {
        self.core.halting.store(true, Ordering::Release);
    }

    /// Whether [`begin_halt`](Self::begin_halt) was called.
    pub fn is_halting(&self) -> bool {
        self.core.halting.load(Ordering::Acquire)
    }

    /// Closes all ports, as `halt/1` does, and waits until each has written what is
    /// queued, and until the jobs of drivers are done.
    ///
    /// # Blocking
    ///
    /// Waits for ever when the queue of a port is never emptied. Must not be called in a
    /// callback of a driver.
    ///
    /// # Source
    ///
    /// erlang(3), `halt/2`; P-857, D-N10, D-N11.
    pub fn close_ports(&self) {
        self.core.close_ports();
    }

    /// How many ports the node may have.
    pub fn port_limit(&self) -> usize {
        self.core.port_limit
    }

    /// How many threads run the asynchronous jobs of drivers.
    pub fn async_threads(&self) -> usize {
        self.core.pool.size()
    }

    /// Handles the node's events in the task that polls this future, in place of a thread of
    /// the node: what a program says then reaches a task of the same runtime without a
    /// wake-up between threads. For hosts that are asynchronous throughout: spawn it once.
    /// It pays where answers come one at a time.
    ///
    /// Ports are then served whenever the runtime gets to it. A runtime that is kept from its
    /// tasks (by code that blocks or computes for long) keeps all ports of the node from being
    /// read and written meanwhile, and processes that block in other threads wait for it too.
    /// Without this call neither is so. When several are polled, one handles the events and the
    /// others stand by; a process that blocks and polls already goes on until it has its message.
    ///
    /// The future does not keep the node going. It is done when the node was halted, or its last
    /// handle dropped, and all ports are closed.
    ///
    /// # Errors
    ///
    /// When there is no tokio runtime, or no descriptor for it to watch.
    ///
    /// # Panics
    ///
    /// In a runtime that was built without
    /// [`enable_io`](tokio::runtime::Builder::enable_io).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives events back to the node's thread; none is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use portwright::{Node, PortName, PortSettings};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), portwright::OpenError> {
    /// let node = Node::new();
    /// tokio::spawn(node.handle_events());
    /// let mut me = node.attach();
    /// let port = me.open_port(PortName::spawn("echo hello"), PortSettings::new().binary())?;
    /// let message = me.receive().await.unwrap();
    /// assert_eq!(message.to_string(), format!("{{{},{{data,<<\"hello\\n\">>}}}}", port.id()));
    /// # Ok(()) }
    /// ```
    pub fn handle_events(&self) -> impl Future<Output = io::Result<()>> + Send + use<> {
        let reactor = Arc::clone(self.core.reactor());
        async move {
            tokio::runtime::Handle::try_current().map_err(io::Error::other)?;
            reactor.handle_events().await
        }
    }

    /// Calls `expire` after a while, on a thread of the node; dropping the guard
    /// before takes it back. `expire` must not block.
    pub fn after(
        &self,
        delay: std::time::Duration,
        expire: impl FnOnce() + Send + 'static,
    ) -> Delayed {
        let now = Instant::now();
        let deadline = now
            .checked_add(delay)
            .unwrap_or(now + std::time::Duration::from_secs(1 << 32));
        Delayed(crate::process::Timer::new(
            self.core.clone(),
            deadline,
            expire,
        ))
    }
}

/// A call of [`Node::after`] that is still to come; dropping it takes it back.
#[must_use = "dropping it takes the call back"]
pub struct Delayed(#[allow(dead_code, reason = "kept for its drop")] crate::process::Timer);

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Node").field(&self.core.name).finish()
    }
}

impl NodeBuilder {
    /// The node's name, such as `ports@localhost`. Default: `nonode@nohost`.
    pub fn name(mut self, name: Atom) -> Self {
        self.name = name;
        self
    }

    /// How many ports may be open or closing at once. Default: 65,536.
    pub fn port_limit(mut self, ports: usize) -> Self {
        self.port_limit = ports;
        self
    }

    /// How many threads run the asynchronous jobs of drivers, at least 1; started
    /// when first needed. Default: 1, as OTP 25.
    pub fn async_threads(mut self, threads: usize) -> Self {
        self.async_threads = threads;
        self
    }

    /// Makes the node.
    ///
    /// # Errors
    ///
    /// When the operating system has no descriptors left for the node's two.
    pub fn build(self) -> std::io::Result<Node> {
        // Tells apart the identities of nodes that share a name.
        static CREATION: AtomicU32 = AtomicU32::new(0);
        let core = Arc::new(NodeCore {
            name: self.name,
            creation: CREATION.fetch_add(1, Ordering::Relaxed),
            processes: RwLock::default(),
            ports: RwLock::default(),
            names: RwLock::default(),
            next_process: AtomicU64::new(1),
            next_port: AtomicU64::new(1),
            next_reference: AtomicU64::new(1),
            next_job: AtomicU64::new(1),
            port_limit: self.port_limit,
            drivers: RwLock::default(),
            programs: KnownDriver::new(program::entry()),
            descriptors: KnownDriver::new(program::descriptors_entry()),
            vanilla: KnownDriver::new(program::vanilla_entry()),
            environment: Mutex::default(),
            reactor: Reactor::new()?,
            pool: Pool::new(self.async_threads),
            halting: AtomicBool::new(false),
            awaits_no_ports: AtomicBool::new(false),
            no_ports: Default::default(),
            scheduler: Scheduler::default(),
            home: Handle::try_current().ok(),
            own: OnceLock::new(),
            started: Instant::now(),
            extensions: Mutex::default(),
        });
        Ok(Node {
            _halt: Arc::new(HaltOnDrop(core.clone())),
            core,
        })
    }
}
