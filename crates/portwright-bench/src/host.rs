//! What the operating system knows about us: processors, processor time, memory.

#![allow(unsafe_code, reason = "one clock")]

use std::fs;
use std::io;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Pins this process, and so all children that it starts, to one processor.
pub(crate) fn pin_to_one_cpu() -> io::Result<()> {
    let allowed = sched_getaffinity(None)?;
    // The last one: the first has more interrupts to serve, as a rule.
    let last = (0..CpuSet::MAX_CPU).rev().find(|cpu| allowed.is_set(*cpu));
    let mut one = CpuSet::new();
    one.set(last.unwrap_or(0));
    Ok(sched_setaffinity(None, &one)?)
}

/// How many processors this process may use.
pub(crate) fn cpus() -> u32 {
    sched_getaffinity(None).map_or(1, |allowed| allowed.count())
}

/// Processor time that this process has used, all threads together.
///
/// By libc's function, for rustix finds the kernel's clock in a way that valgrind
/// does not follow.
pub(crate) fn own_cpu_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a local that the call fills in.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    assert_eq!(result, 0, "every Linux has this clock");
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

/// Processor time that a living program with one thread has used.
pub(crate) fn cpu_time_of(os_pid: u32) -> Duration {
    let text = fs::read_to_string(format!("/proc/{os_pid}/schedstat")).unwrap_or_default();
    let running = text.split_whitespace().next();
    Duration::from_nanos(running.and_then(|ns| ns.parse().ok()).unwrap_or(0))
}

/// Processor time of all children that were reaped.
pub(crate) fn reaped_cpu_time() -> Duration {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name, which may hold anything, user and system time of waited-for
    // children are the 14th and 15th field.
    let fields = text.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let ticks: u64 = fields
        .split_whitespace()
        .skip(13)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Duration::from_secs(ticks)
        / u32::try_from(rustix::param::clock_ticks_per_second()).unwrap_or(100)
}

/// Resident memory of this process, in bytes.
pub(crate) fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|value| value.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// Raises the limit on descriptors to `wanted`, or as far as is allowed.
pub(crate) fn raise_descriptor_limit(wanted: u64) {
    let limit = getrlimit(Resource::Nofile);
    let maximum = limit.maximum.map_or(wanted, |maximum| maximum.max(wanted));
    let all = Rlimit {
        current: Some(wanted),
        maximum: Some(maximum),
    };
    if setrlimit(Resource::Nofile, all).is_err() {
        let allowed = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
        let some = Rlimit {
            current: Some(allowed),
            maximum: limit.maximum,
        };
        // What is refused shows as a program that does not start.
        let _ = setrlimit(Resource::Nofile, some);
    }
}

/// Whether an executable of that name is installed.
pub(crate) fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
