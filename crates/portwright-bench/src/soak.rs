//! Many programs at once, and many one after another: what they leave behind.
//!
//! `soak [LIVE [SEQUENCE]]`: opens LIVE programs (default 2,000) that echo, closes
//! them all, then runs SEQUENCE programs (default 100,000) one after another. Prints
//! descriptors, threads, children and memory before, during and after, and
//! fails when something stayed.

use std::collections::HashMap;
use std::fmt;
use std::process::ExitCode;
use std::time::Instant;

use portwright::{Message, Node, PortMessage, PortName, PortSettings};

/// What the operating system keeps for this process.
struct Usage {
    descriptors: usize,
    threads: usize,
    children: usize,
    resident_kib: usize,
}

impl Usage {
    fn now() -> Self {
        let count = |path: &str| std::fs::read_dir(path).map_or(0, Iterator::count);
        let children = std::fs::read_dir("/proc/self/task")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
            .map(|children| children.split_whitespace().count())
            .sum();
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident_kib = resident
            .and_then(|value| value.trim().trim_end_matches(" kB").parse().ok())
            .unwrap_or(0);
        Self {
            // One of them is the directory that is being read.
            descriptors: count("/proc/self/fd") - 1,
            threads: count("/proc/self/task"),
            children,
            resident_kib,
        }
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:6} descriptors {:3} threads {:5} children {:7} KiB resident",
            self.descriptors, self.threads, self.children, self.resident_kib
        )
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args()
        .skip(1)
        .map(|argument| argument.parse::<usize>());
    let live = arguments.next().and_then(Result::ok).unwrap_or(2_000);
    let sequence = arguments.next().and_then(Result::ok).unwrap_or(100_000);
    raise_descriptor_limit();
    let node = Node::new();
    // The first port starts what the node keeps: its thread, its buffers.
    echo_at_once(&node, 1);
    let before = settled(usize::MAX);
    println!("before                {before}");
    let during = echo_at_once(&node, live);
    println!("{live:6} live programs  {during}");
    let after_live = settled(before.children);
    println!("after closing them    {after_live}");
    let started = Instant::now();
    one_after_another(&node, sequence);
    let seconds = started.elapsed().as_secs_f64();
    let after = settled(before.children);
    println!("after {sequence:6} more     {after}");
    println!(
        "                      {:.0} programs a second",
        sequence as f64 / seconds
    );
    let clean = after.descriptors == before.descriptors
        && after.threads <= before.threads
        && after.children == before.children;
    println!(
        "{}",
        if clean {
            "nothing stayed"
        } else {
            "SOMETHING STAYED"
        }
    );
    if clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Opens `count` programs that echo, talks to each, and closes them all.
fn echo_at_once(node: &Node, count: usize) -> Usage {
    let mut me = node.attach();
    me.trap_exit(true);
    let ports: Vec<_> = (0..count)
        .map(|_| {
            me.open_port(PortName::executable("cat"), PortSettings::new().packet(2))
                .expect("a program starts")
        })
        .collect();
    for port in &ports {
        me.command_blocking(port, port.to_string())
            .expect("an open port takes commands");
    }
    let mut echoes = HashMap::new();
    while echoes.len() < count {
        match me.receive_blocking() {
            Some(Message::Port {
                port,
                message: PortMessage::Data(data),
            }) => {
                echoes.insert(port, data);
            }
            other => panic!("{other:?} while waiting for echoes"),
        }
    }
    for port in &ports {
        assert_eq!(&echoes[&port.id()][..], port.to_string().as_bytes());
    }
    let usage = Usage::now();
    for port in &ports {
        me.close(port).expect("an open port closes");
    }
    for _ in &ports {
        let Some(Message::Exit { reason, .. }) = me.receive_blocking() else {
            panic!("a closed port says so");
        };
        assert!(reason.is_normal());
    }
    usage
}

fn one_after_another(node: &Node, count: usize) {
    let mut me = node.attach();
    me.trap_exit(true);
    for _ in 0..count {
        let settings = PortSettings::new().exit_status();
        let port = me
            .open_port(PortName::executable("true"), settings)
            .expect("a program starts");
        let status = me.receive_blocking();
        assert_eq!(
            status,
            Some(Message::Port {
                port: port.id(),
                message: PortMessage::ExitStatus(0)
            })
        );
        assert!(matches!(me.receive_blocking(), Some(Message::Exit { .. })));
    }
}

/// What is left once the children that were told to end have ended: `cat` sees the
/// end of its input and exits, and is reaped then.
fn settled(children: usize) -> Usage {
    let patience = Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let usage = Usage::now();
        let settled = usage.children <= children && usage.threads <= 2;
        if settled || Instant::now() > patience {
            return usage;
        }
        std::thread::yield_now();
    }
}

/// Two thousand programs need six thousand descriptors.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("the soft limit may be raised to the hard one");
}
