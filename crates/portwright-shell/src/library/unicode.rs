//! `unicode(3)`: characters between encodings.

use portwright_term::{Binary, List, Term};
use unicode_normalization::UnicodeNormalization;

use super::argument::{
    Answer, atom, atom_text, badarg, binary, binary_term, function_clause, pure,
};
use crate::exception::Exception;
use crate::native::NativeModule;

/// What this file registers.
pub(crate) const UNICODE: NativeModule = NativeModule::new(
    "unicode",
    &[
        pure!("characters_to_list", 1, characters_to_list),
        pure!("characters_to_list", 2, characters_to_list),
        pure!("characters_to_binary", 1, characters_to_binary),
        pure!("characters_to_binary", 2, characters_to_binary),
        pure!("characters_to_binary", 3, characters_to_binary),
        pure!("characters_to_nfc_list", 1, |args| normal(
            args,
            |t| t.nfc().collect(),
            false
        )),
        pure!("characters_to_nfc_binary", 1, |args| normal(
            args,
            |t| t.nfc().collect(),
            true
        )),
        pure!("characters_to_nfd_list", 1, |args| normal(
            args,
            |t| t.nfd().collect(),
            false
        )),
        pure!("characters_to_nfd_binary", 1, |args| normal(
            args,
            |t| t.nfd().collect(),
            true
        )),
        pure!("characters_to_nfkc_list", 1, |args| normal(
            args,
            |t| t.nfkc().collect(),
            false
        )),
        pure!("characters_to_nfkc_binary", 1, |args| normal(
            args,
            |t| t.nfkc().collect(),
            true
        )),
        pure!("characters_to_nfkd_list", 1, |args| normal(
            args,
            |t| t.nfkd().collect(),
            false
        )),
        pure!("characters_to_nfkd_binary", 1, |args| normal(
            args,
            |t| t.nfkd().collect(),
            true
        )),
        pure!("bom_to_encoding", 1, bom_to_encoding),
        pure!("encoding_to_bom", 1, encoding_to_bom),
    ],
);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Latin1,
    Utf8,
    Utf16 { little: bool },
    Utf32 { little: bool },
}

fn encoding(term: Option<&Term>) -> Result<Encoding, Exception> {
    let Some(term) = term else {
        return Ok(Encoding::Utf8);
    };
    if let Some([family, order]) = term.as_tuple() {
        let little = match atom_text(order) {
            Some("little") => true,
            Some("big") => false,
            _ => return Err(badarg()),
        };
        return match atom_text(family) {
            Some("utf16") => Ok(Encoding::Utf16 { little }),
            Some("utf32") => Ok(Encoding::Utf32 { little }),
            _ => Err(badarg()),
        };
    }
    match atom_text(term) {
        Some("latin1") => Ok(Encoding::Latin1),
        Some("unicode" | "utf8") => Ok(Encoding::Utf8),
        Some("utf16") => Ok(Encoding::Utf16 { little: false }),
        Some("utf32") => Ok(Encoding::Utf32 { little: false }),
        _ => Err(badarg()),
    }
}

/// What stopped the reading: the tag and what was left.
struct Stopped {
    tag: &'static str,
    rest: Term,
}

/// The characters of one binary, and the bytes that are none.
fn decode(bytes: &[u8], from: Encoding, text: &mut String) -> Option<(&'static str, usize)> {
    match from {
        Encoding::Latin1 => {
            text.extend(bytes.iter().map(|b| char::from(*b)));
            None
        }
        Encoding::Utf8 => match std::str::from_utf8(bytes) {
            Ok(valid) => {
                text.push_str(valid);
                None
            }
            Err(error) => {
                let valid = error.valid_up_to();
                text.push_str(&String::from_utf8_lossy(&bytes[..valid]));
                Some((
                    if error.error_len().is_none() {
                        "incomplete"
                    } else {
                        "error"
                    },
                    valid,
                ))
            }
        },
        Encoding::Utf16 { little } => {
            let unit = |at: usize| {
                let pair: [u8; 2] = bytes.get(at..at + 2)?.try_into().ok()?;
                Some(if little {
                    u16::from_le_bytes(pair)
                } else {
                    u16::from_be_bytes(pair)
                })
            };
            let mut at = 0;
            while at < bytes.len() {
                let Some(first) = unit(at) else {
                    return Some(("incomplete", at));
                };
                let units = if (0xd800..0xdc00).contains(&first) {
                    let Some(second) = unit(at + 2) else {
                        return Some(("incomplete", at));
                    };
                    vec![first, second]
                } else {
                    vec![first]
                };
                match String::from_utf16(&units) {
                    Ok(one) => text.push_str(&one),
                    Err(_) => return Some(("error", at)),
                }
                at += units.len() * 2;
            }
            None
        }
        Encoding::Utf32 { little } => {
            for (index, chunk) in bytes.chunks(4).enumerate() {
                let Ok(word) = <[u8; 4]>::try_from(chunk) else {
                    return Some(("incomplete", index * 4));
                };
                let code = if little {
                    u32::from_le_bytes(word)
                } else {
                    u32::from_be_bytes(word)
                };
                match char::from_u32(code) {
                    Some(c) => text.push(c),
                    None => return Some(("error", index * 4)),
                }
            }
            None
        }
    }
}

/// What is left of data when reading stopped at `part`; `tails` are what follows it in
/// each of the lists around it, the innermost last.
fn left_of(part: Term, tails: &[Term]) -> Term {
    tails
        .iter()
        .rev()
        .fold(part, |part, tail| List::cons(part, tail.clone()))
}

/// Takes the next binary out of what is still to be read, if one is next.
fn next_binary(open: &mut Vec<Term>) -> Option<Binary> {
    loop {
        match open.pop()? {
            Term::Nil => {}
            Term::Binary(bytes) => return Some(bytes),
            Term::List(cell) => match cell.head() {
                head @ (Term::Nil | Term::List(_) | Term::Binary(_)) => {
                    open.push(cell.tail().clone());
                    open.push(head.clone());
                }
                _ => {
                    open.push(Term::List(cell));
                    return None;
                }
            },
            other => {
                open.push(other);
                return None;
            }
        }
    }
}

/// Bytes that the first characters of a text were read from.
fn bytes_of(text: &str, from: Encoding) -> usize {
    match from {
        Encoding::Latin1 => text.chars().count(),
        Encoding::Utf8 => text.len(),
        Encoding::Utf16 { .. } => 2 * text.encode_utf16().count(),
        Encoding::Utf32 { .. } => 4 * text.chars().count(),
    }
}

/// Reads characters until the end or the first thing that is none, or that is
/// beyond `most`.
fn read(data: &Term, from: Encoding, most: char) -> Result<(String, Option<Stopped>), Exception> {
    if !data.is_list() && !data.is_binary() {
        return Err(badarg());
    }
    let mut text = String::new();
    let mut open = vec![data.clone()];
    let error = |part: Term, tails: &[Term]| {
        let rest = left_of(part, tails);
        Some(Stopped { tag: "error", rest })
    };
    while let Some(next) = open.pop() {
        match next {
            Term::Nil => {}
            Term::Binary(bytes) => {
                let before = text.len();
                let stopped = decode(&bytes, from, &mut text);
                let mut added = text[before..].char_indices();
                let beyond = (most < char::MAX)
                    .then(|| added.find(|(_, c)| *c > most))
                    .flatten();
                if let Some((at, _)) = beyond {
                    let start = bytes_of(&text[before..before + at], from);
                    text.truncate(before + at);
                    return Ok((text, error(Term::Binary(bytes.slice(start..)), &open)));
                }
                let Some((tag, at)) = stopped else { continue };
                let rest = bytes.slice(at..);
                if tag == "incomplete" {
                    // A character may go on in the next binary.
                    let before = open.clone();
                    let Some(following) = next_binary(&mut open) else {
                        if before.iter().all(Term::is_nil) {
                            let rest = Term::Binary(rest);
                            return Ok((text, Some(Stopped { tag, rest })));
                        }
                        let tails = before.into_iter().rev().filter(|tail| !tail.is_nil());
                        let rest = Term::list(std::iter::once(Term::Binary(rest)).chain(tails));
                        return Ok((text, error(rest, &[])));
                    };
                    let joined: Vec<u8> = rest.iter().chain(following.iter()).copied().collect();
                    open.push(Term::binary(joined));
                    continue;
                }
                return Ok((text, error(Term::Binary(rest), &open)));
            }
            Term::List(cell) => match cell.head() {
                Term::Integer(code) => {
                    let c = u32::try_from(*code).ok().and_then(char::from_u32);
                    match c {
                        Some(c) if c > most => {
                            let alone = List::cons(cell.head().clone(), Term::Nil);
                            let rest = List::cons(alone, cell.tail().clone());
                            return Ok((text, error(rest, &open)));
                        }
                        Some(c) => {
                            open.push(cell.tail().clone());
                            text.push(c);
                        }
                        None => return Ok((text, error(Term::List(cell.clone()), &open))),
                    }
                }
                head @ (Term::Nil | Term::List(_) | Term::Binary(_)) => {
                    open.push(cell.tail().clone());
                    open.push(head.clone());
                }
                _ => return Err(badarg()),
            },
            _ => return Err(badarg()),
        }
    }
    Ok((text, None))
}

fn outcome(value: Term, stopped: Option<Stopped>) -> Term {
    match stopped {
        None => value,
        Some(Stopped { tag, rest }) => Term::tuple([atom(tag), value, rest]),
    }
}

fn characters_to_list(args: &[Term]) -> Answer {
    let (text, stopped) = read(&args[0], encoding(args.get(1))?, char::MAX)?;
    Ok(outcome(Term::string(&text), stopped))
}

/// `None` when the encoding has no such character.
fn encode(text: &str, to: Encoding) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match to {
            Encoding::Latin1 => bytes.push(u8::try_from(u32::from(c)).ok()?),
            Encoding::Utf8 => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Encoding::Utf16 { little } => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    bytes.extend(if little {
                        unit.to_le_bytes()
                    } else {
                        unit.to_be_bytes()
                    });
                }
            }
            Encoding::Utf32 { little } => {
                let code = u32::from(c);
                bytes.extend(if little {
                    code.to_le_bytes()
                } else {
                    code.to_be_bytes()
                });
            }
        }
    }
    Some(bytes)
}

fn characters_to_binary(args: &[Term]) -> Answer {
    let (from, to) = (encoding(args.get(1))?, encoding(args.get(2))?);
    let most = match to {
        Encoding::Latin1 => '\u{ff}',
        _ => char::MAX,
    };
    let (text, stopped) = read(&args[0], from, most)?;
    let bytes = encode(&text, to).ok_or_else(badarg)?;
    Ok(outcome(binary_term(bytes), stopped))
}

fn normal(args: &[Term], form: fn(&str) -> String, as_binary: bool) -> Answer {
    let (text, stopped) = read(&args[0], Encoding::Utf8, char::MAX)?;
    let text = form(&text);
    let value = if as_binary {
        binary_term(text)
    } else {
        Term::string(&text)
    };
    Ok(outcome(value, stopped))
}

fn bom_to_encoding(args: &[Term]) -> Answer {
    let bytes = binary(&args[0]).ok_or_else(function_clause)?;
    let ordered =
        |family: &'static str, order: &'static str| Term::tuple([atom(family), atom(order)]);
    let (encoding, length) = match &bytes[..] {
        [0xef, 0xbb, 0xbf, ..] => (atom("utf8"), 3),
        [0xff, 0xfe, 0, 0, ..] => (ordered("utf32", "little"), 4),
        [0, 0, 0xfe, 0xff, ..] => (ordered("utf32", "big"), 4),
        [0xff, 0xfe, ..] => (ordered("utf16", "little"), 2),
        [0xfe, 0xff, ..] => (ordered("utf16", "big"), 2),
        _ => (atom("latin1"), 0),
    };
    Ok(Term::tuple([encoding, Term::from(length)]))
}

fn encoding_to_bom(args: &[Term]) -> Answer {
    let to = encoding(args.first()).map_err(|_| function_clause())?;
    // A byte order mark is the character U+FEFF; latin1 has none.
    Ok(binary_term(encode("\u{feff}", to).unwrap_or_default()))
}
