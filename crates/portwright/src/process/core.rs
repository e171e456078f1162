//! What a process is to everybody else.
//!
//! The lock of a process is a leaf: nothing else is locked and no code of others
//! runs while it is held.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Waker;

use parking_lot::Mutex;
use portwright_term::{Atom, Binary, Pid, PortId, Reference, Term, atoms};
use tokio::task::AbortHandle;

use super::links::Links;
use super::mailbox::{Mailbox, Taken};
use crate::message::{Down, PortData};
use crate::node::NodeCore;
use crate::port::{WaitId, set_waker, take_waker};
use crate::{ExitReason, Identity, Message, PortMessage};

/// A process, alive or dead.
pub(crate) struct ProcessCore {
    pid: Pid,
    node: Arc<NodeCore>,
    /// The same as `State::exit.is_some()`, without the lock.
    exited: AtomicBool,
    /// Messages that the owner has taken out of `mailbox` and not received yet.
    pub(super) set_aside: AtomicUsize,
    state: Mutex<State>,
}

struct State {
    mailbox: Mailbox<Message>,
    trap_exit: bool,
    exit: Option<ExitReason>,
    links: Links,
    /// Monitors that this process has set.
    monitors: Vec<Monitor>,
    /// Monitors that others have set on this process.
    monitored_by: Vec<MonitoredBy>,
    name: Option<Atom>,
    abort: Option<AbortHandle>,
    /// The waits for ports that are busy.
    suspended: Vec<(WaitId, Waker)>,
}

/// A monitor, at the process that has set it.
#[derive(Clone)]
pub(crate) struct Monitor {
    pub(crate) reference: Reference,
    pub(crate) target: Identity,
    /// The name, when it was monitored by name.
    pub(crate) name: Option<Atom>,
    /// The first element of the message, if not `'DOWN'`.
    pub(crate) tag: Option<Term>,
}

/// A monitor, at the process that it watches.
#[derive(Clone)]
pub(crate) enum MonitoredBy {
    Process {
        pid: Pid,
        reference: Reference,
    },
    Port {
        port: portwright_term::PortId,
        monitor: portwright_driver::MonitorId,
    },
    /// Somebody who is no process: [`Node::at_exit`](crate::Node::at_exit).
    Call(AtExit),
}

/// Called once, when the process ends.
pub(crate) type AtExit = Arc<Mutex<Option<Box<dyn FnOnce() + Send>>>>;

impl MonitoredBy {
    pub(crate) fn call(self) {
        if let Self::Call(run) = self
            && let Some(run) = run.lock().take()
        {
            // It is somebody else's, and the end of the process must go on.
            if catch_unwind(AssertUnwindSafe(run)).is_err() {
                tracing::error!("what was to be called at the end of a process panicked");
            }
        }
    }
}

/// What an exit signal came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signalled {
    /// `exit/2`: counts whether there is a link or not.
    Directly,
    /// A link: counts only while the receiver still has it.
    ByLink,
}

impl ProcessCore {
    pub(crate) fn new(pid: Pid, node: Arc<NodeCore>) -> Arc<Self> {
        Arc::new(Self {
            pid,
            node,
            exited: AtomicBool::new(false),
            set_aside: AtomicUsize::new(0),
            state: Mutex::new(State {
                mailbox: Mailbox::new(),
                trap_exit: false,
                exit: None,
                links: Links::new(),
                monitors: Vec::new(),
                monitored_by: Vec::new(),
                name: None,
                abort: None,
                suspended: Vec::new(),
            }),
        })
    }

    /// Stands for a process that does not exist.
    pub(crate) fn dead(pid: Pid, node: Arc<NodeCore>) -> Arc<Self> {
        let process = Self::new(pid, node);
        process.exited.store(true, Ordering::Release);
        let mut state = process.state.lock();
        state.exit = Some(ExitReason::noproc());
        state.mailbox.close();
        drop(state);
        process
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    pub(crate) fn node(&self) -> &Arc<NodeCore> {
        &self.node
    }

    pub(crate) fn is_exited(&self) -> bool {
        self.exited.load(Ordering::Acquire)
    }

    pub(crate) fn exit_reason(&self) -> Option<ExitReason> {
        self.state.lock().exit.clone()
    }

    /// Puts a message into the mailbox and leaves it to the caller to wake whoever
    /// waits for it, with no lock held.
    #[inline]
    pub(crate) fn post(&self, message: Message) -> Option<Waker> {
        let mut state = self.state.lock();
        if state.mailbox.is_closed() {
            // The message may own buffers and funs: it goes without the lock.
            drop(state);
            return None;
        }
        state.mailbox.push(message)
    }

    /// As [`post`](Self::post), for a copy of data of a port: the message is made in the
    /// mailbox.
    #[inline]
    pub(crate) fn post_data(&self, port: PortId, data: &[u8], is_binary: bool) -> Option<Waker> {
        let mut state = self.state.lock();
        if state.mailbox.is_closed() {
            return None;
        }
        let data = PortData::new(Binary::copy_from_slice(data), is_binary);
        state.mailbox.push(Message::Port {
            port,
            message: PortMessage::Data(data),
        })
    }

    /// As [`post`](Self::post), for many messages at once.
    pub(crate) fn post_all(&self, messages: impl Iterator<Item = Message>) -> Option<Waker> {
        self.state.lock().mailbox.push_all(messages)
    }

    /// Puts a message into the mailbox; `false` when the process is dead.
    pub(crate) fn deliver(&self, message: Message) -> bool {
        let mut state = self.state.lock();
        if state.mailbox.is_closed() {
            drop(state);
            return false;
        }
        let waker = state.mailbox.push(message);
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    /// Handles an exit signal.
    pub(crate) fn exit_signal(&self, from: Identity, reason: ExitReason, by: Signalled) {
        let mut state = self.state.lock();
        if state.exit.is_some() {
            return;
        }
        if by == Signalled::ByLink && !state.links.remove(from) {
            return;
        }
        let untrappable = by == Signalled::Directly && reason.is(atoms::KILL);
        if state.trap_exit && !untrappable {
            drop(state);
            self.deliver(Message::Exit { from, reason });
            return;
        }
        drop(state);
        if untrappable {
            self.die(ExitReason::killed());
        } else if !reason.is_normal() || (by == Signalled::Directly && from == self.pid.into()) {
            self.die(reason);
        }
    }

    /// Ends the process: everybody who is linked to it or monitors it is told
    /// before this returns. Only the first call counts.
    pub(crate) fn die(&self, reason: ExitReason) {
        let mut state = self.state.lock();
        if state.exit.is_some() {
            return;
        }
        state.exit = Some(reason.clone());
        self.exited.store(true, Ordering::Release);
        let (mailbox, waker) = state.mailbox.close();
        let links = state.links.take();
        let monitors = std::mem::take(&mut state.monitors);
        let monitored_by = std::mem::take(&mut state.monitored_by);
        let name = state.name.take();
        let abort = state.abort.take();
        let suspended = std::mem::take(&mut state.suspended);
        drop(state);

        self.node.forget_process(self.pid);
        if let Some(name) = name {
            self.node.forget_name(name, self.pid.into());
        }
        let this = Identity::Process(self.pid);
        for monitor in monitors {
            self.node
                .remove_monitor(monitor.target, self.pid, &monitor.reference);
        }
        for watcher in monitored_by {
            match watcher {
                MonitoredBy::Process { pid, reference } => {
                    if let Some(process) = self.node.process(pid) {
                        process.monitor_fired(&reference, reason.clone());
                    }
                }
                MonitoredBy::Port { port, monitor } => {
                    if let Some(port) = self.node.port(port) {
                        port.process_down(monitor);
                    }
                }
                call @ MonitoredBy::Call(_) => call.call(),
            }
        }
        for link in links {
            self.node
                .exit_signal(link, this, reason.clone(), Signalled::ByLink);
        }
        for waker in waker
            .into_iter()
            .chain(suspended.into_iter().map(|(_, waker)| waker))
        {
            waker.wake();
        }
        if let Some(abort) = abort {
            abort.abort();
        }
        // Messages may own buffers and funs: they go last, with no lock held.
        drop(mailbox);
    }

    /// Delivers `'DOWN'` for a monitor that this process has set and not removed.
    pub(crate) fn monitor_fired(&self, reference: &Reference, reason: ExitReason) {
        let monitor = {
            let mut state = self.state.lock();
            let Some(index) = state
                .monitors
                .iter()
                .position(|m| m.reference == *reference)
            else {
                return;
            };
            state.monitors.remove(index)
        };
        self.deliver(Message::Down(Box::new(down(monitor, reason))));
    }

    /// Adds one side of a link; `None` when the process is dead.
    pub(crate) fn add_link(&self, to: Identity) -> Option<()> {
        let mut state = self.state.lock();
        if state.exit.is_some() {
            return None;
        }
        state.links.insert(to);
        Some(())
    }

    pub(crate) fn remove_link(&self, to: Identity) {
        self.state.lock().links.remove(to);
    }

    pub(crate) fn add_monitor(&self, monitor: Monitor) {
        self.state.lock().monitors.push(monitor);
    }

    pub(crate) fn has_monitor(&self, reference: &Reference) -> bool {
        let state = self.state.lock();
        state.monitors.iter().any(|m| m.reference == *reference)
    }

    pub(crate) fn take_monitor(&self, reference: &Reference) -> Option<Monitor> {
        let mut state = self.state.lock();
        let index = state
            .monitors
            .iter()
            .position(|m| m.reference == *reference)?;
        Some(state.monitors.remove(index))
    }

    /// Is told when the process dies; `false` when it is dead.
    pub(crate) fn add_monitored_by(&self, watcher: MonitoredBy) -> bool {
        let mut state = self.state.lock();
        if state.exit.is_some() {
            return false;
        }
        state.monitored_by.push(watcher);
        true
    }

    pub(crate) fn remove_monitored_by(&self, matches: impl Fn(&MonitoredBy) -> bool) -> bool {
        let mut state = self.state.lock();
        let count = state.monitored_by.len();
        state.monitored_by.retain(|watcher| !matches(watcher));
        count != state.monitored_by.len()
    }

    pub(crate) fn set_trap_exit(&self, trap_exit: bool) -> bool {
        std::mem::replace(&mut self.state.lock().trap_exit, trap_exit)
    }

    pub(crate) fn traps_exit(&self) -> bool {
        self.state.lock().trap_exit
    }

    /// Remembers the registered name; `false` when dead or named already.
    pub(crate) fn set_name(&self, name: Option<Atom>) -> bool {
        let mut state = self.state.lock();
        if name.is_some() && (state.exit.is_some() || state.name.is_some()) {
            return false;
        }
        state.name = name;
        true
    }

    pub(crate) fn set_abort(&self, abort: AbortHandle) {
        let mut state = self.state.lock();
        if state.exit.is_some() {
            drop(state);
            abort.abort();
        } else {
            state.abort = Some(abort);
        }
    }

    /// The process is suspended by a wait; `waker` is woken when the process ends. `false`
    /// when it has ended.
    pub(crate) fn suspend(&self, wait: WaitId, waker: &Waker) -> bool {
        let mut state = self.state.lock();
        if state.exit.is_some() {
            return false;
        }
        set_waker(&mut state.suspended, wait, waker);
        true
    }

    /// The wait is over.
    pub(crate) fn resume(&self, wait: WaitId) {
        let waker = take_waker(&mut self.state.lock().suspended, wait);
        drop(waker);
    }

    /// Moves all messages to `into`, or leaves `waker` to be woken by the next
    /// one (or by the end of the process).
    #[inline(always)]
    pub(super) fn take_messages(
        &self,
        into: &mut VecDeque<Message>,
        waker: Option<&Waker>,
    ) -> Taken {
        self.state.lock().mailbox.take(into, waker)
    }

    /// Puts messages that the process has looked at back, for others to see.
    pub(super) fn leave_messages(&self, looked_at: &mut VecDeque<Message>) -> bool {
        let mut state = self.state.lock();
        let left = state.mailbox.leave(looked_at);
        if left {
            // Under the lock, so that nobody counts them twice.
            self.set_aside.store(0, Ordering::Relaxed);
        }
        left
    }

    /// Takes them again.
    pub(super) fn take_messages_back(&self, into: &mut VecDeque<Message>) {
        let mut state = self.state.lock();
        state.mailbox.take_back(into);
        self.set_aside.store(into.len(), Ordering::Relaxed);
    }

    pub(super) fn inspect<R>(&self, inspect: impl FnOnce(Snapshot<'_>) -> R) -> R {
        let state = self.state.lock();
        inspect(Snapshot {
            mailbox: state.mailbox.messages(),
            trap_exit: state.trap_exit,
            exited: state.exit.is_some(),
            waiting: state.mailbox.is_awaited(),
            suspended: !state.suspended.is_empty(),
            links: &state.links,
            monitors: &state.monitors,
            monitored_by: &state.monitored_by,
            name: state.name,
        })
    }
}

/// The state of a process, for those who report it.
pub(super) struct Snapshot<'a> {
    pub(super) mailbox: &'a VecDeque<Message>,
    pub(super) trap_exit: bool,
    pub(super) exited: bool,
    pub(super) waiting: bool,
    pub(super) suspended: bool,
    pub(super) links: &'a Links,
    pub(super) monitors: &'a [Monitor],
    pub(super) monitored_by: &'a [MonitoredBy],
    pub(super) name: Option<Atom>,
}

/// The message of a fired monitor.
pub(crate) fn down(monitor: Monitor, reason: ExitReason) -> Down {
    let object = match monitor.name {
        None => monitor.target.to_term(),
        Some(name) => {
            let node = match monitor.target {
                Identity::Process(pid) => pid.node(),
                Identity::Port(port) => port.node(),
            };
            Term::tuple([Term::Atom(name), Term::Atom(node)])
        }
    };
    Down {
        tag: monitor.tag.unwrap_or(Term::Atom(atoms::DOWN)),
        reference: monitor.reference,
        is_port: matches!(monitor.target, Identity::Port(_)),
        object,
        reason,
    }
}
