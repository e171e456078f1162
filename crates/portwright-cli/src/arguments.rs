//! The command line: every definition, in one place.

mod driver;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(crate) use driver::{
    DriverArguments, DriverCommand, DriverInfoArguments, DriverRunArguments, InfoFormat,
    RequestFormat,
};

/// Erlang's ports and port drivers, from the command line
#[derive(Debug, Parser)]
#[command(name = "portwright", version, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Box<RunArguments>),

    Driver(DriverArguments),

    Shell(ShellArguments),

    Eval(EvalArguments),

    Escript(EscriptArguments),

    /// Print completions for a shell
    ///
    /// Put them where the shell looks for them, for example:
    ///
    ///     portwright completions bash > ~/.local/share/bash-completion/completions/portwright
    #[command(verbatim_doc_comment)]
    Completions {
        /// The shell
        shell: Shell,
    },

    /// Print the manual page
    ///
    /// For example: portwright man | man -l -
    Man {
        /// Write it and one page for each subcommand into this directory instead
        #[arg(long, value_name = "DIRECTORY")]
        directory: Option<PathBuf>,
    },
}

/// Run a program behind a port and print what the port says
///
/// Opens a port to PROGRAM, prints every message of the port as Erlang prints it, one a line,
/// and passes standard input on to the program. When standard input ends, so does the program's
/// input; its output is read on to the end.
///
/// The port is opened with `binary` and `exit_status`, and its owner traps exits; flags add settings.
///
/// Interrupts (SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2) are passed on to the program and
/// its whole process group.
///
/// The exit code is the program's own, 128+N if signal N ended it, 124 at the deadline, 125 when
/// portwright itself failed or was used wrongly, 126 when the program cannot be executed and 127
/// when it is not found. When nobody reads our output any more the program is ended (SIGTERM,
/// after --grace SIGKILL) and the exit code is 0.
#[derive(Debug, Args)]
#[command(
    override_usage = "portwright run [SETTINGS] -- PROGRAM [ARG]...\n       \
                      portwright run [SETTINGS] --shell COMMAND",
    after_help = "Example: portwright run -- sh -c 'echo hello; exit 3'"
)]
pub(crate) struct RunArguments {
    /// The program, a path or a name to look for along PATH, and its arguments
    #[arg(
        value_name = "PROGRAM",
        trailing_var_arg = true,
        required_unless_present = "shell",
        conflicts_with = "shell"
    )]
    pub(crate) program: Vec<OsString>,

    /// Run a shell command instead: {spawn,COMMAND}
    ///
    /// /bin/sh runs `exec COMMAND`. Example: --shell 'gzip -c | gunzip -c'
    #[arg(long, value_name = "COMMAND")]
    pub(crate) shell: Option<OsString>,

    /// Choose how messages are printed
    #[arg(long, short, value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) output: OutputFormat,

    /// Choose how standard input becomes commands to the port
    ///
    /// Default: lines with --packet, else raw.
    #[arg(long, short, value_name = "FORMAT", value_enum)]
    pub(crate) input: Option<InputFormat>,

    /// End the program after this time
    ///
    /// Its whole process group gets SIGTERM and, after --grace, SIGKILL; the exit code is 124.
    /// A number with the unit ms, s, m or h; seconds if there is none. Default: no deadline.
    /// Example: --deadline 1.5s
    #[arg(long, short, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) deadline: Option<Duration>,

    /// Wait this long between SIGTERM and SIGKILL
    ///
    /// A number with the unit ms, s, m or h; seconds if there is none. Example: --grace 500ms
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "2s")]
    pub(crate) grace: Duration,

    #[command(flatten)]
    pub(crate) settings: SettingFlags,
}

/// Type Erlang expressions and see their values
///
/// Expressions end with a full stop. `help().` lists the commands of the shell. An error ends the
/// evaluating process and its ports; variables stay. Ctrl-C interrupts an expression, Ctrl-D ends.
///
/// Without a terminal, expressions are read from standard input.
#[derive(Debug, Args)]
pub(crate) struct ShellArguments {
    /// Print the functions that expressions can call, one a line, and end
    #[arg(long)]
    pub(crate) functions: bool,
}

/// Evaluate Erlang expressions
///
/// Prints only what the expressions print. The exit code is 0, or 1 when something is wrong, which
/// standard error says; `halt(N)` gives N.
#[derive(Debug, Args)]
#[command(after_help = "Example: portwright eval 'io:format(\"~p~n\", [os:cmd(\"uname\")]).'")]
pub(crate) struct EvalArguments {
    /// The expressions, each sequence ended by a full stop
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    pub(crate) expressions: Option<String>,

    /// Evaluate the expressions in this file, as file:eval/1 does
    #[arg(long, short, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

/// Run an Erlang script: functions and main/1
///
/// Takes what OTP's escript takes as source: a first line `#!` and one with `%%!` are ignored.
/// The exit code is 0, that of `halt`, or 127 when the script does not compile or nobody catches its
/// exception.
#[derive(Debug, Args)]
#[command(after_help = "Example: portwright escript talk_to_my_driver.escript verbose")]
pub(crate) struct EscriptArguments {
    /// The script
    pub(crate) file: PathBuf,

    /// What main/1 gets, as a list of strings
    #[arg(
        value_name = "ARG",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(crate) arguments: Vec<OsString>,
}

/// The second argument of `open_port/2`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Port settings")]
pub(crate) struct SettingFlags {
    /// Give settings in Erlang syntax
    ///
    /// They count exactly as written: data arrives as lists unless `binary` is among them, and no exit
    /// status is printed without `exit_status`. Flags are added to them.
    /// Example: --settings '[{packet,2},binary]'
    #[arg(long, value_name = "TERM")]
    pub(crate) settings: Option<String>,

    /// Precede each message with a header that counts its bytes: {packet,BYTES}
    ///
    /// The header has 1, 2 or 4 bytes, the most significant first, in both directions.
    /// Default: a stream without headers.
    #[arg(long, value_name = "BYTES", allow_negative_numbers = true)]
    pub(crate) packet: Option<i64>,

    /// Split data into lines of at most this many bytes: {line,BYTES}
    ///
    /// Longer lines arrive in pieces: {noeol,_}, then {eol,_}.
    #[arg(long, value_name = "BYTES", allow_negative_numbers = true)]
    pub(crate) line: Option<i64>,

    /// Send and receive bytes without headers, the default: stream
    #[arg(long, overrides_with = "packet")]
    pub(crate) stream: bool,

    /// Change to this directory first: {cd,DIRECTORY}
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) cd: Option<OsString>,

    /// Set an environment variable: {env,[{"NAME","VALUE"}]}
    ///
    /// May be given several times.
    #[arg(long, short, value_name = "NAME=VALUE", value_parser = OsStringValueParser::new().try_map(|text| parse_variable(&text)))]
    pub(crate) env: Vec<(OsString, OsString)>,

    /// Remove an environment variable: {env,[{"NAME",false}]}
    ///
    /// May be given several times; counts after --env.
    #[arg(long, value_name = "NAME")]
    pub(crate) unset: Vec<OsString>,

    /// Give the program this as its own name: {arg0,NAME}
    #[arg(long, value_name = "NAME")]
    pub(crate) arg0: Option<OsString>,

    /// Say how the program ended, the default: exit_status
    #[arg(long)]
    pub(crate) exit_status: bool,

    /// Say {exit_signal,N} and not {exit_status,128+N} of a program that a signal ended (extension)
    #[arg(long)]
    pub(crate) exit_signal: bool,

    /// Talk with the program on its descriptors 0 and 1, the default: use_stdio
    #[arg(long, overrides_with = "nouse_stdio")]
    pub(crate) use_stdio: bool,

    /// Talk with the program on its descriptors 3 and 4: nouse_stdio
    #[arg(long)]
    pub(crate) nouse_stdio: bool,

    /// Take the program's standard error for output: stderr_to_stdout
    #[arg(long)]
    pub(crate) stderr_to_stdout: bool,

    /// Receive the program's standard error as messages {stderr,Data} (extension)
    ///
    /// Without it the program writes to our standard error directly.
    #[arg(long, conflicts_with = "stderr_to_stdout")]
    pub(crate) stderr: bool,

    /// Only receive; the program has our standard input: in
    #[arg(long = "in")]
    pub(crate) only_in: bool,

    /// Only send; the program has our standard output: out
    #[arg(long = "out")]
    pub(crate) only_out: bool,

    /// Receive data as binaries, the default: binary
    #[arg(long, overrides_with = "list")]
    pub(crate) binary: bool,

    /// Receive data as lists of bytes, as Erlang does without `binary`
    #[arg(long)]
    pub(crate) list: bool,

    /// Receive `eof` at the end of the program's output before the port closes: eof
    #[arg(long)]
    pub(crate) eof: bool,

    /// Set the scheduling hint, which has no effect here: {parallelism,BOOLEAN}
    #[arg(long, value_name = "BOOLEAN", action = ArgAction::Set)]
    pub(crate) parallelism: Option<bool>,

    /// Hold senders back while this much output is queued: {busy_limits_port,LIMITS}
    ///
    /// LOW,HIGH in bytes: busy from HIGH on, until below LOW; or `disabled`.
    /// Default: 4096,8192.
    #[arg(long, value_name = "LIMITS")]
    pub(crate) busy_limits_port: Option<Limits>,

    /// Hold senders back while this many bytes of commands wait: {busy_limits_msgq,LIMITS}
    ///
    /// LOW,HIGH in bytes: busy above HIGH, until below LOW; or `disabled`.
    /// Default: 4096,8192.
    #[arg(long, value_name = "LIMITS")]
    pub(crate) busy_limits_msgq: Option<Limits>,

    /// Accepted as in Erlang; has a meaning on Windows only: hide
    #[arg(long)]
    pub(crate) hide: bool,

    /// Accepted as in Erlang; has a meaning on Windows only: overlapped_io
    #[arg(long)]
    pub(crate) overlapped_io: bool,
}

/// How messages are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum OutputFormat {
    /// Erlang terms, one a line
    #[default]
    Terms,
    /// The bytes of the data alone, as from a pipe; {stderr,_} goes to standard error
    Raw,
    /// JSON objects, one a line (see docs/json.md)
    Json,
}

/// How standard input becomes commands to the port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputFormat {
    /// Bytes as they come, each read one command
    Raw,
    /// Each line, without its newline when packets are sent, one command
    Lines,
    /// Everything up to the end, one command
    Whole,
}

/// Busy limits as they are typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limits {
    Disabled,
    Bytes { low: u64, high: u64 },
}

impl std::str::FromStr for Limits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "disabled" {
            return Ok(Self::Disabled);
        }
        text.split_once(',')
            .and_then(|(low, high)| {
                Some(Self::Bytes {
                    low: low.trim().parse().ok()?,
                    high: high.trim().parse().ok()?,
                })
            })
            .ok_or_else(|| "LOW,HIGH in bytes or `disabled` is wanted".into())
    }
}

fn parse_variable(text: &OsStr) -> Result<(OsString, OsString), String> {
    let bytes = text.as_bytes();
    let equals = bytes.iter().position(|byte| *byte == b'=');
    match equals.filter(|at| *at > 0) {
        Some(at) => Ok((
            OsStr::from_bytes(&bytes[..at]).to_owned(),
            OsStr::from_bytes(&bytes[at + 1..]).to_owned(),
        )),
        None => Err("NAME=VALUE is wanted (--unset removes a variable)".into()),
    }
}

/// A time such as `5s`, `1.5m` or `250ms`; seconds without a unit.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || "a number with the unit ms, s, m or h is wanted, such as 5s or 250ms".to_owned();
    let unit_starts = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_starts);
    let seconds = match unit {
        "ms" => 0.001,
        "s" | "" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(number * seconds)
        .map_err(|_| format!("{text} is longer than can be waited for"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn definitions_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[track_caller]
    fn check_duration(text: &str, expect: Option<Duration>) {
        assert_eq!(parse_duration(text).ok(), expect, "{text}");
    }

    #[test]
    fn times_have_units() {
        check_duration("5s", Some(Duration::from_secs(5)));
        check_duration("5", Some(Duration::from_secs(5)));
        check_duration("250ms", Some(Duration::from_millis(250)));
        check_duration("1.5m", Some(Duration::from_secs(90)));
        check_duration("2h", Some(Duration::from_secs(7200)));
        for bad in [
            "",
            "s",
            "5 s",
            "-1s",
            "5d",
            "1.2.3",
            "1e400s",
            "99999999999999999999h",
            "nan",
        ] {
            check_duration(bad, None);
        }
    }

    #[test]
    fn a_program_takes_everything_behind_it() {
        let arguments =
            Arguments::try_parse_from(["portwright", "run", "--eof", "prog", "--eof", "-x", "--"]);
        let Command::Run(run) = arguments.unwrap().command else {
            panic!("another command");
        };
        assert_eq!(run.program, ["prog", "--eof", "-x", "--"]);
        assert!(run.settings.eof);
    }

    #[test]
    fn limits_are_a_pair_or_disabled() {
        assert_eq!("disabled".parse(), Ok(Limits::Disabled));
        assert_eq!("1,2".parse(), Ok(Limits::Bytes { low: 1, high: 2 }));
        assert!("1".parse::<Limits>().is_err());
        assert!("1,x".parse::<Limits>().is_err());
    }
}
