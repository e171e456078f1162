//! The same terms through this crate and through a real `erl`.
//!
//! Without `escript` on the path the tests say so and pass, unless
//! `PORTWRIGHT_REQUIRE_ERL=1` is set. Three things are not compared as text:
//! maps of more than 32 keys, which OTP writes in the order of its hash,
//! identifiers of other nodes, whose first number is private to a process, and
//! external funs with names that OTP writes so that it cannot read them back.

use std::cmp::Ordering;

use bytes::Bytes;
use portwright_term::text::scan::is_reserved_word;
use portwright_term::text::{Encoding, PrintOptions, PrintableRange, parse_term, write_w};
use portwright_term::{BigInt, Fun, Pid, PortId, Reference, Term, atoms, etf};

mod otp;
mod random;
mod seed;

use random::leaf;
use seed::Random;

const TERMS: usize = 2600;
/// Fields that the script answers per term.
const FIELDS: usize = 16;

/// What the corpus says about one term beside its encoding.
struct Case {
    term: Term,
    text: String,
    depth: u32,
    column: u32,
    line: u32,
}

fn corpus(seed: u64) -> Vec<Case> {
    let mut random = Random::new(seed);
    let mut cases: Vec<Case> = Vec::new();
    while cases.len() < TERMS {
        let term = match cases.last() {
            Some(last) if random.one_in(3) => variant(&mut random, &last.term),
            _ => {
                // Deep ones are rare, because they are large.
                let depth = if random.one_in(20) {
                    5
                } else {
                    random.below(4)
                };
                random::term(&mut random, depth)
            }
        };
        let text = if any(&term, &is_without_syntax) {
            String::new()
        } else {
            PrintOptions::default()
                .encoding(Encoding::Unicode)
                .to_string(&term)
        };
        cases.push(Case {
            term,
            text,
            depth: 1 + random.below(14) as u32,
            column: 1 + random.below(40) as u32,
            line: 20 + random.below(100) as u32,
        });
    }
    cases
}

fn encode(term: &Term, minor_version: u8) -> Bytes {
    let options = etf::EncodeOptions {
        minor_version,
        ..Default::default()
    };
    etf::encode(term, &options).expect("no native funs in the corpus")
}

fn write_corpus(cases: &[Case]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for case in cases {
        for field in [&encode(&case.term, 1)[..], case.text.as_bytes()] {
            bytes.extend((field.len() as u32).to_be_bytes());
            bytes.extend(field);
        }
        for number in [case.depth, case.column, case.line] {
            bytes.extend(number.to_be_bytes());
        }
    }
    bytes
}

/// Every way of writing a term, in the order of the fields of the script.
fn texts(case: &Case, range: PrintableRange) -> Vec<String> {
    let w = |encoding, depth| {
        let mut text = String::new();
        write_w(&mut text, &case.term, encoding, depth).expect("strings take all");
        text
    };
    let (latin1, unicode) = (Encoding::Latin1, Encoding::Unicode);
    let depth = Some(case.depth as usize);
    let p = PrintOptions::default().range(range);
    let tp = p.encoding(unicode);
    let placed = tp
        .line_length(case.line as usize)
        .column(case.column as usize);
    vec![
        w(latin1, None),
        w(unicode, None),
        p.to_string(&case.term),
        tp.to_string(&case.term),
        p.line_length(0).to_string(&case.term),
        tp.line_length(0).to_string(&case.term),
        placed.to_string(&case.term),
        p.depth(depth).to_string(&case.term),
        tp.depth(depth).to_string(&case.term),
        w(latin1, depth),
        p.strings(false).to_string(&case.term),
        placed.depth(30).line_max_chars(60).to_string(&case.term),
    ]
}

fn has_big_map(term: &Term) -> bool {
    any(term, &|part| {
        part.as_map().is_some_and(|map| map.len() > 32)
    })
}

/// Whether OTP writes an external fun with names that it cannot read back: it
/// does not quote reserved words there, splits characters into bytes, and has
/// its own escapes.
fn is_odd_fun(term: &Term) -> bool {
    let is_odd = |name: &str| {
        !name.chars().all(|c| c.is_ascii_graphic() || c == ' ') || is_reserved_word(name)
    };
    match term {
        Term::Fun(Fun::External {
            module, function, ..
        }) => is_odd(module.as_str()) || is_odd(function.as_str()),
        _ => false,
    }
}

/// Whether OTP 25 loses the term as a key of a map of more than 32 keys: it takes
/// part of the hash of a reference of one or two words from elsewhere, so that
/// not even such a key itself is found in its map. No node makes such references
/// any more.
fn is_short_reference(term: &Term) -> bool {
    matches!(term, Term::Reference(reference) if reference.ids().len() < 3)
}

fn is_remote(term: &Term) -> bool {
    match term {
        Term::Pid(pid) => pid.node() != atoms::NONODE_NOHOST,
        Term::Port(port) => port.node() != atoms::NONODE_NOHOST,
        Term::Reference(reference) => reference.node() != atoms::NONODE_NOHOST,
        _ => false,
    }
}

/// A term that resembles `term`, to make comparisons close.
fn variant(random: &mut Random, original: &Term) -> Term {
    match original {
        Term::Integer(value) => match random.below(3) {
            0 => Term::float(*value as f64).unwrap_or(Term::Nil),
            1 => Term::from(i128::from(*value) + 1),
            _ => Term::from(i128::from(*value) - 1),
        },
        Term::BigInteger(value) => {
            let text = value.to_string();
            match text.parse::<f64>().ok().and_then(Term::float) {
                Some(float) if random.one_in(2) => float,
                _ => Term::from(BigInt::clone(value) + 1),
            }
        }
        Term::Float(value) => match random.below(3) {
            0 => Term::Integer(*value as i64),
            1 if value.abs() < 1e18 => Term::Float(value.trunc()),
            _ => Term::Float(-value),
        },
        Term::List(list) => {
            let mut elements: Vec<Term> = list.iter().cloned().collect();
            let at = random.below(elements.len());
            elements[at] = variant(random, &elements[at]);
            if random.one_in(5) {
                elements.pop();
            }
            Term::list(elements)
        }
        Term::Tuple(elements) if !elements.is_empty() => {
            let mut elements = elements.to_vec();
            let at = random.below(elements.len());
            elements[at] = variant(random, &elements[at]);
            Term::tuple(elements)
        }
        Term::Map(map) if !map.is_empty() => {
            let at = random.below(map.len());
            let change_key = random.one_in(2);
            Term::map(map.iter().enumerate().map(|(n, (key, value))| {
                if n != at {
                    (key.clone(), value.clone())
                } else if change_key {
                    (variant(random, key), value.clone())
                } else {
                    (key.clone(), variant(random, value))
                }
            }))
        }
        Term::Binary(bytes) if !bytes.is_empty() => {
            Term::bits(bytes.to_bytes(), 1 + random.below(8) as u8).unwrap_or(Term::Nil)
        }
        Term::Bitstring(bits) => Term::binary(bits.bytes().to_bytes()),
        Term::Pid(pid) => Pid::new(pid.node(), pid.id() ^ 1, pid.serial(), pid.creation()).into(),
        Term::Port(port) => PortId::new(port.node(), port.id() ^ 1, port.creation()).into(),
        Term::Reference(reference) => {
            let mut ids = reference.ids().to_vec();
            let at = random.below(ids.len());
            ids[at] ^= 1;
            let made = Reference::new(reference.node(), reference.creation(), &ids);
            made.map_or(Term::Nil, Term::from)
        }
        _ => leaf(random),
    }
}

/// Whether some part of the term, or the term itself, is such.
fn any(term: &Term, is_such: &dyn Fn(&Term) -> bool) -> bool {
    if is_such(term) {
        return true;
    }
    match term {
        Term::List(list) => {
            let mut elements = list.iter();
            elements.any(|element| any(element, is_such))
                || elements.tail().is_some_and(|tail| any(tail, is_such))
        }
        Term::Tuple(elements) => elements.iter().any(|element| any(element, is_such)),
        Term::Map(map) => map
            .iter()
            .any(|(key, value)| any(key, is_such) || any(value, is_such)),
        _ => false,
    }
}

/// Whether a term names a process, port or reference, or is a closure.
fn is_without_syntax(term: &Term) -> bool {
    matches!(
        term,
        Term::Pid(_)
            | Term::Port(_)
            | Term::Reference(_)
            | Term::Fun(Fun::Opaque(_) | Fun::Native(_))
    )
}

/// Collects differences, so that a failure shows more than the first.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn check(&mut self, what: &str, case: usize, ours: &str, theirs: &str) {
        // One difference per term is enough to see.
        let seen = self
            .0
            .last()
            .is_some_and(|last| last.starts_with(&format!("#{case} ")));
        if ours != theirs && !seen {
            self.0.push(format!(
                "#{case} {what}\n  ours:   {ours}\n  theirs: {theirs}"
            ));
        }
    }

    #[track_caller]
    fn none(self) {
        let shown = self
            .0
            .iter()
            .take(8)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n");
        assert!(
            self.0.is_empty(),
            "{} differences, the first ones:\n{shown}",
            self.0.len()
        );
    }
}

fn compare_with_otp(name: &str, seed: u64, range: PrintableRange) {
    const WAYS: [&str; 12] = [
        "~w", "~tw", "~p", "~tp", "~0p", "~0tp", "~*.*tp", "~P", "~tP", "~W", "~lp", "shell",
    ];
    let cases = corpus(seed);
    let flags = match range {
        PrintableRange::Latin1 => "+pc latin1",
        PrintableRange::Unicode => "+pc unicode",
    };
    let Some(fields) = otp::ask(name, "terms.escript", &write_corpus(&cases), flags) else {
        return;
    };
    let answers: Vec<&[Bytes]> = fields.chunks(FIELDS).collect();
    assert_eq!(answers.len(), cases.len());
    let mut differences = Differences::default();
    for (at, (case, answer)) in cases.iter().zip(&answers).enumerate() {
        let term = &case.term;
        let decoded = etf::decode(&answer[0], &etf::DecodeLimits::default());
        assert_eq!(decoded.as_ref(), Ok(term), "#{at} decoded");
        let in_hash_order = has_big_map(term);
        // A closure keeps the bytes it came with, whatever the version asked for.
        let has_closure = any(term, &|part| matches!(part, Term::Fun(Fun::Opaque(_))));
        if !in_hash_order {
            let show = |bytes: &Bytes| format!("{bytes:?}");
            differences.check("encoding", at, &show(&encode(term, 1)), &show(&answer[0]));
            if !has_closure {
                differences.check("encoding 2", at, &show(&encode(term, 2)), &show(&answer[1]));
            }
        }
        let has_odd_fun = any(term, &is_odd_fun);
        if !in_hash_order && !has_odd_fun && !any(term, &is_remote) {
            for ((way, ours), theirs) in WAYS.iter().zip(texts(case, range)).zip(&answer[2..]) {
                differences.check(way, at, &ours, &String::from_utf8_lossy(theirs));
            }
        }
        differences.check(
            "parsed by OTP",
            at,
            "same",
            &String::from_utf8_lossy(&answer[14]),
        );
        if !case.text.is_empty() && !has_odd_fun {
            for text in [&answer[4], &answer[5], &answer[3]] {
                let text = std::str::from_utf8(text).expect("the script writes UTF-8");
                assert_eq!(
                    parse_term(text).as_ref(),
                    Ok(term),
                    "#{at} parsed from {text}"
                );
            }
        }
        let next = &cases[(at + 1) % cases.len()].term;
        if [term, next]
            .iter()
            .any(|term| has_big_map(term) && any(term, &is_short_reference))
        {
            continue;
        }
        let ours: String = [
            term.erl_cmp(next) == Ordering::Less,
            term.erl_eq(next),
            term == next,
            term < next,
        ]
        .map(|is| if is { '1' } else { '0' })
        .iter()
        .collect();
        let theirs = String::from_utf8_lossy(&answer[15]);
        if ours != theirs {
            let what = format!("comparing {term:?} and {next:?}");
            differences.check(&what, at, &ours, &theirs);
        }
    }
    differences.none();
}

#[test]
fn first_corpus() {
    compare_with_otp("first_corpus", 1, PrintableRange::Latin1);
}

#[test]
fn second_corpus() {
    compare_with_otp("second_corpus", 2, PrintableRange::Latin1);
}

#[test]
fn third_corpus() {
    compare_with_otp("third_corpus", 3, PrintableRange::Latin1);
}

#[test]
fn corpus_with_printable_unicode() {
    compare_with_otp("corpus_with_printable_unicode", 4, PrintableRange::Unicode);
}
