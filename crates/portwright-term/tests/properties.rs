//! What must hold for all terms.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

use portwright_term::text::{Encoding, PrintOptions, parse_term, write_w};
use portwright_term::{Atom, BigInt, Map, Reference, Term, atoms, etf, iolist};
use proptest::prelude::*;

/// Terms with a syntax of their own.
fn written() -> impl Strategy<Value = Term> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Term::from),
        (-3i64..300).prop_map(Term::from),
        proptest::collection::vec(any::<u8>(), 9..40)
            .prop_map(|bytes| Term::from(BigInt::from_signed_bytes_le(&bytes))),
        any::<f64>().prop_filter_map("finite", Term::float),
        (-1000i32..1000).prop_map(|n| Term::Float(f64::from(n))),
        proptest::string::string_regex(".{0,12}|[a-z][a-zA-Z0-9_@]{0,8}")
            .expect("a valid expression")
            .prop_map(|text| Term::Atom(Atom::new(&text).expect("short enough"))),
        ".{0,20}".prop_map(|text| Term::string(&text)),
        ".{0,20}".prop_map(Term::binary),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Term::binary),
        (proptest::collection::vec(any::<u8>(), 1..40), 1u8..8)
            .prop_map(|(bytes, bits)| Term::bits(bytes, bits).expect("some bits")),
        Just(Term::Nil),
    ];
    leaf.prop_recursive(6, 120, 12, |inner| {
        let several = proptest::collection::vec(inner.clone(), 0..12);
        prop_oneof![
            several.clone().prop_map(Term::list),
            (several.clone(), inner.clone())
                .prop_map(|(elements, tail)| Term::improper_list(elements, tail)),
            several.prop_map(Term::tuple),
            proptest::collection::vec((inner.clone(), inner), 0..40).prop_map(Term::map),
        ]
    })
}

/// Terms that are often nearly equal.
fn close() -> impl Strategy<Value = Term> {
    let leaf = prop_oneof![
        (0i64..3).prop_map(Term::from),
        (0i32..3).prop_map(|n| Term::Float(f64::from(n))),
        Just(Term::Float(-0.0)),
        (-2i128..2).prop_map(|n| Term::from((1 << 64) + n)),
        Just(Term::Float(18_446_744_073_709_551_616.0)),
        Just(Term::atom("a")),
        (1u8..=8).prop_map(|bits| Term::bits(vec![0xa0], bits).expect("some bits")),
        Just(Term::Nil),
        (0u32..2, 1usize..4).prop_map(|(id, len)| {
            let made = Reference::new(atoms::NONODE_NOHOST, 0, &[id, 1, id][..len]);
            made.expect("one to three words").into()
        }),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let several = proptest::collection::vec(inner.clone(), 0..3);
        prop_oneof![
            several.clone().prop_map(Term::list),
            several.prop_map(Term::tuple),
            proptest::collection::vec((inner.clone(), inner), 0..3).prop_map(Term::map),
        ]
    })
}

/// I/O data and the bytes that it means.
fn io_data() -> impl Strategy<Value = (Term, Vec<u8>)> {
    let binary = || {
        proptest::collection::vec(any::<u8>(), 0..150)
            .prop_map(|bytes| (Term::binary(bytes.clone()), bytes))
    };
    let leaf = prop_oneof![
        binary(),
        any::<u8>().prop_map(|byte| (Term::from(byte), vec![byte])),
        Just((Term::Nil, Vec::new())),
    ];
    let element = leaf.prop_recursive(5, 60, 8, move |inner| {
        (
            proptest::collection::vec(inner, 0..8),
            binary(),
            any::<bool>(),
        )
            .prop_map(|(elements, (tail, tail_bytes), improper)| {
                let (terms, parts): (Vec<Term>, Vec<Vec<u8>>) = elements.into_iter().unzip();
                let mut bytes = parts.concat();
                if improper {
                    bytes.extend(tail_bytes);
                    (Term::improper_list(terms, tail), bytes)
                } else {
                    (Term::list(terms), bytes)
                }
            })
    });
    element.prop_map(|(term, bytes)| {
        // A byte alone is no I/O data.
        if term.is_integer() {
            (Term::list([term]), bytes)
        } else {
            (term, bytes)
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn encoding_round_trips(
        term in written(),
        minor_version in 0u8..=2,
        compressed in proptest::option::of(0u8..=9),
    ) {
        let options = etf::EncodeOptions { minor_version, compressed };
        let bytes = etf::encode(&term, &options).unwrap();
        let back = etf::decode(&bytes, &etf::DecodeLimits::default());
        prop_assert_eq!(back.as_ref(), Ok(&term));
        let mut longer = bytes.to_vec();
        longer.extend([1, 2]);
        let prefix = etf::decode_prefix(&longer.into(), &etf::DecodeLimits::default());
        prop_assert_eq!(prefix, Ok((term, bytes.len())));
    }

    #[test]
    fn every_text_reads_back(
        term in written(),
        line in prop_oneof![Just(0usize), 10usize..100],
        column in 1usize..60,
        unicode in any::<bool>(),
    ) {
        let encoding = if unicode { Encoding::Unicode } else { Encoding::Latin1 };
        let options = PrintOptions::new().encoding(encoding).line_length(line).column(column);
        let pretty = options.to_string(&term);
        prop_assert_eq!(parse_term(&pretty), Ok(term.clone()), "{}", pretty);
        let mut plain = String::new();
        write_w(&mut plain, &term, encoding, None).unwrap();
        prop_assert_eq!(parse_term(&plain), Ok(term.clone()), "{}", plain);
        if !unicode {
            prop_assert!(pretty.chars().all(|c| u32::from(c) < 256));
            prop_assert!(plain.chars().all(|c| u32::from(c) < 256));
        }
        if line == 0 {
            prop_assert!(!pretty.contains('\n'));
        }
    }

    #[test]
    fn both_orders_are_orders(a in close(), b in close(), c in close()) {
        let compares: [fn(&Term, &Term) -> Ordering; 2] = [Term::cmp, Term::erl_cmp];
        for cmp in compares {
            prop_assert_eq!(cmp(&a, &a), Ordering::Equal);
            prop_assert_eq!(cmp(&a, &b), cmp(&b, &a).reverse());
            if cmp(&a, &b) != Ordering::Greater && cmp(&b, &c) != Ordering::Greater {
                prop_assert_ne!(cmp(&a, &c), Ordering::Greater);
            }
        }
        prop_assert_eq!(a == b, a.cmp(&b) == Ordering::Equal);
        if a == b {
            prop_assert!(a.erl_eq(&b));
            let state = RandomState::new();
            prop_assert_eq!(state.hash_one(&a), state.hash_one(&b));
        }
    }

    #[test]
    fn gathering_gives_the_bytes((term, bytes) in io_data()) {
        let gathered = iolist::gather(&term).unwrap();
        prop_assert_eq!(iolist::size(&term), Ok(bytes.len()));
        prop_assert_eq!(gathered.len(), bytes.len());
        prop_assert!(gathered.iter().all(|piece| !piece.is_empty()));
        prop_assert_eq!(&gathered.to_vec(), &bytes);
        prop_assert_eq!(&gathered.into_bytes()[..], &bytes[..]);
    }

    #[test]
    fn one_wrong_part_spoils_io_data((term, _) in io_data(), wrong in prop_oneof![
        Just(Term::from(256)), Just(Term::from(-1)), Just(Term::atom("a")), Just(Term::Float(1.0)),
        Just(Term::bits(vec![0x80], 1).expect("a bit")), Just(Term::tuple([])), Just(Term::map([])),
    ]) {
        let spoiled = Term::list([term, Term::list([wrong.clone()])]);
        prop_assert_eq!(iolist::gather(&spoiled).unwrap_err().part, wrong.clone());
        prop_assert!(iolist::gather(&wrong).is_err());
        // As a tail a byte is wrong too.
        prop_assert!(iolist::gather(&Term::improper_list([Term::from(1)], Term::from(2))).is_err());
    }

    #[test]
    fn maps_behave_like_a_btree(
        steps in proptest::collection::vec((close(), proptest::option::of(0i64..9)), 0..200),
    ) {
        let mut map = Map::new();
        let mut model = BTreeMap::new();
        for (key, value) in steps {
            match value.map(Term::from) {
                Some(value) => {
                    map = map.insert(key.clone(), value.clone());
                    model.insert(key, value);
                }
                None => {
                    map = map.remove(&key);
                    model.remove(&key);
                }
            }
            prop_assert_eq!(map.len(), model.len());
        }
        prop_assert!(map.iter().eq(model.iter()));
        prop_assert_eq!(map, model.into_iter().collect::<Map>());
    }
}
