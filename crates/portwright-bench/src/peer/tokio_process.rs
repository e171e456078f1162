//! `tokio::process`, as its documentation shows it.

#![allow(unsafe_code, reason = "a child makes a session of its own")]

use std::process::Stdio;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::runtime::Runtime;
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};

use super::{AT_ONCE, LARGE, SMALL, make_large, warm_up};
use crate::host;
use crate::sample::{Sample, Stopwatch};

/// A burst of packets that the codec joins into one write.
const BURST_BYTES: usize = 65_536;

/// The lines on which its programs may have a session of their own, as those of OTP and Portwright
/// have.
pub(super) fn measure_in_session(line: &str, count: u64) -> Option<Sample> {
    conversation(line, count, true)
}

fn conversation(line: &str, count: u64, own_session: bool) -> Option<Sample> {
    let one = one_thread();
    Some(match line {
        "round-trip" | "round-trip-free" => one.block_on(round_trips(count, own_session)),
        "round-trip-packet" => one.block_on(packet_round_trips(count, own_session)),
        _ => return None,
    })
}

pub(super) fn measure(line: &str, count: u64) -> Option<Sample> {
    if let Some(sample) = conversation(line, count, false) {
        return Some(sample);
    }
    let one = one_thread();
    Some(match line {
        "throughput" => one.block_on(throughput(count)),
        "throughput-free" => many_threads().block_on(throughput(count)),
        "packets" => one.block_on(packets(count)),
        "start" => one.block_on(starts(count)),
        "start-large" => {
            let _large = make_large();
            one.block_on(starts(count))
        }
        "start-64" => many_threads().block_on(starts_at_once(count)),
        "memory" => one.block_on(memory(count)),
        _ => return None,
    })
}

pub(super) fn one_thread() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}

fn many_threads() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().build().expect("a runtime")
}

pub(super) fn command(program: &str) -> (Child, ChildStdin, ChildStdout) {
    piped(&mut Command::new(program))
}

fn cat(own_session: bool) -> (Child, ChildStdin, ChildStdout) {
    let mut cat = Command::new("cat");
    if own_session {
        // SAFETY: a system call and nothing else.
        unsafe { cat.pre_exec(|| Ok(rustix::process::setsid().map(|_| ())?)) };
    }
    piped(&mut cat)
}

fn piped(command: &mut Command) -> (Child, ChildStdin, ChildStdout) {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("a program starts");
    let input = child.stdin.take().expect("it is piped");
    let output = child.stdout.take().expect("it is piped");
    (child, input, output)
}

fn os_pid(child: &Child) -> u32 {
    child.id().expect("it lives")
}

async fn round_trips(count: u64, own_session: bool) -> Sample {
    let (child, mut input, mut output) = cat(own_session);
    let sent = [b'x'; SMALL];
    let mut received = [0; SMALL];
    let mut talk = async |count| {
        for _ in 0..count {
            input.write_all(&sent).await.expect("cat reads");
            output.read_exact(&mut received).await.expect("cat answers");
        }
    };
    talk(warm_up(count)).await;
    let stopwatch = Stopwatch::start_with(os_pid(&child));
    talk(count).await;
    stopwatch.stop().microseconds(count)
}

async fn packet_round_trips(count: u64, own_session: bool) -> Sample {
    let (child, input, output) = cat(own_session);
    let mut input = FramedWrite::new(input, LengthDelimitedCodec::new());
    let mut output = FramedRead::new(output, LengthDelimitedCodec::new());
    let packet = Bytes::from_static(&[b'x'; SMALL]);
    let mut talk = async |count| {
        for _ in 0..count {
            input.send(packet.clone()).await.expect("cat reads");
            let answer = output.next().await.expect("cat goes on").expect("a packet");
            assert_eq!(answer.len(), SMALL);
        }
    };
    talk(warm_up(count)).await;
    let stopwatch = Stopwatch::start_with(os_pid(&child));
    talk(count).await;
    stopwatch.stop().microseconds(count)
}

async fn throughput(writes: u64) -> Sample {
    let (child, mut input, mut output) = command("cat");
    let total = writes * LARGE as u64;
    let stopwatch = Stopwatch::start_with(os_pid(&child));
    let writer = tokio::spawn(async move {
        let data = vec![b'x'; LARGE];
        for _ in 0..writes {
            input.write_all(&data).await.expect("cat reads");
        }
        input
    });
    let reader = tokio::spawn(async move {
        let mut buffer = vec![0; LARGE];
        let mut arrived = 0;
        while arrived < total {
            let more = output.read(&mut buffer).await.expect("cat writes");
            assert_ne!(more, 0, "cat goes on");
            arrived += more as u64;
        }
    });
    reader.await.expect("no panic");
    let lap = stopwatch.stop();
    drop(writer.await);
    lap.mebibytes_per_second(writes, LARGE)
}

/// Bursts are joined by hand: fed to the codec and flushed together.
async fn packets(count: u64) -> Sample {
    let (child, input, output) = command("cat");
    let mut input = FramedWrite::new(input, LengthDelimitedCodec::new());
    input.set_backpressure_boundary(BURST_BYTES);
    let output = FramedRead::with_capacity(output, LengthDelimitedCodec::new(), BURST_BYTES);
    let stopwatch = Stopwatch::start_with(os_pid(&child));
    let writer = tokio::spawn(async move {
        let packet = Bytes::from_static(&[b'x'; SMALL]);
        for _ in 0..count {
            input.feed(packet.clone()).await.expect("cat reads");
        }
        SinkExt::<Bytes>::flush(&mut input)
            .await
            .expect("cat reads");
        input
    });
    let mut output = output.take(usize::try_from(count).expect("few"));
    while let Some(packet) = output.next().await {
        assert_eq!(packet.expect("a packet").len(), SMALL);
    }
    let lap = stopwatch.stop();
    drop(writer.await);
    lap.millions_per_second(count)
}

async fn starts(count: u64) -> Sample {
    let start = async |count| {
        for _ in 0..count {
            let status = Command::new("/bin/true").status().await.expect("it starts");
            assert!(status.success());
        }
    };
    start(warm_up(count)).await;
    let stopwatch = Stopwatch::start_with_reaped();
    start(count).await;
    stopwatch.stop().microseconds(count)
}

async fn starts_at_once(count: u64) -> Sample {
    let stopwatch = Stopwatch::start_with_reaped();
    let each = count / AT_ONCE as u64;
    let tasks = (0..AT_ONCE).map(|_| {
        tokio::spawn(async move {
            for _ in 0..each {
                let status = Command::new("/bin/true").status().await.expect("it starts");
                assert!(status.success());
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("no panic");
    }
    stopwatch.stop().per_second(each * AT_ONCE as u64)
}

async fn memory(count: u64) -> Sample {
    host::raise_descriptor_limit(10 * count);
    drop(talk_once().await);
    let before = host::resident_bytes();
    let mut programs = Vec::new();
    for _ in 0..count {
        programs.push(talk_once().await);
    }
    Sample::of((host::resident_bytes().saturating_sub(before)) as f64 / count as f64)
}

/// A program that has echoed, with its pipes.
async fn talk_once() -> (Child, ChildStdin, ChildStdout) {
    let (child, mut input, mut output) = command("cat");
    let mut received = [0; SMALL];
    input.write_all(&[b'x'; SMALL]).await.expect("cat reads");
    output.read_exact(&mut received).await.expect("cat answers");
    (child, input, output)
}
