//! Evaluating text: expressions with bindings that stay, and programs.

use std::sync::Arc;

use portwright::{Node, Process};
use portwright_term::{Atom, Term};

use crate::code::{Module, Origin};
use crate::compile::{self, CompiledExpression, LocalCalls};
use crate::exception::Exception;
use crate::machine::Machine;
use crate::native::Call;
use crate::parse::{self, SyntaxError, token};
use crate::process::{self, Entry};
use crate::source::with_stack;
use crate::system::{Standard, System};

/// How text is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As typed into the shell: each expression is checked before it runs, and
    /// unknown functions are shell commands.
    Shell,
    /// As `file:eval/1` and `erl_eval:exprs/2`: each sequence is checked as a
    /// whole, and a fault is an exception.
    File,
}

/// Why a text gave no value.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// The text is no Erlang.
    #[error("{0}")]
    Syntax(SyntaxError),
    /// The text parses, but something in it is wrong (an unbound variable, say).
    /// There is at least one.
    #[error("{}", .0.first().map(ToString::to_string).unwrap_or_default())]
    Check(Vec<SyntaxError>),
    /// Nobody caught an exception.
    #[error("{0:?}")]
    Raised(Exception),
    /// `halt/1` was called, with this status.
    #[error("halted with status {0}")]
    Halted(i32),
}

/// The variables that have values.
///
/// They live in the evaluating process ([`Call::local`]), so that commands such
/// as `f()` reach them.
#[derive(Clone, Debug, Default)]
pub struct Bindings(Vec<(Atom, Term)>);

impl Bindings {
    /// The value of a variable.
    pub fn get(&self, name: Atom) -> Option<&Term> {
        self.0
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// Gives a variable a value.
    pub fn set(&mut self, name: Atom, value: Term) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    /// Forgets a variable: `f(Name)`.
    pub fn forget(&mut self, name: Atom) {
        self.0.retain(|(known, _)| *known != name);
    }

    /// Forgets all: `f()`.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// All variables, sorted by name.
    pub fn sorted(&self) -> Vec<(Atom, Term)> {
        let mut list = self.0.clone();
        list.sort_by(|(a, _), (b, _)| a.as_str().cmp(b.as_str()));
        list
    }
}

/// One sequence of expressions, up to a full stop.
pub struct Sequence {
    expressions: Vec<parse::ast::Expr>,
    tokens: usize,
}

/// Splits a text into sequences of expressions, one per full stop.
///
/// # Examples
///
/// ```
/// use portwright_shell::evaluator::Reader;
///
/// let mut reader = Reader::new("X = 1. Y = .");
/// assert!(matches!(reader.next_sequence(), Some(Ok(_))));
/// let error = reader.next_sequence().unwrap().err().unwrap();
/// assert_eq!(error.to_string(), "1:12: syntax error before: '.'");
/// assert!(reader.next_sequence().is_none());
/// ```
pub struct Reader<'a> {
    scanner: portwright_term::text::Scanner<'a>,
    failed: bool,
}

impl<'a> Reader<'a> {
    /// Reads a text that starts at line 1, column 1.
    pub fn new(text: &'a str) -> Reader<'a> {
        Reader {
            scanner: parse::scanner(text),
            failed: false,
        }
    }

    /// The next sequence; `None` at the end of the text. After an error in the
    /// tokens (an open string) there is nothing more.
    pub fn next_sequence(&mut self) -> Option<Result<Sequence, SyntaxError>> {
        if self.failed {
            return None;
        }
        let sequence = match token::next_sequence(&mut self.scanner) {
            Ok(sequence) => sequence?,
            Err(error) => {
                self.failed = true;
                return Some(Err(error));
            }
        };
        let tokens = sequence.tokens.len();
        Some(with_stack(tokens, || {
            let result = parse::expressions(&sequence);
            result
                .map(|expressions| Sequence {
                    expressions,
                    tokens,
                })
                .map_err(|mut error| {
                    error.incomplete |= !sequence.complete && error.place == sequence.end;
                    error
                })
        }))
    }
}

impl Drop for Sequence {
    /// Deeply nested trees are released on a stack that holds them.
    fn drop(&mut self) {
        let expressions = std::mem::take(&mut self.expressions);
        with_stack(self.tokens, move || drop(expressions));
    }
}

/// Evaluates expressions as one process, keeping variables from one to the next.
///
/// # Examples
///
/// ```
/// use portwright::Node;
/// use portwright_shell::Evaluator;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let mut evaluator = Evaluator::new(&Node::new());
/// evaluator.evaluate("X = 6 * 7.").await.unwrap();
/// let value = evaluator.evaluate("{answer, X}.").await.unwrap();
/// assert_eq!(value.to_string(), "{answer,42}");
/// # }
/// ```
pub struct Evaluator {
    call: Call,
    mode: Mode,
}

impl Evaluator {
    /// An evaluator in a process of its own that prints to standard output.
    pub fn new(node: &Node) -> Evaluator {
        let system = Arc::new(System::new(node.clone(), Arc::new(Standard)));
        Evaluator::in_process(node.attach(), system, Mode::Shell)
    }

    /// An evaluator that is this process.
    pub fn in_process(process: Process, system: Arc<System>, mode: Mode) -> Evaluator {
        Evaluator {
            call: Call::new(process, system),
            mode,
        }
    }

    /// What native functions see: the process, its variables and the system.
    pub fn call(&mut self) -> &mut Call {
        &mut self.call
    }

    /// The variables.
    pub fn bindings(&mut self) -> &mut Bindings {
        self.call.local()
    }

    /// The process that it is.
    pub fn into_process(self) -> Process {
        self.call.into_process()
    }

    /// Evaluates every expression of a text; the value of the last.
    ///
    /// # Errors
    ///
    /// The first [`EvalError`]; what was evaluated before it stays done.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops the evaluation in the middle; variables bound by
    /// whole expressions stay.
    pub async fn evaluate(&mut self, text: &str) -> Result<Term, EvalError> {
        let mut reader = Reader::new(text);
        let mut value = Term::atom("ok");
        while let Some(sequence) = reader.next_sequence() {
            let sequence = sequence.map_err(EvalError::Syntax)?;
            value = self.evaluate_sequence(&sequence).await?;
        }
        Ok(value)
    }

    /// Evaluates one sequence of expressions; the value of the last.
    ///
    /// # Errors
    ///
    /// The first [`EvalError`]. Of a sequence that fails no variable is kept, as
    /// in the shell of OTP.
    pub async fn evaluate_sequence(&mut self, sequence: &Sequence) -> Result<Term, EvalError> {
        let all = 0..sequence.expressions.len();
        if self.mode == Mode::File {
            return self
                .evaluate_part(sequence, all, LocalCalls::Undefined)
                .await;
        }
        let before = self.bindings().clone();
        let mut value = Term::Nil;
        for index in all {
            match self
                .evaluate_part(sequence, index..index + 1, LocalCalls::Shell)
                .await
            {
                Ok(result) => value = result,
                Err(error) => {
                    *self.bindings() = before;
                    return Err(error);
                }
            }
        }
        Ok(value)
    }

    async fn evaluate_part(
        &mut self,
        sequence: &Sequence,
        part: std::ops::Range<usize>,
        local_calls: LocalCalls,
    ) -> Result<Term, EvalError> {
        let bindings = self.bindings().clone();
        let names: Vec<Atom> = bindings.0.iter().map(|(name, _)| *name).collect();
        let compiled = with_stack(sequence.tokens, || {
            compile::expressions(&sequence.expressions[part], &names, local_calls)
        });
        let CompiledExpression { module, exports } = match compiled {
            Ok(compiled) => compiled,
            Err(faults) if self.mode == Mode::Shell => {
                return Err(EvalError::Check(
                    faults.into_iter().map(SyntaxError::from).collect(),
                ));
            }
            Err(faults) => {
                let reason = faults
                    .first()
                    .map_or(Term::Nil, |fault| fault.fault.reason());
                return Err(EvalError::Raised(Exception::error(reason)));
            }
        };
        let values = bindings.0.into_iter().map(|(_, value)| value).collect();
        let (pid, limit) = (self.call.pid(), self.call.system().stack_limit());
        let mut machine = Machine::expression(module, values, pid, limit);
        let result = process::run(&mut machine, &mut self.call).await;
        let value = self.outcome(result)?;
        for (name, slot, flag) in exports {
            // What was bound before is there still, unless `f(Name)` has run.
            if names.contains(&name) {
                continue;
            }
            let bound = flag.is_none_or(|flag| machine.slot(flag) == Some(&Term::boolean(true)));
            if let (true, Some(value)) = (bound, machine.slot(slot)) {
                let value = value.clone();
                self.bindings().set(name, value);
            }
        }
        Ok(value)
    }

    fn outcome(&self, result: Result<Term, Exception>) -> Result<Term, EvalError> {
        match (result, self.call.system().halted()) {
            (_, Some(status)) => Err(EvalError::Halted(status)),
            (Ok(value), None) => Ok(value),
            (Err(exception), None) => Err(EvalError::Raised(exception)),
        }
    }

    /// Calls a function.
    ///
    /// # Errors
    ///
    /// [`EvalError::Raised`] and [`EvalError::Halted`].
    pub async fn apply(
        &mut self,
        module: Atom,
        function: Atom,
        arguments: Vec<Term>,
    ) -> Result<Term, EvalError> {
        let entry = Entry::Named {
            module,
            function,
            arguments: Term::list(arguments),
        };
        let mut machine = entry.machine(self.call.pid(), self.call.system());
        let result = process::run(&mut machine, &mut self.call).await;
        self.outcome(result)
    }

    /// Calls a fun.
    ///
    /// # Errors
    ///
    /// [`EvalError::Raised`] and [`EvalError::Halted`].
    pub async fn apply_fun(&mut self, fun: Term, arguments: Vec<Term>) -> Result<Term, EvalError> {
        let (pid, limit) = (self.call.pid(), self.call.system().stack_limit());
        let mut machine = Machine::apply_fun(fun, Term::list(arguments), pid, limit);
        let result = process::run(&mut machine, &mut self.call).await;
        self.outcome(result)
    }
}

/// A script or module given as text.
///
/// # Examples
///
/// ```
/// use portwright::Node;
/// use portwright_shell::{Evaluator, Program};
/// use portwright_term::{Atom, Term};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let text = "#!/usr/bin/env escript\nmain([N]) -> list_to_integer(N) * 2.\n";
/// let program = Program::parse(text, "double", Atom::literal("double")).unwrap();
/// let mut evaluator = Evaluator::new(&Node::new());
/// program.load(evaluator.call().system());
/// let value = evaluator
///     .apply(program.module(), Atom::literal("main"), vec![Term::list([Term::string("21")])])
///     .await
///     .unwrap();
/// assert_eq!(value, Term::from(42_i64));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Program(Arc<Module>);

impl Program {
    /// Parses and compiles a text. A first line that starts with `#!` is left
    /// out. `module` is its name unless it has a `-module` attribute.
    ///
    /// # Errors
    ///
    /// All faults that were found, sorted by place.
    pub fn parse(text: &str, file: &str, module: Atom) -> Result<Program, Vec<SyntaxError>> {
        // A comment in its place keeps the line numbers.
        let text = match text.strip_prefix("#!") {
            Some(rest) => format!("%%{rest}"),
            None => text.to_owned(),
        };
        crate::source::module(&text, file, module, Origin::Program).map(Program)
    }

    /// The module's name.
    pub fn module(&self) -> Atom {
        self.0.name
    }

    /// Whether it has this function.
    pub fn has_function(&self, name: Atom, arity: u8) -> bool {
        self.0.locals.contains_key(&(name, arity))
    }

    /// Makes its functions callable in a system.
    pub fn load(&self, system: &System) {
        system.load(self.0.clone());
    }
}
