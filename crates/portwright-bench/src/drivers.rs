//! Compiled drivers in numbers: what stays of them, what a port costs, and whether what their threads send arrives.
//!
//! `drivers [CYCLES [PORTS [TERMS]]]`: loads, opens, uses, closes and unloads a driver CYCLES times (default 10,000); opens
//! PORTS ports of one driver at once (default 50,000), beside OTP where that is installed; has four threads of a driver
//! send TERMS terms (default 1,000,000). Prints figures and fails when something stayed, was lost or came out of order.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use portwright::{Message, Node, Port, PortMessage, PortName, PortSettings, Process, Received};
use portwright_ddll::{Ddll, NodeExt};

mod usage;

use usage::Usage;

/// Far longer than any message takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Memory that the allocator may keep, in KiB: well below a page for each of 10,000 cycles.
const KEPT_KIB: usize = 8 << 10;

/// Mappings that the allocator may add.
const KEPT_MAPPINGS: usize = 8;

const SCRIPT: &str = include_str!("../peers/driver_ports.escript");

fn main() -> ExitCode {
    let mut arguments = std::env::args()
        .skip(1)
        .map(|argument| argument.parse::<usize>());
    let mut next = |default| arguments.next().and_then(Result::ok).unwrap_or(default);
    let (cycles_wanted, ports_wanted, terms_wanted) = (next(10_000), next(50_000), next(1_000_000));
    let drivers = test_drivers::echo(&[]).and_then(|echo| {
        let blast = test_drivers::blast(terms_wanted / 4)?;
        Ok((echo, blast))
    });
    let (echo, blast) = match drivers {
        Ok(drivers) => drivers,
        Err(why) => {
            eprintln!("the drivers cannot be compiled: {why}");
            return ExitCode::FAILURE;
        }
    };
    let clean = cycles(&echo, cycles_wanted);
    let closed = many_ports(&echo, ports_wanted);
    let complete = terms(&blast, terms_wanted / 4);
    if clean && closed && complete {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Whether nothing stays of a driver that is loaded, used and unloaded again and again.
fn cycles(folder: &Path, count: usize) -> bool {
    let node = Node::new();
    let mut me = node.attach();
    me.trap_exit(true);
    let ddll = Ddll::of_process(&me);
    let cycle = |me: &mut Process| {
        ddll.load(folder, "echo").expect("the driver loads");
        let port = open(me);
        me.command_blocking(&port, "there and back")
            .expect("an open port takes commands");
        expect_data(me, b"there and back");
        let reply = me.control(&port, 1, "abc").expect("the driver answers");
        assert_eq!(reply.bytes(), b"cba");
        me.close(&port).expect("an open port closes");
        expect_exit(me);
        ddll.unload("echo").expect("the driver unloads");
    };
    // What is there for good: the functions, the node's thread, the allocator's arenas.
    (0..count.min(100)).for_each(|_| cycle(&mut me));
    let before = Usage::now();
    println!("cycles: before        {before}");
    let started = Instant::now();
    (0..count).for_each(|_| cycle(&mut me));
    let micros = started.elapsed().as_micros() / count.max(1) as u128;
    let after = Usage::now();
    println!("        after {count:7} {after}");
    println!("        {micros} microseconds for load, open, use, close, unload");
    let mapped =
        std::fs::read_to_string("/proc/self/maps").is_ok_and(|maps| maps.contains("echo.so"));
    let clean = !mapped
        && node.ports().is_empty()
        && node.drivers().is_empty()
        && after.mappings <= before.mappings + KEPT_MAPPINGS
        && after.is_no_more_than(&before, KEPT_KIB);
    println!(
        "        {}",
        if clean {
            "nothing stayed"
        } else {
            "SOMETHING STAYED"
        }
    );
    clean
}

fn open(me: &mut Process) -> Port {
    let port = me
        .open_port(PortName::driver("echo"), PortSettings::new().binary())
        .expect("the driver starts");
    expect_data(me, b"echo");
    port
}

fn receive(me: &mut Process) -> Message {
    match me.receive_timeout_blocking(PATIENCE) {
        Received::Message(message) => message,
        other => panic!("no message: {other:?}"),
    }
}

fn expect_data(me: &mut Process, expected: &[u8]) {
    match receive(me) {
        Message::Port {
            message: PortMessage::Data(data),
            ..
        } => assert_eq!(&data[..], expected),
        other => panic!("{other} while waiting for data"),
    }
}

fn expect_exit(me: &mut Process) {
    match receive(me) {
        Message::Exit { reason, .. } => assert!(reason.is_normal(), "{reason}"),
        other => panic!("{other} while waiting for the end"),
    }
}

/// Whether all ports of many close; what they cost.
fn many_ports(folder: &Path, count: usize) -> bool {
    let node = Node::builder()
        .port_limit(count + 1024)
        .build()
        .expect("a node is made");
    node.ddll().load(folder, "echo").expect("the driver loads");
    let mut me = node.attach();
    me.trap_exit(true);
    open(&mut me);
    let before = Usage::now();
    let started = Instant::now();
    let ports: Vec<Port> = (0..count).map(|_| open(&mut me)).collect();
    let opened = started.elapsed().as_millis();
    let during = Usage::now();
    let bytes = during.resident_kib.saturating_sub(before.resident_kib) * 1024 / count.max(1);
    let started = Instant::now();
    for port in &ports {
        me.close(port).expect("an open port closes");
        expect_exit(&mut me);
    }
    let closed = started.elapsed().as_millis();
    println!(
        "ports:  {count} open: {bytes} bytes each, opened in {opened} ms, closed in {closed} ms"
    );
    println!("        with them     {during}");
    match otp(folder, count) {
        Ok((bytes, opened, closed)) => {
            println!(
                "        OTP: {bytes} bytes each, opened in {opened} ms, closed in {closed} ms"
            );
        }
        Err(why) => println!("        OTP: {why}"),
    }
    let left = node.ports().len();
    if left != 1 {
        println!("        {left} PORTS ARE LEFT OF 1");
    }
    left == 1 && during.descriptors <= before.descriptors && during.threads <= before.threads
}

/// The same in OTP: bytes for each port, milliseconds to open and to close them.
fn otp(folder: &Path, count: usize) -> Result<(u64, u64, u64), String> {
    let script =
        std::env::temp_dir().join(format!("portwright-ports-{}.escript", std::process::id()));
    std::fs::write(&script, SCRIPT).map_err(|error| error.to_string())?;
    let output = Command::new("escript")
        .args([script.as_path(), folder])
        .arg(count.to_string())
        .output();
    let _ = std::fs::remove_file(&script);
    let output = output.map_err(|_| "not installed (package erlang-base)".to_owned())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<u64> = text
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    match numbers[..] {
        [bytes, opened, closed] => Ok((bytes, opened, closed)),
        _ => Err(format!("{text}{}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// Whether everything that four threads of a driver send arrives, each thread's in its order.
fn terms(folder: &Path, of_each: usize) -> bool {
    let node = Node::new();
    node.ddll().load(folder, "blast").expect("the driver loads");
    let mut me = node.attach();
    let started = Instant::now();
    let port = me
        .open_port(PortName::driver("blast"), PortSettings::new())
        .expect("the driver starts");
    let mut next = [0; 4];
    for _ in 0..4 * of_each {
        let term = receive(&mut me).to_term();
        let pair = term.as_tuple().expect("a pair");
        let thread = pair[0].as_usize().expect("a thread");
        let number = pair[1].as_usize().expect("a number");
        if next[thread] != number {
            println!(
                "terms:  thread {thread}: {number} CAME BEFORE {}",
                next[thread]
            );
            return false;
        }
        next[thread] += 1;
    }
    let seconds = started.elapsed().as_secs_f64();
    // Joins the threads, and says whether each send succeeded.
    let sent = me
        .control(&port, 0, "")
        .is_ok_and(|reply| reply.bytes() == b"y");
    println!(
        "terms:  {} of four threads in {:.2} s, {:.0} a second, each thread's in order{}",
        4 * of_each,
        seconds,
        (4 * of_each) as f64 / seconds,
        if sent { "" } else { "; SOME COULD NOT BE SENT" }
    );
    sent && next == [of_each; 4]
}
