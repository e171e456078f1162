//! Ports of drivers: the compiled one, and the same in Rust.

use std::hint::black_box;
use std::thread;

use bytes::Bytes;
use portwright::driver::{BadArgument, Driver, PortContext, StartError};
use portwright::{Binary, Message, Node, Port, PortName, PortSettings, Process, Reply, Term};

use portwright_ddll::NodeExt;

use super::ours::data_len;
use super::{SMALL, warm_up};
use crate::host;
use crate::sample::{Sample, Stopwatch};
use crate::workshop::{DRIVER_NAME, Workshop};

/// Operations of the driver.
const ECHO: u32 = 1;
const SEND_TERMS: u32 = 2;

/// Threads that send terms.
const SENDERS: u64 = 4;

pub(super) fn measure(line: &str, peer: &str, count: u64) -> Result<Sample, String> {
    if peer == "raw" {
        return calls_of_a_function(line, count);
    }
    let node = Node::new();
    let workshop = Workshop::enter()?;
    match peer {
        "portwright" => load(&node, &workshop)?,
        "portwright_rust" => node
            .register_driver::<Echo>(DRIVER_NAME)
            .map_err(|error| error.to_string())?,
        _ => return Err(format!("{peer} has no drivers")),
    }
    let mut me = node.attach();
    Ok(match line {
        "driver-echo" => echoes(&mut me, count),
        "driver-control" => controls(&me, count),
        "driver-call" => calls(&me, count),
        "driver-open" => {
            let stopwatch = Stopwatch::start();
            let ports = open_many(&me, count);
            let lap = stopwatch.stop();
            drop(ports);
            lap.nanoseconds(count)
        }
        "driver-close" => {
            let ports = open_many(&me, count);
            let stopwatch = Stopwatch::start();
            for port in &ports {
                me.close(port).expect("it is open");
            }
            stopwatch.stop().nanoseconds(count)
        }
        "driver-memory" => {
            drop(open_many(&me, 1));
            let before = host::resident_bytes();
            let ports = open_many(&me, count);
            let grown = host::resident_bytes().saturating_sub(before);
            // The handles are ours, not the ports'.
            let handles = size_of::<Port>() as f64;
            drop(ports);
            Sample::of(grown as f64 / count as f64 - handles)
        }
        "send-term" if peer == "portwright" => terms_of_driver(&mut me, count),
        "send-term" => terms_of_threads(&mut me, count),
        _ => return Err(format!("there is no line {line:?} for drivers")),
    })
}

/// Makes the compiled driver known to the node.
fn load(node: &Node, workshop: &Workshop) -> Result<(), String> {
    if !workshop.has_driver() {
        return Err(format!(
            "no compiled driver: {}",
            workshop.missing.join("; ")
        ));
    }
    node.ddll()
        .load(workshop.folder(), DRIVER_NAME)
        .map_err(|error| error.to_string())
}

/// The compiled driver, word for word.
struct Echo;

impl Driver for Echo {
    fn start(_: &PortContext<'_>, _: &[u8]) -> Result<Self, StartError> {
        Ok(Self)
    }

    fn output(&mut self, port: &PortContext<'_>, data: &[u8]) {
        port.output(Binary::copy_from_slice(data));
    }

    fn control(
        &mut self,
        _: &PortContext<'_>,
        operation: u32,
        data: &[u8],
    ) -> Result<Reply, BadArgument> {
        if operation == ECHO {
            Ok(Reply::binary_from_slice(data))
        } else {
            Err(BadArgument)
        }
    }

    fn call(&mut self, _: &PortContext<'_>, _: u32, argument: Term) -> Result<Term, BadArgument> {
        Ok(argument)
    }
}

fn open(me: &Process) -> Port {
    me.open_port(PortName::driver(DRIVER_NAME), PortSettings::new().binary())
        .expect("the driver starts")
}

fn open_many(me: &Process, count: u64) -> Vec<Port> {
    let mut ports = Vec::with_capacity(usize::try_from(count).expect("few"));
    ports.extend((0..count).map(|_| open(me)));
    ports
}

fn echoes(me: &mut Process, count: u64) -> Sample {
    let port = open(me);
    let data = Bytes::from_static(&[b'x'; SMALL]);
    let mut talk = |count| {
        for _ in 0..count {
            me.command_blocking(&port, data.clone())
                .expect("it is open");
            assert_eq!(data_len(me.receive_blocking()), SMALL);
        }
    };
    talk(warm_up(count));
    let stopwatch = Stopwatch::start();
    talk(count);
    stopwatch.stop().nanoseconds(count)
}

fn controls(me: &Process, count: u64) -> Sample {
    let port = open(me);
    let data = Bytes::from_static(&[b'x'; SMALL]);
    let ask = |count| {
        for _ in 0..count {
            let reply = me.control(&port, ECHO, &data).expect("an answer");
            assert_eq!(reply.bytes().len(), SMALL);
        }
    };
    ask(warm_up(count));
    let stopwatch = Stopwatch::start();
    ask(count);
    stopwatch.stop().nanoseconds(count)
}

fn calls(me: &Process, count: u64) -> Sample {
    let port = open(me);
    let binary = Term::binary(Bytes::from_static(&[b'x'; SMALL]));
    let term = Term::tuple([Term::atom("a"), binary]);
    let ask = |count| {
        for _ in 0..count {
            let answer = me.call(&port, ECHO, term.clone()).expect("an answer");
            assert!(matches!(answer, Term::Tuple(_)));
        }
    };
    ask(warm_up(count));
    let stopwatch = Stopwatch::start();
    ask(count);
    stopwatch.stop().nanoseconds(count)
}

/// The driver's own threads send to us.
fn terms_of_driver(me: &mut Process, count: u64) -> Sample {
    let port = open(me);
    let each = u32::try_from(count / SENDERS).expect("few");
    let stopwatch = Stopwatch::start();
    let data = Bytes::copy_from_slice(&each.to_be_bytes());
    me.control(&port, SEND_TERMS, data).expect("threads start");
    receive_terms(me, u64::from(each) * SENDERS);
    stopwatch
        .stop()
        .millions_per_second(u64::from(each) * SENDERS)
}

/// Rust drivers have Rust's threads, which send as anybody does.
fn terms_of_threads(me: &mut Process, count: u64) -> Sample {
    let each = count / SENDERS;
    let (node, receiver) = (me.node().clone(), me.pid());
    let stopwatch = Stopwatch::start();
    let lap = thread::scope(|scope| {
        for _ in 0..SENDERS {
            scope.spawn(|| {
                let tag = Term::atom("term");
                for _ in 0..each {
                    let numbers = (1..=8).map(|number: i64| Term::from(number));
                    let term = Term::tuple([tag.clone()].into_iter().chain(numbers));
                    node.send(receiver, term).expect("a pid");
                }
            });
        }
        receive_terms(me, each * SENDERS);
        stopwatch.stop()
    });
    lap.millions_per_second(each * SENDERS)
}

fn receive_terms(me: &mut Process, count: u64) {
    for _ in 0..count {
        let message = me.receive_blocking();
        assert!(
            matches!(message, Some(Message::Term(Term::Tuple(_)))),
            "{message:?}"
        );
    }
}

/// What a call into a driver costs a C program: a function behind a pointer that
/// copies the bytes.
fn calls_of_a_function(line: &str, count: u64) -> Result<Sample, String> {
    if !matches!(line, "driver-echo" | "driver-control") {
        return Err(format!("raw is not measured on the line {line}"));
    }
    fn echo(data: &[u8; SMALL], answer: &mut [u8; SMALL]) {
        answer.copy_from_slice(data);
    }
    let function: fn(&[u8; SMALL], &mut [u8; SMALL]) = black_box(echo);
    let (data, mut answer) = ([b'x'; SMALL], [0; SMALL]);
    let stopwatch = Stopwatch::start();
    for _ in 0..count {
        function(black_box(&data), black_box(&mut answer));
    }
    Ok(stopwatch.stop().nanoseconds(count))
}
