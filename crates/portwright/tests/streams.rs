//! Ports as streams: half-close, back pressure, `AsyncRead` and `AsyncWrite`.

use futures_util::{SinkExt, StreamExt};
use portwright::{Bytes, CommandError, Node, PortMessage, PortName, PortSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn executable(name: &str, args: &[&str]) -> (PortName, PortSettings) {
    (PortName::executable(name), PortSettings::new().args(args))
}

#[tokio::test]
async fn the_input_can_be_closed_while_reading_on() {
    let node = Node::new();
    let (name, settings) = executable("sort", &[]);
    let (mut input, events) = node.open(name, settings.exit_status()).unwrap().split();
    SinkExt::<&'static str>::send(&mut input, "b\na\n")
        .await
        .unwrap();
    SinkExt::<&'static str>::close(&mut input).await.unwrap();
    let messages: Vec<_> = events
        .map(|event| event.unwrap().to_term().to_string())
        .collect()
        .await;
    assert_eq!(messages, ["{data,\"a\\nb\\n\"}", "{exit_status,0}"]);
    assert_eq!(input.send("more").await, Err(CommandError::NotOpen));
}

#[tokio::test]
async fn sending_after_the_input_is_closed_is_an_error() {
    let node = Node::new();
    let (name, settings) = executable("cat", &[]);
    let (mut input, _events) = node.open(name, settings).unwrap().split();
    input.close().await.unwrap();
    let error = input.send("x").await.unwrap_err();
    assert!(
        matches!(error, CommandError::InputClosed | CommandError::NotOpen),
        "{error}"
    );
}

#[tokio::test]
async fn dropping_the_input_is_the_end_of_the_input() {
    let node = Node::new();
    let (name, settings) = executable("wc", &["-c"]);
    let (mut input, mut events) = node.open(name, settings).unwrap().split();
    input.send("12345").await.unwrap();
    drop(input);
    let Some(Ok(PortMessage::Data(data))) = events.next().await else {
        panic!("no count")
    };
    assert_eq!(&data[..], b"5\n");
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn a_program_that_closes_its_input_is_read_on() {
    let node = Node::new();
    let (name, settings) = executable(
        "sh",
        &["-c", "exec <&-; echo closed; read x <&3; echo end", "sh"],
    );
    // Descriptor 3 does not exist in the program: `read` fails and the program goes on.
    let (mut input, mut events) = node.open(name, settings).unwrap().split();
    let Some(Ok(PortMessage::Data(data))) = events.next().await else {
        panic!("no data")
    };
    assert!(data.starts_with(b"closed\n"));
    // The pipe has no reader: sending fails sooner or later, and the port stays.
    let mut result = Ok(());
    for _ in 0..100 {
        result = input.send(Bytes::from_static(&[0; 4096])).await;
        if result.is_err() {
            break;
        }
    }
    assert!(matches!(
        result,
        Err(CommandError::InputClosed | CommandError::NotOpen)
    ));
    let mut rest = Vec::new();
    while let Some(Ok(message)) = events.next().await {
        if let PortMessage::Data(data) = message {
            rest.extend_from_slice(&data);
        }
    }
    assert!(rest.ends_with(b"end\n") || data.ends_with(b"end\n"));
}

#[tokio::test]
async fn a_program_that_talks_too_much_is_held_back_by_its_pipe() {
    const LIMIT: usize = 100_000;
    // What may be on the way when the limit is reached: one read, and the pipe.
    const SLACK: usize = 65_536;
    let node = Node::new();
    let (name, settings) = executable("head", &["-c", "3000000", "/dev/zero"]);
    let (_input, mut events) = node
        .open(name, settings.unread_limit(LIMIT))
        .unwrap()
        .split();
    let mut total = 0;
    let mut worst = 0;
    while let Some(event) = events.next().await {
        let PortMessage::Data(data) = event.unwrap() else {
            panic!("only data was asked for")
        };
        total += data.len();
        let read = events.port().info().map_or(total as u64, |info| info.input) as usize;
        worst = worst.max(read - total);
        // Gives the reactor every chance to run ahead of us.
        tokio::task::yield_now().await;
    }
    assert_eq!(total, 3_000_000);
    assert!(worst <= LIMIT + SLACK, "{worst} bytes waited");
}

#[tokio::test]
async fn a_reader_finds_the_end_of_the_file_as_often_as_it_looks() {
    let node = Node::new();
    let (name, settings) = executable("echo", &["once"]);
    let (_input, mut events) = node.open(name, settings.eof()).unwrap().split();
    let mut answer = String::new();
    events.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "once\n");
    for _ in 0..2 {
        assert_eq!(events.read(&mut [0; 8]).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn the_halves_are_a_reader_and_a_writer() {
    let node = Node::new();
    let (name, settings) = executable("tr", &["a-z", "A-Z"]);
    let (mut input, mut events) = node.open(name, settings.exit_status()).unwrap().split();
    let text = "the quick brown fox\n".repeat(50_000);
    let writer = {
        let text = text.clone();
        tokio::spawn(async move {
            input.write_all(text.as_bytes()).await.unwrap();
            input.shutdown().await.unwrap();
        })
    };
    let mut answer = String::new();
    events.read_to_string(&mut answer).await.unwrap();
    writer.await.unwrap();
    assert!(
        answer == text.to_uppercase(),
        "{} bytes came back",
        answer.len()
    );
    assert_eq!(events.status(), Some(&PortMessage::ExitStatus(0)));
}

#[test]
fn a_thread_without_a_runtime_uses_the_blocking_twins() {
    let node = Node::new();
    let (name, settings) = executable("cat", &[]);
    let (mut input, mut events) = node.open(name, settings.packet(2)).unwrap().split();
    for number in 0..1000u32 {
        input.send_blocking(number.to_string()).unwrap();
        let Some(Ok(PortMessage::Data(data))) = events.next_blocking() else {
            panic!("no echo")
        };
        assert_eq!(&data[..], number.to_string().as_bytes());
    }
    drop(input);
    assert_eq!(events.next_blocking(), None);
}

#[tokio::test]
async fn standard_error_is_a_stream_of_its_own_where_asked_for() {
    let node = Node::new();
    let (name, settings) = executable("sh", &["-c", "echo out; echo err >&2"]);
    let (_input, mut events) = node.open(name, settings.stderr()).unwrap().split();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    while let Some(event) = events.next().await {
        match event.unwrap() {
            PortMessage::Data(data) => out.extend_from_slice(&data),
            PortMessage::StandardError(data) => err.extend_from_slice(&data),
            other => panic!("{other:?} was not asked for"),
        }
    }
    assert_eq!((&out[..], &err[..]), (&b"out\n"[..], &b"err\n"[..]));
}

#[tokio::test]
async fn an_abnormal_end_is_an_error_before_the_end_of_the_stream() {
    let node = Node::new();
    let (name, settings) = executable("cat", &[]);
    let (mut input, mut events) = node.open(name, settings.packet(1)).unwrap().split();
    input.send(Bytes::from(vec![0; 256])).await.unwrap();
    assert_eq!(
        events.next().await.unwrap().unwrap_err().to_string(),
        "the port ended: einval"
    );
    assert_eq!(events.next().await, None);
}

// A sender that waits for a busy port used to take the wake-up of the receiver.
#[test]
fn both_halves_may_be_used_by_threads_at_once() {
    const CHUNK: usize = 1 << 16;
    const CHUNKS: usize = 500;
    let node = Node::new();
    let (name, settings) = executable("cat", &[]);
    let settings = settings.unread_limit(CHUNK);
    let (mut input, mut events) = node.open(name, settings).unwrap().split();
    let sender = std::thread::spawn(move || {
        let chunk = Bytes::from(vec![7; CHUNK]);
        for _ in 0..CHUNKS {
            input.send_blocking(chunk.clone()).unwrap();
        }
    });
    let mut received = 0;
    while let Some(event) = events.next_blocking() {
        let PortMessage::Data(data) = event.unwrap() else {
            panic!("no data");
        };
        received += data.len();
    }
    assert_eq!(received, CHUNK * CHUNKS);
    sender.join().unwrap();
}
