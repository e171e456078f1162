//! What a shell remembers of its conversation: commands and their values.

use std::sync::{Mutex, MutexGuard, PoisonError};

use portwright_term::Term;

use super::Show;

/// Commands and results that are kept at first, as OTP keeps them.
const KEPT: usize = 20;

/// The commands of a shell, their values, and how things are shown.
///
/// One for each system: `system.shared::<Transcript>()`.
#[derive(Debug, Default)]
pub struct Transcript(Mutex<State>);

#[derive(Debug)]
struct State {
    commands: Vec<Command>,
    /// The number of the command that is being typed or run.
    current: usize,
    kept_commands: usize,
    kept_results: usize,
    catches: bool,
    show: Show,
}

#[derive(Debug)]
struct Command {
    number: usize,
    text: String,
    value: Option<Term>,
}

impl Default for State {
    fn default() -> State {
        State {
            commands: Vec::new(),
            current: 1,
            kept_commands: KEPT,
            kept_results: KEPT,
            catches: false,
            show: Show::default(),
        }
    }
}

impl State {
    fn trim(&mut self) {
        let over = self.commands.len().saturating_sub(self.kept_commands);
        self.commands.drain(..over);
        let old = self.commands.len().saturating_sub(self.kept_results);
        for command in &mut self.commands[..old] {
            command.value = None;
        }
    }

    /// The command that a number means; negative ones count back from the current.
    fn find(&self, number: i64) -> Option<&Command> {
        let number = if number < 0 {
            i64::try_from(self.current).ok()?.checked_add(number)?
        } else {
            number
        };
        let number = usize::try_from(number).ok()?;
        self.commands
            .iter()
            .find(|command| command.number == number)
    }
}

impl Transcript {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the command that is being typed or run, from 1.
    pub fn current(&self) -> usize {
        self.state().current
    }

    /// Ends the current command: it is remembered, and the next one begins.
    pub fn remember(&self, text: String, value: Term) {
        let mut state = self.state();
        let number = state.current;
        state.commands.push(Command {
            number,
            text,
            value: Some(value),
        });
        state.current += 1;
        state.trim();
    }

    /// The text of a command, without its full stop.
    pub fn text(&self, number: i64) -> Option<String> {
        self.state()
            .find(number)
            .map(|command| command.text.clone())
    }

    /// The value of a command.
    pub fn value(&self, number: i64) -> Option<Term> {
        self.state()
            .find(number)
            .and_then(|command| command.value.clone())
    }

    /// What `h()` prints.
    pub fn history(&self) -> String {
        let state = self.state();
        let mut lines = String::new();
        for command in &state.commands {
            let start = format!("{}: ", command.number);
            lines.push_str(&format!("{start}{}\n", command.text));
            if let Some(value) = &command.value {
                lines.push_str(&format!("-> {}\n", state.show.value(value, 4)));
            }
        }
        lines
    }

    /// Sets how many commands are kept; the number before.
    pub fn keep_commands(&self, number: usize) -> usize {
        let mut state = self.state();
        let before = std::mem::replace(&mut state.kept_commands, number);
        state.trim();
        before
    }

    /// Sets how many values are kept; the number before.
    pub fn keep_results(&self, number: usize) -> usize {
        let mut state = self.state();
        let before = std::mem::replace(&mut state.kept_results, number);
        state.trim();
        before
    }

    /// Sets whether the evaluator outlives an exception; what was set before.
    pub fn catch_exceptions(&self, catches: bool) -> bool {
        std::mem::replace(&mut self.state().catches, catches)
    }

    /// Whether the evaluator outlives an exception.
    pub fn catches_exceptions(&self) -> bool {
        self.state().catches
    }

    /// How values are shown.
    pub fn show(&self) -> Show {
        self.state().show.clone()
    }

    /// Sets how values are shown.
    pub fn set_show(&self, show: Show) {
        self.state().show = show;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_from_the_start_and_back() {
        let transcript = Transcript::default();
        transcript.remember("a".to_owned(), Term::atom("a"));
        transcript.remember("b".to_owned(), Term::atom("b"));
        assert_eq!(transcript.value(1), Some(Term::atom("a")));
        assert_eq!(transcript.value(-1), Some(Term::atom("b")));
        assert_eq!(transcript.text(2).as_deref(), Some("b"));
        for missing in [0, 3, -3, i64::MIN, i64::MAX] {
            assert_eq!(transcript.value(missing), None, "{missing}");
        }
        assert_eq!(transcript.history(), "1: a\n-> a\n2: b\n-> b\n");
    }

    #[test]
    fn only_so_much_is_kept() {
        let transcript = Transcript::default();
        for number in 1..=30_i64 {
            transcript.remember(number.to_string(), Term::from(number));
        }
        assert_eq!(transcript.text(10), None);
        assert_eq!(transcript.text(11).as_deref(), Some("11"));
        assert_eq!(transcript.keep_results(1), 20);
        assert_eq!(transcript.value(29), None);
        assert_eq!(transcript.text(29).as_deref(), Some("29"));
        assert_eq!(transcript.keep_commands(0), 20);
        assert_eq!(transcript.history(), "");
    }
}
