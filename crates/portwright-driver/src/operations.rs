//! What a host of drivers provides: erl_driver(3) as a trait.

use std::any::Any;
use std::ops::BitOr;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Duration;

use portwright_term::{Binary, Pid, PortId, Term};

use crate::{Driver, OpenOptions, Queue, StartError};

/// What a job of [`PortContext::async_job`](crate::PortContext::async_job) hands
/// to [`Driver::ready_async`](crate::Driver::ready_async).
pub type JobResult = Box<dyn Any + Send>;

/// Work for another thread.
pub type Job = Box<dyn FnOnce() -> JobResult + Send>;

/// Whether a term message reached a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It is in the receiver's mailbox.
    Delivered,
    /// The receiver is dead, or the port is closing.
    NotDelivered,
    /// The port itself is gone.
    PortGone,
}

/// Names a monitor that a driver has set on a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MonitorId(pub u64);

/// For what a descriptor is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Interest(u8);

impl Interest {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Readable, at end of file or broken.
    pub const READ: Self = Self(1);
    /// Writable or broken.
    pub const WRITE: Self = Self(2);

    /// Whether everything in `other` is in `self`.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// `self` without what is in `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether nothing is watched for.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

impl BitOr for Interest {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What [`PortContext::select`](crate::PortContext::select) does with an interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Select {
    /// Watch for it.
    On,
    /// Stop watching for it.
    Off,
}

/// The limits that make a signal queue busy, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BusyLimits {
    /// Never busy.
    Disabled,
    /// Busy above `high` (for a port's own queue: at `high`) until below `low`.
    Limits {
        /// At least 1, at most `high`.
        low: u64,
        /// At least 1.
        high: u64,
    },
}

/// How a driver ends its port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// With a reason that links and monitors are told.
    Failure(Term),
    /// At the end of the driver's data; with the setting `eof` the port stays open.
    Eof,
    /// As a failure, but the owner's link is removed first.
    Exit(Term),
}

/// The operations of erl_driver(3) on one port, implemented by hosts.
///
/// Authors of drivers use them through [`PortContext`](crate::PortContext),
/// where each is documented.
///
/// The `stop` of [`end`](Self::end) runs between the exit signals and the end of the
/// port, while output still reaches the owner: compiled drivers have their stop
/// callback called there. A Rust driver's `stop` follows the running callback.
#[allow(missing_docs, reason = "documented at the methods of PortContext")]
pub trait PortOperations {
    /// What the port is to its host, for parts of the host that are apart from it.
    fn host_port(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        None
    }

    fn id(&self) -> PortId;
    fn connected(&self) -> Pid;
    fn caller(&self) -> Option<Pid>;
    fn options(&self) -> Option<&OpenOptions>;
    fn is_binary(&self) -> bool;
    fn is_line(&self) -> bool;

    fn output(&self, header: &[u8], data: Option<Binary>) -> bool;
    fn output_each(&self, packets: Vec<Binary>) -> bool;
    /// As `output` without a header, with a copy of the data.
    fn output_copy(&self, data: &[u8]) -> bool {
        self.output(&[], Some(Binary::copy_from_slice(data)))
    }
    fn output_unlined(&self, header: &[u8], pieces: Vec<Binary>) -> bool;
    fn output_error(&self, data: Binary) -> bool;
    fn output_term(&self, term: Term) -> Delivery;
    fn send_term(&self, receiver: Pid, term: Term) -> Delivery;
    fn exit_status(&self, status: i32) -> bool;
    fn exit_signal(&self, number: i32) -> bool;
    fn input_closed(&self);

    fn queue(&self, access: &mut dyn FnMut(&mut Queue)) -> bool;
    fn queue_len(&self) -> usize;

    fn select(&self, fd: RawFd, interest: Interest, select: Select) -> bool;
    /// Whether as much output waits for the owner as may wait.
    fn is_held_back(&self) -> bool {
        false
    }
    /// The driver leaves behind a descriptor that it has selected: its next event is
    /// reported, and nobody hears of it.
    fn abandon(&self, fd: RawFd);
    fn set_timer(&self, after: Duration) -> bool;
    fn cancel_timer(&self) -> bool;
    fn read_timer(&self) -> Option<Duration>;
    fn async_job(&self, key: Option<u32>, job: Job) -> Option<u64>;

    fn monitor_process(&self, pid: Pid) -> Option<MonitorId>;
    fn demonitor_process(&self, monitor: MonitorId) -> bool;

    fn set_busy(&self, busy: bool);
    fn message_queue_limits(&self, low: Option<u64>, high: Option<u64>) -> BusyLimits;
    fn disable_message_queue_limits(&self);

    fn end(&self, how: End, stop: &mut dyn FnMut()) -> bool;
    fn is_closing(&self) -> bool;

    fn set_os_pid(&self, os_pid: Option<u32>);
    fn init_ack(&self, result: Result<(), StartError>);
    fn count_input(&self, bytes: usize);

    /// For drivers that keep their queue themselves: how many bytes are in it. It
    /// decides what closing does.
    fn set_queue_len(&self, bytes: usize) {
        let _ = bytes;
    }

    /// Runs `run` with the operations of another port of the same driver: at once when
    /// the driver's ports share a lock or the other port is idle, else not at all
    /// (`false`).
    fn with_port(&self, id: PortId, run: &mut dyn FnMut(&dyn PortOperations)) -> bool {
        let _ = (id, run);
        false
    }

    /// Makes another port of the same driver, owned by and linked to `owner`, without
    /// calling `start`: `make` gives its driver, before anybody can reach the port.
    /// `None` when the process is dead, the port table is full, or `make` gives none.
    ///
    /// # Source
    ///
    /// erl_driver(3), `driver_create_port`.
    fn create_port(
        &self,
        owner: Pid,
        name: &[u8],
        make: &mut dyn FnMut(PortId) -> Option<Box<dyn Driver>>,
    ) -> Option<PortId> {
        let _ = (owner, name, make);
        None
    }
}
