//! What the shell shows: values, exceptions, faults of the text.
//!
//! Texts and layout are those of OTP 25's shell (rules P-953 to P-957). Nothing
//! here knows a terminal.

mod command;
mod exception;
mod explain;
mod io_faults;
mod re_faults;
mod transcript;

pub use command::{CommandNotFound, Typed, prepare, typed};
pub use transcript::Transcript;

use portwright_term::text::{Encoding, PrintOptions};
use portwright_term::{Atom, Term};

use crate::evaluator::EvalError;
use crate::exception::Exception;
use crate::parse::SyntaxError;

/// How wide, how deep and in which encoding things are shown.
#[derive(Clone, Debug)]
pub struct Show {
    /// Columns of the screen. 80 by default.
    pub columns: usize,
    /// How deep values are shown; the rest is `...`. 30 by default, as OTP's
    /// shell has it; `None` shows all.
    pub depth: Option<usize>,
    /// Which characters may be shown as themselves. Latin-1 by default.
    pub encoding: Encoding,
    /// The name of this node, whose pids print with a 0 in front.
    pub node: Atom,
}

impl Default for Show {
    fn default() -> Show {
        Show {
            columns: 80,
            depth: Some(30),
            encoding: Encoding::Latin1,
            node: portwright_term::atoms::NONODE_NOHOST,
        }
    }
}

/// Characters in one line of a value before it is broken.
const LINE_CHARACTERS: usize = 60;

impl Show {
    /// A value as the shell prints results; `column` (from 1) is where its text
    /// will start.
    ///
    /// # Examples
    ///
    /// ```
    /// use portwright_shell::shell::Show;
    /// use portwright_term::Term;
    ///
    /// let list = Term::list((1..=40).map(|n| Term::from(n as i64)));
    /// let text = Show::default().value(&list, 1);
    /// assert_eq!(text, "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,\n 23,24,25,26,27,28,29|...]");
    /// ```
    pub fn value(&self, term: &Term, column: usize) -> String {
        PrintOptions::default()
            .encoding(self.encoding)
            .column(column)
            .line_length(self.columns)
            .line_max_chars(LINE_CHARACTERS)
            .depth(self.depth)
            .local_node(self.node)
            .to_string(term)
    }

    /// An exception that nobody caught, with `** ` in front; no newline at the
    /// end.
    ///
    /// # Examples
    ///
    /// ```
    /// use portwright_shell::{Exception, shell::Show};
    ///
    /// let text = Show::default().exception(&Exception::exit(portwright_term::Term::atom("a")));
    /// assert_eq!(text, "** exception exit: a");
    /// ```
    pub fn exception(&self, exception: &Exception) -> String {
        let text = exception::format(self, 4, exception);
        format!("** {text}")
    }

    /// An exception that the evaluator outlives (`catch_exception(true)`), with `* `
    /// in front.
    pub fn outlived(&self, exception: &Exception) -> String {
        let text = exception::format(self, 3, exception);
        format!("* {text}")
    }

    /// An exception's text without the shell's `** `, its lines indented for a
    /// text that starts at `column`: what `escript` and `eval` print.
    pub fn plain_exception(&self, exception: &Exception, column: usize) -> String {
        exception::format(self, column, exception)
    }

    /// What the shell prints for an evaluation that gave no value; no newline at
    /// the end.
    pub fn error(&self, error: &EvalError) -> String {
        match error {
            EvalError::Syntax(fault) => self.fault(fault),
            EvalError::Check(faults) => faults
                .first()
                .map_or_else(String::new, |fault| self.fault(fault)),
            EvalError::Raised(exception) => self.exception(exception),
            EvalError::Halted(_) => String::new(),
        }
    }

    /// A fault of the text: `* 1:5: syntax error before: '.'`.
    pub fn fault(&self, fault: &SyntaxError) -> String {
        format!("* {fault}")
    }

    /// The exit of the process that evaluates, by a signal: `** exception exit: R`.
    pub fn exited(&self, reason: &Term) -> String {
        let exception = match reason.as_tuple() {
            // The reason of an error that nobody caught carries its stack.
            Some([term, stack]) if exception::is_stack(stack) && !stack.is_nil() => {
                Exception::exit(term.clone()).with_stack(stack.clone())
            }
            _ => Exception::exit(reason.clone()),
        };
        self.exception(&exception)
    }
}
