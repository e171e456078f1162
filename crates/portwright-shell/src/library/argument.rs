//! Reading arguments and building answers: what every native function needs.
//!
//! Most native functions need nothing but their arguments. They are plain
//! `fn(&[Term]) -> Answer`, and [`pure`] makes table entries of them.

use num_traits::ToPrimitive;
use portwright_term::{Atom, Binary, Term};

use crate::exception::Exception;

/// What a native function answers.
pub(crate) type Answer = Result<Term, Exception>;

/// A table entry for a function that needs only its arguments.
macro_rules! pure {
    ($name:literal, $arity:literal, $function:expr) => {
        $crate::native::Native::pure($name, $arity, $function)
    };
}
pub(crate) use pure;

/// Error `badarg`.
pub(crate) fn badarg() -> Exception {
    Exception::badarg()
}

/// Error `function_clause`.
pub(crate) fn function_clause() -> Exception {
    Exception::function_clause()
}

/// Error `badarith`.
pub(crate) fn badarith() -> Exception {
    Exception::badarith()
}

/// Error `{Tag, Value}`, such as `{badmap, M}`.
pub(crate) fn tagged_error(tag: &'static str, value: Term) -> Exception {
    Exception::error(tagged(tag, value))
}

/// `{Tag, Term}`, the usual shape of a reason with a value.
pub(crate) fn tagged(tag: &'static str, value: Term) -> Term {
    Term::tuple([atom(tag), value])
}

/// An atom that is written in this source.
pub(crate) fn atom(text: &'static str) -> Term {
    Term::Atom(Atom::literal(text))
}

/// `ok`.
pub(crate) fn ok() -> Term {
    atom("ok")
}

/// `{error, Reason}`.
pub(crate) fn error_tuple(reason: Term) -> Term {
    tagged("error", reason)
}

/// `{ok, Value}`.
pub(crate) fn ok_tuple(value: Term) -> Term {
    tagged("ok", value)
}

/// True when `term` is the atom `text`.
pub(crate) fn is_atom(term: &Term, text: &str) -> bool {
    matches!(term, Term::Atom(a) if a.as_str() == text)
}

/// The text of an atom.
pub(crate) fn atom_text(term: &Term) -> Option<&'static str> {
    match term {
        Term::Atom(a) => Some(a.as_str()),
        _ => None,
    }
}

/// The elements of a proper list.
pub(crate) fn elements(term: &Term) -> Option<Vec<Term>> {
    term.to_vec()
}

/// The elements of a proper list, else `badarg`.
pub(crate) fn elements_or_badarg(term: &Term) -> Result<Vec<Term>, Exception> {
    term.to_vec().ok_or_else(badarg)
}

/// True for `[]` and for cons cells.
pub(crate) fn is_list(term: &Term) -> bool {
    matches!(term, Term::Nil | Term::List(_))
}

/// A size or count: a non-negative integer of this machine.
pub(crate) fn count(term: &Term) -> Option<usize> {
    match term {
        Term::Integer(n) => usize::try_from(*n).ok(),
        _ => None,
    }
}

/// A number as a float; `None` when it is no number or beyond what a float holds.
pub(crate) fn float(term: &Term) -> Option<f64> {
    match term {
        Term::Integer(n) => Some(*n as f64),
        Term::BigInteger(n) => n.to_f64().filter(|f| f.is_finite()),
        Term::Float(f) => Some(*f),
        _ => None,
    }
}

/// The bytes of an I/O list or binary.
pub(crate) fn io_bytes(term: &Term) -> Option<Vec<u8>> {
    let gathered = portwright_term::iolist::gather(term).ok()?;
    Some(gathered.into_bytes().to_vec())
}

/// The bytes of a binary.
pub(crate) fn binary(term: &Term) -> Option<&Binary> {
    match term {
        Term::Binary(b) => Some(b),
        _ => None,
    }
}

/// A list of integers 0 to 255 as bytes.
pub(crate) fn byte_list(term: &Term) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for element in term.to_vec()? {
        match element {
            Term::Integer(n) => bytes.push(u8::try_from(n).ok()?),
            _ => return None,
        }
    }
    Some(bytes)
}

/// A flat list of code points as text.
pub(crate) fn flat_text(term: &Term) -> Option<String> {
    let mut text = String::new();
    for element in term.to_vec()? {
        match element {
            Term::Integer(n) => text.push(char::from_u32(u32::try_from(n).ok()?)?),
            _ => return None,
        }
    }
    Some(text)
}

/// The code points of `unicode:chardata()`: binaries in UTF-8, code points, nested lists.
/// `None` when some part is neither, or is no valid UTF-8.
pub(crate) fn chardata(term: &Term) -> Option<String> {
    let mut text = String::new();
    let mut open = vec![term.clone()];
    while let Some(next) = open.pop() {
        match next {
            Term::Nil => {}
            Term::Binary(b) => text.push_str(std::str::from_utf8(&b).ok()?),
            Term::List(cell) => {
                open.push(cell.tail().clone());
                match cell.head() {
                    Term::Integer(n) => text.push(char::from_u32(u32::try_from(*n).ok()?)?),
                    head @ (Term::Nil | Term::List(_) | Term::Binary(_)) => open.push(head.clone()),
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
    Some(text)
}

/// A list of code points.
pub(crate) fn char_list(text: &str) -> Term {
    Term::list(text.chars().map(|c| Term::Integer(i64::from(u32::from(c)))))
}

/// A binary of these bytes.
pub(crate) fn binary_term(bytes: impl Into<Binary>) -> Term {
    Term::Binary(crate::machine::bits::new_binary(bytes))
}
