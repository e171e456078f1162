//! Events that are handled by a task of the caller's runtime, `Node::handle_events`.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;

use portwright::{Message, Node, PortMessage, PortName, PortSettings, Process, Received};
use portwright_term::Term;
use tokio::sync::oneshot;

use crate::alone::Folder;

/// On which thread the node's events are handled.
async fn handled_on(node: &Node) -> ThreadId {
    let (sender, receiver) = oneshot::channel();
    let _delayed = node.after(Duration::ZERO, move || {
        sender.send(thread::current().id()).unwrap();
    });
    receiver.await.unwrap()
}

/// Whoever handles events gives the role up at its next event, or before.
async fn until_handled_here(node: &Node) {
    while handled_on(node).await != thread::current().id() {}
}

fn cat(process: &Process, settings: PortSettings) -> portwright::Port {
    process
        .open_port(PortName::executable("cat"), settings.binary())
        .unwrap()
}

#[track_caller]
fn data(message: Option<Message>) -> Vec<u8> {
    match message {
        Some(Message::Port {
            message: PortMessage::Data(data),
            ..
        }) => data.to_vec(),
        other => panic!("{other:?} instead of data"),
    }
}

#[tokio::test]
async fn events_are_handled_by_the_runtime_for_as_long_as_the_future_is_polled() {
    let node = Node::new();
    let here = thread::current().id();
    assert_ne!(handled_on(&node).await, here);
    let handler = tokio::spawn(node.handle_events());
    until_handled_here(&node).await;
    for _ in 0..10 {
        assert_eq!(handled_on(&node).await, here);
    }
    handler.abort();
    assert!(handler.await.unwrap_err().is_cancelled());
    assert_ne!(handled_on(&node).await, here);
}

#[tokio::test]
async fn conversations_and_streams_go_through_a_runtime_of_one_thread() {
    let node = Node::new();
    tokio::spawn(node.handle_events());
    converse(node.attach()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversations_and_streams_go_through_a_runtime_of_several_threads() {
    let node = Node::new();
    tokio::spawn(node.handle_events());
    let tasks = [(); 4].map(|()| tokio::spawn(converse(node.attach())));
    for task in tasks {
        task.await.unwrap();
    }
}

async fn converse(mut me: Process) {
    let port = cat(&me, PortSettings::new().packet(4));
    for number in 0..1_000_u32 {
        let packet = number.to_be_bytes().repeat(number as usize);
        me.command(&port, packet.clone()).await.unwrap();
        assert_eq!(data(me.receive().await), packet);
    }
    // More than the pipes hold, so that writing waits for reading.
    let packets: Vec<Vec<u8>> = (0..64_u8).map(|byte| vec![byte; 100_000]).collect();
    let mut received = Vec::new();
    for packet in &packets {
        me.command(&port, packet.clone()).await.unwrap();
        received.extend(me.try_receive().map(|message| data(Some(message))));
    }
    while received.len() < packets.len() {
        received.push(data(me.receive().await));
    }
    assert!(received == packets);
    let wait = me.receive_timeout(Duration::from_millis(1)).await;
    assert_eq!(wait, Received::Timeout);
}

#[tokio::test]
async fn files_are_read_by_the_runtime() {
    let node = Node::new();
    tokio::spawn(node.handle_events());
    let mut me = node.attach();
    let folder = Folder::new("runtime");
    let file = File::open(folder.file("long", &"x".repeat(200_000), 0o644)).unwrap();
    // No descriptor that epoll can watch.
    me.open_port(
        PortName::fd(file.as_raw_fd(), file.as_raw_fd()),
        PortSettings::new().binary().eof().input_only(),
    )
    .unwrap();
    let mut read = 0;
    loop {
        match me.receive().await {
            Some(Message::Port {
                message: PortMessage::Eof,
                ..
            }) => break,
            message => read += data(message).len(),
        }
    }
    assert_eq!(read, 200_000);
}

#[tokio::test]
async fn threads_that_block_are_served_by_the_runtime_and_go_on_after_it() {
    let node = Node::new();
    let handler = tokio::spawn(node.handle_events());
    until_handled_here(&node).await;
    let (sender, mut answers) = tokio::sync::mpsc::unbounded_channel();
    let (go_on, gone_on) = mpsc::channel();
    let thread = {
        let node = node.clone();
        thread::spawn(move || {
            let mut me = node.attach();
            let port = cat(&me, PortSettings::new().packet(1));
            let mut talk = || {
                me.command_blocking(&port, "hello").unwrap();
                data(me.receive_blocking())
            };
            sender.send(talk()).unwrap();
            gone_on.recv().unwrap();
            for _ in 0..100 {
                sender.send(talk()).unwrap();
            }
        })
    };
    assert_eq!(answers.recv().await.unwrap(), b"hello");
    handler.abort();
    go_on.send(()).unwrap();
    let mut count = 0;
    while let Some(answer) = answers.recv().await {
        assert_eq!(answer, b"hello");
        count += 1;
    }
    assert_eq!(count, 100);
    thread.join().unwrap();
}

#[tokio::test]
async fn a_thread_that_polls_goes_on_until_it_has_its_message() {
    let node = Node::new();
    let (sender, receiver) = oneshot::channel();
    let thread = {
        let node = node.clone();
        thread::spawn(move || {
            let mut me = node.attach();
            // Something to poll for.
            let _port = cat(&me, PortSettings::new());
            let pid = me.pid();
            let _delayed = node.after(Duration::ZERO, move || sender.send(pid).unwrap());
            me.receive_blocking()
        })
    };
    let pid = receiver.await.unwrap();
    let handler = tokio::spawn(node.handle_events());
    // Whoever handles events, they are handled.
    handled_on(&node).await;
    node.send(pid, Term::from(1)).unwrap();
    assert_eq!(thread.join().unwrap(), Some(Message::Term(Term::from(1))));
    until_handled_here(&node).await;
    assert!(!handler.is_finished());
}

#[tokio::test]
async fn of_two_the_second_stands_by() {
    let node = Node::new();
    let here = thread::current().id();
    let (first, second) = (
        tokio::spawn(node.handle_events()),
        tokio::spawn(node.handle_events()),
    );
    until_handled_here(&node).await;
    first.abort();
    assert!(first.await.is_err());
    until_handled_here(&node).await;
    second.abort();
    assert!(second.await.is_err());
    assert_ne!(handled_on(&node).await, here);
}

#[tokio::test]
async fn one_that_is_dropped_while_it_stands_by_leaves_no_trace() {
    let node = Node::new();
    let here = thread::current().id();
    let first = tokio::spawn(node.handle_events());
    until_handled_here(&node).await;
    let second = tokio::spawn(node.handle_events());
    handled_on(&node).await;
    second.abort();
    assert!(second.await.is_err());
    first.abort();
    assert!(first.await.is_err());
    assert_ne!(handled_on(&node).await, here);
}

#[tokio::test]
async fn the_future_is_done_when_the_node_has_ended() {
    let node = Node::new();
    // One that handles events, one that stands by.
    let handlers = [(); 2].map(|()| tokio::spawn(node.handle_events()));
    let me = node.attach();
    cat(&me, PortSettings::new());
    handled_on(&node).await;
    drop((me, node));
    for handler in handlers {
        handler.await.unwrap().unwrap();
    }
}

#[test]
fn without_a_runtime_it_is_an_error() {
    let node = Node::new();
    let mut future = pin!(node.handle_events());
    let polled = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Err(error)) = polled else {
        panic!("{polled:?}")
    };
    assert!(error.to_string().contains("runtime"), "{error}");
}
