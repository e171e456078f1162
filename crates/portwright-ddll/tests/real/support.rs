//! Finding drivers, and talking to them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use portwright::{Node, Port, PortName, PortSettings, Process, Received, Term};
use portwright_ddll::Ddll;

/// The last directory that matches `/usr/lib/erlang/lib/APPLICATION-*/REST` and has `DRIVER.so`; says so if there is none.
pub(crate) fn directory_of(application: &str, rest: &str, driver: &str) -> Option<PathBuf> {
    let lib = root().join("usr/lib/erlang/lib");
    let mut found: Vec<PathBuf> = std::fs::read_dir(&lib)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .starts_with(&format!("{application}-"))
        })
        .map(|entry| entry.path().join(rest))
        .filter(|directory| directory.join(format!("{driver}.so")).exists())
        .collect();
    found.sort();
    if found.is_empty() {
        skip(&format!(
            "there is no {driver}.so of {application} in {}",
            lib.display()
        ));
    }
    found.pop()
}

/// Where packages are installed; `PORTWRIGHT_DRIVERS` names a directory with unpacked ones.
pub(crate) fn root() -> PathBuf {
    std::env::var_os("PORTWRIGHT_DRIVERS").map_or_else(|| PathBuf::from("/"), PathBuf::from)
}

pub(crate) fn skip(why: &str) {
    let required = std::env::var_os("PORTWRIGHT_REQUIRE_ERL").is_some_and(|value| value == "1");
    assert!(!required, "{why} (and PORTWRIGHT_REQUIRE_ERL=1)");
    eprintln!("SKIPPED: {why}");
}

/// A process and the driver that it has loaded.
pub(crate) struct Bench {
    pub(crate) me: Process,
    pub(crate) ddll: Ddll,
}

impl Bench {
    pub(crate) fn load(directory: &Path, driver: &str) -> Bench {
        let node = Node::new();
        let me = node.attach();
        me.trap_exit(true);
        let ddll = Ddll::of_process(&me);
        ddll.load(directory, driver)
            .unwrap_or_else(|error| panic!("{error}"));
        Bench { me, ddll }
    }

    pub(crate) fn open(&self, command: &str) -> Port {
        self.me
            .open_port(PortName::driver(command), PortSettings::new().binary())
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// The next message, as text.
    pub(crate) fn message(&mut self) -> String {
        self.term().to_string()
    }

    /// The next message.
    pub(crate) fn term(&mut self) -> Term {
        match self.me.receive_timeout_blocking(Duration::from_secs(20)) {
            Received::Message(message) => message.to_term(),
            other => panic!("no message within 20 seconds: {other:?}"),
        }
    }

    /// What a port answers to `port_control/3`, in the second element of its next message.
    pub(crate) fn ask(&mut self, port: &Port, operation: u32, data: impl AsRef<[u8]>) -> String {
        let reply = self.me.control(port, operation, data).unwrap();
        assert_eq!(reply.to_term(), Term::Nil);
        let message = self.term();
        let [from, answer] = message.as_tuple().expect("a pair") else {
            panic!("{message}")
        };
        assert_eq!(*from, Term::Port(port.id()), "{message}");
        answer.to_string()
    }
}
