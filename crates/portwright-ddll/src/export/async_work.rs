//! Jobs on other threads; callback.
#![allow(unsafe_code, reason = "functions for C")]

use std::ffi::{c_long, c_uint, c_void};

use portwright_driver::JobResult;
use portwright_driver_abi::ErlDrvPort;

use crate::async_job::{JobFunction, JobHold, Payload};
use crate::context;

pub(super) unsafe extern "C" fn driver_async_port_key(port: ErlDrvPort) -> c_uint {
    context::with(port, |instance, _| instance.id().id() as c_uint).unwrap_or(0)
}

pub(super) unsafe extern "C" fn driver_async(
    port: ErlDrvPort,
    key: *mut c_uint,
    async_invoke: Option<JobFunction>,
    async_data: *mut c_void,
    async_free: Option<JobFunction>,
) -> c_long {
    context::with(port, |instance, operations| {
        let in_use = instance.driver.begin_use(false)?;
        let threads = instance
            .node()
            .upgrade()
            .map_or(1, |node| node.async_threads());
        let lock = instance.rare().lock.lock().clone();
        if let Some(lock) = &lock {
            lock.add_reference();
        }
        // The driver learns on which thread its jobs run (D-K1, D-K2).
        let key = (!key.is_null()).then(|| {
            // SAFETY: the driver says where its key is.
            unsafe {
                *key %= threads.max(1) as c_uint;
                *key
            }
        });
        let hold = JobHold {
            _in_use: in_use,
            lock,
        };
        let payload = Payload::new(async_data, async_free, instance.node().clone(), hold);
        let job = move || {
            payload.run(async_invoke);
            Box::new(payload) as JobResult
        };
        operations.async_job(key, Box::new(job))
    })
    .flatten()
    .map_or(-1, |number| number as c_long)
}
