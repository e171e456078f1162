//! Children that outlive their port.
//!
//! A program may go on after its port has closed, and somebody must reap it when
//! it ends. One thread does that for the whole operating system process; it
//! exists only while there are such children. Nobody else's children are
//! touched: only pidfds of our own are waited for.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

use super::child::ended;

/// How often a thread that cannot be interrupted looks for new orphans.
const UNINTERRUPTED: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};

struct Orphans {
    /// Handed over and not yet looked at by the thread.
    new: Vec<OwnedFd>,
    thread: Reaper,
}

enum Reaper {
    Absent,
    /// With what interrupts its wait, unless there was no descriptor left for that.
    Running(Option<Arc<OwnedFd>>),
}

static ORPHANS: Mutex<Orphans> = Mutex::new(Orphans {
    new: Vec::new(),
    thread: Reaper::Absent,
});

/// Sees to it that the child is reaped when it ends.
pub(super) fn adopt(pidfd: OwnedFd) {
    if ended(pidfd.as_fd(), false).is_some() {
        return;
    }
    let mut orphans = ORPHANS.lock();
    orphans.new.push(pidfd);
    if let Reaper::Running(wake) = &orphans.thread {
        if let Some(wake) = wake {
            let _ = rustix::io::write(wake, &1u64.to_ne_bytes());
        }
        return;
    }
    let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK);
    let wake = wake.ok().map(Arc::new);
    let own = wake.clone();
    let started = thread::Builder::new()
        .name("portwright-reap".into())
        .spawn(move || reap(own.as_deref()));
    // Without a thread the child is reaped when the next one is handed over.
    if started.is_ok() {
        orphans.thread = Reaper::Running(wake);
    }
}

fn reap(wake: Option<&OwnedFd>) {
    let mut watched: Vec<OwnedFd> = Vec::new();
    loop {
        {
            let mut orphans = ORPHANS.lock();
            watched.append(&mut orphans.new);
            watched.retain(|pidfd| ended(pidfd.as_fd(), false).is_none());
            if watched.is_empty() {
                orphans.thread = Reaper::Absent;
                return;
            }
        }
        let mut waits: Vec<PollFd<'_>> = watched
            .iter()
            .chain(wake)
            .map(|fd| PollFd::new(fd, PollFlags::IN))
            .collect();
        let timeout = wake.is_none().then_some(&UNINTERRUPTED);
        // Interrupted or not, the list is looked through again.
        let _ = poll(&mut waits, timeout);
        if let Some(wake) = wake {
            let _ = rustix::io::read(wake, &mut [0; 8]);
        }
    }
}
