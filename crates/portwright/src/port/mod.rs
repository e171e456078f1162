//! Ports.
//!
//! A port is a state machine behind one lock, its [`Turn`]. Signals are handled on
//! the sender's stack when the turn is free and queued for its holder when not.
//! What must be known without the turn (the phase, whether the port is busy) is
//! kept in atomics.
//!
//! The life of a port, as [`Phase`]:
//!
//! ```text
//! Open ──► Closing (data still queued) ──► Gone
//!   ├────► Stopping (nothing queued) ────► Gone
//!   └────► Ended (by its driver, inside a callback) ► Stopping ► Gone
//! ```

mod busy;
mod close;
mod gate;
mod handle;
mod handoff;
mod info;
mod message;
mod open;
mod operations;
mod relations;
mod remote;
mod scheduler;
mod select;
mod signal;
mod spare;
mod turn;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::task::Waker;

use parking_lot::{Condvar, Mutex};
use portwright_driver::{
    BusyLimits, Driver, DriverEntry, DriverFlags, MonitorId, PortContext, Queue, Request,
    StartError,
};
use portwright_term::{Atom, IoVec, Pid, PortId, Reference, Term, atoms};

use crate::framing::line::LineBuffer;
use crate::node::NodeCore;
use crate::process::{ProcessCore, Signalled, panic_reason};
use crate::reactor::TimerId;
use crate::{ExitReason, Identity, PortMessage};

pub(crate) use busy::{NotBusy, WaitId, set_waker, take_waker};
pub(crate) use gate::Gate;
pub use handle::{
    Busy, CallError, CloseInputError, CommandError, ConnectError, ControlError, NotOpen, Port,
    SignalError,
};
pub use info::{Locking, PortInfo};
pub(crate) use message::is_command;
pub use open::OpenError;
pub(crate) use open::{Open, open};
pub(crate) use scheduler::Scheduler;
pub(crate) use turn::thread_mark;

use busy::BusyState;
use close::Ending;
use operations::Operations;
use select::PortSelect;
use signal::{Action, Command, Signal};
use spare::Spare;
use turn::{Held, Turn, TurnCell};

/// A driver that the node knows.
pub(crate) struct KnownDriver {
    pub(crate) entry: DriverEntry,
    /// The turn that all ports of a driver with driver-level locking share.
    shared: Option<Arc<Turn>>,
}

impl KnownDriver {
    pub(crate) fn new(entry: DriverEntry) -> Arc<Self> {
        let per_port = entry.driver_flags().contains(DriverFlags::PORT_LOCKING);
        let shared = (!per_port).then(|| Arc::new(Turn::new()));
        Arc::new(Self { entry, shared })
    }
}

/// Where a port is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Phase {
    Open,
    /// Links are told, output is still queued.
    Closing,
    /// The driver has ended the port and its callback is still running.
    Ended,
    /// The last callback.
    Stopping,
    Gone,
}

pub(crate) struct PortCore {
    id: PortId,
    node: Arc<NodeCore>,
    driver: Arc<KnownDriver>,
    /// `None` when nothing special was asked for.
    special: Option<Box<Special>>,
    own_turn: Turn,
    /// `State::queue.len()`, readable without the turn; or what a driver says that keeps
    /// its queue itself.
    queue_len: AtomicUsize,
    phase: AtomicU8,
    busy: BusyState,
    /// Why commands may be refused though the port is open: `INPUT_CLOSED`, `END_TOLD`.
    input_state: AtomicU8,
    /// The port ended before all its output was written.
    output_dropped: AtomicBool,
    /// The port ends when the running callback returns. Only the holder of the turn
    /// looks at it.
    finish_pending: AtomicBool,
    /// Commands are left to the scheduler.
    parallelism: bool,
    /// A leaf: nothing else is locked and no code of others runs while it is held.
    outside: Mutex<Outside>,
    state: TurnCell<State>,
    instance: TurnCell<Option<Box<dyn Driver>>>,
}

/// The owner has said that there is no more input, or the driver that nobody takes it.
const INPUT_CLOSED: u8 = 1;

/// The running callback has told the owner of an end, and may be about to end the port: who
/// sends a command waits until it has returned. Taken back by whoever has waited.
const END_TOLD: u8 = 2;

/// What few ports are opened with. It never changes.
#[derive(Default)]
struct Special {
    /// `None`: the name of the driver.
    name: Option<Box<[u8]>>,
    /// `None`: the driver's usual limits.
    queue_limits: Option<BusyLimits>,
    gate: Gate,
}

impl Special {
    fn is_any(&self) -> bool {
        self.name.is_some() || self.queue_limits.is_some() || self.gate.is_limited()
    }
}

/// What is used without the turn.
struct Outside {
    /// The same as `State::connected`.
    owner: Arc<ProcessCore>,
    rare: Spare<RareOutside>,
}

/// What few ports have of that.
#[derive(Default)]
struct RareOutside {
    registered: Option<Atom>,
    data: Option<Term>,
    /// Who waits for the port.
    waiters: Vec<(WaitId, Waker)>,
    /// Bytes of commands in the signal queue.
    signal_bytes: usize,
    /// `None`: the driver's usual limits.
    signal_limits: Option<BusyLimits>,
}

/// What only the holder of the turn touches.
struct State {
    connected: Arc<ProcessCore>,
    input: u64,
    output: u64,
    queue: Spare<Queue>,
    rare: Spare<Rare>,
    binary: bool,
    eof: bool,
    /// The port is linked to its owner and to nobody else. If not, `Rare::links` has all
    /// links.
    only_owner_linked: bool,
    /// The queue is lent to the driver.
    queue_lent: bool,
    /// `start` is running.
    starting: bool,
}

/// What few ports have.
#[derive(Default)]
struct Rare {
    links: Vec<Pid>,
    line: Option<Box<LineBuffer>>,
    selects: Vec<Arc<PortSelect>>,
    next_select: u64,
    monitors: Vec<(Pid, Reference)>,
    driver_monitors: Vec<(MonitorId, Pid)>,
    next_monitor: u64,
    os_pid: Option<u32>,
    timer: Option<PortTimer>,
    next_timer: u64,
    /// Who is told `{Port,closed}` at the very end.
    closed_reply: Option<Arc<ProcessCore>>,
    init_ack: Option<Arc<InitAck>>,
}

struct PortTimer {
    id: TimerId,
    number: u64,
    deadline: std::time::Instant,
}

/// The answer that a waiting `open_port/2` waits for.
struct InitAck {
    result: Mutex<Option<Result<(), StartError>>>,
    arrived: Condvar,
}

impl PortCore {
    pub(crate) fn id(&self) -> PortId {
        self.id
    }

    pub(crate) fn id_ref(&self) -> &PortId {
        &self.id
    }

    pub(crate) fn node(&self) -> &Arc<NodeCore> {
        &self.node
    }

    #[inline]
    fn turn(&self) -> &Turn {
        self.driver.shared.as_deref().unwrap_or(&self.own_turn)
    }

    #[inline]
    fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Open,
            1 => Phase::Closing,
            2 => Phase::Ended,
            3 => Phase::Stopping,
            _ => Phase::Gone,
        }
    }

    fn set_phase(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Release);
    }

    /// Back pressure on what the port reads.
    fn gate(&self) -> &Gate {
        static OPEN: Gate = Gate::OPEN;
        self.special.as_ref().map_or(&OPEN, |special| &special.gate)
    }

    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        self.phase() == Phase::Open
    }

    /// Whether the port is open, for a caller who would say that it is not: then
    /// whoever is linked to it has its exit signal when this returns (P-504).
    #[inline]
    pub(crate) fn is_open_or_told(self: &Arc<Self>) -> bool {
        // Whoever ends the port holds its turn until everybody is told. A callback of
        // the port itself need not wait for that, and could not.
        let open = self.is_open();
        if !open {
            self.wait_for_end();
        }
        open
    }

    #[cold]
    fn wait_for_end(self: &Arc<Self>) {
        self.request(|_, _| ());
    }

    /// Whoever has been told how a program ended finds the port closed, if it closes then: in OTP
    /// a command waits for the callback that tells it (P-701).
    #[cold]
    fn wait_for_told_end(self: &Arc<Self>) {
        // From inside that callback there is nothing to wait for.
        self.request(|port, _| port.input_state.fetch_and(!END_TOLD, Ordering::Release));
    }

    #[inline]
    fn state<'a>(&'a self, held: &'a Held<'_>) -> std::cell::RefMut<'a, State> {
        self.state.get_mut(self, held)
    }

    /// Handles a signal, now or as soon as the turn's holder comes to it.
    fn signal(self: &Arc<Self>, signal: Signal) {
        match Held::try_of(self) {
            Some(held) => {
                self.handle(&held, signal);
                held.release();
            }
            None => self.queue_signal(signal),
        }
    }

    #[cold]
    fn queue_signal(self: &Arc<Self>, mut signal: Signal) {
        if let Signal::Command(command) = &mut signal {
            command.queued_bytes = command.data.len();
            self.add_signal_bytes(command.queued_bytes);
        }
        self.turn().queue(self, signal);
    }

    /// Leaves a command to the node's scheduler: `{parallelism,true}`. Its sender
    /// goes on at once, and may find the signal queue full (P-808).
    #[cold]
    fn schedule(self: &Arc<Self>, mut command: Command) {
        command.queued_bytes = command.data.len();
        self.add_signal_bytes(command.queued_bytes);
        let signal = Signal::Command(command);
        if let Some(owed) = self.turn().queue_for_later(self, signal) {
            self.node.scheduler().see_to(owed);
        }
    }

    /// Runs `run` with the turn held and returns its result, waiting for the turn
    /// if need be. `None` when the calling thread holds the turn already, that is
    /// from inside a callback of the port (or, with driver-level locking, of the
    /// driver): waiting would be for ever.
    #[inline]
    fn request<R: Send + 'static>(
        self: &Arc<Self>,
        run: impl FnOnce(&Arc<PortCore>, &Held<'_>) -> R + Send + 'static,
    ) -> Option<R> {
        match Held::try_of(self) {
            Some(held) => {
                let result = run(self, &held);
                held.release();
                Some(result)
            }
            None => self.request_of_holder(run),
        }
    }

    /// Has the turn's holder run `run`, and waits for that.
    #[cold]
    fn request_of_holder<R: Send + 'static>(
        self: &Arc<Self>,
        run: impl FnOnce(&Arc<PortCore>, &Held<'_>) -> R + Send + 'static,
    ) -> Option<R> {
        if self.turn().is_held_here() {
            return None;
        }
        let slot = Arc::new((Mutex::new(None), Condvar::new()));
        let answer = Arc::clone(&slot);
        self.queue_signal(Signal::Run(Box::new(move |port, held| {
            let result = run(port, held);
            *answer.0.lock() = Some(result);
            answer.1.notify_one();
        })));
        let mut result = slot.0.lock();
        while result.is_none() {
            slot.1.wait(&mut result);
        }
        result.take()
    }

    /// Handles one signal under the turn.
    fn handle(self: &Arc<Self>, held: &Held<'_>, signal: Signal) {
        match signal {
            Signal::Command(command) => {
                self.handle_command(held, command.caller, command.claimed, command.data);
                if command.queued_bytes > 0 {
                    self.remove_signal_bytes(command.queued_bytes);
                }
            }
            Signal::Message { claimed, action } => self.handle_message(held, claimed, action),
            Signal::BadMessage => self.bad_signal(held),
            Signal::Exit { from, reason, by } => self.handle_exit(held, from, reason, by),
            Signal::Ready { select, readiness } => {
                self.handle_queued_ready(held, select, readiness);
            }
            Signal::Timeout { number } => {
                let expired = self
                    .state(held)
                    .rare
                    .get_mut()
                    .and_then(|rare| rare.timer.take_if(|timer| timer.number == number));
                if expired.is_some() {
                    self.callback(held, None, |driver, port| driver.timeout(port));
                }
            }
            Signal::AsyncDone(result) => {
                if matches!(self.phase(), Phase::Open | Phase::Closing) {
                    self.callback(held, None, |driver, port| driver.ready_async(port, result));
                }
            }
            Signal::ProcessDown(monitor) => {
                let known = self.state(held).rare.get_mut().is_some_and(|rare| {
                    let count = rare.driver_monitors.len();
                    rare.driver_monitors.retain(|(own, _)| *own != monitor);
                    count != rare.driver_monitors.len()
                });
                if known {
                    self.callback(held, None, |driver, port| {
                        driver.process_exit(port, monitor)
                    });
                }
            }
            Signal::Run(run) => run(self, held),
        }
    }

    /// Calls the driver and sees to what the callback leaves behind. `None` when
    /// the port has no driver (any more), or the driver is in a callback already.
    #[inline(always)]
    fn callback<R>(
        self: &Arc<Self>,
        held: &Held<'_>,
        caller: Option<Pid>,
        call: impl FnOnce(&mut dyn Driver, &PortContext<'_>) -> R,
    ) -> Option<R> {
        let mut instance = self.instance.try_get_mut(self, held)?;
        let driver = instance.as_deref_mut()?;
        let operations = Operations {
            port: self,
            held,
            caller,
            options: None,
        };
        let context = PortContext::new(&operations);
        let result = catch_unwind(AssertUnwindSafe(|| call(driver, &context)));
        drop(instance);
        let result = match result {
            Ok(result) => Some(result),
            Err(panic) => {
                let reason = panic_reason(&*panic);
                tracing::error!(port = %self.id, %reason, "a callback of the driver panicked");
                let reason = ExitReason::from(Term::atom("driver_panic"));
                self.begin_close(held, reason, Ending::Dropping);
                None
            }
        };
        self.after_callback(held);
        result
    }

    #[inline]
    fn after_callback(self: &Arc<Self>, held: &Held<'_>) {
        let pending = self.finish_pending.load(Ordering::Relaxed);
        let drained = self.phase() == Phase::Closing && self.queue_len() == 0;
        if pending || drained {
            self.finish(held);
        } else {
            self.update_busy();
        }
    }

    /// Hands data of a process to the driver.
    #[inline]
    fn handle_command(
        self: &Arc<Self>,
        held: &Held<'_>,
        caller: Pid,
        claimed: Option<Pid>,
        data: IoVec,
    ) {
        if self.phase() != Phase::Open {
            return;
        }
        if claimed.is_some_and(|claimed| claimed != self.connected(held)) {
            return self.bad_signal(held);
        }
        self.state(held).output += data.len() as u64;
        self.callback(held, Some(caller), |driver, port| {
            driver.outputv(port, data)
        });
    }

    fn handle_message(self: &Arc<Self>, held: &Held<'_>, claimed: Pid, action: Action) {
        if self.phase() != Phase::Open {
            return;
        }
        if claimed != self.connected(held) {
            return self.bad_signal(held);
        }
        match action {
            Action::Close => {
                let owner = self.state(held).connected.clone();
                self.state(held).rare.make().closed_reply = Some(owner);
                self.begin_close(held, ExitReason::normal(), Ending::Flushing);
            }
            Action::Connect(new) => {
                self.deliver(held, PortMessage::Connected);
                self.set_connected(held, new);
            }
            Action::CloseInput => {
                if self.close_input(held).is_err() {
                    self.bad_signal(held);
                }
            }
        }
    }

    /// Rule P-403: a message that makes no sense is the owner's fault.
    fn bad_signal(&self, held: &Held<'_>) {
        if self.phase() == Phase::Open {
            let owner = self.state(held).connected.clone();
            let reason = ExitReason::from(atoms::BADSIG);
            owner.exit_signal(self.id.into(), reason, Signalled::Directly);
        }
    }

    fn connected(&self, held: &Held<'_>) -> Pid {
        self.state(held).connected.pid()
    }

    /// Gives the port another owner, which may be dead or unknown by now.
    fn set_connected(&self, held: &Held<'_>, pid: Pid) {
        let process = self
            .node
            .process(pid)
            .unwrap_or_else(|| ProcessCore::dead(pid, Arc::clone(&self.node)));
        self.set_owner(&mut self.state(held), process);
    }

    fn set_owner(&self, state: &mut State, owner: Arc<ProcessCore>) {
        // The old owner stays linked.
        state.list_links();
        let old = std::mem::replace(&mut self.outside.lock().owner, Arc::clone(&owner));
        state.connected = owner;
        drop(old);
    }

    /// Sends a message to the owner, whoever that is now.
    fn deliver(&self, held: &Held<'_>, message: PortMessage) {
        let size = match &message {
            PortMessage::Data(data)
            | PortMessage::Line(data)
            | PortMessage::LinePart(data)
            | PortMessage::StandardError(data) => data.len(),
            _ => 0,
        };
        if self.gate().add(size) {
            self.update_selects(held);
        }
        let message = crate::Message::Port {
            port: self.id,
            message,
        };
        let waker = self.state(held).connected.post(message);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The owner has no more input.
    fn close_input(self: &Arc<Self>, held: &Held<'_>) -> Result<(), CloseInputError> {
        if self.phase() != Phase::Open {
            return Err(CloseInputError::NotOpen);
        }
        if self.input_state.load(Ordering::Relaxed) & INPUT_CLOSED != 0 {
            return Ok(());
        }
        match self.callback(held, None, |driver, port| {
            driver.request(port, Request::CloseInput)
        }) {
            Some(Ok(())) => {
                self.note_input(INPUT_CLOSED);
                Ok(())
            }
            Some(Err(_)) => Err(CloseInputError::NotSupported),
            None => Err(CloseInputError::NotOpen),
        }
    }

    fn handle_exit(
        self: &Arc<Self>,
        held: &Held<'_>,
        from: Identity,
        reason: ExitReason,
        by: Signalled,
    ) {
        if self.phase() != Phase::Open {
            return;
        }
        if by == Signalled::ByLink {
            let Some(pid) = from.as_pid() else { return };
            let mut state = self.state(held);
            if !state.unlink(pid) {
                return;
            }
            // P-601: only the owner's normal end concerns the port.
            if reason.is_normal() && state.connected.pid() != pid {
                return;
            }
        }
        if reason.is(atoms::KILL) {
            self.begin_close(held, ExitReason::killed(), Ending::Dropping);
        } else {
            self.begin_close(held, reason, Ending::Flushing);
        }
    }

    /// To be noted before anybody is told of it.
    fn note_input(&self, state: u8) {
        self.input_state.fetch_or(state, Ordering::Release);
    }

    fn note_dropped_output(&self) {
        if self.queue_len() > 0 {
            self.output_dropped.store(true, Ordering::Release);
        }
    }

    fn dropped_output(&self) -> bool {
        self.output_dropped.load(Ordering::Acquire)
    }

    #[inline]
    fn queue_len(&self) -> usize {
        self.queue_len.load(Ordering::SeqCst)
    }

    /// A command that nobody waits for: the owner's `{Owner,{command,Data}}` or
    /// `port_command/2` after the checks.
    #[inline]
    pub(crate) fn send_command(self: &Arc<Self>, caller: Pid, claimed: Option<Pid>, data: IoVec) {
        // As `signal`, for the signal that has to be fast.
        if !self.parallelism
            && let Some(held) = Held::try_of(self)
        {
            self.handle_command(&held, caller, claimed, data);
            held.release();
        } else {
            self.leave_command(caller, claimed, data);
        }
    }

    #[cold]
    fn leave_command(self: &Arc<Self>, caller: Pid, claimed: Option<Pid>, data: IoVec) {
        let command = Command {
            caller,
            claimed,
            data,
            queued_bytes: 0,
        };
        if self.parallelism {
            self.schedule(command);
        } else {
            self.queue_signal(Signal::Command(command));
        }
    }

    pub(crate) fn exit_signal(self: &Arc<Self>, from: Identity, reason: ExitReason, by: Signalled) {
        self.signal(Signal::Exit { from, reason, by });
    }

    pub(crate) fn process_down(self: &Arc<Self>, monitor: MonitorId) {
        self.signal(Signal::ProcessDown(monitor));
    }
}
