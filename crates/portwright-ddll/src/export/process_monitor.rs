//! Monitors on processes; callback, save the comparison.
#![allow(unsafe_code, reason = "functions for C")]

use std::ffi::c_int;

use portwright_driver_abi::{ErlDrvMonitor, ErlDrvPort, ErlDrvTermData};

use crate::monitor::{self, USED};
use crate::{context, words};

pub(super) unsafe extern "C" fn driver_monitor_process(
    port: ErlDrvPort,
    process: ErlDrvTermData,
    monitor: *mut ErlDrvMonitor,
) -> c_int {
    context::with(port, |instance, operations| {
        if instance.driver.entry.process_exit.is_none() {
            return -1;
        }
        let Some(pid) = words::to_pid(process) else {
            return 1;
        };
        let Some(id) = operations.monitor_process(pid) else {
            return 1;
        };
        instance.rare().monitors.lock().push((id, pid));
        let bytes = monitor::bytes(instance.id(), id);
        // SAFETY: the driver says where its monitor is; only the first 24 bytes are written, as on OTP (D-L1).
        unsafe {
            monitor
                .cast::<u8>()
                .copy_from_nonoverlapping(bytes.as_ptr(), USED)
        };
        0
    })
    .unwrap_or(-1)
}

pub(super) unsafe extern "C" fn driver_demonitor_process(
    port: ErlDrvPort,
    monitor: *const ErlDrvMonitor,
) -> c_int {
    context::with(port, |instance, operations| {
        // SAFETY: the driver says that it is a monitor.
        let id = monitor::read(instance.id(), unsafe { &*monitor });
        let mut monitors = instance.rare().monitors.lock();
        let index = id.and_then(|id| monitors.iter().position(|(known, _)| *known == id));
        let Some(index) = index else { return 1 };
        let (id, _) = monitors.remove(index);
        drop(monitors);
        operations.demonitor_process(id);
        0
    })
    .unwrap_or(-1)
}

pub(super) unsafe extern "C" fn driver_get_monitored_process(
    port: ErlDrvPort,
    monitor: *const ErlDrvMonitor,
) -> ErlDrvTermData {
    context::with(port, |instance, _| {
        // SAFETY: the driver says that it is a monitor.
        let id = monitor::read(instance.id(), unsafe { &*monitor })?;
        let monitors = instance.rare().monitors.lock();
        let (_, pid) = monitors.iter().find(|(known, _)| *known == id)?;
        Some(words::from_pid(*pid))
    })
    .flatten()
    .unwrap_or(words::NIL)
}

pub(super) unsafe extern "C" fn driver_compare_monitors(
    monitor1: *const ErlDrvMonitor,
    monitor2: *const ErlDrvMonitor,
) -> c_int {
    // SAFETY: the driver says that both are monitors.
    let (first, second) = unsafe { (&*monitor1, &*monitor2) };
    first.data[..USED].cmp(&second.data[..USED]) as c_int
}
