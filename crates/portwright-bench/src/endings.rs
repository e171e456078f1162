//! How ports end, the hard way: what their owners see, in order, and what stays.
//!
//! `endings [ROUNDS]`: ends ports in every way that is not polite, ROUNDS times each
//! (default 10), prints what was seen and fails when that is not what rules P-308 to P-323,
//! P-420 and P-850 to P-856 say, or when a descriptor, thread, child or memory stayed.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use portwright::{Message, Node, Pid, Port, PortName, PortSettings, Process, Received, Term};
use rustix::process::{Signal, kill_process};

mod usage;

use usage::Usage;

/// Far more than a pipe takes.
const QUEUED: usize = 10 << 20;

/// How long an event may take: far longer than it ever should.
const PATIENCE: Duration = Duration::from_secs(60);

/// Memory that the allocator and the machine may keep for later, in KiB. A queue that
/// stayed would be 10 MiB for each round.
const KEPT_KIB: usize = 4 << 10;

/// What the owner that panics says.
const ON_PURPOSE: &str = "on purpose";

struct Case {
    name: &'static str,
    /// Ends a port and tells what was seen.
    run: fn(&Node) -> Vec<String>,
    /// What may be seen, in order. More than one where the kernel decides who is first.
    expected: &'static [&'static [&'static str]],
}

/// Whoever watches is linked with the owner `O` and the port `P`. Signals of two senders have
/// no order, in Erlang as here.
const CASES: &[Case] = &[
    Case {
        name: "the owner returns",
        run: |node| owner_dies(node, |_me| {}),
        expected: &[
            &["{'EXIT',P,normal}", "{'EXIT',O,normal}"],
            &["{'EXIT',O,normal}", "{'EXIT',P,normal}"],
        ],
    },
    Case {
        name: "the owner exits with a reason",
        run: |node| owner_dies(node, |me| me.end(Term::atom("oops"))),
        expected: &[
            &["{'EXIT',P,oops}", "{'EXIT',O,oops}"],
            &["{'EXIT',O,oops}", "{'EXIT',P,oops}"],
        ],
    },
    Case {
        name: "the owner panics",
        run: |node| owner_dies(node, |_me| panic!("{ON_PURPOSE}")),
        expected: &[
            &[
                "{'EXIT',P,{panic,\"on purpose\"}}",
                "{'EXIT',O,{panic,\"on purpose\"}}",
            ],
            &[
                "{'EXIT',O,{panic,\"on purpose\"}}",
                "{'EXIT',P,{panic,\"on purpose\"}}",
            ],
        ],
    },
    Case {
        name: "the owner is killed",
        run: |node| {
            owner_dies(node, |me| {
                me.node().exit_signal(me.pid(), Term::atom("kill"))
            })
        },
        expected: &[
            &["{'EXIT',P,killed}", "{'EXIT',O,killed}"],
            &["{'EXIT',O,killed}", "{'EXIT',P,killed}"],
        ],
    },
    Case {
        name: "the owner is killed with 10 MB queued",
        run: owner_is_killed_with_a_queue,
        expected: &[
            &[
                "{'EXIT',P,killed}",
                "{'EXIT',O,killed}",
                "10485760 bytes read",
            ],
            &[
                "{'EXIT',O,killed}",
                "{'EXIT',P,killed}",
                "10485760 bytes read",
            ],
        ],
    },
    Case {
        name: "the port is killed mid-write",
        run: port_is_killed,
        expected: &[&["{'EXIT',P,killed}", "gone"]],
    },
    Case {
        name: "the program is killed mid-read",
        run: program_is_killed,
        expected: &[
            &[
                "{P,{data,\"half\\n\"}}",
                "{P,{exit_status,137}}",
                "{'EXIT',P,normal}",
            ],
            &["{P,{data,\"half\\n\"}}", "{'EXIT',P,epipe}"],
            // 23 times in 100 on OTP 25, too.
            &["{'EXIT',P,epipe}"],
        ],
    },
    Case {
        name: "closed, 10 MB queued, read slowly",
        run: closed_and_read_slowly,
        expected: &[&["{'EXIT',P,normal}", "{P,closed}", "10485760 bytes read"]],
    },
    Case {
        name: "closed, 10 MB queued, never read",
        run: closed_and_never_read,
        expected: &[&[
            "{'EXIT',P,normal}",
            "lingering",
            "lingering after exit(P,kill)",
            "program killed",
            "{P,closed}",
            "gone",
        ]],
    },
];

fn main() -> ExitCode {
    let rounds = std::env::args().nth(1);
    let rounds = rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(10);
    // The panic that is part of the show needs no trace.
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload().downcast_ref::<String>();
        if text.is_none_or(|text| text != ON_PURPOSE) {
            usual(panic);
        }
    }));
    give_back_large_blocks();
    let node = Node::new();
    // The first of all starts what the node keeps: its threads, its buffers.
    for case in CASES {
        (case.run)(&node);
    }
    let before = settled(None);
    println!("before: {before}");
    let mut failed = 0;
    for case in CASES {
        println!("{}", case.name);
        let mut seen: Vec<(Vec<String>, usize)> = Vec::new();
        for _ in 0..rounds {
            let got = (case.run)(&node);
            match seen.iter_mut().find(|(known, _)| *known == got) {
                Some((_, count)) => *count += 1,
                None => seen.push((got, 1)),
            }
        }
        for (got, count) in seen {
            let as_expected = case.expected.iter().any(|expected| got == **expected);
            failed += usize::from(!as_expected);
            let verdict = if as_expected { "" } else { "  NOT EXPECTED" };
            println!("  {count:4} x {}{verdict}", got.join(", "));
        }
        let after = settled(Some(&before));
        failed += usize::from(!after.is_no_more_than(&before, KEPT_KIB));
        println!("  after: {after}");
    }
    if failed == 0 {
        println!("all as specified, nothing stayed");
        ExitCode::SUCCESS
    } else {
        println!("{failed} times not as specified, or something stayed");
        ExitCode::FAILURE
    }
}

/// A process opens a port to `cat`, waits for an echo and ends in the middle of the next one.
fn owner_dies(node: &Node, end: fn(&Process)) -> Vec<String> {
    let mut watcher = watcher(node);
    let parent = watcher.pid();
    let owner = node.spawn(async move |mut me| {
        let port = me
            .open_port(PortName::executable("cat"), PortSettings::new().packet(4))
            .expect("a program starts");
        me.link(parent).expect("the watcher lives");
        let watcher_link = Term::tuple([Term::from(me.pid()), Term::Port(port.id())]);
        let _ = me.send(parent, watcher_link);
        // Go on once the watcher is linked.
        me.receive().await;
        me.command(&port, vec![b'x'; 100_000])
            .await
            .expect("it is open");
        me.receive().await;
        me.command(&port, vec![b'y'; 1 << 20])
            .await
            .expect("it is open");
        end(&me);
        // Who was killed comes no further than this; else the reason would be `normal`.
        tokio::task::yield_now().await;
    });
    let port = link_with_port(&mut watcher);
    let _ = watcher.send(owner, Term::atom("go"));
    observe(&mut watcher, &port, Some(owner), 2)
}

fn owner_is_killed_with_a_queue(node: &Node) -> Vec<String> {
    let mut watcher = watcher(node);
    let parent = watcher.pid();
    let (script, file) = slow_reader();
    let owner = node.spawn(async move |mut me| {
        let port = open(&me, &script);
        me.link(parent).expect("the watcher lives");
        let both = Term::tuple([Term::from(me.pid()), Term::Port(port.id())]);
        let _ = me.send(parent, both);
        me.receive().await;
        me.command(&port, vec![b'x'; QUEUED])
            .await
            .expect("it is open");
        me.node().exit_signal(me.pid(), Term::atom("kill"));
        tokio::task::yield_now().await;
    });
    let port = link_with_port(&mut watcher);
    let _ = watcher.send(owner, Term::atom("go"));
    let mut seen = observe(&mut watcher, &port, Some(owner), 2);
    seen.push(format!("{} bytes read", count_in(&file)));
    seen
}

fn port_is_killed(node: &Node) -> Vec<String> {
    let mut me = watcher(node);
    let port = open(&me, "exec sleep 1000");
    me.command_blocking(&port, vec![b'x'; QUEUED])
        .expect("it is open");
    let os_pid = port.os_pid();
    me.exit_signal(port.id(), Term::atom("kill"));
    let mut seen = observe(&mut me, &port, None, 1);
    eventually("the port is gone", || port.is_gone());
    seen.push("gone".to_owned());
    // It ignores the end of its input, and nobody but us ends it: P-850.
    kill(os_pid);
    seen
}

fn program_is_killed(node: &Node) -> Vec<String> {
    let mut me = watcher(node);
    let settings = PortSettings::new().exit_status();
    let script = "head -c 1000000 > /dev/null; echo half; kill -9 $$";
    let port = me
        .open_port(PortName::file("/bin/sh"), settings.args(["-c", script]))
        .expect("a shell starts");
    me.command_blocking(&port, vec![b'x'; QUEUED])
        .expect("it is open");
    let mut seen = Vec::new();
    while !seen
        .last()
        .is_some_and(|last: &String| last.starts_with("{'EXIT'"))
    {
        seen.extend(observe_some(&mut me, &port, None, 1));
    }
    seen.extend(observe_rest(&mut me, &port, None));
    seen
}

fn closed_and_read_slowly(node: &Node) -> Vec<String> {
    let mut me = watcher(node);
    let (script, file) = slow_reader();
    let port = open(&me, &script);
    me.command_blocking(&port, vec![b'x'; QUEUED])
        .expect("it is open");
    close_by_message(&me, &port);
    let mut seen = observe(&mut me, &port, None, 2);
    seen.push(format!("{} bytes read", count_in(&file)));
    seen
}

fn closed_and_never_read(node: &Node) -> Vec<String> {
    let mut me = watcher(node);
    let port = open(&me, "exec sleep 1000");
    let os_pid = port.os_pid();
    me.command_blocking(&port, vec![b'x'; QUEUED])
        .expect("it is open");
    close_by_message(&me, &port);
    let mut seen = observe_some(&mut me, &port, None, 1);
    let state = |seen: &mut Vec<String>, when: &str| {
        let lingering = !port.is_open() && !port.is_gone();
        seen.push(format!(
            "{}{when}",
            if lingering {
                "lingering"
            } else {
                "not lingering"
            }
        ));
    };
    state(&mut seen, "");
    me.exit_signal(port.id(), Term::atom("kill"));
    state(&mut seen, " after exit(P,kill)");
    kill(os_pid);
    seen.push("program killed".to_owned());
    seen.extend(observe(&mut me, &port, None, 1));
    eventually("the port is gone", || port.is_gone());
    seen.push("gone".to_owned());
    seen
}

fn watcher(node: &Node) -> Process {
    let process = node.attach();
    process.trap_exit(true);
    process
}

fn open(me: &Process, script: &str) -> Port {
    let settings = PortSettings::new().args(["-c", script]);
    me.open_port(PortName::file("/bin/sh"), settings)
        .expect("a shell starts")
}

fn close_by_message(me: &Process, port: &Port) {
    let close = Term::tuple([Term::from(me.pid()), Term::atom("close")]);
    me.send(port.id(), close).expect("a port takes messages");
}

/// A program that takes a megabyte, rests, and so on, and where it writes how much that was.
fn slow_reader() -> (String, PathBuf) {
    static FILES: AtomicUsize = AtomicUsize::new(0);
    let count = FILES.fetch_add(1, Ordering::Relaxed);
    let file = std::env::temp_dir().join(format!("endings-{}-{count}", std::process::id()));
    let script = format!(
        "t=0; while n=$(head -c 1000000 | wc -c); test $n -gt 0; do t=$((t+n)); sleep 0.01; done; \
         echo $t > {0}.new; mv {0}.new {0}",
        file.display()
    );
    (script, file)
}

fn count_in(file: &PathBuf) -> usize {
    eventually("the program has counted", || file.exists());
    let text = std::fs::read_to_string(file).expect("the file is there");
    std::fs::remove_file(file).expect("the file is ours");
    text.trim().parse().expect("the program writes a number")
}

/// Waits for `{Owner,Port}` and links with the port.
fn link_with_port(watcher: &mut Process) -> Port {
    let Some(Message::Term(both)) = watcher.receive_blocking() else {
        panic!("the owner tells its port");
    };
    let Some([_, Term::Port(id)]) = both.as_tuple() else {
        panic!("{both} is not what the owner tells");
    };
    watcher.link(*id).expect("the port is open");
    watcher.node().port(*id).expect("the port is open")
}

/// The next `count` messages, and all that come behind them.
fn observe(me: &mut Process, port: &Port, owner: Option<Pid>, count: usize) -> Vec<String> {
    let mut seen = observe_some(me, port, owner, count);
    seen.extend(observe_rest(me, port, owner));
    seen
}

fn observe_some(me: &mut Process, port: &Port, owner: Option<Pid>, count: usize) -> Vec<String> {
    let mut seen = Vec::new();
    while seen.len() < count {
        match me.receive_timeout_blocking(PATIENCE).message() {
            Some(message) => seen.push(show(&message, port, owner)),
            None => {
                seen.push("nothing".to_owned());
                break;
            }
        }
    }
    seen
}

/// What has come although nothing should: the port is gone, so nothing can come later.
fn observe_rest(me: &mut Process, port: &Port, owner: Option<Pid>) -> Vec<String> {
    eventually("the port is closed", || !port.is_open());
    let mut seen = Vec::new();
    while let Received::Message(message) = me.receive_timeout_blocking(Duration::ZERO) {
        seen.push(show(&message, port, owner));
    }
    seen
}

/// A message as Erlang prints it, with names for the port and its owner.
fn show(message: &Message, port: &Port, owner: Option<Pid>) -> String {
    let mut text = message.to_term().to_string();
    text = text.replace(&port.id().to_string(), "P");
    if let Some(owner) = owner {
        text = text.replace(&owner.to_string(), "O");
    }
    text
}

/// Ends a program that nothing else would end.
fn kill(os_pid: Option<u32>) {
    let os_pid = os_pid.and_then(|os_pid| i32::try_from(os_pid).ok());
    let os_pid = os_pid.and_then(rustix::process::Pid::from_raw);
    kill_process(os_pid.expect("an open port has a program"), Signal::KILL)
        .expect("nobody else reaps the program");
}

#[track_caller]
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < until, "{what}: not within {PATIENCE:?}");
        std::thread::yield_now();
    }
}

/// Has blocks of 128 KiB and more go back to the system as soon as they are freed, for good: the
/// C library would keep tens of megabytes once it has seen one of ten.
#[allow(unsafe_code, reason = "mallopt")]
fn give_back_large_blocks() {
    // SAFETY: it changes a number of the allocator.
    let changed = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, 128 << 10) };
    assert_eq!(changed, 1, "a threshold that is allowed");
}

/// What is left once programs that see the end of their input have ended and were reaped.
fn settled(before: Option<&Usage>) -> Usage {
    let until = Instant::now() + PATIENCE;
    loop {
        let usage = Usage::now();
        let settled = match before {
            Some(before) => usage.is_no_more_than(before, KEPT_KIB),
            None => usage.children == 0,
        };
        if settled || Instant::now() > until {
            return usage;
        }
        std::thread::yield_now();
    }
}
