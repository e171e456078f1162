//! More ports, and more drivers.
#![allow(unsafe_code, reason = "functions for C")]

use std::ffi::{CStr, c_char, c_int};
use std::sync::Arc;

use portwright_driver_abi::{
    ERL_DRV_EXTENDED_MARKER, ErlDrvData, ErlDrvEntry, ErlDrvPort, ErlDrvTermData, INVALID_PORT,
};

use crate::driver::CompiledDriver;
use crate::instance::Instance;
use crate::loaded::{Entry, LoadedDriver};
use crate::table::Table;
use crate::{context, words};

/// Callback.
pub(super) unsafe extern "C" fn driver_create_port(
    creator_port: ErlDrvPort,
    connected: ErlDrvTermData,
    name: *mut c_char,
    drv_data: ErlDrvData,
) -> ErlDrvPort {
    let Some(owner) = words::to_pid(connected) else {
        return INVALID_PORT;
    };
    // SAFETY: the driver says that the name is NUL terminated.
    let name = unsafe { CStr::from_ptr(name) };
    context::with(creator_port, |creator, operations| {
        let mut handle = None;
        operations.create_port(owner, name.to_bytes(), &mut |id| {
            let in_use = creator.driver.begin_use(true)?;
            let port = creator.node().upgrade()?.port(id)?;
            let instance = Instance::add(port, Arc::clone(&creator.driver), drv_data);
            handle = Some(instance.handle.as_port());
            Some(Box::new(CompiledDriver::unstarted(instance, in_use)))
        })?;
        handle
    })
    .flatten()
    .unwrap_or(INVALID_PORT)
}

/// Anywhere.
pub(super) unsafe extern "C" fn add_driver_entry(de: *mut ErlDrvEntry) {
    let Some(node) = context::node().filter(|_| !de.is_null()) else {
        return;
    };
    // SAFETY: the driver says that the entry is one, of this version of the interface, and that it stays until it is
    // removed.
    let (entry, name) = unsafe { (*de, CStr::from_ptr((*de).driver_name)) };
    let flags = if entry.extended_marker == ERL_DRV_EXTENDED_MARKER {
        entry.driver_flags
    } else {
        0
    };
    let entry = Entry::new(ErlDrvEntry {
        driver_flags: flags,
        ..entry
    });
    let name = name.to_string_lossy().into_owned();
    let driver = LoadedDriver::new(name, entry, node.downgrade(), None, None);
    Table::of(&node).add_entry(de, driver);
}

/// Anywhere: 1 removed, 0 unknown, -1 a driver that was loaded.
pub(super) unsafe extern "C" fn remove_driver_entry(de: *mut ErlDrvEntry) -> c_int {
    context::node().map_or(0, |node| Table::of(&node).remove_entry(de))
}

/// Callback: 0, or -1 for a driver that was not loaded.
pub(super) unsafe extern "C" fn driver_lock_driver(ix: ErlDrvPort) -> c_int {
    let locked = context::with(ix, |instance, _| {
        let node = instance.node().upgrade()?;
        Table::of(&node).lock_driver(&instance.driver).then_some(0)
    });
    locked.flatten().unwrap_or(-1)
}
