//! Writing terms, as `io_lib:format/2` does with `~w` and `~p`.
//!
//! | directive | here |
//! |---|---|
//! | `~w`, `~tw`, `~W` | [`write_w`], [`format_w`] |
//! | `~p`, `~tp`, `~P`, `~0p` | [`write_p`], [`format_p`] with [`PrintOptions`] |
//!
//! [`chars_w`] and [`PrintOptions::to_chars`] make the deep lists that these
//! directives have in the answer of `io_lib:format/2`.
//!
//! Depth of terms costs heap, not stack.

use std::fmt;

use crate::text::scan::{is_name, is_reserved_word};
use crate::{Atom, Fun, Term};
use chars::Flat;

mod chars;
mod float;
mod layout;
mod measure;
mod plain;

pub use chars::{chars_w, repeated_chars};

/// Which characters are written as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Encoding {
    /// Characters above 255 are escaped, and lists of them are no strings; the
    /// directives without `t`.
    #[default]
    Latin1,
    /// All printable characters are written; the directives with `t`.
    Unicode,
}

/// Which characters make a list of integers a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PrintableRange {
    /// Latin-1, the default of `erl` (`+pc latin1`).
    #[default]
    Latin1,
    /// All of Unicode (`+pc unicode`). Needs [`Encoding::Unicode`] to matter.
    Unicode,
}

/// How to write a term. The default is `~p` at column 1 of 80.
///
/// # Examples
///
/// ```
/// use portwright_term::{Term, text::PrintOptions};
///
/// let term = Term::list((1000..1030).map(Term::from));
/// let shown = PrintOptions::default().depth(4).to_string(&term);
/// assert_eq!(shown, "[1000,1001,1002|...]");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrintOptions {
    encoding: Encoding,
    range: PrintableRange,
    column: usize,
    line_length: usize,
    line_max_chars: Option<usize>,
    depth: Option<usize>,
    strings: bool,
    local_node: Atom,
}

impl Default for PrintOptions {
    fn default() -> PrintOptions {
        PrintOptions {
            encoding: Encoding::Latin1,
            range: PrintableRange::Latin1,
            column: 1,
            line_length: 80,
            line_max_chars: None,
            depth: None,
            strings: true,
            local_node: crate::atoms::NONODE_NOHOST,
        }
    }
}

impl PrintOptions {
    /// `~p` at column 1 of 80, Latin-1.
    pub fn new() -> PrintOptions {
        PrintOptions::default()
    }

    /// Which characters are written as they are. Default: Latin-1.
    pub fn encoding(self, encoding: Encoding) -> PrintOptions {
        PrintOptions { encoding, ..self }
    }

    /// Which characters make a string. Default: Latin-1.
    pub fn range(self, range: PrintableRange) -> PrintOptions {
        PrintOptions { range, ..self }
    }

    /// The column the text begins at, counted from 1. Default: 1.
    pub fn column(self, column: usize) -> PrintOptions {
        PrintOptions {
            column: column.max(1),
            ..self
        }
    }

    /// Characters in a line. 0 means all on one line, as `~0p`. Default: 80.
    pub fn line_length(self, line_length: usize) -> PrintOptions {
        PrintOptions {
            line_length,
            ..self
        }
    }

    /// Characters in a line without its indentation; the shell of Erlang uses
    /// 60. Default: no limit.
    pub fn line_max_chars(self, chars: impl Into<Option<usize>>) -> PrintOptions {
        PrintOptions {
            line_max_chars: chars.into(),
            ..self
        }
    }

    /// What `~P` and `~W` take: deeper and further parts become `...`.
    /// Default: no limit.
    pub fn depth(self, depth: impl Into<Option<usize>>) -> PrintOptions {
        PrintOptions {
            depth: depth.into(),
            ..self
        }
    }

    /// Whether lists and binaries of characters are written as strings; the
    /// modifier `l` turns it off. Default: yes.
    pub fn strings(self, strings: bool) -> PrintOptions {
        PrintOptions { strings, ..self }
    }

    /// The name of the own node, whose identifiers print with a 0 in front.
    /// Default: `nonode@nohost`, which always prints so.
    pub fn local_node(self, node: Atom) -> PrintOptions {
        PrintOptions {
            local_node: node,
            ..self
        }
    }

    /// The text of `term` under these options.
    pub fn to_string(&self, term: &Term) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = write_p(&mut text, term, self);
        text
    }
}

/// Writes what `~w` writes (`~tw` with [`Encoding::Unicode`], `~W` with a depth).
///
/// # Errors
///
/// Only those of `out`.
pub fn write_w(
    out: &mut dyn fmt::Write,
    term: &Term,
    encoding: Encoding,
    depth: Option<usize>,
) -> fmt::Result {
    let options = PrintOptions {
        encoding,
        depth,
        ..PrintOptions::default()
    };
    plain::write(&mut Flat(out), term, &options)
}

/// The text of `~w`, in Latin-1.
pub fn format_w(term: &Term) -> String {
    let mut text = String::new();
    let _ = write_w(&mut text, term, Encoding::Latin1, None);
    text
}

/// Writes what `~p` writes, broken into lines as `io_lib_pretty` does.
///
/// Broken lines are indented by their depth, so a term of n levels may take n²
/// characters, as in OTP. For terms from outside set a depth, or a line length
/// of 0 for all on one line.
///
/// Widths count what a reader sees as characters (grapheme clusters). For
/// characters newer than OTP 25 its tables and these may disagree.
///
/// # Errors
///
/// Only those of `out`.
pub fn write_p(out: &mut dyn fmt::Write, term: &Term, options: &PrintOptions) -> fmt::Result {
    layout::write(&mut Flat(out), term, options)
}

/// The text of `~p`, in Latin-1, when the output stands at `column` (from 1)
/// of lines of `line_length` characters; 0 for all on one line.
pub fn format_p(term: &Term, column: usize, line_length: usize) -> String {
    PrintOptions::default()
        .column(column)
        .line_length(line_length)
        .to_string(term)
}

impl PrintOptions {
    /// Writes a term that holds no others and is no bitstring.
    fn write_atomic(&self, out: &mut dyn fmt::Write, term: &Term) -> fmt::Result {
        match term {
            Term::Integer(value) => write!(out, "{value}"),
            Term::BigInteger(value) => write!(out, "{value}"),
            Term::Float(value) => float::write(out, *value),
            Term::Atom(atom) => write_atom(out, *atom, self.encoding),
            Term::Pid(pid) => pid.write(out, self.node_number(pid.node())),
            Term::Port(port) => port.write(out, self.node_number(port.node())),
            Term::Reference(reference) => reference.write(out, self.node_number(reference.node())),
            Term::Fun(fun) => write_fun(out, fun, self.encoding),
            Term::Nil => out.write_str("[]"),
            Term::Binary(_)
            | Term::Bitstring(_)
            | Term::List(_)
            | Term::Tuple(_)
            | Term::Map(_) => Ok(()),
        }
    }

    fn node_number(&self, node: Atom) -> u32 {
        if node == self.local_node {
            0
        } else {
            crate::identifier::node_number(node)
        }
    }
}

/// As the emulator writes funs: quoted is every name that is not letters, digits
/// and underscores of ASCII. Reserved words are quoted too, which OTP forgets, so
/// that the text of an external fun can always be read back.
fn write_fun(out: &mut dyn fmt::Write, fun: &Fun, encoding: Encoding) -> fmt::Result {
    match fun {
        Fun::External {
            module,
            function,
            arity,
        } => {
            out.write_str("fun ")?;
            write_fun_name(out, *module, encoding)?;
            out.write_char(':')?;
            write_fun_name(out, *function, encoding)?;
            write!(out, "/{arity}")
        }
        Fun::Opaque(fun) => {
            out.write_str("#Fun<")?;
            write_fun_name(out, fun.module, encoding)?;
            write!(out, ".{}.{}>", fun.old_index, fun.old_uniq)
        }
        Fun::Native(fun) => {
            out.write_str("#Fun<")?;
            write_fun_name(out, fun.module(), encoding)?;
            write!(out, ".{}.{}>", fun.index(), fun.uniq())
        }
    }
}

fn write_fun_name(out: &mut dyn fmt::Write, name: Atom, encoding: Encoding) -> fmt::Result {
    let text = name.as_str();
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_plain && !needs_quotes(text) {
        out.write_str(text)
    } else {
        write_quoted(out, text.chars(), '\'', encoding)
    }
}

/// Writes an atom, quoted where Erlang needs it.
pub fn write_atom(out: &mut dyn fmt::Write, atom: Atom, encoding: Encoding) -> fmt::Result {
    let text = atom.as_str();
    if needs_quotes(text) {
        write_quoted(out, text.chars(), '\'', encoding)
    } else {
        out.write_str(text)
    }
}

fn needs_quotes(text: &str) -> bool {
    let starts_small = matches!(text.chars().next(), Some('a'..='z' | 'ß'..='ö' | 'ø'..='ÿ'));
    !starts_small || !text.chars().all(is_name) || is_reserved_word(text)
}

/// Writes characters between quotes, with escapes where Erlang has them.
fn write_quoted(
    out: &mut dyn fmt::Write,
    text: impl Iterator<Item = char>,
    quote: char,
    encoding: Encoding,
) -> fmt::Result {
    out.write_char(quote)?;
    for c in text {
        match c {
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            '\u{b}' => out.write_str("\\v")?,
            '\u{8}' => out.write_str("\\b")?,
            '\u{c}' => out.write_str("\\f")?,
            '\u{1b}' => out.write_str("\\e")?,
            '\u{7f}' => out.write_str("\\d")?,
            '\\' => out.write_str("\\\\")?,
            c if c == quote => write!(out, "\\{c}")?,
            '\0'..'\u{a0}' if !(' '..='~').contains(&c) => {
                write!(out, "\\{:03o}", u32::from(c))?;
            }
            c if u32::from(c) > 255 && encoding == Encoding::Latin1 => {
                write!(out, "\\x{{{:X}}}", u32::from(c))?;
            }
            c => out.write_char(c)?,
        }
    }
    out.write_char(quote)
}

/// `text` between quotes, as messages show it.
pub(crate) fn quoted(text: &str, quote: char) -> String {
    let mut shown = String::new();
    let _ = write_quoted(&mut shown, text.chars(), quote, Encoding::Unicode);
    shown
}

/// What `~w` writes.
impl fmt::Debug for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_w(f, self, Encoding::Unicode, None)
    }
}

/// What `~0tp` writes: one line, strings as strings.
impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = PrintOptions::default()
            .line_length(0)
            .encoding(Encoding::Unicode);
        write_p(f, self, &options)
    }
}
