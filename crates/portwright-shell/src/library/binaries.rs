//! `binary(3)`: searching and cutting binaries.

use aho_corasick::{AhoCorasick, MatchKind};
use num_bigint::{BigInt, Sign};
use portwright_term::{Binary, Term};

use super::argument::{
    Answer, atom, atom_text, badarg, binary, binary_term, count, elements_or_badarg, is_atom, pure,
};
use super::conversion::part_of;
use super::number;
use crate::exception::Exception;
use crate::native::NativeModule;

/// What this file registers.
pub(crate) const BINARIES: NativeModule = NativeModule::new(
    "binary",
    &[
        pure!("at", 2, at),
        pure!("first", 1, first),
        pure!("last", 1, last),
        pure!("part", 2, part_of_pair),
        pure!("part", 3, part),
        pure!("copy", 1, copy),
        pure!("copy", 2, copy),
        pure!("bin_to_list", 1, bin_to_list),
        pure!("bin_to_list", 2, bin_to_list_pair),
        pure!("bin_to_list", 3, bin_to_list_part),
        pure!("list_to_bin", 1, list_to_bin),
        pure!("encode_unsigned", 1, encode_unsigned),
        pure!("encode_unsigned", 2, encode_unsigned),
        pure!("decode_unsigned", 1, decode_unsigned),
        pure!("decode_unsigned", 2, decode_unsigned),
        pure!("encode_hex", 1, encode_hex),
        pure!("decode_hex", 1, decode_hex),
        pure!("longest_common_prefix", 1, longest_common_prefix),
        pure!("longest_common_suffix", 1, longest_common_suffix),
        pure!("referenced_byte_size", 1, referenced_byte_size),
        pure!("compile_pattern", 1, compile_pattern),
        pure!("match", 2, find),
        pure!("match", 3, find),
        pure!("matches", 2, find_all),
        pure!("matches", 3, find_all),
        pure!("split", 2, split),
        pure!("split", 3, split),
        pure!("replace", 3, replace),
        pure!("replace", 4, replace),
    ],
);

fn bytes(term: &Term) -> Result<&Binary, Exception> {
    binary(term).ok_or_else(badarg)
}

fn at(args: &[Term]) -> Answer {
    let subject = bytes(&args[0])?;
    let position = count(&args[1]).ok_or_else(badarg)?;
    subject
        .get(position)
        .map(|b| Term::from(*b))
        .ok_or_else(badarg)
}

fn first(args: &[Term]) -> Answer {
    bytes(&args[0])?
        .first()
        .map(|b| Term::from(*b))
        .ok_or_else(badarg)
}

fn last(args: &[Term]) -> Answer {
    bytes(&args[0])?
        .last()
        .map(|b| Term::from(*b))
        .ok_or_else(badarg)
}

/// A start and a length, which may be negative, as a range inside `total`.
pub(crate) fn range(
    total: usize,
    start: &Term,
    length: &Term,
) -> Result<(usize, usize), Exception> {
    let start = start.as_i64().ok_or_else(badarg)?;
    let length = length.as_i64().ok_or_else(badarg)?;
    let end = start.checked_add(length).ok_or_else(badarg)?;
    let (low, high) = (start.min(end), start.max(end));
    let low = usize::try_from(low).map_err(|_| badarg())?;
    let high = usize::try_from(high).map_err(|_| badarg())?;
    if high > total {
        Err(badarg())
    } else {
        Ok((low, high - low))
    }
}

fn pair(term: &Term) -> Result<[&Term; 2], Exception> {
    match term.as_tuple() {
        Some([a, b]) => Ok([a, b]),
        _ => Err(badarg()),
    }
}

fn part_of_pair(args: &[Term]) -> Answer {
    let subject = bytes(&args[0])?;
    let [start, length] = pair(&args[1])?;
    let (start, length) = range(subject.len(), start, length)?;
    Ok(part_of(subject, start, length))
}

fn part(args: &[Term]) -> Answer {
    let subject = bytes(&args[0])?;
    let (start, length) = range(subject.len(), &args[1], &args[2])?;
    Ok(part_of(subject, start, length))
}

/// The size a copied binary may have; above it OTP's allocator gives up too.
const MAX_COPY: usize = 1 << 32;

fn copy(args: &[Term]) -> Answer {
    let subject = bytes(&args[0])?;
    let times = match args.get(1) {
        Some(times) => count(times).ok_or_else(badarg)?,
        None => 1,
    };
    match subject.len().checked_mul(times) {
        Some(total) if total <= MAX_COPY => Ok(binary_term(subject.repeat(times))),
        _ => Err(Exception::system_limit()),
    }
}

fn bin_to_list(args: &[Term]) -> Answer {
    Ok(Term::bytes_list(bytes(&args[0])?))
}

fn bin_to_list_pair(args: &[Term]) -> Answer {
    let subject = bytes(&args[0])?;
    let [start, length] = pair(&args[1])?;
    let (start, length) = range(subject.len(), start, length)?;
    Ok(Term::bytes_list(&subject[start..start + length]))
}

fn bin_to_list_part(args: &[Term]) -> Answer {
    let subject = bytes(&args[0])?;
    let (start, length) = range(subject.len(), &args[1], &args[2])?;
    Ok(Term::bytes_list(&subject[start..start + length]))
}

fn list_to_bin(args: &[Term]) -> Answer {
    if !args[0].is_list() {
        return Err(badarg());
    }
    super::argument::io_bytes(&args[0])
        .map(binary_term)
        .ok_or_else(badarg)
}

/// The endianness argument: true for little.
fn is_little(args: &[Term]) -> Result<bool, Exception> {
    match args.get(1).map(|e| atom_text(e).unwrap_or("")) {
        None | Some("big") => Ok(false),
        Some("little") => Ok(true),
        Some(_) => Err(badarg()),
    }
}

fn encode_unsigned(args: &[Term]) -> Answer {
    let little = is_little(args)?;
    let value = number::big(&args[0])
        .filter(|n| n.sign() != Sign::Minus)
        .ok_or_else(badarg)?;
    let (_, encoded) = if little {
        value.to_bytes_le()
    } else {
        value.to_bytes_be()
    };
    Ok(binary_term(encoded))
}

fn decode_unsigned(args: &[Term]) -> Answer {
    let little = is_little(args)?;
    let subject = bytes(&args[0])?;
    Ok(Term::from(if little {
        BigInt::from_bytes_le(Sign::Plus, subject)
    } else {
        BigInt::from_bytes_be(Sign::Plus, subject)
    }))
}

fn encode_hex(args: &[Term]) -> Answer {
    let digits: String = bytes(&args[0])?
        .iter()
        .map(|b| format!("{b:02X}"))
        .collect();
    Ok(binary_term(digits))
}

fn decode_hex(args: &[Term]) -> Answer {
    let text = bytes(&args[0])?;
    if !text.len().is_multiple_of(2) {
        return Err(badarg());
    }
    let decoded: Option<Vec<u8>> = text
        .chunks(2)
        .map(|pair| {
            let high = char::from(pair[0]).to_digit(16)?;
            let low = char::from(pair[1]).to_digit(16)?;
            u8::try_from(high * 16 + low).ok()
        })
        .collect();
    decoded.map(binary_term).ok_or_else(badarg)
}

fn binaries(term: &Term) -> Result<Vec<Vec<u8>>, Exception> {
    let all = elements_or_badarg(term)?;
    if all.is_empty() {
        return Err(badarg());
    }
    all.iter().map(|b| Ok(bytes(b)?.to_vec())).collect()
}

fn longest_common_prefix(args: &[Term]) -> Answer {
    let all = binaries(&args[0])?;
    let length = (0..all[0].len())
        .take_while(|i| all.iter().all(|b| b.get(*i) == all[0].get(*i)))
        .count();
    Ok(Term::from(length))
}

fn longest_common_suffix(args: &[Term]) -> Answer {
    let mut all = binaries(&args[0])?;
    all.iter_mut().for_each(|b| b.reverse());
    let length = (0..all[0].len())
        .take_while(|i| all.iter().all(|b| b.get(*i) == all[0].get(*i)))
        .count();
    Ok(Term::from(length))
}

fn referenced_byte_size(args: &[Term]) -> Answer {
    Ok(Term::from(bytes(&args[0])?.len()))
}

/// The patterns of a pattern argument: one binary, a list, or a compiled one.
fn patterns(term: &Term) -> Result<Vec<Vec<u8>>, Exception> {
    let all = match term {
        Term::Binary(one) => vec![one.to_vec()],
        Term::List(_) => binaries(term)?,
        Term::Tuple(_) => match term.as_tuple() {
            Some([kind, of]) if is_atom(kind, "bm") || is_atom(kind, "ac") => binaries(of)?,
            _ => return Err(badarg()),
        },
        _ => return Err(badarg()),
    };
    if all.iter().any(Vec::is_empty) {
        Err(badarg())
    } else {
        Ok(all)
    }
}

fn compile_pattern(args: &[Term]) -> Answer {
    if args[0].is_tuple() {
        return Err(badarg());
    }
    let all = patterns(&args[0])?;
    let kind = if all.len() == 1 { "bm" } else { "ac" };
    Ok(Term::tuple([
        atom(kind),
        Term::list(all.into_iter().map(binary_term)),
    ]))
}

/// What may be asked of a search. A function takes some of these options only.
#[derive(Default)]
struct SearchOptions {
    scope: Option<(usize, usize)>,
    global: bool,
    trim: bool,
    trim_all: bool,
    insert_replaced: Option<Term>,
}

fn search_options(
    subject: &Binary,
    given: Option<&Term>,
    allowed: &[&str],
) -> Result<SearchOptions, Exception> {
    let mut options = SearchOptions::default();
    let Some(given) = given else {
        return Ok(options);
    };
    for option in elements_or_badarg(given)? {
        let (name, value) = match option.as_tuple() {
            Some([name, value]) => (atom_text(name), Some(value.clone())),
            Some(_) => return Err(badarg()),
            None => (atom_text(&option), None),
        };
        let name = name.filter(|n| allowed.contains(n)).ok_or_else(badarg)?;
        match (name, value) {
            ("scope", Some(value)) => {
                let [start, length] = pair(&value)?;
                options.scope = Some(range(subject.len(), start, length)?);
            }
            ("insert_replaced", Some(value)) => options.insert_replaced = Some(value),
            ("global", None) => options.global = true,
            ("trim", None) => options.trim = true,
            ("trim_all", None) => options.trim_all = true,
            _ => return Err(badarg()),
        }
    }
    Ok(options)
}

/// Where the patterns occur: leftmost, at one place the longest, never overlapping.
fn occurrences(
    subject: &Binary,
    pattern: &Term,
    options: &SearchOptions,
    all: bool,
) -> Result<Vec<(usize, usize)>, Exception> {
    // OTP does not even look at the pattern then.
    if subject.is_empty() {
        return Ok(Vec::new());
    }
    let patterns = patterns(pattern)?;
    let (start, length) = options.scope.unwrap_or((0, subject.len()));
    let haystack = &subject[start..start + length];
    let limit = if all { usize::MAX } else { 1 };
    if let [only] = patterns.as_slice() {
        return Ok(memchr::memmem::find_iter(haystack, only)
            .take(limit)
            .map(|at| (at + start, only.len()))
            .collect());
    }
    let searcher = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(&patterns)
        .map_err(|_| Exception::system_limit())?;
    Ok(searcher
        .find_iter(haystack)
        .take(limit)
        .map(|m| (m.start() + start, m.len()))
        .collect())
}

fn place((start, length): (usize, usize)) -> Term {
    Term::tuple([Term::from(start), Term::from(length)])
}

fn find(args: &[Term]) -> Answer {
    let subject = bytes(&args[0])?;
    let options = search_options(subject, args.get(2), &["scope"])?;
    let found = occurrences(subject, &args[1], &options, false)?;
    Ok(found
        .into_iter()
        .next()
        .map_or_else(|| atom("nomatch"), place))
}

fn find_all(args: &[Term]) -> Answer {
    let subject = bytes(&args[0])?;
    let options = search_options(subject, args.get(2), &["scope"])?;
    let found = occurrences(subject, &args[1], &options, true)?;
    Ok(Term::list(found.into_iter().map(place)))
}

fn split(args: &[Term]) -> Answer {
    let subject = bytes(&args[0])?;
    let options = search_options(
        subject,
        args.get(2),
        &["scope", "global", "trim", "trim_all"],
    )?;
    let found = occurrences(subject, &args[1], &options, options.global)?;
    let mut parts = Vec::new();
    let mut from = 0;
    for (start, length) in found {
        parts.push((from, start - from));
        from = start + length;
    }
    parts.push((from, subject.len() - from));
    if options.trim_all {
        parts.retain(|(_, length)| *length > 0);
    } else if options.trim {
        while parts.last().is_some_and(|(_, length)| *length == 0) {
            parts.pop();
        }
    }
    Ok(Term::list(
        parts
            .into_iter()
            .map(|(start, length)| part_of(subject, start, length)),
    ))
}

/// The places in a replacement at which the replaced text goes.
fn insert_places(option: Option<&Term>, replacement: &Binary) -> Result<Vec<usize>, Exception> {
    let Some(option) = option else {
        return Ok(Vec::new());
    };
    let places = match option {
        Term::Integer(_) => vec![option.clone()],
        _ => elements_or_badarg(option)?,
    };
    let mut places: Vec<usize> = places
        .iter()
        .map(|p| {
            count(p)
                .filter(|p| *p <= replacement.len())
                .ok_or_else(badarg)
        })
        .collect::<Result<_, _>>()?;
    places.sort_unstable();
    Ok(places)
}

fn replace(args: &[Term]) -> Answer {
    let subject = bytes(&args[0])?;
    let options = search_options(
        subject,
        args.get(3),
        &["scope", "global", "insert_replaced"],
    )?;
    let replacement = bytes(&args[2])?;
    let places = insert_places(options.insert_replaced.as_ref(), replacement)?;
    let found = occurrences(subject, &args[1], &options, options.global)?;
    let mut out = Vec::with_capacity(subject.len());
    let mut from = 0;
    for (start, length) in found {
        out.extend_from_slice(&subject[from..start]);
        let mut used = 0;
        for place in &places {
            out.extend_from_slice(&replacement[used..*place]);
            out.extend_from_slice(&subject[start..start + length]);
            used = *place;
        }
        out.extend_from_slice(&replacement[used..]);
        from = start + length;
    }
    out.extend_from_slice(&subject[from..]);
    Ok(binary_term(out))
}
