//! `unicode(3)`: characters between encodings.

use portwright_term::Term;
use unicode_normalization::UnicodeNormalization;

use super::argument::{
    Answer, atom, atom_text, badarg, binary, binary_term, chardata, function_clause, pure,
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

/// Reads characters until the end or the first thing that is none.
fn read(data: &Term, from: Encoding) -> Result<(String, Option<Stopped>), Exception> {
    if !data.is_list() && !data.is_binary() {
        return Err(badarg());
    }
    let mut text = String::new();
    let mut open = vec![data.clone()];
    while let Some(next) = open.pop() {
        match next {
            Term::Nil => {}
            Term::Binary(bytes) => {
                if let Some((tag, at)) = decode(&bytes, from, &mut text) {
                    let rest = Term::Binary(bytes.slice(at..));
                    let followed: Vec<Term> =
                        open.iter().rev().filter(|t| !t.is_nil()).cloned().collect();
                    // A lone incomplete binary stands for itself; what follows makes it an error.
                    if tag == "incomplete" && followed.is_empty() {
                        return Ok((text, Some(Stopped { tag, rest })));
                    }
                    let rest = if followed.is_empty() {
                        rest
                    } else {
                        Term::list(std::iter::once(rest).chain(followed).collect::<Vec<_>>())
                    };
                    return Ok((text, Some(Stopped { tag: "error", rest })));
                }
            }
            Term::List(cell) => match cell.head() {
                Term::Integer(code) => {
                    let c = u32::try_from(*code).ok().and_then(char::from_u32);
                    match c {
                        Some(c) => {
                            open.push(cell.tail().clone());
                            text.push(c);
                        }
                        None => {
                            let rest = Term::List(cell.clone());
                            return Ok((text, Some(Stopped { tag: "error", rest })));
                        }
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
    let (text, stopped) = read(&args[0], encoding(args.get(1))?)?;
    Ok(outcome(Term::string(&text), stopped))
}

fn encode(text: &str, to: Encoding) -> Result<Vec<u8>, (Vec<u8>, usize)> {
    let mut bytes = Vec::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match to {
            Encoding::Latin1 => match u8::try_from(u32::from(c)) {
                Ok(byte) => bytes.push(byte),
                Err(_) => return Err((bytes, at)),
            },
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
    Ok(bytes)
}

fn characters_to_binary(args: &[Term]) -> Answer {
    let (text, stopped) = read(&args[0], encoding(args.get(1))?)?;
    match encode(&text, encoding(args.get(2))?) {
        Ok(bytes) => Ok(outcome(binary_term(bytes), stopped)),
        Err((bytes, at)) => {
            let rest = Term::list([Term::string(&text[at..])]);
            Ok(Term::tuple([atom("error"), binary_term(bytes), rest]))
        }
    }
}

fn normal(args: &[Term], form: fn(&str) -> String, as_binary: bool) -> Answer {
    let text = form(&chardata(&args[0]).ok_or_else(badarg)?);
    Ok(if as_binary {
        binary_term(text)
    } else {
        Term::string(&text)
    })
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
