//! Work on other threads. Both are *callback only*.

use core::ffi::{c_long, c_uint, c_void};

use crate::ErlDrvPort;

/// A number that differs between ports, for use as a `key` of [`driver_async`]; 0 on a dead port.
pub type driver_async_port_key = unsafe extern "C" fn(port: ErlDrvPort) -> c_uint;

/// Runs `async_invoke(async_data)` on an async thread; then `ready_async` gets the data.
///
/// Jobs with the same `*key` run one after the other; null spreads jobs over all threads. If there is no port or no
/// `ready_async` by then, `async_free` gets the data instead, when it is not null. The host may change `*key`.
///
/// Returns the number of the job, above 0; or -1 on a dead port.
pub type driver_async = unsafe extern "C" fn(
    ix: ErlDrvPort,
    key: *mut c_uint,
    async_invoke: Option<unsafe extern "C" fn(*mut c_void)>,
    async_data: *mut c_void,
    async_free: Option<unsafe extern "C" fn(*mut c_void)>,
) -> c_long;
