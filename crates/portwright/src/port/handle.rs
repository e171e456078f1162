//! The handle of a port, and the errors of what is done to it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use portwright_driver::{PortContext, Reply, ReplyRoom, Request};
use portwright_term::{IoVec, Pid, PortId, Term};

use super::turn::Held;
use super::{END_TOLD, INPUT_CLOSED, Phase, PortCore, PortInfo, Signal};
use crate::ExitReason;

/// A port. Cloning gives another handle of the same port.
///
/// The handle owns nothing: the port lives as long as its owner (and links) let
/// it, whether there are handles or not. What a port sends goes to its owner's
/// mailbox; what is sent to it goes through [`Process`](crate::Process).
#[derive(Clone)]
pub struct Port {
    core: Arc<PortCore>,
}

/// What to do when the port is busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Busy {
    /// Wait until it is not.
    #[default]
    Wait,
    /// Send nothing: the option `nosuspend`.
    NoSuspend,
    /// Send all the same: the option `force`, for drivers that allow it.
    Force,
}

/// The port is not open (`badarg`). A process that is linked to it has its exit
/// message already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the port is not open")]
pub struct NotOpen;

/// Why a command was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The port is not open (`badarg`). Whoever has received the exit status of its program
    /// gets this, unless the port stays open after that (`eof`).
    #[error("the port is not open")]
    NotOpen,
    /// The owner has closed the port's input (`badarg`).
    #[error("the port's input is closed")]
    InputClosed,
    /// The port is busy and the caller would not wait.
    #[error("the port is busy")]
    Busy,
    /// The driver does not take forced commands (`notsup`).
    #[error("the driver takes no forced commands (notsup)")]
    ForceNotSupported,
    /// The data is no I/O list (`badarg`).
    #[error("the data is no I/O list")]
    NotIoData,
    /// The sender was ended by an exit signal while it waited.
    #[error("the sending process was ended")]
    SenderExited,
}

/// Why the input could not be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CloseInputError {
    /// The port is not open (`badarg`).
    #[error("the port is not open")]
    NotOpen,
    /// The driver has no input that could be closed by itself (`notsup`).
    #[error("the driver has no input that could be closed by itself")]
    NotSupported,
}

/// Why `port_connect/2` failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The port is not open (`badarg`).
    #[error("the port is not open")]
    NotOpen,
    /// The new owner does not exist (`badarg`).
    #[error("{0} does not exist")]
    NoSuchProcess(Pid),
}

/// Why `port_control/3` failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
// As large as what stands in its place in a `Term`, so that an answer is moved in the pieces in
// which it was written. A processor that has to put them together anew waits for that.
#[repr(u64)]
#[non_exhaustive]
pub enum ControlError {
    /// The port is not open (`badarg`).
    #[error("the port is not open")]
    NotOpen,
    /// The driver does not know the operation (`badarg`).
    #[error("the driver does not know the operation or its argument")]
    Refused,
    /// The data is no I/O list (`badarg`).
    #[error("the data is no I/O list")]
    NotIoData,
}

/// Why `port_call/3` failed. The same reasons as for `port_control/3`.
pub type CallError = ControlError;

/// Why a signal could not be sent to the program behind a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignalError {
    /// The port is not open.
    #[error("the port is not open")]
    NotOpen,
    /// There is no program behind the port, or it has ended.
    #[error("there is no running program behind the port")]
    NoProgram,
}

impl Port {
    pub(crate) fn new(core: Arc<PortCore>) -> Self {
        Self { core }
    }

    /// The port whose callback is running, for a driver that hands it to others. `None` in a
    /// port that is no node's.
    pub fn of(context: &PortContext<'_>) -> Option<Self> {
        let core = context.operations().host_port()?.downcast().ok()?;
        Some(Self { core })
    }

    pub(crate) fn core(&self) -> &Arc<PortCore> {
        &self.core
    }

    /// The port's identity, as it appears in messages.
    pub fn id(&self) -> PortId {
        self.core.id()
    }

    /// Whether the port is open: not closed, and not closing.
    pub fn is_open(&self) -> bool {
        self.core.is_open()
    }

    /// Whether the port is gone: closed, and its output written or dropped.
    ///
    /// Waits for the last callback of a port that is about to be gone: who has been told
    /// of the end of a port that had nothing to write finds it gone.
    pub fn is_gone(&self) -> bool {
        if matches!(self.core.phase(), Phase::Ended | Phase::Stopping) {
            // From inside that callback there is nothing to wait for.
            self.core.request(|_, _| ());
        }
        self.core.phase() == Phase::Gone
    }

    /// Whether senders of commands wait now.
    pub fn is_busy(&self) -> bool {
        self.core.is_busy()
    }

    /// What is known about the port; `None` when it is gone.
    pub fn info(&self) -> Option<PortInfo> {
        self.core.info()
    }

    /// The operating system's number of the program behind the port. `None` when
    /// there is none; once the program has ended the number may mean another.
    pub fn os_pid(&self) -> Option<u32> {
        self.info()?.os_pid
    }

    /// Sends a signal to the program behind the port, and to its whole process
    /// group if `group` is set. An extension to OTP.
    ///
    /// # Errors
    ///
    /// See [`SignalError`].
    pub fn signal(&self, number: i32, group: bool) -> Result<(), SignalError> {
        let sent = self.core.request(move |port, held| {
            if !matches!(port.phase(), Phase::Open | Phase::Closing) {
                return Err(SignalError::NotOpen);
            }
            port.callback(held, None, |driver, context| {
                driver.request(context, Request::Signal { number, group })
            })
            .ok_or(SignalError::NotOpen)?
            .map_err(|_| SignalError::NoProgram)
        });
        sent.unwrap_or(Err(SignalError::NotOpen))
    }
}

impl fmt::Debug for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Term::Port(self.id()), f)
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Term::Port(self.id()), f)
    }
}

impl From<&Port> for PortId {
    fn from(port: &Port) -> Self {
        port.id()
    }
}

impl From<&Port> for crate::Identity {
    fn from(port: &Port) -> Self {
        Self::Port(port.id())
    }
}

impl From<&Port> for crate::Destination {
    fn from(port: &Port) -> Self {
        Self::Port(port.id())
    }
}

impl PortCore {
    /// Whether a command would be taken now.
    #[inline]
    pub(crate) fn check_command(self: &Arc<Self>, busy: Busy) -> Result<(), CommandError> {
        if busy == Busy::Force && !self.is_forceable() {
            return Err(CommandError::ForceNotSupported);
        }
        // Before the phase: once the mark is gone the phase is that after the callback.
        let input_state = self.input_state.load(Ordering::Acquire);
        if input_state & END_TOLD != 0 {
            self.wait_for_told_end();
        }
        if !self.is_open_or_told() {
            return Err(CommandError::NotOpen);
        }
        if input_state & INPUT_CLOSED != 0 {
            return Err(CommandError::InputClosed);
        }
        if busy != Busy::Force && self.refuses_commands() {
            return Err(CommandError::Busy);
        }
        Ok(())
    }

    /// `port_command/3` without waiting.
    pub(crate) fn command(
        self: &Arc<Self>,
        caller: Pid,
        data: IoVec,
        busy: Busy,
    ) -> Result<(), CommandError> {
        self.check_command(busy)?;
        self.send_command(caller, None, data);
        Ok(())
    }

    /// `port_close/1`.
    pub(crate) fn close(self: &Arc<Self>) -> Result<(), NotOpen> {
        self.request(|port, held| {
            if port.phase() != Phase::Open {
                return Err(NotOpen);
            }
            port.begin_close(held, ExitReason::normal(), super::Ending::Flushing);
            Ok(())
        })
        .unwrap_or(Err(NotOpen))
    }

    /// `port_connect/2`.
    pub(crate) fn connect(self: &Arc<Self>, pid: Pid) -> Result<(), ConnectError> {
        let process = self
            .node
            .process(pid)
            .ok_or(ConnectError::NoSuchProcess(pid))?;
        let id = self.id;
        self.request(move |port, held| {
            if port.phase() != Phase::Open {
                return Err(ConnectError::NotOpen);
            }
            process
                .add_link(id.into())
                .ok_or(ConnectError::NoSuchProcess(pid))?;
            let mut state = port.state(held);
            state.link(pid);
            port.set_owner(&mut state, process);
            Ok(())
        })
        .unwrap_or(Err(ConnectError::NotOpen))
    }

    /// `port_control/3`.
    pub(crate) fn control(
        self: &Arc<Self>,
        caller: Pid,
        operation: u32,
        data: &[u8],
    ) -> Result<Reply, ControlError> {
        // As `request`, for the request that has to be fast.
        let Some(held) = Held::try_of(self) else {
            return self.control_by_holder(caller, operation, data);
        };
        let mut room = ReplyRoom::new();
        let outcome = self.handle_control(&held, caller, operation, data, &mut room);
        held.release();
        outcome.map(|()| room.into_reply())
    }

    #[cold]
    fn control_by_holder(
        self: &Arc<Self>,
        caller: Pid,
        operation: u32,
        data: &[u8],
    ) -> Result<Reply, ControlError> {
        let data = data.to_vec();
        let answer = self.request(move |port, held| {
            let mut room = ReplyRoom::new();
            port.handle_control(held, caller, operation, &data, &mut room)
                .map(|()| room.into_reply())
        });
        answer.unwrap_or(Err(ControlError::NotOpen))
    }

    #[inline(always)]
    fn handle_control(
        self: &Arc<Self>,
        held: &Held<'_>,
        caller: Pid,
        operation: u32,
        data: &[u8],
        room: &mut ReplyRoom,
    ) -> Result<(), ControlError> {
        // A lingering port still answers, as in OTP (driver_abi.md 5.4), unless
        // it is a program's, which never does.
        if !matches!(self.phase(), Phase::Open | Phase::Closing) {
            return Err(ControlError::NotOpen);
        }
        match self.callback(held, Some(caller), |driver, context| {
            driver.control_into(context, operation, data, room)
        }) {
            Some(Ok(())) => Ok(()),
            Some(Err(_)) | None => Err(ControlError::Refused),
        }
    }

    /// `port_call/3`: the argument in, the answer out, or neither after an error.
    pub(crate) fn call(
        self: &Arc<Self>,
        caller: Pid,
        operation: u32,
        term: &mut Term,
    ) -> Result<(), CallError> {
        // As `request`, for a request that has to be fast.
        if let Some(held) = Held::try_of(self) {
            let outcome = self.handle_call(&held, caller, operation, term);
            held.release();
            return outcome;
        }
        let mut argument = std::mem::replace(term, Term::Nil);
        let answer = self.request(move |port, held| {
            port.handle_call(held, caller, operation, &mut argument)
                .map(|()| argument)
        });
        *term = answer.unwrap_or(Err(ControlError::NotOpen))?;
        Ok(())
    }

    #[inline]
    fn handle_call(
        self: &Arc<Self>,
        held: &Held<'_>,
        caller: Pid,
        operation: u32,
        term: &mut Term,
    ) -> Result<(), CallError> {
        if !matches!(self.phase(), Phase::Open | Phase::Closing) {
            return Err(ControlError::NotOpen);
        }
        match self.callback(held, Some(caller), |driver, context| {
            driver.call_in_place(context, operation, term)
        }) {
            Some(Ok(())) => Ok(()),
            Some(Err(_)) | None => Err(ControlError::Refused),
        }
    }

    /// `port_eof/1`.
    pub(crate) fn close_input_now(self: &Arc<Self>) -> Result<(), CloseInputError> {
        self.request(|port, held| port.close_input(held))
            .unwrap_or(Err(CloseInputError::NotOpen))
    }

    /// The owner has taken `bytes` of data.
    pub(crate) fn taken(self: &Arc<Self>, bytes: usize) {
        if self.gate().remove(bytes) {
            self.signal(Signal::Run(Box::new(|port, held| {
                port.update_selects(held)
            })));
        }
    }

    /// `port_set_data/2`.
    pub(crate) fn set_data(self: &Arc<Self>, data: Term) -> Result<(), NotOpen> {
        if !self.is_open_or_told() {
            return Err(NotOpen);
        }
        let old = self.outside.lock().rare.make().data.replace(data);
        // It may own buffers and funs: it goes without the lock.
        drop(old);
        Ok(())
    }

    /// `port_get_data/1`.
    pub(crate) fn get_data(self: &Arc<Self>) -> Result<Term, NotOpen> {
        if !self.is_open_or_told() {
            return Err(NotOpen);
        }
        let outside = self.outside.lock();
        let data = outside.rare.get().and_then(|rare| rare.data.clone());
        Ok(data.unwrap_or(Term::Atom(portwright_term::atoms::UNDEFINED)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use portwright_driver::{Driver, StartError};

    use super::*;
    use crate::{Message, Node, PortData, PortMessage, PortName, PortSettings, Process};

    /// Tells what it is commanded to tell.
    struct Teller;

    impl Driver for Teller {
        fn start(_: &PortContext<'_>, _: &[u8]) -> Result<Self, StartError> {
            Ok(Self)
        }

        fn output(&mut self, port: &PortContext<'_>, data: &[u8]) {
            match data {
                b"only status" => _ = port.exit_status(9),
                b"status" => {
                    port.exit_status(9);
                    end_when_waited_for(port);
                }
                b"signal" => {
                    port.exit_signal(9);
                    end_when_waited_for(port);
                }
                _ => {
                    port.output(data.to_vec());
                    port.failure_eof();
                }
            }
        }
    }

    fn end_when_waited_for(port: &PortContext<'_>) {
        let core = Port::of(port).unwrap().core;
        let patience = Instant::now() + Duration::from_secs(30);
        while !core.turn().is_waited_for() {
            assert!(Instant::now() < patience, "nobody waits");
            std::thread::yield_now();
        }
        port.failure_eof();
    }

    fn open_teller(settings: PortSettings) -> (Process, Port) {
        let node = Node::new();
        node.register_driver::<Teller>("teller").unwrap();
        let owner = node.attach();
        let port = owner.open_port(PortName::spawn("teller"), settings);
        (owner, port.unwrap())
    }

    #[track_caller]
    fn expect(owner: &mut Process, port: &Port, message: PortMessage) {
        let port = port.id();
        let received = owner.receive_blocking().unwrap();
        assert_eq!(received, Message::Port { port, message });
    }

    // P-701: the owner used to learn the status a moment before the port was closed, and what it
    // sent in that moment was taken and lost.
    #[test]
    fn a_command_after_the_end_was_told_finds_the_port_closed() {
        let cases = [
            ("status", PortMessage::ExitStatus(9)),
            ("signal", PortMessage::ExitSignal(9)),
        ];
        for (command, message) in cases {
            let (mut owner, port) = open_teller(PortSettings::new());
            std::thread::scope(|scope| {
                let (sender, to) = (owner.node().attach(), port.clone());
                scope.spawn(move || sender.command_blocking(&to, command).unwrap());
                expect(&mut owner, &port, message);
                let sent = owner.command_blocking(&port, "more");
                assert_eq!(sent, Err(CommandError::NotOpen), "{command}");
            });
        }
    }

    #[test]
    fn the_rest_of_a_line_tells_the_end_too() {
        let (mut owner, port) = open_teller(PortSettings::new().line(80));
        owner.command_blocking(&port, "rest").unwrap();
        let rest = PortMessage::LinePart(PortData::list("rest"));
        expect(&mut owner, &port, rest);
        assert_eq!(port.core.input_state.load(Ordering::Relaxed), END_TOLD);
    }

    #[test]
    fn a_port_that_stays_open_after_a_status_takes_commands() {
        let (mut owner, port) = open_teller(PortSettings::new());
        for _ in 0..2 {
            owner.command_blocking(&port, "only status").unwrap();
            expect(&mut owner, &port, PortMessage::ExitStatus(9));
        }
        assert_eq!(port.core.input_state.load(Ordering::Relaxed), END_TOLD);
    }
}
