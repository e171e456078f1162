//! From standard input to the port.

use std::io;
use std::thread;

use portwright::{Bytes, PortInput};

use super::descriptor::read_some;
use crate::arguments::InputFormat;
use crate::complaint::complain;

/// Read at a time: what a pipe holds.
const CHUNK_BYTES: usize = 64 * 1024;

/// Passes standard input on, on a thread of its own: a read may never return. At the end of
/// standard input the program's input is closed.
pub(super) fn pass_on(
    input: PortInput,
    format: InputFormat,
    keep_newlines: bool,
) -> io::Result<()> {
    // Dropping `input` on any way out closes the program's input.
    let mut input = input;
    on_a_thread(move || {
        feed(format, keep_newlines, |command| {
            input.send_blocking(command)
        })
    })
}

/// Runs `read` on a thread of its own; an error is said.
pub(crate) fn on_a_thread(
    read: impl FnOnce() -> io::Result<()> + Send + 'static,
) -> io::Result<()> {
    let read = move || {
        if let Err(error) = read() {
            complain(&format_args!("cannot read standard input: {error}"));
        }
    };
    thread::Builder::new().name("input".into()).spawn(read)?;
    Ok(())
}

/// Reads standard input to its end and hands it to `send` as commands, until that fails: a program
/// that has closed its input, or is gone, reads no more, which is no error.
pub(crate) fn feed<E>(
    format: InputFormat,
    keep_newlines: bool,
    mut send: impl FnMut(Bytes) -> Result<(), E>,
) -> io::Result<()> {
    let stdin = rustix::stdio::stdin();
    let mut gathered = Gathered::new(format, keep_newlines);
    loop {
        let chunk = read_some(stdin, CHUNK_BYTES)?;
        let is_end = chunk.is_empty();
        let sent = if is_end {
            gathered.finish(&mut send)
        } else {
            gathered.add(chunk, &mut send)
        };
        if is_end || sent.is_err() {
            return Ok(());
        }
    }
}

/// What has been read and makes no whole command yet.
struct Gathered {
    format: InputFormat,
    keep_newlines: bool,
    bytes: Vec<u8>,
}

impl Gathered {
    fn new(format: InputFormat, keep_newlines: bool) -> Self {
        Self {
            format,
            keep_newlines,
            bytes: Vec::new(),
        }
    }

    fn add<E>(
        &mut self,
        chunk: Bytes,
        send: &mut impl FnMut(Bytes) -> Result<(), E>,
    ) -> Result<(), E> {
        match self.format {
            InputFormat::Raw => send(chunk),
            InputFormat::Whole => {
                self.bytes.extend_from_slice(&chunk);
                Ok(())
            }
            InputFormat::Lines => {
                let mut rest = chunk;
                while let Some(newline) = rest.iter().position(|byte| *byte == b'\n') {
                    let mut line = rest.split_to(newline + 1);
                    if !self.keep_newlines {
                        line.truncate(newline);
                    }
                    send(self.complete(line))?;
                }
                self.bytes.extend_from_slice(&rest);
                Ok(())
            }
        }
    }

    /// The command that ends with `end`, a copy only where it began in another chunk.
    fn complete(&mut self, end: Bytes) -> Bytes {
        if self.bytes.is_empty() {
            return end;
        }
        self.bytes.extend_from_slice(&end);
        std::mem::take(&mut self.bytes).into()
    }

    /// The end of standard input: what is left is the last command.
    fn finish<E>(&mut self, send: &mut impl FnMut(Bytes) -> Result<(), E>) -> Result<(), E> {
        if self.bytes.is_empty() && self.format != InputFormat::Whole {
            return Ok(());
        }
        send(std::mem::take(&mut self.bytes).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(format: InputFormat, keep_newlines: bool, chunks: &[&'static str], expect: &[&str]) {
        let mut gathered = Gathered::new(format, keep_newlines);
        let mut commands = Vec::new();
        let mut send = |command: Bytes| {
            commands.push(command);
            Ok::<(), ()>(())
        };
        for chunk in chunks {
            gathered
                .add(Bytes::from_static(chunk.as_bytes()), &mut send)
                .unwrap();
        }
        gathered.finish(&mut send).unwrap();
        assert_eq!(commands, expect);
    }

    #[test]
    fn chunks_become_commands() {
        let chunks = &["a", "b\nc\n\nd", "e\n", "f"];
        check(InputFormat::Raw, true, chunks, chunks);
        check(
            InputFormat::Lines,
            false,
            chunks,
            &["ab", "c", "", "de", "f"],
        );
        check(
            InputFormat::Lines,
            true,
            chunks,
            &["ab\n", "c\n", "\n", "de\n", "f"],
        );
        check(InputFormat::Whole, false, chunks, &["ab\nc\n\nde\nf"]);
    }

    #[test]
    fn no_input_is_no_command_unless_the_whole_is_one() {
        check(InputFormat::Raw, true, &[], &[]);
        check(InputFormat::Lines, false, &[], &[]);
        check(InputFormat::Whole, false, &[], &[""]);
    }
}
