//! The trait that connects something to a port.

use std::any::Any;
use std::os::fd::RawFd;

use portwright_term::{IoVec, Term};

use crate::{BadArgument, MonitorId, NotSupported, PortContext, Reply, ReplyRoom, StartError};

/// What a port is connected to: the callbacks of driver_entry(3).
///
/// Every callback but `start` has a default that does what OTP does for a
/// driver whose entry leaves the field `NULL`. The port's context is lent for
/// the call only; state lives in `self`.
///
/// A panic in a callback ends that port with reason `driver_panic`; the host and
/// its other ports go on.
///
/// # Source
///
/// driver_entry(3) of OTP 25.
pub trait Driver: Send + 'static {
    /// Opens a port of this driver.
    ///
    /// `command` is the whole command string of `open_port/2`, driver name
    /// included (`"upper with words"`). The port already accepts output, timers,
    /// selects and jobs while this runs. After an error the port is gone and
    /// `stop` is not called.
    ///
    /// # Errors
    ///
    /// A [`StartError`] becomes the exception of `open_port/2`.
    fn start(port: &PortContext<'_>, command: &[u8]) -> Result<Self, StartError>
    where
        Self: Sized;

    /// The port terminates: the last callback.
    fn stop(&mut self, port: &PortContext<'_>) {
        let _ = port;
    }

    /// A process sent `data` to the port, gathered into one slice.
    ///
    /// Not called by hosts when [`Driver::outputv`] is overridden.
    fn output(&mut self, port: &PortContext<'_>, data: &[u8]) {
        let _ = (port, data);
    }

    /// A process sent `data` to the port; large binaries are shared, not copied.
    ///
    /// The default gathers the pieces and calls [`Driver::output`].
    fn outputv(&mut self, port: &PortContext<'_>, data: IoVec) {
        match data.pieces() {
            [] => self.output(port, &[]),
            [only] => self.output(port, only),
            _ => self.output(port, &data.into_bytes()),
        }
    }

    /// `port_control/3`: answers the caller at once.
    ///
    /// # Errors
    ///
    /// [`BadArgument`] raises `badarg` in the caller; so does the default.
    fn control(
        &mut self,
        port: &PortContext<'_>,
        operation: u32,
        data: &[u8],
    ) -> Result<Reply, BadArgument> {
        let _ = (port, operation, data);
        Err(BadArgument)
    }

    /// As [`control`](Self::control), with the reply made in `room`. Hosts call this; only
    /// drivers that are fast enough to care implement it.
    ///
    /// # Errors
    ///
    /// As [`control`](Self::control).
    fn control_into(
        &mut self,
        port: &PortContext<'_>,
        operation: u32,
        data: &[u8],
        room: &mut ReplyRoom,
    ) -> Result<(), BadArgument> {
        room.put(self.control(port, operation, data)?);
        Ok(())
    }

    /// `erlang:port_call/3`: a term in, a term out.
    ///
    /// # Errors
    ///
    /// [`BadArgument`] raises `badarg` in the caller; so does the default.
    fn call(
        &mut self,
        port: &PortContext<'_>,
        operation: u32,
        argument: Term,
    ) -> Result<Term, BadArgument> {
        let _ = (port, operation, argument);
        Err(BadArgument)
    }

    /// As [`call`](Self::call), with the answer put where the argument stood. Hosts call
    /// this; only drivers that are fast enough to care implement it. After an error the
    /// argument may be gone.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    fn call_in_place(
        &mut self,
        port: &PortContext<'_>,
        operation: u32,
        term: &mut Term,
    ) -> Result<(), BadArgument> {
        let argument = std::mem::replace(term, Term::Nil);
        *term = self.call(port, operation, argument)?;
        Ok(())
    }

    /// A descriptor selected for reading is readable, at end of file or broken.
    /// Called again and again while that stays so.
    fn ready_input(&mut self, port: &PortContext<'_>, fd: RawFd) {
        port.select(fd, crate::Interest::READ, crate::Select::Off);
    }

    /// A descriptor selected for writing takes data, or is broken. Called again
    /// and again while that stays so.
    fn ready_output(&mut self, port: &PortContext<'_>, fd: RawFd) {
        port.select(fd, crate::Interest::WRITE, crate::Select::Off);
    }

    /// The timer of [`PortContext::set_timer`] expired.
    fn timeout(&mut self, port: &PortContext<'_>) {
        let _ = port;
    }

    /// A job of [`PortContext::async_job`] is done; `result` is what it returned.
    /// Not called when the port ended before the job: the result is dropped.
    fn ready_async(&mut self, port: &PortContext<'_>, result: Box<dyn Any + Send>) {
        let _ = (port, result);
    }

    /// A process monitored with [`PortContext::monitor_process`] died.
    fn process_exit(&mut self, port: &PortContext<'_>, monitor: MonitorId) {
        let _ = (port, monitor);
    }

    /// The port is closing with data still in its queue. The port lingers until
    /// some callback has emptied the queue.
    fn flush(&mut self, port: &PortContext<'_>) {
        let _ = port;
    }

    /// Something that Portwright asks beyond driver_entry(3), see [`Request`].
    ///
    /// # Errors
    ///
    /// [`NotSupported`], also by default.
    fn request(&mut self, port: &PortContext<'_>, request: Request) -> Result<(), NotSupported> {
        let _ = (port, request);
        Err(NotSupported)
    }
}

/// What the port may ask of a driver beyond driver_entry(3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request {
    /// The owner has no more input: let what is behind the driver see the end of
    /// its input once the queue is written, and read on.
    CloseInput,
    /// Write now what the driver has put off writing: somebody looks at the queue.
    WriteNow,
    /// Send a signal to the program behind the driver, or to its whole process
    /// group.
    Signal {
        /// The signal's number.
        number: i32,
        /// Whether the whole process group gets it.
        group: bool,
    },
}
