//! `io_lib:fread/2`: reading terms by a format.

use portwright_term::Term;

use super::argument::{Answer, atom, chardata, function_clause, tagged};
use super::conversion::intern;
use super::number;

/// How one directive ended.
enum Read {
    Value(Term),
    Nothing,
    /// The input ended first.
    More,
    /// The input does not fit.
    Error(&'static str),
}

struct Input<'a> {
    rest: &'a [char],
    taken: usize,
}

impl Input<'_> {
    fn skip_space(&mut self) {
        while matches!(self.rest.first(), Some(' ' | '\t' | '\n' | '\r')) {
            self.take(1);
        }
    }

    fn take(&mut self, n: usize) -> String {
        let (taken, rest) = self.rest.split_at(n.min(self.rest.len()));
        self.rest = rest;
        self.taken += taken.len();
        taken.iter().collect()
    }

    fn count(&self, width: Option<usize>, wanted: impl Fn(char) -> bool) -> usize {
        self.rest
            .iter()
            .take(width.unwrap_or(usize::MAX))
            .take_while(|c| wanted(**c))
            .count()
    }
}

/// `{ok, Terms, Rest}`, `{more, ...}` or `{error, {fread, What}}`.
pub(crate) fn fread(args: &[Term]) -> Answer {
    let format: Vec<char> = chardata(&args[0])
        .ok_or_else(function_clause)?
        .chars()
        .collect();
    let text: Vec<char> = chardata(&args[1])
        .ok_or_else(function_clause)?
        .chars()
        .collect();
    let mut input = Input {
        rest: &text,
        taken: 0,
    };
    let mut values = Vec::new();
    let mut at = 0;
    while let Some(c) = format.get(at) {
        let from = at;
        let read = match c {
            '~' => {
                at += 1;
                let suppressed = format.get(at) == Some(&'*');
                at += usize::from(suppressed);
                let digits: String = format[at..]
                    .iter()
                    .take_while(|c| c.is_ascii_digit())
                    .collect();
                at += digits.len();
                let width = digits.parse().ok();
                let unicode = format.get(at) == Some(&'t');
                at += usize::from(unicode);
                // A format that ends here has no such letter.
                let control = *format.get(at).unwrap_or(&'\0');
                at += 1;
                let field = Field { width, unicode };
                match (directive(&mut input, control, field), suppressed) {
                    (Read::Value(_), true) => Read::Nothing,
                    (read, _) => read,
                }
            }
            ' ' | '\t' | '\n' | '\r' => {
                at += 1;
                input.skip_space();
                Read::Nothing
            }
            expected => {
                at += 1;
                match input.rest.first() {
                    Some(got) if got == expected => {
                        input.take(1);
                        Read::Nothing
                    }
                    Some(_) => Read::Error("input"),
                    None => Read::More,
                }
            }
        };
        match read {
            Read::Value(value) => values.push(value),
            Read::Nothing => {}
            Read::More => {
                let rest: String = format[from..].iter().collect();
                values.reverse();
                return Ok(Term::tuple([
                    atom("more"),
                    Term::string(&rest),
                    Term::from(input.taken),
                    Term::list(values),
                ]));
            }
            Read::Error(what) => return Ok(tagged("error", tagged("fread", atom(what)))),
        }
    }
    let rest: String = input.rest.iter().collect();
    Ok(Term::tuple([
        atom("ok"),
        Term::list(values),
        Term::string(&rest),
    ]))
}

/// What stands between `~` and the letter.
#[derive(Clone, Copy)]
struct Field {
    width: Option<usize>,
    /// `t`: characters beyond latin1 are taken.
    unicode: bool,
}

impl Field {
    fn takes(self, c: char) -> bool {
        self.unicode || u32::from(c) <= 0xff
    }
}

fn directive(input: &mut Input<'_>, control: char, field: Field) -> Read {
    match control {
        '~' => {
            if input.rest.first() == Some(&'~') {
                input.take(1);
                Read::Nothing
            } else {
                Read::Error("input")
            }
        }
        'l' => Read::Value(Term::from(input.taken)),
        'c' | 's' | 'a' | 'd' | 'u' | '-' | 'f' | '#' if input.rest.is_empty() => Read::More,
        'c' => {
            let wanted = field.width.unwrap_or(1);
            match input.rest.get(..wanted) {
                Some(taken) if taken.iter().all(|c| field.takes(*c)) => {
                    Read::Value(Term::string(&input.take(wanted)))
                }
                _ => Read::Error("character"),
            }
        }
        's' | 'a' | 'd' | 'u' | '-' | 'f' | '#' => {
            if let (Some(width), 's' | 'a' | 'd' | 'f') = (field.width, control) {
                return within(input, control, field, width);
            }
            // `~u` takes no space.
            if !matches!(control, '-' | 'u') {
                input.skip_space();
            }
            word(input, control, field)
        }
        _ => Read::Error("format"),
    }
}

/// Reads within the next `width` characters, which may have space before what is
/// wanted, behind text also, and nothing else.
fn within(input: &mut Input<'_>, control: char, field: Field, width: usize) -> Read {
    let fault = Read::Error(match control {
        's' => "string",
        'a' => "atom",
        'd' => "integer",
        _ => "float",
    });
    let Some(inside) = input.rest.get(..width) else {
        return fault;
    };
    let mut inside = Input {
        rest: inside,
        taken: 0,
    };
    inside.skip_space();
    let whole = Field {
        width: None,
        ..field
    };
    let read = word(&mut inside, control, whole);
    if matches!(control, 's' | 'a') {
        inside.skip_space();
    }
    match read {
        Read::Value(value) if inside.rest.is_empty() => {
            input.take(width);
            Read::Value(value)
        }
        _ => fault,
    }
}

fn word(input: &mut Input<'_>, control: char, field: Field) -> Read {
    let width = field.width;
    let sign = usize::from(matches!(input.rest.first(), Some('+' | '-')));
    match control {
        '-' => {
            let negative = input.rest.first() == Some(&'-');
            input.take(sign);
            Read::Value(Term::Integer(if negative { -1 } else { 1 }))
        }
        's' | 'a' => {
            let is_space = |c| matches!(c, ' ' | '\t' | '\n' | '\r');
            let length = input.count(None, |c| !is_space(c) && field.takes(c));
            let stray = input.rest.get(..length.max(1)).unwrap_or_default();
            if stray.iter().any(|c| !field.takes(*c)) {
                return Read::Error(if control == 's' { "string" } else { "atom" });
            }
            let text = input.take(length);
            if control == 's' {
                return Read::Value(Term::string(&text));
            }
            intern(&text).map_or(Read::Error("atom"), Read::Value)
        }
        'f' => {
            let length = input.count(None, |c| {
                c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E')
            });
            let text: String = input.rest[..length].iter().collect();
            match number::parse_float(text.as_bytes()).and_then(Term::float) {
                Some(value) => {
                    input.take(length);
                    Read::Value(value)
                }
                None => Read::Error("float"),
            }
        }
        '#' => {
            let base_digits = input.count(width, |c| c.is_ascii_digit());
            let base: Option<u32> = input.rest[..base_digits]
                .iter()
                .collect::<String>()
                .parse()
                .ok();
            match base {
                Some(base @ 2..=36) if input.rest.get(base_digits) == Some(&'#') => {
                    input.take(base_digits + 1);
                    let width = width.map(|width| width.saturating_sub(base_digits + 1));
                    number(input, width, base).unwrap_or(Read::Error("based"))
                }
                _ => Read::Error("based"),
            }
        }
        // The width is a base here.
        'u' => match width.map_or(Ok(10), u32::try_from) {
            Ok(base @ 2..=36) => number(input, None, base).unwrap_or(Read::Error("unsigned")),
            _ => Read::Error("format"),
        },
        _ => {
            let digits = input.rest[sign..]
                .iter()
                .take_while(|c| c.is_ascii_digit())
                .count();
            let text: String = input.rest[..sign + digits].iter().collect();
            match number::parse_integer(text.as_bytes(), 10) {
                Some(value) => {
                    input.take(sign + digits);
                    Read::Value(value)
                }
                None => Read::Error("integer"),
            }
        }
    }
}

/// Digits of a base; `None` for none, and for decimal digits that the base does not have.
fn number(input: &mut Input<'_>, width: Option<usize>, base: u32) -> Option<Read> {
    let length = input.count(width, |c| c.is_ascii_digit() || c.is_digit(base));
    let digits = input.take(length);
    number::parse_integer(digits.as_bytes(), base).map(Read::Value)
}
