//! The command line of `portwright driver`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::{OutputFormat, SettingFlags, parse_duration};

/// Look into a compiled driver, or talk with it
///
/// A compiled driver is a shared object that was built against erl_driver.h for Erlang.
#[derive(Debug, Args)]
pub(crate) struct DriverArguments {
    #[command(subcommand)]
    pub(crate) command: DriverCommand,
}

/// What to do with the driver.
#[derive(Debug, Subcommand)]
pub(crate) enum DriverCommand {
    Info(DriverInfoArguments),

    Run(Box<DriverRunArguments>),
}

/// Tell what a driver is, what it needs and what of that is missing
///
/// Imports and libraries are read from the file. To know name, version, flags and callbacks, the
/// file is loaded and its driver_init asked, unless something is missing.
///
/// The exit code is 0, 1 when something is missing so that the driver cannot be loaded, 126 when
/// the file is no driver, 127 when it is not found.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: portwright driver info /usr/lib/erlang/lib/megaco-*/priv/lib/megaco_flex_scanner_drv.so"
)]
pub(crate) struct DriverInfoArguments {
    /// The driver; a name without a slash that is no file here is looked for among the system's
    /// libraries
    pub(crate) file: PathBuf,

    /// Run none of the file's code: name, version, flags and callbacks stay unknown
    #[arg(long)]
    pub(crate) no_load: bool,

    /// Choose how it is printed
    #[arg(long, short, value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) output: InfoFormat,
}

/// How information is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum InfoFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object (see docs/json.md)
    Json,
}

/// Load a driver, open a port of it and print what the port says
///
/// Prints every message that the port's owner gets as Erlang prints it, one a line, and passes
/// standard input on to the driver: each line is one command. --input chooses other commands,
/// --control and --call other requests, whose answers are printed as {Port,{control,Answer}} and
/// {Port,{call,Answer}}.
///
/// When standard input has ended and the port has been silent for the time of --linger, the port is
/// closed.
///
/// The port is opened with `binary`, and its owner traps exits; flags add settings.
///
/// The exit code is 0 when the port ended normally, 124 at the deadline, 128+N when signal N made us
/// close the port, 126 when the file cannot be loaded, 127 when it is not found, and 125 in all
/// other cases: the driver refused to start or a request, or the port ended for another reason.
#[derive(Debug, Args)]
#[command(
    override_usage = "portwright driver run FILE [SETTINGS] [-- COMMAND]",
    after_help = "Example: echo 'select 6 * 7;' | portwright driver run sqlite3_drv.so --control 2 -- sqlite3_drv :memory:"
)]
pub(crate) struct DriverRunArguments {
    /// The driver, NAME.so
    pub(crate) file: PathBuf,

    /// What open_port({spawn_driver,COMMAND},_) gets: the driver's name and what `start` is to know
    ///
    /// Several words are joined by spaces. The name may be left out.
    #[arg(value_name = "COMMAND", last = true)]
    pub(crate) command: Vec<OsString>,

    /// Choose how messages are printed
    #[arg(long, short, value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) output: OutputFormat,

    /// Choose how standard input is cut into requests
    #[arg(long, short, value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) input: RequestFormat,

    /// Make port_control requests with this operation, not commands
    #[arg(long, value_name = "OPERATION", conflicts_with = "call")]
    pub(crate) control: Option<u32>,

    /// Make port_call requests with this operation, not commands
    ///
    /// What is read is an Erlang term.
    #[arg(long, value_name = "OPERATION")]
    pub(crate) call: Option<u32>,

    /// Close the port when it has been silent for this long after the end of standard input
    ///
    /// A number with the unit ms, s, m or h; seconds if there is none.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "250ms")]
    pub(crate) linger: Duration,

    /// Close the port after this time
    ///
    /// The exit code is 124. If the port does not end within --grace we do.
    /// A number with the unit ms, s, m or h; seconds if there is none. Default: no deadline.
    #[arg(long, short, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) deadline: Option<Duration>,

    /// Wait this long for the port to end, once it was closed early
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "2s")]
    pub(crate) grace: Duration,

    #[command(flatten)]
    pub(crate) settings: SettingFlags,
}

/// How standard input is cut into requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum RequestFormat {
    /// Each line, without its newline
    #[default]
    Lines,
    /// Bytes as they come, each read
    Raw,
    /// Everything up to the end
    Whole,
    /// Each line a term: {command,Data}, {control,Operation,Data}, {call,Operation,Term} or close
    Terms,
}
