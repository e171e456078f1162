//! A port of a compiled driver, and the table through which handles lead to it.
//!
//! What a driver holds as `ErlDrvPort` is a number: a slot of the table and a generation, which each port has for itself.
//! A handle of a port that has ended leads to nothing, and the function that got it says so.

use std::cell::Cell;
use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, Ordering};
use std::sync::{Arc, LazyLock, OnceLock, Weak};

use parking_lot::{Mutex, RwLock};
use portwright::{Pid, Port, PortId, WeakNode};
use portwright_driver::MonitorId;
use portwright_driver_abi::{_erl_drv_data, ErlDrvData, ErlDrvPort};
use portwright_term::BuildIdHasher;

use crate::loaded::LoadedDriver;
use crate::lock::PortDataLock;
use crate::queue::DriverQueue;
use crate::selected::Selected;

/// What we know of an open port.
pub(crate) struct Instance {
    pub(crate) handle: Handle,
    /// The port as everybody sees it.
    pub(crate) port: Port,
    pub(crate) driver: Arc<LoadedDriver>,
    data: AtomicPtr<_erl_drv_data>,
    /// Made when it is first needed.
    rare: OnceLock<Box<Rare>>,
    /// `PORT_CONTROL_FLAG_BINARY`.
    pub(crate) controls_in_binaries: AtomicBool,
    /// `start` has not returned.
    pub(crate) starting: AtomicBool,
    /// `open_port/2` waits for `erl_drv_init_ack`.
    pub(crate) ack_pending: AtomicBool,
    /// The `stop` callback has been called, or never will be.
    pub(crate) stopped: AtomicBool,
    /// From now on every function treats the handle as that of a dead port.
    dead: AtomicBool,
    /// Percent of its time slice that the running callback has used up, if it is not far more.
    pub(crate) timeslice: AtomicU8,
}

/// What few ports have.
#[derive(Default)]
pub(crate) struct Rare {
    pub(crate) queue: Mutex<DriverQueue>,
    pub(crate) lock: Mutex<Option<Arc<PortDataLock>>>,
    /// Process monitors, oldest first.
    pub(crate) monitors: Mutex<Vec<(MonitorId, Pid)>>,
    pub(crate) selected: Mutex<Vec<Selected>>,
}

/// A slot of the table and the generation of what is in it, as one word. Never 0 and never -1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Handle(usize);

impl Handle {
    fn new(slot: usize, generation: u32) -> Self {
        Self((generation as usize & 0x7fff_ffff) << 32 | (slot + 1))
    }

    /// What a driver gave us.
    pub(crate) fn of(port: ErlDrvPort) -> Self {
        Self(port.addr())
    }

    /// What a driver gets.
    pub(crate) fn as_port(self) -> ErlDrvPort {
        ptr::without_provenance_mut(self.0)
    }

    fn slot(self) -> Option<usize> {
        (self.0 & 0xffff_ffff).checked_sub(1)
    }
}

#[derive(Default)]
struct Table {
    slots: Vec<Option<Arc<Instance>>>,
    free: Vec<usize>,
    /// That of the next port.
    generation: u32,
    /// All ports, made when one is first looked for in this way.
    by_id: Option<HashMap<PortId, Arc<Instance>, BuildIdHasher>>,
}

impl Table {
    /// The port of an identity. From now on all ports are found by theirs.
    fn index(&mut self, id: PortId) -> Option<Arc<Instance>> {
        let ports = self.slots.iter().flatten();
        let by_id = self.by_id.get_or_insert_with(|| {
            let identified = ports.map(|port| (port.id(), Arc::clone(port)));
            identified.collect()
        });
        by_id.get(&id).cloned()
    }
}

thread_local! {
    /// The port that the thread has looked for last: threads of drivers send for one port, and those who look into the
    /// table at once slow each other down.
    static RECENT: Cell<Option<Weak<Instance>>> = const { Cell::new(None) };
}

static TABLE: LazyLock<RwLock<Table>> = LazyLock::new(RwLock::default);

impl Instance {
    /// Enters a port into the table.
    pub(crate) fn add(port: Port, driver: Arc<LoadedDriver>, data: ErlDrvData) -> Arc<Instance> {
        let mut table = TABLE.write();
        let slot = table.free.pop().unwrap_or_else(|| {
            table.slots.push(None);
            table.slots.len() - 1
        });
        let instance = Arc::new(Instance {
            handle: Handle::new(slot, table.generation),
            port,
            driver,
            data: AtomicPtr::new(data),
            rare: OnceLock::new(),
            controls_in_binaries: AtomicBool::new(false),
            starting: AtomicBool::new(false),
            ack_pending: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            dead: AtomicBool::new(false),
            timeslice: AtomicU8::new(0),
        });
        table.generation = table.generation.wrapping_add(1);
        table.slots[slot] = Some(Arc::clone(&instance));
        if let Some(by_id) = &mut table.by_id {
            by_id.insert(instance.id(), Arc::clone(&instance));
        }
        instance
    }

    /// Takes the port out of the table: its handle is stale from now on. Frees what the driver has left in it.
    pub(crate) fn remove(&self) {
        self.mark_dead();
        let mut table = TABLE.write();
        if let Some(slot) = self.handle.slot()
            && let Some(entry) = table.slots.get_mut(slot)
            && entry.as_ref().is_some_and(|own| own.handle == self.handle)
        {
            let removed = entry.take();
            table.free.push(slot);
            let by_id = table.by_id.as_mut();
            let indexed = by_id.and_then(|by_id| by_id.remove(&self.id()));
            drop(table);
            drop((removed, indexed));
        }
        if let Some(rare) = self.existing() {
            rare.queue.lock().clear();
            let lock = rare.lock.lock().take();
            if let Some(lock) = lock {
                lock.release();
            }
        }
    }

    /// The identity of the port.
    pub(crate) fn id(&self) -> PortId {
        self.port.id()
    }

    /// The node of the port.
    pub(crate) fn node(&self) -> &WeakNode {
        &self.driver.node
    }

    /// What few ports have, made now if need be.
    pub(crate) fn rare(&self) -> &Rare {
        self.rare.get_or_init(Box::default)
    }

    /// As [`rare`](Self::rare), if somebody has needed it.
    pub(crate) fn existing(&self) -> Option<&Rare> {
        self.rare.get().map(|rare| &**rare)
    }

    /// The port of a handle, if it is open. For threads that are in no callback of it.
    pub(crate) fn find(handle: Handle) -> Option<Arc<Instance>> {
        let table = TABLE.read();
        let instance = table.slots.get(handle.slot()?)?.as_ref()?;
        (instance.handle == handle && !instance.is_dead()).then(|| Arc::clone(instance))
    }

    /// The port of an identity, if it is open and a compiled driver's.
    pub(crate) fn find_by_id(id: PortId) -> Option<Arc<Instance>> {
        let known = RECENT.try_with(Cell::take).ok().flatten();
        if let Some(instance) = known.as_ref().and_then(Weak::upgrade)
            && instance.id() == id
            && !instance.is_dead()
        {
            RECENT.set(known);
            return Some(instance);
        }
        let by_id = |table: &Table| Some(table.by_id.as_ref()?.get(&id).cloned());
        let found = by_id(&TABLE.read());
        let instance = found.unwrap_or_else(|| TABLE.write().index(id))?;
        // A thread that is ending may be past its thread-local values.
        let _ = RECENT.try_with(|recent| recent.set(Some(Arc::downgrade(&instance))));
        Some(instance)
    }

    /// All open ports of a driver.
    pub(crate) fn of_driver(driver: &Arc<LoadedDriver>) -> Vec<Arc<Instance>> {
        let table = TABLE.read();
        let all = table.slots.iter().flatten();
        all.filter(|instance| Arc::ptr_eq(&instance.driver, driver))
            .cloned()
            .collect()
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Acquire)
    }

    pub(crate) fn mark_dead(&self) {
        self.dead.store(true, Ordering::Release);
    }

    /// The driver's data of the port.
    pub(crate) fn data(&self) -> ErlDrvData {
        self.data.load(Ordering::Acquire)
    }

    pub(crate) fn set_data(&self, data: ErlDrvData) {
        self.data.store(data, Ordering::Release);
    }
}

/// A pointer of the driver's that only travels through us.
#[derive(Clone, Copy)]
pub(crate) struct DriverPointer(pub(crate) *mut c_void);

#[allow(unsafe_code, reason = "a pointer that is never followed")]
// SAFETY: we only hand it back to the driver's own functions, which erl_driver(3) says may run on any thread.
unsafe impl Send for DriverPointer {}
