//! Jobs of drivers on other threads: `driver_async`.
#![allow(unsafe_code, reason = "calls functions that drivers pass")]

use std::ffi::c_void;
use std::sync::Arc;

use portwright::WeakNode;

use crate::context;
use crate::instance::DriverPointer;
use crate::loaded::Use;
use crate::lock::PortDataLock;

pub(crate) type JobFunction = unsafe extern "C" fn(*mut c_void);

/// What keeps alive what a job uses: its driver and the port's data lock.
pub(crate) struct JobHold {
    pub(crate) _in_use: Use,
    pub(crate) lock: Option<Arc<PortDataLock>>,
}

impl Drop for JobHold {
    fn drop(&mut self) {
        if let Some(lock) = &self.lock {
            lock.release();
        }
    }
}

/// The driver's data of a job that has run or will run. Freed by the driver's function when it is dropped before
/// `ready_async` has taken it.
pub(crate) struct Payload {
    data: DriverPointer,
    free: Option<JobFunction>,
    node: WeakNode,
    hold: Option<JobHold>,
}

impl Payload {
    pub(crate) fn new(
        data: *mut c_void,
        free: Option<JobFunction>,
        node: WeakNode,
        hold: JobHold,
    ) -> Self {
        Self {
            data: DriverPointer(data),
            free,
            node,
            hold: Some(hold),
        }
    }

    /// Runs the job.
    pub(crate) fn run(&self, invoke: Option<JobFunction>) {
        let Some(invoke) = invoke else { return };
        context::as_job(&self.node, || {
            // SAFETY: the function and its argument came together in `driver_async`, and erl_driver(3) says that it is
            // called once, on another thread. The library stays open: `hold`.
            unsafe { invoke(self.data.0) }
        });
    }

    /// The data, for `ready_async`: it is the driver's again. What is returned beside it keeps the driver loaded.
    pub(crate) fn take(mut self) -> (DriverPointer, Option<JobHold>) {
        self.free = None;
        (self.data, self.hold.take())
    }
}

impl Drop for Payload {
    fn drop(&mut self) {
        if let Some(free) = self.free.take() {
            context::on_behalf_of(&self.node, || {
                // SAFETY: `ready_async` was not called and will not be, so the data goes to the driver's function for
                // that, once. The library stays open: `hold` is dropped after this.
                unsafe { free(self.data.0) }
            });
        }
    }
}
