//! `portwright run`: a program behind a port, its conversation on our output.
//!
//! The port is opened as a stream, so that back pressure works both ways: a program that
//! talks faster than our output is read is held back by its pipe, and standard input is read
//! no faster than the program reads. Four threads, for each of these may wait for ever on
//! its own: reading standard input, receiving and printing, interrupts, the deadline.

mod descriptor;
pub(crate) mod input;
pub(crate) mod json;
pub(crate) mod output;
pub(crate) mod settings;
pub(crate) mod signals;
mod watch;

use std::io;
use std::time::Duration;

use portwright::{ExitReason, Message, Node, OpenError, Port, PortEvents, PortMessage, Process};
use rustix::io::Errno;

use crate::arguments::{InputFormat, RunArguments};
use crate::complaint::Failure;
use output::Printer;
use settings::Request;
use signals::Interrupts;
use watch::Watch;

pub(crate) use watch::TIMED_OUT;

/// As shells have it.
pub(crate) const NOT_EXECUTABLE: u8 = 126;
/// As shells have it.
pub(crate) const NOT_FOUND: u8 = 127;

/// How long a port that only sends waits for the program's standard error after its end.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Runs the program; its exit code.
pub(crate) fn run(arguments: &RunArguments) -> Result<u8, Failure> {
    let request = Request::new(arguments)?;
    let cannot = |what| move |error: io::Error| Failure::own(format!("cannot {what}: {error}"));
    let interrupts = Interrupts::catch().map_err(cannot("catch interrupts"))?;
    let node = Node::builder().build().map_err(cannot("make a node"))?;
    let stream = node
        .open(request.name.clone(), request.settings.clone())
        .map_err(|error| not_started(&error))?;
    let port = stream.port().clone();
    let (input, events) = stream.split();
    interrupts
        .pass_on(port.clone())
        .map_err(cannot("start a thread"))?;
    let watch = Watch::start(&node, port.clone(), arguments.deadline, arguments.grace)
        .map_err(cannot("start a thread"))?;
    if request.writes {
        let format = arguments.input.unwrap_or(if request.packets {
            InputFormat::Lines
        } else {
            InputFormat::Raw
        });
        input::pass_on(input, format, !request.packets).map_err(cannot("start a thread"))?;
    }
    let conversation = Conversation {
        me: node.attach(),
        port,
        request,
        watch,
        printer: Printer::new(arguments.output),
        reader: Reader::Listening,
        ended: None,
    };
    conversation.hold(events)
}

fn not_started(error: &OpenError) -> Failure {
    let OpenError::Program { source, .. } = error else {
        return Failure::own(error);
    };
    Failure {
        message: error.to_string(),
        code: match Errno::from_io_error(source) {
            Some(Errno::NOENT) => NOT_FOUND,
            // No program would have been started.
            None | Some(Errno::MFILE | Errno::NFILE | Errno::AGAIN | Errno::NOMEM) => {
                crate::OWN_FAILURE
            }
            Some(_) => NOT_EXECUTABLE,
        },
    }
}

/// Who reads our output.
enum Reader {
    /// Somebody.
    Listening,
    /// Nobody any more.
    Gone,
    /// It cannot be written, for this reason.
    Failed(io::Error),
}

/// How the program ended.
struct Ended {
    status: PortMessage,
    /// The exit code of a shell.
    code: u8,
    /// It was before the deadline.
    in_time: bool,
}

/// What goes on between the port and our output.
struct Conversation {
    me: Process,
    port: Port,
    request: Request,
    watch: Watch,
    printer: Printer,
    reader: Reader,
    ended: Option<Ended>,
}

impl Conversation {
    /// Prints everything up to the port's end; the exit code.
    fn hold(mut self, mut events: PortEvents) -> Result<u8, Failure> {
        let mut last_words = None;
        let failed = loop {
            let message = match events.next_blocking() {
                None => break None,
                Some(Err(exit)) => break Some(exit.reason),
                Some(Ok(message)) => message,
            };
            match message {
                PortMessage::ExitStatus(status) => self.ended(status, message),
                PortMessage::ExitSignal(number) => {
                    let status = 128 + number;
                    let shown = if self.request.exit_signal {
                        message
                    } else {
                        PortMessage::ExitStatus(status)
                    };
                    self.ended(status, shown);
                }
                PortMessage::Eof => {
                    self.print_status();
                    self.print(PortMessage::Eof);
                    let _ = self.me.close(&self.port);
                }
                message => self.print(message),
            }
            // A port that only sends never notices that its program is gone.
            if self.ended.is_some() && !self.request.reads {
                if !self.request.stderr {
                    let _ = self.me.close(&self.port);
                } else if last_words.is_none() {
                    let (me, port) = (self.me.node().attach(), self.port.clone());
                    let close = move || {
                        let _ = me.close(&port);
                    };
                    last_words = Some(self.me.node().after(LAST_WORDS, close));
                }
            }
        };
        self.print_status();
        let reason = failed.clone().unwrap_or_else(ExitReason::normal);
        self.print_message(&Message::Exit {
            from: self.port.id().into(),
            reason,
        });
        self.exit_code(failed)
    }

    fn exit_code(self, failed: Option<ExitReason>) -> Result<u8, Failure> {
        match (self.reader, self.ended, failed) {
            (Reader::Failed(error), ..) => {
                Err(Failure::own(format!("cannot write the output: {error}")))
            }
            (Reader::Gone, ..) => Ok(0),
            (
                _,
                Some(Ended {
                    in_time: true,
                    code,
                    ..
                }),
                None,
            ) => Ok(code),
            _ if self.watch.timed_out() => Ok(TIMED_OUT),
            (_, _, Some(reason)) => {
                let reason = reason.to_string();
                let hint = if self.request.packets && reason == "einval" {
                    "; is a packet longer than its header can count?"
                } else {
                    ""
                };
                Err(Failure::own(format!("the port ended: {reason}{hint}")))
            }
            (_, Some(ended), None) => Ok(ended.code),
            (_, None, None) => Err(Failure::own("the port was closed before the program ended")),
        }
    }

    /// The program has ended. It is told last, as in Erlang; here we hear of it while
    /// output may still be on its way.
    fn ended(&mut self, status: i32, shown: PortMessage) {
        self.ended = Some(Ended {
            status: shown,
            code: (status & 0xff) as u8,
            in_time: !self.watch.timed_out(),
        });
    }

    fn print_status(&mut self) {
        if self.request.exit_status
            && let Some(ended) = &self.ended
        {
            self.print(ended.status.clone());
            self.request.exit_status = false;
        }
    }

    fn print(&mut self, message: PortMessage) {
        self.print_message(&Message::Port {
            port: self.port.id(),
            message,
        });
    }

    fn print_message(&mut self, message: &Message) {
        if !matches!(self.reader, Reader::Listening) {
            return;
        }
        if let Err(error) = self.printer.print(message) {
            self.reader = if error.kind() == io::ErrorKind::BrokenPipe {
                Reader::Gone
            } else {
                Reader::Failed(error)
            };
            self.watch.stop();
        }
    }
}
