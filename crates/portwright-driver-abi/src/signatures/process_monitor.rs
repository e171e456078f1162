//! Monitors on processes. All are *callback only*, save [`driver_compare_monitors`].

use core::ffi::c_int;

use crate::{ErlDrvMonitor, ErlDrvPort, ErlDrvTermData};

/// Has `process_exit` called when the process ends, and fills `*monitor`.
///
/// 0; above 0 when there is no such process; below 0 on a dead port or without a `process_exit` callback.
pub type driver_monitor_process = unsafe extern "C" fn(
    port: ErlDrvPort,
    process: ErlDrvTermData,
    monitor: *mut ErlDrvMonitor,
) -> c_int;

/// Removes a monitor. 0; above 0 when there is none; below 0 on a dead port.
pub type driver_demonitor_process =
    unsafe extern "C" fn(port: ErlDrvPort, monitor: *const ErlDrvMonitor) -> c_int;

/// The pid that is monitored; [`driver_term_nil`](super::driver_term_nil) when there is no such monitor.
pub type driver_get_monitored_process =
    unsafe extern "C" fn(port: ErlDrvPort, monitor: *const ErlDrvMonitor) -> ErlDrvTermData;

/// Orders monitors, as `memcmp` does: 0 means the same monitor. On any thread.
pub type driver_compare_monitors =
    unsafe extern "C" fn(monitor1: *const ErlDrvMonitor, monitor2: *const ErlDrvMonitor) -> c_int;
