//! The shell without a terminal: commands come from standard input, as they are.

use std::io::{self, BufRead, Write};
use std::sync::Arc;

use portwright_shell::Standard;
use portwright_shell::shell::{Show, Typed, typed};

use super::session::{Session, Went};
use super::{banner, behind_full_stop};
use crate::complaint::Failure;
use crate::eval::{exit_code, runtime};

/// Reads commands to the end of standard input.
///
/// Prompts are printed as `erl` prints them. Expressions that read standard input
/// themselves get the lines behind their own.
pub(super) fn converse() -> Result<u8, Failure> {
    let runtime = runtime()?;
    let within = runtime.enter();
    let mut session = Session::new(Arc::new(Standard), false, Show::default());
    // The banner is UTF-8 whatever the encoding of values is.
    let mut out = io::stdout().lock();
    if out
        .write_all(banner().as_bytes())
        .and_then(|()| out.flush())
        .is_err()
    {
        return Ok(0);
    }
    drop(out);
    let ended = runtime.block_on(read_commands(&mut session))?;
    drop(session);
    drop(within);
    runtime.shutdown_background();
    Ok(match ended {
        Went::On => 0,
        Went::Halted(status) => exit_code(status),
    })
}

async fn read_commands(session: &mut Session) -> Result<Went, Failure> {
    let mut pending = String::new();
    loop {
        if let went @ Went::Halted(_) = session.print(&session.prompt()) {
            return Ok(went);
        }
        let command = loop {
            if let Typed::Whole(command, rest) = typed(&pending) {
                let (command, rest) = (command.to_owned(), behind_full_stop(rest).to_owned());
                pending = rest;
                break command;
            }
            match next_line(session).await? {
                Line::Text(line) => pending.push_str(&line),
                Line::Halted(status) => return Ok(Went::Halted(status)),
                Line::End => {
                    // What is left has no full stop, which the parser says best.
                    if typed(&pending) == Typed::Part {
                        session.run(&pending, std::future::pending()).await;
                    } else {
                        session.print("\n");
                    }
                    return Ok(Went::On);
                }
            }
        };
        if let went @ Went::Halted(_) = session.run(&command, std::future::pending()).await {
            return Ok(went);
        }
    }
}

enum Line {
    Text(String),
    End,
    Halted(i32),
}

/// A line of standard input, unless something halts before it comes.
async fn next_line(session: &Session) -> Result<Line, Failure> {
    let read = tokio::task::spawn_blocking(|| {
        let mut line = Vec::new();
        io::stdin()
            .lock()
            .read_until(b'\n', &mut line)
            .map(|_| line)
    });
    let line = tokio::select! {
        biased;
        status = session.wait_halted() => return Ok(Line::Halted(status)),
        line = read => line,
    };
    match line.map_err(io::Error::other).and_then(|line| line) {
        Ok(line) if line.is_empty() => Ok(Line::End),
        Ok(line) => Ok(Line::Text(match String::from_utf8(line) {
            Ok(line) => line,
            Err(error) => error.into_bytes().into_iter().map(char::from).collect(),
        })),
        Err(error) => Err(Failure::own(format!("cannot read standard input: {error}"))),
    }
}
