//! The functions of `string(3)` that work on grapheme clusters. The older ones are in `prelude/string.erl`.
//!
//! Strings come as binaries in UTF-8, as lists, or as both nested. A binary is
//! answered with binaries, everything else with flat lists.

use portwright_term::{List, Term};
use unicode_segmentation::UnicodeSegmentation;

use super::argument::{
    Answer, atom, atom_text, badarg, binary_term, char_list, chardata, count, elements,
    function_clause, is_atom, pure, tagged, tagged_error,
};
use super::number;
use crate::exception::Exception;
use crate::native::NativeModule;

/// What this file registers.
pub(crate) const STRINGS: NativeModule = NativeModule::new(
    "string",
    &[
        pure!("casefold", 1, casefold),
        pure!("chomp", 1, chomp),
        pure!("equal", 2, equal),
        pure!("equal", 3, equal),
        pure!("equal", 4, equal),
        pure!("find", 2, find),
        pure!("find", 3, find),
        pure!("is_empty", 1, is_empty),
        pure!("length", 1, length),
        pure!("lexemes", 2, lexemes),
        pure!("list_to_float", 1, to_float),
        pure!("list_to_integer", 1, to_integer),
        pure!("lowercase", 1, lowercase),
        pure!("next_codepoint", 1, next_codepoint),
        pure!("next_grapheme", 1, next_grapheme),
        pure!("nth_lexeme", 3, nth_lexeme),
        pure!("pad", 2, pad),
        pure!("pad", 3, pad),
        pure!("pad", 4, pad),
        pure!("prefix", 2, prefix),
        pure!("replace", 3, replace),
        pure!("replace", 4, replace),
        pure!("reverse", 1, reverse),
        pure!("slice", 2, slice),
        pure!("slice", 3, slice),
        pure!("split", 2, split),
        pure!("split", 3, split),
        pure!("take", 2, take),
        pure!("take", 3, take),
        pure!("take", 4, take),
        pure!("titlecase", 1, titlecase),
        pure!("to_float", 1, to_float),
        pure!("to_graphemes", 1, to_graphemes),
        pure!("to_integer", 1, to_integer),
        pure!("tokens", 2, tokens),
        pure!("trim", 1, trim),
        pure!("trim", 2, trim),
        pure!("trim", 3, trim),
        pure!("uppercase", 1, uppercase),
    ],
);

/// A string argument: its text, and whether to answer with binaries.
struct Text {
    text: String,
    as_binary: bool,
}

impl Text {
    fn read(term: &Term) -> Result<Text, Exception> {
        match chardata(term) {
            Some(text) => Ok(Text {
                text,
                as_binary: term.is_binary(),
            }),
            None if term.is_binary() => Err(tagged_error("badarg", term.clone())),
            None => Err(function_clause()),
        }
    }

    fn answer(&self, text: &str) -> Term {
        same_kind(self.as_binary, text)
    }

    /// Grapheme clusters with their byte positions.
    fn clusters(&self) -> Vec<&str> {
        self.text.graphemes(true).collect()
    }
}

fn same_kind(as_binary: bool, text: &str) -> Term {
    if as_binary {
        binary_term(text.to_string())
    } else {
        char_list(text)
    }
}

/// One cluster as OTP shows it: a code point, or a list of them.
fn cluster_term(cluster: &str) -> Term {
    let mut all = cluster.chars();
    match (all.next(), all.next()) {
        (Some(only), None) => Term::from(u32::from(only)),
        _ => char_list(cluster),
    }
}

/// A list of clusters, each a code point or a list of code points.
fn separators(term: &Term) -> Result<Vec<String>, Exception> {
    let all = elements(term).ok_or_else(function_clause)?;
    all.iter()
        .map(|one| match one {
            Term::Integer(_) => chardata(&Term::list([one.clone()])).ok_or_else(function_clause),
            _ => chardata(one).ok_or_else(function_clause),
        })
        .collect()
}

fn length(args: &[Term]) -> Answer {
    Ok(Term::from(
        Text::read(&args[0])?.text.graphemes(true).count(),
    ))
}

fn to_graphemes(args: &[Term]) -> Answer {
    let string = Text::read(&args[0])?;
    Ok(Term::list(
        string
            .clusters()
            .into_iter()
            .map(cluster_term)
            .collect::<Vec<_>>(),
    ))
}

fn is_empty(args: &[Term]) -> Answer {
    Ok(Term::boolean(
        chardata(&args[0]).is_some_and(|text| text.is_empty()),
    ))
}

fn equal(args: &[Term]) -> Answer {
    let (a, b) = (Text::read(&args[0])?.text, Text::read(&args[1])?.text);
    let fold = args.get(2).is_some_and(|f| is_atom(f, "true"));
    Ok(Term::boolean(if fold {
        folded(&a) == folded(&b)
    } else {
        a == b
    }))
}

fn folded(text: &str) -> String {
    // Full case folding is lower case of upper case for all but a handful of characters; ß folds to ss so.
    text.chars()
        .flat_map(|c| match c {
            'ß' | 'ẞ' => "ss".chars().collect::<Vec<_>>(),
            _ => c.to_lowercase().collect(),
        })
        .collect()
}

fn changed(term: &Term, change: impl Fn(&str) -> String) -> Answer {
    match chardata(term) {
        Some(text) => Ok(same_kind(term.is_binary(), &change(&text))),
        None if term.is_list() => Err(function_clause()),
        None => Err(tagged_error("badarg", term.clone())),
    }
}

fn casefold(args: &[Term]) -> Answer {
    changed(&args[0], folded)
}

fn uppercase(args: &[Term]) -> Answer {
    changed(&args[0], str::to_uppercase)
}

fn lowercase(args: &[Term]) -> Answer {
    // Character by character: OTP knows no final sigma.
    changed(&args[0], |text| {
        text.chars().flat_map(char::to_lowercase).collect()
    })
}

fn titlecase(args: &[Term]) -> Answer {
    if !args[0].is_list() && !args[0].is_binary() {
        return Err(function_clause());
    }
    changed(&args[0], |text| {
        let mut all = text.chars();
        let Some(first) = all.next() else {
            return String::new();
        };
        let mut title: String = first.to_uppercase().collect();
        if title.chars().count() > 1 {
            // ß becomes Ss at the start of a word.
            let mut parts = title.chars();
            let head: String = parts.next().into_iter().collect();
            title = head + &parts.flat_map(char::to_lowercase).collect::<String>();
        }
        title + all.as_str()
    })
}

fn reverse(args: &[Term]) -> Answer {
    let string = Text::read(&args[0])?;
    Ok(Term::list(
        string
            .clusters()
            .into_iter()
            .rev()
            .map(cluster_term)
            .collect::<Vec<_>>(),
    ))
}

fn next_codepoint(args: &[Term]) -> Answer {
    next(&args[0], |text| {
        text.chars().next().map_or(0, char::len_utf8)
    })
}

fn next_grapheme(args: &[Term]) -> Answer {
    next(&args[0], |text| {
        text.graphemes(true).next().map_or(0, str::len)
    })
}

/// `[First | Rest]`, the rest in the kind of the argument.
fn next(term: &Term, size: fn(&str) -> usize) -> Answer {
    let string = Text::read(term)?;
    if string.text.is_empty() {
        return Ok(Term::Nil);
    }
    let (first, rest) = string.text.split_at(size(&string.text));
    Ok(List::cons(cluster_term(first), string.answer(rest)))
}

fn slice(args: &[Term]) -> Answer {
    let start = count(&args[1]).ok_or_else(function_clause)?;
    let length = match args.get(2) {
        None => usize::MAX,
        Some(all) if is_atom(all, "infinity") => usize::MAX,
        Some(n) => count(n).ok_or_else(function_clause)?,
    };
    let string = Text::read(&args[0])?;
    let cut: String = string
        .text
        .graphemes(true)
        .skip(start)
        .take(length)
        .collect();
    Ok(string.answer(&cut))
}

fn pad(args: &[Term]) -> Answer {
    let width = args[1].as_i64().ok_or_else(function_clause)?;
    let direction = match args.get(2) {
        None => "trailing",
        Some(d) => atom_text(d).ok_or_else(function_clause)?,
    };
    let filler = args.get(3).cloned().unwrap_or(Term::Integer(32));
    let length = Text::read(&args[0])?.text.graphemes(true).count();
    let missing = usize::try_from(width).unwrap_or(0).saturating_sub(length);
    let fill = |n: usize| vec![filler.clone(); n];
    match direction {
        "trailing" => Ok(List::cons(args[0].clone(), Term::list(fill(missing)))),
        "leading" => Ok(Term::list([Term::list(fill(missing)), args[0].clone()])),
        "both" => {
            let half = Term::list(fill(missing / 2));
            let mut after = vec![half.clone(), args[0].clone(), half];
            after.extend(fill(missing % 2));
            Ok(Term::list(after))
        }
        _ => Err(function_clause()),
    }
}

/// What `trim/1` takes away: the pattern white space of Unicode.
const WHITE_SPACE: &[&str] = &[
    "\r\n", "\u{9}", "\n", "\u{b}", "\u{c}", "\r", " ", "\u{85}", "\u{200e}", "\u{200f}",
    "\u{2028}", "\u{2029}",
];

fn trim(args: &[Term]) -> Answer {
    let direction = args.get(1).map_or(Some("both"), atom_text);
    let separators: Vec<String> = match args.get(2) {
        None => WHITE_SPACE.iter().map(|s| (*s).to_string()).collect(),
        Some(given) => separators(given)?,
    };
    let string = Text::read(&args[0])?;
    let clusters = string.clusters();
    let is_separator = |cluster: &&str| separators.iter().any(|s| s == *cluster);
    let (mut from, mut to) = (0, clusters.len());
    let (leading, trailing) = match direction {
        Some("both") => (true, true),
        Some("leading") => (true, false),
        Some("trailing") => (false, true),
        _ => return Err(function_clause()),
    };
    while leading && from < to && is_separator(&clusters[from]) {
        from += 1;
    }
    while trailing && from < to && is_separator(&clusters[to - 1]) {
        to -= 1;
    }
    Ok(string.answer(&clusters[from..to].concat()))
}

fn chomp(args: &[Term]) -> Answer {
    let string = Text::read(&args[0])?;
    let mut rest = string.text.as_str();
    while let Some(shorter) = rest
        .strip_suffix("\r\n")
        .or_else(|| rest.strip_suffix('\n'))
    {
        rest = shorter;
    }
    Ok(string.answer(rest))
}

fn take(args: &[Term]) -> Answer {
    let complement = args.get(2).is_some_and(|c| is_atom(c, "true"));
    let separators = separators(&args[1])?;
    let string = Text::read(&args[0])?;
    let clusters = string.clusters();
    let taken = |cluster: &&&str| separators.iter().any(|s| s == **cluster) != complement;
    let at = match args.get(3).map_or(Some("leading"), atom_text) {
        Some("leading") => clusters.iter().take_while(taken).count(),
        Some("trailing") => clusters.len() - clusters.iter().rev().take_while(taken).count(),
        _ => return Err(function_clause()),
    };
    Ok(Term::tuple([
        string.answer(&clusters[..at].concat()),
        string.answer(&clusters[at..].concat()),
    ]))
}

fn prefix(args: &[Term]) -> Answer {
    let string = Text::read(&args[0])?;
    let wanted = Text::read(&args[1])?.text;
    Ok(match string.text.strip_prefix(&wanted) {
        // A prefix ends between clusters.
        Some(rest) if is_boundary(&string.text, wanted.len()) => string.answer(rest),
        _ => atom("nomatch"),
    })
}

/// True when a grapheme cluster starts or ends at this byte.
fn is_boundary(text: &str, at: usize) -> bool {
    if at == 0 || at == text.len() {
        return true;
    }
    let around = &text.as_bytes()[at - 1..=at];
    if around.is_ascii() {
        return around != b"\r\n";
    }
    let mut cursor = unicode_segmentation::GraphemeCursor::new(at, text.len(), true);
    cursor.is_boundary(text, 0).unwrap_or(true)
}

/// Where `needle` starts, from the front or the back, on cluster boundaries.
fn position(text: &str, needle: &str, from_back: bool) -> Option<usize> {
    let fits = |at: &usize| is_boundary(text, *at) && is_boundary(text, at + needle.len());
    if from_back {
        text.rmatch_indices(needle).map(|(at, _)| at).find(fits)
    } else {
        text.match_indices(needle).map(|(at, _)| at).find(fits)
    }
}

fn find(args: &[Term]) -> Answer {
    let from_back = match args.get(2).map_or(Some("leading"), atom_text) {
        Some("leading") => false,
        Some("trailing") => true,
        _ => return Err(function_clause()),
    };
    let needle = chardata(&args[1]).ok_or_else(badarg)?;
    if needle.is_empty() {
        return Ok(args[0].clone());
    }
    let string = Text::read(&args[0])?;
    Ok(match position(&string.text, &needle, from_back) {
        Some(at) => string.answer(&string.text[at..]),
        None => atom("nomatch"),
    })
}

/// The parts between the occurrences of a needle.
fn parts(args: &[Term], direction: Option<&Term>) -> Result<Vec<Term>, Exception> {
    let needle = chardata(&args[1]).ok_or_else(badarg)?;
    if needle.is_empty() {
        return Ok(vec![args[0].clone()]);
    }
    let string = match Text::read(&args[0]) {
        Ok(string) => string,
        Err(_) if !args[0].is_list() && !args[0].is_binary() => {
            return Err(tagged_error("badmatch", args[0].clone()));
        }
        Err(error) => return Err(error),
    };
    let from_back = direction.is_some_and(|d| is_atom(d, "trailing"));
    let all = direction.is_some_and(|d| is_atom(d, "all"));
    if direction.is_some_and(|d| !is_atom(d, "leading")) && !from_back && !all {
        return Ok(vec![args[0].clone()]);
    }
    let mut parts = Vec::new();
    let mut rest = string.text.as_str();
    while let Some(at) = position(rest, &needle, from_back) {
        parts.push(string.answer(&rest[..at]));
        rest = &rest[at + needle.len()..];
        if !all {
            break;
        }
    }
    if parts.is_empty() {
        return Ok(vec![args[0].clone()]);
    }
    parts.push(string.answer(rest));
    Ok(parts)
}

fn split(args: &[Term]) -> Answer {
    Ok(Term::list(parts(args, args.get(2))?))
}

fn replace(args: &[Term]) -> Answer {
    let mut out = Vec::new();
    for (index, part) in parts(args, args.get(3))?.into_iter().enumerate() {
        if index > 0 {
            out.push(args[2].clone());
        }
        out.push(part);
    }
    Ok(Term::list(out))
}

fn words(args: &[Term], separators: &[String]) -> Result<Vec<Term>, Exception> {
    let string = Text::read(&args[0])?;
    let clusters = string.clusters();
    Ok(clusters
        .split(|cluster| separators.iter().any(|s| s == cluster))
        .filter(|word| !word.is_empty())
        .map(|word| string.answer(&word.concat()))
        .collect())
}

fn lexemes(args: &[Term]) -> Answer {
    Ok(Term::list(words(args, &separators(&args[1])?)?))
}

fn nth_lexeme(args: &[Term]) -> Answer {
    let nth = count(&args[1])
        .filter(|n| *n > 0)
        .ok_or_else(function_clause)?;
    let all = words(args, &separators(&args[2])?)?;
    Ok(all.get(nth - 1).cloned().unwrap_or_else(|| {
        if args[0].is_binary() {
            binary_term("")
        } else {
            Term::Nil
        }
    }))
}

fn tokens(args: &[Term]) -> Answer {
    let separators = match elements(&args[1]) {
        Some(all) => all,
        None if args[1].is_list() => return Err(badarg()),
        None => return Err(tagged_error("case_clause", args[1].clone())),
    };
    let all = elements(&args[0]).ok_or_else(function_clause)?;
    Ok(Term::list(
        all.split(|element| separators.contains(element))
            .filter(|token| !token.is_empty())
            .map(|token| Term::list(token.to_vec()))
            .collect::<Vec<_>>(),
    ))
}

/// `{error, Reason}` of `to_integer/1` and `to_float/1`.
fn no_number(reason: &'static str) -> Answer {
    Ok(tagged("error", atom(reason)))
}

fn to_integer(args: &[Term]) -> Answer {
    let Ok(string) = Text::read(&args[0]) else {
        return no_number("badarg");
    };
    let bytes = string.text.as_bytes();
    let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let digits = bytes[sign..]
        .iter()
        .take_while(|b| b.is_ascii_digit())
        .count();
    let (number, rest) = string.text.split_at(sign + digits);
    match number::parse_integer(number.as_bytes(), 10) {
        Some(value) => Ok(Term::tuple([value, string.answer(rest)])),
        None => no_number("no_integer"),
    }
}

fn to_float(args: &[Term]) -> Answer {
    let Ok(string) = Text::read(&args[0]) else {
        return no_number("badarg");
    };
    let bytes = string.text.as_bytes();
    let digits_from = |at: usize| {
        bytes
            .get(at..)
            .unwrap_or_default()
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count()
    };
    let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let whole = digits_from(sign);
    let point = sign + whole;
    // A decimal comma is taken too.
    let fraction = if matches!(bytes.get(point), Some(b'.' | b',')) {
        digits_from(point + 1)
    } else {
        0
    };
    if whole == 0 || fraction == 0 {
        return no_number("no_float");
    }
    let mut end = point + 1 + fraction;
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let signed = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits_from(end + 1 + signed);
        if exponent > 0 {
            end += 1 + signed + exponent;
        }
    }
    let (number, rest) = string.text.split_at(end);
    match number::parse_float(number.replace(',', ".").as_bytes()).and_then(Term::float) {
        Some(value) => Ok(Term::tuple([value, string.answer(rest)])),
        None => no_number("no_float"),
    }
}
