//! Queued output and busy ports.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use portwright::{
    Busy, BusyLimits, CommandError, PortName, PortSettings, ProcessStatus, Sent, Term,
};
use portwright_driver::{DriverEntry, DriverFlags};

use crate::alone::Folder;
use crate::owner::{Owner, eventually};

/// A program that reads nothing until it is told to, then everything.
struct Held {
    owner: Owner,
    port: portwright::Port,
    folder: Folder,
}

impl Held {
    fn new(name: &str, settings: &str) -> Self {
        let folder = Folder::new(name);
        std::process::Command::new("mkfifo")
            .arg(folder.0.join("go"))
            .status()
            .unwrap();
        let mut owner = Owner::new();
        let port = owner.sh(
            &format!("cd {}; read go < go; cat >/dev/null", folder.path()),
            settings,
        );
        Self {
            owner,
            port,
            folder,
        }
    }

    fn go(&self) {
        std::fs::write(self.folder.0.join("go"), "go\n").unwrap();
    }

    fn end(&self) {
        // Opening it both ways lets a reader that waits in `open` go on.
        let fifo = self.folder.0.join("go");
        if let Ok(mut fifo) = std::fs::File::options().read(true).write(true).open(fifo) {
            let _ = std::io::Write::write_all(&mut fifo, b"go\n");
        }
    }

    fn queue_size(&self) -> usize {
        self.port.info().unwrap().queue_size
    }

    /// Fills the pipe, so that every further byte is queued.
    fn fill_pipe(&mut self) {
        let full = 65_536;
        self.owner.bind("Pipe", Term::binary(vec![b'p'; full]));
        self.owner.check(&[("port_command(P,Pipe)", "true")]);
        assert_eq!(self.queue_size(), 0, "a pipe holds 64 KiB");
    }

    fn queue(&mut self, count: usize) {
        self.owner.bind("Data", Term::binary(vec![b'q'; count]));
        self.owner.check(&[("port_command(P,Data)", "true")]);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.end();
    }
}

// P-800, P-801: the exact limit.
#[test]
fn a_port_is_busy_from_8192_queued_bytes_on() {
    let mut held = Held::new("exact", "[]");
    held.fill_pipe();
    held.queue(8191);
    assert_eq!(held.queue_size(), 8191);
    assert!(!held.port.is_busy());
    held.queue(1);
    assert_eq!(held.queue_size(), 8192);
    assert!(held.port.is_busy());
    held.go();
    eventually("the port is free again", || !held.port.is_busy());
}

// P-800: one command is taken whole, whatever its size.
#[test]
fn one_command_is_taken_whole() {
    let mut held = Held::new("whole", "[]");
    held.queue(10_000_000);
    assert!(held.queue_size() > 9_000_000);
    assert!(held.port.is_busy());
}

// P-801: other limits; Low above High counts as High.
#[test]
fn limits_can_be_set() {
    let mut held = Held::new("limits", "[{busy_limits_port,{10,20}}]");
    held.fill_pipe();
    held.queue(19);
    assert!(!held.port.is_busy());
    held.queue(1);
    assert!(held.port.is_busy());
    let mut held = Held::new("lowered", "[{busy_limits_port,{200,100}}]");
    held.fill_pipe();
    held.queue(99);
    assert!(!held.port.is_busy());
    held.queue(1);
    assert!(held.port.is_busy());
    held.go();
    eventually("the port is free again", || !held.port.is_busy());
}

// P-806.
#[test]
fn disabled_limits_never_make_a_port_busy() {
    let mut held = Held::new("disabled", "[{busy_limits_port,disabled}]");
    for _ in 0..20 {
        held.queue(1_000_000);
        assert!(!held.port.is_busy());
    }
    assert!(held.queue_size() > 19_000_000);
}

// P-802, P-803, P-808: who waits, and who does not.
#[test]
fn while_busy_commands_wait_and_nothing_else() {
    let mut held = Held::new("while", "[]");
    held.queue(200_000);
    let owner = &mut held.owner;
    let output = owner.eval("port_info(P,output)");
    owner.check(&[
        ("port_command(P,\"x\")", "would_suspend"),
        ("port_command(P,\"x\",[nosuspend])", "false"),
        ("send(P,{Me,{command,\"x\"}})", "would_suspend"),
        ("send(P,{Me,{command,\"x\"}},[])", "would_suspend"),
        ("send(P,{Me,{command,\"x\"}},[nosuspend])", "nosuspend"),
        ("port_command(P,\"x\",[force])", "error notsup"),
        // P-809: bad data waits as well, and is refused afterwards.
        ("port_command(P,bad)", "would_suspend"),
        ("send(P,{Me,{command,bad}})", "would_suspend"),
        ("port_info(P,output)", &output),
        ("port_control(P,1,\"\")", "error badarg"),
        ("link(P)", "true"),
        ("unlink(P)", "true"),
        ("link(P)", "true"),
        ("port_connect(P,Me)", "true"),
        ("port_set_data(P,x)", "true"),
        ("send(P,{Me,{connect,Me}})", "{Me,{connect,Me}}"),
    ]);
    assert_eq!(owner.next(), "{P,connected}");
    owner.check(&[("send(P,nonsense)", "nonsense")]);
    assert_eq!(owner.next(), "{'EXIT',P,badsig}");
    owner.bind_to("R", "monitor(port,P)");
    let port = held.port.clone();
    assert_eq!(
        owner.me.try_command(&port, "x", Busy::Wait),
        Err(CommandError::Busy)
    );
    let message = owner.term("{Me,{command,\"x\"}}");
    assert_eq!(owner.me.try_send(&port, message), Ok(Sent::WouldSuspend));
    owner.check(&[("port_close(P)", "true")]);
    assert_eq!(owner.next(), "{'EXIT',P,normal}");
    assert_eq!(owner.next(), "{'DOWN',R,port,P,normal}");
}

// P-802: a process that waits shows as suspended, and goes on when the port is free.
#[test]
fn a_waiting_sender_is_suspended_and_goes_on() {
    let mut held = Held::new("suspended", "[]");
    held.queue(200_000);
    let port = held.port.clone();
    let sender = held.owner.other();
    let pid = sender.pid();
    let thread = std::thread::spawn(move || sender.me.command_blocking(&port, "late"));
    let node = held.owner.node.clone();
    eventually("it is suspended", || {
        node.process_info(pid)
            .is_some_and(|info| info.status == ProcessStatus::Suspended)
    });
    held.go();
    assert_eq!(thread.join().unwrap(), Ok(()));
    assert_eq!(held.port.info().unwrap().output, 200_004);
}

// P-804.
#[test]
fn closing_ends_every_wait() {
    let mut held = Held::new("closing", "[]");
    held.queue(200_000);
    let node = held.owner.node.clone();
    let suspended = |pid| {
        node.process_info(pid)
            .is_some_and(|info| info.status == ProcessStatus::Suspended)
    };
    let (port, sender) = (held.port.clone(), held.owner.other());
    let pid = sender.pid();
    let by_function = std::thread::spawn(move || sender.me.command_blocking(&port, "late"));
    eventually("it is suspended", || suspended(pid));
    let (port, sender) = (held.port.clone(), held.owner.other());
    let pid = sender.pid();
    let by_message = std::thread::spawn(move || {
        let message = sender.term("{Owner,{command,\"late\"}}");
        block_on(sender.me.send_waiting(&port, message))
    });
    eventually("it is suspended", || suspended(pid));
    held.owner.check(&[("exit(P,kill)", "true")]);
    assert_eq!(by_function.join().unwrap(), Err(CommandError::NotOpen));
    assert_eq!(by_message.join().unwrap(), Ok(()));
}

fn block_on<F: std::future::Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

// P-805.
#[test]
fn a_waiting_sender_can_be_killed() {
    let mut held = Held::new("killed", "[]");
    held.queue(200_000);
    let node = held.owner.node.clone();
    let (port, sender) = (held.port.clone(), held.owner.other());
    let pid = sender.pid();
    let thread = std::thread::spawn(move || sender.me.command_blocking(&port, "never"));
    eventually("it is suspended", || {
        node.process_info(pid)
            .is_some_and(|info| info.status == ProcessStatus::Suspended)
    });
    node.exit_signal(pid, Term::atom("kill"));
    assert_eq!(thread.join().unwrap(), Err(CommandError::SenderExited));
    held.go();
    eventually("the queue is written", || held.queue_size() == 0);
    assert_eq!(held.port.info().unwrap().output, 200_000);
}

// P-805: also when it waits in several tasks at once, or another of them was woken before.
#[test]
fn a_sender_that_waits_several_times_shows_as_suspended_and_is_told_of_its_end_in_each() {
    #[derive(Default)]
    struct Woken(AtomicBool);
    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let mut held = Held::new("several", "[]");
    held.queue(200_000);
    let (node, me, port) = (&held.owner.node, held.owner.node.attach(), &held.port);
    let mut waits: Vec<_> = (0..3)
        .map(|_| (Box::pin(me.command(port, "never")), Arc::<Woken>::default()))
        .collect();
    for (wait, woken) in &mut waits {
        let waker = Waker::from(Arc::clone(woken));
        let poll = wait.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(poll.is_pending());
    }
    drop(waits.remove(1));
    let status = node.process_info(me.pid()).unwrap().status;
    assert_eq!(status, ProcessStatus::Suspended);
    node.exit_signal(me.pid(), Term::atom("kill"));
    for (mut wait, woken) in waits {
        assert!(woken.0.load(Ordering::SeqCst), "it sleeps on");
        let poll = wait.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(poll, Poll::Ready(Err(CommandError::SenderExited)));
    }
}

// A port may be busy for days, and who gave up must not be remembered for so long.
#[test]
fn a_wait_that_is_given_up_leaves_nothing_behind() {
    struct Sleeper;
    impl Wake for Sleeper {
        fn wake(self: Arc<Self>) {}
    }
    let mut held = Held::new("given-up", "[]");
    held.queue(200_000);
    let sleeper = Arc::new(Sleeper);
    let waker = Waker::from(Arc::clone(&sleeper));
    let mut wait = Box::pin(held.owner.me.command(&held.port, "never"));
    let poll = wait.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(poll.is_pending());
    drop((wait, waker));
    assert_eq!(Arc::strong_count(&sleeper), 1);
}

// Cancel safety: a wait that is given up has sent nothing.
#[test]
fn a_wait_that_is_dropped_sends_nothing() {
    let mut held = Held::new("dropped", "[]");
    held.queue(200_000);
    let port = held.port.clone();
    block_on(async {
        let mut wait = Box::pin(held.owner.me.command(&port, "never"));
        let once =
            std::future::poll_fn(|context| std::task::Poll::Ready(wait.as_mut().poll(context)));
        assert!(once.await.is_pending());
    });
    assert_eq!(port.info().unwrap().output, 200_000);
    let status = held
        .owner
        .node
        .process_info(held.owner.pid())
        .unwrap()
        .status;
    assert_ne!(status, ProcessStatus::Suspended);
}

// P-810: the pipe's 64 KiB and the limit. A page of the pipe takes whole commands only.
#[test]
fn a_program_that_does_not_read_is_given_a_pipe_and_the_limit() {
    for (settings, bytes, taken) in [
        ("[]", 1, 73_728),
        ("[]", 40, 73_480),
        ("[]", 1000, 73_000),
        ("[{packet,4}]", 1, 14_743),
    ] {
        let held = Held::new("pipe", settings);
        let command = || vec![0; bytes];
        let mut sum = 0;
        while held
            .owner
            .me
            .try_command(&held.port, command(), Busy::NoSuspend)
            == Ok(())
        {
            sum += bytes;
        }
        assert_eq!(sum, taken, "{bytes} at a time, {settings}");
    }
}

// P-808: commands that find the port at work wait in its signal queue, with limits of
// its own.
#[test]
fn the_signal_queue_has_limits_too() {
    let mut owner = Owner::new();
    owner
        .node
        .register_driver::<crate::drivers::Blocking>("blocking")
        .unwrap();
    let gate = crate::drivers::Gate::new("signals");
    let limits = BusyLimits::Limits { low: 10, high: 20 };
    let open = |owner: &mut Owner, limits| {
        let settings = PortSettings::new().busy_limits_msgq(limits);
        owner
            .me
            .open_port(PortName::spawn("blocking signals"), settings)
            .unwrap()
    };
    let port = open(&mut owner, limits);
    let other = owner.other();
    let first = port.clone();
    let thread = std::thread::spawn(move || other.me.command_blocking(&first, "stay"));
    gate.wait_until_inside();
    // The driver is in a callback: what comes now is queued.
    assert_eq!(
        owner.me.try_command(&port, vec![b'x'; 20], Busy::NoSuspend),
        Ok(())
    );
    assert!(!port.is_busy());
    assert_eq!(owner.me.try_command(&port, "x", Busy::NoSuspend), Ok(()));
    assert!(port.is_busy());
    assert_eq!(
        owner.me.try_command(&port, "x", Busy::NoSuspend),
        Err(CommandError::Busy)
    );
    gate.open();
    thread.join().unwrap().unwrap();
    eventually("the queue is empty", || !port.is_busy());
    assert_eq!(port.info().unwrap().output, 4 + 20 + 1);
    drop(owner);
}

// P-802, P-808: what fills the signal queue of a program's port is not its program but a
// thread that is at work there, and no reason to refuse.
#[test]
fn a_port_with_queue_limits_is_not_busy_by_what_is_being_handled() {
    let owner = Owner::new();
    let entry = DriverEntry::of::<crate::drivers::Blocking>("short")
        .flags(DriverFlags::PORT_LOCKING | DriverFlags::QUEUE_LIMITS);
    owner.node.add_driver(entry).unwrap();
    let gate = crate::drivers::Gate::new("handled");
    let settings = PortSettings::new().busy_limits_msgq(BusyLimits::Limits { low: 1, high: 1 });
    let port = owner
        .me
        .open_port(PortName::spawn("short handled"), settings)
        .unwrap();
    let (first, other) = (port.clone(), owner.other());
    let holder = std::thread::spawn(move || other.me.command_blocking(&first, "stay"));
    gate.wait_until_inside();
    assert_eq!(owner.me.try_command(&port, "xx", Busy::NoSuspend), Ok(()));
    assert!(port.is_busy());
    let (again, other) = (port.clone(), owner.other());
    let (begins, begun) = std::sync::mpsc::channel();
    let sender = std::thread::spawn(move || {
        begins.send(()).unwrap();
        other.me.try_command(&again, "y", Busy::NoSuspend)
    });
    begun.recv().unwrap();
    gate.open();
    assert_eq!(sender.join().unwrap(), Ok(()));
    holder.join().unwrap().unwrap();
    assert_eq!(port.info().unwrap().output, 4 + 2 + 1);
}
