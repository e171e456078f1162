//! A driver that has been loaded: its entry, its library, and who uses it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use portwright::WeakNode;
use portwright_driver::DriverFlags;
use portwright_driver_abi::ErlDrvEntry;

use crate::load::Library;

/// The entry as it was when the driver was registered; what the driver does to its own later has no effect.
///
/// An [`ErlDrvEntry`] whose data pointers nobody follows any more.
#[derive(Clone, Copy)]
pub(crate) struct Entry(ErlDrvEntry);

#[allow(unsafe_code, reason = "function pointers and two reserved words")]
// SAFETY: `Entry::new` clears the three data pointers; what remains are functions and numbers.
unsafe impl Send for Entry {}
#[allow(unsafe_code, reason = "function pointers and two reserved words")]
// SAFETY: as above.
unsafe impl Sync for Entry {}

impl Entry {
    pub(crate) fn new(entry: ErlDrvEntry) -> Self {
        Self(ErlDrvEntry {
            driver_name: std::ptr::null_mut(),
            handle: std::ptr::null_mut(),
            handle2: std::ptr::null_mut(),
            ..entry
        })
    }
}

impl std::ops::Deref for Entry {
    type Target = ErlDrvEntry;
    fn deref(&self) -> &ErlDrvEntry {
        &self.0
    }
}

/// Set in `uses` once nobody may begin to use the driver.
const CLOSED: usize = 1 << (usize::BITS - 1);

/// Is told when nothing of a driver is in use any more.
pub(crate) trait Idle: Send + Sync {
    /// Called without locks, perhaps in a callback of another driver.
    fn idle(&self, driver: &Arc<LoadedDriver>);
}

/// A driver that ports can be opened of.
pub(crate) struct LoadedDriver {
    pub(crate) name: String,
    pub(crate) entry: Entry,
    pub(crate) node: WeakNode,
    /// `None` for drivers of `add_driver_entry`, whose library is another driver's.
    pub(crate) library: Option<Library>,
    /// Where the driver has its own entry.
    pub(crate) entry_address: usize,
    /// Ports, jobs and `stop_select` calls to come, and [`CLOSED`].
    uses: AtomicUsize,
    ports: AtomicUsize,
    idle: Option<Weak<dyn Idle>>,
}

impl LoadedDriver {
    pub(crate) fn new(
        name: String,
        entry: Entry,
        node: WeakNode,
        library: Option<Library>,
        idle: Option<Weak<dyn Idle>>,
    ) -> Arc<Self> {
        if entry.outputv.is_some() {
            crate::shared::begin();
        }
        Arc::new(Self {
            name,
            entry,
            node,
            library,
            entry_address: 0,
            uses: AtomicUsize::new(0),
            ports: AtomicUsize::new(0),
            idle,
        })
    }

    /// The flags that the core has to know.
    pub(crate) fn flags(&self) -> DriverFlags {
        DriverFlags::from_bits(self.entry.driver_flags as u32 & 0xf)
    }

    pub(crate) fn has_flag(&self, flag: i32) -> bool {
        self.entry.driver_flags & flag != 0
    }

    /// Ports that have not ended.
    pub(crate) fn ports(&self) -> usize {
        self.ports.load(Ordering::Acquire)
    }

    /// Keeps the driver loaded; `None` when it is being unloaded.
    pub(crate) fn begin_use(self: &Arc<Self>, is_port: bool) -> Option<Use> {
        self.uses
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |uses| {
                (uses & CLOSED == 0).then_some(uses + 1)
            })
            .ok()?;
        if is_port {
            self.ports.fetch_add(1, Ordering::AcqRel);
        }
        Some(Use {
            driver: Arc::clone(self),
            is_port,
        })
    }

    /// Lets nobody use the driver any more; `false` while somebody does, or when that was done before.
    pub(crate) fn close(&self) -> bool {
        self.uses
            .compare_exchange(0, CLOSED, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }
}

/// Keeps a driver loaded.
pub(crate) struct Use {
    driver: Arc<LoadedDriver>,
    is_port: bool,
}

impl Use {
    pub(crate) fn driver(&self) -> &Arc<LoadedDriver> {
        &self.driver
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        if self.is_port {
            self.driver.ports.fetch_sub(1, Ordering::AcqRel);
        }
        if self.driver.uses.fetch_sub(1, Ordering::AcqRel) == 1
            && let Some(idle) = self.driver.idle.as_ref().and_then(Weak::upgrade)
        {
            idle.idle(&self.driver);
        }
    }
}
