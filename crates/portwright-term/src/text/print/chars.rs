//! Where text goes: straight to a writer, or into the deep list of characters
//! that OTP makes of it.
//!
//! What `io_lib:format/2` and its relatives answer is a list whose nesting shows
//! how it came about: each part of a term is a list of its own within a list that
//! stands for the inside of its bracket. Whoever looks at such an answer without
//! flattening it sees that, so it is made here as it is made there.

use std::fmt;

use super::{Encoding, PrintOptions, layout, plain};
use crate::{List, Term};

/// Takes text, and is told where a list begins and ends within it.
pub(super) trait Chars: fmt::Write {
    fn open(&mut self) {}
    fn close(&mut self) {}
}

/// Forgets the nesting.
pub(super) struct Flat<'o>(pub(super) &'o mut dyn fmt::Write);

impl fmt::Write for Flat<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_str(text)
    }
}

impl Chars for Flat<'_> {}

/// Keeps the nesting.
#[derive(Default)]
struct Nested {
    /// The list that is being filled.
    list: Vec<Term>,
    /// Those around it, the outermost first.
    around: Vec<Vec<Term>>,
}

impl Nested {
    /// All that was written, as one list.
    fn finish(mut self) -> Term {
        while !self.around.is_empty() {
            self.close();
        }
        Term::list(self.list)
    }
}

impl fmt::Write for Nested {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.list
            .extend(text.chars().map(|c| Term::from(u32::from(c))));
        Ok(())
    }
}

impl Chars for Nested {
    fn open(&mut self) {
        self.around.push(std::mem::take(&mut self.list));
    }

    fn close(&mut self) {
        if let Some(around) = self.around.pop() {
            let inner = std::mem::replace(&mut self.list, around);
            self.list.push(Term::list(inner));
        }
    }
}

/// What `io_lib:write/1` makes of a term: the text of [`write_w`] as the deep list
/// of characters that OTP answers.
///
/// [`write_w`]: super::write_w
///
/// # Examples
///
/// ```
/// use portwright_term::{Term, text::{Encoding, chars_w}};
///
/// let pair = Term::list([Term::from(1), Term::from(2)]);
/// assert_eq!(chars_w(&pair, Encoding::Latin1, None).to_string(), "[91,[\"1\",44,\"2\"],93]");
/// ```
pub fn chars_w(term: &Term, encoding: Encoding, depth: Option<usize>) -> Term {
    let options = PrintOptions {
        encoding,
        depth,
        ..PrintOptions::default()
    };
    let mut chars = Nested::default();
    // Writing to a list does not fail.
    let _ = plain::write(&mut chars, term, &options);
    chars.finish()
}

impl PrintOptions {
    /// What `io_lib:print/4` makes of a term: the text of [`PrintOptions::to_string`]
    /// as the deep list of characters that OTP answers.
    pub fn to_chars(&self, term: &Term) -> Term {
        let mut chars = Nested::default();
        // Writing to a list does not fail.
        let _ = layout::write(&mut chars, term, self);
        chars.finish()
    }
}

/// Writes spaces as OTP nests them: the halves within each other.
pub(super) fn write_spaces<O: Chars>(out: &mut O, count: usize) -> fmt::Result {
    match count {
        0 => Ok(()),
        2 | 3 => (0..count).try_for_each(|_| out.write_char(' ')),
        _ => {
            if count % 2 == 1 {
                out.write_char(' ')?;
            }
            out.open();
            write_spaces(out, count / 2)?;
            out.close();
            write_spaces(out, count / 2)
        }
    }
}

/// `count` times `c`, as `io_lib:format/2` makes its padding. The halves are
/// shared, so that it takes little memory for any count.
pub fn repeated_chars(c: char, count: usize) -> Term {
    let character = Term::from(u32::from(c));
    match count {
        0..=3 => Term::list(std::iter::repeat_n(character, count)),
        _ => {
            let half = repeated_chars(c, count / 2);
            let list = List::cons(half.clone(), half);
            if count % 2 == 1 {
                List::cons(character, list)
            } else {
                list
            }
        }
    }
}
