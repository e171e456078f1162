//! Signals and their order.

use crate::alone::Folder;
use crate::owner::{Owner, eventually};

// P-700, P-701, P-702.
#[test]
fn messages_and_functions_of_one_process_keep_their_order() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[binary]");
    let mut expect = String::new();
    for number in 0..200 {
        let text = format!("{number};");
        if number % 2 == 0 {
            owner.eval(&format!("send(P,{{Me,{{command,\"{text}\"}}}})"));
        } else {
            owner.eval(&format!("port_command(P,\"{text}\")"));
        }
        expect.push_str(&text);
    }
    assert_eq!(
        String::from_utf8(owner.bytes(expect.len())).unwrap(),
        expect
    );
}

// P-702: after a close message everything of the same sender comes too late.
#[test]
fn after_a_close_message_functions_find_no_port() {
    for _ in 0..100 {
        let mut owner = Owner::new();
        owner.open("{spawn,\"cat\"}", "[]");
        owner.check(&[
            ("send(P,{Me,close})", "{Me,close}"),
            ("port_command(P,\"x\")", "error badarg"),
            ("port_close(P)", "error badarg"),
            ("port_info(P)", "undefined"),
        ]);
    }
}

// P-700, P-704: several senders, each of whose signals keep their order.
#[test]
fn each_of_many_senders_keeps_its_own_order() {
    let mut owner = Owner::new();
    owner.open(
        "{spawn,\"cat\"}",
        "[{line,80},{busy_limits_port,disabled},{busy_limits_msgq,disabled}]",
    );
    const SENDERS: usize = 8;
    const EACH: usize = 500;
    let threads: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let mut process = owner.other();
            std::thread::spawn(move || {
                for number in 0..EACH {
                    process
                        .check(&[(&format!("port_command(P,\"{sender} {number}\\n\")"), "true")]);
                }
            })
        })
        .collect();
    let mut next = [0; SENDERS];
    for _ in 0..SENDERS * EACH {
        let message = owner.next();
        let line = message
            .strip_prefix("{P,{data,{eol,\"")
            .and_then(|rest| rest.strip_suffix("\"}}}"))
            .unwrap_or_else(|| panic!("{message}"));
        let (sender, number) = line.split_once(' ').unwrap();
        let sender: usize = sender.parse().unwrap();
        assert_eq!(
            number.parse::<usize>().unwrap(),
            next[sender],
            "of {sender}"
        );
        next[sender] += 1;
    }
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
}

// P-703: data, status, EXIT in the order in which the port sent them.
#[test]
fn exit_never_overtakes_data() {
    for _ in 0..20 {
        let mut owner = Owner::new();
        owner.open("{spawn,\"seq 1 2000\"}", "[{line,20},exit_status]");
        for number in 1..=2_000 {
            assert_eq!(owner.next(), format!("{{P,{{data,{{eol,\"{number}\"}}}}}}"));
            if number == 300 {
                break;
            }
        }
        let rest = owner.through("{'EXIT',P,normal}");
        assert_eq!(rest.len(), 2_000 - 300 + 2);
        assert_eq!(rest[rest.len() - 2], "{P,{exit_status,0}}");
        assert_eq!(rest[rest.len() - 3], "{P,{data,{eol,\"2000\"}}}");
    }
}

// P-004: relations are told before the queue is written, in this order.
#[test]
fn closing_tells_relations_first() {
    let folder = Folder::new("relations");
    let fifo = folder.0.join("go");
    std::process::Command::new("mkfifo")
        .arg(&fifo)
        .status()
        .unwrap();
    let mut owner = Owner::new();
    let port = owner.sh(
        &format!("read go < {}; cat >/dev/null", fifo.display()),
        "[]",
    );
    owner.bind("Data", portwright::Term::binary(vec![0; 500_000]));
    owner.bind_to("R", "monitor(port,P)");
    owner.check(&[
        ("register(slow,P)", "true"),
        ("port_command(P,Data)", "true"),
        ("send(P,{Me,close})", "{Me,close}"),
    ]);
    assert_eq!(owner.next(), "{'EXIT',P,normal}");
    assert_eq!(owner.next(), "{'DOWN',R,port,P,normal}");
    owner.check(&[("whereis(slow)", "undefined"), ("ports()", "[P]")]);
    owner.nothing_more();
    assert!(!port.is_open() && !port.is_gone());
    std::fs::write(&fifo, "go\n").unwrap();
    assert_eq!(owner.next(), "{P,closed}");
    eventually("it is no port any more", || port.is_gone());
    owner.check(&[("ports()", "[]")]);
}
