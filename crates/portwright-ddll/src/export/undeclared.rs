//! What OTP exports beside its header.
#![allow(unsafe_code, reason = "functions for C")]

use std::ffi::{c_char, c_int, c_uint};

use portwright::IoVec;
use portwright_driver_abi::{ErlDrvPort, ErlDrvTermData};

use super::queue::slice;
use crate::{context, words};

pub(super) unsafe extern "C" fn driver_report_exit(ix: ErlDrvPort, status: c_int) {
    context::with(ix, |_, operations| operations.exit_status(status));
}

/// `port_control/3` whose answer nobody gets. OTP takes the buffer over, which must come from an allocator that drivers
/// cannot reach; here it is only read.
pub(super) unsafe extern "C" fn erl_drv_port_control(
    port: ErlDrvTermData,
    cmd: c_uint,
    buff: *mut c_char,
    size: usize,
) -> c_int {
    let Some((id, node)) = words::to_port(port).zip(context::node()) else {
        return -1;
    };
    let Some(port) = node.port(id) else { return -1 };
    // SAFETY: the driver says that the buffer has `size` bytes.
    let data = IoVec::from(unsafe { slice(buff, size) });
    port.send_control(cmd, data);
    0
}

/// Part of the emulator's start, long done.
pub(super) unsafe extern "C" fn erl_drv_thr_init() {}
