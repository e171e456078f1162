//! The driver behind `{fd,In,Out}`.

use std::os::fd::RawFd;

use portwright_driver::{Driver, Interest, PortContext, PortTarget, Select, StartError};
use portwright_term::IoVec;
use rustix::io::Errno;

use super::fail;
use super::wire::{Read, Wire, read};
use crate::descriptor::borrow;

/// What a pipe that is ready to be written takes without blocking (`PIPE_BUF`).
const CHUNK_BYTES: usize = 4096;

/// Descriptors that were open before the port, and stay open after it.
///
/// They belong to others as well, so they are not made non-blocking: a
/// descriptor is read once when it is readable, and written a little when it is
/// writable.
pub(super) struct FdDriver {
    input: Option<RawFd>,
    output: Option<RawFd>,
    wire: Wire,
}

impl Driver for FdDriver {
    fn start(port: &PortContext<'_>, _command: &[u8]) -> Result<Self, StartError> {
        let options = port.options().ok_or(StartError::BadArgument)?;
        let PortTarget::Descriptors { input, output } = options.target else {
            return Err(StartError::BadArgument);
        };
        let input = options.reads.then_some(input);
        let output = options.writes.then_some(output);
        if let Some(fd) = input
            && !port.select(fd, Interest::READ, Select::On)
        {
            // P-055: such a port opens, and never says anything.
            tracing::warn!(port = %port.id(), fd, "the input descriptor cannot be watched");
        }
        Ok(Self {
            input,
            output,
            wire: Wire::new(options.framing),
        })
    }

    fn outputv(&mut self, port: &PortContext<'_>, data: IoVec) {
        let Some(output) = self.output else {
            return fail(port, Errno::BADF);
        };
        let Some(data) = self.wire.frame(data) else {
            return fail(port, Errno::INVAL);
        };
        if data.is_empty() {
            return;
        }
        self.wire.enqueue(port, data);
        if !port.select(output, Interest::WRITE, Select::On) {
            fail(port, Errno::BADF);
        }
    }

    fn ready_output(&mut self, port: &PortContext<'_>, fd: RawFd) {
        match self.wire.write_queue(port, borrow(fd), Some(CHUNK_BYTES)) {
            Ok(false) => {}
            Ok(true) => {
                port.select(fd, Interest::WRITE, Select::Off);
            }
            Err(error) => fail(port, error),
        }
    }

    fn ready_input(&mut self, port: &PortContext<'_>, fd: RawFd) {
        if self.input != Some(fd) {
            return;
        }
        match read(borrow(fd)) {
            Ok(Read::Data(data)) => {
                self.wire.deliver(port, data);
            }
            Ok(Read::Nothing) => {}
            Ok(Read::End) => {
                port.select(fd, Interest::READ, Select::Off);
                port.failure_eof();
            }
            Err(error) => fail(port, error),
        }
    }
}
