//! Messages to ports: command, close, connect, and what makes no sense.

use portwright::{SendError, Term};

use crate::owner::{Owner, atom, eventually, no_port};

const NORMAL: &str = "{'EXIT',P,normal}";
const BADSIG: &str = "{'EXIT',P,badsig}";

// P-400, P-401: who is named counts, who sends does not.
#[test]
fn the_owner_has_to_be_named_and_anybody_may_send() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[]");
    let mut other = owner.other();
    other.check(&[(
        "send(P,{Owner,{command,\"by other\"}})",
        "{Owner,{command,\"by other\"}}",
    )]);
    assert_eq!(owner.next(), "{P,{data,\"by other\"}}");
    other.check(&[("send(P,{Me,{command,\"x\"}})", "{Me,{command,\"x\"}}")]);
    assert_eq!(owner.next(), BADSIG);
    other.nothing_more();
}

// P-401: to a port in any state, or one that never was.
#[test]
fn sending_to_a_port_never_fails() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[]");
    owner.check(&[("port_close(P)", "true")]);
    owner.bind("Never", Term::Port(no_port(&owner.node)));
    owner.check(&[
        ("send(P,{Me,close})", "{Me,close}"),
        ("send(P,nonsense)", "nonsense"),
        ("send(Never,nonsense)", "nonsense"),
        ("send(nobody,hello)", "error badarg"),
        ("send(17,hello)", "error badarg"),
    ]);
    assert_eq!(owner.next(), NORMAL);
    owner.nothing_more();
    let error = owner.me.send(atom("nobody"), Term::atom("hello"));
    assert_eq!(error, Err(SendError::NoSuchName(atom("nobody"))));
}

// P-402.
#[test]
fn ports_are_addressed_by_identity_name_or_name_and_node() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[]");
    owner.check(&[("register(cat,P)", "true")]);
    for (destination, options) in [
        ("P", ""),
        ("cat", ""),
        ("{cat,nonode@nohost}", ""),
        ("cat", ",[]"),
        ("cat", ",[nosuspend]"),
        ("P", ",[noconnect,nosuspend]"),
    ] {
        owner.eval(&format!(
            "send({destination},{{Me,{{command,\"x\"}}}}{options})"
        ));
        assert_eq!(owner.next(), "{P,{data,\"x\"}}", "{destination} {options}");
    }
    owner.check(&[
        ("send({dog,nonode@nohost},hello)", "hello"),
        ("send(P,{Me,{command,\"x\"}},[nonsense])", "error badarg"),
    ]);
}

// P-403, P-404, P-406.
#[test]
fn malformed_messages_are_the_owners_fault() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[{line,80}]");
    owner.check(&[("register(me,Me)", "true")]);
    for message in [
        "foo",
        "{}",
        "{Me}",
        "{Me,foo}",
        "{Me,close,now}",
        "{Me,{command,\"a\",\"b\"}}",
        "{Me,{command}}",
        "{Me,{connect}}",
        "{Me,{connect,me}}",
        "{Me,{connect,P}}",
        "{Me,{connect,17}}",
        "{me,close}",
        "{P,close}",
        "[Me|close]",
        "{Me,{command,atom}}",
        "{Me,{command,17}}",
        "{Me,{command,[256]}}",
        "{Me,{command,[-1]}}",
        "{Me,{command,[8364]}}",
        "{Me,{command,[\"a\"|98]}}",
        "{Me,{command,{\"a\"}}}",
    ] {
        owner.eval("send(P,{Me,{command,\"before\\n\"}})");
        owner.eval(&format!("send(P,{message})"));
        owner.eval("send(P,{Me,{command,\"after\\n\"}})");
        // The echo takes its time; the exit signal does not.
        let mut messages = owner.through("{P,{data,{eol,\"after\"}}}");
        messages.sort();
        assert_eq!(
            messages,
            [
                "{'EXIT',P,badsig}",
                "{P,{data,{eol,\"after\"}}}",
                "{P,{data,{eol,\"before\"}}}"
            ],
            "{message}"
        );
        assert!(
            owner.eval("port_info(P,connected)").contains("Me"),
            "{message}"
        );
    }
}

// P-403: to the owner, linked or not; an owner that does not trap dies of it, and the
// port with it if they are linked.
#[test]
fn badsig_kills_an_owner_that_does_not_trap() {
    let mut watcher = Owner::new();
    let mut owner = watcher.other().not_trapping();
    owner.open("{spawn,\"cat\"}", "[]");
    let port = owner.term("P");
    watcher.bind("P", port);
    watcher.check(&[("link(P)", "true"), ("send(P,foo)", "foo")]);
    assert_eq!(owner.death(), "badsig");
    assert_eq!(
        watcher.next(),
        BADSIG,
        "by the link, because the port died of its owner's end"
    );
    watcher.check(&[("port_info(P)", "undefined")]);

    let mut owner = watcher.other().not_trapping();
    let port = owner.open("{spawn,\"cat\"}", "[]");
    owner.check(&[("unlink(P)", "true"), ("send(P,foo)", "foo")]);
    assert_eq!(owner.death(), "badsig");
    assert!(port.is_open());
}

// P-410, P-411, P-412.
#[test]
fn what_io_data_is() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[{packet,2},binary]");
    for (data, expect) in [
        ("\"abc\"", "<<\"abc\">>"),
        ("<<\"abc\">>", "<<\"abc\">>"),
        ("[<<\"a\">>,[98,[[<<\"c\">>]]]]", "<<\"abc\">>"),
        ("[\"a\"|<<\"b\">>]", "<<\"ab\">>"),
        ("[[\"a\"|<<\"b\">>]|<<\"c\">>]", "<<\"abc\">>"),
        ("[0,255]", "<<0,255>>"),
        ("[]", "<<>>"),
        ("<<>>", "<<>>"),
        ("[[],[[]],<<>>]", "<<>>"),
    ] {
        owner.check(&[(&format!("port_command(P,{data})"), "true")]);
        assert_eq!(owner.next(), format!("{{P,{{data,{expect}}}}}"), "{data}");
    }
    for data in [
        "atom",
        "17",
        "1.5",
        "{}",
        "[256]",
        "[-1]",
        "[8364]",
        "[atom]",
        "[\"a\"|98]",
        "[\"a\"|atom]",
        "[1.5]",
        "[[\"good\"],<<\"good\">>,bad]",
        // P-413: bits that are no whole bytes, where there is a byte of them.
        "<<\"ab\",1:3>>",
    ] {
        owner.check(&[(&format!("port_command(P,{data})"), "error badarg")]);
    }
    // Nothing of the bad ones was written.
    owner.check(&[("port_command(P,\"end\")", "true")]);
    assert_eq!(owner.next(), "{P,{data,<<\"end\">>}}");
    // 3 + 3 + 3 + 2 + 3 + 2 and at last 3 bytes.
    owner.check(&[("port_info(P,output)", "{output,19}")]);
}

// P-413: less than a byte counts as nothing.
#[test]
fn a_few_bits_count_as_nothing() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[]");
    owner.check(&[
        ("port_command(P,<<1:3>>)", "true"),
        ("port_command(P,[<<1:3>>,\"z\"])", "true"),
        ("port_info(P,output)", "{output,1}"),
    ]);
    assert_eq!(owner.next(), "{P,{data,\"z\"}}");
}

// P-412.
#[test]
fn empty_data_writes_nothing() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[]");
    owner.check(&[
        ("port_command(P,\"\")", "true"),
        ("send(P,{Me,{command,<<>>}})", "{Me,{command,<<>>}}"),
        ("port_command(P,\"x\")", "true"),
    ]);
    assert_eq!(owner.next(), "{P,{data,\"x\"}}");
    owner.check(&[("port_info(P,output)", "{output,1}")]);
}

// P-414: deep, wide, large; a command is not mixed with another.
#[test]
fn deep_wide_and_large_data_is_one_unit() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[binary]");
    let mut deep = Term::string("x");
    for _ in 0..100_000 {
        deep = Term::list([deep]);
    }
    owner.bind("Deep", deep);
    owner.bind(
        "Wide",
        Term::list((0..1_000_000).map(|_| Term::from(i64::from(b'w')))),
    );
    owner.bind("Large", Term::binary(vec![b'l'; 10_000_000]));
    let rest = owner.other();
    let thread = std::thread::spawn(move || {
        for _ in 0..100 {
            // The port is busy most of the time: wait, as `!` does.
            let port = rest.term("P").as_port().unwrap();
            let message = rest.term("{Owner,{command,\"oooo\"}}");
            futures_lite(rest.me.send_waiting(port, message)).unwrap();
        }
    });
    owner.check(&[("port_command(P,Deep)", "true")]);
    for variable in ["Wide", "Large"] {
        owner.wait_not_busy();
        owner.check(&[(&format!("port_command(P,{variable})"), "true")]);
    }
    let bytes = owner.bytes(1 + 1_000_000 + 10_000_000 + 400);
    thread.join().unwrap();
    let runs: Vec<(u8, usize)> = bytes
        .chunk_by(|a, b| a == b)
        .map(|run| (run[0], run.len()))
        .collect();
    for (byte, count) in runs {
        match byte {
            b'x' => assert_eq!(count, 1),
            b'w' => assert_eq!(count, 1_000_000),
            b'l' => assert_eq!(count, 10_000_000),
            _ => assert_eq!(count % 4, 0),
        }
    }
}

/// Drives a future on this thread.
fn futures_lite<F: std::future::Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

impl Owner {
    fn wait_not_busy(&self) {
        let port = self.node.port(self.term("P").as_port().unwrap()).unwrap();
        eventually("the port is not busy", || !port.is_busy());
    }
}

// P-405: the report that operators of a node see. It goes to `tracing`.
#[test]
fn bad_data_is_reported() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[]");
    let reports = Reports::default();
    tracing::subscriber::with_default(reports.clone(), || {
        owner.check(&[
            ("port_command(P,bad)", "error badarg"),
            ("send(P,{Me,{command,bad}})", "{Me,{command,bad}}"),
        ]);
    });
    assert_eq!(
        *reports.0.lock().unwrap(),
        ["Bad value on output port cat"; 2]
    );
    assert_eq!(owner.next(), BADSIG);
}

/// Keeps the texts of reports.
#[derive(Clone, Default)]
struct Reports(std::sync::Arc<std::sync::Mutex<Vec<String>>>);

impl tracing::Subscriber for Reports {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        #[derive(Default)]
        struct Text {
            message: String,
            name: String,
        }
        impl tracing::field::Visit for Text {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                match field.name() {
                    "message" => self.message = format!("{value:?}"),
                    "name" => self.name = format!("{value:?}"),
                    _ => {}
                }
            }
        }
        let mut text = Text::default();
        event.record(&mut text);
        let line = format!("{} {}", text.message, text.name);
        self.0.lock().unwrap().push(line);
    }
}

// P-420, P-976, P-610.
#[test]
fn close_is_answered_after_exit_and_down() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[]");
    owner.bind_to("R", "monitor(port,P)");
    owner.check(&[("send(P,{Me,close})", "{Me,close}")]);
    assert_eq!(
        owner.through("{P,closed}"),
        [NORMAL, "{'DOWN',R,port,P,normal}", "{P,closed}"]
    );
    // P-421: a second close says nothing.
    owner.check(&[("send(P,{Me,close})", "{Me,close}")]);
    owner.nothing_more();
}

// P-421.
#[test]
fn closed_goes_to_the_owner_and_without_exit_where_there_is_no_link() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[]");
    let mut third = owner.other();
    third.check(&[("send(P,{Owner,close})", "{Owner,close}")]);
    assert_eq!(owner.through("{P,closed}"), [NORMAL, "{P,closed}"]);
    third.nothing_more();

    owner.open("{spawn,\"cat\"}", "[]");
    owner.check(&[("unlink(P)", "true"), ("send(P,{Me,close})", "{Me,close}")]);
    assert_eq!(owner.next(), "{P,closed}");
    owner.nothing_more();

    let mut calm = Owner::new().not_trapping();
    calm.open("{spawn,\"cat\"}", "[]");
    calm.check(&[
        ("send(P,{Me,close})", "{Me,close}"),
        ("send(P,{Me,close})", "{Me,close}"),
    ]);
    assert_eq!(calm.next(), "{P,closed}");
    calm.nothing_more();
}

// P-422, P-423.
#[test]
fn a_command_before_close_is_written_and_its_answer_lost() {
    let folder = crate::alone::Folder::new("close");
    let file = folder.0.join("got");
    let mut owner = Owner::new();
    owner.sh(
        &format!("cat > {0}.new; mv {0}.new {0}; echo answer", file.display()),
        "[]",
    );
    owner.check(&[
        (
            "send(P,{Me,{command,\"last words\"}})",
            "{Me,{command,\"last words\"}}",
        ),
        ("send(P,{Me,close})", "{Me,close}"),
    ]);
    assert_eq!(owner.through("{P,closed}"), [NORMAL, "{P,closed}"]);
    eventually("the program saw the end", || file.exists());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "last words");
    owner.nothing_more();
}

// P-430, P-432, P-605.
#[test]
fn connect_gives_another_owner_and_leaves_the_links() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[]");
    let mut new = owner.other();
    owner.bind("New", Term::Pid(new.pid()));
    owner.check(&[("send(P,{Me,{connect,Me}})", "{Me,{connect,Me}}")]);
    assert_eq!(owner.next(), "{P,connected}");
    owner.eval("send(P,{Me,{connect,New}})");
    assert_eq!(owner.next(), "{P,connected}");
    owner.check(&[
        ("port_info(P,connected)", "{connected,New}"),
        ("port_info(P,links)", "{links,[Me]}"),
        ("port_command(P,\"x\")", "true"),
    ]);
    assert_eq!(new.next(), "{P,{data,\"x\"}}");
    // The old owner is not the owner any more.
    owner.eval("send(P,{Me,close})");
    assert_eq!(new.next(), BADSIG);
    // The new one is not linked: its end is no concern of the port.
    drop(new);
    owner.check(&[
        ("port_command(P,\"y\")", "true"),
        ("port_info(P,connected)", "{connected,New}"),
    ]);
    owner.nothing_more();
}

// P-431, P-970.
#[test]
fn a_dead_process_may_become_owner() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[]");
    let dead = owner.other();
    owner.bind("Dead", Term::Pid(dead.pid()));
    drop(dead);
    owner.eval("send(P,{Me,{connect,Dead}})");
    assert_eq!(owner.next(), "{P,connected}");
    owner.check(&[("port_info(P,connected)", "{connected,Dead}")]);
    // P-603: messages in its name are taken, and anybody may take the port over.
    owner.eval("send(P,{Dead,{command,\"lost\"}})");
    owner.check(&[
        ("port_info(P,output)", "{output,4}"),
        ("port_connect(P,Me)", "true"),
    ]);
    owner.check(&[("port_command(P,\"kept\")", "true")]);
    let echoed = owner.stream_through_text("kept");
    assert!(echoed.ends_with("kept"), "{echoed}");
}

impl Owner {
    /// Data up to and including a text.
    fn stream_through_text(&mut self, text: &str) -> String {
        let mut all = String::new();
        while !all.contains(text) {
            match self.next_message() {
                portwright::Message::Port {
                    message: portwright::PortMessage::Data(data),
                    ..
                } => all.push_str(std::str::from_utf8(&data).unwrap()),
                other => panic!("{other}"),
            }
        }
        all
    }
}

// P-431: a process of another node is no local process.
#[test]
fn a_process_of_another_node_cannot_become_owner() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[]");
    let stranger = Owner::new();
    owner.bind("Stranger", Term::Pid(stranger.pid()));
    owner.eval("send(P,{Me,{connect,Stranger}})");
    assert_eq!(owner.next(), BADSIG);
    owner.check(&[("port_connect(P,Stranger)", "error badarg")]);
}
