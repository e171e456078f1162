//! Attributes of a port: busy, queue limits, flags, acknowledgement, process id; callback.
#![allow(unsafe_code, reason = "functions for C")]

use std::ffi::c_int;
use std::sync::atomic::Ordering;

use portwright_driver::{BusyLimits, StartError};
use portwright_driver_abi::{
    ERL_DRV_BUSY_MSGQ_DISABLED, ERL_DRV_ERROR_BADARG, ERL_DRV_ERROR_ERRNO, ERL_DRV_ERROR_GENERAL,
    ErlDrvData, ErlDrvPort, PORT_CONTROL_FLAG_BINARY, PORT_FLAG_BINARY, PORT_FLAG_LINE,
};

use crate::context;
use crate::driver::call_stop;

pub(super) unsafe extern "C" fn set_busy_port(port: ErlDrvPort, on: c_int) {
    context::with(port, |_, operations| operations.set_busy(on != 0));
}

pub(super) unsafe extern "C" fn erl_drv_busy_msgq_limits(
    port: ErlDrvPort,
    low: *mut usize,
    high: *mut usize,
) {
    let wanted = |limit: *mut usize| {
        // SAFETY: the driver says where its limits are; either pointer may be null.
        unsafe { limit.as_ref() }.copied().unwrap_or(0)
    };
    let (wanted_low, wanted_high) = (wanted(low), wanted(high));
    let limits = context::with(port, |_, operations| {
        if wanted_low == ERL_DRV_BUSY_MSGQ_DISABLED || wanted_high == ERL_DRV_BUSY_MSGQ_DISABLED {
            operations.disable_message_queue_limits();
            // This call leaves the driver's values as they are (D-I14).
            return None;
        }
        let given = |limit: usize| (limit != 0).then_some(limit as u64);
        Some(operations.message_queue_limits(given(wanted_low), given(wanted_high)))
    });
    let (new_low, new_high) = match limits {
        Some(None) => return,
        Some(Some(BusyLimits::Limits { low, high })) => (low as usize, high as usize),
        Some(Some(BusyLimits::Disabled)) | None => {
            (ERL_DRV_BUSY_MSGQ_DISABLED, ERL_DRV_BUSY_MSGQ_DISABLED)
        }
    };
    // SAFETY: as above.
    unsafe {
        if !low.is_null() {
            low.write(new_low);
        }
        if !high.is_null() {
            high.write(new_high);
        }
    }
}

pub(super) unsafe extern "C" fn set_port_control_flags(port: ErlDrvPort, flags: c_int) {
    context::with(port, |instance, _| {
        let in_binaries = flags & PORT_CONTROL_FLAG_BINARY != 0;
        let own = &instance.controls_in_binaries;
        own.store(in_binaries, Ordering::Release);
    });
}

pub(super) unsafe extern "C" fn get_port_flags(port: ErlDrvPort) -> c_int {
    context::with(port, |_, operations| {
        let binary = if operations.is_binary() {
            PORT_FLAG_BINARY
        } else {
            0
        };
        let line = if operations.is_line() {
            PORT_FLAG_LINE
        } else {
            0
        };
        binary | line
    })
    .unwrap_or(0)
}

pub(super) unsafe extern "C" fn erl_drv_init_ack(port: ErlDrvPort, res: ErlDrvData) {
    let errno = std::io::Error::last_os_error().raw_os_error().unwrap_or(0);
    context::with(port, |instance, operations| {
        // Without the flag, inside `start` and the second time nothing happens (D-B17d, D-B17i).
        if !instance.ack_pending.swap(false, Ordering::AcqRel) {
            return;
        }
        let result = match res {
            ERL_DRV_ERROR_GENERAL => Err(StartError::General),
            ERL_DRV_ERROR_ERRNO => Err(StartError::Errno(errno)),
            ERL_DRV_ERROR_BADARG => Err(StartError::BadArgument),
            data => {
                instance.set_data(data);
                Ok(())
            }
        };
        let refused = result.is_err();
        operations.init_ack(result);
        if refused {
            // `stop` comes before this returns (D-B17b); the core sees to the rest.
            call_stop(instance, operations);
            instance.mark_dead();
        }
    });
}

pub(super) unsafe extern "C" fn erl_drv_set_os_pid(port: ErlDrvPort, pid: isize) {
    context::with(port, |_, operations| {
        operations.set_os_pid(u32::try_from(pid).ok())
    });
}
