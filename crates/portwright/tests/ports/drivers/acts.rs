//! A driver whose callbacks are closures of the test.

use std::collections::HashMap;
use std::os::fd::RawFd;
use std::sync::{Arc, Condvar, Mutex};

use portwright::driver::{
    BadArgument, Driver, DriverEntry, DriverFlags, JobResult, MonitorId, PortContext, StartError,
};
use portwright::{IoVec, Node, Reply, Term};

type Act<A> = Arc<dyn Fn(&PortContext<'_>, A) + Send + Sync>;
type Start = Arc<dyn Fn(&PortContext<'_>, &[u8]) -> Result<(), StartError> + Send + Sync>;
type Control =
    Arc<dyn Fn(&PortContext<'_>, u32, &[u8]) -> Result<Reply, BadArgument> + Send + Sync>;
type Call = Arc<dyn Fn(&PortContext<'_>, u32, Term) -> Result<Term, BadArgument> + Send + Sync>;

/// What a driver does; nothing, where a test says nothing.
#[derive(Clone)]
pub(super) struct Acts {
    flags: DriverFlags,
    start: Option<Start>,
    stop: Option<Act<()>>,
    output: Option<Act<IoVec>>,
    control: Option<Control>,
    call: Option<Call>,
    ready_input: Option<Act<RawFd>>,
    ready_output: Option<Act<RawFd>>,
    timeout: Option<Act<()>>,
    ready_async: Option<Act<JobResult>>,
    process_exit: Option<Act<MonitorId>>,
    flush: Option<Act<()>>,
}

impl Default for Acts {
    fn default() -> Self {
        Self {
            flags: DriverFlags::PORT_LOCKING,
            start: None,
            stop: None,
            output: None,
            control: None,
            call: None,
            ready_input: None,
            ready_output: None,
            timeout: None,
            ready_async: None,
            process_exit: None,
            flush: None,
        }
    }
}

macro_rules! acts {
    ($($name:ident: $argument:ty),*) => {
        $(pub(super) fn $name(
            mut self,
            act: impl Fn(&PortContext<'_>, $argument) + Send + Sync + 'static,
        ) -> Self {
            self.$name = Some(Arc::new(act));
            self
        })*
    };
}

macro_rules! plain_acts {
    ($($name:ident),*) => {
        $(pub(super) fn $name(
            mut self,
            act: impl Fn(&PortContext<'_>) + Send + Sync + 'static,
        ) -> Self {
            self.$name = Some(Arc::new(move |port, ()| act(port)));
            self
        })*
    };
}

impl Acts {
    acts!(
        output: IoVec,
        ready_input: RawFd,
        ready_output: RawFd,
        ready_async: JobResult,
        process_exit: MonitorId
    );
    plain_acts!(stop, timeout, flush);

    pub(super) fn flags(mut self, flags: DriverFlags) -> Self {
        self.flags = flags;
        self
    }

    pub(super) fn start(
        mut self,
        act: impl Fn(&PortContext<'_>, &[u8]) -> Result<(), StartError> + Send + Sync + 'static,
    ) -> Self {
        self.start = Some(Arc::new(act));
        self
    }

    pub(super) fn control(
        mut self,
        act: impl Fn(&PortContext<'_>, u32, &[u8]) -> Result<Reply, BadArgument> + Send + Sync + 'static,
    ) -> Self {
        self.control = Some(Arc::new(act));
        self
    }

    pub(super) fn call(
        mut self,
        act: impl Fn(&PortContext<'_>, u32, Term) -> Result<Term, BadArgument> + Send + Sync + 'static,
    ) -> Self {
        self.call = Some(Arc::new(act));
        self
    }

    pub(super) fn add_to(self, node: &Node, name: &str) {
        let entry = DriverEntry::new(name, self.flags, move |port, command| {
            if let Some(start) = &self.start {
                start(port, command)?;
            }
            Ok(Box::new(self.clone()) as Box<dyn Driver>)
        });
        node.add_driver(entry).expect("the name is free");
    }
}

fn act<A>(act: &Option<Act<A>>, port: &PortContext<'_>, argument: A) {
    if let Some(act) = act {
        act(port, argument);
    }
}

impl Driver for Acts {
    fn start(_: &PortContext<'_>, _: &[u8]) -> Result<Self, StartError> {
        // Ports are started by the closure of the entry.
        Err(StartError::General)
    }
    fn stop(&mut self, port: &PortContext<'_>) {
        act(&self.stop, port, ());
    }
    fn outputv(&mut self, port: &PortContext<'_>, data: IoVec) {
        act(&self.output, port, data);
    }
    fn control(
        &mut self,
        port: &PortContext<'_>,
        operation: u32,
        data: &[u8],
    ) -> Result<Reply, BadArgument> {
        self.control.as_ref().ok_or(BadArgument)?(port, operation, data)
    }
    fn call(
        &mut self,
        port: &PortContext<'_>,
        operation: u32,
        argument: Term,
    ) -> Result<Term, BadArgument> {
        self.call.as_ref().ok_or(BadArgument)?(port, operation, argument)
    }
    fn ready_input(&mut self, port: &PortContext<'_>, fd: RawFd) {
        act(&self.ready_input, port, fd);
    }
    fn ready_output(&mut self, port: &PortContext<'_>, fd: RawFd) {
        act(&self.ready_output, port, fd);
    }
    fn timeout(&mut self, port: &PortContext<'_>) {
        act(&self.timeout, port, ());
    }
    fn ready_async(&mut self, port: &PortContext<'_>, result: JobResult) {
        act(&self.ready_async, port, result);
    }
    fn process_exit(&mut self, port: &PortContext<'_>, monitor: MonitorId) {
        act(&self.process_exit, port, monitor);
    }
    fn flush(&mut self, port: &PortContext<'_>) {
        act(&self.flush, port, ());
    }
}

/// Refuses to start.
pub(crate) struct Refusing;

impl Driver for Refusing {
    fn start(_: &PortContext<'_>, _: &[u8]) -> Result<Self, StartError> {
        Err(StartError::General)
    }
}

/// Stays in `output` for the command `stay` until the gate that its port is named after is
/// opened: `"blocking NAME"`.
pub(crate) struct Blocking(Gate);

impl Driver for Blocking {
    fn start(_: &PortContext<'_>, command: &[u8]) -> Result<Self, StartError> {
        let command = std::str::from_utf8(command).map_err(|_| StartError::BadArgument)?;
        let (_, name) = command.split_once(' ').ok_or(StartError::BadArgument)?;
        Ok(Self(Gate::named(name)))
    }
    fn output(&mut self, _: &PortContext<'_>, data: &[u8]) {
        if data == b"stay" {
            self.0.pass();
        }
    }
}

/// Holds somebody up until it is opened.
#[derive(Clone)]
pub(crate) struct Gate(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    inside: bool,
    open: bool,
}

static GATES: Mutex<Option<HashMap<String, Gate>>> = Mutex::new(None);

impl Gate {
    /// A new gate, to be found by its name.
    pub(crate) fn new(name: &str) -> Self {
        let gate = Self(Arc::default());
        let mut gates = GATES.lock().unwrap();
        gates
            .get_or_insert_default()
            .insert(name.into(), gate.clone());
        gate
    }

    pub(crate) fn named(name: &str) -> Self {
        let gates = GATES.lock().unwrap();
        gates
            .as_ref()
            .and_then(|gates| gates.get(name))
            .expect("a gate was made")
            .clone()
    }

    /// Waits until the gate is open.
    pub(crate) fn pass(&self) {
        let mut state = self.0.0.lock().unwrap();
        state.inside = true;
        self.0.1.notify_all();
        while !state.open {
            state = self.0.1.wait(state).unwrap();
        }
    }

    /// Waits until somebody waits.
    pub(crate) fn wait_until_inside(&self) {
        let mut state = self.0.0.lock().unwrap();
        while !state.inside {
            state = self.0.1.wait(state).unwrap();
        }
    }

    pub(crate) fn open(&self) {
        self.0.0.lock().unwrap().open = true;
        self.0.1.notify_all();
    }
}
