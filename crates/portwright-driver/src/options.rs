//! What `open_port/2` asked for, as the driver sees it.

use std::ffi::OsString;
use std::os::fd::RawFd;
use std::path::PathBuf;

/// The settings of `open_port/2` that concern the driver and not the port.
///
/// The port itself takes care of `binary`, `{line,_}`, `eof`, owners, links and
/// busy limits on its signals. Most drivers need none of this; the drivers for
/// programs and descriptors live on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenOptions {
    /// What is to be opened.
    pub target: PortTarget,
    /// How messages are told apart in the byte stream.
    pub framing: Framing,
    /// Whether data may flow from the driver to the owner (`in`).
    pub reads: bool,
    /// Whether data may flow from the owner to the driver (`out`).
    pub writes: bool,
}

/// The first argument of `open_port/2`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PortTarget {
    /// A driver by name: `{spawn_driver,_}`, or `{spawn,_}` whose first word is
    /// the name of a driver.
    #[default]
    Driver,
    /// A command line for `/bin/sh`: `{spawn,_}`.
    Shell {
        /// The command line, NUL free.
        command: OsString,
        /// How the program is set up.
        program: Box<ProgramOptions>,
    },
    /// A file to execute: `{spawn_executable,_}`.
    Executable {
        /// The file; no search along `PATH`.
        file: PathBuf,
        /// How the program is set up.
        program: Box<ProgramOptions>,
    },
    /// A file that is opened to be read or written: a bare string or atom, which OTP
    /// has undocumented until 26.
    Vanilla {
        /// The file.
        file: PathBuf,
    },
    /// Descriptors that are already open: `{fd,In,Out}`.
    Descriptors {
        /// Read from when data flows to the owner.
        input: RawFd,
        /// Written to when data flows from the owner.
        output: RawFd,
    },
}

/// How the messages of the owner are told apart in a byte stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Framing {
    /// Not at all: `stream`.
    #[default]
    Stream,
    /// By a big-endian header that counts the bytes that follow: `{packet,N}`.
    Packet {
        /// 1, 2 or 4.
        header_bytes: u8,
    },
}

/// How an external program is set up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProgramOptions {
    /// The arguments after `argv[0]`: `{args,_}`.
    pub args: Vec<OsString>,
    /// `argv[0]`; the file itself when `None`: `{arg0,_}`.
    pub arg0: Option<OsString>,
    /// The working directory; the host's when `None`: `{cd,_}`.
    pub directory: Option<PathBuf>,
    /// The program's whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// The program talks on descriptors 3 and 4 instead of 0 and 1: `nouse_stdio`.
    pub nouse_stdio: bool,
    /// Where the program's standard error goes.
    pub standard_error: StandardError,
    /// The owner is told how the program ended: `exit_status`.
    pub exit_status: bool,
    /// A program that was ended by a signal is reported as that and not as a status
    /// of 128 plus the signal's number. Not a setting of OTP.
    pub exit_signal: bool,
    /// The owner is told at once how the program ended, not when all its output is
    /// read. Not a setting of OTP.
    pub early_status: bool,
    /// A program that closes its input does not end its port: what is queued for it
    /// is dropped, and its output is read on. Not a setting of OTP.
    pub keep_reading: bool,
    /// The ended program stays unreaped until its port terminates, so that its
    /// process group can be signalled without hitting a stranger. Not a setting
    /// of OTP.
    pub keep_group: bool,
    /// Small commands that come in quick succession may be written together.
    pub gather_writes: bool,
    /// A file that cannot be executed ends the program with the number of the error
    /// as its status, as in OTP (P-042), instead of failing `start`.
    pub late_exec_errors: bool,
}

/// Where the standard error of a program goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StandardError {
    /// To the host's standard error.
    #[default]
    Inherit,
    /// To where the program's output goes: `stderr_to_stdout`.
    Merge,
    /// To the owner, apart from the output. Not a setting of OTP.
    Stream,
}
