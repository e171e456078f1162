//! Stack traces, in the shapes that OTP gives them.

use portwright_term::{Atom, Term, atoms};

use super::Machine;
use crate::code::{Function, FunctionKind, Module, Origin};
use crate::exception::Exception;

/// Entries of a trace; OTP's `backtrace_depth`.
const DEPTH: usize = 8;

/// What stands at the bottom of a trace of something typed into OTP 25's shell.
const SHELL_BOTTOM: [(&str, &str, i64, u32); 5] = [
    ("erl_eval", "do_apply", 7, 748),
    ("erl_eval", "expr", 6, 480),
    ("shell", "exprs", 7, 691),
    ("shell", "eval_exprs", 7, 647),
    ("shell", "eval_loop", 3, 632),
];

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
pub(super) fn otp_entry(
    module: &'static str,
    function: &'static str,
    arity: i64,
    line: u32,
) -> Term {
    let place = location(&format!("{module}.erl"), line);
    entry(
        Atom::literal(module),
        Atom::literal(function),
        Term::from(arity),
        place,
    )
}

/// The entry of a BIF of `erlang` that an instruction stands for.
pub(super) fn bif_entry<const N: usize>(function: &'static str, arguments: [Term; N]) -> Term {
    let info = Exception::badarg().error_info(Atom::literal("erl_erts_errors"));
    let place = Term::list([Term::tuple([Term::atom("error_info"), info])]);
    entry(
        atoms::ERLANG,
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
        self.frame_entries(&mut entries, clause, own_arguments);
        exception.set_stack(Term::list(entries));
    }

    /// The entries of the running function and its callers.
    pub(crate) fn frame_entries(
        &self,
        entries: &mut Vec<Term>,
        clause: bool,
        own_arguments: Option<Term>,
    ) {
        let mut evaluated = None;
        let current = (&self.module, self.function, self.pc, self.base);
        let callers = self
            .frames
            .iter()
            .rev()
            .map(|frame| (&frame.module, frame.function, frame.pc, frame.base));
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
            if module.origin.is_expressions() {
                if let Some(arguments) = arguments {
                    let name = Atom::literal("-inside-an-interpreted-fun-");
                    entries.push(entry(atoms::ERL_EVAL, name, arguments, Term::Nil));
                }
                evaluated = Some(module.origin);
                continue;
            }
            if code.kind == FunctionKind::Expression {
                continue;
            }
            entries.push(frame_entry(module, code, pc, arguments));
        }
        // What `erl_eval` did between the functions it called does not show in
        // OTP either where it called last. At the bottom stand its entries and those
        // of the shell, as they are for a BIF within a `catch`.
        let bottom: &[(&str, &str, i64, u32)] = match evaluated {
            Some(Origin::Shell) => &SHELL_BOTTOM,
            Some(_) => &SHELL_BOTTOM[..2],
            None => &[],
        };
        let room = DEPTH.saturating_sub(entries.len());
        entries.extend(
            bottom
                .iter()
                .take(room)
                .map(|(module, function, arity, line)| otp_entry(module, function, *arity, *line)),
        );
    }
}

fn frame_entry(module: &Module, code: &Function, pc: u32, arguments: Option<Term>) -> Term {
    let arity = arguments.unwrap_or_else(|| Term::from(i64::from(code.arity)));
    let place = if module.origin == Origin::Library {
        // Lines of the library's text here would pass for lines of OTP's.
        Term::Nil
    } else {
        // The instruction that was running is the one before.
        location(&module.file, code.line(pc.saturating_sub(1)))
    };
    entry(module.name, code.name, arity, place)
}
