//! `io_lib:format/2`: control sequences, field width, precision, padding.

mod directive;
mod float;
mod functions;

use portwright_term::Term;

use super::argument::{badarg, chardata, elements};
use crate::exception::Exception;

pub(crate) use functions::IO_LIB;

/// What a format string made: its own characters, and what directives wrote.
enum Piece {
    /// A character of the format string.
    Plain(char),
    /// What one directive wrote.
    Written(Written),
}

/// What one directive wrote.
#[derive(Debug, Default)]
struct Written {
    text: String,
    /// The list of characters that OTP nests into its answer, if it was asked for.
    /// Directives for numbers and characters never have one: what they write is
    /// spliced in.
    chars: Option<Term>,
}

impl From<String> for Written {
    fn from(text: String) -> Written {
        Written { text, chars: None }
    }
}

/// One directive, `~F.P.PadModC`, before its arguments are looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directive {
    /// The control character.
    control: char,
    /// Field width; negative means adjusted to the left.
    width: Option<i64>,
    precision: Option<i64>,
    pad: Option<char>,
    /// `t`: the argument is Unicode.
    unicode: bool,
    /// `l`: no strings.
    lists: bool,
    /// Whether the deep list of characters is wanted, too.
    deep: bool,
}

impl Directive {
    fn adjust_left(&self) -> bool {
        self.width.is_some_and(|w| w < 0)
    }

    /// Field width without its sign.
    fn field(&self) -> Option<usize> {
        self.width
            .and_then(|w| usize::try_from(w.unsigned_abs()).ok())
    }

    fn precision(&self) -> Option<usize> {
        self.precision.and_then(|p| usize::try_from(p).ok())
    }

    fn pad(&self) -> char {
        self.pad.unwrap_or(' ')
    }
}

/// Widest field that is made; OTP would run out of memory above it.
pub(crate) const MAX_FIELD: usize = 1 << 28;

/// The text of a format argument: a string, a binary or an atom.
pub(crate) fn format_text(format: &Term) -> Option<String> {
    match format {
        Term::Atom(a) => Some(a.as_str().to_string()),
        // A binary that is no UTF-8 is read as latin1.
        Term::Binary(b) => Some(
            chardata(format).unwrap_or_else(|| b.iter().map(|byte| char::from(*byte)).collect()),
        ),
        _ => chardata(format),
    }
}

/// Formats `args` (a list) as `format` says; `deep` asks for lists of characters.
fn format(format: &Term, args: &Term, deep: bool) -> Result<Vec<Piece>, Exception> {
    let text = format_text(format).ok_or_else(badarg)?;
    let args = elements(args).ok_or_else(badarg)?;
    let mut args = args.into_iter();
    let mut pieces = Vec::new();
    let mut column = 0;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '~' {
            column = advance(column, c);
            pieces.push(Piece::Plain(c));
            continue;
        }
        let mut directive = parse_directive(&mut rest, &mut args).ok_or_else(badarg)?;
        directive.deep = deep;
        let written = directive.write(&mut args, column).ok_or_else(badarg)?;
        column = written.text.chars().fold(column, advance);
        pieces.push(Piece::Written(written));
    }
    if args.next().is_some() {
        return Err(badarg());
    }
    Ok(pieces)
}

/// Formats `args` (a list) as `format` says, into one text.
///
/// # Errors
///
/// `badarg` when the format is none, or does not fit the arguments.
pub(crate) fn format_string(term: &Term, args: &Term) -> Result<String, Exception> {
    let mut text = String::new();
    for piece in format(term, args, false)? {
        match piece {
            Piece::Plain(c) => text.push(c),
            Piece::Written(written) => text.push_str(&written.text),
        }
    }
    Ok(text)
}

/// Formats `args` (a list) as `format` says, into the list that
/// `io_lib:format/2` answers.
///
/// # Errors
///
/// `badarg` when the format is none, or does not fit the arguments.
fn format_chars(term: &Term, args: &Term) -> Result<Term, Exception> {
    let mut chars = Vec::new();
    for piece in format(term, args, true)? {
        match piece {
            Piece::Plain(c) => chars.push(Term::from(u32::from(c))),
            Piece::Written(written) => match written.chars {
                Some(deep) => chars.push(deep),
                None => chars.extend(written.text.chars().map(|c| Term::from(u32::from(c)))),
            },
        }
    }
    Ok(Term::list(chars))
}

/// The column after a character.
fn advance(column: usize, c: char) -> usize {
    match c {
        '\n' => 0,
        '\t' => (column + 8) / 8 * 8,
        _ => column + 1,
    }
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;
type Arguments = std::vec::IntoIter<Term>;

/// Reads what stands between `~` and the control character, and that character.
fn parse_directive(rest: &mut Chars<'_>, args: &mut Arguments) -> Option<Directive> {
    let mut directive = Directive::default();
    if rest.peek() == Some(&'-') {
        rest.next();
        directive.width = Some(-number(rest, args)??);
    } else {
        directive.width = number(rest, args)?;
    }
    if rest.peek() == Some(&'.') {
        rest.next();
        directive.precision = number(rest, args)?;
        if rest.peek() == Some(&'.') {
            rest.next();
            directive.pad = Some(match rest.next()? {
                '*' => char_argument(&args.next()?)?,
                c => c,
            });
        }
    }
    loop {
        match rest.next()? {
            't' => directive.unicode = true,
            'l' => directive.lists = true,
            control => {
                directive.control = control;
                return Some(directive);
            }
        }
    }
}

fn char_argument(term: &Term) -> Option<char> {
    char::from_u32(u32::try_from(term.as_i64()?).ok()?)
}

/// A number or `*`; the outer `None` is an error, the inner one means that there is none.
#[allow(clippy::option_option, reason = "absent and wrong are different here")]
fn number(rest: &mut Chars<'_>, args: &mut Arguments) -> Option<Option<i64>> {
    if rest.peek() == Some(&'*') {
        rest.next();
        return Some(Some(args.next()?.as_i64()?));
    }
    let mut value: Option<i64> = None;
    while let Some(digit) = rest.peek().and_then(|c| c.to_digit(10)) {
        rest.next();
        value = Some(
            value
                .unwrap_or(0)
                .checked_mul(10)?
                .checked_add(i64::from(digit))?,
        );
    }
    Some(value)
}
