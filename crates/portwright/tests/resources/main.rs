//! Nothing stays: no zombie, no child, no descriptor, no thread, whatever happens to a port
//! and its owner.
//!
//! Counting concerns the whole operating system process, so these tests take turns, and
//! each counts before and after.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use portwright::{
    Message, Node, Port, PortMessage, PortName, PortSettings, Process, Received, Term,
};

const PATIENCE: Duration = Duration::from_secs(60);

static TURN: Mutex<()> = Mutex::new(());

/// What an operating system process has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Count {
    descriptors: usize,
    threads: usize,
    children: usize,
}

impl Count {
    fn now() -> Self {
        let entries = |folder: &str| std::fs::read_dir(folder).unwrap().count();
        let children: usize = std::fs::read_dir("/proc/self/task")
            .unwrap()
            .flatten()
            .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
            .map(|children| children.split_whitespace().count())
            .sum();
        Self {
            descriptors: entries("/proc/self/fd"),
            // The harness starts a thread for each test, whenever that is.
            threads: threads().filter(|name| is_of_a_node(name)).count(),
            children,
        }
    }
}

/// A test's turn: afterwards there must be as much as before.
struct Turn {
    before: Count,
    _turn: MutexGuard<'static, ()>,
}

impl Turn {
    fn begin() -> Self {
        let turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // What lasts for the life of the process is there from the first port on.
        let node = Node::new();
        let mut me = node.attach();
        // It outlives its port, so that somebody has to reap it.
        let go = Go::new("first");
        let port = open(&me, &go.wait(), PortSettings::new());
        me.close(&port).unwrap();
        go.go();
        let started = me.node().after(Duration::ZERO, || ());
        drop(started);
        assert!(me.try_receive().is_none());
        // A handle of a port keeps its node's memory and its two descriptors.
        drop((port, me, node));
        eventually("the first node is gone", no_node_is_left);
        let before = Count::now();
        Self {
            before,
            _turn: turn,
        }
    }

    fn end(self) {
        eventually_with("as much as before", || {
            let now = Count::now();
            (now == self.before)
                .then_some(())
                .ok_or(format!("{now:?}, before {:?}", self.before))
        });
    }
}

/// The names of all threads.
fn threads() -> impl Iterator<Item = String> {
    std::fs::read_dir("/proc/self/task")
        .unwrap()
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok())
}

fn is_of_a_node(thread: &str) -> bool {
    ["portwright-", "async_", "tokio-"]
        .iter()
        .any(|start| thread.starts_with(start))
}

/// Whether there are neither threads nor descriptors nor programs of a node.
fn no_node_is_left() -> bool {
    let mut descriptors = std::fs::read_dir("/proc/self/fd")
        .unwrap()
        .flatten()
        .filter_map(|fd| std::fs::read_link(fd.path()).ok());
    Count::now().children == 0
        && !threads().any(|name| is_of_a_node(&name))
        && !descriptors.any(|target| target.ends_with("anon_inode:[eventpoll]"))
}

#[track_caller]
fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    eventually_with(what, || is_so().then_some(()).ok_or(String::new()));
}

#[track_caller]
fn eventually_with(what: &str, mut is_so: impl FnMut() -> Result<(), String>) {
    let deadline = Instant::now() + PATIENCE;
    while let Err(state) = is_so() {
        assert!(Instant::now() < deadline, "still not so: {what}; {state}");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

#[track_caller]
fn open(me: &Process, script: &str, settings: PortSettings) -> Port {
    me.open_port(PortName::file("/bin/sh"), settings.args(["-c", script]))
        .unwrap()
}

#[track_caller]
fn next(me: &mut Process) -> Message {
    match me.receive_timeout_blocking(PATIENCE) {
        Received::Message(message) => message,
        other => panic!("{other:?}"),
    }
}

/// A fifo by which a program is told to go on.
struct Go(PathBuf);

impl Go {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("portwright-go-{name}-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
        Self(path)
    }

    fn wait(&self) -> String {
        format!("read go < '{}'", self.0.display())
    }

    fn go(&self) {
        std::fs::write(&self.0, "go\n").unwrap();
    }
}

impl Drop for Go {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

// P-852, P-601, P-606: the ends that an owner can come to.
#[test]
fn nothing_stays_when_owners_end() {
    let turn = Turn::begin();
    let node = Node::new();
    let ends: [fn(Process, &Port); 6] = [
        |me, _| drop(me),
        |me, _| me.exit(Term::atom("oops")),
        |me, port| me.exit_signal(port, Term::atom("kill")),
        |me, port| me.close(port).unwrap(),
        |me, _| me.node().exit_signal(me.pid(), Term::atom("kill")),
        |me, _| {
            let thread = std::thread::Builder::new().spawn(move || {
                let _me = me;
                std::panic::resume_unwind(Box::new("on purpose"));
            });
            assert!(thread.unwrap().join().is_err());
        },
    ];
    for end in ends {
        for settings in [
            PortSettings::new(),
            PortSettings::new().exit_status().eof(),
            PortSettings::new().stderr(),
            PortSettings::new().output_only(),
            PortSettings::new().nouse_stdio(),
        ] {
            let me = node.attach();
            me.trap_exit(true);
            // Reads until the end of its input, wherever that is.
            let port = open(&me, "cat <&3 2>/dev/null || cat", settings);
            end(me, &port);
            eventually("the port is gone", || port.is_gone());
        }
    }
    assert_eq!(node.ports(), []);
    eventually("no child is left", || Count::now().children == 0);
    drop(node);
    turn.end();
}

// P-853, P-854: a program that never reads holds its port, until it is killed.
#[test]
fn nothing_stays_of_a_port_closed_with_output_queued() {
    let turn = Turn::begin();
    let node = Node::new();
    let mut me = node.attach();
    me.trap_exit(true);
    let never = open(&me, "exec sleep 600", PortSettings::new());
    me.try_command(&never, vec![0; 10_000_000], portwright::Busy::Wait)
        .unwrap();
    me.send(
        &never,
        Term::tuple([Term::Pid(me.pid()), Term::atom("close")]),
    )
    .unwrap();
    assert!(matches!(next(&mut me), Message::Exit { .. }));
    assert!(me.try_receive().is_none());
    assert!(!never.is_gone());
    never.signal(9, false).unwrap();
    assert!(matches!(
        next(&mut me),
        Message::Port {
            message: PortMessage::Closed,
            ..
        }
    ));
    assert!(never.is_gone());

    // One that reads slowly gets it all.
    let go = Go::new("slowly");
    let script = format!("{}; wc -c >&2", go.wait());
    let slow = open(&me, &script, PortSettings::new().stderr());
    me.try_command(&slow, vec![0; 10_000_000], portwright::Busy::Wait)
        .unwrap();
    me.close_input(&slow).unwrap();
    go.go();
    let Message::Port {
        message: PortMessage::StandardError(count),
        ..
    } = next(&mut me)
    else {
        panic!("the count is wanted");
    };
    assert_eq!(&count[..], b"10000000\n");
    assert!(matches!(next(&mut me), Message::Exit { .. }));
    drop((never, slow, me, node));
    turn.end();
}

// The program is killed in the middle of its talk, the port in the middle of a write.
#[test]
fn nothing_stays_of_killed_programs_and_ports() {
    let turn = Turn::begin();
    let node = Node::new();
    let mut me = node.attach();
    me.trap_exit(true);
    for _ in 0..20 {
        let port = open(&me, "exec cat /dev/zero", PortSettings::new().exit_status());
        assert!(matches!(
            next(&mut me),
            Message::Port {
                message: PortMessage::Data(_),
                ..
            }
        ));
        port.signal(9, true).unwrap();
        let last = loop {
            match next(&mut me) {
                Message::Port {
                    message: PortMessage::Data(_),
                    ..
                } => {}
                Message::Port {
                    message: PortMessage::ExitStatus(status),
                    ..
                } => break status,
                other => panic!("{other}"),
            }
        };
        assert_eq!(last, 137);
        assert!(matches!(next(&mut me), Message::Exit { .. }));

        let port = open(&me, "exec sleep 600", PortSettings::new());
        me.try_command(&port, vec![0; 1_000_000], portwright::Busy::Wait)
            .unwrap();
        let signalled = port.clone();
        let os_pid = port.os_pid().unwrap();
        me.exit_signal(&port, Term::atom("kill"));
        assert!(matches!(next(&mut me), Message::Exit { .. }));
        assert!(signalled.is_gone());
        let pid = rustix::process::Pid::from_raw(os_pid.cast_signed()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    }
    drop((me, node));
    turn.end();
}

// P-851, P-852: whoever lives on is reaped when it ends, also after its node.
#[test]
fn programs_that_outlive_their_node_are_reaped() {
    let turn = Turn::begin();
    let go = Go::new("outlive");
    let node = Node::new();
    let me = node.attach();
    let ports: Vec<Port> = (0..10)
        .map(|_| {
            open(
                &me,
                &format!("exec >&-; {}", go.wait()),
                PortSettings::new(),
            )
        })
        .collect();
    drop((me, node));
    eventually("the ports are gone", || ports.iter().all(Port::is_gone));
    assert_eq!(Count::now().children, 10);
    let hold = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(&go.0)
        .unwrap();
    std::io::Write::write_all(&mut &hold, &b"go\n".repeat(10)).unwrap();
    eventually("all are reaped", || Count::now().children == 0);
    drop((hold, ports));
    turn.end();
}

// Children of the host that are not ours are left alone.
#[test]
fn children_of_others_are_not_reaped() {
    let turn = Turn::begin();
    let mut others: Vec<_> = (0..5)
        .map(|code| {
            let script = format!("exit {code}");
            std::process::Command::new("sh")
                .args(["-c", &script])
                .spawn()
                .unwrap()
        })
        .collect();
    let node = Node::new();
    let mut me = node.attach();
    me.trap_exit(true);
    for _ in 0..20 {
        open(&me, "exit 7", PortSettings::new().exit_status());
        assert!(matches!(
            next(&mut me),
            Message::Port {
                message: PortMessage::ExitStatus(7),
                ..
            }
        ));
        assert!(matches!(next(&mut me), Message::Exit { .. }));
    }
    for (code, other) in others.iter_mut().enumerate() {
        assert_eq!(other.wait().unwrap().code(), Some(code as i32));
    }
    drop((me, node));
    turn.end();
}

// What fails half-way leaves nothing either.
#[test]
fn nothing_stays_of_ports_that_did_not_open() {
    let turn = Turn::begin();
    let node = Node::new();
    let me = node.attach();
    for _ in 0..200 {
        assert!(
            me.open_port(PortName::file("/no/such"), PortSettings::new())
                .is_err()
        );
        assert!(
            me.open_port(PortName::file("/tmp"), PortSettings::new().stderr())
                .is_err()
        );
        let bad_directory = PortSettings::new().cd("/no/such/folder");
        assert!(
            me.open_port(PortName::file("/bin/true"), bad_directory)
                .is_err()
        );
        assert!(
            me.open_port(PortName::spawn("cat"), PortSettings::new().packet(3))
                .is_err()
        );
    }
    assert_eq!(node.ports(), []);
    drop((me, node));
    turn.end();
}

// P-900: many at once, all talking, then all closed.
#[test]
fn nothing_stays_of_hundreds_of_programs_at_once() {
    let turn = Turn::begin();
    let node = Node::new();
    const THREADS: usize = 4;
    const EACH: usize = 75;
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let mut me = node.attach();
            me.trap_exit(true);
            std::thread::spawn(move || {
                let ports: Vec<Port> = (0..EACH)
                    .map(|_| {
                        let settings = PortSettings::new().line(80);
                        me.open_port(PortName::spawn("cat"), settings).unwrap()
                    })
                    .collect();
                for port in &ports {
                    me.command_blocking(port, "hello\n").unwrap();
                }
                for _ in &ports {
                    let message = next(&mut me);
                    let PortMessage::Line(data) = (match message {
                        Message::Port { message, .. } => message,
                        other => panic!("{other}"),
                    }) else {
                        panic!("a line is wanted");
                    };
                    assert_eq!(&data[..], b"hello");
                }
                for port in &ports {
                    me.close(port).unwrap();
                    assert!(matches!(next(&mut me), Message::Exit { .. }));
                }
            })
        })
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    assert_eq!(node.ports(), []);
    assert_eq!(node.processes(), []);
    drop(node);
    turn.end();
}

// Nodes come and go in one operating system process, each with its threads.
#[test]
fn nothing_stays_of_nodes() {
    let turn = Turn::begin();
    for _ in 0..30 {
        let nodes: Vec<Node> = (0..4).map(|_| Node::new()).collect();
        let processes: Vec<Process> = nodes.iter().map(Node::attach).collect();
        for me in &processes {
            open(me, "exec cat", PortSettings::new());
        }
        drop(nodes);
        drop(processes);
    }
    turn.end();
}

// The threads of drivers' jobs end with their node.
#[test]
fn nothing_stays_of_jobs() {
    use portwright::driver::{Driver, JobResult, PortContext, StartError};

    struct Working;

    impl Driver for Working {
        fn start(port: &PortContext<'_>, _: &[u8]) -> Result<Self, StartError> {
            for number in 0..8u8 {
                port.async_job(Some(number.into()), move || number);
            }
            port.set_timer(Duration::from_secs(3600));
            Ok(Self)
        }
        fn ready_async(&mut self, port: &PortContext<'_>, _: JobResult) {
            port.output("done");
        }
    }

    let turn = Turn::begin();
    for _ in 0..5 {
        let node = Node::builder().async_threads(8).build().unwrap();
        node.register_driver::<Working>("working").unwrap();
        let mut me = node.attach();
        me.open_port(PortName::driver("working"), PortSettings::new())
            .unwrap();
        for _ in 0..8 {
            assert!(matches!(
                next(&mut me),
                Message::Port {
                    message: PortMessage::Data(_),
                    ..
                }
            ));
        }
        drop((me, node));
    }
    turn.end();
}
