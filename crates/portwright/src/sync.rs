//! The primitives of the two pieces that are model-checked, `port/handoff.rs` and
//! `process/mailbox.rs`: the real ones, or those of loom
//! (`RUSTFLAGS="--cfg portwright_loom" cargo test -p portwright --lib --release loom`).

#[cfg(not(portwright_loom))]
pub(crate) use parking_lot::Mutex;
#[cfg(not(portwright_loom))]
pub(crate) use std::sync::atomic::AtomicUsize;

#[cfg(portwright_loom)]
pub(crate) use loom::sync::atomic::AtomicUsize;

/// loom's mutex with the interface of the real one.
#[cfg(portwright_loom)]
pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

#[cfg(portwright_loom)]
impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(loom::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> loom::sync::MutexGuard<'_, T> {
        self.0
            .lock()
            .expect("no model panics while it holds a lock")
    }
}
