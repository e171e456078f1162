//! Writing what the port says.

use std::io::{self, Write};

use portwright::{Message, PortId, PortMessage, Reply, Term};

use super::descriptor::write_all;
use super::json;
use crate::arguments::OutputFormat;

/// What a driver answers at once.
pub(crate) enum Answer {
    /// To `port_control/3`.
    Control(Reply),
    /// To `port_call/3`.
    Call(Term),
}

/// Prints messages to our standard output.
pub(crate) struct Printer {
    format: OutputFormat,
    line: Vec<u8>,
}

impl Printer {
    pub(crate) fn new(format: OutputFormat) -> Self {
        Self {
            format,
            line: Vec::new(),
        }
    }

    /// Prints one message, at once and whole.
    pub(crate) fn print(&mut self, message: &Message) -> io::Result<()> {
        self.line.clear();
        match self.format {
            OutputFormat::Terms => writeln!(self.line, "{message}")?,
            OutputFormat::Json => json::write(&mut self.line, message),
            OutputFormat::Raw => return self.print_raw(message),
        }
        write_all(rustix::stdio::stdout(), &self.line)
    }

    /// Prints the answer of a driver to `port_control/3` or `port_call/3`, at once and whole.
    pub(crate) fn print_answer(&mut self, port: PortId, answer: &Answer) -> io::Result<()> {
        self.line.clear();
        match (self.format, answer) {
            (OutputFormat::Terms, Answer::Control(reply)) => {
                writeln!(self.line, "{{{port},{{control,{}}}}}", reply.to_term())?;
            }
            (OutputFormat::Terms, Answer::Call(term)) => {
                writeln!(self.line, "{{{port},{{call,{term}}}}}")?;
            }
            (OutputFormat::Json, answer) => json::write_answer(&mut self.line, port, answer),
            (OutputFormat::Raw, Answer::Control(reply)) => {
                self.line.extend_from_slice(reply.bytes());
            }
            (OutputFormat::Raw, Answer::Call(term)) => writeln!(self.line, "{term}")?,
        }
        write_all(rustix::stdio::stdout(), &self.line)
    }

    /// The data alone. The bytes go out as they came in, without a copy.
    fn print_raw(&mut self, message: &Message) -> io::Result<()> {
        let Message::Port { message, .. } = message else {
            return Ok(());
        };
        match message {
            PortMessage::Data(data) | PortMessage::LinePart(data) => {
                write_all(rustix::stdio::stdout(), data)
            }
            PortMessage::Line(data) => {
                self.line.extend_from_slice(data);
                self.line.push(b'\n');
                write_all(rustix::stdio::stdout(), &self.line)
            }
            PortMessage::StandardError(data) => {
                // As for the program itself: who closes standard error wants none of it.
                let _ = write_all(rustix::stdio::stderr(), data);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
