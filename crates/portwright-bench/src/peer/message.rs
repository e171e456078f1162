//! Messages from process to process, and tokio's channels beside them.

use std::thread;

use bytes::Bytes;
use portwright::{Message, Node, Process, Term};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{SMALL, warm_up};
use crate::sample::{Sample, Stopwatch};

pub(super) fn measure(line: &str, peer: &str, count: u64) -> Option<Sample> {
    let round_trips = count / 2;
    let runtime = super::tokio_process::one_thread();
    Some(match (line, peer) {
        ("message", "tokio") => runtime.block_on(channels(round_trips)),
        ("message", "portwright") => runtime.block_on(processes(round_trips)),
        ("message-threads", "tokio") => channels_of_threads(round_trips),
        ("message-threads", "portwright") => processes_of_threads(round_trips),
        _ => return None,
    })
}

type Ends = (UnboundedSender<Bytes>, UnboundedReceiver<Bytes>);

/// Two ends of a conversation; unbounded, as a mailbox is.
fn conversation() -> (Ends, Ends) {
    let (to_there, there) = unbounded_channel();
    let (to_here, here) = unbounded_channel();
    ((to_there, here), (to_here, there))
}

async fn channels(round_trips: u64) -> Sample {
    let ((to_there, mut here), (to_here, mut there)) = conversation();
    let answerer = tokio::spawn(async move {
        while let Some(message) = there.recv().await {
            if to_here.send(message).is_err() {
                break;
            }
        }
    });
    // Measured inside a task: the future of `block_on` is polled differently.
    let asker = tokio::spawn(async move {
        let data = Bytes::from_static(&[b'x'; SMALL]);
        let mut talk = async |round_trips| {
            for _ in 0..round_trips {
                to_there.send(data.clone()).expect("there is an answerer");
                assert_eq!(here.recv().await.map(|data| data.len()), Some(SMALL));
            }
        };
        talk(warm_up(round_trips)).await;
        let stopwatch = Stopwatch::start();
        talk(round_trips).await;
        stopwatch.stop().nanoseconds(2 * round_trips)
    });
    let sample = asker.await.expect("no panic");
    answerer.await.expect("no panic");
    sample
}

fn channels_of_threads(round_trips: u64) -> Sample {
    let ((to_there, mut here), (to_here, mut there)) = conversation();
    let answerer = thread::spawn(move || {
        while let Some(message) = there.blocking_recv() {
            if to_here.send(message).is_err() {
                break;
            }
        }
    });
    let data = Bytes::from_static(&[b'x'; SMALL]);
    let mut talk = |round_trips| {
        for _ in 0..round_trips {
            to_there.send(data.clone()).expect("there is an answerer");
            assert_eq!(here.blocking_recv().map(|data| data.len()), Some(SMALL));
        }
    };
    talk(warm_up(round_trips));
    let stopwatch = Stopwatch::start();
    talk(round_trips);
    let sample = stopwatch.stop().nanoseconds(2 * round_trips);
    drop((to_there, here));
    answerer.join().expect("no panic");
    sample
}

/// Bytes of a message that is a binary.
#[track_caller]
fn binary_len(message: &Message) -> usize {
    match message {
        Message::Term(Term::Binary(binary)) => binary.len(),
        other => panic!("{other:?} instead of a binary"),
    }
}

fn binary() -> Term {
    Term::binary(Bytes::from_static(&[b'x'; SMALL]))
}

async fn processes(round_trips: u64) -> Sample {
    let node = Node::new();
    let me = node.attach();
    let my_pid = me.pid();
    let answerer = node.spawn(async move |mut answerer: Process| {
        while let Some(Message::Term(message)) = answerer.receive().await {
            answerer.send(my_pid, message).expect("a pid");
        }
    });
    let mut me = me;
    tokio::spawn(async move {
        let data = binary();
        let mut talk = async |round_trips| {
            for _ in 0..round_trips {
                me.send(answerer, data.clone()).expect("a pid");
                let message = me.receive().await.expect("an answer");
                assert_eq!(binary_len(&message), SMALL);
            }
        };
        talk(warm_up(round_trips)).await;
        let stopwatch = Stopwatch::start();
        talk(round_trips).await;
        stopwatch.stop().nanoseconds(2 * round_trips)
    })
    .await
    .expect("no panic")
}

fn processes_of_threads(round_trips: u64) -> Sample {
    let node = Node::new();
    let mut me = node.attach();
    let my_pid = me.pid();
    let mut answerer = node.attach();
    let to_there = answerer.pid();
    let thread = thread::spawn(move || {
        while let Some(Message::Term(message)) = answerer.receive_blocking() {
            answerer.send(my_pid, message).expect("a pid");
        }
    });
    let data = binary();
    let mut talk = |round_trips| {
        for _ in 0..round_trips {
            me.send(to_there, data.clone()).expect("a pid");
            let message = me.receive_blocking().expect("an answer");
            assert_eq!(binary_len(&message), SMALL);
        }
    };
    talk(warm_up(round_trips));
    let stopwatch = Stopwatch::start();
    talk(round_trips);
    let sample = stopwatch.stop().nanoseconds(2 * round_trips);
    me.exit_signal(to_there, portwright::ExitReason::killed());
    thread.join().expect("no panic");
    sample
}
