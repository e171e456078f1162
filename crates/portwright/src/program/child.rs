//! The birth and the end of a child.
//!
//! A child is made with `clone(CLONE_VM | CLONE_VFORK | CLONE_PIDFD)`: it borrows
//! our memory until it executes its program, so that its birth costs the same
//! whatever our size; it hands us a pidfd, so that its number can never be mistaken
//! for another's; and it can tell us directly why its program could not be
//! executed.

#![allow(
    unsafe_code,
    reason = "clone, and what a child may do before it executes its program"
)]

use std::ffi::{c_int, c_void};
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use parking_lot::RwLock;
use rustix::io::Errno;
use rustix::process::{Signal, WaitId, WaitIdOptions};

use super::plan::Plan;

#[cfg(not(portwright_thread_sanitizer))]
use libc::clone;

// The thread sanitizer replaces `clone` by a version that takes every child for a
// fork, with memory of its own. This is glibc's other name for the same function.
#[cfg(portwright_thread_sanitizer)]
unsafe extern "C" {
    #[link_name = "__clone"]
    fn clone(
        run: extern "C" fn(*mut c_void) -> c_int,
        stack: *mut c_void,
        flags: c_int,
        argument: *mut c_void,
        ...
    ) -> c_int;
}

/// Enough for a handful of system calls; `execve` itself uses the kernel's.
const STACK_BYTES: usize = 32 * 1024;

/// A child that has been started.
pub(super) struct Child {
    pidfd: OwnedFd,
    os_pid: u32,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// With a code, 0 to 255.
    Exited(i32),
    /// By a signal.
    Signalled(i32),
}

impl Ended {
    /// What `exit_status` says: the code, or 128 plus the signal's number (P-304).
    pub(crate) fn status(self) -> i32 {
        match self {
            Self::Exited(code) => code,
            Self::Signalled(signal) => 128 + signal,
        }
    }
}

/// What the child function reads, and the one word that it writes.
struct Shared<'a> {
    plan: &'a Plan,
    /// Why the program could not be executed; 0 when it was.
    error: c_int,
}

/// Shared by those who start a program.
static STARTING: RwLock<()> = RwLock::new(());

/// Starts a program. The second value tells why it could not be executed; there
/// is a child all the same then, which ends with that number as its code.
///
/// A child has our descriptors until it closes them, just before it executes its program.
/// Should somebody write a program meanwhile, close it and start it, it counts as still being
/// written: such a start is tried again when no other child of ours is on its way.
pub(super) fn start(plan: &Plan) -> Result<(Child, Option<Errno>), Errno> {
    let among_others = STARTING.read();
    let (child, error) = clone_child(plan)?;
    drop(among_others);
    if error != Some(Errno::TXTBSY) {
        return Ok((child, error));
    }
    super::orphans::adopt(child.into_pidfd());
    let _alone = STARTING.write();
    clone_child(plan)
}

/// One attempt to start a program.
fn clone_child(plan: &Plan) -> Result<(Child, Option<Errno>), Errno> {
    let mut stack: Vec<u128> = Vec::with_capacity(STACK_BYTES / size_of::<u128>());
    let mut shared = Shared { plan, error: 0 };
    let mut pidfd: RawFd = -1;
    // SAFETY: a sigset_t is plain data; sigfillset and pthread_sigmask only write
    // the sets that they are given.
    let old_mask = unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        let mut old: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut old);
        old
    };
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
    // SAFETY: the child runs `run_child` on a stack of its own, whose top (aligned
    // to 16 bytes, as u128 is) is given; `stack` has STACK_BYTES of capacity and
    // lives to the end of this function. With CLONE_VFORK this thread stands still
    // until the child has left our memory by execve or _exit, so `shared`, `plan` and
    // `stack` outlive the child's use of them, and `shared` is used by one of the two
    // at a time. All signals are blocked, so no handler of ours runs in the child.
    // `pidfd` is where CLONE_PIDFD stores the descriptor.
    let number = unsafe {
        clone(
            run_child,
            stack.as_mut_ptr().byte_add(STACK_BYTES).cast(),
            flags,
            ptr::from_mut(&mut shared).cast::<c_void>(),
            &mut pidfd as *mut RawFd,
        )
    };
    let failure = Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::AGAIN);
    // SAFETY: restores the mask that was stored above.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &old_mask, ptr::null_mut()) };
    if number < 0 {
        return Err(failure);
    }
    // SAFETY: clone succeeded with CLONE_PIDFD: the descriptor is open, close-on-exec
    // and nobody else's.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    // SAFETY: `shared` is a local of ours. It was written by the child through the
    // pointer that clone was given, hence the volatile read.
    let error = unsafe { ptr::read_volatile(&raw const shared.error) };
    let error = (error != 0).then(|| Errno::from_raw_os_error(error));
    Ok((
        Child {
            pidfd,
            os_pid: number as u32,
        },
        error,
    ))
}

/// The child, from its birth to its program. Nothing here allocates, locks or
/// unwinds: there are only system calls.
///
/// Those that end the child or change its descriptors do not go through the C library: the
/// thread sanitizer replaces its functions, and would take the child's end and descriptors
/// for this process's.
extern "C" fn run_child(shared: *mut c_void) -> c_int {
    let shared = shared.cast::<Shared<'_>>();
    // SAFETY: `clone_child` passes a pointer to a live `Shared` that nobody else uses
    // until this child is gone. Every pointer handed to a system call below comes
    // from `Plan`, whose strings are NUL terminated and whose arrays end in NULL. The
    // calls are all async-signal-safe, and what they change (signal actions, session,
    // descriptors, directory, mask) belongs to the child alone, for neither
    // CLONE_SIGHAND nor CLONE_FILES nor CLONE_FS was given.
    unsafe {
        let plan = (*shared).plan;
        let error = prepare_and_execute(plan);
        ptr::write_volatile(&raw mut (*shared).error, error);
        loop {
            libc::syscall(libc::SYS_exit_group, error & 0xff);
        }
    }
}

/// Returns the `errno` of what failed.
///
/// # Safety
///
/// Only to be called in a new child whose memory nobody else uses, see
/// [`run_child`].
unsafe fn prepare_and_execute(plan: &Plan) -> c_int {
    // SAFETY: see `run_child`.
    unsafe {
        // P-151: ignored as in children of OTP; a host that ignores SIGTERM or SIGCHLD does not
        // hand that on.
        for (signal, action) in [
            (libc::SIGPIPE, libc::SIG_IGN),
            (libc::SIGFPE, libc::SIG_IGN),
            (libc::SIGTERM, libc::SIG_DFL),
            (libc::SIGCHLD, libc::SIG_DFL),
        ] {
            libc::signal(signal, action);
        }
        libc::setsid();
        if let Some(directory) = &plan.directory
            && libc::chdir(directory.as_ptr()) != 0
        {
            let error = errno();
            let complaint = &plan.directory_complaint;
            libc::write(2, complaint.as_ptr().cast(), complaint.len());
            return error;
        }
        for &(ours, theirs) in &plan.descriptors {
            // Not the same: ours are all above theirs (see `new_pipe`).
            if libc::syscall(libc::SYS_dup3, ours, theirs, 0) < 0 {
                return errno();
            }
        }
        if plan.nouse_stdio {
            for unused in [3, 4] {
                if !plan.descriptors.iter().any(|(_, theirs)| *theirs == unused) {
                    close(unused);
                }
            }
            close_from(5);
        } else {
            close_from(3);
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, ptr::null_mut());
        libc::execve(plan.file.as_ptr(), plan.argv.as_ptr(), plan.envp.as_ptr());
        errno()
    }
}

/// Closes every descriptor from `first` on, whatever the limit on descriptors.
///
/// # Safety
///
/// As [`prepare_and_execute`].
unsafe fn close_from(first: RawFd) {
    // SAFETY: see `run_child`.
    unsafe {
        if libc::syscall(libc::SYS_close_range, first, c_int::MAX, 0) == 0 {
            return;
        }
        // A kernel before 5.9, or a sandbox that does not know the call.
        let limit = libc::sysconf(libc::_SC_OPEN_MAX).clamp(256, 65_536) as RawFd;
        for fd in first..limit {
            close(fd);
        }
    }
}

/// # Safety
///
/// As [`prepare_and_execute`].
unsafe fn close(fd: RawFd) {
    // SAFETY: see `run_child`. A descriptor that is not open is an error that does not matter.
    unsafe {
        libc::syscall(libc::SYS_close, fd);
    }
}

/// # Safety
///
/// None beyond what every thread has: reads the calling thread's `errno`.
unsafe fn errno() -> c_int {
    // SAFETY: the location is valid for the life of the thread.
    unsafe { *libc::__errno_location() }
}

impl Child {
    pub(super) fn os_pid(&self) -> u32 {
        self.os_pid
    }

    pub(super) fn pidfd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }

    pub(super) fn into_pidfd(self) -> OwnedFd {
        self.pidfd
    }

    /// How the child ended, if it has. With `keep` it stays a zombie, so that its
    /// number (and that of its group) stays its own.
    pub(super) fn ended(&self, keep: bool) -> Option<Ended> {
        ended(self.pidfd.as_fd(), keep)
    }

    /// Sends a signal. The child must not have been reaped.
    pub(super) fn signal(&self, number: i32, group: bool) -> Result<(), Errno> {
        let signal = Signal::from_named_raw(number).ok_or(Errno::INVAL)?;
        if group {
            let pid = i32::try_from(self.os_pid)
                .ok()
                .and_then(rustix::process::Pid::from_raw);
            rustix::process::kill_process_group(pid.ok_or(Errno::SRCH)?, signal)
        } else {
            rustix::process::pidfd_send_signal(&self.pidfd, signal)
        }
    }
}

/// Reaps a child if it has ended. If somebody else has reaped it (`waitpid(-1)`
/// somewhere in the host) it counts as exited with 255: how it ended is lost.
pub(super) fn ended(pidfd: BorrowedFd<'_>, keep: bool) -> Option<Ended> {
    let mut options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
    if keep {
        options |= WaitIdOptions::NOWAIT;
    }
    loop {
        return match rustix::process::waitid(WaitId::PidFd(pidfd), options) {
            Ok(None) => None,
            Ok(Some(status)) => Some(match (status.exit_status(), status.terminating_signal()) {
                (Some(code), _) => Ended::Exited(code),
                (None, Some(signal)) => Ended::Signalled(signal),
                (None, None) => Ended::Exited(255),
            }),
            Err(Errno::INTR) => continue,
            Err(_) => Some(Ended::Exited(255)),
        };
    }
}
