//! How often a message allocates: the same on every machine, and so checked in CI.
//!
//! A program counts by making [`CountingAllocator`] its global allocator.

#![allow(unsafe_code, reason = "a global allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use portwright::driver::{Driver, PortContext, StartError};
use portwright::{Message, Node, Port, PortMessage, PortName, PortSettings, Process, Term};
use portwright_ddll::NodeExt as _;

/// The system's allocator, counting what all threads allocate.
pub struct CountingAllocator;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

fn note() {
    ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
}

// SAFETY: every call is handed to `System` with the arguments it came with, so the
// contract is `System`'s own; the counter beside it allocates nothing.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note();
        // SAFETY: the caller keeps the contract of `realloc`; the block is of `System`.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`; the block is of `System`.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Messages that the counts are taken over.
const MESSAGES: u64 = 10_000;

/// Bytes of a message.
const BYTES: usize = 64;

/// Allocations a message, over many.
fn per_message(mut one: impl FnMut()) -> f64 {
    // What is allocated once is not a message's.
    for _ in 0..MESSAGES {
        one();
    }
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    for _ in 0..MESSAGES {
        one();
    }
    let after = ALLOCATIONS.load(Ordering::Relaxed);
    (after - before) as f64 / MESSAGES as f64
}

fn data() -> Bytes {
    Bytes::from_static(&[b'x'; BYTES])
}

fn receive(me: &mut Process) {
    let mut arrived = 0;
    while arrived < BYTES {
        match me.receive_blocking() {
            Some(Message::Port {
                message: PortMessage::Data(data),
                ..
            }) => arrived += data.len(),
            other => panic!("{other:?} instead of data"),
        }
    }
}

fn talk(me: &mut Process, port: &Port) -> f64 {
    per_message(|| {
        me.command_blocking(port, data()).expect("it is open");
        receive(me);
    })
}

/// A round trip through `cat`, there and back.
pub fn round_trip() -> f64 {
    conversation(PortSettings::new().binary())
}

/// The same with `{packet,4}`.
pub fn packet_round_trip() -> f64 {
    conversation(PortSettings::new().binary().packet(4))
}

fn conversation(settings: PortSettings) -> f64 {
    let node = Node::new();
    let mut me = node.attach();
    let port = me
        .open_port(PortName::file("/bin/cat"), settings)
        .expect("cat starts");
    talk(&mut me, &port)
}

/// A message to oneself: a binary that exists, sent and received.
pub fn process_message() -> f64 {
    let node = Node::new();
    let mut me = node.attach();
    let term = Term::binary(data());
    per_message(|| {
        me.send(me.pid(), term.clone()).expect("a pid");
        assert!(me.receive_blocking().is_some());
    })
}

/// Hands back what it gets, without a copy.
struct Mirror;

impl Driver for Mirror {
    fn start(_: &PortContext<'_>, _: &[u8]) -> Result<Self, StartError> {
        Ok(Self)
    }

    fn outputv(&mut self, port: &PortContext<'_>, data: portwright::IoVec) {
        port.output(data.into_bytes());
    }
}

/// A command to a Rust driver that outputs the same bytes.
pub fn driver_echo() -> f64 {
    let node = Node::new();
    node.register_driver::<Mirror>("mirror")
        .expect("a new name");
    let mut me = node.attach();
    let port = me
        .open_port(PortName::driver("mirror"), PortSettings::new().binary())
        .expect("the driver starts");
    talk(&mut me, &port)
}

/// What the compiled driver `echo` answers to `control` and to `call`.
const ECHO: u32 = 1;

/// A port of the compiled driver `echo`, for `count`.
fn with_compiled_driver(count: fn(&mut Process, &Port) -> f64) -> Result<f64, String> {
    let folder = test_drivers::echo(&[])?;
    let node = Node::new();
    node.ddll().load(&folder, "echo").expect("it can be loaded");
    let mut me = node.attach();
    let port = me
        .open_port(PortName::driver("echo"), PortSettings::new().binary())
        .expect("the driver starts");
    // What it says when it starts.
    assert!(me.receive_blocking().is_some());
    Ok(count(&mut me, &port))
}

/// A command to a compiled driver that outputs the same bytes.
///
/// # Errors
///
/// Why the driver cannot be compiled.
pub fn compiled_driver_echo() -> Result<f64, String> {
    with_compiled_driver(talk)
}

/// `port_control/3` of a compiled driver that answers 64 bytes.
///
/// # Errors
///
/// Why the driver cannot be compiled.
pub fn driver_control() -> Result<f64, String> {
    with_compiled_driver(|me, port| {
        per_message(|| {
            let answer = me.control(port, ECHO, [b'x'; BYTES]).expect("an answer");
            assert_eq!(answer.bytes().len(), BYTES);
        })
    })
}

/// `erlang:port_call/3` of a compiled driver that answers with the term it got: `{a,<<64 bytes>>}`.
///
/// # Errors
///
/// Why the driver cannot be compiled.
pub fn driver_call() -> Result<f64, String> {
    with_compiled_driver(|me, port| {
        let term = Term::tuple([Term::atom("a"), Term::binary(data())]);
        per_message(|| {
            let answer = me.call(port, ECHO, term.clone()).expect("an answer");
            // To compare the terms would allocate.
            assert_eq!(answer.as_tuple().map(<[Term]>::len), Some(2));
        })
    })
}
