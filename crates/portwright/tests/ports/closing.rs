//! Closing with queued output, and the life of programs after their port.

use std::path::Path;

use portwright::Term;

use crate::alone::Folder;
use crate::owner::{Owner, eventually};

const NORMAL: &str = "{'EXIT',P,normal}";

fn is_running(os_pid: u32) -> bool {
    // A zombie has an entry too.
    std::fs::read_to_string(format!("/proc/{os_pid}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .starts_with(" Z")
    })
}

fn exists(os_pid: u32) -> bool {
    Path::new(&format!("/proc/{os_pid}")).exists()
}

/// A port with 300,000 bytes for a program that begins to read when told.
struct Slow {
    owner: Owner,
    port: portwright::Port,
    folder: Folder,
}

impl Slow {
    fn new(name: &str, settings: &str) -> Self {
        let folder = Folder::new(name);
        std::process::Command::new("mkfifo")
            .arg(folder.0.join("go"))
            .status()
            .unwrap();
        let mut owner = Owner::new();
        let script = format!(
            "cd {}; read go < go; wc -c > count.new; mv count.new count; echo answer",
            folder.path()
        );
        let port = owner.sh(&script, settings);
        owner.bind("Data", Term::binary(vec![b'x'; 300_000]));
        owner.check(&[("port_command(P,Data)", "true")]);
        Self {
            owner,
            port,
            folder,
        }
    }

    fn go(&self) {
        std::fs::write(self.folder.0.join("go"), "go\n").unwrap();
    }

    /// How many bytes the program has read in the end.
    fn count(&self) -> usize {
        let count = self.folder.0.join("count");
        eventually("the program has counted", || count.exists());
        std::fs::read_to_string(count)
            .unwrap()
            .trim()
            .parse()
            .unwrap()
    }
}

// P-505, P-855, P-971, and the table of section 0 for closing ports.
#[test]
fn a_closing_port_is_closed_for_everything_but_infos() {
    let mut slow = Slow::new("lingering", "[]");
    let owner = &mut slow.owner;
    let os_pid = slow.port.os_pid().unwrap();
    owner.check(&[("port_close(P)", "true")]);
    assert_eq!(owner.next(), NORMAL);
    owner.check(&[
        ("send(P,{Me,{command,\"x\"}})", "{Me,{command,\"x\"}}"),
        ("send(P,nonsense)", "nonsense"),
        ("port_command(P,\"x\")", "error badarg"),
        ("port_command(P,\"x\",[nosuspend])", "error badarg"),
        ("port_close(P)", "error badarg"),
        ("port_connect(P,Me)", "error badarg"),
        ("port_control(P,1,\"\")", "error badarg"),
        ("port_call(P,1,x)", "error badarg"),
        ("port_get_data(P)", "error badarg"),
        ("port_set_data(P,x)", "error badarg"),
        ("register(slow,P)", "error badarg"),
        ("port_info(P,links)", "{links,[]}"),
        ("port_info(P,connected)", "{connected,Me}"),
        ("port_info(P,os_pid)", &format!("{{os_pid,{os_pid}}}")),
        ("ports()", "[P]"),
        // P-853: nothing ends the lingering, not even kill.
        ("exit(P,oops)", "true"),
        ("exit(P,kill)", "true"),
        ("ports()", "[P]"),
        ("unlink(P)", "true"),
    ]);
    owner.nothing_more();
    owner.check(&[("link(P)", "true")]);
    assert_eq!(owner.next(), "{'EXIT',P,noproc}");
    owner.bind_to("R", "monitor(port,P)");
    assert_eq!(owner.next(), "{'DOWN',R,port,P,noproc}");
    let mut calm = owner.other().not_trapping();
    calm.check(&[("link(P)", "error noproc")]);
    slow.go();
    assert_eq!(slow.count(), 300_000);
    eventually("the port is gone", || slow.port.is_gone());
    slow.owner.check(&[("port_info(P)", "undefined")]);
    slow.owner.nothing_more();
}

// P-606, P-856: every reason but kill flushes, whoever it is from.
#[test]
fn exit_signals_and_dead_owners_flush_first() {
    let mut slow = Slow::new("flush", "[]");
    slow.owner.check(&[("exit(P,oops)", "true")]);
    assert_eq!(slow.owner.next(), "{'EXIT',P,oops}");
    slow.go();
    assert_eq!(slow.count(), 300_000);

    for reason in [None, Some("oops")] {
        let mut slow = Slow::new("owner", "[]");
        let owner = std::mem::replace(&mut slow.owner, Owner::new());
        // The node lives on in a handle of its own.
        let _node = owner.node.clone();
        match reason {
            None => drop(owner),
            Some(reason) => owner.me.exit(Term::atom(reason)),
        }
        slow.go();
        assert_eq!(slow.count(), 300_000);
        eventually("the port is gone", || slow.port.is_gone());
    }
    // The owner is killed, the queue is still written.
    let slow = Slow::new("killed", "[]");
    slow.owner
        .node
        .exit_signal(slow.owner.pid(), Term::atom("kill"));
    slow.go();
    assert_eq!(slow.count(), 300_000);
}

// P-854, P-606.
#[test]
fn kill_drops_the_queue() {
    let mut slow = Slow::new("kill", "[]");
    slow.owner.check(&[("exit(P,kill)", "true")]);
    assert_eq!(slow.owner.next(), "{'EXIT',P,killed}");
    assert!(slow.port.is_gone());
    slow.go();
    let count = slow.count();
    assert!(count < 300_000, "{count}");
}

// P-853: it ends when the program dies, when it closes its input, or at the end of its output.
#[test]
fn lingering_ends_with_the_program() {
    for script in [
        "read go < go; exit 0",
        "read go < go; exec <&-; exec sleep 600",
        "read go < go; exec >&-; exec sleep 600",
    ] {
        let folder = Folder::new("end");
        std::process::Command::new("mkfifo")
            .arg(folder.0.join("go"))
            .status()
            .unwrap();
        let mut owner = Owner::new();
        let port = owner.sh(&format!("cd {}; {script}", folder.path()), "[]");
        let os_pid = port.os_pid().unwrap();
        owner.bind("Data", Term::binary(vec![b'x'; 300_000]));
        owner.check(&[
            ("port_command(P,Data)", "true"),
            ("send(P,{Me,close})", "{Me,close}"),
        ]);
        assert_eq!(owner.next(), NORMAL);
        owner.nothing_more();
        std::fs::write(folder.0.join("go"), "go\n").unwrap();
        assert_eq!(owner.next(), "{P,closed}", "{script}");
        assert!(port.is_gone());
        kill(os_pid);
    }
}

/// Ends a program that a test has left behind.
fn kill(os_pid: u32) {
    if let Some(pid) = rustix::process::Pid::from_raw(os_pid.cast_signed()) {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}

// P-855: output during lingering is read, so the program is not held up, and dropped.
#[test]
fn output_during_lingering_is_dropped() {
    let folder = Folder::new("output");
    std::process::Command::new("mkfifo")
        .arg(folder.0.join("go"))
        .status()
        .unwrap();
    let mut owner = Owner::new();
    let script = format!(
        "cd {}; read go < go; head -c 1000000 /dev/zero; cat >/dev/null",
        folder.path()
    );
    owner.sh(&script, "[]");
    owner.bind("Data", Term::binary(vec![b'x'; 300_000]));
    owner.check(&[
        ("port_command(P,Data)", "true"),
        ("send(P,{Me,close})", "{Me,close}"),
    ]);
    assert_eq!(owner.next(), NORMAL);
    std::fs::write(folder.0.join("go"), "go\n").unwrap();
    assert_eq!(owner.next(), "{P,closed}");
    owner.nothing_more();
}

// P-850, P-851, P-852: no signal, and no zombie when the program ends at last.
#[test]
fn a_program_that_ignores_the_end_lives_on_and_is_reaped() {
    for close in ["port_close(P)", "exit(P,kill)", "send(P,{Me,close})"] {
        let folder = Folder::new("orphan");
        std::process::Command::new("mkfifo")
            .arg(folder.0.join("go"))
            .status()
            .unwrap();
        let mut owner = Owner::new();
        let port = owner.sh(
            &format!("cd {}; echo on; read go < go; exit 0", folder.path()),
            "[]",
        );
        assert_eq!(owner.next(), "{P,{data,\"on\\n\"}}");
        let os_pid = port.os_pid().unwrap();
        owner.eval(close);
        assert!(owner.next().starts_with("{'EXIT',P,"));
        assert!(port.is_gone());
        assert!(is_running(os_pid), "{close}");
        // Also after the node has gone.
        drop(owner);
        assert!(is_running(os_pid), "{close}");
        std::fs::write(folder.0.join("go"), "go\n").unwrap();
        eventually("it is reaped", || !exists(os_pid));
    }
}

// P-852: with and without exit_status, while the port is open.
#[test]
fn programs_are_reaped_while_their_port_is_open() {
    for settings in ["[eof]", "[eof,exit_status]", "[out]", "[]"] {
        let mut owner = Owner::new();
        let port = owner.sh("exit 0", settings);
        let os_pid = port.info().and_then(|info| info.os_pid);
        if let Some(os_pid) = os_pid {
            eventually("it is reaped", || !exists(os_pid));
        }
        drop(owner);
    }
}

// P-857: a node that goes away flushes its ports, and keeps nobody waiting meanwhile.
#[test]
fn dropping_the_node_flushes_its_ports() {
    let slow = Slow::new("halt", "[]");
    let port = slow.port.clone();
    let os_pid = port.os_pid().unwrap();
    drop(slow.owner);
    assert!(!port.is_open() && !port.is_gone());
    std::fs::write(slow.folder.0.join("go"), "go\n").unwrap();
    let count = slow.folder.0.join("count");
    eventually("the program has counted", || count.exists());
    assert_eq!(std::fs::read_to_string(count).unwrap().trim(), "300000");
    eventually("the port is gone", || port.is_gone());
    eventually("the program is reaped", || !exists(os_pid));
}
