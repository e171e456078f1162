//! What `open_port/2` is asked for: a name and settings.

mod term;

use std::ffi::{OsStr, OsString};
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use portwright_driver::{BusyLimits, Framing, StandardError};
use portwright_term::Term;

use crate::OpenError;

/// What a port is connected to: the first argument of `open_port/2`.
///
/// # Examples
///
/// ```
/// use portwright::PortName;
/// let shell = PortName::spawn("sort | uniq -c");
/// let file = PortName::executable("sort");
/// let driver = PortName::driver("my_driver some words");
/// let terminal = PortName::fd(0, 1);
/// assert_eq!(shell, PortName::from_term(&"{spawn,\"sort | uniq -c\"}".parse().unwrap()).unwrap());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PortName {
    /// `{spawn,Command}`: the driver that the first word names, else a command for
    /// `/bin/sh`.
    Spawn(OsString),
    /// `{spawn_driver,Command}`: the driver that the first word names.
    SpawnDriver(OsString),
    /// `{spawn_executable,File}`.
    Executable {
        /// The file.
        file: PathBuf,
        /// Look for a name without a slash along `PATH`. OTP never does.
        search: bool,
    },
    /// A bare string or atom: a file that is opened, read to its end and written to. OTP
    /// has it undocumented, and no more from 27 on. With `out` alone the file is made
    /// anew; a port that does both leaves what is there.
    Vanilla(PathBuf),
    /// `{fd,In,Out}`: descriptors that are open already.
    Fd {
        /// Read from.
        input: RawFd,
        /// Written to.
        output: RawFd,
    },
}

impl PortName {
    /// A driver or shell command: `{spawn,Command}`. A shell runs `exec Command`.
    pub fn spawn(command: impl AsRef<OsStr>) -> Self {
        Self::Spawn(command.as_ref().to_owned())
    }

    /// A driver: `{spawn_driver,Command}`.
    pub fn driver(command: impl AsRef<OsStr>) -> Self {
        Self::SpawnDriver(command.as_ref().to_owned())
    }

    /// A program, without a shell: `{spawn_executable,File}`, where a name without a
    /// slash is looked for along the `PATH` that the program will see.
    pub fn executable(program: impl AsRef<Path>) -> Self {
        Self::Executable {
            file: program.as_ref().to_owned(),
            search: true,
        }
    }

    /// A program by its file, exactly as `{spawn_executable,File}`: no search.
    pub fn file(file: impl AsRef<Path>) -> Self {
        Self::Executable {
            file: file.as_ref().to_owned(),
            search: false,
        }
    }

    /// Descriptors that are open already: `{fd,In,Out}`. They stay open when the
    /// port closes, and must stay open while it is open.
    pub fn fd(input: RawFd, output: RawFd) -> Self {
        Self::Fd { input, output }
    }

    /// As it is written in Erlang.
    pub(crate) fn to_term(&self) -> Term {
        match self {
            Self::Spawn(command) => pair("spawn", erlang_string(command)),
            Self::SpawnDriver(command) => pair("spawn_driver", erlang_string(command)),
            Self::Executable { file, .. } => {
                pair("spawn_executable", erlang_string(file.as_os_str()))
            }
            Self::Vanilla(file) => erlang_string(file.as_os_str()),
            Self::Fd { input, output } => {
                Term::tuple([Term::atom("fd"), Term::from(*input), Term::from(*output)])
            }
        }
    }

    /// The name as `port_info` shows it; `None` when it is `driver` and nothing more.
    pub(crate) fn shown_unless(&self, driver: &str) -> Option<Box<[u8]>> {
        let shown = match self {
            Self::Spawn(command) | Self::SpawnDriver(command) => command.as_bytes(),
            Self::Executable { file, .. } | Self::Vanilla(file) => file.as_os_str().as_bytes(),
            Self::Fd { input, output } => {
                return Some(format!("{input}/{output}").into_bytes().into());
            }
        };
        (shown != driver.as_bytes()).then(|| shown.into())
    }
}

fn pair(name: &'static str, value: Term) -> Term {
    Term::tuple([Term::atom(name), value])
}

/// A text as a string, for people.
fn erlang_string(text: &OsStr) -> Term {
    Term::string(&text.to_string_lossy())
}

/// How a port is opened: the second argument of `open_port/2`.
///
/// Each setting is documented in erlang(3); the defaults are OTP's. Settings that
/// may be given once are replaced when given again.
///
/// # Examples
///
/// ```
/// use portwright::PortSettings;
/// let settings = PortSettings::new().packet(4).exit_status().args(["worker.py"]);
/// let same = PortSettings::from_term(
///     &"[{packet,4},exit_status,{args,[\"worker.py\"]}]".parse().unwrap()).unwrap();
/// assert_eq!(settings, same);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PortSettings {
    pub(crate) packet: Option<u8>,
    pub(crate) line: Option<usize>,
    pub(crate) directory: Option<PathBuf>,
    pub(crate) env: Vec<(OsString, Option<OsString>)>,
    pub(crate) args: Option<Vec<OsString>>,
    pub(crate) arg0: Option<OsString>,
    pub(crate) exit_status: bool,
    pub(crate) nouse_stdio: bool,
    pub(crate) standard_error: StandardError,
    pub(crate) only_in: bool,
    pub(crate) only_out: bool,
    pub(crate) binary: bool,
    pub(crate) eof: bool,
    pub(crate) parallelism: bool,
    pub(crate) busy_limits_port: Option<BusyLimits>,
    pub(crate) busy_limits_msgq: Option<BusyLimits>,
    pub(crate) exit_signal: bool,
    pub(crate) early_status: bool,
    pub(crate) keep_reading: bool,
    pub(crate) keep_group: bool,
    pub(crate) unread_limit: Option<usize>,
    /// An executable that cannot be run ends the port with the number of the
    /// error, as in OTP, instead of failing `open_port`.
    pub(crate) late_exec_errors: bool,
    /// The last `cd`, when it was no file name.
    bad_directory: Option<String>,
}

impl PortSettings {
    /// OTP's defaults: a stream of bytes, both directions, list delivery.
    pub fn new() -> Self {
        Self::default()
    }

    /// `{packet,N}`: each message has a big-endian header of 1, 2 or 4 bytes that
    /// counts the bytes behind it.
    pub fn packet(mut self, header_bytes: u8) -> Self {
        self.packet = Some(header_bytes);
        self
    }

    /// `stream`: no framing of packets; takes back [`packet`](Self::packet).
    pub fn stream(mut self) -> Self {
        self.packet = None;
        self
    }

    /// `{line,L}`: data arrives line by line, in pieces of at most `max_bytes`.
    pub fn line(mut self, max_bytes: usize) -> Self {
        self.line = Some(max_bytes);
        self
    }

    /// `{cd,Dir}`: the program's working directory.
    pub fn cd(mut self, directory: impl AsRef<Path>) -> Self {
        let directory = directory.as_ref();
        self.directory = (!directory.as_os_str().is_empty()).then(|| directory.to_owned());
        self
    }

    /// Sets a variable in the program's environment, which otherwise is the host's.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env
            .push((name.as_ref().to_owned(), Some(value.as_ref().to_owned())));
        self
    }

    /// Removes a variable from the program's environment.
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().to_owned(), None));
        self
    }

    /// `{args,List}`: the program's arguments. Only for executables.
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args = Some(
            args.into_iter()
                .map(|arg| arg.as_ref().to_owned())
                .collect(),
        );
        self
    }

    /// `{arg0,Name}`: `argv[0]` instead of the file. Only for executables.
    pub fn arg0(mut self, arg0: impl AsRef<OsStr>) -> Self {
        self.arg0 = Some(arg0.as_ref().to_owned());
        self
    }

    /// `exit_status`: the owner is told how the program ended.
    pub fn exit_status(mut self) -> Self {
        self.exit_status = true;
        self
    }

    /// `exit_signal`: with `exit_status`, a program that was ended by a signal is
    /// reported as `{exit_signal,Number}` and not as a status of 128 plus the number. An
    /// extension to OTP.
    pub fn exit_signal(mut self) -> Self {
        self.exit_signal = true;
        self
    }

    /// `use_stdio`, the default: the program talks on descriptors 0 and 1.
    pub fn use_stdio(mut self) -> Self {
        self.nouse_stdio = false;
        self
    }

    /// `nouse_stdio`: the program talks on descriptors 3 and 4.
    pub fn nouse_stdio(mut self) -> Self {
        self.nouse_stdio = true;
        self
    }

    /// `stderr_to_stdout`: what the program writes to its standard error counts as
    /// its output.
    pub fn stderr_to_stdout(mut self) -> Self {
        self.standard_error = StandardError::Merge;
        self
    }

    /// `stderr`: what the program writes to its standard error arrives as
    /// `{Port,{stderr,Data}}`. An extension to OTP.
    pub fn stderr(mut self) -> Self {
        self.standard_error = StandardError::Stream;
        self
    }

    /// `in`: data flows from the port only (unless `out` is given too).
    pub fn input_only(mut self) -> Self {
        self.only_in = true;
        self
    }

    /// `out`: data flows to the port only (unless `in` is given too).
    pub fn output_only(mut self) -> Self {
        self.only_out = true;
        self
    }

    /// `binary`: Erlang sees data as binaries and not as lists of bytes. To Rust it
    /// makes no difference.
    pub fn binary(mut self) -> Self {
        self.binary = true;
        self
    }

    /// `eof`: at the end of the program's output the port stays open and says `eof`.
    pub fn eof(mut self) -> Self {
        self.eof = true;
        self
    }

    /// `{parallelism,Boolean}`: whether commands are handled by a thread of the node
    /// instead of their sender's. The sender goes on at once; what is not handled yet
    /// counts for [`busy_limits_msgq`](Self::busy_limits_msgq). Default: no.
    pub fn parallelism(mut self, parallelism: bool) -> Self {
        self.parallelism = parallelism;
        self
    }

    /// `{busy_limits_port,_}`: when queued output makes senders wait, in bytes.
    /// Default: busy at 8192, until below 4096.
    pub fn busy_limits_port(mut self, limits: BusyLimits) -> Self {
        self.busy_limits_port = Some(limits);
        self
    }

    /// `{busy_limits_msgq,_}`: when queued commands make senders wait, in bytes.
    /// Default: busy above 8192, until below 4096.
    pub fn busy_limits_msgq(mut self, limits: BusyLimits) -> Self {
        self.busy_limits_msgq = Some(limits);
        self
    }

    /// Holds the program back by its pipe while more than `bytes` of its output
    /// wait for [`PortEvents`](crate::PortEvents) to be read. Default there: 256 KiB. Ports with
    /// a mailbox have no such limit, as in OTP.
    pub fn unread_limit(mut self, bytes: usize) -> Self {
        self.unread_limit = Some(bytes);
        self
    }

    /// For those who supervise a program, as [`run`](crate::run()) does: `exit_status` and
    /// [`exit_signal`](Self::exit_signal), told as soon as the program has ended, though its output
    /// may not be read to the end yet. The program is reaped when the port closes, so that until
    /// then [`Port::signal`](crate::Port::signal) reaches what is left of its process group. An
    /// extension to OTP.
    pub fn supervised(mut self) -> Self {
        self.exit_status = true;
        self.exit_signal = true;
        self.early_status = true;
        self.keep_group = true;
        self
    }

    /// A program that closes its input is read on.
    pub(crate) fn keep_reading(mut self) -> Self {
        self.keep_reading = true;
        self
    }

    pub(crate) fn late_exec_errors(mut self) -> Self {
        self.late_exec_errors = true;
        self
    }

    pub(crate) fn framing(&self) -> Framing {
        match self.packet {
            Some(header_bytes) => Framing::Packet { header_bytes },
            None => Framing::Stream,
        }
    }

    /// Rules P-104 and P-105, and what text cannot hold.
    pub(crate) fn check(&self) -> Result<(), OpenError> {
        let bad = |setting: String, why| Err(OpenError::BadSetting { setting, why });
        if let Some(bytes) = self.packet
            && !matches!(bytes, 1 | 2 | 4)
        {
            return bad(
                format!("{{packet,{bytes}}}"),
                "the header has 1, 2 or 4 bytes",
            );
        }
        if let Some(bytes) = self.line {
            if bytes == 0 {
                return bad("{line,0}".into(), "a line has room for at least one byte");
            }
            if self.packet.is_some() {
                return bad(format!("{{line,{bytes}}}"), "it clashes with packet");
            }
        }
        if self.nouse_stdio && self.standard_error == StandardError::Merge {
            return bad("stderr_to_stdout".into(), "it clashes with nouse_stdio");
        }
        for (limits, name) in [
            (self.busy_limits_port, "busy_limits_port"),
            (self.busy_limits_msgq, "busy_limits_msgq"),
        ] {
            if let Some(BusyLimits::Limits { low, high }) = limits
                && (low == 0 || high == 0 || low == u64::MAX || high == u64::MAX)
            {
                return bad(
                    format!("{{{name},{{{low},{high}}}}}"),
                    "limits are from 1 to 2^64-2",
                );
            }
        }
        for (name, value) in &self.env {
            let shown = || format!("{{env,[{{{name:?},_}}]}}");
            if name.as_bytes().contains(&b'=') {
                return bad(shown(), "a variable's name has no `=` in it");
            }
            let value = value.as_deref().unwrap_or_default();
            if name.as_bytes().contains(&0) || value.as_bytes().contains(&0) {
                return bad(shown(), "there is a NUL in it");
            }
        }
        let args = self
            .args
            .iter()
            .flatten()
            .map(|arg| ("args", arg.as_os_str()));
        let arg0 = self.arg0.iter().map(|arg0| ("arg0", arg0.as_os_str()));
        let directory = self.directory.iter().map(|cd| ("cd", cd.as_os_str()));
        for (name, text) in args.chain(arg0).chain(directory) {
            if text.as_bytes().contains(&0) {
                let text = erlang_string(text);
                let value = if name == "args" {
                    Term::list([text])
                } else {
                    text
                };
                return bad(pair(name, value).to_string(), "there is a NUL in it");
            }
        }
        Ok(())
    }
}
