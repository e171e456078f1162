//! What we remember of a descriptor that a driver has selected.
//!
//! The core watches descriptors; what it does not know is `ERL_DRV_USE`: that the driver wants to be told, by its
//! `stop_select`, when it may close one.
#![allow(unsafe_code, reason = "calls stop_select")]

use std::ffi::c_int;
use std::os::fd::RawFd;
use std::ptr;
use std::sync::Arc;

use portwright_driver::{Interest, PortOperations, Select};
use portwright_driver_abi::{
    ERL_DRV_READ, ERL_DRV_USE, ERL_DRV_USE_NO_CALLBACK, ERL_DRV_WRITE, ErlDrvEvent,
};

use crate::context;
use crate::instance::Instance;
use crate::loaded::LoadedDriver;

/// A descriptor in use.
#[derive(Clone, Copy)]
pub(crate) struct Selected {
    fd: RawFd,
    interest: Interest,
    /// `ERL_DRV_USE` is on.
    in_use: bool,
}

/// The event of a descriptor.
pub(crate) fn event(fd: RawFd) -> ErlDrvEvent {
    ptr::without_provenance_mut(fd as usize)
}

fn descriptor(event: ErlDrvEvent) -> Option<RawFd> {
    let fd = RawFd::try_from(event.addr() as isize).ok()?;
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the pointer is to a local value of the right type.
    let known = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } == 0;
    (fd >= 0 && (!known || (fd as u64) < limit.rlim_cur)).then_some(fd)
}

/// `driver_select`: 0, or -1 for an event that can be no descriptor (D-M16).
pub(crate) fn select(
    instance: &Arc<Instance>,
    operations: &dyn PortOperations,
    event: ErlDrvEvent,
    mode: c_int,
    on: bool,
) -> c_int {
    let Some(fd) = descriptor(event) else {
        return -1;
    };
    let mut interest = Interest::NONE;
    if mode & ERL_DRV_READ != 0 {
        interest = interest | Interest::READ;
    }
    if mode & ERL_DRV_WRITE != 0 {
        interest = interest | Interest::WRITE;
    }
    let uses = mode & ERL_DRV_USE != 0;
    if on {
        remember(instance, fd, interest, uses);
        if !interest.is_none() {
            // A descriptor that is closed gives 0 too, and no events (D-M16).
            operations.select(fd, interest, Select::On);
        }
        return 0;
    }
    let releases = uses && mode & ERL_DRV_USE_NO_CALLBACK != ERL_DRV_USE_NO_CALLBACK;
    if releases {
        // D-M4; without the callback the interests stay (D-M7).
        interest = Interest::READ | Interest::WRITE;
    }
    if !interest.is_none() {
        operations.select(fd, interest, Select::Off);
    }
    forget(instance, fd, interest, uses);
    if releases {
        stop_select(&instance.driver, event, fd);
    }
    0
}

fn remember(instance: &Instance, fd: RawFd, interest: Interest, uses: bool) {
    let mut selected = instance.rare().selected.lock();
    match selected.iter_mut().find(|known| known.fd == fd) {
        Some(known) => {
            known.interest = known.interest | interest;
            known.in_use |= uses;
        }
        None if uses || !interest.is_none() => selected.push(Selected {
            fd,
            interest,
            in_use: uses,
        }),
        None => {}
    }
}

fn forget(instance: &Instance, fd: RawFd, interest: Interest, uses: bool) {
    let mut selected = instance.rare().selected.lock();
    if let Some(index) = selected.iter().position(|known| known.fd == fd) {
        let known = &mut selected[index];
        known.interest = known.interest.without(interest);
        known.in_use &= !uses;
        if known.interest.is_none() && !known.in_use {
            selected.swap_remove(index);
        }
    }
}

/// After `stop`: what the driver has not deselected is no longer its own.
pub(crate) fn abandon(instance: &Instance, operations: &dyn PortOperations) {
    let Some(rare) = instance.existing() else {
        return;
    };
    let left = std::mem::take(&mut *rare.selected.lock());
    for known in left.iter().filter(|known| !known.interest.is_none()) {
        operations.abandon(known.fd);
    }
}

/// Tells the driver that it may close a descriptor: at once, or on another thread for what epoll cannot watch (D-M4,
/// D-M10, D-M11).
fn stop_select(driver: &Arc<LoadedDriver>, event: ErlDrvEvent, fd: RawFd) {
    let Some(stop_select) = driver.entry.stop_select else {
        tracing::error!(
            driver = driver.name,
            fd,
            "the driver does not implement the stop_select() callback!"
        );
        return;
    };
    if !is_regular_file(fd) {
        // SAFETY: the driver is running a callback, so its library is open; the event is its own.
        unsafe { stop_select(event, ptr::null_mut()) };
        return;
    }
    let Some(in_use) = driver.begin_use(false) else {
        return;
    };
    let later = move || {
        let driver = Arc::clone(in_use.driver());
        context::on_behalf_of(&driver.node, || {
            // SAFETY: `in_use` keeps the library open; the event is the driver's own.
            unsafe { stop_select(self::event(fd), ptr::null_mut()) };
        });
        drop(in_use);
    };
    let started = std::thread::Builder::new()
        .name("1_aux".into())
        .spawn(later);
    if started.is_err() {
        tracing::error!(
            driver = driver.name,
            fd,
            "no thread to call stop_select() on; it is not called"
        );
    }
}

fn is_regular_file(fd: RawFd) -> bool {
    // SAFETY: a zeroed `stat` is a valid value of that plain struct, and `fstat` writes into it.
    unsafe {
        let mut stat: libc::stat = std::mem::zeroed();
        libc::fstat(fd, &raw mut stat) == 0
            && matches!(stat.st_mode & libc::S_IFMT, libc::S_IFREG | libc::S_IFDIR)
    }
}
