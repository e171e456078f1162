//! What a process does with ports.

use portwright_driver::Reply;
use portwright_term::{IoVec, PortId, Term};

use super::handle::{Process, SendError};
use crate::node::Registered;
use crate::port::{
    Busy, CallError, CloseInputError, CommandError, ConnectError, ControlError, NotOpen, Open,
    OpenError, Port, PortInfo, open,
};
use crate::reactor::block_on;
use crate::{Destination, PortName, PortSettings};

/// What became of a message that would not wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It was sent.
    Sent,
    /// The port is busy: nothing was sent.
    WouldSuspend,
}

impl Process {
    /// Opens a port that this process owns and is linked to: `open_port/2`.
    ///
    /// Returns once the program runs. An executable that cannot be run is an error
    /// here, where an Erlang caller only sees its exit status.
    ///
    /// # Errors
    ///
    /// See [`OpenError`]; nothing is left of the port then.
    ///
    /// # Blocking
    ///
    /// Starting a program takes as long as the operating system needs for it, less
    /// than a millisecond as a rule, whatever the memory and the descriptors of the
    /// host.
    ///
    /// # Examples
    ///
    /// ```
    /// use portwright::{Message, Node, PortMessage, PortName, PortSettings};
    ///
    /// let node = Node::new();
    /// let mut me = node.attach();
    /// let port = me.open_port(
    ///     PortName::executable("sh"),
    ///     PortSettings::new().args(["-c", "exit 3"]).exit_status(),
    /// )?;
    /// let message = me.receive_blocking().unwrap();
    /// assert_eq!(message, Message::Port { port: port.id(), message: PortMessage::ExitStatus(3) });
    /// # Ok::<(), portwright::OpenError>(())
    /// ```
    pub fn open_port(&self, name: PortName, settings: PortSettings) -> Result<Port, OpenError> {
        let node = self.node().core();
        let prepared = Open::prepare(node, &name, &settings)?;
        open(node, self.core(), prepared).map(Port::new)
    }

    /// Sends data to a port: `port_command/2`. Waits while the port is busy.
    ///
    /// Anybody may do this, not only the owner. `Ok` means that the port has taken
    /// the data, not that the program has read it.
    ///
    /// # Errors
    ///
    /// See [`CommandError`]. Errors of writing come as the port's exit reason.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future while it waits sends nothing.
    pub async fn command(&self, port: &Port, data: impl Into<IoVec>) -> Result<(), CommandError> {
        loop {
            match port.core().check_command(Busy::Wait) {
                Ok(()) => {
                    port.core().send_command(self.pid(), None, data.into());
                    return Ok(());
                }
                Err(CommandError::Busy) => self.not_busy(port).await?,
                Err(error) => return Err(error),
            }
        }
    }

    /// As [`command`](Self::command), for a thread without a runtime.
    ///
    /// # Errors
    ///
    /// As [`command`](Self::command).
    pub fn command_blocking(
        &self,
        port: &Port,
        data: impl Into<IoVec>,
    ) -> Result<(), CommandError> {
        match port.core().check_command(Busy::Wait) {
            Ok(()) => {
                port.core().send_command(self.pid(), None, data.into());
                Ok(())
            }
            Err(CommandError::Busy) => {
                block_on(self.node().core().reactor(), self.command(port, data))
            }
            Err(error) => Err(error),
        }
    }

    /// As [`command`](Self::command), but never waits: `port_command/3`.
    ///
    /// # Errors
    ///
    /// See [`CommandError`]; [`CommandError::Busy`] unless forced.
    pub fn try_command(
        &self,
        port: &Port,
        data: impl Into<IoVec>,
        busy: Busy,
    ) -> Result<(), CommandError> {
        port.core().command(self.pid(), data.into(), busy)
    }

    /// Waits until a port is not busy, as a suspended Erlang process does. Another
    /// sender may make it busy again at once.
    ///
    /// # Errors
    ///
    /// [`CommandError::SenderExited`] when this process was ended meanwhile.
    pub async fn not_busy(&self, port: &Port) -> Result<(), CommandError> {
        port.core().not_busy(self.core()).await;
        if self.is_exited() {
            Err(CommandError::SenderExited)
        } else {
            Ok(())
        }
    }

    /// Sends a message and waits while the port that it goes to is busy, as
    /// `Destination ! Message` does in Erlang. When the port closes meanwhile the
    /// message is lost and the call succeeds.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future while it waits sends nothing.
    pub async fn send_waiting(
        &self,
        to: impl Into<Destination>,
        message: impl Into<Term>,
    ) -> Result<(), SendError> {
        let (to, message) = (to.into(), message.into());
        while let Some(port) = self.busy_port(to, &message)? {
            if self.not_busy(&port).await.is_err() {
                return Ok(());
            }
        }
        self.send(to, message)
    }

    /// Sends a message unless that would mean to wait for a busy port:
    /// `erlang:send(_, _, [nosuspend])`.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn try_send(
        &self,
        to: impl Into<Destination>,
        message: impl Into<Term>,
    ) -> Result<Sent, SendError> {
        let (to, message) = (to.into(), message.into());
        if self.busy_port(to, &message)?.is_some() {
            return Ok(Sent::WouldSuspend);
        }
        self.send(to, message).map(|()| Sent::Sent)
    }

    /// The busy port for which the sender of this message has to wait.
    fn busy_port(&self, to: Destination, message: &Term) -> Result<Option<Port>, SendError> {
        let id = match to {
            Destination::Process(_) => return Ok(None),
            Destination::Port(id) => id,
            Destination::Name(name) => match self.whereis(name) {
                None => return Err(SendError::NoSuchName(name)),
                Some(Registered::Process(_)) => return Ok(None),
                Some(Registered::Port(id)) => id,
            },
        };
        let port = self
            .node()
            .port(id)
            .filter(|port| port.is_open() && port.is_busy() && crate::port::is_command(message));
        Ok(port.filter(|port| port.core().refuses_commands()))
    }

    /// Closes a port: `port_close/1`. Output that is queued is still written.
    ///
    /// A linked process has its exit message when this returns.
    ///
    /// # Errors
    ///
    /// [`NotOpen`].
    pub fn close(&self, port: &Port) -> Result<(), NotOpen> {
        port.core().close()
    }

    /// Closes the program's input once all commands are written, and reads on: the
    /// program sees the end of its input. An extension to OTP, also as message
    /// `{Owner,eof}`.
    ///
    /// Commands that follow are refused with [`CommandError::InputClosed`]. Closing
    /// it again does nothing.
    ///
    /// # Errors
    ///
    /// See [`CloseInputError`].
    pub fn close_input(&self, port: &Port) -> Result<(), CloseInputError> {
        port.core().close_input_now()
    }

    /// Makes `pid` the port's owner and links it: `port_connect/2`. The old owner
    /// stays linked.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub fn connect(&self, port: &Port, pid: portwright_term::Pid) -> Result<(), ConnectError> {
        port.core().connect(pid)
    }

    /// Asks the driver to do something and to answer at once: `port_control/3`.
    ///
    /// # Errors
    ///
    /// See [`ControlError`]; programs and descriptors refuse every operation.
    pub fn control(
        &self,
        port: &Port,
        operation: u32,
        data: impl AsRef<[u8]>,
    ) -> Result<Reply, ControlError> {
        port.core().control(self.pid(), operation, data.as_ref())
    }

    /// Calls the driver with a term: `erlang:port_call/3`.
    ///
    /// # Errors
    ///
    /// See [`CallError`]; programs and descriptors refuse every operation.
    pub fn call(
        &self,
        port: &Port,
        operation: u32,
        argument: impl Into<Term>,
    ) -> Result<Term, CallError> {
        let mut term = argument.into();
        port.core().call(self.pid(), operation, &mut term)?;
        Ok(term)
    }

    /// What is known about a port: `port_info/1,2`. `None` when it is gone.
    pub fn port_info(&self, port: impl Into<PortId>) -> Option<PortInfo> {
        self.node().core().port(port.into())?.info()
    }

    /// Attaches a term to a port: `port_set_data/2`.
    ///
    /// # Errors
    ///
    /// [`NotOpen`].
    pub fn set_port_data(&self, port: &Port, data: impl Into<Term>) -> Result<(), NotOpen> {
        port.core().set_data(data.into())
    }

    /// The term that is attached to a port, `undefined` if none:
    /// `port_get_data/1`.
    ///
    /// # Errors
    ///
    /// [`NotOpen`].
    pub fn port_data(&self, port: &Port) -> Result<Term, NotOpen> {
        port.core().get_data()
    }
}
