//! Children that outlive their port.
//!
//! A program may go on after its port has closed, and somebody must reap it when
//! it ends. One thread does that for the whole operating system process; it
//! exists only while there are such children. Nobody else's children are
//! touched: only pidfds of our own are waited for.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::OnceLock;
use std::thread;

use parking_lot::Mutex;
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};

use super::child::ended;

struct Orphans {
    /// Handed over and not yet looked at by the thread.
    new: Vec<OwnedFd>,
    running: bool,
}

static ORPHANS: Mutex<Orphans> = Mutex::new(Orphans {
    new: Vec::new(),
    running: false,
});

/// Interrupts the thread's wait.
static WAKE: OnceLock<OwnedFd> = OnceLock::new();

/// Sees to it that the child is reaped when it ends.
pub(super) fn adopt(pidfd: OwnedFd) {
    if ended(pidfd.as_fd(), false).is_some() {
        return;
    }
    if WAKE.get().is_none()
        && let Ok(wake) = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
    {
        // Another thread may have been faster: one eventfd is as good as another.
        let _ = WAKE.set(wake);
    }
    let mut orphans = ORPHANS.lock();
    orphans.new.push(pidfd);
    if orphans.running {
        if let Some(wake) = WAKE.get() {
            let _ = rustix::io::write(wake, &1u64.to_ne_bytes());
        }
        return;
    }
    // Without a thread the child is reaped when the next one is handed over.
    orphans.running = thread::Builder::new()
        .name("portwright-reap".into())
        .spawn(reap)
        .is_ok();
}

fn reap() {
    let mut watched: Vec<OwnedFd> = Vec::new();
    loop {
        {
            let mut orphans = ORPHANS.lock();
            watched.append(&mut orphans.new);
            watched.retain(|pidfd| ended(pidfd.as_fd(), false).is_none());
            if watched.is_empty() {
                orphans.running = false;
                return;
            }
        }
        let mut waits: Vec<PollFd<'_>> = watched
            .iter()
            .map(|pidfd| PollFd::new(pidfd, PollFlags::IN))
            .collect();
        if let Some(wake) = WAKE.get() {
            waits.push(PollFd::new(wake, PollFlags::IN));
        }
        // Interrupted or not, the list is looked through again.
        let _ = poll(&mut waits, None);
        if let Some(wake) = WAKE.get() {
            let _ = rustix::io::read(wake, &mut [0; 8]);
        }
    }
}
