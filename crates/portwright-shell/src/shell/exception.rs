//! The text of an exception: what happened, where, and with which arguments.

use portwright_term::text::print;
use portwright_term::{Atom, Term, atoms};

use super::Show;
use super::explain::{self, Note};
use crate::exception::{Class, Exception, GENERAL, REASON};
use crate::machine::closure;

/// One entry of a stack trace, taken apart.
struct Entry<'a> {
    module: Atom,
    function: Atom,
    /// The arguments, where the trace has them.
    arguments: Option<Vec<Term>>,
    arity: usize,
    location: &'a Term,
}

impl<'a> Entry<'a> {
    fn new(term: &'a Term) -> Option<Entry<'a>> {
        let [Term::Atom(module), Term::Atom(function), arity, location] = term.as_tuple()? else {
            return None;
        };
        let arguments = arity.to_vec();
        let count = match &arguments {
            Some(list) => list.len(),
            None => arity.as_usize()?,
        };
        if !location.is_list() {
            return None;
        }
        Some(Entry {
            module: *module,
            function: *function,
            arguments,
            arity: count,
            location,
        })
    }

    fn property(&self, name: &str) -> Option<&'a Term> {
        self.location
            .list_iter()
            .find_map(|item| match item.as_tuple() {
                Some([Term::Atom(key), value]) if key.as_str() == name => Some(value),
                _ => None,
            })
    }

    /// `(file.erl, line 3)`, or nothing.
    fn place(&self) -> String {
        match (
            self.property("file").and_then(Term::to_text),
            self.property("line"),
        ) {
            (Some(file), Some(line)) => format!("({file}, line {line})"),
            _ => String::new(),
        }
    }
}

/// Whether a term is a stack trace.
pub(super) fn is_stack(term: &Term) -> bool {
    term.to_vec()
        .is_some_and(|entries| entries.iter().all(|entry| Entry::new(entry).is_some()))
}

fn spaces(count: usize) -> String {
    " ".repeat(count)
}

fn newlines(text: &str) -> usize {
    text.matches('\n').count()
}

fn length(text: &str) -> usize {
    text.chars().count()
}

fn head(class: Class) -> &'static str {
    match class {
        Class::Error => "exception error: ",
        Class::Exit => "exception exit: ",
        Class::Throw => "exception throw: ",
    }
}

/// The texts of one exception at one indentation.
struct Writer<'a> {
    show: &'a Show,
    /// Spaces in front of every line but the first.
    indent: usize,
    class: Class,
}

/// Writes an exception; `column` is where its text starts, from 1.
pub(super) fn format(show: &Show, column: usize, exception: &Exception) -> String {
    let class = exception.class();
    let writer = Writer {
        show,
        indent: column.saturating_sub(1),
        class,
    };
    let stack = exception.stack();
    let terms: Vec<Term> = stack.to_vec().unwrap_or_default();
    let mut entries: Vec<Entry<'_>> = terms.iter().filter_map(Entry::new).collect();
    let mut reason = exception.reason().clone();
    let mut culprit = None;
    if entries.len() != terms.len() || stack.to_vec().is_none() {
        // Not a stack trace: it is shown with the reason.
        reason = Term::tuple([reason, stack.clone()]);
        entries.clear();
    } else if class == Class::Error && !entries.is_empty() {
        let with_arguments = entries[0].arguments.is_some();
        let apart = match &reason {
            Term::Atom(atoms::FUNCTION_CLAUSE) => with_arguments,
            Term::Atom(atoms::UNDEF) => true,
            _ => false,
        };
        if apart {
            culprit = Some(entries.remove(0));
        }
    }
    let trace = writer.trace(&entries, exception, culprit.is_none());
    let note = exception.notes().iter().find(|(kind, _)| *kind == REASON);
    let text = match note {
        Some((_, text)) if culprit.is_none() => text.to_string(),
        _ => writer.reason(&reason, culprit.as_ref()),
    };
    let mut out = format!("{}{text}", head(class));
    if !trace.is_empty() {
        out.push('\n');
        out.push_str(&trace);
    }
    out
}

impl Writer<'_> {
    fn head_length(&self) -> usize {
        head(self.class).len()
    }

    /// What happened.
    fn reason(&self, reason: &Term, culprit: Option<&Entry<'_>>) -> String {
        if self.class == Class::Error {
            if let Some(text) = self.error_reason(reason, culprit) {
                return text;
            }
        } else if *reason == Term::atom("calling_self") && self.class == Class::Exit {
            return "the current process attempted to call itself".to_owned();
        }
        self.show
            .value(reason, self.indent + 1 + self.head_length())
    }

    fn error_reason(&self, reason: &Term, culprit: Option<&Entry<'_>>) -> Option<String> {
        if let Some(entry) = culprit {
            return Some(if *reason == Term::Atom(atoms::UNDEF) {
                let name = function_name(entry.module, entry.function, entry.arity, self.show);
                format!("undefined function {name}/{}", entry.arity)
            } else if entry.module.as_str() == "shell_default" {
                let name = atom_text(entry.function, self.show);
                format!("no function clause matching call to {name}/{}", entry.arity)
            } else {
                let before = spaces(self.indent + self.head_length());
                let arguments = entry.arguments.as_deref().unwrap_or_default();
                let text = "no function clause matching ";
                let call = self.call(text, &before, entry.module, entry.function, arguments);
                format!("{text}{call} {}", entry.place())
            });
        }
        if let Term::Atom(atom) = reason {
            let text = match atom.as_str() {
                "badarg" => "bad argument",
                "badarith" => "an error occurred when evaluating an arithmetic expression",
                "if_clause" => "no true branch found when evaluating an if expression",
                "noproc" => "no such process or port",
                "notalive" => "the node cannot be part of a distributed system",
                "system_limit" => "a system limit has been reached",
                "timeout_value" => "bad receive timeout value",
                _ => return None,
            };
            return Some(text.to_owned());
        }
        let parts = reason.as_tuple()?;
        let (Term::Atom(tag), values) = parts.split_first()? else {
            return None;
        };
        match (tag.as_str(), values) {
            ("badarity", [pair]) => {
                let [Term::Fun(fun), arguments] = pair.as_tuple()? else {
                    return None;
                };
                let fun = match closure::of(fun) {
                    Some(_) => format!("interpreted function with arity {}", fun.arity()),
                    None => Term::Fun(fun.clone())
                        .to_string()
                        .trim_start_matches("fun ")
                        .to_owned(),
                };
                let count = match arguments.to_vec()?.len() {
                    0 => "no arguments".to_owned(),
                    1 => "one argument".to_owned(),
                    2 => "two arguments".to_owned(),
                    count => format!("{count} arguments"),
                };
                Some(format!("{fun} called with {count}"))
            }
            ("shell_undef", [Term::Atom(name), arity, _]) => {
                let arity = arity
                    .to_vec()
                    .map_or_else(|| arity.to_string(), |list| list.len().to_string());
                Some(format!(
                    "undefined shell command {}/{arity}",
                    atom_text(*name, self.show)
                ))
            }
            ("argument_limit", [_]) => {
                Some("limit of number of arguments to interpreted function exceeded".to_owned())
            }
            ("unbound", [name]) => Some(format!("variable {name:?} is unbound")),
            (tag, [value]) => {
                let text = match tag {
                    "badarg" => "bad argument: ",
                    "badkey" => "bad key: ",
                    "badmap" => "bad map: ",
                    "badfun" => "bad function ",
                    "badmatch" => "no match of right hand side value ",
                    "case_clause" => "no case clause matching ",
                    "try_clause" => "no try clause matching ",
                    "bad_filter" => "bad filter ",
                    "bad_generator" => "bad generator ",
                    _ => return None,
                };
                Some(self.labelled(text, value))
            }
            _ => None,
        }
    }

    /// A text with a value behind it, or on the next line where that saves lines.
    fn labelled(&self, text: &str, value: &Term) -> String {
        let head = self.head_length();
        let behind = self.show.value(value, head + self.indent + text.len() + 1);
        let lines = newlines(&behind);
        if lines > 1 {
            let below = self.show.value(value, self.indent + 1 + head);
            if newlines(&below) < lines {
                return format!("{text}\n{}{below}", spaces(self.indent + head));
            }
        }
        format!("{text}{behind}")
    }

    /// Where it happened, a line or more for each entry.
    fn trace(&self, entries: &[Entry<'_>], exception: &Exception, explain: bool) -> String {
        // What the evaluator itself did at the bottom is left out.
        let bottom = entries
            .iter()
            .rposition(|entry| !matches!(entry.module.as_str(), "erl_eval" | "shell"))
            .map_or(0, |last| last + 1);
        let indent = spaces(self.indent + 2);
        let mut lines = Vec::new();
        for (index, entry) in entries[..bottom].iter().enumerate() {
            let origin = match index {
                0 if is_operator(entry.module, entry.function, entry.arity) => "in operator ",
                0 => "in function ",
                _ => "in call from",
            };
            let name = function_name(entry.module, entry.function, entry.arity, self.show);
            let arity = entry.arity;
            match &entry.arguments {
                None => {
                    lines.push(format!("{indent}{origin} {name}/{arity} {}", entry.place()));
                }
                Some(arguments) => {
                    lines.push(format!("{indent}{origin} {name}/{arity}"));
                    let called = format!("{indent}   called as ");
                    let call = self.call("", &called, entry.module, entry.function, arguments);
                    lines.push(format!("{called}{call}"));
                }
            }
            if index == 0 && explain {
                let notes = self.explanations(entry, exception);
                add_notes(&indent, arity, &notes, &mut lines);
            }
        }
        lines.join("\n")
    }

    /// What the function that failed said, or what can be found out.
    fn explanations(&self, entry: &Entry<'_>, exception: &Exception) -> Vec<Note> {
        let said = exception
            .notes()
            .iter()
            .filter(|(number, _)| *number != REASON);
        let said: Vec<Note> = said
            .map(|(number, text)| (*number, text.to_string()))
            .collect();
        if !said.is_empty() {
            return said;
        }
        match (entry.property("error_info"), &entry.arguments) {
            (Some(Term::Map(info)), Some(arguments)) => explain::explain(
                entry.module,
                entry.function,
                arguments,
                exception.reason(),
                info,
            ),
            _ => Vec::new(),
        }
    }

    /// `m:f(A, B)` or `A op B`. `before` is what stands in front of the whole
    /// in its line, `text` what comes between.
    fn call(
        &self,
        text: &str,
        before: &str,
        module: Atom,
        function: Atom,
        arguments: &[Term],
    ) -> String {
        if is_operator(module, function, arguments.len()) {
            return self.operator(length(before) + length(text), function, arguments);
        }
        let name = function_name(module, function, arguments.len(), self.show);
        let column = length(before) + length(text) + length(&name);
        let behind = self.arguments(arguments, column);
        let below = self.arguments(arguments, length(before) + length(&name));
        let sample = [Term::atom("a2345"), Term::atom("b2345")];
        let narrow = newlines(&self.arguments(&sample, column)) > 0;
        if narrow || newlines(&below) < newlines(&behind) {
            format!("\n{}{name}{below}", spaces(length(before)))
        } else {
            format!("{name}{behind}")
        }
    }

    fn operator(&self, column: usize, operator: Atom, arguments: &[Term]) -> String {
        let text = operator.as_str();
        match arguments {
            [value] => {
                let value = self.show.value(value, column + length(text) + 2);
                format!("{text} {value}")
            }
            [left, right] => {
                let left = self.show.value(left, column + 1);
                let below = self.show.value(right, column + 1);
                let indent = spaces(column);
                let stacked = format!("{left}\n{indent}{text}\n{indent}{below}");
                if newlines(&left) > 0 {
                    return stacked;
                }
                let spaced = format!(" {text} ");
                let behind = self
                    .show
                    .value(right, column + length(&spaced) + length(&left) + 1);
                if newlines(&below) < newlines(&behind) {
                    stacked
                } else {
                    format!("{left}{spaced}{behind}")
                }
            }
            _ => String::new(),
        }
    }

    /// `(A, B)`: printed as a list, with parentheses. `column` is where the first
    /// one stands, from 0.
    fn arguments(&self, arguments: &[Term], column: usize) -> String {
        let list = Term::list(arguments.to_vec());
        let shown = self.show.value(&list, column + 1);
        if let Some(inner) = shown
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
        {
            return format!("({inner})");
        }
        // All arguments are characters, so the list looked like a string: an atom
        // as long as the first number keeps the layout.
        let Some((Term::Integer(first), rest)) = arguments.split_first() else {
            return "()".to_owned();
        };
        let digits = first.to_string();
        let stand_in = Atom::new(&"a".repeat(digits.len())).unwrap_or(atoms::OK);
        let mut list = vec![Term::Atom(stand_in)];
        list.extend_from_slice(rest);
        let shown = self.show.value(&Term::list(list), column + 1);
        let inner = shown
            .get(1 + digits.len()..shown.len() - 1)
            .unwrap_or_default();
        format!("({digits}{inner})")
    }
}

/// `f` for a BIF that needs no module, else `m:f`; operators by themselves.
fn function_name(module: Atom, function: Atom, arity: usize, show: &Show) -> String {
    let small = u8::try_from(arity).unwrap_or(u8::MAX);
    if module == atoms::ERLANG && crate::bif::is_auto_imported(function, small) {
        return atom_text(function, show);
    }
    if is_operator(module, function, arity) {
        return if function.as_str() == "/" {
            "'/'".to_owned()
        } else {
            function.as_str().to_owned()
        };
    }
    format!("{}:{}", atom_text(module, show), atom_text(function, show))
}

fn atom_text(atom: Atom, show: &Show) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = print::write_atom(&mut text, atom, show.encoding);
    text
}

fn is_operator(module: Atom, function: Atom, arity: usize) -> bool {
    if module != atoms::ERLANG {
        return false;
    }
    let text = function.as_str();
    match arity {
        1 => matches!(text, "+" | "-" | "not" | "bnot"),
        2 => matches!(
            text,
            "+" | "-"
                | "*"
                | "/"
                | "div"
                | "rem"
                | "band"
                | "bor"
                | "bxor"
                | "bsl"
                | "bsr"
                | "and"
                | "or"
                | "xor"
                | "++"
                | "--"
                | "=="
                | "/="
                | "=<"
                | "<"
                | ">="
                | ">"
                | "=:="
                | "=/="
                | "!"
        ),
        _ => false,
    }
}

/// Adds the lines of notes about arguments, then of those about none.
fn add_notes(indent: &str, arity: usize, notes: &[Note], lines: &mut Vec<String>) {
    for argument in 1..=arity {
        for (_, text) in notes
            .iter()
            .filter(|(number, _)| usize::from(*number) == argument)
        {
            let label = format!("*** argument {argument}: ");
            let mut text = text.lines();
            lines.push(format!(
                "{indent}   {label}{}",
                text.next().unwrap_or_default()
            ));
            lines.extend(text.map(|line| format!("{indent}   {}{line}", spaces(label.len()))));
        }
    }
    for (_, text) in notes.iter().filter(|(number, _)| *number == GENERAL) {
        lines.push(format!("{indent}   *** {text}"));
    }
}
