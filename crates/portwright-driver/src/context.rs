//! The handle through which a callback asks things of its port.

use std::os::fd::RawFd;
use std::time::Duration;

use bytes::Bytes;
use portwright_term::{Binary, Pid, PortId, Term};

use crate::{
    BusyLimits, Delivery, End, Interest, JobResult, MonitorId, OpenOptions, PortOperations, Queue,
    Select, StartError,
};

/// A port, lent to one callback of its driver.
///
/// The functions of erl_driver(3). All of them return at once. Once the port has
/// ended (also by the driver's own [`failure`](Self::failure)) they do nothing
/// and say so: `false`, `None` or [`Delivery::PortGone`].
#[derive(Clone, Copy)]
pub struct PortContext<'a> {
    operations: &'a dyn PortOperations,
}

impl<'a> PortContext<'a> {
    /// Wraps a host's operations. For hosts.
    pub fn new(operations: &'a dyn PortOperations) -> Self {
        Self { operations }
    }

    /// The host's operations. For hosts.
    pub fn operations(&self) -> &'a dyn PortOperations {
        self.operations
    }

    /// The port's identity.
    pub fn id(&self) -> PortId {
        self.operations.id()
    }

    /// The port's connected process (its owner), which may be dead.
    pub fn connected(&self) -> Pid {
        self.operations.connected()
    }

    /// The process whose signal is being handled: the real sender, in `start`,
    /// `output`, `outputv`, `control` and `call`; `None` in other callbacks.
    pub fn caller(&self) -> Option<Pid> {
        self.operations.caller()
    }

    /// The settings of `open_port/2` that concern drivers, while `start` runs; `None` in
    /// all other callbacks. They may be large, and no port keeps them.
    pub fn options(&self) -> Option<&'a OpenOptions> {
        self.operations.options()
    }

    /// Whether the owner asked for `binary`. Always `false` during `start`.
    pub fn is_binary(&self) -> bool {
        self.operations.is_binary()
    }

    /// Whether the owner asked for `{line,_}`. Always `false` during `start`.
    pub fn is_line(&self) -> bool {
        self.operations.is_line()
    }

    /// Sends data to the owner: `{Port,{data,Data}}`, cut into lines when the
    /// owner asked for that. No more than 64 bytes are copied.
    ///
    /// Returns `false` only when the port is gone; a dead owner loses the data.
    ///
    /// # Source
    ///
    /// erl_driver(3), `driver_output`.
    pub fn output(&self, data: impl Into<Binary>) -> bool {
        self.operations.output(&[], Some(data.into()))
    }

    /// As [`output`](Self::output) once for each of `packets`, at less cost.
    pub fn output_each(&self, packets: Vec<Binary>) -> bool {
        self.operations.output_each(packets)
    }

    /// As [`output`](Self::output), with a few bytes before the data that arrive
    /// as list elements even when the data is a binary: `[72,72|<<"abc">>]`.
    ///
    /// # Source
    ///
    /// erl_driver(3), `driver_output2`; D-C4, D-C15.
    pub fn output_with_header(&self, header: &[u8], data: impl Into<Binary>) -> bool {
        self.operations.output(header, Some(data.into()))
    }

    /// Sends data past the line buffer; in binary mode every piece stays a
    /// binary of its own.
    ///
    /// # Source
    ///
    /// erl_driver(3), `driver_outputv`; D-C9, D-C18.
    pub fn output_unlined(&self, header: &[u8], pieces: Vec<Binary>) -> bool {
        self.operations.output_unlined(header, pieces)
    }

    /// Sends what a program wrote to its standard error: `{Port,{stderr,Data}}`.
    /// An extension to OTP, for owners that asked for it.
    pub fn output_error(&self, data: impl Into<Binary>) -> bool {
        self.operations.output_error(data.into())
    }

    /// Sends any term to the owner, as it is.
    ///
    /// # Source
    ///
    /// erl_driver(3), `erl_drv_output_term`.
    pub fn output_term(&self, term: impl Into<Term>) -> Delivery {
        self.operations.output_term(term.into())
    }

    /// Sends any term to any process.
    ///
    /// # Source
    ///
    /// erl_driver(3), `erl_drv_send_term`.
    pub fn send_term(&self, receiver: Pid, term: impl Into<Term>) -> Delivery {
        self.operations.send_term(receiver, term.into())
    }

    /// Tells the owner how a program ended: `{Port,{exit_status,Status}}`.
    pub fn exit_status(&self, status: i32) -> bool {
        self.operations.exit_status(status)
    }

    /// Tells the owner that a program was ended by a signal:
    /// `{Port,{exit_signal,Number}}`. An extension to OTP, for owners that asked for
    /// it.
    pub fn exit_signal(&self, number: i32) -> bool {
        self.operations.exit_signal(number)
    }

    /// The port takes no more commands, though it stays open: what is behind the
    /// driver has closed its input.
    pub fn input_closed(&self) {
        self.operations.input_closed();
    }

    /// Gives access to the port's queue. `None` when the port is gone, and inside `access`.
    ///
    /// # Source
    ///
    /// erl_driver(3), `driver_enq`, `driver_peekq`, `driver_deq`.
    pub fn with_queue<R>(&self, access: impl FnOnce(&mut Queue) -> R) -> Option<R> {
        let mut access = Some(access);
        let mut result = None;
        self.operations.queue(&mut |queue| {
            result = access.take().map(|access| access(queue));
        });
        result
    }

    /// Adds bytes to the end of the port's queue.
    pub fn enqueue(&self, data: impl Into<Bytes>) -> bool {
        let data = data.into();
        self.with_queue(|queue| queue.push_back(data)).is_some()
    }

    /// Says how many bytes are queued, for a driver that keeps its queue itself: that is what
    /// makes the port busy, and what it waits for before it closes. Without effect when the port
    /// is gone.
    pub fn set_queue_len(&self, bytes: usize) {
        self.operations.set_queue_len(bytes);
    }

    /// Bytes in the port's queue; 0 when the port is gone.
    pub fn queue_len(&self) -> usize {
        self.operations.queue_len()
    }

    /// Starts or stops watching a descriptor: level-triggered, so a callback that
    /// leaves the condition in place is called again.
    ///
    /// After `Select::Off` for both interests the host no longer uses the
    /// descriptor and it may be closed at once. Descriptors that cannot be polled
    /// (regular files) count as always ready. Returns `false` when the port is
    /// gone or `fd` is no open descriptor.
    ///
    /// # Source
    ///
    /// erl_driver(3), `driver_select`.
    pub fn select(&self, fd: RawFd, interest: Interest, select: Select) -> bool {
        self.operations.select(fd, interest, select)
    }

    /// Whether the owner reads a stream and has as much before it as may wait: until it has
    /// taken some, no descriptor of the port is watched for input. For drivers that read more
    /// than once a callback. Always `false` when the owner has a mailbox, as in OTP.
    pub fn is_held_back(&self) -> bool {
        self.operations.is_held_back()
    }

    /// Arms the port's one timer, replacing an earlier one. Never early.
    /// Resolution: at least a millisecond.
    ///
    /// # Source
    ///
    /// erl_driver(3), `driver_set_timer`.
    pub fn set_timer(&self, after: Duration) -> bool {
        self.operations.set_timer(after)
    }

    /// Disarms the timer.
    pub fn cancel_timer(&self) -> bool {
        self.operations.cancel_timer()
    }

    /// Time left on the timer; `Some(ZERO)` when none is armed, `None` when the
    /// port is gone.
    pub fn read_timer(&self) -> Option<Duration> {
        self.operations.read_timer()
    }

    /// Runs `job` on a thread of the host's pool and hands its result to
    /// [`Driver::ready_async`](crate::Driver::ready_async). Jobs with the same key run one after another in
    /// order; without a key the pool spreads them. A job cannot be cancelled;
    /// when the port ends first its result is dropped.
    ///
    /// Returns the job's number, or `None` when the port is gone.
    ///
    /// # Source
    ///
    /// erl_driver(3), `driver_async`.
    pub fn async_job<T: Send + 'static>(
        &self,
        key: Option<u32>,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Option<u64> {
        self.operations
            .async_job(key, Box::new(move || Box::new(job()) as JobResult))
    }

    /// Watches a process; [`Driver::process_exit`](crate::Driver::process_exit) is called when it dies.
    /// `None` when it does not exist (or the port is gone).
    ///
    /// # Source
    ///
    /// erl_driver(3), `driver_monitor_process`.
    pub fn monitor_process(&self, pid: Pid) -> Option<MonitorId> {
        self.operations.monitor_process(pid)
    }

    /// Takes a monitor back; `false` when it does not exist or has fired.
    pub fn demonitor_process(&self, monitor: MonitorId) -> bool {
        self.operations.demonitor_process(monitor)
    }

    /// Makes senders of commands wait (or stop waiting). Idempotent, not counted.
    ///
    /// # Source
    ///
    /// erl_driver(3), `set_busy_port`.
    pub fn set_busy(&self, busy: bool) {
        self.operations.set_busy(busy);
    }

    /// Sets (where given) and reads the limits of the port's signal queue, in
    /// bytes. A `low` above `high` raises `high`, a `high` below `low` lowers
    /// `low`.
    ///
    /// # Source
    ///
    /// erl_driver(3), `erl_drv_busy_msgq_limits`; D-I12 to D-I15.
    pub fn message_queue_limits(&self, low: Option<u64>, high: Option<u64>) -> BusyLimits {
        self.operations.message_queue_limits(low, high)
    }

    /// Switches the limits of the signal queue off for good.
    pub fn disable_message_queue_limits(&self) {
        self.operations.disable_message_queue_limits();
    }

    /// Ends the port with `reason`: links and monitors are told at once, the
    /// queue is dropped, [`Driver::stop`](crate::Driver::stop) follows this callback.
    ///
    /// # Source
    ///
    /// erl_driver(3), `driver_failure`, `driver_failure_atom`, `driver_failure_posix`.
    pub fn failure(&self, reason: impl Into<Term>) -> bool {
        self.operations.end(End::Failure(reason.into()), &mut || ())
    }

    /// The driver has reached the end of its data: an owner that asked for `eof`
    /// gets `{Port,eof}` and the port stays open, else the port ends `normal`.
    ///
    /// # Source
    ///
    /// erl_driver(3), `driver_failure_eof`.
    pub fn failure_eof(&self) -> bool {
        self.operations.end(End::Eof, &mut || ())
    }

    /// Ends the port without telling its owner: the link to the owner is removed
    /// first.
    ///
    /// # Source
    ///
    /// erl_driver(3), `driver_exit`.
    pub fn exit(&self, reason: impl Into<Term>) -> bool {
        self.operations.end(End::Exit(reason.into()), &mut || ())
    }

    /// Whether the port is closing and waits for its queue to be emptied.
    pub fn is_closing(&self) -> bool {
        self.operations.is_closing()
    }

    /// Sets what `port_info(Port, os_pid)` shows.
    pub fn set_os_pid(&self, os_pid: Option<u32>) {
        self.operations.set_os_pid(os_pid);
    }

    /// Lets a waiting `open_port/2` return; only with
    /// [`DriverFlags::USE_INIT_ACK`](crate::DriverFlags::USE_INIT_ACK).
    ///
    /// # Source
    ///
    /// erl_driver(3), `erl_drv_init_ack`.
    pub fn init_ack(&self, result: Result<(), StartError>) {
        self.operations.init_ack(result);
    }

    /// Adds to the port's `input` counter bytes that are not handed to
    /// [`output`](Self::output), such as the newlines that a driver strips.
    pub fn count_input(&self, bytes: usize) {
        self.operations.count_input(bytes);
    }
}
