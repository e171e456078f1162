//! The bytes of `term_to_binary/1`, measured on OTP 25.
//!
//! The oracle compares far more, but needs an OTP; these rows do not.

use bytes::Bytes;
use portwright_term::etf::{self, DecodeLimits, EncodeError, EncodeOptions};
use portwright_term::text::parse_term;
use portwright_term::{Atom, Fun, NativeFun, Pid, PortId, Reference, Term, atoms};

fn encode(term: &Term, options: EncodeOptions) -> Vec<u8> {
    etf::encode(term, &options)
        .expect("the term has an external format")
        .to_vec()
}

fn decode(bytes: &[u8]) -> Term {
    etf::decode(&Bytes::copy_from_slice(bytes), &DecodeLimits::default()).expect("a term")
}

#[track_caller]
fn check(term: &Term, bytes: &[u8]) {
    assert_eq!(
        encode(term, EncodeOptions::default())[1..],
        *bytes,
        "{term:?}"
    );
    assert_eq!(decode(&[&[131], bytes].concat()), *term);
}

#[test]
fn terms_with_a_syntax() {
    let rows: [(&str, &[u8]); 16] = [
        ("a", &[100, 0, 1, 97]),
        ("'\u{e9}'", &[100, 0, 1, 233]),
        ("'\u{263a}'", &[119, 3, 226, 152, 186]),
        ("255", &[97, 255]),
        ("-1", &[98, 255, 255, 255, 255]),
        ("2147483648", &[110, 4, 0, 0, 0, 0, 128]),
        ("-2147483648", &[98, 128, 0, 0, 0]),
        ("1099511627776", &[110, 6, 0, 0, 0, 0, 0, 0, 1]),
        ("1.5", &[70, 63, 248, 0, 0, 0, 0, 0, 0]),
        ("<<1:3>>", &[77, 0, 0, 0, 1, 3, 32]),
        ("[1|2]", &[108, 0, 0, 0, 1, 97, 1, 97, 2]),
        ("\"ab\"", &[107, 0, 2, 97, 98]),
        ("[]", &[106]),
        ("{}", &[104, 0]),
        (
            "#{2=>1,1.0=>2,1=>3}",
            &[
                116, 0, 0, 0, 3, 97, 1, 97, 3, 97, 2, 97, 1, 70, 63, 240, 0, 0, 0, 0, 0, 0, 97, 2,
            ],
        ),
        (
            "fun lists:map/2",
            b"\x71\x64\x00\x05lists\x64\x00\x03map\x61\x02",
        ),
    ];
    for (text, bytes) in rows {
        check(&parse_term(text).expect("a term"), bytes);
    }
}

#[test]
fn identifiers() {
    let node = Atom::literal("a@b");
    check(
        &Pid::new(node, 5, 7, 3).into(),
        b"\x58\x64\0\x03a@b\0\0\0\x05\0\0\0\x07\0\0\0\x03",
    );
    check(
        &PortId::new(node, 5, 7).into(),
        b"\x59\x64\0\x03a@b\0\0\0\x05\0\0\0\x07",
    );
    check(
        &PortId::new(node, 0x1fff_ffff, 3).into(),
        b"\x78\x64\0\x03a@b\0\0\0\0\x1f\xff\xff\xff\0\0\0\x03",
    );
    let reference = Reference::new(node, 3, &[5]).expect("one word");
    check(
        &reference.into(),
        b"\x5a\0\x01\x64\0\x03a@b\0\0\0\x03\0\0\0\x05",
    );
    // The older forms mean the same.
    let older = b"\x83\x67\x64\0\x03a@b\0\0\0\x05\0\0\0\x07\x03";
    assert_eq!(decode(older), Pid::new(node, 5, 7, 3).into());
    let older = b"\x83\x72\0\x01\x64\0\x03a@b\x03\0\0\0\x05";
    assert_eq!(
        decode(older),
        decode(b"\x83\x65\x64\0\x03a@b\0\0\0\x05\x03")
    );
}

#[test]
fn strings_end_at_65535_bytes() {
    let string = |len| Term::bytes_list(&vec![b'a'; len]);
    assert_eq!(encode(&string(65_535), EncodeOptions::default())[1], 107);
    assert_eq!(encode(&string(65_536), EncodeOptions::default())[1], 108);
}

#[test]
fn minor_versions_change_floats_and_atoms() {
    let options = |minor_version| EncodeOptions {
        minor_version,
        compressed: None,
    };
    let float = encode(&Term::Float(1.5), options(0));
    assert_eq!(float, b"\x83c1.50000000000000000000e+00\0\0\0\0\0");
    assert_eq!(decode(&float), Term::Float(1.5));
    assert_eq!(encode(&Term::Atom(atoms::OK), options(2)), b"\x83w\x02ok");
    let long = Atom::new(&"\u{263a}".repeat(255)).expect("255 characters");
    let bytes = encode(&Term::Atom(long), options(2));
    assert_eq!(bytes[..4], [131, 118, 2, 253]);
    assert_eq!(decode(&bytes), Term::Atom(long));
}

#[test]
fn compression_only_when_it_helps() {
    let options = EncodeOptions {
        compressed: Some(6),
        ..EncodeOptions::default()
    };
    assert_eq!(
        encode(&Term::string("ab"), options),
        [131, 107, 0, 2, 97, 98]
    );
    let long = Term::bytes_list(&[b'a'; 30]);
    let bytes = encode(&long, options);
    assert_eq!(bytes[..6], [131, 80, 0, 0, 0, 33]);
    assert_eq!(decode(&bytes), long);
    // What OTP makes of the same term.
    let theirs = [
        131, 80, 0, 0, 0, 33, 120, 156, 203, 102, 144, 75, 196, 11, 0, 193, 191, 11, 232,
    ];
    assert_eq!(decode(&theirs), long);
}

#[test]
fn binaries_of_a_decoded_term_share_the_input() {
    let input = Bytes::from(encode(
        &Term::binary(vec![7; 100]),
        EncodeOptions::default(),
    ));
    let term = etf::decode(&input, &DecodeLimits::default()).expect("a term");
    let binary = term.as_binary().expect("a binary");
    assert_eq!(binary.as_ptr(), input[6..].as_ptr());
}

struct Closure;

impl NativeFun for Closure {
    fn arity(&self) -> u8 {
        1
    }

    fn module(&self) -> Atom {
        atoms::ERL_EVAL
    }

    fn index(&self) -> u32 {
        42
    }

    fn uniq(&self) -> u32 {
        3_316_493
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

#[test]
fn closures_of_this_process_stay_here() {
    let fun = Term::Fun(Fun::Native(std::sync::Arc::new(Closure)));
    assert_eq!(fun.to_string(), "#Fun<erl_eval.42.3316493>");
    assert_eq!(fun, fun.clone());
    assert_ne!(fun, Term::Fun(Fun::Native(std::sync::Arc::new(Closure))));
    let mut out = vec![1, 2];
    let error = etf::encode_into(&mut out, &Term::list([fun]), &EncodeOptions::default());
    assert_eq!(
        error,
        Err(EncodeError::NativeFun {
            fun: "#Fun<erl_eval.42.3316493>".into()
        })
    );
    assert_eq!(out, [1, 2], "what was there stays");
}
