//! The functions of `re` and the shapes of their answers.

use std::collections::BTreeMap;

use portwright_term::{List, Term};

use super::{Compiled, Groups, Options, Return, Subject, Wanted, compiled_term, matches, pattern};
use crate::exception::Exception;
use crate::library::argument::{
    Answer, atom, atom_text, badarg, binary_term, chardata, count, error_tuple, io_bytes, ok_tuple,
    pure, tagged,
};
use crate::native::NativeModule;

/// What this file registers.
pub(crate) const RE: NativeModule = NativeModule::new(
    "re",
    &[
        pure!("run", 2, run),
        pure!("run", 3, run),
        pure!("replace", 3, replace),
        pure!("replace", 4, replace),
        pure!("split", 2, split),
        pure!("split", 3, split),
        pure!("compile", 1, compile),
        pure!("compile", 2, compile),
        pure!("inspect", 2, inspect),
        pure!("version", 0, version),
    ],
);

fn options(given: Option<&Term>) -> Result<Options, Exception> {
    let mut options = Options::new();
    if let Some(given) = given {
        options.read(given).ok_or_else(badarg)?;
    }
    Ok(options)
}

fn compile(args: &[Term]) -> Answer {
    let options = options(args.get(1))?;
    let text = Subject::read(&args[0], options.unicode)?.text;
    match Compiled::new(&text, &options) {
        Ok(regex) => {
            let given = args.get(1).cloned().unwrap_or(Term::Nil);
            Ok(ok_tuple(compiled_term(&args[0], &given, &options, &regex)?))
        }
        Err((text, place)) => {
            let fault = Term::tuple([Term::string(&text), Term::from(place)]);
            Ok(error_tuple(fault))
        }
    }
}

fn inspect(args: &[Term]) -> Answer {
    let mut options = Options::new();
    let regex = pattern(&args[0], &mut options)?;
    if atom_text(&args[1]) != Some("namelist") {
        return Err(badarg());
    }
    let names = names(&regex)
        .into_keys()
        .map(|name| binary_term(name.to_string()))
        .collect::<Vec<_>>();
    Ok(tagged("namelist", Term::list(names)))
}

fn version(_: &[Term]) -> Answer {
    // The version of PCRE whose language this is.
    Ok(binary_term("8.44 2020-02-12"))
}

/// Group names in alphabetical order, with their numbers.
fn names(regex: &Compiled) -> BTreeMap<&str, usize> {
    regex
        .regex
        .capture_names()
        .enumerate()
        .filter_map(|(n, name)| Some((name?, n)))
        .collect()
}

/// One group in the form asked for; `-1` or emptiness when it did not match.
fn group(subject: &Subject, unicode: bool, at: Option<(usize, usize)>, form: Return) -> Term {
    let text = at.map_or("", |(start, end)| &subject.text[start..end]);
    match form {
        Return::Index => match at {
            Some((start, end)) => {
                let from = subject.position(start);
                Term::tuple([Term::from(from), Term::from(subject.position(end) - from)])
            }
            None => Term::tuple([Term::Integer(-1), Term::Integer(0)]),
        },
        Return::List => Term::string(text),
        Return::Binary | Return::Iodata => binary_term(as_bytes(text, unicode)),
    }
}

/// Text as the caller's bytes: UTF-8, or one byte for each character.
fn as_bytes(text: &str, unicode: bool) -> Vec<u8> {
    if unicode {
        return text.as_bytes().to_vec();
    }
    text.chars().map(|c| u32::from(c) as u8).collect()
}

/// The groups that were asked for.
fn captured(
    subject: &Subject,
    options: &Options,
    regex: &Compiled,
    groups: &Groups,
) -> Result<Term, Exception> {
    let last = groups
        .iter()
        .rposition(Option::is_some)
        .map_or(0, |n| n + 1);
    let chosen: Vec<Option<(usize, usize)>> = match &options.wanted {
        Wanted::All => groups[..last].to_vec(),
        Wanted::AllButFirst => groups.get(1..last).unwrap_or_default().to_vec(),
        Wanted::First => groups[..1].to_vec(),
        Wanted::None => Vec::new(),
        Wanted::AllNames => names(regex)
            .into_values()
            .map(|n| groups.get(n).copied().flatten())
            .collect(),
        Wanted::These(wanted) => {
            let names = names(regex);
            let mut chosen = Vec::new();
            for one in wanted {
                let number = match one {
                    Term::Integer(_) => Some(count(one).ok_or_else(badarg)?),
                    Term::Atom(name) => names.get(name.as_str()).copied(),
                    _ => names
                        .get(chardata(one).ok_or_else(badarg)?.as_str())
                        .copied(),
                };
                chosen.push(number.and_then(|n| groups.get(n).copied().flatten()));
            }
            chosen
        }
    };
    Ok(Term::list(
        chosen
            .into_iter()
            .map(|at| group(subject, options.unicode, at, options.capture_as))
            .collect::<Vec<_>>(),
    ))
}

fn run(args: &[Term]) -> Answer {
    let mut options = options(args.get(2))?;
    let regex = pattern(&args[1], &mut options)?;
    let subject = Subject::read(&args[0], options.unicode)?;
    let from = subject.offset(options.offset).ok_or_else(badarg)?;
    let found = matches(&regex, &subject.text, from, options.global)?;
    let Some(first) = found.first() else {
        return Ok(atom("nomatch"));
    };
    if matches!(options.wanted, Wanted::None) {
        return Ok(atom("match"));
    }
    if !options.global {
        return Ok(tagged(
            "match",
            captured(&subject, &options, &regex, first)?,
        ));
    }
    let all = found
        .iter()
        .map(|groups| captured(&subject, &options, &regex, groups))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(tagged("match", Term::list(all)))
}

/// A part of a replacement.
enum Replacement {
    Text(String),
    Group(usize),
}

/// Reads `&`, `\N`, `\gN`, `\g{N}` and `\\`.
fn replacement(text: &str) -> Vec<Replacement> {
    let chars: Vec<char> = text.chars().collect();
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut at = 0;
    let digits_from = |at: usize| {
        chars[at.min(chars.len())..]
            .iter()
            .take_while(|c| c.is_ascii_digit())
            .collect::<String>()
    };
    while let Some(c) = chars.get(at) {
        let (group, used) = match (c, chars.get(at + 1)) {
            ('&', _) => (Some(0), 1),
            ('\\', Some('g')) if chars.get(at + 2) == Some(&'{') => {
                let digits = digits_from(at + 3);
                let closed = chars.get(at + 3 + digits.len()) == Some(&'}');
                (digits.parse().ok().filter(|_| closed), 4 + digits.len())
            }
            ('\\', Some('g')) => {
                let digits = digits_from(at + 2);
                (digits.parse().ok(), 2 + digits.len())
            }
            ('\\', Some(next)) if next.is_ascii_digit() => {
                let digits = digits_from(at + 1);
                (digits.parse().ok(), 1 + digits.len())
            }
            ('\\', Some(next)) => {
                literal.push(*next);
                at += 2;
                continue;
            }
            _ => (None, 1),
        };
        match group {
            Some(group) => {
                parts.push(Replacement::Text(std::mem::take(&mut literal)));
                parts.push(Replacement::Group(group));
                at += used;
            }
            None => {
                literal.push(*c);
                at += 1;
            }
        }
    }
    parts.push(Replacement::Text(literal));
    parts
}

fn replace(args: &[Term]) -> Answer {
    let mut options = options(args.get(3))?;
    let regex = pattern(&args[1], &mut options)?;
    let subject = Subject::read(&args[0], options.unicode)?;
    let replacement = if options.unicode {
        chardata(&args[2]).ok_or_else(badarg)?
    } else {
        io_bytes(&args[2])
            .ok_or_else(badarg)?
            .into_iter()
            .map(char::from)
            .collect()
    };
    let parts = self::replacement(&replacement);
    let from = subject.offset(options.offset).ok_or_else(badarg)?;
    let found = matches(&regex, &subject.text, from, options.global)?;
    if found.is_empty() && options.return_as == Return::Iodata {
        return Ok(args[0].clone());
    }
    let mut pieces: Vec<String> = Vec::new();
    let mut done = 0;
    for groups in &found {
        let (start, end) = groups.first().copied().flatten().unwrap_or((done, done));
        pieces.push(subject.text[done..start].to_string());
        let mut inserted = String::new();
        for part in &parts {
            match part {
                Replacement::Text(text) => inserted.push_str(text),
                Replacement::Group(n) => {
                    if let Some((start, end)) = groups.get(*n).copied().flatten() {
                        inserted.push_str(&subject.text[start..end]);
                    }
                }
            }
        }
        pieces.push(inserted);
        done = end;
    }
    let rest = subject.text[done..].to_string();
    Ok(match options.return_as {
        Return::List => Term::string(&(pieces.concat() + &rest)),
        Return::Binary | Return::Index => {
            binary_term(as_bytes(&(pieces.concat() + &rest), options.unicode))
        }
        Return::Iodata => iodata(&pieces, &rest, options.unicode, options.global),
    })
}

/// Pieces as OTP returns them: binaries, the last one as the tail where one match was replaced.
fn iodata(pieces: &[String], rest: &str, unicode: bool, global: bool) -> Term {
    let shown: Vec<Term> = pieces
        .iter()
        .filter(|piece| !piece.is_empty())
        .map(|piece| binary_term(as_bytes(piece, unicode)))
        .collect();
    let tail = match (rest.is_empty(), global) {
        (true, _) => Term::Nil,
        (false, true) => List::cons(binary_term(as_bytes(rest, unicode)), Term::Nil),
        (false, false) => binary_term(as_bytes(rest, unicode)),
    };
    shown
        .into_iter()
        .rev()
        .fold(tail, |tail, piece| List::cons(piece, tail))
}

fn split(args: &[Term]) -> Answer {
    let mut options = options(args.get(2))?;
    let regex = pattern(&args[1], &mut options)?;
    let subject = Subject::read(&args[0], options.unicode)?;
    let form = match options.return_as {
        Return::List => Return::List,
        _ => Return::Binary,
    };
    let show = |at: (usize, usize)| group(&subject, options.unicode, Some(at), form);
    let mut rows: Vec<Vec<(usize, usize)>> = Vec::new();
    let mut done = 0;
    let length = subject.text.len();
    for groups in matches(&regex, &subject.text, 0, true)? {
        if options.parts > 0 && rows.len() + 1 >= options.parts {
            break;
        }
        let (start, end) = groups.first().copied().flatten().unwrap_or((0, 0));
        // An empty match where the last piece ended splits nothing.
        if start == end && start == done {
            continue;
        }
        let mut row = vec![(done, start)];
        row.extend(groups[1..].iter().map(|at| at.unwrap_or((0, 0))));
        rows.push(row);
        done = end;
    }
    rows.push(vec![(done, length)]);
    let is_empty = |row: &Vec<(usize, usize)>| row.iter().all(|(start, end)| start == end);
    if options.trim {
        while rows.last().is_some_and(is_empty) {
            rows.pop();
        }
    }
    if options.group {
        let rows = rows
            .into_iter()
            .map(|row| Term::list(row.into_iter().map(show).collect::<Vec<_>>()));
        return Ok(Term::list(rows.collect::<Vec<_>>()));
    }
    Ok(Term::list(
        rows.into_iter().flatten().map(show).collect::<Vec<_>>(),
    ))
}
