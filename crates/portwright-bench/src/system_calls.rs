//! How many system calls a message costs, counted by `strace`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::line;

/// System calls a message, by name, the host's and not its programs'.
pub type SystemCalls = BTreeMap<String, f64>;

/// Messages of the shorter of two runs, as a share of what a measurement sends; the
/// longer run has twice as many, and the difference is theirs alone.
const SHARE: u64 = 20;

/// Messages at most, for a traced one takes a hundred times as long.
const MOST: u64 = 1_000;

/// Counts the system calls of one peer on one line.
///
/// # Errors
///
/// When `strace` is not installed or may not trace, or when the line has no such peer.
pub fn count(line: &str, peer: &str) -> Result<SystemCalls, String> {
    let line = line::find(line)?;
    if !line.peers.contains(&peer) {
        return Err(format!("{peer} is not measured on the line {}", line.name));
    }
    let count = (line.count / SHARE).min(MOST);
    let fewer = trace(line.name, peer, count)?;
    let mut more = trace(line.name, peer, 2 * count)?;
    // Where a conversation warms up it does so with a tenth of its messages.
    let warm_up = if line.warms_up() { 1.1 } else { 1.0 };
    let messages = count as f64 * warm_up;
    for (name, count) in fewer {
        *more.entry(name).or_default() -= count;
    }
    for count in more.values_mut() {
        *count /= messages;
    }
    more.retain(|_, count| *count >= 0.005);
    Ok(more)
}

fn trace(line: &str, peer: &str, messages: u64) -> Result<SystemCalls, String> {
    let this = std::env::current_exe()
        .map_err(|error| format!("cannot find this program: {error}"))?
        .with_file_name("bench");
    let record = std::env::temp_dir().join(format!("portwright-trace-{}", std::process::id()));
    let outcome = Command::new("strace")
        .args(["-f", "-qq", "-o"])
        .arg(&record)
        .arg(this)
        .args(["measure", line, peer, &messages.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .map_err(|error| format!("cannot run strace: {error}"));
    let counted = outcome.and_then(|output| {
        if output.status.success() {
            count_lines(&record)
        } else {
            Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
        }
    });
    let _ = std::fs::remove_file(&record);
    counted
}

fn count_lines(record: &Path) -> Result<SystemCalls, String> {
    let text = std::fs::read_to_string(record)
        .map_err(|error| format!("cannot read what strace wrote: {error}"))?;
    Ok(count_calls(&text))
}

/// Lines are `NUMBER name(...`; those of threads that execute another program are the
/// program's.
fn count_calls(text: &str) -> SystemCalls {
    let mut calls: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut programs: HashSet<&str> = HashSet::new();
    let mut first = None;
    for line in text.lines() {
        let Some((thread, rest)) = line.split_once(char::is_whitespace) else {
            continue;
        };
        let first = *first.get_or_insert(thread);
        let Some((name, _)) = rest.trim_start().split_once('(') else {
            continue;
        };
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            continue;
        }
        if name.starts_with("execve") && thread != first {
            programs.insert(thread);
        }
        calls.entry(thread).or_default().push(name);
    }
    let mut counts = SystemCalls::new();
    for (thread, names) in calls {
        if !programs.contains(thread) {
            for name in names {
                *counts.entry(name.to_owned()).or_default() += 1.0;
            }
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_the_host_count_and_those_of_its_programs_do_not() {
        let text = "\
10 execve(\"bench\", ...) = 0
10 read(3, \"x\", 64) = 1
11 read(4,  <unfinished ...>
12 execve(\"/bin/cat\", ...) = 0
12 read(0, \"x\", 64) = 1
11 <... read resumed> \"x\", 64) = 1
10 --- SIGCHLD {si_signo=SIGCHLD} ---
12 +++ exited with 0 +++
";
        let counts = count_calls(text);
        assert_eq!(counts["read"], 2.0);
        assert_eq!(counts["execve"], 1.0);
        assert_eq!(counts.len(), 2);
    }
}
