//! Which callbacks can run at once, and callbacks that others wait for.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portwright::driver::{BadArgument, DriverFlags, StartError};
use portwright::{Busy, ControlError, Node, PortName, PortSettings, Term};

use super::acts::Acts;
use super::{Log, log, taken};
use crate::owner::{Owner, eventually};

// Callbacks of one port never overlap; without port locking those of one driver never do.
#[test]
fn locking_keeps_callbacks_apart() {
    for (flags, ports, most) in [(DriverFlags::PORT_LOCKING, 1, 1), (DriverFlags::NONE, 4, 1)] {
        let inside = Arc::new(AtomicUsize::new(0));
        let worst = Arc::new(AtomicUsize::new(0));
        let (now, max) = (inside.clone(), worst.clone());
        let mut owner = Owner::new();
        Acts::default()
            .flags(flags)
            .output(move |port, data| {
                max.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                port.output(data.into_bytes());
                now.fetch_sub(1, Ordering::SeqCst);
            })
            .add_to(&owner.node, "acts");
        let ports: Vec<_> = (0..ports)
            .map(|_| {
                let settings =
                    PortSettings::new().busy_limits_msgq(portwright::BusyLimits::Disabled);
                owner
                    .me
                    .open_port(PortName::spawn("acts"), settings)
                    .unwrap()
            })
            .collect();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (process, ports) = (owner.other(), ports.clone());
                std::thread::spawn(move || {
                    for number in 0..500 {
                        process
                            .me
                            .command_blocking(&ports[number % ports.len()], "x")
                            .unwrap();
                    }
                })
            })
            .collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        let mut total = 0;
        while total < 2000 {
            match owner.next_message() {
                portwright::Message::Port {
                    message: portwright::PortMessage::Data(data),
                    ..
                } => total += data.len(),
                other => panic!("{other}"),
            }
        }
        assert_eq!(worst.load(Ordering::SeqCst), most);
        let level = if flags == DriverFlags::NONE {
            "driver_level"
        } else {
            "port_level"
        };
        owner.bind("P", Term::Port(ports[0].id()));
        owner.check(&[("port_info(P,locking)", &format!("{{locking,{level}}}"))]);
    }
}

// Whether a call finds the turn free or has to wait for it, the answer is the caller's.
#[test]
fn calls_from_all_sides_get_their_own_answers() {
    let mut owner = Owner::new();
    Acts::default()
        .flags(DriverFlags::PORT_LOCKING)
        .output(|_, _| std::thread::yield_now())
        .call(|_, operation, argument| {
            std::thread::yield_now();
            if operation == 0 {
                return Err(BadArgument);
            }
            Ok(Term::tuple([Term::from(operation), argument]))
        })
        .add_to(&owner.node, "acts");
    let port = owner.open("{spawn,acts}", "[]");
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (process, port) = (owner.other(), port.clone());
            scope.spawn(move || {
                for number in 0..500 {
                    let argument = Term::tuple([Term::from(thread), Term::from(number)]);
                    let operation = number % 3;
                    let answer = process.me.call(&port, operation, argument.clone());
                    let expect = match operation {
                        0 => Err(ControlError::Refused),
                        _ => Ok(Term::tuple([Term::from(operation), argument])),
                    };
                    assert_eq!(answer, expect);
                    process.me.command_blocking(&port, "x").unwrap();
                }
            });
        }
    });
}

// A callback that comes back to its own port gets an answer, not a deadlock.
#[test]
fn a_callback_may_not_wait_for_its_own_port() {
    let node = Node::new();
    let mut owner = Owner::on(&node);
    let (weak, results) = (node.clone(), Log::default());
    let seen = results.clone();
    let weak = Mutex::new(weak);
    Acts::default()
        .output(move |port, _| {
            let node = weak.lock().unwrap().clone();
            let own = node.port(port.id()).unwrap();
            let process = node.attach();
            log(&seen, format!("{:?}", process.control(&own, 1, "")));
            log(&seen, format!("{:?}", process.close(&own)));
            log(
                &seen,
                format!(
                    "{}",
                    process.try_command(&own, "later", Busy::NoSuspend).is_ok()
                ),
            );
        })
        .add_to(&node, "acts");
    owner.open("{spawn,acts}", "[]");
    // The command that the callback sends itself would go on for ever: kill it.
    let killer = owner.other();
    let port = owner.term("P").as_port().unwrap();
    let thread = std::thread::spawn(move || killer.me.exit_signal(port, Term::atom("kill")));
    owner.eval("port_command(P,\"x\")");
    thread.join().unwrap();
    eventually("it is over", || node.ports().is_empty());
    let results = taken(&results);
    if let Some(first) = results.first() {
        assert_eq!(first, "Err(NotOpen)");
        assert_eq!(results[1], "Err(NotOpen)");
    }
    node.remove_driver("acts");
}

// A waiting open: the driver says later whether it worked.
#[test]
fn opening_may_wait_for_the_driver() {
    for (answer, expect) in [
        (Ok(()), None),
        (Err(StartError::General), Some("error einval")),
        (Err(StartError::BadArgument), Some("error badarg")),
        (Err(StartError::Errno(13)), Some("error eacces")),
    ] {
        let mut owner = Owner::new();
        let stopped = Log::default();
        let stop = stopped.clone();
        Acts::default()
            .flags(DriverFlags::PORT_LOCKING | DriverFlags::USE_INIT_ACK)
            .start(|port, _| {
                port.set_timer(Duration::from_millis(5));
                Ok(())
            })
            .timeout(move |port| port.init_ack(answer.clone()))
            .stop(move |_| log(&stop, "stop"))
            .add_to(&owner.node, "acts");
        let value = owner.eval("open_port({spawn,acts},[])");
        match expect {
            None => assert!(value.starts_with("#Port<"), "{value}"),
            Some(error) => {
                assert_eq!(value, error);
                assert_eq!(taken(&stopped), ["stop"]);
                owner.check(&[("ports()", "[]"), ("process_info(Me,links)", "{links,[]}")]);
            }
        }
        owner.nothing_more();
    }
}
