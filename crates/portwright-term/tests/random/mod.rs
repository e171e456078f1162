//! Terms of every kind, made from a seed: the same seed gives the same terms.

use crate::seed::Random;
use bytes::Bytes;
use portwright_term::{Atom, BigInt, Fun, Pid, PortId, Reference, Term, atoms, etf};

/// A term of at most `depth` levels.
pub(crate) fn term(random: &mut Random, depth: usize) -> Term {
    if depth == 0 || random.one_in(3) {
        return leaf(random);
    }
    let len = match random.below(12) {
        0 => 0,
        1 => 8 + random.below(30),
        n => n / 2,
    };
    match random.below(9) {
        0..=2 => Term::list((0..len).map(|_| term(random, depth - 1))),
        3 => {
            let tail = leaf(random);
            Term::improper_list((0..len.max(1)).map(|_| term(random, depth - 1)), tail)
        }
        4 => Term::tuple((0..len).map(|_| term(random, depth - 1))),
        5 | 6 => {
            let tag = Term::Atom(atom(random));
            let rest = (0..len).map(|_| term(random, depth - 1));
            Term::tuple(std::iter::once(tag).chain(rest))
        }
        7 if random.one_in(12) => {
            // More than 32 keys: another kind of map inside OTP.
            let len = 33 + random.below(40);
            Term::map((0..len).map(|_| (leaf(random), leaf(random))))
        }
        _ => Term::map((0..len.min(20)).map(|_| {
            let key_depth = if random.one_in(4) { depth - 1 } else { 0 };
            (term(random, key_depth), term(random, depth - 1))
        })),
    }
}

/// A term that holds no others, or a string.
pub(crate) fn leaf(random: &mut Random) -> Term {
    match random.below(24) {
        0..=2 => Term::from(random.below(300) as i64 - 20),
        3 => integer(random),
        4 => big_integer(random),
        5 | 6 => float(random),
        7..=10 => Term::Atom(atom(random)),
        11..=13 => string(random),
        14..=16 => binary(random),
        17 => {
            let (len, bits) = (1 + random.below(30), 1 + random.below(7) as u8);
            Term::bits(bytes(random, len), bits).unwrap_or(Term::Nil)
        }
        18 => Term::Nil,
        19 => Pid::new(
            atoms::NONODE_NOHOST,
            random.below(32768) as u32,
            random.below(8192) as u32,
            0,
        )
        .into(),
        20 => PortId::new(atoms::NONODE_NOHOST, random.below(1 << 28) as u64, 0).into(),
        21 => {
            let ids = [
                random.below(1 << 18) as u32,
                random.next() as u32,
                random.next() as u32,
            ];
            Reference::new(atoms::NONODE_NOHOST, 0, &ids).map_or(Term::Nil, Term::from)
        }
        22 if random.one_in(2) => remote(random),
        _ if random.one_in(3) => closure(random),
        _ => Term::Fun(Fun::External {
            module: atom(random),
            function: atom(random),
            arity: random.below(256) as u8,
        }),
    }
}

/// A pid, port or reference of another node.
fn remote(random: &mut Random) -> Term {
    let node = Atom::literal(random.pick(&["a@b", "b@host.example", "ä@ö"]));
    let creation = random.next() as u32 & random.pick(&[3, u32::MAX]);
    match random.below(3) {
        0 => Pid::new(node, random.next() as u32, random.next() as u32, creation).into(),
        1 => PortId::new(
            node,
            random.next() & random.pick(&[0xfff_ffff, u64::MAX]),
            creation,
        )
        .into(),
        _ => {
            let ids: Vec<u32> = (0..1 + random.below(5))
                .map(|_| random.next() as u32)
                .collect();
            Reference::new(node, creation, &ids).map_or(Term::Nil, Term::from)
        }
    }
}

/// A closure of a module that exists nowhere, in its external format.
fn closure(random: &mut Random) -> Term {
    let arity = random.below(4) as u8;
    let (index, uniq) = (random.below(50) as u32, random.below(1 << 27) as u32);
    let mut body = vec![arity];
    body.extend(bytes(random, 16));
    body.extend(index.to_be_bytes());
    body.extend(1u32.to_be_bytes());
    body.extend(b"\x64\x00\x07nowhere");
    body.extend([97, index as u8, 98]);
    body.extend((uniq | 0x400).to_be_bytes());
    body.extend(b"\x58\x64\x00\x0dnonode@nohost\0\0\0\x07\0\0\0\0\0\0\0\0");
    body.extend([97, random.next() as u8]);
    let mut bytes = vec![131, 112];
    bytes.extend((body.len() as u32 + 4).to_be_bytes());
    bytes.extend(body);
    etf::decode(&Bytes::from(bytes), &etf::DecodeLimits::default()).expect("a well-formed fun")
}

fn integer(random: &mut Random) -> Term {
    let edge: i128 = random.pick(&[
        0,
        255,
        256,
        1 << 27,
        1 << 31,
        1 << 32,
        1 << 53,
        1 << 59,
        1 << 63,
        1 << 64,
    ]);
    let value = edge + random.below(5) as i128 - 2;
    Term::from(if random.one_in(2) { -value } else { value })
}

fn big_integer(random: &mut Random) -> Term {
    let len = random.pick(&[8, 9, 16, 17, 40, 255, 256, 300]);
    let value = BigInt::from_signed_bytes_le(&bytes(random, len));
    Term::from(value)
}

fn float(random: &mut Random) -> Term {
    let value = match random.below(6) {
        0 => f64::from_bits(random.next()),
        1 => random.below(100_000) as f64 / random.pick(&[1.0, 8.0, 10.0, 100.0, 1e7, 1e12]),
        2 => 10f64.powi(random.below(40) as i32 - 20),
        3 => 2f64.powi(random.below(140) as i32 - 10) + random.below(3) as f64,
        4 => random.pick(&[
            0.0,
            -0.0,
            1.0,
            9007199254740992.0,
            9007199254740991.0,
            1e22,
            5e-324,
        ]),
        _ => -(random.below(1000) as f64),
    };
    Term::float(value).unwrap_or(Term::Float(0.5))
}

fn atom(random: &mut Random) -> Atom {
    const ATOMS: [&str; 40] = [
        "ok",
        "error",
        "a",
        "b",
        "true",
        "undefined",
        "",
        "_",
        "_x",
        "X",
        "Xyz",
        "end",
        "and",
        "div",
        "maybe",
        "else",
        "fun",
        "hello world",
        "it's",
        "back\\slash",
        "new\nline",
        "\u{1b}[0m",
        "ärger",
        "Ärger",
        "straße",
        "ÿ",
        "a÷b",
        "x×y",
        "☺",
        "aλb",
        "λ",
        "日本",
        "\u{7f}",
        "\u{85}",
        "a@b",
        "node_1@host",
        "1abc",
        "a.b",
        "some_rather_long_atom_that_takes_room",
        "nil",
    ];
    match random.below(60) {
        0 => Atom::literal(
            "looooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooong",
        ),
        1 => Atom::new(&"☺".repeat(1 + random.below(255))).expect("short enough"),
        _ => Atom::literal(random.pick(&ATOMS)),
    }
}

const ASCII: &[char] = &['a', 'b', 'Z', '0', ' ', '~', '.', '_'];
const AWKWARD: &[char] = &[
    '"', '\'', '\\', '\n', '\t', '\r', '\u{b}', '\u{8}', '\u{c}', '\u{1b}', '$',
];
const LATIN: &[char] = &['\u{a0}', 'ä', 'ß', '÷', 'ÿ', 'Ä', '×'];
const WIDE: &[char] = &[
    'ā',
    'λ',
    '☺',
    '日',
    '\u{fffd}',
    '😀',
    '\u{10ffff}',
    '\u{200b}',
    '\u{301}',
];
const HIDDEN: &[char] = &['\0', '\u{7f}', '\u{80}', '\u{9f}', '\u{fffe}', '\u{1}'];

fn text(random: &mut Random) -> String {
    let len = match random.below(10) {
        0 => 30 + random.below(100),
        1 => 1,
        _ => random.below(16),
    };
    let kind = random.below(8);
    (0..len)
        .map(|_| match kind {
            0..=2 => random.pick(ASCII),
            3 if random.one_in(4) => random.pick(AWKWARD),
            4 if random.one_in(3) => random.pick(LATIN),
            5 if random.one_in(3) => random.pick(WIDE),
            6 if random.one_in(6) => random.pick(HIDDEN),
            7 if random.one_in(9) => random.pick(WIDE),
            _ => random.pick(ASCII),
        })
        .collect()
}

fn string(random: &mut Random) -> Term {
    let text = text(random);
    match random.below(12) {
        0 => Term::improper_list([Term::string(&text)], Term::from(7)),
        1 => Term::improper_list(
            text.chars().map(|c| Term::from(u32::from(c))),
            Term::Atom(atoms::OK),
        ),
        _ => Term::string(&text),
    }
}

fn binary(random: &mut Random) -> Term {
    match random.below(6) {
        0 => {
            let len = random.below(12);
            Term::binary(bytes(random, len))
        }
        1 => {
            let len = random.below(200);
            Term::binary(bytes(random, len))
        }
        // Latin-1 bytes, most of them no UTF-8.
        2 => Term::binary(text(random).chars().map(|c| c as u8).collect::<Vec<u8>>()),
        3 => {
            let mut bytes = text(random).into_bytes();
            bytes.push(random.next() as u8);
            Term::binary(bytes)
        }
        _ => Term::binary(text(random)),
    }
}

fn bytes(random: &mut Random, len: usize) -> Vec<u8> {
    (0..len).map(|_| random.next() as u8).collect()
}
