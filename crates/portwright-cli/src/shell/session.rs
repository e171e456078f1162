//! A conversation: evaluates commands, prints their values, and keeps an evaluator alive.
//!
//! The evaluator is a process of its own, as in OTP. An exception that nobody catches ends it, and
//! with it the ports that it owns; the next one gets its variables and its dictionary (rule P-955).

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portwright::{ExitReason, Message, Node};
use portwright_shell::evaluator::Reader;
use portwright_shell::shell::{Show, Transcript, prepare};
use portwright_shell::{Bindings, EvalError, Evaluator, Exception, Mode, Output, Stream, System};
use portwright_term::Term;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Went {
    /// The conversation goes on.
    On,
    /// Everything ends with this status.
    Halted(i32),
}

/// What a new evaluator gets from the one before.
#[derive(Default)]
struct Kept {
    bindings: Bindings,
    dictionary: HashMap<Term, Term>,
}

/// A conversation.
pub(super) struct Session {
    system: Arc<System>,
    transcript: Arc<Transcript>,
    evaluator: Evaluator,
    watch: Arc<Watch>,
    kept: Kept,
}

/// Who tells of the end of one evaluator: whoever sees it first, and only once. Who is told
/// that it has been told may rely on it: it stands in the output.
#[derive(Default)]
struct Watch(Mutex<Watched>);

#[derive(Default)]
struct Watched {
    /// A command is running: its end is told with its result.
    running: bool,
    told: bool,
}

impl Watch {
    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_running(&self, running: bool) {
        self.lock().running = running;
    }

    /// Tells, for the one who runs commands.
    fn tell(&self, tell: impl FnOnce()) {
        let mut watched = self.lock();
        if !std::mem::replace(&mut watched.told, true) {
            tell();
        }
    }

    /// Tells unless a command is running.
    fn tell_between_commands(&self, tell: impl FnOnce()) {
        let mut watched = self.lock();
        if !watched.running && !std::mem::replace(&mut watched.told, true) {
            tell();
        }
    }

    /// There is nothing to tell any more.
    fn end(&self) {
        self.tell(|| ());
    }
}

impl Session {
    /// Begins one. Must be called within a runtime, which runs the processes.
    pub(super) fn new(output: Arc<dyn Output>, unicode: bool, show: Show) -> Session {
        let system = Arc::new(System::new(Node::new(), output));
        system.set_unicode_output(unicode);
        let transcript = system.shared::<Transcript>();
        transcript.set_show(show);
        let (evaluator, watch) = start(&system);
        Session {
            system,
            transcript,
            evaluator,
            watch,
            kept: Kept::default(),
        }
    }

    /// What is asked before a command.
    pub(super) fn prompt(&self) -> String {
        format!("{}> ", self.transcript.current())
    }

    /// The names of the variables that have values.
    pub(super) fn variables(&mut self) -> Vec<String> {
        let bound = self.evaluator.bindings().sorted();
        bound
            .into_iter()
            .map(|(name, _)| name.as_str().to_owned())
            .collect()
    }

    /// Prints text; a reader that went away ends the conversation.
    pub(super) fn print(&self, text: &str) -> Went {
        print(&self.system, text);
        self.went()
    }

    fn went(&self) -> Went {
        self.system.halted().map_or(Went::On, Went::Halted)
    }

    /// Sets how wide the screen is.
    pub(super) fn set_columns(&self, columns: usize) {
        let mut show = self.transcript.show();
        show.columns = columns;
        self.transcript.set_show(show);
    }

    /// Waits until some process halts everything.
    pub(super) async fn wait_halted(&self) -> i32 {
        self.system.wait_halted().await
    }

    /// Evaluates a command and prints its value or what is wrong.
    ///
    /// `interrupt` ends the evaluation, and with it the evaluator, as `i` in OTP's job control does.
    pub(super) async fn run(&mut self, text: &str, interrupt: impl Future<Output = ()>) -> Went {
        let show = self.transcript.show();
        let prepared = match prepare(text, &self.transcript) {
            Ok(prepared) => prepared,
            Err(error) => return self.print(&format!("* {error}\n")),
        };
        let sequence = match Reader::new(&prepared).next_sequence() {
            None => return Went::On,
            Some(Err(fault)) => return self.print(&format!("{}\n", show.fault(&fault))),
            Some(Ok(sequence)) => sequence,
        };
        if self.tell_of_the_end() {
            self.restart();
        }
        self.kept = Kept {
            bindings: self.evaluator.bindings().clone(),
            dictionary: self.evaluator.call().dictionary().clone(),
        };
        self.watch.set_running(true);
        let system = self.system.clone();
        let result = tokio::select! {
            biased;
            _ = system.wait_halted() => return self.went(),
            () = interrupt => None,
            result = self.evaluator.evaluate_sequence(&sequence) => Some(result),
        };
        let exited = self.evaluator.call().process_ref().exit_reason();
        let text = text
            .trim()
            .strip_suffix('.')
            .unwrap_or(text)
            .trim()
            .to_owned();
        match (result, exited) {
            (Some(Err(EvalError::Halted(status))), _) => return Went::Halted(status),
            (Some(Err(error @ (EvalError::Check(_) | EvalError::Syntax(_)))), None) => {
                self.transcript.remember(text, caught(&Term::atom("error")));
                self.print(&format!("{}\n", show.error(&error)));
            }
            (_, Some(reason)) => {
                let reason = reason.into_term();
                self.transcript.remember(text, caught(&reason));
                self.tell_of_the_end();
                self.restart();
            }
            (None, None) => {
                let killed = Term::atom("killed");
                self.transcript.remember(text, caught(&killed));
                // The terminal has written `^C`.
                self.print(&format!("\n{}\n", show.exited(&killed)));
                self.replace(ExitReason::from(killed));
            }
            (Some(Ok(value)), None) => {
                self.print(&format!("{}\n", show.value(&value, 1)));
                self.transcript.remember(text, value);
            }
            (Some(Err(EvalError::Raised(exception))), None) => {
                self.transcript.remember(text, exception.caught());
                let outlived = self.transcript.catches_exceptions() && !exception.is_uncatchable();
                let shown = if outlived {
                    show.outlived(&exception)
                } else {
                    show.exception(&exception)
                };
                self.print(&format!("{shown}\n"));
                self.fail(&exception);
            }
        }
        self.watch.set_running(false);
        // Who watches has left it to us what came before that.
        self.tell_of_the_end();
        self.went()
    }

    /// Tells of the end of the evaluator, if it has ended and nobody has told. Whether it has.
    fn tell_of_the_end(&mut self) -> bool {
        let Some(reason) = self.evaluator.call().process_ref().exit_reason() else {
            return false;
        };
        let show = self.transcript.show();
        let text = format!("{}\n", show.exited(&reason.into_term()));
        self.watch.tell(|| print(&self.system, &text));
        true
    }

    /// After an exception that nobody caught.
    fn fail(&mut self, exception: &Exception) {
        if self.transcript.catches_exceptions() && !exception.is_uncatchable() {
            return;
        }
        self.replace(ExitReason::from(exception.exit_reason()));
    }

    /// Ends the evaluator, quietly, and starts the next.
    fn replace(&mut self, reason: ExitReason) {
        self.watch.end();
        self.evaluator.call().process_ref().end(reason);
        self.restart();
    }

    /// Starts an evaluator with what was kept.
    fn restart(&mut self) {
        let kept = std::mem::take(&mut self.kept);
        (self.evaluator, self.watch) = start(&self.system);
        *self.evaluator.bindings() = kept.bindings;
        *self.evaluator.call().dictionary() = kept.dictionary;
    }
}

impl Drop for Session {
    /// The evaluator ends with the conversation, which is no news.
    fn drop(&mut self) {
        self.watch.end();
    }
}

/// What `v(N)` gives for a command that ended with its evaluator.
fn caught(reason: &Term) -> Term {
    Term::tuple([Term::atom("EXIT"), reason.clone()])
}

/// An evaluator, and a task that tells of its end while nothing is running.
fn start(system: &Arc<System>) -> (Evaluator, Arc<Watch>) {
    let process = system.node().attach();
    let watch = Arc::new(Watch::default());
    let mut watcher = system.node().attach();
    // It cannot be refused: the process is there.
    let _ = watcher.monitor(process.pid());
    let (shared, told) = (system.clone(), watch.clone());
    tokio::spawn(async move {
        let Some(Message::Down(down)) = watcher.receive().await else {
            return;
        };
        let show = shared.shared::<Transcript>().show();
        let text = format!("{}\n", show.exited(&down.reason.into_term()));
        told.tell_between_commands(|| print(&shared, &text));
    });
    let evaluator = Evaluator::in_process(process, system.clone(), Mode::Shell);
    (evaluator, watch)
}

/// Writes text: UTF-8, or latin1 with the rest as escapes.
fn print(system: &System, text: &str) {
    let bytes = if system.unicode_output() {
        text.as_bytes().to_vec()
    } else {
        let mut bytes = Vec::with_capacity(text.len());
        for c in text.chars() {
            match u8::try_from(c) {
                Ok(byte) => bytes.push(byte),
                Err(_) => bytes.extend(format!("\\x{{{:X}}}", u32::from(c)).into_bytes()),
            }
        }
        bytes
    };
    // When nobody reads any more the system halts itself.
    let _ = system.write(Stream::Output, &bytes);
}
