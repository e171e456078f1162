//! What a host knows of a driver before any port of it is open.

use std::fmt;
use std::ops::BitOr;
use std::sync::Arc;

use crate::{Driver, PortContext, StartError};

type Start = dyn Fn(&PortContext<'_>, &[u8]) -> Result<Box<dyn Driver>, StartError> + Send + Sync;

/// A driver as the host lists it: its name, its flags and how to start a port.
///
/// # Examples
///
/// ```
/// use portwright_driver::{Driver, DriverEntry, DriverFlags, PortContext, StartError};
///
/// struct Null;
/// impl Driver for Null {
///     fn start(_: &PortContext<'_>, _: &[u8]) -> Result<Self, StartError> { Ok(Null) }
/// }
/// let entry = DriverEntry::of::<Null>("null").flags(DriverFlags::PORT_LOCKING);
/// assert_eq!(entry.name(), "null");
/// ```
#[derive(Clone)]
pub struct DriverEntry {
    name: Arc<str>,
    flags: DriverFlags,
    start: Arc<Start>,
}

impl DriverEntry {
    /// The entry of a Rust driver. Its ports are locked one by one.
    pub fn of<D: Driver>(name: impl Into<Arc<str>>) -> Self {
        Self::new(name, DriverFlags::PORT_LOCKING, |port, command| {
            Ok(Box::new(D::start(port, command)?))
        })
    }

    /// The entry of a driver that needs more than its type to be started, such
    /// as one that was loaded from a shared object.
    pub fn new(
        name: impl Into<Arc<str>>,
        flags: DriverFlags,
        start: impl Fn(&PortContext<'_>, &[u8]) -> Result<Box<dyn Driver>, StartError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            flags,
            start: Arc::new(start),
        }
    }

    /// The same entry with other flags.
    pub fn flags(mut self, flags: DriverFlags) -> Self {
        self.flags = flags;
        self
    }

    /// The name by which `open_port/2` finds the driver.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The driver's flags.
    pub fn driver_flags(&self) -> DriverFlags {
        self.flags
    }

    /// Starts a port. For hosts.
    ///
    /// # Errors
    ///
    /// What the driver's `start` answers.
    pub fn start(
        &self,
        port: &PortContext<'_>,
        command: &[u8],
    ) -> Result<Box<dyn Driver>, StartError> {
        (self.start)(port, command)
    }
}

impl fmt::Debug for DriverEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DriverEntry")
            .field("name", &self.name)
            .field("flags", &self.flags)
            .finish()
    }
}

/// The flags of a driver, with the values of `erl_driver.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DriverFlags(u32);

impl DriverFlags {
    /// No flag: one lock for all ports of the driver.
    pub const NONE: Self = Self(0);
    /// `ERL_DRV_FLAG_USE_PORT_LOCKING`: each port has a lock of its own.
    pub const PORT_LOCKING: Self = Self(1);
    /// `ERL_DRV_FLAG_SOFT_BUSY`: `port_command/3` with `force` reaches a busy port.
    pub const SOFT_BUSY: Self = Self(2);
    /// `ERL_DRV_FLAG_NO_BUSY_MSGQ`: the signal queue has no busy limits.
    pub const NO_BUSY_MSGQ: Self = Self(4);
    /// `ERL_DRV_FLAG_USE_INIT_ACK`: `open_port/2` waits for
    /// [`PortContext::init_ack`](crate::PortContext::init_ack).
    pub const USE_INIT_ACK: Self = Self(8);
    /// The port's queue has limits that make the port busy
    /// (`{busy_limits_port,_}` is allowed). Not a flag of `erl_driver.h`.
    ///
    /// Its callbacks should not take long: a command that finds the signal queue full
    /// waits for them before it is refused.
    pub const QUEUE_LIMITS: Self = Self(1 << 16);

    /// Flags from their numeric value; unknown bits are kept and ignored.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The numeric value.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether all flags of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for DriverFlags {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
