//! A program that writes without end, and a reader that takes its time.

use std::time::{Duration, Instant};

use portwright::{Node, PortMessage, PortName, PortSettings};
use tokio::io::AsyncReadExt;

use super::LARGE;
use crate::host;
use crate::sample::Sample;

/// How long the reader thinks about what it has read.
const PAUSE: Duration = Duration::from_millis(10);

/// How much of the time passes before memory is looked at first.
const SETTLING: u32 = 6;

pub(super) fn measure(peer: &str, seconds: u64) -> Option<Sample> {
    let whole = Duration::from_secs(seconds);
    let runtime = super::tokio_process::one_thread();
    Some(match peer {
        "tokio" => runtime.block_on(with_tokio(whole)),
        "portwright" => runtime.block_on(with_streams(whole)),
        _ => return None,
    })
}

/// Memory at a sixth of the time and at its end.
struct Growth {
    started: Instant,
    whole: Duration,
    first: Option<u64>,
}

impl Growth {
    fn over(whole: Duration) -> Self {
        Self {
            started: Instant::now(),
            whole,
            first: None,
        }
    }

    /// The growth in KiB once the time is up.
    fn look(&mut self) -> Option<Sample> {
        let elapsed = self.started.elapsed();
        if elapsed >= self.whole / SETTLING {
            self.first.get_or_insert_with(host::resident_bytes);
        }
        let first = self.first.filter(|_| elapsed >= self.whole)?;
        Some(Sample::of(
            host::resident_bytes().saturating_sub(first) as f64 / 1024.0,
        ))
    }
}

async fn with_tokio(whole: Duration) -> Sample {
    let (_child, _input, mut output) = super::tokio_process::command("yes");
    let mut buffer = vec![0; LARGE];
    let mut growth = Growth::over(whole);
    loop {
        assert_ne!(output.read(&mut buffer).await.expect("yes writes"), 0);
        tokio::time::sleep(PAUSE).await;
        if let Some(sample) = growth.look() {
            return sample;
        }
    }
}

async fn with_streams(whole: Duration) -> Sample {
    let node = Node::new();
    let stream = node
        .open(PortName::executable("yes"), PortSettings::new().binary())
        .expect("a program starts");
    let (_input, mut events) = stream.split();
    let mut growth = Growth::over(whole);
    loop {
        match events.next().await {
            Some(Ok(PortMessage::Data(_))) => {}
            other => panic!("{other:?} instead of data"),
        }
        tokio::time::sleep(PAUSE).await;
        if let Some(sample) = growth.look() {
            return sample;
        }
    }
}
