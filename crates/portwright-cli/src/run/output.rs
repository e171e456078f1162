//! Writing what the port says.

use std::io::{self, Write};

use portwright::{Message, PortMessage};

use super::descriptor::write_all;
use super::json;
use crate::arguments::OutputFormat;

/// Prints messages to our standard output.
pub(super) struct Printer {
    format: OutputFormat,
    line: Vec<u8>,
}

impl Printer {
    pub(super) fn new(format: OutputFormat) -> Self {
        Self {
            format,
            line: Vec::new(),
        }
    }

    /// Prints one message, at once and whole.
    pub(super) fn print(&mut self, message: &Message) -> io::Result<()> {
        self.line.clear();
        match self.format {
            OutputFormat::Terms => writeln!(self.line, "{message}")?,
            OutputFormat::Json => json::write(&mut self.line, message),
            OutputFormat::Raw => return self.print_raw(message),
        }
        write_all(rustix::stdio::stdout(), &self.line)
    }

    /// The data alone. The bytes go out as they came in, without a copy.
    fn print_raw(&mut self, message: &Message) -> io::Result<()> {
        let Message::Port { message, .. } = message else {
            return Ok(());
        };
        match message {
            PortMessage::Data(data) => write_all(rustix::stdio::stdout(), data),
            PortMessage::Line { data, complete } => {
                self.line.extend_from_slice(data);
                if *complete {
                    self.line.push(b'\n');
                }
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
