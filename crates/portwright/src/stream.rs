//! Ports without a mailbox: a stream of what the port says, and a sink for data.
//!
//! Behind the two halves there is a process of their own, which owns the port and
//! traps exits. Back pressure works both ways: senders wait while the program does
//! not read, and the program is held back by its pipe while nobody reads the
//! stream.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use futures_core::Stream;
use futures_sink::Sink;
use parking_lot::Mutex;
use portwright_term::IoVec;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::port::{Busy, CommandError, NotBusy, Port};
use crate::reactor::block_on;
use crate::{ExitReason, Message, Node, OpenError, PortMessage, PortName, PortSettings, Process};

/// How much of the program's output may wait to be read, unless told otherwise.
const UNREAD_LIMIT: usize = 256 * 1024;

/// A port as a pair of streams, see [`Node::open`].
#[derive(Debug)]
pub struct PortStream {
    input: PortInput,
    events: PortEvents,
}

/// The half that sends data to the port.
///
/// A [`Sink`] of anything that is I/O data, and an [`AsyncWrite`]. Dropping it closes
/// the program's input.
#[derive(Debug)]
pub struct PortInput {
    owner: Arc<Owner>,
    /// Waits while the port is busy. Not the owner, whose mailbox wakes the other half.
    sender: Process,
    waits: Option<NotBusy>,
}

/// The half that receives what the port says.
///
/// A [`Stream`] of messages, and an [`AsyncRead`] of the data in them. When both
/// halves are dropped the port closes.
#[derive(Debug)]
pub struct PortEvents {
    owner: Arc<Owner>,
    /// Data that an `AsyncRead` has begun to read.
    rest: Bytes,
    status: Option<PortMessage>,
    /// The program's data has ended, which a port opened with `eof` outlives.
    at_end: bool,
    ended: bool,
}

/// The port ended with another reason than `normal`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the port ended: {reason}")]
pub struct PortExit {
    /// Why.
    pub reason: ExitReason,
}

#[derive(Debug)]
struct Owner {
    process: Mutex<Process>,
    port: Port,
}

impl Node {
    /// Opens a port as a pair of streams.
    ///
    /// A program that closes its input is no end of the port here: sending fails, and
    /// reading goes on. Its output is held back by its pipe when more than
    /// [`unread_limit`](PortSettings::unread_limit) of it waits to be read.
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use portwright::{Node, PortMessage, PortName, PortSettings};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let node = Node::new();
    /// let (mut input, mut events) =
    ///     node.open(PortName::executable("sort"), PortSettings::new())?.split();
    /// input.send("b\na\n").await?;
    /// input.close().await?;                  // the program sees the end of its input
    /// let mut sorted = Vec::new();
    /// while let Some(event) = events.next().await {
    ///     if let PortMessage::Data(data) = event? {
    ///         sorted.extend_from_slice(&data);
    ///     }
    /// }
    /// assert_eq!(sorted, b"a\nb\n");
    /// # Ok(()) }
    /// ```
    pub fn open(&self, name: PortName, settings: PortSettings) -> Result<PortStream, OpenError> {
        let process = self.attach();
        process.trap_exit(true);
        let unread = settings.unread_limit.unwrap_or(UNREAD_LIMIT);
        let port = process.open_port(name, settings.unread_limit(unread).keep_reading())?;
        let owner = Arc::new(Owner {
            process: Mutex::new(process),
            port,
        });
        Ok(PortStream {
            input: PortInput {
                owner: Arc::clone(&owner),
                sender: self.attach(),
                waits: None,
            },
            events: PortEvents {
                owner,
                rest: Bytes::new(),
                status: None,
                at_end: false,
                ended: false,
            },
        })
    }
}

impl PortStream {
    /// The two halves, which may go to different tasks.
    pub fn split(self) -> (PortInput, PortEvents) {
        (self.input, self.events)
    }

    /// The port behind the streams.
    pub fn port(&self) -> &Port {
        &self.input.owner.port
    }
}

impl PortInput {
    /// The port behind the stream.
    pub fn port(&self) -> &Port {
        &self.owner.port
    }

    /// Sends data, waiting while the port is busy.
    ///
    /// # Errors
    ///
    /// [`CommandError::NotOpen`] when the port has ended, [`CommandError::InputClosed`]
    /// when the program has closed its input.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future while it waits sends nothing.
    pub async fn send(&mut self, data: impl Into<IoVec>) -> Result<(), CommandError> {
        poll_fn(|context| self.poll_not_busy(context)).await?;
        self.give(data.into())
    }

    /// As [`send`](Self::send), for a thread without a runtime.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_blocking(&mut self, data: impl Into<IoVec>) -> Result<(), CommandError> {
        let reactor = self.owner.port.core().node().reactor().clone();
        block_on(&reactor, self.send(data))
    }

    /// Waits until the operating system has taken all data.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send): the data may be lost then.
    pub async fn flush(&mut self) -> Result<(), CommandError> {
        poll_fn(|context| self.poll_drained(context)).await
    }

    /// Closes the program's input once all data is written; waits for that.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), if there was data left to be written.
    pub async fn close(&mut self) -> Result<(), CommandError> {
        // A driver without an input of its own to close has nothing to do here.
        let _ = self.owner.port.core().close_input_now();
        self.flush().await
    }

    fn give(&mut self, data: IoVec) -> Result<(), CommandError> {
        let core = self.owner.port.core();
        match core.check_command(Busy::NoSuspend) {
            // Busy again, by another sender: one more command does no harm.
            Ok(()) | Err(CommandError::Busy) => {
                core.send_command(self.owner.port_owner(), None, data);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn poll_not_busy(&mut self, context: &mut Context<'_>) -> Poll<Result<(), CommandError>> {
        loop {
            if let Some(waits) = &mut self.waits {
                match Pin::new(waits).poll(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(()) => self.waits = None,
                }
            }
            match self.owner.port.core().check_command(Busy::Wait) {
                Err(CommandError::Busy) => {
                    self.waits = Some(self.owner.port.core().not_busy(self.sender.core()));
                }
                result => return Poll::Ready(result),
            }
        }
    }

    fn poll_drained(&mut self, context: &mut Context<'_>) -> Poll<Result<(), CommandError>> {
        let core = self.owner.port.core();
        match core.poll_drained(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(true) => Poll::Ready(Ok(())),
            Poll::Ready(false) => Poll::Ready(Err(CommandError::NotOpen)),
        }
    }
}

impl Owner {
    fn port_owner(&self) -> portwright_term::Pid {
        self.process.lock().pid()
    }
}

impl Drop for PortInput {
    fn drop(&mut self) {
        let _ = self.owner.port.core().close_input_now();
    }
}

impl PortEvents {
    /// The port behind the stream.
    pub fn port(&self) -> &Port {
        &self.owner.port
    }

    /// The next message of the port; `None` after its end. An end with another
    /// reason than `normal` is an error first.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<PortMessage, PortExit>> {
        poll_fn(|context| self.poll_event(context)).await
    }

    /// As [`next`](Self::next), for a thread without a runtime.
    pub fn next_blocking(&mut self) -> Option<Result<PortMessage, PortExit>> {
        let reactor = self.owner.port.core().node().reactor().clone();
        block_on(&reactor, self.next())
    }

    /// How the program ended, once an [`AsyncRead`] has come to that:
    /// [`PortMessage::ExitStatus`] or [`PortMessage::ExitSignal`], with the setting `exit_status`.
    pub fn status(&self) -> Option<&PortMessage> {
        self.status.as_ref()
    }

    fn poll_event(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<PortMessage, PortExit>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        loop {
            let Poll::Ready(message) = self.owner.process.lock().poll_receive(context) else {
                return Poll::Pending;
            };
            let own = self.owner.port.id();
            match message {
                Some(Message::Port { port, message }) if port == own => {
                    if let PortMessage::Data(data)
                    | PortMessage::Line(data)
                    | PortMessage::LinePart(data)
                    | PortMessage::StandardError(data) = &message
                    {
                        self.owner.port.core().taken(data.len());
                    }
                    return Poll::Ready(Some(Ok(message)));
                }
                Some(Message::Exit { from, reason }) if from == own.into() => {
                    self.ended = true;
                    return Poll::Ready((!reason.is_normal()).then_some(Err(PortExit { reason })));
                }
                // Nobody else knows this process; what strangers send is dropped.
                Some(_) => {}
                None => {
                    self.ended = true;
                    return Poll::Ready(None);
                }
            }
        }
    }
}

impl Stream for PortEvents {
    type Item = Result<PortMessage, PortExit>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_event(context)
    }
}

impl<D: Into<IoVec>> Sink<D> for PortInput {
    type Error = CommandError;

    fn poll_ready(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), CommandError>> {
        self.poll_not_busy(context)
    }

    fn start_send(mut self: Pin<&mut Self>, data: D) -> Result<(), CommandError> {
        self.give(data.into())
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), CommandError>> {
        self.poll_drained(context)
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), CommandError>> {
        let _ = self.owner.port.core().close_input_now();
        self.poll_drained(context)
    }
}

impl AsyncWrite for PortInput {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.poll_not_busy(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(())) => Poll::Ready(
                self.give(Bytes::copy_from_slice(data).into())
                    .map(|()| data.len())
                    .map_err(broken_pipe),
            ),
            Poll::Ready(Err(error)) => Poll::Ready(Err(broken_pipe(error))),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_drained(context).map_err(broken_pipe)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let _ = self.owner.port.core().close_input_now();
        self.poll_drained(context).map_err(broken_pipe)
    }
}

impl AsyncRead for PortEvents {
    /// Reads the data of the port's messages, one after another; the end of the
    /// port's data is the end of the file.
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.rest.is_empty() {
            if self.at_end {
                return Poll::Ready(Ok(()));
            }
            match self.poll_event(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None | Some(Ok(PortMessage::Eof))) => self.at_end = true,
                Poll::Ready(Some(Err(exit))) => return Poll::Ready(Err(io::Error::other(exit))),
                Poll::Ready(Some(Ok(message))) => match message {
                    PortMessage::Data(data)
                    | PortMessage::Line(data)
                    | PortMessage::LinePart(data) => {
                        self.rest = data.into_bytes();
                    }
                    PortMessage::ExitStatus(_) | PortMessage::ExitSignal(_) => {
                        self.status = Some(message);
                    }
                    _ => {}
                },
            }
        }
        let count = self.rest.len().min(buffer.remaining());
        buffer.put_slice(&self.rest[..count]);
        self.rest.advance(count);
        Poll::Ready(Ok(()))
    }
}

fn broken_pipe(error: CommandError) -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_on_their_way_when_the_program_closes_its_input_do_no_harm() {
        let node = Node::new();
        // The signal may come when the child is not the other program yet: it holds no output.
        let wait = "sleep 100 >/dev/null 2>&1 & echo closed; wait";
        let script = format!("exec <&-; trap 'echo end; exit' TERM; {wait}");
        let (name, settings) = (
            PortName::executable("sh"),
            PortSettings::new().args(["-c", &script]),
        );
        let (input, mut events) = node.open(name, settings).unwrap().split();
        let Some(Ok(PortMessage::Data(data))) = events.next_blocking() else {
            panic!("no data")
        };
        assert_eq!(&data[..], b"closed\n");
        let core = input.port().core();
        // A program that another test is just starting may have the pipe open, until it runs.
        while core.check_command(Busy::Wait).is_ok() {
            // Both passed the check before the first was handled.
            for _ in 0..2 {
                core.send_command(input.owner.port_owner(), None, "lost".into());
            }
            std::thread::yield_now();
        }
        assert_eq!(
            core.check_command(Busy::Wait),
            Err(CommandError::InputClosed)
        );
        input.port().signal(15, true).unwrap();
        let Some(Ok(PortMessage::Data(data))) = events.next_blocking() else {
            panic!("no last word")
        };
        assert_eq!(&data[..], b"end\n");
        assert_eq!(events.next_blocking(), None);
    }
}
