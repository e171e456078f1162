//! The driver behind a bare file name, which OTP calls `vanilla`.

use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

use portwright_driver::{Driver, Interest, PortContext, PortTarget, Select, StartError};
use portwright_term::IoVec;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::fail;
use super::wire::{Read, Wire, read, write};

/// A file that is read to its end, and written where reading has come to.
pub(super) struct VanillaDriver {
    file: OwnedFd,
    writes: bool,
    wire: Wire,
}

impl Driver for VanillaDriver {
    fn start(port: &PortContext<'_>, _command: &[u8]) -> Result<Self, StartError> {
        let options = port.options().ok_or(StartError::BadArgument)?;
        let PortTarget::Vanilla { file } = &options.target else {
            return Err(StartError::BadArgument);
        };
        let access = match (options.reads, options.writes) {
            (true, false) => OFlags::RDONLY,
            (false, _) => OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC,
            (true, true) => OFlags::RDWR | OFlags::CREATE,
        };
        let flags = access | OFlags::NONBLOCK | OFlags::CLOEXEC;
        // Whatever the reason is, OTP says `einval`.
        let file = rustix::fs::open(file, flags, Mode::from_raw_mode(0o666))
            .map_err(|_| StartError::General)?;
        if options.reads && !port.select(file.as_raw_fd(), Interest::READ, Select::On) {
            return Err(StartError::General);
        }
        Ok(Self {
            file,
            writes: options.writes,
            wire: Wire::new(options.framing),
        })
    }

    fn outputv(&mut self, port: &PortContext<'_>, data: IoVec) {
        if !self.writes {
            return fail(port, Errno::BADF);
        }
        let Some(data) = self.wire.frame(data) else {
            return fail(port, Errno::INVAL);
        };
        if self.wire.queued() > 0 {
            return self.wire.enqueue(port, data);
        }
        match write(self.file.as_fd(), data) {
            Ok(left) if left.is_empty() => {}
            Ok(left) => {
                self.wire.enqueue(port, left);
                port.select(self.file.as_raw_fd(), Interest::WRITE, Select::On);
            }
            Err(error) => fail(port, error),
        }
    }

    fn ready_output(&mut self, port: &PortContext<'_>, fd: RawFd) {
        match self.wire.write_queue(port, self.file.as_fd(), None) {
            Ok(false) => {}
            Ok(true) => {
                port.select(fd, Interest::WRITE, Select::Off);
            }
            Err(error) => fail(port, error),
        }
    }

    fn ready_input(&mut self, port: &PortContext<'_>, fd: RawFd) {
        match read(self.file.as_fd()) {
            Ok(Read::Data(data)) => {
                self.wire.deliver(port, data);
            }
            Ok(Read::Nothing) => {}
            Ok(Read::End) => {
                port.select(fd, Interest::READ, Select::Off);
                port.failure_eof();
            }
            // A folder can be opened, and never says anything.
            Err(Errno::ISDIR) => {
                port.select(fd, Interest::READ, Select::Off);
            }
            Err(error) => fail(port, error),
        }
    }
}
