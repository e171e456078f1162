//! Input that means harm: it must end in an error or a term, soon, and on a
//! small stack.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use portwright_term::etf::{DecodeErrorKind, DecodeLimits, EncodeOptions};
use portwright_term::text::{PrintOptions, format_p, format_w, parse_term};
use portwright_term::{BigInt, Fun, List, Term, etf, iolist};

mod random;
mod seed;

use seed::Random;

/// Runs `test` where recursion over a deep term would overflow at once.
fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new()
        .stack_size(256 << 10)
        .spawn(test);
    thread
        .expect("a thread starts")
        .join()
        .expect("the test passes");
}

fn decode(bytes: &[u8]) -> Result<Term, DecodeErrorKind> {
    let mut input = vec![131];
    input.extend(bytes);
    etf::decode(&input.into(), &DecodeLimits::default()).map_err(|error| error.kind)
}

fn encode(term: &Term) -> Bytes {
    etf::encode(term, &EncodeOptions::default()).expect("the term has an external format")
}

#[track_caller]
fn refused(bytes: &[u8], as_expected: impl Fn(&DecodeErrorKind) -> bool) {
    match decode(bytes) {
        Err(kind) if as_expected(&kind) => {}
        other => panic!("{bytes:?}: {other:?}"),
    }
}

fn is_truncated(kind: &DecodeErrorKind) -> bool {
    matches!(kind, DecodeErrorKind::Truncated { .. })
}

#[test]
fn announced_counts_need_their_bytes() {
    for tag in [105, 108, 116, 109, 111, 112] {
        refused(
            &[tag, 0xff, 0xff, 0xff, 0xff, 106, 106, 106, 106, 106, 106],
            |kind| is_truncated(kind) || matches!(kind, DecodeErrorKind::Integer { .. }),
        );
    }
    // Nested announcements do not add up either.
    refused(&[108, 0xff, 0xff, 0xff, 0xf0].repeat(10_000), is_truncated);
    refused(&[77, 0xff, 0xff, 0xff, 0xff, 3], is_truncated);
    refused(&[104], is_truncated);
    refused(&[], is_truncated);
}

#[test]
fn malformed_parts_are_named() {
    use DecodeErrorKind as Kind;
    refused(&[77, 0, 0, 0, 1, 0, 255], |kind| {
        *kind == Kind::Bits { bits: 0 }
    });
    refused(&[77, 0, 0, 0, 1, 9, 255], |kind| {
        *kind == Kind::Bits { bits: 9 }
    });
    refused(&[77, 0, 0, 0, 0, 1], |kind| *kind == Kind::Bits { bits: 1 });
    refused(&[70, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0], |kind| {
        *kind == Kind::Float
    });
    refused(&[70, 0x7f, 0xf8, 0, 0, 0, 0, 0, 1], |kind| {
        *kind == Kind::Float
    });
    refused(&[[99].as_slice(), &[b'x'; 31]].concat(), |kind| {
        *kind == Kind::Float
    });
    refused(&[119, 2, 0xff, 0xff], |kind| *kind == Kind::Atom);
    refused(&[[118, 1, 0].as_slice(), &[b'a'; 256]].concat(), |kind| {
        *kind == Kind::Atom
    });
    refused(&[90, 0, 6, 119, 1, b'a', 0, 0, 0, 0], |kind| {
        *kind == Kind::Reference { words: 6 }
    });
    refused(&[90, 0, 0, 119, 1, b'a', 0, 0, 0, 0], |kind| {
        *kind == Kind::Reference { words: 0 }
    });
    refused(&[88, 97, 1], |kind| *kind == Kind::Atom);
    refused(&[116, 0, 0, 0, 2, 97, 1, 97, 1, 97, 1, 97, 2], |kind| {
        *kind == Kind::DuplicateKey
    });
    refused(&[113, 119, 1, b'a', 119, 1, b'b', 98, 0, 0, 1, 0], |kind| {
        *kind == Kind::Fun
    });
    refused(&[121, 1, 2, 3], |kind| *kind == Kind::Local);
    refused(&[200], |kind| *kind == Kind::UnknownTag { tag: 200 });
    refused(&[97, 1, 2], |kind| {
        *kind == Kind::TrailingBytes { extra: 1 }
    });
    refused(&[111, 0, 64, 0, 0, 0], |kind| {
        *kind == Kind::Integer { bytes: 1 << 22 }
    });
    let version = etf::decode(&Bytes::from_static(&[130, 97, 1]), &DecodeLimits::default());
    assert_eq!(
        version.map_err(|error| error.kind),
        Err(Kind::Version { found: 130 })
    );
}

// All measured on OTP 25.
#[test]
fn odd_but_accepted_forms_read_as_in_otp() {
    assert_eq!(decode(&[110, 0, 0]), Ok(Term::from(0)));
    assert_eq!(decode(&[110, 1, 7, 5]), Ok(Term::from(-5)));
    assert_eq!(decode(&[110, 3, 0, 5, 0, 0]), Ok(Term::from(5)));
    assert_eq!(decode(&[77, 0, 0, 0, 0, 0]), Ok(Term::binary("")));
    assert_eq!(
        decode(&[77, 0, 0, 0, 1, 8, 255]),
        Ok(Term::binary(vec![255]))
    );
    assert_eq!(decode(&[108, 0, 0, 0, 0, 97, 1]), Ok(Term::from(1)));
    let mut text = [0; 32];
    text[..4].copy_from_slice(b"c1.5");
    assert_eq!(decode(&text), Ok(Term::Float(1.5)));
}

#[test]
fn compressed_terms_are_bounded() {
    let pack = |announced: u32, plain: &[u8]| {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
        zlib.write_all(plain).unwrap();
        [&[80][..], &announced.to_be_bytes(), &zlib.finish().unwrap()].concat()
    };
    let bomb = pack(u32::MAX, &vec![0; 1 << 24]);
    refused(&bomb, |kind| {
        matches!(kind, DecodeErrorKind::TooLarge { .. })
    });
    // Announces little and inflates to much, and the other way round.
    let damaged = |kind: &DecodeErrorKind| *kind == DecodeErrorKind::Compressed;
    refused(&pack(2, &vec![0; 1 << 24]), damaged);
    refused(&pack(3, &[97, 1]), damaged);
    refused(&pack(200 << 20, &[97, 1]), damaged);
    refused(&pack(4, &[97, 1, 97, 1]), damaged);
    refused(&pack(2, &[97, 1])[..9], damaged);
    refused(&[80, 0, 0, 0, 2, 1, 2, 3, 4], damaged);
    // Compressed within compressed is not part of the format.
    let nested = pack(2, &[97, 1]);
    refused(&pack(nested.len() as u32, &nested), |kind| {
        *kind == DecodeErrorKind::UnknownTag { tag: 80 }
    });
    let mut good = vec![131];
    good.extend(pack(2, &[97, 1]));
    let used = good.len();
    good.extend([1, 2, 3]);
    let (term, taken) = etf::decode_prefix(&good.into(), &DecodeLimits::default()).unwrap();
    assert_eq!((term, taken), (Term::from(1), used));
}

#[test]
fn limits_are_kept() {
    let deep = Bytes::from([[131].as_slice(), &[104, 1].repeat(50), &[106]].concat());
    let limits = |max_depth| DecodeLimits {
        max_depth,
        ..DecodeLimits::default()
    };
    assert!(etf::decode(&deep, &limits(50)).is_ok());
    let error = etf::decode(&deep, &limits(49)).unwrap_err();
    assert_eq!(
        (error.offset, error.kind),
        (99, DecodeErrorKind::TooDeep { limit: 49 })
    );

    let strange = Bytes::from_static(b"\x83w\x16never_seen_before_here");
    let error = etf::decode(&strange, &DecodeLimits::safe()).unwrap_err();
    assert_eq!(error.kind, DecodeErrorKind::UnknownAtom);
    assert!(etf::decode(&Bytes::from_static(b"\x83w\x02ok"), &DecodeLimits::safe()).is_ok());
}

#[test]
fn million_levels_pass_through_everything() {
    on_a_small_stack(|| {
        // A level of each kind in turn: tuple, list by its head, map value.
        let level = [104, 1, 108, 0, 0, 0, 1, 116, 0, 0, 0, 1, 97, 1];
        let count = 333_334;
        let mut bytes = level.repeat(count);
        bytes.push(106);
        bytes.extend([106].repeat(count));
        let term = decode(&bytes).unwrap();
        let other = decode(&bytes).unwrap();
        assert_eq!(term, other);
        assert!(term.erl_eq(&other));
        assert_eq!(term.cmp(&other), std::cmp::Ordering::Equal);
        let hash = |term: &Term| {
            let mut hasher = DefaultHasher::new();
            term.hash(&mut hasher);
            hasher.finish()
        };
        assert_eq!(hash(&term), hash(&other));
        assert_eq!(encode(&term)[1..], bytes);
        let text = format_w(&term);
        assert_eq!(term.to_string(), text);
        assert_eq!(
            PrintOptions::new().depth(4).to_string(&term),
            "{[#{1 => {...}}]}"
        );
        assert_eq!(parse_term(&text).unwrap(), term);
        drop(other);
        drop(term);
    });
}

#[test]
fn long_lists_and_deep_funs_drop() {
    on_a_small_stack(|| {
        drop(Term::list((0..1_000_000i64).map(Term::from)));
        // A list whose heads are lists, and one that shares its tail.
        let mut heads = Term::Nil;
        for _ in 0..1_000_000 {
            heads = List::cons(heads, Term::Nil);
        }
        let shared = List::cons(Term::from(1), heads.clone());
        drop(heads);
        drop(shared);
    });
}

#[test]
fn two_threads_may_drop_the_same_deep_term() {
    let mut term = Term::Nil;
    for _ in 0..200_000 {
        term = Term::tuple([term]);
    }
    let start = std::sync::Arc::new(std::sync::Barrier::new(2));
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let (term, start) = (term.clone(), start.clone());
            std::thread::Builder::new()
                .stack_size(256 << 10)
                .spawn(move || {
                    start.wait();
                    drop(term);
                })
        })
        .collect();
    drop(term);
    for thread in threads {
        thread.unwrap().join().unwrap();
    }
}

#[test]
fn broken_lines_of_a_deep_term_stay_on_the_heap() {
    on_a_small_stack(|| {
        let mut term = Term::from(1);
        for _ in 0..3000 {
            term = Term::tuple([Term::atom("tag"), term, Term::atom("end")]);
        }
        let text = format_p(&term, 1, 80);
        assert_eq!(parse_term(&text).unwrap(), term);
        let mut brackets = Term::from(1);
        for _ in 0..100_000 {
            brackets = Term::list([brackets]);
        }
        assert_eq!(format_p(&brackets, 1, 80).len(), 200_001);
    });
}

#[test]
fn deep_and_long_io_lists_gather() {
    on_a_small_stack(|| {
        let mut deep = Term::binary("x");
        for _ in 0..100_000 {
            deep = List::cons(Term::from(97), List::cons(deep, Term::Nil));
        }
        let gathered = iolist::gather(&deep).unwrap();
        assert_eq!(gathered.len(), 100_001);
        assert_eq!(gathered.iter().count(), 1);
        let long = Term::list((0..1_000_000).map(|n| Term::from(n % 256)));
        assert_eq!(iolist::size(&long), Ok(1_000_000));
        let block = Term::binary(vec![7; 1 << 20]);
        let gigabyte = Term::list(vec![block; 1024]);
        assert_eq!(iolist::gather(&gigabyte).unwrap().len(), 1 << 30);
    });
}

#[test]
fn damaged_encodings_never_panic() {
    let mut random = Random::new(11);
    for round in 0..3000 {
        let term = random::term(&mut random, 3);
        let mut bytes = encode(&term).to_vec();
        for _ in 0..1 + random.below(4) {
            let at = random.below(bytes.len());
            match random.below(3) {
                0 => bytes[at] = random.next() as u8,
                1 => bytes[at] ^= 1 << random.below(8),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let limits = DecodeLimits::default();
        let bytes = Bytes::from(bytes);
        assert_eq!(
            etf::decode_borrowed(&bytes, &limits),
            etf::decode_prefix(&bytes, &limits),
            "round {round}"
        );
        if let Ok(read) = etf::decode(&bytes, &limits) {
            // What was read can be used: printed, and encoded again.
            assert!(!format_w(&read).is_empty(), "round {round}");
            encode(&read);
        }
    }
}

#[test]
fn small_tuples_end_wherever_their_bytes_do() {
    let inner = Term::tuple([Term::binary(vec![1; 64]), Term::from(300), Term::Nil]);
    let mut term = Term::tuple([Term::atom("a"), inner, Term::binary(vec![2; 65])]);
    for _ in 0..6 {
        term = Term::tuple([term, Term::tuple([])]);
    }
    let whole = encode(&term);
    let limits = DecodeLimits::default();
    let mut slot = Term::atom("before");
    for len in 0..whole.len() {
        let error = etf::decode_borrowed_into(&mut slot, &whole[..len], &limits)
            .expect_err("something is missing");
        assert!(is_truncated(&error.kind), "{len}: {error}");
        assert!(error.offset <= len, "{len}: {error}");
        assert_eq!(etf::decode(&whole.slice(..len), &limits), Err(error));
    }
    assert_eq!(
        etf::decode_borrowed_into(&mut slot, &whole, &limits),
        Ok(whole.len())
    );
    assert_eq!(slot, term);
}

#[test]
fn damaged_texts_never_panic() {
    let mut random = Random::new(12);
    let pieces = [
        "<<", ">>", "[", "]", "{", "}", "#{", "=>", "|", ",", ".", "\"", "'", "$", "\\x{", "16#",
        "1.0e", ":", "/", "-", "%", "\n", "fun", "☺", "<0.1",
    ];
    for _ in 0..3000 {
        let term = random::term(&mut random, 3);
        let mut text: Vec<char> = format_p(&term, 1, 80).chars().collect();
        for _ in 0..1 + random.below(4) {
            let at = random.below(text.len() + 1);
            let piece: Vec<char> = random.pick(&pieces).chars().collect();
            text.splice(at..at, piece);
        }
        let text: String = text.into_iter().collect();
        if let Err(error) = parse_term(&text) {
            assert!(!error.to_string().is_empty());
        }
    }
}

#[test]
fn huge_integers_are_read_and_written_in_time() {
    let digits = "9".repeat(200_000);
    let term = parse_term(&digits).unwrap();
    assert_eq!(term.to_string(), digits);
    assert_eq!(
        etf::decode(&encode(&term), &DecodeLimits::default()),
        Ok(term)
    );
    let too_long = "1".repeat(10_200_000);
    assert!(
        parse_term(&too_long)
            .unwrap_err()
            .to_string()
            .contains("illegal integer")
    );
    // The largest integer there is, and the first beyond.
    let largest: BigInt = (BigInt::from(1) << 33_554_368u64) - 1;
    assert!(decode(&encode(&Term::from(largest.clone()))[1..]).is_ok());
    let beyond = encode(&Term::from(largest + 1));
    refused(&beyond[1..], |kind| {
        matches!(kind, DecodeErrorKind::Integer { .. })
    });
}

#[test]
fn a_decoded_closure_keeps_its_bytes() {
    let mut random = Random::new(13);
    let found = (0..2000)
        .map(|_| random::term(&mut random, 0))
        .find_map(|term| match &term {
            Term::Fun(Fun::Opaque(fun)) => Some((fun.clone(), term.clone())),
            _ => None,
        });
    let (fun, term) = found.expect("the generator makes closures");
    assert_eq!(&encode(&term)[1..], &fun.encoded()[..]);
    // Its announced size must be right, and its environment complete.
    let mut bytes = fun.encoded().to_vec();
    bytes[4] += 1;
    refused(&bytes, |kind| *kind == DecodeErrorKind::Fun);
    refused(&fun.encoded()[..fun.encoded().len() - 1], is_truncated);
}
