//! Portwright's programs. The blocking face of [`Process`], which is the fastest
//! for a conversation: the thread that waits handles its own events.

use std::thread;

use bytes::Bytes;
use portwright::{Message, Node, Port, PortMessage, PortName, PortSettings, Process};

use super::{AT_ONCE, LARGE, SMALL, make_large, warm_up};
use crate::host;
use crate::sample::{Sample, Stopwatch};

/// Commands between two looks into the mailbox in the pipelined line.
const BURST: u64 = 256;

pub(super) fn measure(line: &str, count: u64) -> Option<Sample> {
    Some(match line {
        "round-trip" | "round-trip-free" => round_trips(count, PortSettings::new().binary()),
        "round-trip-packet" => round_trips(count, PortSettings::new().binary().packet(4)),
        "throughput" | "throughput-free" => throughput(count),
        "packets" => packets(count),
        "start" => starts(count),
        "start-large" => {
            let _large = make_large();
            starts(count)
        }
        "start-64" => starts_at_once(count),
        "memory" => memory(count),
        _ => return None,
    })
}

pub(super) fn measure_async(line: &str, count: u64) -> Option<Sample> {
    let runtime = super::tokio_process::one_thread();
    let settings = match line {
        "round-trip" | "round-trip-free" => PortSettings::new(),
        "round-trip-packet" => PortSettings::new().packet(4),
        _ => return None,
    };
    Some(runtime.block_on(round_trips_async(count, settings.binary())))
}

fn cat(me: &Process, settings: PortSettings) -> Port {
    me.open_port(PortName::file("/bin/cat"), settings)
        .expect("a program starts")
}

fn os_pid(port: &Port) -> u32 {
    port.os_pid().expect("it lives")
}

/// How many bytes a message of a port brings.
#[track_caller]
pub(super) fn data_len(message: Option<Message>) -> usize {
    match message {
        Some(Message::Port {
            message: PortMessage::Data(data),
            ..
        }) => data.len(),
        other => panic!("{other:?} instead of data"),
    }
}

fn round_trips(count: u64, settings: PortSettings) -> Sample {
    let node = Node::new();
    let mut me = node.attach();
    let port = cat(&me, settings);
    let data = Bytes::from_static(&[b'x'; SMALL]);
    let mut talk = |count| {
        for _ in 0..count {
            me.command_blocking(&port, data.clone()).expect("cat reads");
            let mut arrived = 0;
            while arrived < SMALL {
                arrived += data_len(me.receive_blocking());
            }
        }
    };
    talk(warm_up(count));
    let stopwatch = Stopwatch::start_with(os_pid(&port));
    talk(count);
    stopwatch.stop().microseconds(count)
}

async fn round_trips_async(count: u64, settings: PortSettings) -> Sample {
    let node = Node::new();
    tokio::spawn(node.handle_events());
    let mut me = node.attach();
    let port = cat(&me, settings);
    let data = Bytes::from_static(&[b'x'; SMALL]);
    let mut talk = async |count| {
        for _ in 0..count {
            me.command(&port, data.clone()).await.expect("cat reads");
            let mut arrived = 0;
            while arrived < SMALL {
                arrived += data_len(me.receive().await);
            }
        }
    };
    talk(warm_up(count)).await;
    let stopwatch = Stopwatch::start_with(os_pid(&port));
    talk(count).await;
    stopwatch.stop().microseconds(count)
}

/// One thread sends and receives: a sender that waits for the port handles events.
fn throughput(writes: u64) -> Sample {
    let node = Node::new();
    let mut me = node.attach();
    let port = cat(&me, PortSettings::new().binary());
    let data = Bytes::from(vec![b'x'; LARGE]);
    let total = writes * LARGE as u64;
    let stopwatch = Stopwatch::start_with(os_pid(&port));
    let mut arrived = 0;
    for _ in 0..writes {
        me.command_blocking(&port, data.clone()).expect("cat reads");
        while let Some(message) = me.try_receive() {
            arrived += data_len(Some(message)) as u64;
        }
    }
    while arrived < total {
        arrived += data_len(me.receive_blocking()) as u64;
    }
    stopwatch.stop().mebibytes_per_second(writes, LARGE)
}

fn packets(count: u64) -> Sample {
    let node = Node::new();
    let mut me = node.attach();
    let port = cat(&me, PortSettings::new().binary().packet(4));
    let data = Bytes::from_static(&[b'x'; SMALL]);
    let stopwatch = Stopwatch::start_with(os_pid(&port));
    let mut arrived = 0;
    for sent in 0..count {
        me.command_blocking(&port, data.clone()).expect("cat reads");
        if sent % BURST == 0 {
            while let Some(message) = me.try_receive() {
                assert_eq!(data_len(Some(message)), SMALL);
                arrived += 1;
            }
        }
    }
    while arrived < count {
        assert_eq!(data_len(me.receive_blocking()), SMALL);
        arrived += 1;
    }
    stopwatch.stop().millions_per_second(count)
}

fn start(me: &Process) -> Port {
    me.open_port(
        PortName::file("/bin/true"),
        PortSettings::new().exit_status(),
    )
    .expect("a program starts")
}

/// Whether a message says that a program has ended well.
#[track_caller]
fn is_status(message: Option<Message>) -> bool {
    match message {
        Some(Message::Port {
            message: PortMessage::ExitStatus(status),
            ..
        }) => {
            assert_eq!(status, 0);
            true
        }
        Some(Message::Exit { .. }) => false,
        other => panic!("{other:?} instead of a status"),
    }
}

fn starts(count: u64) -> Sample {
    let node = Node::new();
    let mut me = node.attach();
    let mut all = |count| {
        for _ in 0..count {
            start(&me);
            while !is_status(me.receive_blocking()) {}
        }
    };
    all(warm_up(count));
    let stopwatch = Stopwatch::start_with_reaped();
    all(count);
    stopwatch.stop().microseconds(count)
}

/// Two threads, each a process with 32 ports.
fn starts_at_once(count: u64) -> Sample {
    let node = Node::new();
    let stopwatch = Stopwatch::start_with_reaped();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut me = node.attach();
                let (mut started, mut running) = (0, 0);
                while started < count / 2 || running > 0 {
                    if started < count / 2 && running < AT_ONCE / 2 {
                        start(&me);
                        started += 1;
                        running += 1;
                    } else if is_status(me.receive_blocking()) {
                        running -= 1;
                    }
                }
            });
        }
    });
    stopwatch.stop().per_second(count)
}

fn memory(count: u64) -> Sample {
    host::raise_descriptor_limit(10 * count);
    let node = Node::new();
    let mut me = node.attach();
    talk_once(&mut me);
    let before = host::resident_bytes();
    let ports: Vec<Port> = (0..count).map(|_| talk_once(&mut me)).collect();
    let grown = host::resident_bytes().saturating_sub(before);
    assert!(ports.iter().all(Port::is_open));
    Sample::of(grown as f64 / count as f64)
}

/// A program that has echoed.
fn talk_once(me: &mut Process) -> Port {
    let port = cat(me, PortSettings::new().binary());
    me.command_blocking(&port, Bytes::from_static(&[b'x'; SMALL]))
        .expect("cat reads");
    assert_eq!(data_len(me.receive_blocking()), SMALL);
    port
}
