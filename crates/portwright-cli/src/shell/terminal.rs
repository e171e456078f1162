//! The shell in a terminal: line editing, history, completion, interrupts.

use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portwright_shell::shell::{Show, Typed, typed};
use portwright_shell::{Output, Standard, Stream};
use portwright_term::text::Encoding;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Editor, Helper};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::completion::Functions;
use super::session::{Session, Went};
use super::{banner, behind_full_stop};
use crate::complaint::{Failure, complain};
use crate::eval::{exit_code, locale_is_unicode, runtime};

/// Lines of history that are kept in the file.
const HISTORY_LINES: usize = 10_000;

/// Converses until the end of the input or of everything.
pub(super) fn converse() -> Result<u8, Failure> {
    let broken = |error| Failure::own(format!("cannot use the terminal: {error}"));
    let mut editor = editor().map_err(broken)?;
    let history = history_file();
    if let Some(path) = &history {
        // Without a file there is no history yet.
        let _ = editor.load_history(path);
    }
    let output = Arc::new(Terminal::default());
    if let Some(helper) = editor.helper_mut() {
        helper.edited = output.edited.clone();
    }
    let runtime = runtime()?;
    let within = runtime.enter();
    let unicode = locale_is_unicode();
    let mut interrupts = signal(SignalKind::interrupt())
        .map_err(|error| Failure::own(format!("cannot watch for interrupts: {error}")))?;
    let show = Show {
        encoding: if unicode {
            Encoding::Unicode
        } else {
            Encoding::Latin1
        },
        ..Show::default()
    };
    let mut session = Session::new(output.clone(), unicode, show);
    let mut banner = banner();
    if !unicode {
        banner = banner.replace('·', "-");
    }
    session.print(&banner);
    let mut pending = String::new();
    let status = loop {
        let prompt = session.prompt();
        let command = match typed(&pending) {
            Typed::Whole(command, rest) => {
                session.print(&format!("{prompt}{}\n", command.trim_start()));
                let (command, rest) = (command.to_owned(), behind_full_stop(rest).to_owned());
                pending = rest;
                command
            }
            left => {
                let start = if left == Typed::Part {
                    pending.trim_start()
                } else {
                    ""
                };
                if let Some(helper) = editor.helper_mut() {
                    helper.variables.replace(session.variables());
                }
                output.begin(&prompt, start);
                let line = editor.readline_with_initial(&prompt, (start, ""));
                output.end();
                pending.clear();
                match line {
                    Ok(line) => {
                        remember(&mut editor, history.as_ref(), &line);
                        pending = line;
                        // The full stop ends with the line.
                        pending.push('\n');
                    }
                    Err(ReadlineError::Interrupted) => {}
                    Err(ReadlineError::Eof) => {
                        session.print("\n");
                        break 0;
                    }
                    Err(error) => return Err(broken(error)),
                }
                match typed(&pending) {
                    Typed::Whole(command, rest) => {
                        let (command, rest) =
                            (command.to_owned(), behind_full_stop(rest).to_owned());
                        pending = rest;
                        command
                    }
                    Typed::Nothing | Typed::Part => {
                        if let Went::Halted(status) = session.print("") {
                            break status;
                        }
                        continue;
                    }
                }
            }
        };
        if let Some(columns) = editor.dimensions().map(|(columns, _)| usize::from(columns)) {
            session.set_columns(columns);
        }
        let went = runtime.block_on(async {
            drain(&mut interrupts).await;
            session.run(&command, interrupted(&mut interrupts)).await
        });
        if let Went::Halted(status) = went {
            break status;
        }
    };
    drop(session);
    drop(within);
    runtime.shutdown_background();
    Ok(exit_code(status))
}

/// An interrupt from before the command was typed is not meant for it.
async fn drain(interrupts: &mut Signal) {
    tokio::select! {
        biased;
        _ = interrupts.recv() => {}
        () = std::future::ready(()) => {}
    }
}

/// Waits for Ctrl-C; without signals for ever.
async fn interrupted(interrupts: &mut Signal) {
    if interrupts.recv().await.is_none() {
        std::future::pending::<()>().await;
    }
}

/// Writes around the line that is being edited.
#[derive(Default)]
struct Terminal {
    edited: Arc<Mutex<Option<Edited>>>,
}

/// The line that is being edited, to be shown again below what is printed.
#[derive(Default)]
struct Edited {
    prompt: String,
    line: String,
    /// Bytes before the cursor.
    position: usize,
}

impl Terminal {
    fn begin(&self, prompt: &str, line: &str) {
        *lock(&self.edited) = Some(Edited {
            prompt: prompt.to_owned(),
            line: line.to_owned(),
            position: line.len(),
        });
    }

    fn end(&self) {
        *lock(&self.edited) = None;
    }
}

fn lock(edited: &Mutex<Option<Edited>>) -> MutexGuard<'_, Option<Edited>> {
    edited.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Output for Terminal {
    fn write(&self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        // Held while writing, so that two processes do not mix.
        let edited = lock(&self.edited);
        let Some(edited) = edited.as_ref() else {
            return Standard.write(stream, bytes);
        };
        // The editor has switched the terminal's own treatment of newlines off.
        let text = String::from_utf8_lossy(bytes).replace('\n', "\r\n");
        let newline = if text.ends_with('\n') { "" } else { "\r\n" };
        let line = edited.line.replace('\n', "\r\n");
        let mut shown = format!("\r\x1b[J{text}{newline}{}{line}", edited.prompt);
        let behind = edited
            .line
            .get(edited.position..)
            .unwrap_or("")
            .chars()
            .count();
        if behind > 0 {
            shown.push_str(&format!("\x1b[{behind}D"));
        }
        Standard.write(stream, shown.as_bytes())
    }

    fn read_line(&self) -> io::Result<Vec<u8>> {
        Standard.read_line()
    }
}

/// What helps with the line that is being edited.
struct Assistant {
    functions: Functions,
    /// Those that have values.
    variables: RefCell<Vec<String>>,
    edited: Arc<Mutex<Option<Edited>>>,
}

impl Completer for Assistant {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let text = line.get(..position).unwrap_or(line);
        Ok(self.functions.complete(text, &self.variables.borrow()))
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match typed(&format!("{}\n", context.input())) {
            Typed::Part => ValidationResult::Incomplete,
            Typed::Nothing | Typed::Whole(..) => ValidationResult::Valid(None),
        })
    }
}

impl Hinter for Assistant {
    type Hint = String;
}

impl Highlighter for Assistant {
    /// Colours nothing: this is where the editor tells what the line is.
    fn highlight_char(&self, line: &str, position: usize, _: CmdKind) -> bool {
        if let Some(edited) = lock(&self.edited).as_mut() {
            line.clone_into(&mut edited.line);
            edited.position = position;
        }
        false
    }
}

impl Helper for Assistant {}

fn editor() -> rustyline::Result<Editor<Assistant, FileHistory>> {
    let config = Config::builder()
        .max_history_size(HISTORY_LINES)?
        .history_ignore_dups(true)?
        .completion_type(CompletionType::List)
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Assistant {
        functions: Functions::all(),
        variables: RefCell::default(),
        edited: Arc::default(),
    }));
    Ok(editor)
}

/// `$XDG_STATE_HOME/portwright/history`, or below `~/.local/state`.
fn history_file() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/state")))?;
    Some(state.join("portwright/history"))
}

/// Puts a line into the history, at once in the file too. The first failure is told.
fn remember(editor: &mut Editor<Assistant, FileHistory>, file: Option<&PathBuf>, line: &str) {
    static TOLD: AtomicBool = AtomicBool::new(false);
    if line.trim().is_empty() || !editor.add_history_entry(line).unwrap_or(false) {
        return;
    }
    let Some(file) = file else { return };
    let written = match file.parent() {
        Some(directory) => std::fs::create_dir_all(directory).map_err(ReadlineError::from),
        None => Ok(()),
    };
    if let Err(error) = written.and_then(|()| editor.append_history(file))
        && !TOLD.swap(true, Ordering::SeqCst)
    {
        complain(&format_args!(
            "the history is not kept: {}: {error}; does XDG_STATE_HOME name a directory that can be written?",
            file.display()
        ));
    }
}
