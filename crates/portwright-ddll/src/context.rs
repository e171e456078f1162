//! Which callbacks are running on this thread, and with what port.
//!
//! A driver calls our functions with a handle and nothing else. The functions that may only be called inside a callback
//! need what the core lends to that callback, so [`enter`] puts it on a list of the thread, innermost first, and
//! [`with`] finds it by the handle.
#![allow(
    unsafe_code,
    reason = "lends a borrowed value to code further down the stack"
)]

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use parking_lot::Mutex;
use portwright::{Node, WeakNode};
use portwright_driver::{PortContext, PortOperations};
use portwright_driver_abi::ErlDrvPort;

use crate::instance::{Handle, Instance};

/// One running callback.
struct Frame<'a> {
    instance: &'a Arc<Instance>,
    port: &'a PortContext<'a>,
    outer: *const Frame<'a>,
}

thread_local! {
    static INNERMOST: Cell<*const Frame<'static>> = const { Cell::new(std::ptr::null()) };
    static NODE: RefCell<Option<WeakNode>> = const { RefCell::new(None) };
    static OUTSIDE: Cell<u32> = const { Cell::new(0) };
}

/// The node that this process has used last; for threads that nobody told theirs.
static LAST_NODE: Mutex<Option<WeakNode>> = Mutex::new(None);

/// Takes a frame off the list, also when the callback panics.
struct Leave<'a> {
    innermost: &'a Cell<*const Frame<'static>>,
    outer: *const Frame<'static>,
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.innermost.set(self.outer);
    }
}

/// Calls into a driver on behalf of a port.
pub(crate) fn enter<R>(
    instance: &Arc<Instance>,
    port: &PortContext<'_>,
    call: impl FnOnce() -> R,
) -> R {
    // Calling the driver costs one percent of a time slice (D-N17).
    instance.timeslice.store(1, Ordering::Relaxed);
    INNERMOST.with(|innermost| {
        let outer = innermost.get();
        let frame = Frame {
            instance,
            port,
            outer,
        };
        let _leave = Leave { innermost, outer };
        // The lifetime is widened for the list only; `find` narrows it again.
        innermost.set(std::ptr::from_ref(&frame).cast::<Frame<'static>>());
        call()
    })
}

/// Runs `run` with the running callback's port, innermost first, for which `wanted` is true.
fn find<R>(
    wanted: impl Fn(&Instance) -> bool,
    run: impl FnOnce(&Arc<Instance>, &dyn PortOperations) -> R,
) -> Option<R> {
    let mut frame = INNERMOST.get();
    while !frame.is_null() {
        // SAFETY: a frame is on the list only while its `enter` has not returned: `Leave` takes it off on every way
        // out, and frames leave in the reverse order. `enter` is further up this thread's stack, so what the frame
        // borrows is alive until `run` has returned.
        let current = unsafe { &*frame };
        if wanted(current.instance) {
            return Some(run(current.instance, current.port.operations()));
        }
        frame = current.outer;
    }
    None
}

/// Runs `run` with the port of a handle, from inside a callback: of that port, or of another port that the core lets us
/// use meanwhile. `None` when the handle is stale, the port has been ended, or the thread is in no callback.
pub(crate) fn with<R>(
    port: ErlDrvPort,
    run: impl FnOnce(&Arc<Instance>, &dyn PortOperations) -> R,
) -> Option<R> {
    let handle = Handle::of(port);
    let mut run = Some(run);
    let mut own = |instance: &Arc<Instance>, operations: &dyn PortOperations| {
        let run = run.take()?;
        (!instance.is_dead()).then(|| run(instance, operations))
    };
    if let Some(result) = find(|instance| instance.handle == handle, &mut own) {
        return result;
    }
    // Another port of the driver: D-N4, and drivers with one lock for all their ports.
    let other = Instance::find(handle)?;
    let mut result = None;
    find(
        |instance| Arc::ptr_eq(&instance.driver, &other.driver),
        |_, operations| {
            operations.with_port(other.id(), &mut |operations| {
                result = own(&other, operations);
            })
        },
    );
    result
}

/// Runs `run` with the innermost running callback's port.
pub(crate) fn with_innermost<R>(run: impl FnOnce(&Arc<Instance>) -> R) -> Option<R> {
    find(|_| true, |instance, _| run(instance))
}

/// The port of a handle, on any thread: for what needs no callback.
pub(crate) fn lookup<R>(port: ErlDrvPort, run: impl FnOnce(&Arc<Instance>) -> R) -> Option<R> {
    let handle = Handle::of(port);
    let mut run = Some(run);
    let mut own = |instance: &Arc<Instance>| {
        let run = run.take()?;
        (!instance.is_dead()).then(|| run(instance))
    };
    match find(
        |instance| instance.handle == handle,
        |instance, _| own(instance),
    ) {
        Some(result) => result,
        None => own(&Instance::find(handle)?),
    }
}

/// Runs code of a driver that is no callback of a port, such as `driver_init`, with a node to belong to.
pub(crate) fn on_behalf_of<R>(node: &WeakNode, call: impl FnOnce() -> R) -> R {
    struct Restore(Option<WeakNode>);
    impl Drop for Restore {
        fn drop(&mut self) {
            NODE.replace(self.0.take());
        }
    }
    *LAST_NODE.lock() = Some(node.clone());
    let _restore = Restore(NODE.replace(Some(node.clone())));
    call()
}

/// Makes a thread that a driver has started belong to a node.
pub(crate) fn adopt_thread(node: Option<WeakNode>) {
    NODE.replace(node);
    OUTSIDE.set(1);
}

/// Runs a driver's job, which is no callback.
pub(crate) fn as_job<R>(node: &WeakNode, call: impl FnOnce() -> R) -> R {
    struct Restore;
    impl Drop for Restore {
        fn drop(&mut self) {
            OUTSIDE.set(OUTSIDE.get() - 1);
        }
    }
    OUTSIDE.set(OUTSIDE.get() + 1);
    let _restore = Restore;
    on_behalf_of(node, call)
}

/// Whether this is what OTP calls a scheduler thread: not a thread of the driver's own, and in no job (D-N3).
pub(crate) fn on_scheduler() -> bool {
    OUTSIDE.get() == 0
}

/// The node that the calling driver code belongs to, not kept going.
pub(crate) fn weak_node() -> Option<WeakNode> {
    with_innermost(|instance| instance.node().clone())
        .or_else(|| NODE.with_borrow(Clone::clone))
        .or_else(|| LAST_NODE.lock().clone())
}

/// The node that the calling driver code belongs to.
pub(crate) fn node() -> Option<Node> {
    weak_node()?.upgrade()
}
