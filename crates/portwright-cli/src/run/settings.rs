//! From flags to the two arguments of `open_port/2`.
//!
//! Flags become settings in Erlang's form first, behind those of `--settings`. So
//! whatever is wrong with one is said in the same words, wherever it came from.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use portwright::{Bytes, PortName, PortSettings, Term};

use crate::arguments::{Limits, RunArguments, SettingFlags};
use crate::complaint::Failure;

/// What `run` opens, and what it has to know about it.
pub(super) struct Request {
    pub(super) name: PortName,
    pub(super) settings: PortSettings,
    /// `exit_status`: the message is printed.
    pub(super) exit_status: bool,
    /// `exit_signal`: and names a signal as such.
    pub(super) exit_signal: bool,
    /// Data flows from the program.
    pub(super) reads: bool,
    /// Data flows to the program.
    pub(super) writes: bool,
    /// The program's standard error is ours to read.
    pub(super) stderr: bool,
    /// Commands become packets.
    pub(super) packets: bool,
}

impl Request {
    pub(super) fn new(arguments: &RunArguments) -> Result<Self, Failure> {
        let flags = &arguments.settings;
        let given = given(flags, &["exit_status", "binary"])?;
        let is_given = |name: &str| given.iter().any(|setting| is(setting, name));
        let (name, args) = match (&arguments.shell, arguments.program.split_first()) {
            (Some(command), _) => (PortName::spawn(command), &[][..]),
            (None, Some((program, args))) => (PortName::executable(program), args),
            // The definitions want one of the two.
            (None, None) => return Err(Failure::own("there is no program to run")),
        };
        let (only_in, only_out) = (is_given("in"), is_given("out"));
        let packets = given.iter().fold(false, |packets, setting| {
            is(setting, "packet") || (packets && !is(setting, "stream"))
        });
        let request = Self {
            name,
            settings: PortSettings::new(),
            exit_status: is_given("exit_status"),
            exit_signal: is_given("exit_signal"),
            reads: only_in || !only_out,
            writes: only_out || !only_in,
            stderr: is_given("stderr"),
            packets,
        };
        let mut given = given;
        if !args.is_empty() {
            let args = args.iter().map(|arg| bytes(arg));
            given.push(pair("args", Term::list(args)));
        }
        Ok(Self {
            settings: complete(given, flags)?.supervised(),
            ..request
        })
    }
}

/// The settings of a port of a driver.
pub(crate) fn of_driver(flags: &SettingFlags) -> Result<PortSettings, Failure> {
    complete(given(flags, &["binary"])?, flags)
}

/// Settings in Erlang's form, and the environment, for whose names that are not UTF-8 it has no room.
fn complete(given: Vec<Term>, flags: &SettingFlags) -> Result<PortSettings, Failure> {
    let mut settings = PortSettings::from_term(&Term::list(given)).map_err(Failure::own)?;
    for (name, value) in &flags.env {
        settings = settings.env(name, value);
    }
    for name in &flags.unset {
        settings = settings.env_remove(name);
    }
    Ok(settings)
}

/// All settings but the arguments and the environment, in Erlang's form: `usual` and what flags add, or
/// those of `--settings` and what flags add.
fn given(flags: &SettingFlags, usual: &[&'static str]) -> Result<Vec<Term>, Failure> {
    let mut given = match &flags.settings {
        None => usual.iter().copied().map(Term::atom).collect(),
        Some(text) => {
            let term: Term = text
                .parse()
                .map_err(|error| Failure::own(format!("--settings is no Erlang term: {error}")))?;
            // What is no list is refused in the words for settings.
            PortSettings::from_term(&term).map_err(Failure::own)?;
            term.to_vec().unwrap_or_default()
        }
    };
    if flags.list {
        given.retain(|setting| !is(setting, "binary"));
    }
    for (is_set, name) in [
        (flags.stream, "stream"),
        (flags.exit_status, "exit_status"),
        (flags.exit_signal, "exit_signal"),
        (flags.use_stdio, "use_stdio"),
        (flags.nouse_stdio, "nouse_stdio"),
        (flags.stderr_to_stdout, "stderr_to_stdout"),
        (flags.stderr, "stderr"),
        (flags.only_in, "in"),
        (flags.only_out, "out"),
        (flags.binary, "binary"),
        (flags.eof, "eof"),
        (flags.hide, "hide"),
        (flags.overlapped_io, "overlapped_io"),
    ] {
        if is_set {
            given.push(Term::atom(name));
        }
    }
    let values = [
        ("packet", flags.packet.map(Term::from)),
        ("line", flags.line.map(Term::from)),
        ("cd", flags.cd.as_deref().map(bytes)),
        ("arg0", flags.arg0.as_deref().map(bytes)),
        ("parallelism", flags.parallelism.map(Term::boolean)),
        ("busy_limits_port", flags.busy_limits_port.map(limits)),
        ("busy_limits_msgq", flags.busy_limits_msgq.map(limits)),
    ];
    given.extend(
        values
            .into_iter()
            .filter_map(|(name, value)| Some(pair(name, value?))),
    );
    Ok(given)
}

/// Whether a setting is `name` or `{name,_}`.
fn is(setting: &Term, name: &str) -> bool {
    let tag = match setting.as_tuple() {
        Some([tag, _]) => tag,
        _ => setting,
    };
    matches!(tag, Term::Atom(atom) if atom.as_str() == name)
}

fn pair(name: &'static str, value: Term) -> Term {
    Term::tuple([Term::atom(name), value])
}

fn bytes(text: &OsStr) -> Term {
    Term::binary(Bytes::copy_from_slice(text.as_bytes()))
}

fn limits(limits: Limits) -> Term {
    match limits {
        Limits::Disabled => Term::atom("disabled"),
        Limits::Bytes { low, high } => Term::tuple([Term::from(low), Term::from(high)]),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::arguments::{Arguments, Command};

    fn request(words: &[&str]) -> Result<Request, String> {
        let words = ["portwright", "run"]
            .iter()
            .chain(words)
            .chain(&["--", "prog", "arg"]);
        let Command::Run(arguments) = Arguments::try_parse_from(words).unwrap().command else {
            panic!("another command");
        };
        Request::new(&arguments).map_err(|failure| failure.message)
    }

    #[track_caller]
    fn check(words: &[&str], erlang: &str) {
        let got = request(words).unwrap().settings;
        let settings = PortSettings::from_term(&erlang.parse().unwrap()).unwrap();
        assert_eq!(got, settings.args(["arg"]).supervised());
    }

    #[test]
    fn every_flag_is_a_setting() {
        let common = |setting: &str| format!("[exit_status,binary,{setting}]");
        for (words, setting) in [
            (&["--packet", "4"][..], "{packet,4}"),
            (&["--line", "80"], "{line,80}"),
            (&["--packet", "4", "--stream"], "stream"),
            (&["--cd", "/tmp"], "{cd,\"/tmp\"}"),
            (
                &["--env", "A=b=c", "-e", "B=d"],
                "{env,[{\"A\",\"b=c\"},{\"B\",\"d\"}]}",
            ),
            (&["--unset", "A"], "{env,[{\"A\",false}]}"),
            (&["--arg0", "me"], "{arg0,\"me\"}"),
            (&["--exit-status"], "exit_status"),
            (&["--exit-signal"], "exit_signal"),
            (&["--use-stdio"], "use_stdio"),
            (&["--nouse-stdio"], "nouse_stdio"),
            (&["--nouse-stdio", "--use-stdio"], "use_stdio"),
            (&["--stderr-to-stdout"], "stderr_to_stdout"),
            (&["--stderr"], "stderr"),
            (&["--in"], "in"),
            (&["--out"], "out"),
            (&["--binary"], "binary"),
            (&["--eof"], "eof"),
            (&["--parallelism", "true"], "{parallelism,true}"),
            (
                &["--busy-limits-port", "10,20"],
                "{busy_limits_port,{10,20}}",
            ),
            (
                &["--busy-limits-msgq", "disabled"],
                "{busy_limits_msgq,disabled}",
            ),
            (&["--hide"], "hide"),
            (&["--overlapped-io"], "overlapped_io"),
        ] {
            check(words, &common(setting));
        }
        check(&["--list"], "[exit_status]");
        check(&["--list", "--binary"], "[exit_status,binary]");
    }

    #[test]
    fn settings_in_erlang_count_as_written_and_flags_are_added() {
        check(
            &["--settings", "[{packet,2},binary]"],
            "[{packet,2},binary]",
        );
        check(
            &["--settings", "[{packet,2},binary]", "--list", "--eof"],
            "[{packet,2},eof]",
        );
        let quiet = request(&["--settings", "[]"]).unwrap();
        assert!(!quiet.exit_status && quiet.reads && quiet.writes && !quiet.packets);
        let packets = request(&["--settings", "[stream,{packet,2},in,exit_status]"]).unwrap();
        assert!(packets.exit_status && packets.reads && !packets.writes && packets.packets);
    }

    #[test]
    fn bad_settings_are_named() {
        for (words, why) in [
            (
                &["--packet", "3"][..],
                "bad port setting {packet,3}: the header has 1, 2 or 4 bytes",
            ),
            (
                &["--packet", "300"],
                "bad port setting {packet,300}: the header has 1, 2 or 4 bytes",
            ),
            (
                &["--line", "-1"],
                "bad port setting {line,-1}: a line has 1 to 2^59-1 bytes",
            ),
            (
                &["--settings", "[foo]"],
                "bad port setting foo: there is no such setting",
            ),
            (
                &["--settings", "foo"],
                "bad port setting foo: settings are a proper list",
            ),
        ] {
            assert_eq!(request(words).err().as_deref(), Some(why));
        }
        assert!(
            request(&["--settings", "[foo"])
                .err()
                .unwrap()
                .starts_with("--settings is no Erlang term: ")
        );
    }
}
