//! What each control character writes.

use portwright_term::Term;
use portwright_term::text::print::write_w;
use portwright_term::text::{Encoding, PrintOptions};
use unicode_segmentation::UnicodeSegmentation;

use super::{Arguments, Directive, MAX_FIELD, char_argument, float};
use crate::library::argument::{chardata, io_bytes};
use crate::library::number;

impl Directive {
    /// Takes its arguments and writes them; `None` when they do not fit.
    pub(super) fn write(&self, args: &mut Arguments, column: usize) -> Option<String> {
        if self.field().unwrap_or(0) > MAX_FIELD || self.precision().unwrap_or(0) > MAX_FIELD {
            return None;
        }
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
            's' => self.string(&args.next()?),
            'w' => {
                let mut text = String::new();
                write_w(&mut text, &args.next()?, self.encoding(), None).ok()?;
                Some(self.term(&text))
            }
            'W' => {
                let term = args.next()?;
                let depth = depth(&args.next()?)?;
                let mut text = String::new();
                write_w(&mut text, &term, self.encoding(), depth).ok()?;
                Some(self.term(&text))
            }
            'p' => self.pretty(&args.next()?, None, column),
            'P' => {
                let term = args.next()?;
                let depth = depth(&args.next()?)?;
                self.pretty(&term, depth, column)
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
                Some(
                    Directive {
                        precision: None,
                        ..self.clone()
                    }
                    .term(&text),
                )
            }
            _ => None,
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
    fn string(&self, term: &Term) -> Option<String> {
        let text = match term {
            Term::Atom(a) => a.as_str().to_string(),
            _ if self.unicode => unicode_text(term)?,
            _ => io_bytes(term)?.into_iter().map(char::from).collect(),
        };
        if !self.unicode
            && matches!(term, Term::Atom(_))
            && text.chars().any(|c| u32::from(c) > 255)
        {
            return None;
        }
        let length = text.graphemes(true).count();
        let cut = |n: usize| text.graphemes(true).take(n).collect::<String>();
        let field = |n: usize, left: bool| {
            if length > n {
                cut(n)
            } else if left {
                Directive {
                    width: Some(-1),
                    ..self.clone()
                }
                .adjust(&text, n - length)
            } else {
                self.adjust(&text, n - length)
            }
        };
        match (self.field(), self.precision()) {
            (None, None) => Some(text),
            (Some(width), None) => Some(field(width, self.adjust_left())),
            (None, Some(precision)) => Some(field(precision, true)),
            (Some(width), Some(precision)) if width == precision => {
                Some(field(width, self.adjust_left()))
            }
            (Some(width), Some(precision)) if width > precision => {
                Some(self.adjust(&field(precision, true), width - precision))
            }
            _ => None,
        }
    }

    /// `~w`: what is too long for its field becomes stars.
    fn term(&self, text: &str) -> String {
        let Some(field) = self.field().or(self.precision()) else {
            return text.to_string();
        };
        let length = text.graphemes(true).count();
        let limit = self.precision().map_or(field, |p| p.min(field));
        let shown = length.min(limit);
        if length > limit {
            return self.adjust(&"*".repeat(shown), field - shown);
        }
        self.adjust(text, field - shown)
    }

    /// `~p`: the width is the line length, the precision the column.
    fn pretty(&self, term: &Term, depth: Option<usize>, column: usize) -> Option<String> {
        let line_length = self.width.map_or(Some(80), |w| usize::try_from(w).ok())?;
        let column = self.precision().unwrap_or(column + 1);
        let options = PrintOptions::default()
            .encoding(self.encoding())
            .column(column)
            .line_length(line_length)
            .depth(depth)
            .strings(!self.lists);
        Some(options.to_string(term))
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
        Some(
            Directive {
                precision: None,
                ..self.clone()
            }
            .term(&text),
        )
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
    match (chardata(term), term) {
        (Some(text), _) => Some(text),
        (None, Term::Binary(bytes)) => Some(bytes.iter().map(|b| char::from(*b)).collect()),
        _ => None,
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
