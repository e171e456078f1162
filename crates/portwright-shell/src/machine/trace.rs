//! Stack traces, in the shapes that OTP gives them.

use portwright_term::{Atom, Term, atoms};

use super::Machine;
use crate::code::{Function, FunctionKind, Module, Op, Origin};
use crate::evaluation::{self, Entry, Part};
use crate::exception::Exception;

/// Entries of a trace; OTP's `backtrace_depth`.
const DEPTH: usize = 8;

/// The function that a native failure happened in.
pub(super) struct Culprit {
    pub(super) module: Atom,
    pub(super) function: Atom,
    pub(super) arguments: Vec<Term>,
}

impl Culprit {
    /// Whether the function does nothing but to raise an exception.
    fn only_raises(&self) -> bool {
        self.module == atoms::ERLANG
            && matches!(
                self.function.as_str(),
                "error" | "exit" | "throw" | "nif_error"
            )
    }
}

/// The module whose `format_error/2` explains failures of `module`'s functions,
/// for those that are explained at all.
fn explained_by(module: Atom) -> Option<&'static str> {
    match module.as_str() {
        "erlang" => Some("erl_erts_errors"),
        "binary" | "ets" | "io" | "lists" | "maps" | "math" | "re" | "unicode" => {
            Some("erl_stdlib_errors")
        }
        "os" => Some("erl_kernel_errors"),
        _ => None,
    }
}

fn entry(module: Atom, function: Atom, arity: Term, location: Term) -> Term {
    Term::tuple([Term::Atom(module), Term::Atom(function), arity, location])
}

fn location(file: &str, line: u32) -> Term {
    Term::list([
        Term::tuple([Term::atom("file"), Term::string(file)]),
        Term::tuple([Term::atom("line"), Term::from(i64::from(line))]),
    ])
}

/// The entry of a function of OTP that does here what an instruction does.
pub(super) fn otp_entry((module, function, arity, line): Entry) -> Term {
    let place = location(&format!("{module}.erl"), line);
    entry(
        Atom::literal(module),
        Atom::literal(function),
        Term::from(i64::from(arity)),
        place,
    )
}

/// The entry of a function that an instruction stands for.
pub(super) fn native_entry<const N: usize>(
    module: &'static str,
    function: &'static str,
    arguments: [Term; N],
) -> Term {
    let module = Atom::literal(module);
    let explained = explained_by(module).unwrap_or("erl_erts_errors");
    let info = Exception::badarg().error_info(Atom::literal(explained));
    let place = Term::list([Term::tuple([Term::atom("error_info"), info])]);
    entry(
        module,
        Atom::literal(function),
        Term::list(arguments),
        place,
    )
}

impl Machine {
    /// Makes the stack trace of an exception that has none.
    pub(super) fn trace(&self, exception: &mut Exception, culprit: Option<Culprit>) {
        if exception.has_stack() {
            return;
        }
        let mut entries = exception.take_entries();
        let called = culprit.as_ref().map(Culprit::only_raises);
        if self.module.origin == Origin::Shell
            && culprit.as_ref().is_some_and(Culprit::only_raises)
            && !exception.wants_entry()
        {
            // The shell itself calls what is called by its name at the prompt.
            let place = location("shell.erl", 912);
            let arguments = exception.arguments().cloned();
            let arguments = arguments.unwrap_or_else(|| Term::from(3_i64));
            let name = Atom::literal("apply_fun");
            entries.push(entry(Atom::literal("shell"), name, arguments, place));
        }
        if let Some(culprit) = culprit
            && exception.wants_entry()
        {
            let explained = match exception.reason() {
                Term::Atom(atoms::UNDEF | atoms::FUNCTION_CLAUSE) => None,
                _ => explained_by(culprit.module),
            };
            let location = match explained {
                Some(explained) => Term::list([Term::tuple([
                    Term::atom("error_info"),
                    exception.error_info(Atom::literal(explained)),
                ])]),
                None => Term::Nil,
            };
            let arguments = exception
                .arguments()
                .cloned()
                .unwrap_or_else(|| Term::list(culprit.arguments));
            entries.push(entry(culprit.module, culprit.function, arguments, location));
        }
        let own_arguments = if entries.is_empty() {
            exception.arguments().cloned()
        } else {
            None
        };
        let clause = entries.is_empty()
            && exception.wants_entry()
            && *exception.reason() == Term::Atom(atoms::FUNCTION_CLAUSE)
            && own_arguments.is_none();
        let cause = match called {
            Some(only_raises) => Cause::Call { only_raises },
            None => Cause::Error(exception.reason()),
        };
        self.frame_entries(&mut entries, clause, own_arguments, cause);
        exception.set_stack(Term::list(entries));
    }

    /// The entries of the running function and its callers.
    fn frame_entries(
        &self,
        entries: &mut Vec<Term>,
        clause: bool,
        own_arguments: Option<Term>,
        cause: Cause<'_>,
    ) {
        let current = (&self.module, self.function, self.pc, self.base);
        let callers = self
            .frames
            .iter()
            .rev()
            .map(|frame| (&frame.module, frame.function, frame.pc, frame.base));
        let mut evaluation = Evaluation::default();
        for (index, (module, function, pc, base)) in
            std::iter::once(current).chain(callers).enumerate()
        {
            if entries.len() >= DEPTH {
                break;
            }
            let code = &module.functions[function as usize];
            let arguments = if index > 0 {
                None
            } else if clause {
                let start = base as usize;
                Some(Term::list(
                    self.stack[start..start + usize::from(code.arity)].to_vec(),
                ))
            } else {
                own_arguments.clone()
            };
            // The instruction that was running is the one before.
            let pc = pc.saturating_sub(1);
            if module.origin.is_expressions() {
                if let Some(arguments) = arguments {
                    let name = Atom::literal("-inside-an-interpreted-fun-");
                    entries.push(entry(atoms::ERL_EVAL, name, arguments, Term::Nil));
                }
                match cause {
                    Cause::Error(reason) if index == 0 => evaluation.raised(code, pc, reason),
                    // A function that is not the interpreter's was called.
                    _ if !evaluation.running => {
                        evaluation.calls = index > 0 || cause.is_call();
                        evaluation.raises = index == 0 && cause.only_raises();
                    }
                    _ => {}
                }
                evaluation.running = true;
                evaluation.shell = module.origin == Origin::Shell;
                evaluation.parts.extend(code.parts(pc));
                evaluation.typed =
                    code.kind == FunctionKind::Expression && module.origin == Origin::Shell;
                continue;
            }
            evaluation.take(entries);
            if code.kind == FunctionKind::Expression {
                continue;
            }
            entries.push(frame_entry(module, code, pc, arguments));
        }
        evaluation.take(entries);
    }
}

/// What raised an exception.
#[derive(Clone, Copy)]
enum Cause<'a> {
    /// A function that was called.
    Call {
        /// It is `error/1` or one of its like.
        only_raises: bool,
    },
    /// An instruction, for this reason.
    Error(&'a Term),
}

impl Cause<'_> {
    fn is_call(self) -> bool {
        matches!(self, Cause::Call { .. })
    }

    fn only_raises(self) -> bool {
        matches!(self, Cause::Call { only_raises: true })
    }
}

/// What OTP's interpreter is doing between two functions that are not its own.
#[derive(Default)]
struct Evaluation {
    /// Where it raised an error itself.
    raised: Vec<Entry>,
    /// What it evaluates, the innermost first.
    parts: Vec<Part>,
    /// Something of it was found.
    running: bool,
    /// It has called the function before.
    calls: bool,
    /// That function is `error/1` or one of its like.
    raises: bool,
    /// It calls functions by way of the shell.
    shell: bool,
    /// What it evaluates was typed into the shell.
    typed: bool,
}

impl Evaluation {
    /// An instruction raised an error.
    fn raised(&mut self, code: &Function, pc: u32, reason: &Term) {
        let tag = match reason {
            Term::Atom(tag) => Some(*tag),
            _ => reason.as_tuple().and_then(|parts| parts.first()?.as_atom()),
        };
        let tag = tag.map_or("", Atom::as_str);
        let named = code.kind == FunctionKind::NamedFun;
        let raising: &[Entry] = match code.ops.get(pc as usize) {
            Some(Op::AndAlso(_)) => const { &[("erl_eval", "expr", 6, 523)] },
            Some(Op::OrElse(_)) => const { &[("erl_eval", "expr", 6, 533)] },
            Some(Op::RaiseTagged(_)) if tag == "bad_generator" => {
                const { &[("erl_eval", "eval_b_generate", 8, 829)] }
            }
            Some(Op::BuildBits { .. }) => const { &[("erl_eval", "expr", 6, 543)] },
            Some(Op::CheckMap) => const { &[("erl_eval", "expr", 6, 305)] },
            Some(Op::PutMap { .. }) => const { &[("erl_eval", "expr", 6, 306)] },
            Some(Op::CollectedBits(_)) => {
                const {
                    &[
                        ("erl_eval", "eval_bc1", 7, 798),
                        ("erl_eval", "eval_generate", 8, 804),
                        ("erl_eval", "eval_bc", 7, 783),
                    ]
                }
            }
            _ => evaluation::raising(tag, named),
        };
        self.raised.extend(raising);
        if tag == "badfun" && code.parts(pc).next().is_some() {
            self.raised.push(("erl_eval", "do_apply", 6, 735));
        }
    }

    /// Moves all of it to the entries of a trace.
    fn take(&mut self, entries: &mut Vec<Term>) {
        let found = std::mem::take(self);
        let mut shown: Vec<Entry> = found.raised;
        // Whatever nobody waits for is called last, and the interpreter is gone then.
        let waits = found.parts.iter().any(|part| !part.ends_with_a_jump());
        match (found.shell, waits) {
            _ if !found.calls => {}
            (true, true) => shown.push(evaluation::CALL_OF_SHELL),
            (false, true) => shown.push(evaluation::CALL),
            (false, false) if found.raises => shown.push(evaluation::LAST_CALL),
            (_, false) => {}
        }
        let shell = if found.typed {
            &evaluation::SHELL[..]
        } else {
            &[]
        };
        let parts = found.parts.iter().flat_map(|part| part.entries());
        for entry in parts.chain(shell) {
            // A function that called itself at the same place shows once.
            if shown.last() != Some(entry) {
                shown.push(*entry);
            }
        }
        let room = DEPTH.saturating_sub(entries.len());
        entries.extend(shown.into_iter().take(room).map(otp_entry));
    }
}

fn frame_entry(module: &Module, code: &Function, pc: u32, arguments: Option<Term>) -> Term {
    let arity = arguments.unwrap_or_else(|| Term::from(i64::from(code.arity)));
    let place = if module.origin == Origin::Library {
        // Lines of the library's text here would pass for lines of OTP's.
        Term::Nil
    } else {
        location(&module.file, code.line(pc))
    };
    entry(module.name, code.name, arity, place)
}
