//! How drivers end their ports: by failure, at the end of their data, quietly, by a panic.

use std::io::Write;
use std::os::fd::AsRawFd;
use std::time::Duration;

use portwright::driver::{Interest, PortContext, Select};
use portwright::{Reply, Term};

use super::acts::Acts;
use super::{Log, NORMAL, log, opened, taken};
use crate::owner::{Owner, eventually};

/// In which callback a driver ends its port.
fn ending_everywhere(end: fn(&PortContext<'_>), expect: &[&str]) {
    for place in [
        "output",
        "control",
        "call",
        "timeout",
        "ready_input",
        "ready_output",
        "ready_async",
        "process_exit",
    ] {
        let events = Log::default();
        let stop = events.clone();
        let (reader, mut writer) = std::io::pipe().unwrap();
        let (_other_reader, other_writer) = std::io::pipe().unwrap();
        let (read, write) = (reader.as_raw_fd(), other_writer.as_raw_fd());
        writer.write_all(b"x").unwrap();
        let here = move |at: &'static str| {
            move |port: &PortContext<'_>| {
                if place == at {
                    end(port);
                }
            }
        };
        let output = here("output");
        let control = here("control");
        let call = here("call");
        let timeout = here("timeout");
        let (input, ready) = (here("ready_input"), here("ready_output"));
        let (job, exit) = (here("ready_async"), here("process_exit"));
        let (mut owner, port) = opened(
            Acts::default()
                .output(move |port, _| {
                    port.enqueue("dropped");
                    output(port);
                    match place {
                        "timeout" => drop(port.set_timer(Duration::ZERO)),
                        "ready_input" => drop(port.select(read, Interest::READ, Select::On)),
                        "ready_output" => drop(port.select(write, Interest::WRITE, Select::On)),
                        "ready_async" => drop(port.async_job(None, || ())),
                        _ => {}
                    }
                })
                .control(move |port, _, _| {
                    control(port);
                    Ok(Reply::list("answered"))
                })
                .call(move |port, _, argument| {
                    call(port);
                    if let Some(pid) = argument.as_pid() {
                        port.monitor_process(pid);
                    }
                    Ok(Term::atom("answered"))
                })
                .timeout(timeout)
                .ready_input(move |port, fd| {
                    port.select(fd, Interest::READ, Select::Off);
                    input(port);
                })
                .ready_output(move |port, fd| {
                    port.select(fd, Interest::WRITE, Select::Off);
                    ready(port);
                })
                .ready_async(move |port, _| job(port))
                .process_exit(move |port, _| exit(port))
                .stop(move |_| log(&stop, "stop")),
        );
        let mortal = owner.other();
        owner.bind("Mortal", Term::Pid(mortal.pid()));
        owner.bind_to("R", "monitor(port,P)");
        match place {
            "control" => drop(owner.eval("port_control(P,1,[])")),
            "call" | "process_exit" => drop(owner.eval("port_call(P,1,Mortal)")),
            _ => drop(owner.eval("port_command(P,\"go\")")),
        }
        drop(mortal);
        for message in expect {
            assert_eq!(owner.next(), *message, "{place}");
        }
        eventually("the port is gone", || port.is_gone());
        owner.check(&[("port_info(P)", "undefined"), ("ports()", "[]")]);
        owner.nothing_more();
        assert_eq!(taken(&events), ["stop"], "{place}");
        drop((reader, other_writer));
    }
}

// P-607.
#[test]
fn failure_ends_the_port_from_every_callback() {
    ending_everywhere(
        |port| {
            assert!(port.failure(Term::atom("broken")));
            // Nothing can be done with the port any more, and nothing breaks.
            assert!(!port.failure(Term::atom("again")));
            assert!(!port.output("lost") && !port.set_timer(Duration::ZERO));
            assert!(port.with_queue(|_| ()).is_none());
        },
        &["{'EXIT',P,broken}", "{'DOWN',R,port,P,broken}"],
    );
}

#[test]
fn the_end_of_data_ends_the_port_from_every_callback() {
    ending_everywhere(
        |port| assert!(port.failure_eof()),
        &["{'EXIT',P,normal}", "{'DOWN',R,port,P,normal}"],
    );
}

// The owner's link is removed first.
#[test]
fn exit_ends_the_port_without_telling_its_owner() {
    ending_everywhere(
        |port| assert!(port.exit(Term::atom("quietly"))),
        &["{'DOWN',R,port,P,quietly}"],
    );
}

#[test]
fn a_panic_ends_its_port_and_no_other() {
    // These panics are expected: they need not be printed. Those of other tests are not.
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload().downcast_ref::<&str>();
        if !text.is_some_and(|text| *text == "on purpose" || text.starts_with("in ")) {
            usual(panic);
        }
    }));
    ending_everywhere(
        |_| panic!("on purpose"),
        &["{'EXIT',P,driver_panic}", "{'DOWN',R,port,P,driver_panic}"],
    );
    {
        let mut owner = Owner::new();
        let acts = Acts::default().start(|_, _| panic!("in start"));
        acts.add_to(&owner.node, "acts");
        owner.check(&[
            ("open_port({spawn,acts},[])", "error einval"),
            ("ports()", "[]"),
        ]);
        owner.nothing_more();
    }
    let (mut owner, port) = opened(Acts::default().stop(|_| panic!("in stop")));
    owner.check(&[("port_close(P)", "true")]);
    assert_eq!(owner.next(), NORMAL);
    assert!(port.is_gone());
    let (mut owner, port) = opened(
        Acts::default()
            .output(|port, _| assert!(port.enqueue("left")))
            .flush(|_| panic!("in flush")),
    );
    owner.check(&[("port_command(P,[])", "true"), ("port_close(P)", "true")]);
    assert_eq!(owner.next(), NORMAL);
    eventually("the port is gone", || port.is_gone());
    let (mut owner, port) = opened(Acts::default().output(|port, _| {
        port.async_job(None, || panic!("in a job"));
    }));
    owner.check(&[("port_command(P,[])", "true")]);
    assert_eq!(owner.next(), "{'EXIT',P,driver_panic}");
    // It is another thread that closes it, and links are told first.
    eventually("the port is gone", || port.is_gone());
}

// The driver refuses the port after all, and is then asked to stop.
#[test]
fn a_panic_in_stop_after_a_start_that_failed_is_an_error_of_opening() {
    let mut owner = Owner::new();
    Acts::default()
        .start(|port, _| {
            port.failure(Term::atom("broken"));
            Ok(())
        })
        .stop(|_| panic!("on purpose"))
        .add_to(&owner.node, "acts");
    owner.check(&[
        ("open_port({spawn,acts},[])", "error einval"),
        ("ports()", "[]"),
    ]);
    owner.nothing_more();
}

// With `eof` the port stays open, and the driver may say so as often as it likes.
#[test]
fn eof_leaves_the_port_open() {
    let mut owner = Owner::new();
    Acts::default()
        .output(|port, data| {
            port.output(data.into_bytes());
            port.failure_eof();
        })
        .add_to(&owner.node, "acts");
    owner.open("{spawn,acts}", "[eof,{line,10}]");
    owner.check(&[
        ("port_command(P,\"a\\nb\")", "true"),
        ("port_command(P,\"c\")", "true"),
    ]);
    for message in [
        "{data,{eol,\"a\"}}",
        "{data,{noeol,\"b\"}}",
        "eof",
        "{data,{noeol,\"c\"}}",
        "eof",
    ] {
        assert_eq!(owner.next(), format!("{{P,{message}}}"));
    }
    owner.check(&[("port_close(P)", "true")]);
}
