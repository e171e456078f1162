//! A process that does what a test tells it in Erlang's words.
//!
//! Tests say `owner.eval("port_command(P,\"x\")")` and compare texts, in which ports, pids and
//! references show as the variables that they are bound to. So a test reads like the
//! specification, and nothing between the text and the built-in functions is made up.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use portwright::bif::{self, BifError, Outcome};
use portwright::{
    Atom, Message, Node, Pid, Port, PortData, PortId, PortMessage, Process, Received, Term,
};

/// How long an event may take before a test fails: far longer than it ever should.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Owner {
    pub(crate) node: Node,
    pub(crate) me: Process,
    variables: BTreeMap<String, Term>,
    /// Programs that would outlive the test.
    idle: Idle,
}

impl Owner {
    /// A process that traps exits, on a node of its own. Bound: `Me`.
    pub(crate) fn new() -> Self {
        Self::on(&Node::new())
    }

    /// A process that traps exits. Bound: `Me`.
    pub(crate) fn on(node: &Node) -> Self {
        let me = node.attach();
        me.trap_exit(true);
        let variables = BTreeMap::from([("Me".to_owned(), Term::Pid(me.pid()))]);
        Self {
            node: node.clone(),
            me,
            variables,
            idle: Idle(Vec::new()),
        }
    }

    /// Another process on the same node that knows the same variables, and this one as
    /// `Owner`.
    pub(crate) fn other(&self) -> Self {
        let mut other = Self::on(&self.node);
        for (name, value) in &self.variables {
            other.variables.entry(name.clone()).or_insert(value.clone());
        }
        other.bind("Owner", Term::Pid(self.pid()));
        other
    }

    /// The same without trapping exits.
    pub(crate) fn not_trapping(self) -> Self {
        self.me.trap_exit(false);
        self
    }

    pub(crate) fn pid(&self) -> Pid {
        self.me.pid()
    }

    pub(crate) fn bind(&mut self, variable: &str, value: impl Into<Term>) {
        self.variables.insert(variable.into(), value.into());
    }

    /// Opens a port and binds it to `P`.
    #[track_caller]
    pub(crate) fn open(&mut self, name: &str, settings: &str) -> Port {
        self.open_as("P", name, settings)
    }

    /// Opens a port and binds it.
    #[track_caller]
    pub(crate) fn open_as(&mut self, variable: &str, name: &str, settings: &str) -> Port {
        let name = portwright::PortName::from_term(&self.term(name)).unwrap();
        let settings = portwright::PortSettings::from_term(&self.term(settings)).unwrap();
        let port = self.me.open_port(name, settings).unwrap();
        self.bind(variable, Term::Port(port.id()));
        port
    }

    /// Opens a port to a shell script and binds it to `P`.
    #[track_caller]
    pub(crate) fn sh(&mut self, script: &str, settings: &str) -> Port {
        let settings = portwright::PortSettings::from_term(&self.term(settings)).unwrap();
        let name = portwright::PortName::file("/bin/sh");
        let port = self
            .me
            .open_port(name, settings.args(["-c", script]))
            .unwrap();
        self.bind("P", Term::Port(port.id()));
        port
    }

    /// Opens a port to a program that neither reads nor ends, and binds it to `P`.
    #[track_caller]
    pub(crate) fn idle(&mut self, settings: &str) -> Port {
        let port = self.open("{spawn,\"sleep 600\"}", settings);
        self.end_program(&port);
        port
    }

    /// Has the program killed when this process is dropped, whatever is left of its port.
    pub(crate) fn end_program(&mut self, port: &Port) {
        self.idle.0.extend(port.os_pid());
    }

    /// Evaluates a call and binds its value.
    #[track_caller]
    pub(crate) fn bind_to(&mut self, variable: &str, call: &str) -> Term {
        let value = self
            .call(call)
            .unwrap_or_else(|error| panic!("{call} raised {error:?}"));
        self.bind(variable, value.clone());
        value
    }

    /// Evaluates a call of a built-in function: its value, or `error Reason`.
    #[track_caller]
    pub(crate) fn eval(&mut self, call: &str) -> String {
        match self.call(call) {
            Ok(value) => self.show(&value),
            Err(error) => format!("error {}", self.show(&error.reason)),
        }
    }

    /// Several calls and what they give.
    #[track_caller]
    pub(crate) fn check(&mut self, cases: &[(&str, &str)]) {
        for (call, expect) in cases {
            assert_eq!(self.eval(call), *expect, "{call}");
        }
    }

    /// A term in which variables stand for what they are bound to.
    #[track_caller]
    pub(crate) fn term(&self, text: &str) -> Term {
        let quoted = quote_variables(text);
        let term = quoted
            .parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        self.substitute(&term)
    }

    fn substitute(&self, term: &Term) -> Term {
        match term {
            Term::Atom(name) => self
                .variables
                .get(name.as_str())
                .cloned()
                .unwrap_or_else(|| term.clone()),
            Term::Tuple(tuple) => Term::tuple(tuple.iter().map(|term| self.substitute(term))),
            Term::List(_) => {
                let mut list = term.list_iter();
                let elements: Vec<Term> = list.by_ref().map(|e| self.substitute(e)).collect();
                let tail = list.tail().map_or(Term::Nil, |tail| self.substitute(tail));
                Term::improper_list(elements, tail)
            }
            other => other.clone(),
        }
    }

    /// A term as text, with the names of variables instead of identities.
    pub(crate) fn show(&self, term: &Term) -> String {
        let mut text = term.to_string();
        // Longest first: `#Port<0.1>` is no part of `#Port<0.12>`, but a name bound twice
        // shows as the first.
        for (name, value) in &self.variables {
            if value.is_pid() || value.is_port() || value.is_reference() {
                text = text.replace(&value.to_string(), name);
            }
        }
        text
    }

    #[track_caller]
    fn call(&mut self, call: &str) -> Result<Term, BifError> {
        let (function, rest) = call.split_once('(').expect("a call");
        let arguments = rest.strip_suffix(')').expect("a call");
        let arguments = self.term(&format!("[{arguments}]"));
        let arguments = arguments.to_vec().expect("a list");
        let me = &mut self.me;
        let outcome = |result: Result<Outcome, BifError>| {
            result.map(|outcome| match outcome {
                Outcome::Value(value) => value,
                Outcome::Suspend(_) => Term::atom("would_suspend"),
            })
        };
        match function {
            "open_port" => bif::open_port(me, &arguments),
            "port_command" => outcome(bif::port_command(me, &arguments)),
            "port_close" => bif::port_close(me, &arguments),
            "port_eof" => bif::port_eof(me, &arguments),
            "port_connect" => bif::port_connect(me, &arguments),
            "port_control" => bif::port_control(me, &arguments),
            "port_call" => bif::port_call(me, &arguments),
            "port_info" => bif::port_info(me, &arguments),
            "ports" => bif::ports(me, &arguments),
            "port_to_list" => bif::port_to_list(me, &arguments),
            "list_to_port" => bif::list_to_port(me, &arguments),
            "port_set_data" => bif::port_set_data(me, &arguments),
            "port_get_data" => bif::port_get_data(me, &arguments),
            "send" => outcome(bif::send(me, &arguments)),
            "link" => bif::link(me, &arguments),
            "unlink" => bif::unlink(me, &arguments),
            "exit" => bif::exit(me, &arguments),
            "monitor" => bif::monitor(me, &arguments),
            "demonitor" => bif::demonitor(me, &arguments),
            "register" => bif::register(me, &arguments),
            "unregister" => bif::unregister(me, &arguments),
            "whereis" => bif::whereis(me, &arguments),
            "is_process_alive" => bif::is_process_alive(me, &arguments),
            "process_info" => bif::process_info(me, &arguments),
            other => panic!("this test knows no {other}"),
        }
    }

    /// The next message, as text.
    #[track_caller]
    pub(crate) fn next(&mut self) -> String {
        let message = self.next_message();
        self.show(&message.to_term())
    }

    #[track_caller]
    pub(crate) fn next_message(&mut self) -> Message {
        match self.me.receive_timeout_blocking(PATIENCE) {
            Received::Message(message) => message,
            other => panic!("no message: {other:?}"),
        }
    }

    /// All messages up to the one that reads `last`.
    #[track_caller]
    pub(crate) fn through(&mut self, last: &str) -> Vec<String> {
        self.collect(last, false)
    }

    /// All messages up to the one that reads `last`, where pieces of a byte stream
    /// that follow each other are one: how they were cut says nothing (P-210).
    #[track_caller]
    pub(crate) fn stream_through(&mut self, last: &str) -> Vec<String> {
        self.collect(last, true)
    }

    #[track_caller]
    fn collect(&mut self, last: &str, join: bool) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        let mut messages: Vec<Message> = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.me.receive_timeout_blocking(left) {
                Received::Message(message) => {
                    // Printing is what takes long with a lot of data.
                    let ends = !is_long_data(&message) && self.show(&message.to_term()) == last;
                    let joined = join
                        && messages
                            .last_mut()
                            .is_some_and(|last| joins(last, &message));
                    if !joined {
                        messages.push(message);
                    }
                    if ends {
                        break;
                    }
                }
                other => {
                    let got: Vec<String> =
                        messages.iter().map(|m| self.show(&m.to_term())).collect();
                    panic!("{other:?} before {last}; there were {got:#?}");
                }
            }
        }
        messages.iter().map(|m| self.show(&m.to_term())).collect()
    }

    /// The bytes of data that the port sends, until there are `count` of them.
    #[track_caller]
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count);
        while bytes.len() < count {
            match self.next_message() {
                Message::Port {
                    message: PortMessage::Data(data),
                    ..
                } => bytes.extend_from_slice(&data),
                other => panic!("{} bytes, then {other}", bytes.len()),
            }
        }
        assert_eq!(bytes.len(), count, "more than was waited for");
        bytes
    }

    /// Fails if there is any message now. To be called after something that would
    /// have come behind it.
    #[track_caller]
    pub(crate) fn nothing_more(&mut self) {
        if let Some(message) = self.me.try_receive() {
            panic!("unexpected: {message}");
        }
    }

    /// Waits until this process was ended by an exit signal, and says why.
    #[track_caller]
    pub(crate) fn death(&mut self) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.me.receive_timeout_blocking(left) {
                Received::Message(_) => {}
                Received::Exited => break,
                Received::Timeout => panic!("it lives on"),
            }
        }
        let reason = self.me.exit_reason().expect("it has ended");
        self.show(reason.term())
    }
}

/// Programs that are killed in the end, by the numbers of their groups.
struct Idle(Vec<u32>);

impl Drop for Idle {
    fn drop(&mut self) {
        for os_pid in self.0.drain(..) {
            // Nobody else ends it, so the number is still its own.
            if let Some(pid) = rustix::process::Pid::from_raw(os_pid.cast_signed()) {
                let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
            }
        }
    }
}

fn is_long_data(message: &Message) -> bool {
    matches!(message, Message::Port { message: PortMessage::Data(data), .. } if data.len() > 4096)
}

/// Appends the data of `next` to `before` if both are pieces of one stream.
fn joins(before: &mut Message, next: &Message) -> bool {
    let (
        Message::Port {
            port,
            message: PortMessage::Data(first),
        },
        Message::Port {
            port: other,
            message: PortMessage::Data(second),
        },
    ) = (&mut *before, next)
    else {
        return false;
    };
    if port != other {
        return false;
    }
    let is_binary = first.to_term().is_binary();
    let joined = [&first[..], &second[..]].concat();
    *first = if is_binary {
        PortData::binary(joined)
    } else {
        PortData::list(joined)
    };
    true
}

/// `{Me,close}` as `{'Me',close}`: variables become atoms that the parser of terms
/// takes.
fn quote_variables(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 16);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' | '\'' => {
                quoted.push(c);
                while let Some(inner) = rest.next() {
                    quoted.push(inner);
                    if inner == '\\' {
                        quoted.extend(rest.next());
                    } else if inner == c {
                        break;
                    }
                }
            }
            c if c.is_alphanumeric() || c == '_' => {
                let mut word = String::from(c);
                while let Some(next) =
                    rest.next_if(|c| c.is_alphanumeric() || matches!(c, '_' | '@'))
                {
                    word.push(next);
                }
                if c.is_uppercase() {
                    quoted.push_str(&format!("'{word}'"));
                } else {
                    quoted.push_str(&word);
                }
            }
            c => quoted.push(c),
        }
    }
    quoted
}

/// Waits for something of which the system tells nobody when it happens.
#[track_caller]
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "still not so: {what}");
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// A port of this node that nobody has opened.
pub(crate) fn no_port(node: &Node) -> PortId {
    let me = node.attach();
    let text = [Term::string("#Port<0.99999>")];
    bif::list_to_port(&me, &text)
        .expect("it reads like one")
        .as_port()
        .expect("a port")
}

pub(crate) fn atom(name: &str) -> Atom {
    Atom::new(name).expect("short enough")
}
