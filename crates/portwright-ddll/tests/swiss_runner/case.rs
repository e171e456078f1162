//! One case: its processes, its ports, and the steps.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bytes::Bytes;
use portwright::bif::{self as port_bif, BifError, Outcome};
use portwright::{
    Atom, Identity, Message, Node, Pid, Port, Process, ProcessStatus, Received, Term,
};
use portwright_ddll::bif::{self, Loading};
use portwright_term::iolist;

use super::mask::Names;
use super::{Setting, reports};

const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct Case {
    node: Node,
    me: Process,
    names: Names,
    ports: HashMap<String, Port>,
    registered: Vec<String>,
    directory: PathBuf,
    built: Vec<(&'static str, PathBuf)>,
    driver: String,
    log_seen: usize,
    /// The last reply: while it lives, the driver sees that it shares a binary with it.
    reply: Option<Term>,
    other: Option<Box<Case>>,
    /// Background processes, oldest first.
    background: VecDeque<(Pid, JoinHandle<String>)>,
}

type Answer = Result<String, String>;

impl Case {
    pub(crate) fn new(
        built: &[(&'static str, PathBuf)],
        directory: PathBuf,
        variant: &str,
        setting: Setting,
    ) -> Case {
        let builder = Node::builder().async_threads(setting.async_threads);
        let node = builder.build().unwrap();
        let mut case = Case::on(node, built.to_vec(), directory, variant);
        case.me.trap_exit(true);
        std::fs::create_dir_all(&case.directory).unwrap();
        if variant != "-" {
            case.copy(variant);
            let loaded = case.run(&format!("ddll load ['DIR',{variant}]"));
            assert_eq!(loaded, "ok");
        }
        case
    }

    fn on(
        node: Node,
        built: Vec<(&'static str, PathBuf)>,
        directory: PathBuf,
        variant: &str,
    ) -> Case {
        let me = node.attach();
        let names = Names {
            me: Some(me.pid()),
            ..Names::default()
        };
        Case {
            node,
            me,
            names,
            ports: HashMap::new(),
            registered: Vec::new(),
            directory,
            built,
            driver: variant.to_owned(),
            log_seen: 0,
            reply: None,
            other: None,
            background: VecDeque::new(),
        }
    }

    /// Runs a step; an exception becomes the text `error REASON`.
    pub(crate) fn run(&mut self, step: &str) -> String {
        match self.step(step) {
            Ok(text) => text,
            Err(reason) => format!("error {reason}"),
        }
    }

    fn step(&mut self, step: &str) -> Answer {
        let (verb, rest) = step.split_once(' ').unwrap_or((step, ""));
        let (name, argument) = rest.split_once(' ').unwrap_or((rest, ""));
        let ok = || Ok("ok".to_owned());
        match verb {
            "other" => Ok(self.other(rest)),
            "otherasync" => {
                // It may end the other process, which then has no answer to give.
                self.other(rest);
                ok()
            }
            "do" => {
                let all: Result<Vec<String>, String> =
                    rest.split(" && ").map(|step| self.step(step)).collect();
                Ok(all?.join(" "))
            }
            "otherbg" => {
                // Whoever waits for it is told by its end.
                let mut other = self.take_other();
                let rest = rest.to_owned();
                let _ = thread::spawn(move || other.run(&rest));
                ok()
            }
            "otherdie" => {
                let other = self.names.other.ok_or("no other process")?;
                self.me.exit_signal(other, self.term(rest));
                self.other = None;
                ok()
            }
            "bg" => {
                let mut helper = self.helper();
                let rest = rest.to_owned();
                let pid = helper.me.pid();
                // OTP's background process has the names of its maker.
                let thread = thread::spawn(move || helper.run(&rest));
                self.background.push_back((pid, thread));
                ok()
            }
            "join" => {
                let (_, thread) = self.background.pop_front().ok_or("nothing to join")?;
                Ok(thread.join().unwrap())
            }
            "suspended" => {
                let (newest, _) = self.background.back().ok_or("no background process")?;
                Ok(self.wait(PATIENCE, |case| case.is_suspended(*newest)))
            }
            "othersuspended" => {
                let other = self.names.other.ok_or("no other process")?;
                Ok(self.wait(PATIENCE, |case| case.is_suspended(other)))
            }
            "watch" => {
                self.other("sleep 0");
                let other = self.names.other.ok_or("no other process")?;
                let arguments = [Term::atom("process"), Term::Pid(other)];
                port_bif::monitor(&self.me, &arguments).map_err(reason)?;
                ok()
            }
            "tell" => {
                let message = self.term(rest);
                let own = Identity::Process(self.me.pid());
                self.node
                    .send(own, message)
                    .map_err(|error| error.to_string())?;
                ok()
            }
            "times" => {
                let wanted: usize = argument.parse().unwrap();
                let seen = |case: &Case| {
                    case.log()
                        .lines()
                        .filter(|line| line.starts_with(name))
                        .count()
                        >= wanted
                };
                Ok(self.wait(PATIENCE, seen))
            }
            "mark" => {
                let file = format!("{}.so.{rest}", self.driver);
                std::fs::write(self.directory.join(file), "").unwrap();
                ok()
            }
            "logged" => Ok(self.wait(PATIENCE, |_| reports::contain(rest))),
            "notlogged" => {
                thread::sleep(Duration::from_millis(50));
                Ok((!reports::contain(rest)).to_string())
            }
            "open" => {
                let arguments = self.list(argument);
                let port = port_bif::open_port(&self.me, &arguments).map_err(reason)?;
                self.keep(name, port.as_port().ok_or("no port")?);
                ok()
            }
            "name" => {
                let newest = *self.node.ports().last().ok_or("no port")?;
                self.keep(name, newest);
                ok()
            }
            "ctl" => {
                let arguments = [self.port(name), Term::from(1), Term::string(argument)];
                let reply = port_bif::port_control(&self.me, &arguments).map_err(reason)?;
                Ok(match &reply {
                    Term::Binary(bytes) => format!("bin:{}", String::from_utf8_lossy(bytes)),
                    list => list.to_text().unwrap_or_default(),
                })
            }
            "ctlraw" => {
                let mut arguments = vec![self.port(name)];
                arguments.extend(self.list(argument));
                let reply = port_bif::port_control(&self.me, &arguments).map_err(reason)?;
                let shown = self.names.show(&reply);
                self.reply = Some(reply);
                Ok(shown)
            }
            "call" => self.on_port(name, argument, port_bif::port_call),
            "cmd" => {
                let mut arguments = vec![self.port(name)];
                arguments.extend(self.list(argument));
                self.waiting(|me| port_bif::port_command(me, &arguments))
            }
            "close" => self.on_port(name, "[]", port_bif::port_close),
            "connect" => self.on_port(name, &format!("[{argument}]"), port_bif::port_connect),
            "send" | "sendraw" | "sendopt" => {
                let given = self.term(argument);
                let (message, options) = match (verb, given.to_vec()) {
                    ("sendopt", Some(both)) => (both[0].clone(), Some(both[1].clone())),
                    _ => (given, None),
                };
                let message = match verb {
                    "sendraw" => message,
                    _ => Term::tuple([Term::Pid(self.me.pid()), message]),
                };
                let mut arguments = vec![self.port(name), message];
                arguments.extend(options);
                let sent = self.waiting(|me| port_bif::send(me, &arguments))?;
                Ok(if verb == "sendopt" { sent } else { "ok".into() })
            }
            "exit" => {
                let to = self.ports[name].id();
                self.me.exit_signal(to, self.term(argument));
                ok()
            }
            "unlink" => {
                self.me.unlink(self.ports[name].id());
                ok()
            }
            "link" => {
                self.me
                    .link(self.ports[name].id())
                    .map_err(|error| error.to_string())?;
                ok()
            }
            "monitor" => {
                let arguments = [Term::atom("port"), self.port(name)];
                port_bif::monitor(&self.me, &arguments).map_err(reason)?;
                ok()
            }
            "register" => {
                let atom = Atom::new(argument).map_err(|error| error.to_string())?;
                let port = Identity::Port(self.ports[name].id());
                self.me
                    .register(atom, port)
                    .map_err(|error| error.to_string())?;
                self.registered.push(argument.to_owned());
                ok()
            }
            "info" => {
                let arguments = [self.port(name), self.term(argument)];
                let info = port_bif::port_info(&self.me, &arguments).map_err(reason)?;
                Ok(self.names.show(&info))
            }
            "isport" => {
                let id = self.ports[name].id();
                // A port that ends may be gone a moment later.
                Ok(self.node.ports().contains(&id).to_string())
            }
            "sleep" => {
                thread::sleep(Duration::from_millis(rest.parse().unwrap()));
                ok()
            }
            "msg" => Ok(self.message(PATIENCE)),
            "nomsg" => Ok(self.message(Duration::from_millis(60))),
            "msgs" => {
                let count: usize = rest.parse().unwrap();
                let all: Vec<String> = (0..count).map(|_| self.message(PATIENCE)).collect();
                Ok(all.join(" "))
            }
            "tally" => {
                let mut tally = BTreeMap::<String, usize>::new();
                for _ in 0..rest.parse().unwrap() {
                    let message = self.me.receive_timeout_blocking(PATIENCE);
                    let kind = match message {
                        Received::Message(message) => {
                            message.to_term().as_tuple().unwrap()[0].to_string()
                        }
                        _ => "none".into(),
                    };
                    *tally.entry(kind).or_default() += 1;
                }
                let all: Vec<String> = tally
                    .iter()
                    .map(|(kind, count)| format!("{kind} {count}"))
                    .collect();
                Ok(all.join(" "))
            }
            "size" => match self.me.receive_timeout_blocking(PATIENCE) {
                Received::Message(message) => {
                    let term = message.to_term();
                    let data = &term.as_tuple().unwrap()[1].as_tuple().unwrap()[1];
                    Ok(iolist::size(data).unwrap().to_string())
                }
                _ => Ok("none".into()),
            },
            "log" => {
                let text = self.log();
                let new = text[self.log_seen.min(text.len())..].to_owned();
                self.log_seen = text.len();
                let lines: Vec<&str> = new.lines().filter(|line| !line.is_empty()).collect();
                Ok(lines.join(" | "))
            }
            "logset" => {
                let text = self.log();
                let mut lines: Vec<&str> = text.lines().collect();
                lines.sort_unstable();
                Ok(lines.join(" | "))
            }
            "wait" => {
                let seen = |case: &Case| {
                    let text = case.log();
                    let new = &text[case.log_seen.min(text.len())..];
                    new.lines().any(|line| line.starts_with(rest))
                };
                Ok(self.wait(PATIENCE, seen))
            }
            "driver" => {
                self.driver = rest.to_owned();
                self.log_seen = 0;
                ok()
            }
            "copy" => {
                self.copy(rest);
                ok()
            }
            "junk" => {
                std::fs::write(self.directory.join(format!("{rest}.so")), "12345678").unwrap();
                ok()
            }
            "putenv" => {
                self.node.set_env(name, Some(argument.into()));
                ok()
            }
            "ddll" => self.ddll(name, argument),
            "loaderror" => {
                let answer = self.load(bif::load, rest)?;
                let error = answer.as_tuple().ok_or("no error")?[1].clone();
                if error.as_tuple().is_none() {
                    return Ok(self.names.show(&error));
                }
                let text = bif::format_error(&self.me, &[error]).map_err(reason)?;
                let text = text.to_text().unwrap();
                let last = text.rsplit(": ").next().unwrap();
                Ok(self.names.show(&Term::string(last)))
            }
            "isloaded" => Ok(self
                .node
                .drivers()
                .iter()
                .any(|driver| driver == rest)
                .to_string()),
            "unloaded" => {
                let gone = |case: &Case| !case.node.drivers().iter().any(|driver| driver == rest);
                self.wait(PATIENCE, gone);
                self.step(&format!("isloaded {rest}"))
            }
            _ => panic!("unknown step {step}"),
        }
    }

    fn ddll(&mut self, function: &str, arguments: &str) -> Answer {
        let function = match function {
            "load" => {
                return self
                    .load(bif::load, arguments)
                    .map(|term| self.names.show(&term));
            }
            "load_driver" => {
                return self
                    .load(bif::load_driver, arguments)
                    .map(|term| self.names.show(&term));
            }
            "reload_driver" => {
                return self
                    .load(bif::reload_driver, arguments)
                    .map(|term| self.names.show(&term));
            }
            "reload" => {
                return self
                    .load(bif::reload, arguments)
                    .map(|term| self.names.show(&term));
            }
            "try_load" => bif::try_load,
            "try_unload" => bif::try_unload,
            "unload" => bif::unload,
            "unload_driver" => bif::unload_driver,
            "monitor" => bif::monitor,
            "demonitor" => bif::demonitor,
            "info" => bif::info,
            "loaded_drivers" => bif::loaded_drivers,
            "format_error" => bif::format_error,
            "start" => bif::start,
            "stop" => bif::stop,
            other => panic!("unknown function {other}"),
        };
        let result = function(&self.me, &self.list(arguments)).map_err(reason)?;
        Ok(self.names.show(&result))
    }

    fn load(
        &self,
        function: fn(&Process, &[Term]) -> Result<Loading, BifError>,
        arguments: &str,
    ) -> Result<Term, String> {
        match function(&self.me, &self.list(arguments)).map_err(reason)? {
            Loading::Done(term) => Ok(term),
            Loading::Wait(wait) => Ok(tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap()
                .block_on(wait)),
        }
    }

    fn on_port(
        &self,
        name: &str,
        arguments: &str,
        function: fn(&Process, &[Term]) -> Result<Term, BifError>,
    ) -> Answer {
        let mut all = vec![self.port(name)];
        all.extend(self.list(arguments));
        let result = function(&self.me, &all).map_err(reason)?;
        Ok(self.names.show(&result))
    }

    fn waiting(&self, call: impl Fn(&Process) -> Result<Outcome, BifError>) -> Answer {
        loop {
            match call(&self.me).map_err(reason)? {
                Outcome::Value(term) => return Ok(self.names.show(&term)),
                Outcome::Suspend(port) => {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .build()
                        .unwrap();
                    runtime
                        .block_on(self.me.not_busy(&port))
                        .map_err(|error| error.to_string())?;
                }
            }
        }
    }

    /// A process with the same names; OTP's second process does not trap exits.
    fn helper(&self) -> Case {
        let mut helper = Case::on(
            self.node.clone(),
            self.built.clone(),
            self.directory.clone(),
            &self.driver,
        );
        helper.ports.clone_from(&self.ports);
        helper.names.ports.clone_from(&self.names.ports);
        helper.names.main = Some(self.names.main.unwrap_or(self.me.pid()));
        helper
    }

    fn other(&mut self, step: &str) -> String {
        let mut other = self.take_other();
        let result = other.run(step);
        self.other = Some(other);
        result
    }

    fn take_other(&mut self) -> Box<Case> {
        let mut other = match self.other.take() {
            Some(other) => other,
            None => Box::new(self.helper()),
        };
        self.names.other = Some(other.me.pid());
        other.ports.clone_from(&self.ports);
        other.names.ports.clone_from(&self.names.ports);
        other
    }

    fn is_suspended(&self, pid: Pid) -> bool {
        let info = self.node.process_info(pid);
        info.is_some_and(|info| info.status == ProcessStatus::Suspended)
    }

    fn keep(&mut self, name: &str, id: portwright::PortId) {
        self.names.ports.insert(id, name.to_owned());
        // A port may have ended already; then the old one of that name must not be taken for it.
        match self.node.port(id) {
            Some(port) => self.ports.insert(name.to_owned(), port),
            None => self.ports.remove(name),
        };
    }

    fn port(&self, name: &str) -> Term {
        match self.ports.get(name) {
            Some(port) => Term::Port(port.id()),
            None => Term::Atom(Atom::new(name).unwrap()),
        }
    }

    fn message(&mut self, patience: Duration) -> String {
        match self.me.receive_timeout_blocking(patience) {
            Received::Message(message) => self.names.show(&Message::to_term(&message)),
            _ => "none".into(),
        }
    }

    fn wait(&self, patience: Duration, done: impl Fn(&Case) -> bool) -> String {
        let deadline = Instant::now() + patience;
        while !done(self) {
            if Instant::now() > deadline {
                return "timeout".into();
            }
            // Another process's file is being watched; there is no event to wait for.
            let (_never, timer) = mpsc::channel::<()>();
            let _ = timer.recv_timeout(Duration::from_millis(5));
            thread::sleep(Duration::from_millis(2));
        }
        "ok".into()
    }

    fn log(&self) -> String {
        let path = self.directory.join(format!("{}.so.log", self.driver));
        std::fs::read(path)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    fn copy(&self, what: &str) {
        let (variant, below) = what.split_once(' ').unwrap_or((what, ""));
        let (_, from) = self
            .built
            .iter()
            .find(|(name, _)| *name == variant)
            .expect("a variant");
        let to: &Path = &self.directory.join(below);
        std::fs::create_dir_all(to).unwrap();
        let file = format!("{variant}.so");
        let _ = std::fs::remove_file(to.join(&file));
        std::fs::copy(from.join(&file), to.join(&file)).unwrap();
    }

    fn list(&self, text: &str) -> Vec<Term> {
        self.term(text)
            .to_vec()
            .unwrap_or_else(|| panic!("no list: {text}"))
    }

    fn term(&self, text: &str) -> Term {
        let term: Term = text
            .parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        self.substitute(&term)
    }

    /// Puts in what the words in capitals stand for.
    fn substitute(&self, term: &Term) -> Term {
        match term {
            Term::Atom(atom) => match atom.as_str() {
                "DIR" => Term::string(self.directory.to_str().unwrap()),
                "DIR2" => Term::string(self.directory.join("two").to_str().unwrap()),
                "SELF" => Term::Pid(self.names.main.unwrap_or(self.me.pid())),
                "OTHER" => Term::Pid(self.names.other.expect("an other process")),
                name @ ("P" | "Q") => self.port(name),
                // A part of a larger binary; parts that begin within a byte are copies here.
                "PART" => Term::binary(Bytes::from(vec![b'v'; 200]).slice(10..110)),
                "SHIFTED" => Term::binary(vec![b'v'; 100]),
                name => match name.strip_prefix('B').and_then(|size| size.parse().ok()) {
                    Some(size) => Term::binary(vec![b'v'; size]),
                    None => term.clone(),
                },
            },
            Term::Tuple(all) => Term::tuple(all.iter().map(|element| self.substitute(element))),
            Term::List(_) => {
                let mut elements = Vec::new();
                let mut rest = term;
                while let Term::List(list) = rest {
                    elements.push(self.substitute(list.head()));
                    rest = list.tail();
                }
                Term::improper_list(elements, self.substitute(rest))
            }
            other => other.clone(),
        }
    }
}

fn reason(error: BifError) -> String {
    error.reason.to_string()
}
