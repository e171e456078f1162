//! Processes: mailboxes, selective receive, deadlines, names, links, several nodes.

use std::time::{Duration, Instant};

use portwright::{
    Changed, ExitReason, LinkError, Message, MonitorError, MonitorTarget, Node, NodeBuilder,
    PortName, PortSettings, Received, RegisterError, Registered, Scan, SpawnOptions, Term,
};

use crate::owner::{Owner, PATIENCE, atom, eventually};

fn number(message: &Message) -> i64 {
    match message {
        Message::Term(term) => term.as_i64().unwrap(),
        other => panic!("{other}"),
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

#[test]
fn receive_takes_the_oldest_that_matches_and_leaves_the_rest() {
    let node = Node::new();
    let mut me = node.attach();
    for value in 1..=5 {
        me.send(me.pid(), value).unwrap();
    }
    let even = me.receive_match_blocking(|message| number(message) % 2 == 0);
    assert_eq!(even.as_ref().map(number), Some(2));
    let large = me.receive_match_blocking(|message| number(message) > 3);
    assert_eq!(large.as_ref().map(number), Some(4));
    let rest: Vec<i64> = std::iter::from_fn(|| me.try_receive())
        .map(|m| number(&m))
        .collect();
    assert_eq!(rest, [1, 3, 5]);
}

#[test]
fn scan_goes_on_where_it_stopped_until_rescan() {
    let node = Node::new();
    let mut me = node.attach();
    for value in 1..=3 {
        me.send(me.pid(), value).unwrap();
    }
    let mut seen = Vec::new();
    let look = |seen: &mut Vec<i64>, message: &Message| {
        seen.push(number(message));
        Scan::<()>::Continue(())
    };
    assert!(me.scan(|message| look(&mut seen, message)).is_none());
    assert!(me.scan(|message| look(&mut seen, message)).is_none());
    assert_eq!(seen, [1, 2, 3]);
    me.send(me.pid(), 4).unwrap();
    assert_eq!(block_on(me.changed_until(None)), Changed::Message);
    let found = me.scan(|message| match number(message) {
        4 => Scan::Break("four"),
        _ => Scan::Continue(()),
    });
    assert_eq!(found.map(|(_, result)| result), Some("four"));
    me.rescan();
    assert!(me.scan(|message| look(&mut seen, message)).is_none());
    assert_eq!(seen, [1, 2, 3, 1, 2, 3]);
}

#[test]
fn deadlines_are_kept_and_a_message_that_is_there_comes_first() {
    let node = Node::new();
    let mut me = node.attach();
    let begin = Instant::now();
    assert_eq!(
        me.receive_timeout_blocking(Duration::from_millis(30)),
        Received::Timeout
    );
    assert!(begin.elapsed() >= Duration::from_millis(30));
    me.send(me.pid(), 1).unwrap();
    let past = Instant::now().checked_sub(Duration::from_secs(1));
    let received = block_on(me.receive_until(past, |_| true));
    assert!(matches!(received, Received::Message(_)), "as `after 0`");
    assert_eq!(
        block_on(me.receive_until(past, |_| true)),
        Received::Timeout
    );
    assert_eq!(
        block_on(me.receive_timeout(Duration::MAX / 4).now_or_pending()),
        None
    );
}

trait NowOrPending: Future + Sized {
    /// Polls once.
    async fn now_or_pending(self) -> Option<Self::Output> {
        let mut future = Box::pin(self);
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(match future.as_mut().poll(context) {
                std::task::Poll::Ready(output) => Some(output),
                std::task::Poll::Pending => None,
            })
        })
        .await
    }
}

impl<F: Future> NowOrPending for F {}

#[test]
fn a_receive_that_is_dropped_loses_nothing() {
    let node = Node::new();
    let mut me = node.attach();
    let pid = me.pid();
    block_on(async {
        for round in 0..200 {
            assert_eq!(me.receive().now_or_pending().await, None);
            assert_eq!(me.receive_match(|_| false).now_or_pending().await, None);
            node.send(pid, round).unwrap();
            assert_eq!(me.receive_match(|_| false).now_or_pending().await, None);
            let message = me.receive().await.unwrap();
            assert_eq!(number(&message), round);
        }
    });
}

#[test]
fn others_see_what_a_process_that_waits_has_looked_at() {
    let node = Node::new();
    let mut me = node.attach();
    let pid = me.pid();
    let shown = || {
        let info = node.process_info(pid).unwrap();
        assert_eq!(info.message_queue_len, info.messages.len());
        Term::list(info.messages).to_string()
    };
    let wait_in_vain = |me: &mut portwright::Process| {
        let wait = me.receive_match(|_| false).now_or_pending();
        assert_eq!(block_on(wait), None);
    };
    for value in 1..=3 {
        node.send(pid, value).unwrap();
    }
    assert_eq!(shown(), "[1,2,3]");
    wait_in_vain(&mut me);
    assert_eq!(shown(), "[1,2,3]");
    node.send(pid, 4).unwrap();
    assert_eq!(shown(), "[1,2,3,4]");
    let second = me.receive_match(|message| number(message) == 2);
    assert_eq!(number(&block_on(second).unwrap()), 2);
    wait_in_vain(&mut me);
    wait_in_vain(&mut me);
    assert_eq!(shown(), "[1,3,4]");
    assert_eq!(number(&me.try_receive().unwrap()), 1);
    assert_eq!(number(&me.receive_blocking().unwrap()), 3);
    wait_in_vain(&mut me);
    assert_eq!(shown(), "[4]");
    assert_eq!(number(&block_on(me.receive()).unwrap()), 4);
    wait_in_vain(&mut me);
    assert_eq!(shown(), "[]");
}

#[test]
fn a_thread_and_a_task_are_woken_by_senders_of_other_threads() {
    let node = Node::new();
    let mut me = node.attach();
    let pid = me.pid();
    const SENDERS: i64 = 4;
    const EACH: i64 = 2_000;
    let threads: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let process = node.attach();
            std::thread::spawn(move || {
                for value in 0..EACH {
                    process.send(pid, sender * EACH + value).unwrap();
                }
            })
        })
        .collect();
    let mut next = [0; SENDERS as usize];
    let mut check = |message: Message| {
        let value = number(&message);
        let sender = (value / EACH) as usize;
        assert_eq!(value % EACH, next[sender], "order of sender {sender}");
        next[sender] += 1;
    };
    for _ in 0..SENDERS * EACH / 2 {
        check(me.receive_blocking().unwrap());
    }
    block_on(async {
        for _ in 0..SENDERS * EACH / 2 {
            check(me.receive().await.unwrap());
        }
    });
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
}

#[test]
fn many_threads_receive_from_ports_of_their_own() {
    let node = Node::new();
    let threads: Vec<_> = (0..16)
        .map(|thread| {
            let node = node.clone();
            std::thread::spawn(move || {
                let mut owner = Owner::on(&node);
                for round in 0..5 {
                    owner.open("{spawn,\"cat\"}", "[]");
                    let text = format!("{thread}-{round}");
                    owner.check(&[(&format!("port_command(P,\"{text}\")"), "true")]);
                    assert_eq!(owner.next(), format!("{{P,{{data,\"{text}\"}}}}"));
                    owner.check(&[("port_close(P)", "true")]);
                    assert_eq!(owner.next(), "{'EXIT',P,normal}");
                }
            })
        })
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    assert_eq!(node.ports(), []);
}

// Hundreds of processes, each with its port, on the threads of a runtime.
#[test]
fn hundreds_of_processes_talk_to_hundreds_of_programs() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .build()
        .unwrap();
    let node = {
        let _inside = runtime.enter();
        Node::new()
    };
    let mut me = node.attach();
    let parent = me.pid();
    const COUNT: usize = 300;
    for number in 0..COUNT {
        node.spawn(async move |mut child| {
            let port = child
                .open_port(PortName::spawn("cat"), PortSettings::new().line(80))
                .map_err(|error| error.to_string())
                .unwrap();
            for round in 0..10 {
                child
                    .command(&port, format!("{number} {round}\n"))
                    .await
                    .unwrap();
                let message = child.receive().await.unwrap();
                let expect = format!("{{{port},{{data,{{eol,\"{number} {round}\"}}}}}}");
                assert_eq!(message.to_string(), expect);
            }
            child.send(parent, Term::from(number)).unwrap();
        });
    }
    let mut done: Vec<i64> = (0..COUNT)
        .map(|_| match me.receive_timeout_blocking(PATIENCE) {
            Received::Message(message) => number(&message),
            other => panic!("{other:?}"),
        })
        .collect();
    done.sort_unstable();
    assert!(done.into_iter().eq(0..COUNT as i64));
    eventually("their ports are closed", || node.ports().is_empty());
    eventually("they have ended", || node.processes() == [me.pid()]);
}

#[test]
fn exit_signals_act_when_they_arrive() {
    let node = Node::new();
    let other = node.attach();
    let me = node.attach();
    other.link(me.pid()).unwrap();
    me.exit_signal(other.pid(), Term::atom("oops"));
    // Both are dead now, though neither has looked into its mailbox.
    assert!(!node.is_alive(other.pid()) && !node.is_alive(me.pid()));
    assert_eq!(me.exit_reason(), Some(ExitReason::from(Term::atom("oops"))));
    assert!(other.is_exited());
}

#[test]
fn exit_signals_and_who_traps_them() {
    let node = Node::new();
    let send = |trap: bool, reason: &'static str| {
        let sender = node.attach();
        let mut receiver = node.attach();
        receiver.trap_exit(trap);
        sender.exit_signal(receiver.pid(), Term::atom(reason));
        match receiver.try_receive() {
            Some(message) => format!("{message}")
                .split(',')
                .next_back()
                .unwrap()
                .to_owned(),
            None => receiver
                .exit_reason()
                .map_or("alive".into(), |reason| reason.to_string()),
        }
    };
    assert_eq!(send(false, "normal"), "alive");
    assert_eq!(send(false, "oops"), "oops");
    assert_eq!(send(false, "kill"), "killed");
    assert_eq!(send(true, "normal"), "normal}");
    assert_eq!(send(true, "oops"), "oops}");
    assert_eq!(send(true, "kill"), "killed");
}

#[test]
fn a_killed_process_is_killed_for_its_links() {
    let mut owner = Owner::new();
    let victim = owner.other();
    let mut next = owner.other();
    owner.bind("Victim", Term::Pid(victim.pid()));
    next.bind("Victim", Term::Pid(victim.pid()));
    next.check(&[("link(Victim)", "true")]);
    owner.bind_to("R", "monitor(process,Victim)");
    owner.check(&[("exit(Victim,kill)", "true")]);
    assert_eq!(owner.next(), "{'DOWN',R,process,Victim,killed}");
    assert_eq!(next.next(), "{'EXIT',Victim,killed}");
}

#[test]
fn spawned_processes_end_with_their_result_or_panic() {
    let node = Node::new();
    let mut me = node.attach();
    me.trap_exit(true);
    let options = SpawnOptions {
        link: true,
        monitor: true,
    };
    let mut ends = |body: fn() -> Result<(), &'static str>| {
        let (pid, monitor) = node.spawn_with(&me, options, async move |_| {
            body().map_err(|reason| ExitReason::from(Term::atom(reason)))
        });
        let mut got = [(); 2].map(|()| match me.receive_timeout_blocking(PATIENCE) {
            Received::Message(message) => message,
            other => panic!("{other:?}"),
        });
        got.sort_by_key(|message| matches!(message, Message::Down(_)));
        match got {
            [Message::Exit { from, reason }, Message::Down(down)] => {
                assert_eq!(from, pid.into());
                assert_eq!(Some(down.reference), monitor);
                assert_eq!(down.reason, reason);
                reason.to_string()
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(ends(|| Ok(())), "normal");
    assert_eq!(ends(|| Err("oops")), "oops");
    assert_eq!(ends(|| panic!("on purpose")), "{panic,\"on purpose\"}");
}

// What others have us call at the end of a process is theirs; the end goes on.
#[test]
fn a_panic_of_those_who_are_called_at_the_end_keeps_nobody_from_being_told() {
    let mut owner = Owner::new();
    let victim = owner.node.attach();
    owner.bind("Victim", Term::Pid(victim.pid()));
    owner.node.at_exit(victim.pid(), || panic!("on purpose"));
    owner.check(&[("link(Victim)", "true")]);
    owner.node.exit_signal(victim.pid(), Term::atom("oops"));
    assert_eq!(owner.next(), "{'EXIT',Victim,oops}");
}

#[test]
fn a_panic_of_a_delayed_call_does_not_stop_the_node() {
    let node = Node::new();
    let calls: Vec<_> = (0..3)
        .map(|_| node.after(Duration::ZERO, || panic!("on purpose")))
        .collect();
    let (sender, called) = std::sync::mpsc::channel();
    let last = node.after(Duration::from_millis(1), move || sender.send(()).unwrap());
    called.recv_timeout(PATIENCE).unwrap();
    drop((calls, last));
}

// It would stay for as long as the other lives.
#[test]
fn a_monitor_of_a_process_that_was_ended_leaves_no_trace() {
    let node = Node::new();
    let (me, other) = (node.attach(), node.attach());
    let port = other
        .open_port(PortName::spawn("cat"), PortSettings::new())
        .unwrap();
    me.end(Term::atom("over"));
    me.monitor(other.pid()).unwrap();
    me.monitor(port.id()).unwrap();
    assert_eq!(node.process_info(other.pid()).unwrap().monitored_by, []);
    assert_eq!(port.info().unwrap().monitored_by, []);
}

#[test]
fn a_spawned_process_that_is_killed_stops_at_its_next_await() {
    struct Dropped(std::sync::mpsc::Sender<()>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    let node = Node::new();
    let (sender, receiver) = std::sync::mpsc::channel();
    let mut parent = node.attach();
    let to = parent.pid();
    let pid = node.spawn(async move |me| {
        let _dropped = Dropped(sender);
        me.send(to, 1).unwrap();
        std::future::pending::<()>().await;
    });
    assert!(
        parent
            .receive_timeout_blocking(PATIENCE)
            .message()
            .is_some()
    );
    node.exit_signal(pid, Term::atom("kill"));
    receiver.recv_timeout(PATIENCE).unwrap();
    assert!(!node.is_alive(pid));
}

#[test]
fn names_are_for_one() {
    let node = Node::new();
    let me = node.attach();
    let name = atom("somebody");
    assert_eq!(me.register(name, me.pid()), Ok(()));
    assert_eq!(me.whereis(name), Some(Registered::Process(me.pid())));
    let other = node.attach();
    assert_eq!(
        me.register(name, other.pid()),
        Err(RegisterError::NameInUse(name))
    );
    assert!(matches!(
        me.register(atom("another"), me.pid()),
        Err(RegisterError::AlreadyNamed(_))
    ));
    assert_eq!(
        me.register(atom("undefined"), other.pid()),
        Err(RegisterError::Undefined)
    );
    assert_eq!(node.registered(), [name]);
    drop(me);
    assert_eq!(node.whereis(name), None);
    let dead = node.attach().pid();
    assert!(matches!(
        other.register(name, dead),
        Err(RegisterError::NoSuchProcess(_))
    ));
}

#[test]
fn linking_the_dead_is_noproc() {
    let node = Node::new();
    let mut me = node.attach();
    let dead = node.attach().pid();
    assert_eq!(me.link(dead), Err(LinkError::NoSuchProcess(dead.into())));
    me.trap_exit(true);
    assert_eq!(me.link(dead), Ok(()));
    assert_eq!(
        me.try_receive().unwrap().to_string(),
        format!("{{'EXIT',{dead},noproc}}")
    );
}

// Several nodes in one operating system process: their pids and ports are different, and
// what one does is nothing to the other.
#[test]
fn nodes_do_not_meet() {
    let name = atom("twin@localhost");
    let twins: Vec<Node> = (0..2)
        .map(|_| NodeBuilder::build(Node::builder().name(name)).unwrap())
        .collect();
    let mut owners: Vec<Owner> = twins.iter().map(Owner::on).collect();
    let ports: Vec<_> = owners
        .iter_mut()
        .map(|owner| owner.open("{spawn,\"cat\"}", "[]"))
        .collect();
    assert_ne!(ports[0].id(), ports[1].id());
    assert_eq!(ports[0].id().id(), ports[1].id().id());
    assert!(twins[0].port(ports[1].id()).is_none());
    let stranger = Term::Port(ports[1].id());
    owners[0].bind("Stranger", stranger);
    owners[0].check(&[
        ("port_info(Stranger)", "undefined"),
        ("port_command(Stranger,\"x\")", "error badarg"),
        ("port_close(Stranger)", "error badarg"),
        ("monitor(port,Stranger)", "error badarg"),
        ("exit(Stranger,kill)", "true"),
        ("send(Stranger,{Me,close})", "{Me,close}"),
    ]);
    let pid = owners[1].pid();
    assert_eq!(
        owners[0].me.monitor(pid),
        Err(MonitorError::OtherNode(pid.into()))
    );
    drop(owners.remove(0));
    assert!(ports[1].is_open());
    owners[0].check(&[("port_command(P,\"x\")", "true")]);
    assert_eq!(owners[0].next(), "{P,{data,\"x\"}}");
}

#[test]
fn processes_are_monitored_by_identity_and_name() {
    let node = Node::new();
    let mut me = node.attach();
    let other = node.attach();
    let name = atom("other");
    me.register(name, other.pid()).unwrap();
    let first = me.monitor(other.pid()).unwrap();
    let second = me.monitor(MonitorTarget::ProcessName(name)).unwrap();
    let info = node.process_info(other.pid()).unwrap();
    assert_eq!(info.monitored_by, [me.pid().into(), me.pid().into()]);
    let pid = other.pid();
    other.exit(Term::atom("done"));
    let mut down = || match me.try_receive() {
        Some(Message::Down(down)) => *down,
        other => panic!("{other:?}"),
    };
    let (one, two) = (down(), down());
    assert_eq!((one.reference, one.object), (first, Term::Pid(pid)));
    assert_eq!(
        (two.reference, two.object.to_string()),
        (second, "{other,nonode@nohost}".into())
    );
    assert!(!one.is_port && !two.is_port);
}
