//! The driver behind `{spawn,_}` and `{spawn_executable,_}`.

use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use portwright_driver::{
    Driver, Interest, NotSupported, OpenOptions, PortContext, PortTarget, ProgramOptions, Request,
    Select, StandardError, StartError,
};
use portwright_term::IoVec;
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};

use super::child::{Child, Ended, start};
use super::plan::{Plan, text};
use super::wire::{Flow, READ_BYTES, Read, Wire, read, write};
use super::{fail, orphans};

/// Commands up to this size are copied together when they come in a burst.
const SMALL_BYTES: usize = 1024;

/// How much is gathered before it is written at the latest: less than makes a port busy (P-801).
pub(crate) const GATHER_BYTES: usize = 7680;

/// Commands that are written one by one before a burst is called one. Every answer
/// of the program ends a burst, so requests that are answered are never put off.
const BURST: u32 = 3;

/// How often a pipe is read at a time that has grown for a stream. A program that writes to it
/// meanwhile waits for each of our reads, and we for each of its writes: fewer turns are less
/// of that.
const READS: usize = 4;

/// An external program behind pipes.
pub(super) struct SpawnDriver {
    /// We write, the program reads.
    input: Option<OwnedFd>,
    /// The program writes, we read.
    output: Option<OwnedFd>,
    /// The program's standard error, if the owner wants it apart.
    errors: Option<OwnedFd>,
    /// Until it is reaped.
    child: Option<Child>,
    ended: Option<Ended>,
    wire: Wire,
    input_flow: Flow,
    output_flow: Flow,
    reads: bool,
    exit_status: bool,
    exit_signal: bool,
    early_status: bool,
    keep_reading: bool,
    keep_group: bool,
    /// The input is closed as soon as the queue is written.
    input_ends: bool,
    /// The program has closed its input, and is read on.
    reader_gone: bool,
    gathers: bool,
    /// Commands since the program last said something.
    burst: u32,
    /// Queued data is to be written when the port's timer expires.
    put_off: bool,
    /// The pipe is full: the input is selected for writing.
    waits_for_room: bool,
}

impl Driver for SpawnDriver {
    fn start(port: &PortContext<'_>, _command: &[u8]) -> Result<Self, StartError> {
        let options = port.options().ok_or(StartError::BadArgument)?;
        let (plan, program) = match &options.target {
            PortTarget::Shell { command, program } => {
                let command = [b"exec ", command.as_bytes()].concat();
                let argv = [
                    c"sh".to_owned(),
                    c"-c".to_owned(),
                    text(&command).map_err(errno)?,
                ];
                (Plan::new(Path::new("/bin/sh"), argv, program), program)
            }
            PortTarget::Executable { file, program } => (
                Plan::new(file, argv(file, program).map_err(errno)?, program),
                program,
            ),
            PortTarget::Driver | PortTarget::Descriptors { .. } | PortTarget::Vanilla { .. } => {
                return Err(StartError::BadArgument);
            }
        };
        check_current_directory()?;
        let plan = plan.map_err(errno)?;
        Self::start_program(port, plan, program, options).map_err(errno)
    }

    fn outputv(&mut self, port: &PortContext<'_>, data: IoVec) {
        if self.reader_gone {
            // Sent before its sender could know; the next one is refused.
            return;
        }
        let Some(input) = self.input.as_ref().filter(|_| !self.input_ends) else {
            // P-141: a port that only reads; or the input was closed meanwhile.
            return fail(port, Errno::BADF);
        };
        self.burst = self.burst.saturating_add(1);
        let queued = self.wire.queued();
        if self.gathers_now(queued) && data.len() <= SMALL_BYTES {
            if !self.wire.gather(port, &data) {
                return fail(port, Errno::INVAL);
            }
            return self.put_off(port);
        }
        let Some(data) = self.wire.frame(data) else {
            return fail(port, Errno::INVAL);
        };
        if queued > 0 {
            self.wire.enqueue(port, data);
            return self.put_off(port);
        }
        let len = data.len();
        match write(input.as_fd(), data) {
            Ok(left) if left.is_empty() => self.input_flow.passed(input.as_fd(), len, 1, false),
            Ok(left) => {
                let rest: usize = left.iter().map(Bytes::len).sum();
                self.input_flow.passed(input.as_fd(), len - rest, 1, true);
                self.wire.enqueue(port, left);
                self.wait_for_room(port);
            }
            Err(error) => self.write_failed(port, error),
        }
    }

    fn ready_output(&mut self, port: &PortContext<'_>, _fd: RawFd) {
        self.write_out(port);
    }

    /// What was put off is due.
    fn timeout(&mut self, port: &PortContext<'_>) {
        self.put_off = false;
        self.burst = 0;
        // Nothing is left when the burst was written at its size.
        if !self.waits_for_room && self.wire.queued() > 0 {
            self.write_out(port);
        }
    }

    fn flush(&mut self, port: &PortContext<'_>) {
        if !self.waits_for_room {
            self.write_out(port);
        }
    }

    fn ready_input(&mut self, port: &PortContext<'_>, fd: RawFd) {
        if self
            .output
            .as_ref()
            .is_some_and(|output| output.as_raw_fd() == fd)
        {
            for _ in 0..READS {
                if !self.read_output(port) {
                    break;
                }
            }
        } else if self
            .errors
            .as_ref()
            .is_some_and(|errors| errors.as_raw_fd() == fd)
        {
            self.read_errors(port);
        } else {
            self.reap(port, fd);
        }
    }

    fn stop(&mut self, port: &PortContext<'_>) {
        // Without our putting it off it would have been written long ago, even if
        // the port was killed since.
        if let Some(input) = self.input.as_ref().filter(|_| self.put_off) {
            let _ = self.wire.write_queue(port, input.as_fd(), None);
        }
        // As in OTP the output goes first: a program that sees the end of its input finds
        // nobody who reads what it says then.
        self.output = None;
        self.errors = None;
        self.input = None;
        if let Some(child) = self.child.take() {
            orphans::adopt(child.into_pidfd());
        }
    }

    fn request(&mut self, port: &PortContext<'_>, request: Request) -> Result<(), NotSupported> {
        match request {
            Request::CloseInput => {
                if self.input.is_none() {
                    return Err(NotSupported);
                }
                self.input_ends = true;
                if !self.waits_for_room {
                    self.write_out(port);
                }
                Ok(())
            }
            Request::WriteNow => {
                if self.put_off && !self.waits_for_room {
                    self.write_out(port);
                }
                Ok(())
            }
            Request::Signal { number, group } => {
                let child = self.child.as_ref().ok_or(NotSupported)?;
                child.signal(number, group).map_err(|_| NotSupported)
            }
            _ => Err(NotSupported),
        }
    }
}

impl SpawnDriver {
    fn start_program(
        port: &PortContext<'_>,
        mut plan: Plan,
        program: &ProgramOptions,
        options: &OpenOptions,
    ) -> Result<Self, Errno> {
        let (stdin, stdout) = if program.nouse_stdio { (3, 4) } else { (0, 1) };
        let mut theirs = Vec::new();
        let mut connect = |fd: OwnedFd, numbers: &[RawFd]| {
            let pairs = numbers.iter().map(|number| (fd.as_raw_fd(), *number));
            plan.descriptors.extend(pairs);
            theirs.push(fd);
        };
        let input = if options.writes {
            let (read_end, write_end) = new_pipe()?;
            connect(read_end, &[stdin]);
            Some(write_end)
        } else {
            None
        };
        let output = if options.reads {
            let (read_end, write_end) = new_pipe()?;
            if program.standard_error == StandardError::Merge {
                connect(write_end, &[2, stdout]);
            } else {
                connect(write_end, &[stdout]);
            }
            Some(read_end)
        } else {
            None
        };
        let errors = if program.standard_error == StandardError::Stream {
            let (read_end, write_end) = new_pipe()?;
            connect(write_end, &[2]);
            Some(read_end)
        } else {
            None
        };
        for ours in input.iter().chain(&output).chain(&errors) {
            rustix::io::ioctl_fionbio(ours, true)?;
        }
        let (child, error) = start(&plan)?;
        drop(theirs);
        if let Some(error) = error.filter(|_| !program.late_exec_errors) {
            // The child is on its way out: it is reaped without a wait to speak of.
            orphans::adopt(child.into_pidfd());
            return Err(error);
        }
        port.set_os_pid(Some(child.os_pid()));
        let mut all_watched = true;
        for fd in output
            .iter()
            .chain(&errors)
            .map(AsFd::as_fd)
            .chain([child.pidfd()])
        {
            all_watched &= port.select(fd.as_raw_fd(), Interest::READ, Select::On);
        }
        if !all_watched {
            orphans::adopt(child.into_pidfd());
            return Err(Errno::NOMEM);
        }
        Ok(Self {
            input,
            output,
            errors,
            child: Some(child),
            ended: None,
            wire: Wire::new(options.framing),
            input_flow: Flow::input(),
            output_flow: Flow::output(),
            reads: options.reads,
            exit_status: program.exit_status,
            exit_signal: program.exit_signal,
            early_status: program.early_status,
            keep_reading: program.keep_reading,
            keep_group: program.keep_group,
            input_ends: false,
            reader_gone: false,
            gathers: program.gather_writes,
            burst: 0,
            put_off: false,
            waits_for_room: false,
        })
    }

    /// Whether a small command is written together with others.
    ///
    /// A pipe takes another number of bytes when they come in other pieces, so how much a
    /// program that does not read accepts would change (P-810).
    fn gathers_now(&self, queued: usize) -> bool {
        self.gathers && (queued > 0 || self.burst > BURST) && self.input_flow.is_read()
    }

    /// Sees to it that queued data is written soon: now if there is much of it, else
    /// together with what else comes in the same moment.
    fn put_off(&mut self, port: &PortContext<'_>) {
        if self.waits_for_room {
            return;
        }
        if self.wire.queued() >= GATHER_BYTES {
            self.write_out(port);
        } else if !self.put_off {
            self.put_off = true;
            port.set_timer(Duration::ZERO);
        }
    }

    /// Writes what is queued, as far as the pipe takes it.
    fn write_out(&mut self, port: &PortContext<'_>) {
        let Some(input) = &self.input else { return };
        let queued = self.wire.queued();
        let result = self.wire.write_queue(port, input.as_fd(), None);
        let written = queued - self.wire.queued();
        self.input_flow
            .passed(input.as_fd(), written, 1, result == Ok(false));
        match result {
            Ok(false) => self.wait_for_room(port),
            Ok(true) => {
                if std::mem::take(&mut self.waits_for_room) {
                    port.select(input.as_raw_fd(), Interest::WRITE, Select::Off);
                }
                if self.input_ends {
                    self.input = None;
                }
            }
            Err(error) => self.write_failed(port, error),
        }
    }

    fn wait_for_room(&mut self, port: &PortContext<'_>) {
        let Some(input) = &self.input else { return };
        if !self.waits_for_room {
            self.waits_for_room = port.select(input.as_raw_fd(), Interest::WRITE, Select::On);
        }
    }

    /// One read; whether there is probably more, and the owner takes it.
    fn read_output(&mut self, port: &PortContext<'_>) -> bool {
        let Some(output) = &self.output else {
            return false;
        };
        match read(output.as_fd()) {
            Ok(Read::Data(data)) => {
                self.burst = 0;
                let len = data.len();
                let pieces = self.wire.deliver(port, data);
                let full = len == READ_BYTES;
                self.output_flow.passed(output.as_fd(), len, pieces, full);
                return full && self.output_flow.has_grown() && !port.is_held_back();
            }
            Ok(Read::Nothing) => {}
            Ok(Read::End) => {
                deselect(port, output.as_fd());
                self.output = None;
                self.end_of_data(port);
            }
            Err(error) => fail(port, error),
        }
        false
    }

    fn read_errors(&mut self, port: &PortContext<'_>) {
        let Some(errors) = &self.errors else { return };
        match read(errors.as_fd()) {
            Ok(Read::Data(data)) => {
                port.output_error(data);
            }
            Ok(Read::Nothing) => {}
            Ok(Read::End) | Err(_) => {
                deselect(port, errors.as_fd());
                self.errors = None;
                self.end_of_data(port);
            }
        }
    }

    fn reap(&mut self, port: &PortContext<'_>, fd: RawFd) {
        let Some(child) = self
            .child
            .as_ref()
            .filter(|child| child.pidfd().as_raw_fd() == fd)
        else {
            return;
        };
        let Some(ended) = child.ended(self.keep_group) else {
            return;
        };
        deselect(port, child.pidfd());
        self.ended = Some(ended);
        if !self.keep_group {
            self.child = None;
        }
        if self.exit_status && self.early_status {
            self.tell_end(port, ended);
        }
        if self.exit_status {
            self.end_of_data(port);
        }
    }

    fn tell_end(&self, port: &PortContext<'_>, ended: Ended) {
        match ended {
            Ended::Signalled(number) if self.exit_signal => port.exit_signal(number),
            ended => port.exit_status(ended.status()),
        };
    }

    /// P-320: nobody reads what we write.
    fn write_failed(&mut self, port: &PortContext<'_>, error: Errno) {
        if !(self.keep_reading && error == Errno::PIPE) {
            return fail(port, error);
        }
        if let Some(input) = self.input.take() {
            port.select(input.as_raw_fd(), Interest::WRITE, Select::Off);
        }
        self.waits_for_room = false;
        self.reader_gone = true;
        self.wire.clear_queue(port);
        port.input_closed();
    }

    /// P-300 to P-303: all output is read and, with `exit_status`, the program has
    /// ended.
    fn end_of_data(&mut self, port: &PortContext<'_>) {
        // P-142: a port that only writes never notices.
        if !self.reads || self.output.is_some() || self.errors.is_some() {
            return;
        }
        if self.exit_status {
            let Some(ended) = self.ended else { return };
            if !self.early_status {
                self.tell_end(port, ended);
            }
        }
        port.failure_eof();
    }
}

fn deselect(port: &PortContext<'_>, fd: BorrowedFd<'_>) {
    port.select(fd.as_raw_fd(), Interest::READ, Select::Off);
}

/// A pipe whose ends are close-on-exec and above the descriptors that programs
/// are given.
fn new_pipe() -> Result<(OwnedFd, OwnedFd), Errno> {
    let (read_end, write_end) = pipe_with(PipeFlags::CLOEXEC)?;
    Ok((above_standard(read_end)?, above_standard(write_end)?))
}

fn above_standard(fd: OwnedFd) -> Result<OwnedFd, Errno> {
    if fd.as_raw_fd() > 4 {
        Ok(fd)
    } else {
        rustix::io::fcntl_dupfd_cloexec(&fd, 5)
    }
}

fn argv(file: &Path, program: &ProgramOptions) -> Result<Vec<CString>, Errno> {
    let first = program.arg0.as_deref().unwrap_or(file.as_os_str());
    [first]
        .into_iter()
        .chain(program.args.iter().map(std::ffi::OsString::as_os_str))
        .map(|arg| text(arg.as_bytes()))
        .collect()
}

/// P-152: a host whose working directory is gone starts no programs.
fn check_current_directory() -> Result<(), StartError> {
    match rustix::fs::stat(".").map(|stat| stat.st_nlink) {
        // A directory that was removed has no links left.
        Ok(0) => Err(StartError::Errno(Errno::NOENT.raw_os_error())),
        Ok(_) => Ok(()),
        Err(error) => Err(errno(error)),
    }
}

fn errno(error: Errno) -> StartError {
    StartError::Errno(error.raw_os_error())
}
