//! Drivers written in Rust: every callback, and everything that one may ask of its port.

mod acts;
mod ending;
mod locking;

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portwright::driver::{
    BadArgument, Delivery, Driver, DriverEntry, DriverFlags, Interest, JobResult, PortContext,
    Select, StartError,
};
use portwright::{
    Binary, Busy, CommandError, ControlError, Node, OpenError, PortName, PortSettings,
    RegisterDriverError, Reply, Term,
};

use acts::Acts;
pub(crate) use acts::{Blocking, Gate, Refusing};

use crate::owner::{Owner, eventually};

const NORMAL: &str = "{'EXIT',P,normal}";

/// The texts of what happened, in order.
type Log = Arc<Mutex<Vec<String>>>;

fn log(log: &Log, line: impl Into<String>) {
    log.lock().unwrap().push(line.into());
}

fn taken(log: &Log) -> Vec<String> {
    std::mem::take(&mut *log.lock().unwrap())
}

/// An owner on a node that knows the driver `acts`, with its port `P` open.
fn opened(acts: Acts) -> (Owner, portwright::Port) {
    let mut owner = Owner::new();
    acts.add_to(&owner.node, "acts");
    let port = owner.open("{spawn,\"acts\"}", "[binary]");
    (owner, port)
}

// P-020, P-030.
#[test]
fn drivers_are_found_by_the_text_before_the_first_space() {
    let seen = Log::default();
    let mut owner = Owner::new();
    let start = seen.clone();
    Acts::default()
        .start(move |_, command| {
            log(&start, String::from_utf8_lossy(command));
            Ok(())
        })
        .add_to(&owner.node, "acts");
    for name in [
        "{spawn,\"acts\"}",
        "{spawn,\"acts with words\"}",
        "{spawn_driver,\"acts with words\"}",
        "{spawn,acts}",
        "{spawn_driver,<<\"acts \">>}",
        "{spawn,[\"ac\",[\"ts\"]]}",
    ] {
        owner.open(name, "[]");
    }
    assert_eq!(
        taken(&seen),
        [
            "acts",
            "acts with words",
            "acts with words",
            "acts",
            "acts ",
            "acts"
        ]
    );
    owner.check(&[
        ("port_info(P,name)", "{name,\"acts\"}"),
        ("port_info(P,os_pid)", "{os_pid,undefined}"),
    ]);
    for name in [
        "nobody",
        "Acts",
        " acts",
        "acts\\tx",
        "spawn",
        "fd",
        "forker",
        "spawn_forker",
    ] {
        owner.check(&[(
            &format!("open_port({{spawn_driver,\"{name}\"}},[])"),
            "error badarg",
        )]);
    }
    // Not found as a driver, it is a command: the shell does not know it either.
    owner.open("{spawn,\"acts\\tx\"}", "[exit_status]");
    assert_eq!(owner.next(), "{P,{exit_status,127}}");
    assert!(taken(&seen).is_empty());
}

// P-030, P-103, P-131: which settings a driver takes.
#[test]
fn settings_of_programs_are_not_for_drivers() {
    let mut owner = Owner::new();
    Acts::default().add_to(&owner.node, "acts");
    for (settings, opens) in [
        ("[{cd,\"/no/such\"},{env,[{\"A\",\"b\"}]}]", true),
        ("[in]", true),
        ("[{packet,2}]", true),
        ("[nouse_stdio]", true),
        ("[exit_status]", false),
        ("[{args,[]}]", false),
        ("[{arg0,\"x\"}]", false),
        ("[{busy_limits_port,{1,2}}]", false),
        ("[{busy_limits_port,disabled}]", false),
        ("[{busy_limits_msgq,{1,2}}]", true),
    ] {
        for name in ["{spawn,\"acts\"}", "{spawn_driver,\"acts\"}"] {
            let value = owner.eval(&format!("open_port({name},{settings})"));
            assert_eq!(value != "error badarg", opens, "{name} {settings}: {value}");
        }
    }
}

#[test]
fn names_of_drivers_are_unique_words() {
    let node = Node::new();
    let entry = |name: &str| DriverEntry::of::<Refusing>(name);
    assert_eq!(node.add_driver(entry("one")), Ok(()));
    assert_eq!(
        node.add_driver(entry("one")),
        Err(RegisterDriverError::NameInUse("one".into()))
    );
    for name in ["", "two words", "nul\0"] {
        assert_eq!(
            node.add_driver(entry(name)),
            Err(RegisterDriverError::BadName(name.into()))
        );
    }
    assert_eq!(node.drivers(), ["one"]);
    assert!(node.remove_driver("one"));
    assert!(!node.remove_driver("one"));
    let me = node.attach();
    let error = me
        .open_port(PortName::driver("one"), PortSettings::new())
        .unwrap_err();
    assert!(
        matches!(&error, OpenError::NoSuchDriver { name } if name == "one"),
        "{error:?}"
    );
}

// P-161: what start refuses leaves nothing; what it has said already is said.
#[test]
fn a_start_that_fails_is_an_error_of_opening() {
    for (error, reason) in [
        (StartError::General, "einval"),
        (StartError::Errno(13), "eacces"),
        (StartError::Errno(2), "enoent"),
        (StartError::BadArgument, "badarg"),
    ] {
        let mut owner = Owner::new();
        let stopped = Log::default();
        let stop = stopped.clone();
        Acts::default()
            .start(move |port, _| {
                assert!(port.caller().is_some() && port.caller() == Some(port.connected()));
                port.set_timer(Duration::ZERO);
                port.output("hello");
                Err(error.clone())
            })
            .stop(move |_| log(&stop, "stop"))
            .add_to(&owner.node, "acts");
        owner.check(&[
            (
                "open_port({spawn,\"acts\"},[binary])",
                &format!("error {reason}"),
            ),
            ("ports()", "[]"),
            ("process_info(Me,links)", "{links,[]}"),
        ]);
        // During start the settings do not count yet: data is a list.
        assert!(owner.next().ends_with(",{data,\"hello\"}}"));
        owner.nothing_more();
        assert!(taken(&stopped).is_empty());
    }
}

// P-410, P-500: commands of functions and messages alike; the caller is who sent it.
#[test]
fn commands_reach_output_with_their_sender() {
    let callers = Log::default();
    let seen = callers.clone();
    let (mut owner, _) = opened(Acts::default().output(move |port, data| {
        log(&seen, port.caller().unwrap().to_string());
        port.output(data.into_bytes().to_ascii_uppercase());
    }));
    let mut other = owner.other();
    owner.check(&[("port_command(P,[\"a\",<<\"b\">>])", "true")]);
    assert_eq!(owner.next(), "{P,{data,<<\"AB\">>}}");
    other.check(&[("send(P,{Owner,{command,\"c\"}})", "{Owner,{command,\"c\"}}")]);
    assert_eq!(owner.next(), "{P,{data,<<\"C\">>}}");
    assert_eq!(
        taken(&callers),
        [owner.pid().to_string(), other.pid().to_string()]
    );
    owner.check(&[
        ("port_info(P,output)", "{output,3}"),
        ("port_info(P,input)", "{input,3}"),
    ]);
}

/// Implements `output` alone: data arrives gathered.
struct Gathered;

impl Driver for Gathered {
    fn start(_: &PortContext<'_>, _: &[u8]) -> Result<Self, StartError> {
        Ok(Self)
    }
    fn output(&mut self, port: &PortContext<'_>, data: &[u8]) {
        port.output(data.to_vec());
    }
}

#[test]
fn data_is_gathered_for_drivers_without_outputv() {
    let mut owner = Owner::new();
    owner.node.register_driver::<Gathered>("gathered").unwrap();
    owner.open("{spawn,gathered}", "[]");
    owner.bind("Large", Term::binary(vec![b'x'; 10]));
    owner.check(&[
        ("port_command(P,[\"a\",Large,[[<<\"b\">>]],Large])", "true"),
        ("port_command(P,[])", "true"),
    ]);
    assert_eq!(owner.next(), "{P,{data,\"axxxxxxxxxxbxxxxxxxxxx\"}}");
    assert_eq!(owner.next(), "{P,{data,[]}}");
    // Everything else has a default.
    owner.check(&[
        ("port_control(P,1,\"x\")", "error badarg"),
        ("port_call(P,1,x)", "error badarg"),
        ("port_eof(P)", "error notsup"),
    ]);
    let port = owner.node.port(owner.term("P").as_port().unwrap()).unwrap();
    assert!(port.signal(15, false).is_err());
}

// The forms in which data arrives.
#[test]
fn a_driver_chooses_the_shape_of_its_data() {
    for (settings, expect) in [
        (
            "[binary]",
            ["<<\"ab\">>", "[72|<<\"ab\">>]", "[<<\"a\">>|<<\"b\">>]"],
        ),
        ("[]", ["\"ab\"", "\"Hab\"", "\"ab\""]),
    ] {
        let mut owner = Owner::new();
        Acts::default()
            .output(|port, _| {
                port.output("ab");
                port.output_with_header(b"H", "ab");
                port.output_unlined(b"", vec![Binary::from("a"), Binary::from("b")]);
                assert_eq!(
                    port.output_term(Term::tuple([Term::atom("any"), Term::Port(port.id())])),
                    Delivery::Delivered
                );
            })
            .add_to(&owner.node, "acts");
        owner.open("{spawn,acts}", settings);
        owner.check(&[("port_command(P,[])", "true")]);
        for data in expect {
            assert_eq!(owner.next(), format!("{{P,{{data,{data}}}}}"), "{settings}");
        }
        assert_eq!(owner.next(), "{any,P}");
    }
    // Lines are cut by the port; what goes past them is not.
    let mut owner = Owner::new();
    Acts::default()
        .output(|port, data| {
            assert!(port.is_line() && !port.is_binary());
            port.output(data.into_bytes());
            port.output_unlined(b"", vec![Binary::from("x\ny")]);
        })
        .add_to(&owner.node, "acts");
    owner.open("{spawn,acts}", "[{line,3}]");
    owner.check(&[("port_command(P,\"a\\nbcde\")", "true")]);
    for data in ["{eol,\"a\"}", "{noeol,\"bcd\"}", "\"x\\ny\""] {
        assert_eq!(owner.next(), format!("{{P,{{data,{data}}}}}"));
    }
}

#[test]
fn a_driver_sends_terms_to_anybody() {
    let (mut owner, _) = opened(Acts::default().call(|port, _, argument| {
        let to = argument.as_pid().ok_or(BadArgument)?;
        let delivery = port.send_term(to, Term::atom("hello"));
        Ok(Term::boolean(delivery == Delivery::Delivered))
    }));
    let mut other = owner.other();
    let dead = owner.other();
    owner.bind("Other", Term::Pid(other.pid()));
    owner.bind("Dead", Term::Pid(dead.pid()));
    drop(dead);
    owner.check(&[
        ("port_call(P,1,Other)", "true"),
        ("port_call(P,1,Dead)", "false"),
        ("port_call(P,Other)", "true"),
        ("port_call(P,1,x)", "error badarg"),
    ]);
    assert_eq!(other.next(), "hello");
    assert_eq!(other.next(), "hello");
}

#[test]
fn control_answers_its_caller() {
    let (mut owner, port) = opened(Acts::default().control(
        |port, operation, data| match operation {
            0 => Ok(Reply::list(data.to_vec())),
            u32::MAX => Ok(Reply::binary(data.to_vec())),
            7 => {
                port.output("said");
                Ok(Reply::list(port.caller().unwrap().to_string().into_bytes()))
            }
            _ => Err(BadArgument),
        },
    ));
    owner.check(&[
        ("port_control(P,0,[\"a\",<<\"b\">>])", "\"ab\""),
        ("port_control(P,4294967295,\"ab\")", "<<\"ab\">>"),
        ("port_control(P,1,[])", "error badarg"),
        ("port_control(P,4294967296,[])", "error badarg"),
        ("port_control(P,-1,[])", "error badarg"),
        ("port_control(P,a,[])", "error badarg"),
        ("port_control(P,0,bad)", "error badarg"),
        ("port_control(P,0,[256])", "error badarg"),
    ]);
    let mut other = owner.other();
    let shown = other.eval("port_control(P,7,[])");
    assert_eq!(shown, "\"Me\"", "the text of its pid");
    assert_eq!(
        owner.next(),
        "{P,{data,<<\"said\">>}}",
        "data goes to the owner"
    );
    assert_eq!(owner.me.control(&port, 1, ""), Err(ControlError::Refused));
    owner.check(&[("port_close(P)", "true")]);
    assert_eq!(owner.me.control(&port, 0, ""), Err(ControlError::NotOpen));
}

#[test]
fn a_timer_fires_once_and_never_early() {
    let (mut owner, _) = opened(
        Acts::default()
            .control(|port, milliseconds, _| {
                assert!(port.set_timer(Duration::from_millis(1)));
                // The second replaces the first.
                assert!(port.set_timer(Duration::from_millis(milliseconds.into())));
                assert!(port.read_timer().unwrap() <= Duration::from_millis(milliseconds.into()));
                Ok(Reply::list(""))
            })
            .timeout(|port| {
                assert_eq!(port.read_timer(), Some(Duration::ZERO));
                port.output("now");
            }),
    );
    let begin = Instant::now();
    owner.check(&[("port_control(P,50,[])", "[]")]);
    assert_eq!(owner.next(), "{P,{data,<<\"now\">>}}");
    assert!(begin.elapsed() >= Duration::from_millis(50));
    owner.check(&[("port_control(P,0,[])", "[]")]);
    assert_eq!(owner.next(), "{P,{data,<<\"now\">>}}");
    owner.nothing_more();
}

#[test]
fn a_cancelled_timer_and_one_of_a_closed_port_do_not_fire() {
    let fired = Log::default();
    let timeout = fired.clone();
    let (mut owner, _) = opened(
        Acts::default()
            .control(|port, _, _| {
                port.set_timer(Duration::from_millis(20));
                assert!(port.cancel_timer());
                Ok(Reply::list(""))
            })
            .output(|port, _| {
                port.set_timer(Duration::from_millis(20));
            })
            .timeout(move |_| log(&timeout, "fired")),
    );
    owner.check(&[
        ("port_control(P,1,[])", "[]"),
        ("port_command(P,[])", "true"),
        ("port_close(P)", "true"),
    ]);
    // A later timer of the node tells when the others would have fired.
    let (sender, receiver) = std::sync::mpsc::channel();
    let _delayed = owner
        .node
        .after(Duration::from_millis(60), move || sender.send(()).unwrap());
    receiver.recv_timeout(crate::owner::PATIENCE).unwrap();
    assert!(taken(&fired).is_empty());
}

// Level-triggered: what is left in place is called for again.
#[test]
fn descriptors_are_watched_while_they_are_selected() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let fd = reader.as_raw_fd();
    let reader = Mutex::new(reader);
    let (mut owner, _) = opened(
        Acts::default()
            .control(move |port, on, _| {
                let select = if on == 1 { Select::On } else { Select::Off };
                assert!(port.select(fd, Interest::READ, select));
                Ok(Reply::list(""))
            })
            .ready_input(move |port, ready| {
                assert_eq!(ready, fd);
                // One byte at a time: the rest stays in the pipe.
                let mut byte = [0];
                if reader.lock().unwrap().read(&mut byte).unwrap() == 0 {
                    port.select(fd, Interest::READ, Select::Off);
                    port.output("end");
                } else {
                    port.output(byte.to_vec());
                }
            }),
    );
    owner.check(&[("port_control(P,1,[])", "[]")]);
    writer.write_all(b"abc").unwrap();
    for byte in ["a", "b", "c"] {
        assert_eq!(owner.next(), format!("{{P,{{data,<<\"{byte}\">>}}}}"));
    }
    owner.check(&[("port_control(P,0,[])", "[]")]);
    writer.write_all(b"d").unwrap();
    owner.check(&[("port_control(P,0,[])", "[]")]);
    owner.nothing_more();
    owner.check(&[("port_control(P,1,[])", "[]")]);
    assert_eq!(owner.next(), "{P,{data,<<\"d\">>}}");
    drop(writer);
    assert_eq!(owner.next(), "{P,{data,<<\"end\">>}}");
}

// A queue, ready_output, flush: the port lingers until its driver has emptied the queue.
#[test]
fn a_queue_is_written_when_the_descriptor_takes_it() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    rustix::io::ioctl_fionbio(&writer, true).unwrap();
    let fd = writer.as_raw_fd();
    let writer = Mutex::new(writer);
    let events = Log::default();
    let (flush, stop) = (events.clone(), events.clone());
    let (mut owner, port) = opened(
        Acts::default()
            .output(move |port, data| {
                data.iter().for_each(|piece| {
                    port.enqueue(piece.clone());
                });
                port.select(fd, Interest::WRITE, Select::On);
            })
            .ready_output(move |port, _| {
                let left = port.with_queue(|queue| {
                    let piece = queue.pieces().next().cloned().unwrap_or_default();
                    let written = writer.lock().unwrap().write(&piece).unwrap_or(0);
                    queue.advance(written)
                });
                if left == Some(Some(0)) {
                    port.select(fd, Interest::WRITE, Select::Off);
                }
            })
            .flush(move |port| {
                log(
                    &flush,
                    format!("flush {} {}", port.queue_len() > 0, port.is_closing()),
                )
            })
            .stop(move |port| log(&stop, format!("stop {}", port.queue_len()))),
    );
    owner.bind("Data", Term::binary(vec![b'x'; 500_000]));
    owner.check(&[
        ("port_command(P,Data)", "true"),
        ("send(P,{Me,close})", "{Me,close}"),
    ]);
    assert_eq!(owner.next(), NORMAL);
    assert_eq!(taken(&events), ["flush true true"]);
    assert!(!port.is_open() && !port.is_gone());
    let mut bytes = vec![0; 500_000];
    reader.read_exact(&mut bytes).unwrap();
    assert_eq!(owner.next(), "{P,closed}");
    assert_eq!(taken(&events), ["stop 0"]);
}

#[test]
fn a_driver_that_does_not_empty_its_queue_lingers() {
    let acts = Acts::default()
        .output(|port, data| {
            data.iter().for_each(|piece| {
                port.enqueue(piece.clone());
            });
        })
        .control(|port, _, _| {
            port.with_queue(portwright::driver::Queue::clear);
            Ok(Reply::list("emptied"))
        });
    let (mut owner, port) = opened(acts);
    owner.check(&[
        ("port_command(P,\"stuck\")", "true"),
        ("port_info(P,queue_size)", "{queue_size,5}"),
        ("port_close(P)", "true"),
        ("ports()", "[P]"),
        ("exit(P,kill)", "true"),
        ("ports()", "[P]"),
        // A driver still answers then, unlike a program.
        ("port_control(P,1,[])", "\"emptied\""),
        ("ports()", "[]"),
    ]);
    assert!(port.is_gone());
}

// It used to wait for itself.
#[test]
fn a_driver_that_has_the_queue_does_not_get_it_again() {
    let acts = Acts::default().control(|port, _, _| {
        let inner = port.with_queue(|queue| {
            queue.push_back("outer".into());
            port.enqueue("inner")
        });
        assert_eq!(inner, Some(false));
        let all = port.with_queue(|queue| std::mem::take(queue).pieces().cloned().collect());
        let all: Vec<bytes::Bytes> = all.unwrap();
        Ok(Reply::list(all.concat()))
    });
    let (mut owner, _port) = opened(acts);
    owner.check(&[
        ("port_control(P,1,[])", "\"outer\""),
        ("port_info(P,queue_size)", "{queue_size,0}"),
    ]);
}

#[test]
fn a_driver_can_hand_its_port_to_a_thread() {
    let acts = Acts::default().control(|port, _, _| {
        let handle = portwright::Port::of(port).unwrap();
        assert_eq!(handle.id(), port.id());
        let sender = std::thread::spawn(move || handle.output_term(Term::atom("from_a_thread")));
        assert_eq!(sender.join().unwrap(), Delivery::Delivered);
        Ok(Reply::empty())
    });
    let (mut owner, _port) = opened(acts);
    owner.check(&[("port_control(P,1,[])", "[]")]);
    assert_eq!(owner.next(), "from_a_thread");
}

#[test]
fn jobs_run_elsewhere_and_those_with_one_key_in_order() {
    let node = Node::builder().async_threads(3).build().unwrap();
    let mut owner = Owner::on(&node);
    let here = std::thread::current().id();
    let order = Log::default();
    let jobs = order.clone();
    Acts::default()
        .output(move |port, data| {
            let key = u32::from(data.into_bytes()[0]);
            for number in 0..20 {
                let jobs = jobs.clone();
                let job = port.async_job(Some(key), move || {
                    assert_ne!(std::thread::current().id(), here);
                    log(&jobs, format!("{key} {number}"));
                    number
                });
                assert!(job.is_some());
            }
        })
        .ready_async(|port, result: JobResult| {
            let number = *result.downcast::<i32>().unwrap();
            port.output(vec![u8::try_from(number).unwrap()]);
        })
        .add_to(&node, "acts");
    owner.open("{spawn,acts}", "[]");
    owner.check(&[
        ("port_command(P,[1])", "true"),
        ("port_command(P,[2])", "true"),
    ]);
    assert_eq!(owner.bytes(40).len(), 40);
    let order = taken(&order);
    for key in ["1 ", "2 "] {
        let own: Vec<&String> = order.iter().filter(|line| line.starts_with(key)).collect();
        let sorted: Vec<String> = (0..20).map(|number| format!("{key}{number}")).collect();
        assert_eq!(own, sorted.iter().collect::<Vec<_>>());
    }
}

#[test]
fn the_result_of_a_job_is_dropped_when_the_port_is_gone() {
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let gate = Gate::new("job");
    let count = dropped.clone();
    let (mut owner, port) = opened(
        Acts::default()
            .output(move |port, _| {
                let (gate, result) = (Gate::named("job"), Counted(count.clone()));
                port.async_job(None, move || {
                    gate.pass();
                    result
                });
            })
            .ready_async(|_, _| panic!("the port is gone")),
    );
    owner.check(&[("port_command(P,[])", "true")]);
    gate.wait_until_inside();
    owner.check(&[("port_close(P)", "true")]);
    assert!(port.is_gone());
    gate.open();
    eventually("the result is dropped", || {
        dropped.load(Ordering::SeqCst) == 1
    });
}

#[test]
fn a_driver_monitors_processes() {
    let (mut owner, _) = opened(
        Acts::default()
            .call(|port, operation, argument| {
                let pid = argument.as_pid().ok_or(BadArgument)?;
                let monitor = port.monitor_process(pid);
                if operation == 2 {
                    assert!(port.demonitor_process(monitor.unwrap()));
                    assert!(!port.demonitor_process(monitor.unwrap()));
                }
                Ok(Term::boolean(monitor.is_some()))
            })
            .process_exit(|port, monitor| {
                assert!(!port.demonitor_process(monitor), "it has fired");
                port.output("down");
            }),
    );
    let (first, second) = (owner.other(), owner.other());
    owner.bind("First", Term::Pid(first.pid()));
    owner.bind("Second", Term::Pid(second.pid()));
    owner.check(&[
        ("port_call(P,1,First)", "true"),
        ("port_call(P,2,Second)", "true"),
        ("port_info(P,monitors)", "{monitors,[{process,First}]}"),
    ]);
    drop(second);
    owner.nothing_more();
    drop(first);
    assert_eq!(owner.next(), "{P,{data,<<\"down\">>}}");
    owner.check(&[
        ("port_info(P,monitors)", "{monitors,[]}"),
        ("port_call(P,1,First)", "false"),
    ]);
}

#[test]
fn a_driver_makes_its_port_busy() {
    for (flags, forced) in [
        (
            DriverFlags::PORT_LOCKING,
            Err(CommandError::ForceNotSupported),
        ),
        (DriverFlags::PORT_LOCKING | DriverFlags::SOFT_BUSY, Ok(())),
    ] {
        let acts = Acts::default()
            .control(|port, busy, _| {
                port.set_busy(busy == 1);
                Ok(Reply::list(""))
            })
            .flags(flags);
        let (mut owner, port) = opened(acts);
        owner.check(&[
            ("port_control(P,1,[])", "[]"),
            ("port_command(P,\"x\",[nosuspend])", "false"),
            ("port_command(P,\"x\")", "would_suspend"),
        ]);
        assert_eq!(owner.me.try_command(&port, "x", Busy::Force), forced);
        let (sender, to) = (owner.other(), port.clone());
        let thread = std::thread::spawn(move || sender.me.command_blocking(&to, "late"));
        // Not counted: once is enough.
        owner.check(&[
            ("port_control(P,1,[])", "[]"),
            ("port_control(P,0,[])", "[]"),
        ]);
        assert_eq!(thread.join().unwrap(), Ok(()));
        owner.check(&[("port_command(P,\"x\",[nosuspend])", "true")]);
    }
}
