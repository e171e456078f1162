//! The handle of whoever is the process.

use std::collections::VecDeque;
use std::sync::Arc;

use portwright_term::{Atom, Pid, Term, atoms};

use super::core::{ProcessCore, Signalled};
use crate::node::{Node, RegisterError, Registered};
use crate::{Destination, ExitReason, Identity, Message};

/// The process that a task or thread is.
///
/// The handle goes with the task: it can be moved but not cloned. Dropping it is
/// the process's exit with reason `normal` (`panic` when the thread is
/// unwinding), which ends the ports that the process owns.
///
/// # Examples
///
/// ```
/// use portwright::{Node, PortName, PortSettings};
///
/// let node = Node::new();
/// let mut me = node.attach();
/// let port = me.open_port(PortName::spawn("echo hello"), PortSettings::new().binary())?;
/// assert_eq!(
///     me.receive_blocking().unwrap().to_string(),
///     format!("{{{},{{data,<<\"hello\\n\">>}}}}", port.id()),
/// );
/// # Ok::<(), portwright::OpenError>(())
/// ```
pub struct Process {
    pub(super) core: Arc<ProcessCore>,
    node: Node,
    /// Messages taken out of the shared mailbox, oldest first.
    pub(super) saved: VecDeque<Message>,
    /// How many of `saved` the current scan has looked at.
    pub(super) seen: usize,
    /// `saved` is back in the mailbox, where others see it, while the process waits.
    pub(super) left: bool,
    /// The task that runs the process tells how it ended, not this handle.
    ends_with_task: bool,
}

/// Why a message could not be sent. A receiver that does not exist (any more) is
/// no error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// Nobody is registered under the name (`badarg`).
    #[error("nobody is registered as {0}")]
    NoSuchName(Atom),
}

/// Why a link could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The other side does not exist, and the caller does not trap exits
    /// (`noproc`).
    #[error("{0} does not exist (noproc)")]
    NoSuchProcess(Identity),
}

impl Process {
    pub(crate) fn new(core: Arc<ProcessCore>, node: Node) -> Self {
        Self {
            core,
            node,
            saved: VecDeque::new(),
            seen: 0,
            left: false,
            ends_with_task: false,
        }
    }

    pub(super) fn leave_end_to_task(&mut self) {
        self.ends_with_task = true;
    }

    pub(crate) fn core(&self) -> &Arc<ProcessCore> {
        &self.core
    }

    /// The process's identity.
    pub fn pid(&self) -> Pid {
        self.core.pid()
    }

    /// The node that the process lives on.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Sends a message: `Destination ! Message`.
    ///
    /// To a port, the message is a request (`{Owner,{command,Data}}` and so on, see
    /// [`Node::send`]); if it is a command and the port is busy the message is
    /// delivered to the port's signal queue all the same. Use
    /// [`send_waiting`](Self::send_waiting) to wait as Erlang processes do.
    ///
    /// # Errors
    ///
    /// [`SendError::NoSuchName`] for a name that is not registered.
    #[inline]
    pub fn send(
        &self,
        to: impl Into<Destination>,
        message: impl Into<Term>,
    ) -> Result<(), SendError> {
        self.node.core().send(self.pid(), to.into(), message.into())
    }

    /// Links this process with a process or port: when either ends, the other
    /// gets an exit signal with the reason.
    ///
    /// Linking with somebody who does not exist gives a caller that traps exits the
    /// message `{'EXIT',_,noproc}`.
    ///
    /// # Errors
    ///
    /// [`LinkError::NoSuchProcess`] when the other side does not exist and the
    /// caller does not trap exits.
    ///
    /// # Source
    ///
    /// erlang(3), `link/1`; rule P-608.
    pub fn link(&self, to: impl Into<Identity>) -> Result<(), LinkError> {
        let to = to.into();
        if to == Identity::Process(self.pid()) || self.node.core().link(&self.core, to) {
            return Ok(());
        }
        if self.core.traps_exit() {
            self.core.deliver(Message::Exit {
                from: to,
                reason: ExitReason::noproc(),
            });
            Ok(())
        } else {
            Err(LinkError::NoSuchProcess(to))
        }
    }

    /// Removes a link, if there is one. An exit message that is in the mailbox
    /// already stays there.
    pub fn unlink(&self, from: impl Into<Identity>) {
        self.node.core().unlink(&self.core, from.into());
    }

    /// Whether exit signals arrive as messages; returns the old value.
    pub fn trap_exit(&self, trap: bool) -> bool {
        self.core.set_trap_exit(trap)
    }

    /// Whether exit signals arrive as messages.
    pub fn traps_exit(&self) -> bool {
        self.core.traps_exit()
    }

    /// Sends an exit signal: `exit(To, Reason)`.
    ///
    /// # Source
    ///
    /// erlang(3), `exit/2`; rule P-606 for ports.
    pub fn exit_signal(&self, to: impl Into<Identity>, reason: impl Into<ExitReason>) {
        self.node.core().exit_signal(
            to.into(),
            self.pid().into(),
            reason.into(),
            Signalled::Directly,
        );
    }

    /// Ends this process with a reason: `exit(Reason)`.
    pub fn exit(self, reason: impl Into<ExitReason>) {
        self.core.die(reason.into());
    }

    /// Ends the process and keeps the handle, as evaluators need it: everything
    /// that waits returns as after an exit signal.
    pub fn end(&self, reason: impl Into<ExitReason>) {
        self.core.die(reason.into());
    }

    /// Why the process was ended, if it was.
    pub fn exit_reason(&self) -> Option<ExitReason> {
        self.core.exit_reason()
    }

    /// Whether the process was ended by an exit signal.
    pub fn is_exited(&self) -> bool {
        self.core.is_exited()
    }

    /// Registers a process or port under a name: `register(Name, Identity)`.
    ///
    /// # Errors
    ///
    /// See [`RegisterError`].
    pub fn register(&self, name: Atom, identity: impl Into<Identity>) -> Result<(), RegisterError> {
        self.node.core().register(name, identity.into())
    }

    /// Takes a name back: `unregister(Name)`; `false` when nobody had it.
    pub fn unregister(&self, name: Atom) -> bool {
        self.node.core().unregister(name)
    }

    /// Who is registered under a name: `whereis(Name)`.
    pub fn whereis(&self, name: Atom) -> Option<Registered> {
        self.node.core().whereis(name)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.ends_with_task {
            return;
        }
        let reason = if std::thread::panicking() {
            ExitReason::from(Atom::literal("panic"))
        } else {
            ExitReason::from(atoms::NORMAL)
        };
        self.core.die(reason);
    }
}

impl std::fmt::Debug for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Process").field(&self.pid()).finish()
    }
}
