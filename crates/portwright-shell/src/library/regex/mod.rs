//! `re(3)`: Perl's regular expressions, run by `fancy_regex`.
//!
//! Without the option `unicode` a subject is bytes: each byte counts as the
//! character of its number, and positions count bytes. With it both are UTF-8.

mod answer;
mod check;
mod classes;
mod translate;

use fancy_regex::{Regex, RegexBuilder};
use portwright_term::Term;
use portwright_term::etf::{self, DecodeLimits, EncodeOptions};

use self::check::check;
use self::translate::{Syntax, translate};
use super::argument::{
    atom_text, badarg, binary_term, chardata, count, elements, io_bytes, is_atom,
};
use crate::exception::Exception;

pub(crate) use answer::RE;

/// How results are returned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Return {
    Index,
    List,
    Binary,
    Iodata,
}

/// Which groups are returned.
#[derive(Clone)]
enum Wanted {
    All,
    AllButFirst,
    AllNames,
    First,
    None,
    These(Vec<Term>),
}

/// Every option of the functions of `re`.
struct Options {
    syntax: Syntax,
    unicode: bool,
    anchored: bool,
    global: bool,
    not_empty: bool,
    offset: usize,
    wanted: Wanted,
    capture_as: Return,
    return_as: Return,
    parts: usize,
    group: bool,
    trim: bool,
    report_errors: bool,
}

impl Options {
    fn new() -> Options {
        Options {
            syntax: Syntax::default(),
            unicode: false,
            anchored: false,
            global: false,
            not_empty: false,
            offset: 0,
            wanted: Wanted::All,
            capture_as: Return::Index,
            return_as: Return::Iodata,
            parts: 0,
            group: false,
            trim: false,
            report_errors: false,
        }
    }

    /// Reads a list of options, all of them or those of `re:compile/2` only.
    fn read(&mut self, options: &Term) -> Option<()> {
        for option in elements(options)? {
            match option.as_tuple() {
                None => self.flag(atom_text(&option)?)?,
                Some([name, value]) => self.setting(atom_text(name)?, value)?,
                Some([name, wanted, form]) if is_atom(name, "capture") => {
                    self.setting("capture", wanted)?;
                    self.capture_as = return_form(form)?;
                }
                Some(_) => return None,
            }
        }
        Some(())
    }

    fn flag(&mut self, name: &str) -> Option<()> {
        match name {
            "unicode" => {
                self.unicode = true;
                self.syntax.unicode = true;
            }
            "anchored" => self.anchored = true,
            "caseless" => self.syntax.caseless = true,
            "dotall" => self.syntax.dotall = true,
            "multiline" => self.syntax.multiline = true,
            "extended" => self.syntax.extended = true,
            "ungreedy" => self.syntax.ungreedy = true,
            "dollar_endonly" => self.syntax.dollar_endonly = true,
            "global" => self.global = true,
            "notempty" | "notempty_atstart" => self.not_empty = true,
            "ucp" => self.syntax.ucp = true,
            "dupnames" => self.syntax.dupnames = true,
            "group" => self.group = true,
            "trim" => self.trim = true,
            "report_errors" => self.report_errors = true,
            // These do not change what is matched here.
            "firstline" | "no_auto_capture" | "bsr_anycrlf" | "bsr_unicode" | "never_utf"
            | "no_start_optimize" | "notbol" | "noteol" => {}
            _ => return None,
        }
        Some(())
    }

    fn setting(&mut self, name: &str, value: &Term) -> Option<()> {
        match name {
            "offset" => self.offset = count(value)?,
            "capture" => {
                self.wanted = match atom_text(value) {
                    Some("all") => Wanted::All,
                    Some("all_but_first") => Wanted::AllButFirst,
                    Some("all_names") => Wanted::AllNames,
                    Some("first") => Wanted::First,
                    Some("none") => Wanted::None,
                    Some(_) => return None,
                    None => Wanted::These(elements(value)?),
                };
            }
            "return" => self.return_as = return_form(value)?,
            "parts" => {
                self.parts = if is_atom(value, "infinity") {
                    0
                } else {
                    count(value)?
                }
            }
            "newline" => self.syntax.crlf = atom_text(value)? == "crlf",
            "match_limit" | "match_limit_recursion" => {
                count(value)?;
            }
            _ => return None,
        }
        Some(())
    }
}

fn return_form(term: &Term) -> Option<Return> {
    match atom_text(term)? {
        "index" => Some(Return::Index),
        "list" => Some(Return::List),
        "binary" => Some(Return::Binary),
        "iodata" => Some(Return::Iodata),
        _ => None,
    }
}

/// Steps a match may take before it counts as failed, as PCRE's match limit.
const STEP_LIMIT: usize = 10_000_000;

/// A pattern ready to run.
struct Compiled {
    regex: Regex,
    /// Matches the same, but never emptily and only where the search starts.
    not_empty_here: Option<Regex>,
}

impl Compiled {
    /// The error is what is wrong, in PCRE's words, and where.
    fn new(pattern: &str, options: &Options) -> Result<Compiled, (String, usize)> {
        let syntax = options.syntax;
        check(pattern, syntax.extended, syntax.dupnames, options.unicode)
            .map_err(|(text, place)| (text.to_owned(), place))?;
        let translated = translate(pattern, options.syntax);
        let build = |text: &str| {
            RegexBuilder::new(text)
                .backtrack_limit(STEP_LIMIT)
                .build()
                .map_err(|error| (error.to_string(), 0))
        };
        let plain = build(&translated)?;
        let regex = match (options.anchored, options.not_empty) {
            (false, false) => plain,
            (true, false) => build(&format!("\\G(?:{translated})"))?,
            (anchored, true) => {
                let start = if anchored { "\\G" } else { "" };
                build(&format!(
                    "{start}(?=((?:{translated})))(?!\\k<1>$^)(?:{translated})"
                ))
                .unwrap_or(plain)
            }
        };
        let not_empty_here = build(&format!("\\G(?:{translated})(?!\\G)")).ok();
        Ok(Compiled {
            regex,
            not_empty_here,
        })
    }
}

/// A subject as text, and the way from its positions to the caller's.
struct Subject {
    text: String,
    /// Positions count bytes of latin1 and the text is not ASCII.
    latin1: bool,
}

impl Subject {
    fn read(term: &Term, unicode: bool) -> Result<Subject, Exception> {
        if unicode {
            return Ok(Subject {
                text: chardata(term).ok_or_else(badarg)?,
                latin1: false,
            });
        }
        let bytes = io_bytes(term).ok_or_else(badarg)?;
        let latin1 = !bytes.is_ascii();
        Ok(Subject {
            text: bytes.into_iter().map(char::from).collect(),
            latin1,
        })
    }

    /// The caller's position of a byte of the text.
    fn position(&self, at: usize) -> usize {
        if self.latin1 {
            self.text[..at].chars().count()
        } else {
            at
        }
    }

    /// The byte of the text at the caller's position.
    fn offset(&self, position: usize) -> Option<usize> {
        if self.latin1 {
            let mut places = self
                .text
                .char_indices()
                .map(|(at, _)| at)
                .chain([self.text.len()]);
            return places.nth(position);
        }
        (position <= self.text.len() && self.text.is_char_boundary(position)).then_some(position)
    }
}

/// The pattern argument: its text and the options it was compiled with.
fn pattern(term: &Term, options: &mut Options) -> Result<Compiled, Exception> {
    let (text, compiled_options) = match term.as_tuple() {
        Some([tag, _, _, _, encoded]) if is_atom(tag, "re_pattern") => {
            let bytes = super::argument::binary(encoded)
                .ok_or_else(badarg)?
                .to_bytes();
            let stored = etf::decode(&bytes, &DecodeLimits::default()).map_err(|_| badarg())?;
            let Some([text, compiled]) = stored.as_tuple() else {
                return Err(badarg());
            };
            (text.clone(), Some(compiled.clone()))
        }
        _ => (term.clone(), None),
    };
    if let Some(compiled) = compiled_options {
        options.read(&compiled).ok_or_else(badarg)?;
    }
    let text = Subject::read(&text, options.unicode)?.text;
    Compiled::new(&text, options).map_err(|_| badarg())
}

/// What is wrong with the arguments of a function of `re`.
pub(crate) enum Fault {
    /// No text, or no pattern either.
    Text,
    /// PCRE's words, and the place.
    Pattern(String, usize),
}

/// Looks at a subject or replacement under options that may be wrong themselves.
pub(crate) fn text_fault(term: &Term, given: &Term) -> Option<Fault> {
    let mut options = Options::new();
    let _ = options.read(given);
    Subject::read(term, options.unicode)
        .is_err()
        .then_some(Fault::Text)
}

/// Looks at a pattern under options that may be wrong themselves.
pub(crate) fn pattern_fault(term: &Term, given: &Term) -> Option<Fault> {
    if term.is_tuple() {
        let mut options = Options::new();
        return pattern(term, &mut options).is_err().then_some(Fault::Text);
    }
    let mut options = Options::new();
    let _ = options.read(given);
    let Ok(text) = Subject::read(term, options.unicode) else {
        return Some(Fault::Text);
    };
    let (text, place) = Compiled::new(&text.text, &options).err()?;
    Some(Fault::Pattern(text, place))
}

/// Whether these are options.
pub(crate) fn are_options(given: &Term) -> bool {
    Options::new().read(given).is_some()
}

/// `{re_pattern, Groups, Unicode, Crlf, Code}`; the code is the pattern with its options.
fn compiled_term(
    source: &Term,
    given: &Term,
    options: &Options,
    regex: &Compiled,
) -> Result<Term, Exception> {
    let stored = Term::tuple([source.clone(), given.clone()]);
    let code = etf::encode(&stored, &EncodeOptions::default()).map_err(|_| badarg())?;
    Ok(Term::tuple([
        super::argument::atom("re_pattern"),
        Term::from(regex.regex.captures_len() - 1),
        Term::Integer(i64::from(options.unicode)),
        Term::Integer(i64::from(options.syntax.crlf)),
        binary_term(code),
    ]))
}

/// Where each group matched, in bytes of the text; `None` for groups that did not.
type Groups = Vec<Option<(usize, usize)>>;

/// Finds matches from `from` on: one, or all when the option `global` is given.
fn matches(regex: &Compiled, text: &str, from: usize, all: bool) -> Result<Vec<Groups>, Exception> {
    let mut found: Vec<Groups> = Vec::new();
    let mut at = from;
    let mut after_empty = false;
    while at <= text.len() {
        let expression = match (&regex.not_empty_here, after_empty) {
            (Some(here), true) => here,
            _ => &regex.regex,
        };
        // Running out of steps counts as no match, as in OTP without report_errors.
        let captures = expression.captures_from_pos(text, at).ok().flatten();
        match captures {
            Some(captures) => {
                let groups: Groups = (0..captures.len())
                    .map(|n| captures.get(n).map(|m| (m.start(), m.end())))
                    .collect();
                let (start, end) = groups.first().copied().flatten().unwrap_or((at, at));
                found.push(groups);
                if !all {
                    break;
                }
                after_empty = start == end;
                at = end;
            }
            None if after_empty => {
                // Nothing but emptiness here: one character on.
                at += text[at..].chars().next().map_or(1, char::len_utf8);
                after_empty = false;
            }
            None => break,
        }
    }
    Ok(found)
}
