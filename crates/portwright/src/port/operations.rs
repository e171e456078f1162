//! What a driver may ask of its port: erl_driver(3) on top of [`PortCore`].

use std::any::Any;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use portwright_driver::{
    BusyLimits, Delivery, Driver, End, Interest, Job, MonitorId, OpenOptions, PortOperations,
    Queue, Select, StartError,
};
use portwright_term::{Binary, Pid, PortId, Term};

use super::signal::Signal;
use super::turn::Held;
use super::{END_TOLD, INPUT_CLOSED, Phase, PortCore, PortTimer, State};
use crate::framing::line::LineBuffer;
use crate::message::PortData;
use crate::process::MonitoredBy;
use crate::{Message, PortMessage};

/// The port during one callback.
pub(super) struct Operations<'a> {
    pub(super) port: &'a Arc<PortCore>,
    pub(super) held: &'a Held<'a>,
    pub(super) caller: Option<Pid>,
    /// While `start` runs.
    pub(super) options: Option<&'a OpenOptions>,
}

impl Operations<'_> {
    /// Whether the driver may still use the port; output may be lost all the same.
    #[inline]
    fn is_usable(&self) -> bool {
        matches!(
            self.port.phase(),
            Phase::Open | Phase::Closing | Phase::Stopping
        )
    }

    /// Tells how a program ended. P-308: not once the port is closing.
    fn tell_end(&self, message: PortMessage) -> bool {
        if self.port.phase() == Phase::Open {
            self.port.note_input(END_TOLD);
            self.port.deliver(self.held, message);
        }
        self.is_usable()
    }

    /// Whether output reaches the owner.
    #[inline]
    fn is_heard(&self) -> bool {
        matches!(self.port.phase(), Phase::Open | Phase::Stopping)
    }
}

/// The queue while the driver has it. It comes back also when the driver panics.
struct LentQueue<'a> {
    port: &'a PortCore,
    held: &'a Held<'a>,
    queue: Option<Box<Queue>>,
}

impl<'a> LentQueue<'a> {
    /// `None` when the driver has it already.
    fn new(port: &'a PortCore, held: &'a Held<'a>) -> Option<Self> {
        let mut state = port.state(held);
        let lent = std::mem::replace(&mut state.queue_lent, true);
        (!lent).then(|| Self {
            port,
            held,
            queue: state.queue.take(),
        })
    }
}

impl Drop for LentQueue<'_> {
    fn drop(&mut self) {
        let mut state = self.port.state(self.held);
        state.queue_lent = false;
        state.queue.put(self.queue.take());
    }
}

impl State {
    fn is_line(&self) -> bool {
        self.rare.get().is_some_and(|rare| rare.line.is_some())
    }

    fn take_line(&mut self) -> Option<Box<LineBuffer>> {
        self.rare.get_mut()?.line.take()
    }

    fn put_line(&mut self, line: Box<LineBuffer>) {
        self.rare.make().line = Some(line);
    }
}

impl PortOperations for Operations<'_> {
    fn host_port(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        Some(Arc::clone(self.port) as Arc<dyn Any + Send + Sync>)
    }

    fn id(&self) -> PortId {
        self.port.id
    }

    fn connected(&self) -> Pid {
        self.port.connected(self.held)
    }

    fn caller(&self) -> Option<Pid> {
        self.caller
    }

    fn options(&self) -> Option<&OpenOptions> {
        self.options
    }

    fn is_binary(&self) -> bool {
        self.port.state(self.held).binary
    }

    fn is_line(&self) -> bool {
        self.port.state(self.held).is_line()
    }

    fn output(&self, header: &[u8], data: Option<Binary>) -> bool {
        if !self.is_heard() {
            return self.is_usable();
        }
        let mut state = self.port.state(self.held);
        state.input += (header.len() + data.as_deref().map_or(0, <[u8]>::len)) as u64;
        let binary = state.binary;
        let Some(mut line) = state.take_line() else {
            drop(state);
            let data = match data {
                Some(data) if header.is_empty() => PortData::new(data, binary),
                data => shape(binary, header, data.as_slice()),
            };
            self.port.deliver(self.held, PortMessage::Data(data));
            return true;
        };
        drop(state);
        line.feed(data.as_deref().unwrap_or_default(), |line| {
            let data = shape(binary, header, &[line.bytes.into()]);
            self.port
                .deliver(self.held, line_message(data, line.complete));
        });
        self.port.state(self.held).put_line(line);
        true
    }

    fn output_copy(&self, data: &[u8]) -> bool {
        let mut state = self.port.state(self.held);
        if !self.is_heard() || state.is_line() || self.port.gate().is_limited() {
            drop(state);
            return self.output(&[], Some(Binary::copy_from_slice(data)));
        }
        state.input += data.len() as u64;
        let waker = state.connected.post_data(self.port.id, data, state.binary);
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    fn output_each(&self, packets: Vec<Binary>) -> bool {
        let mut state = self.port.state(self.held);
        if !self.is_heard() || state.is_line() || self.port.gate().is_limited() {
            drop(state);
            return packets
                .into_iter()
                .fold(true, |_, packet| self.output(&[], Some(packet)));
        }
        state.input += packets.iter().map(|packet| packet.len()).sum::<usize>() as u64;
        let (binary, port) = (state.binary, self.port.id);
        let messages = packets.into_iter().map(|packet| {
            let data = PortData::new(packet, binary);
            Message::Port {
                port,
                message: PortMessage::Data(data),
            }
        });
        let waker = state.connected.post_all(messages);
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    fn output_unlined(&self, header: &[u8], pieces: Vec<Binary>) -> bool {
        if !self.is_heard() {
            return self.is_usable();
        }
        let size = header.len() + pieces.iter().map(|piece| piece.len()).sum::<usize>();
        let mut state = self.port.state(self.held);
        state.input += size as u64;
        let binary = state.binary;
        drop(state);
        self.port
            .deliver(self.held, PortMessage::Data(shape(binary, header, &pieces)));
        true
    }

    fn output_error(&self, data: Binary) -> bool {
        if !self.is_heard() {
            return self.is_usable();
        }
        let mut state = self.port.state(self.held);
        state.input += data.len() as u64;
        let data = PortData::new(data, state.binary);
        drop(state);
        self.port
            .deliver(self.held, PortMessage::StandardError(data));
        true
    }

    fn output_term(&self, term: Term) -> Delivery {
        match self.port.phase() {
            Phase::Open | Phase::Stopping => {
                let owner = self.port.state(self.held).connected.clone();
                delivery(owner.deliver(Message::Term(term)))
            }
            Phase::Closing => Delivery::NotDelivered,
            Phase::Ended | Phase::Gone => Delivery::PortGone,
        }
    }

    fn send_term(&self, receiver: Pid, term: Term) -> Delivery {
        match self.port.phase() {
            Phase::Open | Phase::Stopping => delivery(
                self.port
                    .node
                    .process(receiver)
                    .is_some_and(|process| process.deliver(Message::Term(term))),
            ),
            Phase::Closing => Delivery::NotDelivered,
            Phase::Ended | Phase::Gone => Delivery::PortGone,
        }
    }

    fn exit_status(&self, status: i32) -> bool {
        self.tell_end(PortMessage::ExitStatus(status))
    }

    fn exit_signal(&self, number: i32) -> bool {
        self.tell_end(PortMessage::ExitSignal(number))
    }

    fn input_closed(&self) {
        self.port.note_input(INPUT_CLOSED);
        self.port.wake_all();
    }

    fn queue(&self, access: &mut dyn FnMut(&mut Queue)) -> bool {
        if !self.is_usable() {
            return false;
        }
        let Some(mut lent) = LentQueue::new(self.port, self.held) else {
            return false;
        };
        let queue = lent.queue.get_or_insert_default();
        access(queue);
        self.port.set_queue_len(queue.len());
        true
    }

    fn queue_len(&self) -> usize {
        self.port.queue_len()
    }

    fn set_queue_len(&self, bytes: usize) {
        if self.is_usable() {
            self.port.set_queue_len(bytes);
        }
    }

    fn with_port(&self, id: PortId, run: &mut dyn FnMut(&dyn PortOperations)) -> bool {
        let Some(port) = self.port.node.port(id) else {
            return false;
        };
        if std::ptr::eq(port.turn(), self.port.turn()) {
            self.held.with_port(&port, |held| port.lend(held, run));
            return true;
        }
        let Some(held) = Held::try_of(&port) else {
            return false;
        };
        port.lend(&held, run);
        held.release();
        true
    }

    fn create_port(
        &self,
        owner: Pid,
        name: &[u8],
        make: &mut dyn FnMut(PortId) -> Option<Box<dyn Driver>>,
    ) -> Option<PortId> {
        self.is_usable()
            .then(|| self.port.create_sibling(self.held, owner, name, make))
            .flatten()
    }

    fn is_held_back(&self) -> bool {
        self.port.gate().is_shut()
    }

    fn select(&self, fd: RawFd, interest: Interest, select: Select) -> bool {
        self.is_usable() && self.port.select(self.held, fd, interest, select)
    }

    fn abandon(&self, fd: RawFd) {
        self.port.abandon_select(self.held, fd);
    }

    fn set_timer(&self, after: Duration) -> bool {
        if !self.is_usable() {
            return false;
        }
        self.cancel_timer();
        let now = Instant::now();
        // A time that the clock cannot express is as good as never.
        let deadline = now
            .checked_add(after)
            .unwrap_or_else(|| now + Duration::from_secs(u32::MAX.into()));
        let mut state = self.port.state(self.held);
        let rare = state.rare.make();
        let number = rare.next_timer;
        rare.next_timer += 1;
        let port = Arc::downgrade(self.port);
        let id = self.port.node.reactor().set_timer(deadline, move || {
            if let Some(port) = port.upgrade() {
                port.signal(Signal::Timeout { number });
            }
        });
        rare.timer = Some(PortTimer {
            id,
            number,
            deadline,
        });
        true
    }

    fn cancel_timer(&self) -> bool {
        let mut state = self.port.state(self.held);
        let timer = state.rare.get_mut().and_then(|rare| rare.timer.take());
        drop(state);
        if let Some(timer) = timer {
            self.port.node.reactor().cancel_timer(timer.id);
        }
        self.is_usable()
    }

    fn read_timer(&self) -> Option<Duration> {
        let state = self.port.state(self.held);
        self.is_usable().then(|| {
            let timer = state.rare.get().and_then(|rare| rare.timer.as_ref());
            timer.map_or(Duration::ZERO, |timer| {
                timer.deadline.saturating_duration_since(Instant::now())
            })
        })
    }

    fn async_job(&self, key: Option<u32>, job: Job) -> Option<u64> {
        if !self.is_usable() {
            return None;
        }
        let number = self.port.node.next_job();
        let port = Arc::downgrade(self.port);
        let work = Box::new(move || {
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
            match (port.upgrade(), result) {
                (Some(port), Ok(result)) => port.signal(Signal::AsyncDone(result)),
                (Some(port), Err(_)) => port.signal(Signal::Run(Box::new(|port, held| {
                    port.end_after_panic(held);
                }))),
                (None, _) => {}
            }
        });
        self.port
            .node
            .pool()
            .run(key.map_or(number, u64::from), work)
            .then_some(number)
    }

    fn monitor_process(&self, pid: Pid) -> Option<MonitorId> {
        // While the port ends its monitors are gone, and new ones come to nothing.
        if self.port.phase() != Phase::Open {
            return None;
        }
        let process = self.port.node.process(pid)?;
        let mut state = self.port.state(self.held);
        let rare = state.rare.make();
        let monitor = MonitorId(rare.next_monitor);
        rare.next_monitor += 1;
        let watcher = MonitoredBy::Port {
            port: self.port.id,
            monitor,
        };
        if !process.add_monitored_by(watcher) {
            return None;
        }
        rare.driver_monitors.push((monitor, pid));
        Some(monitor)
    }

    fn demonitor_process(&self, monitor: MonitorId) -> bool {
        let mut state = self.port.state(self.held);
        let found = state.rare.get_mut().and_then(|rare| {
            let monitors = &mut rare.driver_monitors;
            let index = monitors.iter().position(|(own, _)| *own == monitor)?;
            Some(monitors.swap_remove(index))
        });
        drop(state);
        let Some((_, pid)) = found else {
            return false;
        };
        self.port.forget_process_monitor(pid, monitor);
        true
    }

    fn set_busy(&self, busy: bool) {
        if self.is_usable() {
            self.port.set_busy_by_driver(busy);
        }
    }

    fn message_queue_limits(&self, low: Option<u64>, high: Option<u64>) -> BusyLimits {
        self.port.set_signal_limits(low, high)
    }

    fn disable_message_queue_limits(&self) {
        self.port.disable_signal_limits();
    }

    fn end(&self, how: End, stop: &mut dyn FnMut()) -> bool {
        self.port.end_by_driver(self.held, how, stop)
    }

    fn is_closing(&self) -> bool {
        self.port.phase() != Phase::Open
    }

    fn set_os_pid(&self, os_pid: Option<u32>) {
        self.port.state(self.held).rare.make().os_pid = os_pid;
    }

    fn init_ack(&self, result: Result<(), StartError>) {
        let state = self.port.state(self.held);
        let ack = state.rare.get().and_then(|rare| rare.init_ack.clone());
        drop(state);
        if let Some(ack) = ack {
            ack.result.lock().get_or_insert(result);
            ack.arrived.notify_all();
        }
    }

    fn count_input(&self, bytes: usize) {
        self.port.state(self.held).input += bytes as u64;
    }
}

impl PortCore {
    /// Runs `run` as if in a callback of this port.
    fn lend(self: &Arc<Self>, held: &Held<'_>, run: &mut dyn FnMut(&dyn PortOperations)) {
        run(&Operations {
            port: self,
            held,
            caller: None,
            options: None,
        });
        self.after_callback(held);
    }

    pub(super) fn set_queue_len(&self, len: usize) {
        // Only the holder of the turn comes here.
        if self.queue_len() != len {
            // That it is empty comes in one order with `wants_drained`, see `poll_drained`.
            let order = if len == 0 {
                Ordering::SeqCst
            } else {
                Ordering::Release
            };
            self.queue_len.store(len, order);
        }
    }

    /// The end of the data: what the line buffer holds back goes out.
    pub(super) fn finish_lines(&self, held: &Held<'_>) {
        let mut state = self.state(held);
        let binary = state.binary;
        let Some(mut line) = state.take_line() else {
            return;
        };
        drop(state);
        self.note_input(END_TOLD);
        line.finish(|line| {
            let data = PortData::new(line.bytes.into(), binary);
            self.deliver(held, line_message(data, line.complete));
        });
        self.state(held).put_line(line);
    }

    fn end_after_panic(self: &Arc<Self>, held: &Held<'_>) {
        tracing::error!(port = %self.id, "an asynchronous job of the driver panicked");
        let reason = crate::ExitReason::from(Term::atom("driver_panic"));
        self.begin_close(held, reason, super::close::Ending::Dropping);
    }
}

fn line_message(data: PortData, complete: bool) -> PortMessage {
    if complete {
        PortMessage::Line(data)
    } else {
        PortMessage::LinePart(data)
    }
}

fn delivery(delivered: bool) -> Delivery {
    if delivered {
        Delivery::Delivered
    } else {
        Delivery::NotDelivered
    }
}

/// The form in which the owner sees data (driver_abi.md 3.1, D-C1 to D-C14b).
fn shape(binary: bool, header: &[u8], pieces: &[Binary]) -> PortData {
    match (header, pieces) {
        ([], [only]) => PortData::new(only.clone(), binary),
        _ if binary => PortData::pieces(header, pieces),
        _ => {
            let mut flat = header.to_vec();
            pieces
                .iter()
                .for_each(|piece| flat.extend_from_slice(piece));
            PortData::list(flat)
        }
    }
}
