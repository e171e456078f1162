//! External programs, open descriptors and files: the drivers behind `{spawn,_}`,
//! `{spawn_executable,_}`, `{fd,_,_}` and a bare name.

mod child;
mod descriptors;
mod orphans;
mod plan;
mod spawn;
mod vanilla;
mod wire;

pub(crate) use spawn::GATHER_BYTES;

use portwright_driver::{DriverEntry, DriverFlags};

/// The driver for external programs. Not to be found by name, as in OTP.
pub(crate) fn entry() -> DriverEntry {
    DriverEntry::of::<spawn::SpawnDriver>("spawn").flags(flags())
}

/// The driver for descriptors that are open already.
pub(crate) fn descriptors_entry() -> DriverEntry {
    DriverEntry::of::<descriptors::FdDriver>("fd").flags(flags())
}

/// The driver for files. All its ports share a turn, as in OTP.
pub(crate) fn vanilla_entry() -> DriverEntry {
    DriverEntry::of::<vanilla::VanillaDriver>("vanilla").flags(DriverFlags::QUEUE_LIMITS)
}

fn flags() -> DriverFlags {
    DriverFlags::PORT_LOCKING | DriverFlags::QUEUE_LIMITS
}

/// What both drivers do when the owner has to learn of an `errno`.
fn fail(port: &portwright_driver::PortContext<'_>, error: rustix::io::Errno) {
    port.failure(crate::errno::atom(error.raw_os_error()));
}
