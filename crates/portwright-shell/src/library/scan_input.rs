//! `io_lib:fread/2`: reading terms by a format.

use portwright_term::Term;

use super::argument::{Answer, atom, badarg, chardata, function_clause, tagged};
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
                if format.get(at) == Some(&'t') {
                    at += 1;
                }
                let control = *format.get(at).ok_or_else(badarg)?;
                at += 1;
                match (directive(&mut input, control, width), suppressed) {
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

fn directive(input: &mut Input<'_>, control: char, width: Option<usize>) -> Read {
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
        'c' => {
            let wanted = width.unwrap_or(1);
            if input.rest.is_empty() {
                return Read::More;
            }
            if input.rest.len() < wanted {
                return Read::Error("character");
            }
            Read::Value(Term::string(&input.take(wanted)))
        }
        's' | 'a' | 'd' | 'u' | '-' | 'f' | '#' => {
            if let (Some(width), 's' | 'a' | 'd' | 'f') = (width, control) {
                return field(input, control, width);
            }
            // `~u` takes no space.
            if !matches!(control, '-' | 'u') {
                input.skip_space();
            }
            if input.rest.is_empty() {
                return Read::More;
            }
            word(input, control, width)
        }
        _ => Read::Error("format"),
    }
}

/// How many digits are in front.
fn digits(text: &[char]) -> usize {
    text.iter().take_while(|c| c.is_ascii_digit()).count()
}

/// Reads within the next `width` characters, which may have space before what is
/// wanted, behind text also, and nothing else.
fn field(input: &mut Input<'_>, control: char, width: usize) -> Read {
    let fault = Read::Error(match control {
        's' => "string",
        'a' => "atom",
        'd' => "integer",
        _ => "float",
    });
    let Some(inside) = input.rest.get(..width) else {
        return fault;
    };
    let mut within = Input {
        rest: inside,
        taken: 0,
    };
    within.skip_space();
    let read = word(&mut within, control, None);
    if matches!(control, 's' | 'a') {
        within.skip_space();
    }
    match read {
        Read::Value(value) if within.rest.is_empty() => {
            input.take(width);
            Read::Value(value)
        }
        _ => fault,
    }
}

fn word(input: &mut Input<'_>, control: char, width: Option<usize>) -> Read {
    let sign = usize::from(matches!(input.rest.first(), Some('+' | '-')));
    match control {
        '-' => {
            let negative = input.rest.first() == Some(&'-');
            input.take(sign);
            Read::Value(Term::Integer(if negative { -1 } else { 1 }))
        }
        's' | 'a' => {
            let length = input.count(width, |c| !matches!(c, ' ' | '\t' | '\n' | '\r'));
            let text = input.take(length);
            if control == 's' {
                return Read::Value(Term::string(&text));
            }
            intern(&text).map_or(Read::Error("atom"), Read::Value)
        }
        'f' => {
            let length = input.count(width, |c| {
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
            let base_digits = input.count(None, |c| c.is_ascii_digit());
            let base: Option<u32> = input.rest[..base_digits]
                .iter()
                .collect::<String>()
                .parse()
                .ok();
            match base {
                Some(base @ 2..=36) if input.rest.get(base_digits) == Some(&'#') => {
                    input.take(base_digits + 1);
                    let length = input.count(width, |c| c.is_digit(base));
                    let digits = input.take(length);
                    number::parse_integer(digits.as_bytes(), base)
                        .map_or(Read::Error("based"), Read::Value)
                }
                _ => Read::Error("based"),
            }
        }
        'd' => {
            let length = sign + digits(&input.rest[sign..]);
            let text: String = input.rest[..length].iter().collect();
            match number::parse_integer(text.as_bytes(), 10) {
                Some(value) => {
                    input.take(length);
                    Read::Value(value)
                }
                None => Read::Error("integer"),
            }
        }
        // What would be the width is the base.
        _ => {
            let base = width.map_or(Some(10), |base| u32::try_from(base).ok());
            let Some(base @ 2..=36) = base else {
                return Read::Error("unsigned");
            };
            // All of a word must be digits of the base.
            let length = input.count(None, |c| c.is_ascii_alphanumeric());
            let text: String = input.rest[..length].iter().collect();
            match number::parse_integer(text.as_bytes(), base) {
                Some(value) => {
                    input.take(length);
                    Read::Value(value)
                }
                None => Read::Error("unsigned"),
            }
        }
    }
}
