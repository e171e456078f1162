//! `filelib(3)`: wildcards and questions about files.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use portwright_term::Term;

use super::{answer, with_path};
use crate::exception::Exception;
use crate::library::argument::{Answer, atom, char_list, function_clause, ok, pure, tagged_error};
use crate::library::path::{flat_name, path};
use crate::library::time;
use crate::library::waiting::blocking;
use crate::native::{Call, Native, NativeFuture, NativeModule};

/// What this file registers.
pub(crate) const FILELIB: NativeModule = NativeModule::new(
    "filelib",
    &[
        Native::waiting("wildcard", 1, wildcard),
        Native::waiting("wildcard", 2, wildcard),
        pure!("is_dir", 1, is_dir),
        pure!("is_file", 1, is_file),
        pure!("is_regular", 1, is_regular),
        pure!("file_size", 1, file_size),
        pure!("last_modified", 1, last_modified),
        pure!("ensure_dir", 1, ensure_dir),
        pure!("ensure_path", 1, ensure_path),
    ],
);

fn is_dir(args: &[Term]) -> Answer {
    Ok(Term::boolean(
        path(&args[0]).is_some_and(|name| name.is_dir()),
    ))
}

/// Files and directories alike.
fn is_file(args: &[Term]) -> Answer {
    let kind = path(&args[0]).and_then(|name| fs::metadata(name).ok());
    Ok(Term::boolean(
        kind.is_some_and(|data| data.is_file() || data.is_dir()),
    ))
}

fn is_regular(args: &[Term]) -> Answer {
    Ok(Term::boolean(
        path(&args[0]).is_some_and(|name| name.is_file()),
    ))
}

fn file_size(args: &[Term]) -> Answer {
    let size = path(&args[0])
        .and_then(|name| fs::metadata(name).ok())
        .map_or(0, |data| data.len());
    Ok(Term::from(size))
}

fn last_modified(args: &[Term]) -> Answer {
    let modified = path(&args[0])
        .and_then(|name| fs::metadata(name).ok())
        .and_then(|data| data.modified().ok());
    Ok(modified.map_or(Term::Integer(0), time::local_moment))
}

/// Makes the directories above a file.
fn ensure_dir(args: &[Term]) -> Answer {
    Ok(with_path(&args[0], |name| match name.parent() {
        Some(above) if !above.as_os_str().is_empty() => {
            answer(fs::create_dir_all(above).map(|()| ok()))
        }
        _ => ok(),
    }))
}

fn ensure_path(args: &[Term]) -> Answer {
    Ok(with_path(&args[0], |name| {
        answer(fs::create_dir_all(name).map(|()| ok()))
    }))
}

/// One part of a pattern for a name.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    Char(char),
    /// `?`
    One,
    /// `*`
    Many,
    /// `[...]`
    OneOf(Vec<(char, char)>),
    /// `{a,b}`
    Either(Vec<Vec<Part>>),
}

/// One component of a pattern.
#[derive(Clone, Debug)]
enum Component {
    /// A name without wildcards: looked up, not searched.
    Literal(String),
    /// `**`: any number of directories.
    Deep,
    Pattern(Vec<Part>),
}

fn bad_pattern(what: &'static str) -> Exception {
    tagged_error("badpattern", atom(what))
}

fn parse(text: &str) -> Result<Component, Exception> {
    if text == "**" {
        return Ok(Component::Deep);
    }
    if !text.contains(['*', '?', '[', '{', '\\']) {
        return Ok(Component::Literal(text.to_string()));
    }
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    let parts = parse_parts(&chars, &mut at, 0)?;
    Ok(Component::Pattern(parts))
}

/// Deepest nesting of `{}` that is taken.
const MAX_BRACES: usize = 32;

/// Reads until the end, or inside braces until `,` or `}`.
fn parse_parts(chars: &[char], at: &mut usize, depth: usize) -> Result<Vec<Part>, Exception> {
    let mut parts = Vec::new();
    while let Some(c) = chars.get(*at) {
        match c {
            ',' | '}' if depth > 0 => return Ok(parts),
            '?' => parts.push(Part::One),
            '*' => parts.push(Part::Many),
            '\\' if *at + 1 < chars.len() => {
                *at += 1;
                parts.push(Part::Char(chars[*at]));
            }
            '[' => match char_set(&chars[*at + 1..]) {
                Some((set, used)) => {
                    parts.push(Part::OneOf(set));
                    *at += used;
                }
                // Without an end the bracket is an ordinary character.
                None => parts.push(Part::Char('[')),
            },
            '{' => {
                if depth >= MAX_BRACES {
                    return Err(bad_pattern("missing_delimiter"));
                }
                let mut choices = Vec::new();
                loop {
                    *at += 1;
                    choices.push(parse_parts(chars, at, depth + 1)?);
                    match chars.get(*at) {
                        Some(',') => {}
                        Some('}') => break,
                        _ => return Err(bad_pattern("missing_delimiter")),
                    }
                }
                parts.push(Part::Either(choices));
            }
            c => parts.push(Part::Char(*c)),
        }
        *at += 1;
    }
    Ok(parts)
}

/// The ranges of a set and how many characters it took with its `]`.
fn char_set(chars: &[char]) -> Option<(Vec<(char, char)>, usize)> {
    let mut set = Vec::new();
    let mut at = 0;
    loop {
        match chars.get(at)? {
            ']' if at > 0 => return Some((set, at + 1)),
            low if chars.get(at + 1) == Some(&'-')
                && chars.get(at + 2).is_some_and(|c| *c != ']') =>
            {
                set.push((*low, chars[at + 2]));
                at += 3;
            }
            c => {
                set.push((*c, *c));
                at += 1;
            }
        }
    }
}

/// Steps that one name may cost: a bound against patterns made to explode.
const MAX_STEPS: usize = 100_000;

fn matches(parts: &[Part], name: &[char]) -> bool {
    // Alternatives put their parts before the rest, so the work is a list of (parts left, name left).
    let mut open: Vec<(Vec<Part>, usize)> = vec![(parts.to_vec(), 0)];
    let mut steps = 0;
    while let Some((parts, at)) = open.pop() {
        steps += 1;
        if steps > MAX_STEPS {
            return false;
        }
        let Some((first, rest)) = parts.split_first() else {
            if at == name.len() {
                return true;
            }
            continue;
        };
        let next = name.get(at);
        match first {
            Part::Char(c) if next == Some(c) => open.push((rest.to_vec(), at + 1)),
            Part::One if next.is_some() => open.push((rest.to_vec(), at + 1)),
            Part::OneOf(set)
                if next
                    .is_some_and(|c| set.iter().any(|(low, high)| (low..=high).contains(&c))) =>
            {
                open.push((rest.to_vec(), at + 1));
            }
            Part::Many => {
                if next.is_some() {
                    open.push((parts.clone(), at + 1));
                }
                open.push((rest.to_vec(), at));
            }
            Part::Either(choices) => {
                for choice in choices {
                    open.push((choice.iter().chain(rest).cloned().collect(), at));
                }
            }
            _ => {}
        }
    }
    false
}

/// The names in a directory, in order. A name that starts with a point is left out unless asked for.
fn names(directory: &Path) -> Vec<OsString> {
    let directory = if directory.as_os_str().is_empty() {
        Path::new(".")
    } else {
        directory
    };
    let mut all: Vec<OsString> = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    all.sort();
    all
}

/// A directory to go on from: where it is on disk, and how the answer shows it.
#[derive(Clone)]
struct Place {
    real: PathBuf,
    shown: String,
}

impl Place {
    fn child(&self, name: &str) -> Place {
        let shown = if self.shown.is_empty() || self.shown.ends_with('/') {
            format!("{}{name}", self.shown)
        } else {
            format!("{}/{name}", self.shown)
        };
        Place {
            real: self.real.join(name),
            shown,
        }
    }
}

fn expand(start: Place, components: &[Component]) -> Vec<String> {
    let mut places = vec![start];
    for (index, component) in components.iter().enumerate() {
        let last = index + 1 == components.len();
        let mut next = Vec::new();
        for place in places {
            match component {
                Component::Literal(name) => {
                    let child = place.child(name);
                    if child.real.symlink_metadata().is_ok() {
                        next.push(child);
                    }
                }
                Component::Pattern(parts) => {
                    let hidden = matches!(parts.first(), Some(Part::Char('.')));
                    for name in names(&place.real) {
                        let Some(name) = name.to_str() else { continue };
                        let chars: Vec<char> = name.chars().collect();
                        if (hidden || !name.starts_with('.')) && matches(parts, &chars) {
                            next.push(place.child(name));
                        }
                    }
                }
                Component::Deep => {
                    let mut open = vec![place];
                    while let Some(here) = open.pop() {
                        for name in names(&here.real) {
                            let Some(name) = name.to_str().filter(|n| !n.starts_with('.')) else {
                                continue;
                            };
                            let child = here.child(name);
                            if child.real.is_dir() && !child.real.is_symlink() {
                                open.push(child.clone());
                            }
                            if last {
                                next.push(child);
                            }
                        }
                        if !last {
                            next.push(here);
                        }
                    }
                }
            }
        }
        places = next;
    }
    let mut found: Vec<String> = places.into_iter().map(|place| place.shown).collect();
    found.sort();
    found.dedup();
    found
}

fn wildcard<'a>(_: &'a mut Call, args: &'a [Term]) -> NativeFuture<'a> {
    let pattern = if args[0].is_list() {
        flat_name(&args[0])
    } else {
        None
    };
    let within = match args.get(1) {
        None => Some(PathBuf::new()),
        Some(directory) => path(directory),
    };
    blocking(move || {
        let (Some(pattern), Some(within)) = (pattern, within) else {
            return Err(function_clause());
        };
        if pattern.is_empty() {
            return Err(tagged_error("badmatch", Term::Nil));
        }
        let components: Vec<Component> = split_components(&pattern)
            .iter()
            .map(|c| parse(c))
            .collect::<Result<_, _>>()?;
        let start = if pattern.starts_with('/') {
            Place {
                real: PathBuf::from("/"),
                shown: "/".to_string(),
            }
        } else {
            Place {
                real: within,
                shown: String::new(),
            }
        };
        Ok(Term::list(
            expand(start, &components)
                .iter()
                .map(|name| char_list(name))
                .collect::<Vec<_>>(),
        ))
    })
}

/// Cuts at slashes outside of braces.
fn split_components(pattern: &str) -> Vec<String> {
    let mut components = vec![String::new()];
    let mut depth = 0usize;
    for c in pattern.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '/' if depth == 0 => {
                components.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = components.last_mut() {
            last.push(c);
        }
    }
    components.retain(|c| !c.is_empty());
    components
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, name: &str) -> bool {
        let chars: Vec<char> = name.chars().collect();
        match parse(pattern) {
            Ok(Component::Pattern(parts)) => matches(&parts, &chars),
            Ok(Component::Literal(text)) => text == name,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn patterns_match_as_in_otp() {
        assert!(check("a*c", "abbc"));
        assert!(!check("a*c", "abbd"));
        assert!(check("[a-c]?{x,yz}", "bqyz"));
        assert!(check("[a", "[a"));
        assert!(!check("?", ""));
    }
}
