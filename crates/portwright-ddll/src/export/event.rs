//! Events, the timer and time slices; callback. 0, or -1 on a dead port.
#![allow(unsafe_code, reason = "functions for C")]

use std::ffi::{c_int, c_ulong};
use std::sync::atomic::Ordering;
use std::time::Duration;

use portwright_driver_abi::{ErlDrvEvent, ErlDrvPort};

use crate::{context, selected};

pub(super) unsafe extern "C" fn driver_select(
    port: ErlDrvPort,
    event: ErlDrvEvent,
    mode: c_int,
    on: c_int,
) -> c_int {
    context::with(port, |instance, operations| {
        selected::select(instance, operations, event, mode, on != 0)
    })
    .unwrap_or(-1)
}

pub(super) unsafe extern "C" fn driver_set_timer(port: ErlDrvPort, time: c_ulong) -> c_int {
    /// From here on OTP's clock overflows and the timer fires at once (D-J8).
    const TOO_LONG: c_ulong = i64::MAX as c_ulong / 1_000_000;
    let time = if time >= TOO_LONG { 0 } else { time };
    let set = context::with(port, |_, operations| {
        operations.set_timer(Duration::from_millis(time))
    });
    if set == Some(true) { 0 } else { -1 }
}

pub(super) unsafe extern "C" fn driver_cancel_timer(port: ErlDrvPort) -> c_int {
    let cancelled = context::with(port, |_, operations| operations.cancel_timer());
    if cancelled == Some(true) { 0 } else { -1 }
}

pub(super) unsafe extern "C" fn driver_read_timer(
    port: ErlDrvPort,
    time_left: *mut c_ulong,
) -> c_int {
    match context::with(port, |_, operations| operations.read_timer()).flatten() {
        Some(left) => {
            // A timer of 50 ms has 50 ms left right after it was set (D-J2).
            let millis = left.as_nanos().div_ceil(1_000_000);
            // SAFETY: the driver says where the time goes.
            unsafe { time_left.write(millis as c_ulong) };
            0
        }
        None => -1,
    }
}

pub(super) unsafe extern "C" fn erl_drv_consume_timeslice(
    port: ErlDrvPort,
    percent: c_int,
) -> c_int {
    context::with(port, |instance, _| {
        let percent = percent.clamp(1, 100) as u8;
        // Nobody else writes while the callback runs.
        let used = instance.timeslice.load(Ordering::Relaxed);
        let used = used.saturating_add(percent);
        instance.timeslice.store(used, Ordering::Relaxed);
        c_int::from(used >= 100)
    })
    .unwrap_or(-1)
}
