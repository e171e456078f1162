//! Blocking system calls and nothing else: the limit.

#![allow(unsafe_code, reason = "posix_spawn")]

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr;

use rustix::event::epoll;
use rustix::io::{read, write};
use rustix::pipe::{PipeFlags, pipe_with};

use super::{AT_ONCE, LARGE, SMALL, make_large, warm_up};
use crate::sample::{Sample, Stopwatch};

/// How programs are run.
#[derive(Default)]
pub(super) struct Way {
    /// The size of their pipes; the kernel's default when `None`.
    pub(super) pipe_bytes: Option<usize>,
    /// In a session of their own and with pipes on every line, as those of OTP and Portwright are:
    /// where the kernel gives each session its share of the processor, a change from one to the other
    /// costs more.
    pub(super) own_session: bool,
    /// An answer is waited for with `epoll_wait`, as whoever has more than one program must.
    pub(super) polls: bool,
}

/// A program, with two pipes when it was started with [`cat`].
struct Child {
    os_pid: libc::pid_t,
}

impl Child {
    /// Starts a program with the descriptors given as its standard input and output.
    fn start(program: &CStr, stdio: Option<[&OwnedFd; 2]>, own_session: bool) -> Self {
        let argv = [program.as_ptr().cast_mut(), ptr::null_mut()];
        let mut os_pid = 0;
        // SAFETY: `actions` and `attributes` are initialised before they are used and destroyed
        // after; the descriptors are open and borrowed for the call; `program` and `argv` are NUL and
        // NULL terminated and outlive it; `environ` is not written to by anybody here.
        let error = unsafe {
            let mut actions = std::mem::zeroed();
            libc::posix_spawn_file_actions_init(&mut actions);
            for (fd, theirs) in stdio.iter().flatten().zip([0, 1]) {
                libc::posix_spawn_file_actions_adddup2(&mut actions, fd.as_raw_fd(), theirs);
            }
            let mut attributes = std::mem::zeroed();
            libc::posix_spawnattr_init(&mut attributes);
            if own_session {
                libc::posix_spawnattr_setflags(&mut attributes, libc::POSIX_SPAWN_SETSID);
            }
            let error = libc::posix_spawn(
                &mut os_pid,
                program.as_ptr(),
                &actions,
                &attributes,
                argv.as_ptr(),
                environ.cast(),
            );
            libc::posix_spawnattr_destroy(&mut attributes);
            libc::posix_spawn_file_actions_destroy(&mut actions);
            error
        };
        assert_eq!(error, 0, "posix_spawn of {program:?}");
        Self { os_pid }
    }

    fn wait(self) {
        let mut status = 0;
        // SAFETY: `status` is a local; the child is ours and nobody else waits for it.
        let waited = unsafe { libc::waitpid(self.os_pid, &mut status, 0) };
        assert_eq!(
            (waited, status),
            (self.os_pid, 0),
            "a program that ends well"
        );
    }
}

unsafe extern "C" {
    static environ: *const *const libc::c_char;
}

/// A program and our ends of its pipes.
fn piped(program: &CStr, way: &Way) -> (Child, OwnedFd, OwnedFd) {
    let pipe = || {
        let (read_end, write_end) = pipe_with(PipeFlags::CLOEXEC).expect("a pipe");
        if let Some(bytes) = way.pipe_bytes {
            rustix::pipe::fcntl_setpipe_size(&write_end, bytes).expect("a larger pipe");
        }
        (read_end, write_end)
    };
    let (their_input, input) = pipe();
    let (output, their_output) = pipe();
    let stdio = Some([&their_input, &their_output]);
    let child = Child::start(program, stdio, way.own_session);
    (child, input, output)
}

pub(super) fn measure(line: &str, count: u64, way: &Way) -> Option<Sample> {
    Some(match line {
        "round-trip" | "round-trip-free" => round_trips(count, SMALL, way),
        "round-trip-packet" => round_trips(count, 4 + SMALL, way),
        "throughput" | "throughput-free" => throughput(count, way),
        "start" => starts(count, way),
        "start-large" => {
            let _large = make_large();
            starts(count, way)
        }
        "start-64" => starts_at_once(count),
        _ => return None,
    })
}

fn round_trips(count: u64, bytes: usize, way: &Way) -> Sample {
    let (child, input, output) = piped(c"/bin/cat", way);
    let epoll = way.polls.then(|| watch(&output));
    let sent = [b'x'; 4 + SMALL];
    let mut received = [0; 4 + SMALL];
    let mut talk = |count| {
        for _ in 0..count {
            assert_eq!(write(&input, &sent[..bytes]), Ok(bytes));
            let mut arrived = 0;
            while arrived < bytes {
                if let Some(epoll) = &epoll {
                    let mut events = [const { MaybeUninit::<epoll::Event>::uninit() }; 1];
                    let (ready, _) = epoll::wait(epoll, &mut events[..], None).expect("a wait");
                    assert_eq!(ready.len(), 1, "the output is ready");
                }
                let more = read(&output, &mut received[arrived..bytes]).expect("an answer");
                assert_ne!(more, 0, "cat goes on");
                arrived += more;
            }
        }
    };
    talk(warm_up(count));
    let stopwatch = Stopwatch::start_with(child.os_pid.unsigned_abs());
    talk(count);
    let lap = stopwatch.stop();
    drop((input, output));
    child.wait();
    lap.microseconds(count)
}

/// An epoll set that watches a descriptor for reading, and makes it non-blocking.
fn watch(fd: &OwnedFd) -> OwnedFd {
    rustix::io::ioctl_fionbio(fd, true).expect("a pipe");
    let set = epoll::create(epoll::CreateFlags::CLOEXEC).expect("an epoll set");
    let data = epoll::EventData::new_u64(0);
    epoll::add(&set, fd, data, epoll::EventFlags::IN).expect("a pipe can be watched");
    set
}

/// One thread writes and one reads, as programs without readiness must.
fn throughput(writes: u64, way: &Way) -> Sample {
    let (child, input, output) = piped(c"/bin/cat", way);
    let data = vec![b'x'; LARGE];
    let total = writes * LARGE as u64;
    let stopwatch = Stopwatch::start_with(child.os_pid.unsigned_abs());
    let writer = std::thread::spawn(move || {
        for _ in 0..writes {
            let mut rest = &data[..];
            while !rest.is_empty() {
                let written = write(&input, rest).expect("cat reads");
                rest = &rest[written..];
            }
        }
        input
    });
    let mut buffer = vec![0; LARGE];
    let mut arrived = 0;
    while arrived < total {
        let more = read(&output, &mut buffer).expect("cat writes");
        assert_ne!(more, 0, "cat goes on");
        arrived += more as u64;
    }
    let lap = stopwatch.stop();
    drop(writer.join());
    child.wait();
    lap.mebibytes_per_second(writes, LARGE)
}

fn starts(count: u64, way: &Way) -> Sample {
    let start = |count| {
        for _ in 0..count {
            if way.own_session {
                let (child, _input, _output) = piped(c"/bin/true", way);
                child.wait();
            } else {
                Child::start(c"/bin/true", None, false).wait();
            }
        }
    };
    start(warm_up(count));
    let stopwatch = Stopwatch::start_with_reaped();
    start(count);
    stopwatch.stop().microseconds(count)
}

/// Two threads with 32 programs each; each waits for its oldest.
fn starts_at_once(count: u64) -> Sample {
    let stopwatch = Stopwatch::start_with_reaped();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut running = std::collections::VecDeque::<Child>::new();
                for _ in 0..count / 2 {
                    if running.len() == AT_ONCE / 2
                        && let Some(child) = running.pop_front()
                    {
                        child.wait();
                    }
                    running.push_back(Child::start(c"/bin/true", None, false));
                }
                running.into_iter().for_each(Child::wait);
            });
        }
    });
    stopwatch.stop().per_second(count)
}
