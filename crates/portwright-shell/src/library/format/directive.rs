//! What each control character writes.

use portwright_term::text::print::write_w;
use portwright_term::text::{Encoding, PrintOptions, chars_w, repeated_chars};
use portwright_term::{List, Term};
use unicode_segmentation::UnicodeSegmentation;

use super::{Arguments, Directive, MAX_FIELD, Written, char_argument, float};
use crate::library::argument::{chardata, io_bytes};
use crate::library::number;

impl Directive {
    /// Takes its arguments and writes them; `None` when they do not fit.
    pub(super) fn write(&self, args: &mut Arguments, column: usize) -> Option<Written> {
        if self.field().unwrap_or(0) > MAX_FIELD || self.precision().unwrap_or(0) > MAX_FIELD {
            return None;
        }
        match self.control {
            's' => self.string(&args.next()?),
            'w' => self.plain(&args.next()?, None),
            'W' => {
                let term = args.next()?;
                self.plain(&term, depth(&args.next()?)?)
            }
            'p' => self.pretty(&args.next()?, None, column),
            'P' => {
                let term = args.next()?;
                let depth = depth(&args.next()?)?;
                self.pretty(&term, depth, column)
            }
            _ => self.write_small(args).map(Written::from),
        }
    }

    /// Numbers and characters.
    fn write_small(&self, args: &mut Arguments) -> Option<String> {
        match self.control {
            '~' => self.character('~'),
            'n' => {
                let times = match self.width {
                    None => 1,
                    Some(n) => usize::try_from(n).ok()?,
                };
                Some("\n".repeat(times))
            }
            'i' => {
                args.next()?;
                Some(String::new())
            }
            'c' => {
                let code = args.next()?;
                if self.unicode {
                    return self.character(char_argument(&code)?);
                }
                // Without t only the low byte counts.
                let byte = number::big(&code)? & num_bigint::BigInt::from(255);
                self.character(char::from(u8::try_from(byte).ok()?))
            }
            'b' => self.integer(&args.next()?, "", false),
            'B' => self.integer(&args.next()?, "", true),
            'x' | 'X' => {
                let value = args.next()?;
                let prefix = args.next()?;
                let prefix = match &prefix {
                    Term::Atom(a) => a.as_str().to_string(),
                    _ => chardata(&prefix)?,
                };
                self.integer(&value, &prefix, self.control == 'X')
            }
            '#' | '+' => {
                let prefix = format!("{}#", self.base()?);
                self.integer(&args.next()?, &prefix, self.control == '#')
            }
            'f' | 'e' | 'g' => {
                let Term::Float(value) = args.next()? else {
                    return None;
                };
                let precision = self
                    .precision
                    .map_or(Some(6), |p| usize::try_from(p).ok())?;
                let text = match self.control {
                    'f' => float::fixed(value, precision)?,
                    'e' => float::exponential(value, precision)?,
                    _ => float::general(value, precision)?,
                };
                // The precision is spent on the digits.
                Some(self.without_precision().term(&text))
            }
            _ => None,
        }
    }

    fn without_precision(&self) -> Directive {
        Directive {
            precision: None,
            ..self.clone()
        }
    }

    fn encoding(&self) -> Encoding {
        if self.unicode {
            Encoding::Unicode
        } else {
            Encoding::Latin1
        }
    }

    /// Puts padding on the free side.
    fn adjust(&self, text: &str, missing: usize) -> String {
        let padding: String = std::iter::repeat_n(self.pad(), missing).collect();
        if self.adjust_left() {
            format!("{text}{padding}")
        } else {
            format!("{padding}{text}")
        }
    }

    /// The same with lists of characters: what comes first is a list within the other.
    fn adjust_chars(&self, chars: Term, missing: usize) -> Term {
        if missing == 0 {
            return chars;
        }
        let padding = repeated_chars(self.pad(), missing);
        if self.adjust_left() {
            List::cons(chars, padding)
        } else {
            List::cons(padding, chars)
        }
    }

    fn character(&self, c: char) -> Option<String> {
        let repeated = |n: usize| std::iter::repeat_n(c, n).collect::<String>();
        match (self.field(), self.precision()) {
            (None, None) => Some(c.to_string()),
            (Some(n), None) | (None, Some(n)) => Some(repeated(n)),
            (Some(field), Some(precision)) if field >= precision => {
                Some(self.adjust(&repeated(precision), field - precision))
            }
            _ => None,
        }
    }

    /// `~s`: cut or filled to the field; the precision cuts before.
    fn string(&self, term: &Term) -> Option<Written> {
        if let Term::Atom(atom) = term {
            let text = atom.as_str();
            if !self.unicode && text.chars().any(|c| u32::from(c) > 255) {
                return None;
            }
            return Some(self.fill(text.to_string(), None)?.text.into());
        }
        let text: String = if self.unicode {
            unicode_text(term)?
        } else {
            io_bytes(term)?.into_iter().map(char::from).collect()
        };
        let chars = self.deep.then(|| nested_chars(term, self.unicode));
        self.fill(text, chars)
    }

    /// Cuts or fills a string, and its list of characters if there is one.
    fn fill(&self, text: String, chars: Option<Term>) -> Option<Written> {
        let whole = Written { text, chars };
        let (field, precision) = match (self.field(), self.precision()) {
            (None, None) => return Some(whole),
            (Some(field), None) => return Some(self.fit(whole, field)),
            (None, Some(precision)) => return Some(self.to_the_left().fit(whole, precision)),
            (Some(field), Some(precision)) if field == precision => {
                return Some(self.fit(whole, field));
            }
            (Some(field), Some(precision)) if field > precision => (field, precision),
            _ => return None,
        };
        let inner = self.to_the_left().fit(whole, precision);
        Some(Written {
            text: self.adjust(&inner.text, field - precision),
            chars: inner
                .chars
                .map(|chars| self.adjust_chars(chars, field - precision)),
        })
    }

    /// The same directive, adjusted to the left.
    fn to_the_left(&self) -> Directive {
        Directive {
            width: Some(-1),
            ..self.clone()
        }
    }

    /// Exactly `room` characters.
    fn fit(&self, whole: Written, room: usize) -> Written {
        let length = whole.text.graphemes(true).count();
        if length > room {
            let text: String = whole.text.graphemes(true).take(room).collect();
            let chars = whole.chars.map(|_| Term::string(&text));
            return Written { text, chars };
        }
        Written {
            text: self.adjust(&whole.text, room - length),
            chars: whole
                .chars
                .map(|chars| self.adjust_chars(chars, room - length)),
        }
    }

    /// `~w`.
    fn plain(&self, term: &Term, depth: Option<usize>) -> Option<Written> {
        let mut text = String::new();
        write_w(&mut text, term, self.encoding(), depth).ok()?;
        let chars = self.deep.then(|| {
            let chars = chars_w(term, self.encoding(), depth);
            match self.room(&text) {
                None => chars,
                Some((length, limit, field)) if length > limit => {
                    self.adjust_chars(repeated_chars('*', limit), field - limit)
                }
                Some((length, _, field)) => self.adjust_chars(chars, field - length),
            }
        });
        Some(Written {
            text: self.term(&text),
            chars,
        })
    }

    /// How long a text is, how much of it may be shown, and in how wide a field.
    fn room(&self, text: &str) -> Option<(usize, usize, usize)> {
        let field = self.field().or(self.precision())?;
        let length = text.graphemes(true).count();
        Some((
            length,
            self.precision().map_or(field, |p| p.min(field)),
            field,
        ))
    }

    /// What is too long for its field becomes stars.
    fn term(&self, text: &str) -> String {
        match self.room(text) {
            None => text.to_string(),
            Some((length, limit, field)) if length > limit => {
                self.adjust(&"*".repeat(limit), field - limit)
            }
            Some((length, _, field)) => self.adjust(text, field - length),
        }
    }

    /// `~p`: the width is the line length, the precision the column.
    fn pretty(&self, term: &Term, depth: Option<usize>, column: usize) -> Option<Written> {
        let line_length = self.width.map_or(Some(80), |w| usize::try_from(w).ok())?;
        let column = self.precision().unwrap_or(column + 1);
        let options = PrintOptions::default()
            .encoding(self.encoding())
            .column(column)
            .line_length(line_length)
            .depth(depth)
            .strings(!self.lists);
        Some(Written {
            text: options.to_string(term),
            chars: self.deep.then(|| options.to_chars(term)),
        })
    }

    /// The base of integers: the precision.
    fn base(&self) -> Option<u32> {
        match self.precision {
            None => Some(10),
            Some(base @ 2..=36) => Some(base as u32),
            Some(_) => None,
        }
    }

    fn integer(&self, value: &Term, prefix: &str, upper: bool) -> Option<String> {
        let digits = number::digits(value, self.base()?)?;
        let digits = if upper { digits } else { digits.to_lowercase() };
        let text = match digits.strip_prefix('-') {
            Some(magnitude) => format!("-{prefix}{magnitude}"),
            None => format!("{prefix}{digits}"),
        };
        Some(self.without_precision().term(&text))
    }
}

/// A depth argument; negative ones mean no limit.
#[allow(
    clippy::option_option,
    reason = "no limit and a wrong argument are different here"
)]
fn depth(term: &Term) -> Option<Option<usize>> {
    let depth = term.as_i64()?;
    Some(usize::try_from(depth).ok())
}

/// The text of `~ts`: binaries that are no UTF-8 count as latin1.
fn unicode_text(term: &Term) -> Option<String> {
    if let Some(text) = chardata(term) {
        return Some(text);
    }
    chardata(&nested_chars(term, true))
}

/// Character data with its binaries as lists.
fn nested_chars(term: &Term, unicode: bool) -> Term {
    let from_bytes = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) if unicode => Term::string(text),
        _ => Term::bytes_list(bytes),
    };
    let mut rest = term.clone();
    let mut list = Vec::new();
    // The lists around, and what is still to come of each.
    let mut around = Vec::new();
    loop {
        rest = match rest {
            Term::List(cell) => {
                let tail = cell.tail().clone();
                match cell.head() {
                    Term::Binary(bytes) => list.push(from_bytes(bytes)),
                    Term::List(_) => {
                        around.push((std::mem::take(&mut list), tail));
                        rest = cell.head().clone();
                        continue;
                    }
                    other => list.push(other.clone()),
                }
                tail
            }
            end => {
                let end = match &end {
                    Term::Binary(bytes) => from_bytes(bytes),
                    _ => end,
                };
                let whole = Term::improper_list(std::mem::take(&mut list), end);
                let Some((outer, tail)) = around.pop() else {
                    return whole;
                };
                list = outer;
                list.push(whole);
                tail
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_long_for_the_field_becomes_stars() {
        let directive = Directive {
            control: 'w',
            width: Some(3),
            ..Directive::default()
        };
        assert_eq!(directive.term("12345"), "***");
        assert_eq!(directive.term("1"), "  1");
    }
}
