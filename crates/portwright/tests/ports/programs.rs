//! Conversations with real programs. One that is not installed is reported, and fails the
//! tests where everything has to be there.

use portwright::{Node, PortName, PortSettings, Term};

use crate::alone::{Folder, alone};
use crate::owner::Owner;

const NORMAL: &str = "{'EXIT',P,normal}";

/// Whether the program is there; says so aloud if not.
#[track_caller]
fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    if !found {
        let required = std::env::var_os("CI").is_some_and(|value| value == "true");
        assert!(!required, "{program} is missing");
        eprintln!("skipped: {program} is missing");
    }
    found
}

#[test]
fn bc_calculates() {
    if !is_there("bc") {
        return;
    }
    let mut owner = Owner::new();
    owner.open("{spawn,\"bc\"}", "[{line,80}]");
    for (question, answer) in [("6 * 7\\n", "42"), ("2 ^ 64\\n", "18446744073709551616")] {
        owner.check(&[(&format!("port_command(P,\"{question}\")"), "true")]);
        assert_eq!(owner.next(), format!("{{P,{{data,{{eol,\"{answer}\"}}}}}}"));
    }
    owner.check(&[("port_command(P,\"quit\\n\")", "true")]);
    assert_eq!(owner.next(), NORMAL);
}

#[test]
fn gzip_and_gunzip_are_each_others_inverse() {
    if !is_there("gzip") {
        return;
    }
    let mut owner = Owner::new();
    let data: Vec<u8> = (0..1_000_000u32)
        .map(|n| (n.wrapping_mul(n) / 7) as u8)
        .collect();
    owner.bind("Data", Term::binary(data.clone()));
    owner.open("{spawn,\"gzip -c | gunzip -c\"}", "[binary,eof]");
    owner.check(&[("port_command(P,Data)", "true"), ("port_eof(P)", "true")]);
    assert_eq!(owner.bytes(data.len()), data);
    assert_eq!(owner.next(), "{P,eof}");
}

#[test]
fn git_answers_in_batches() {
    if !is_there("git") {
        return;
    }
    let folder = crate::alone::Folder::new("git");
    let git = |args: &[&str]| {
        let output = std::process::Command::new("git")
            .args(args)
            .current_dir(&folder.0)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    git(&["init", "--quiet"]);
    let file = folder.file("hello", "hello\n", 0o644);
    let object = git(&["hash-object", "-w", &file]);
    let mut owner = Owner::new();
    owner.open(
        "{spawn,\"git cat-file --batch\"}",
        &format!("[{{line,80}},{{cd,\"{}\"}}]", folder.path()),
    );
    owner.check(&[(
        &format!("port_command(P,\"{object}\\n{}\\n\")", "0".repeat(40)),
        "true",
    )]);
    for line in [
        format!("{object} blob 6"),
        "hello".into(),
        String::new(),
        format!("{} missing", "0".repeat(40)),
    ] {
        let line = if line.is_empty() {
            "[]".into()
        } else {
            format!("\"{line}\"")
        };
        assert_eq!(owner.next(), format!("{{P,{{data,{{eol,{line}}}}}}}"));
    }
}

// P-220, P-223, P-414: packets of 4 MB both ways.
#[test]
fn python_speaks_packets() {
    if !is_there("python3") {
        return;
    }
    let script = "\
import sys, struct
i, o = sys.stdin.buffer, sys.stdout.buffer
while True:
    header = i.read(4)
    if len(header) < 4: sys.exit(7)
    data = i.read(struct.unpack('>I', header)[0])
    o.write(header + data[::-1])
    o.flush()
";
    let mut owner = Owner::new();
    let settings = PortSettings::new()
        .packet(4)
        .binary()
        .exit_status()
        .args(["-c", script]);
    let port = owner
        .me
        .open_port(PortName::executable("python3"), settings)
        .unwrap();
    owner.bind("P", Term::Port(port.id()));
    for size in [0, 1, 65_535, 65_536, 4_000_000, 3] {
        let data: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
        owner.me.command_blocking(&port, data.clone()).unwrap();
        let message = owner.next_message();
        let portwright::Message::Port {
            message: portwright::PortMessage::Data(answer),
            ..
        } = &message
        else {
            panic!("{message}");
        };
        assert!(answer.iter().rev().eq(&data), "{size}");
    }
    owner.me.close_input(&port).unwrap();
    assert_eq!(owner.through(NORMAL), ["{P,{exit_status,7}}", NORMAL]);
}

#[test]
fn sort_answers_when_its_input_is_closed() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"sort -n\"}", "[]");
    let numbers: String = (0..50_000).rev().map(|n| format!("{n}\n")).collect();
    let sorted: String = (0..50_000).map(|n| format!("{n}\n")).collect();
    owner.bind("Data", Term::binary(numbers.into_bytes()));
    owner.check(&[("port_command(P,Data)", "true"), ("port_eof(P)", "true")]);
    assert_eq!(owner.bytes(sorted.len()), sorted.as_bytes());
    assert_eq!(owner.next(), NORMAL);
}

// Programs that are on their way have the host's descriptors for a moment, also those by
// which others are being written.
#[test]
fn a_program_that_was_just_written_can_be_started_among_others() {
    let test = "programs::a_program_that_was_just_written_can_be_started_among_others";
    if !alone(test, |_| ()) {
        return;
    }
    let node = Node::new();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let node = &node;
            scope.spawn(move || {
                let folder = Folder::new(&format!("written-{thread}"));
                let me = node.attach();
                for round in 0..200 {
                    let file = folder.0.join(format!("{round}"));
                    std::fs::copy("/bin/true", &file).unwrap();
                    let name = PortName::file(&file);
                    let port = me.open_port(name, PortSettings::new());
                    port.unwrap_or_else(|error| panic!("{error}"));
                    std::fs::remove_file(&file).unwrap();
                }
            });
        }
    });
}
