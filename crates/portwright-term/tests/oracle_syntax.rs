//! Texts through the scanner and the parser of this crate and through those of
//! a real OTP. See `oracle.rs` for what happens without one.

use std::fmt::Write;

use portwright_term::text::{Position, ScanError, Scanner, TokenKind, parse_term};
use portwright_term::{Term, etf};

mod otp;
mod seed;

use seed::Random;

/// Pieces of texts; what is wrong alone may be right with its neighbours.
const PIECES: &[&str] = &[
    "a",
    "Bc",
    "_",
    "_9",
    "x@y",
    "ärger",
    "Ärger",
    "'q a'",
    "'it\\'s'",
    "''",
    "end",
    "andalso",
    "maybe",
    "fun",
    "0",
    "7",
    "12_3",
    "1__2",
    "3_",
    "16#fF",
    "16#",
    "2#12",
    "36#zZ",
    "1#0",
    "37#1",
    "4_0#1",
    "16#f_f",
    "1.5",
    "2.0e3",
    "2.0e",
    "2.0e+",
    "1.0E-2",
    "1_0.2_5",
    "1.e",
    "9.9e999",
    "1.0e-400",
    "99999999999999999999",
    "$a",
    "$\\n",
    "$\\s",
    "$ ",
    "$\\x41",
    "$\\x{1F600}",
    "$\\x{}",
    "$\\x{D800}",
    "$\\^a",
    "$\\^",
    "$\\101",
    "$\\8",
    "$☺",
    "$",
    "\"s\"",
    "\"\"",
    "\"a\\tb\"",
    "\"x\\\ny\"",
    "\"\\x{zz}\"",
    "\"\\xg\"",
    "\"\\^[\"",
    "\"\\777\"",
    "\"☺\"",
    "\"open",
    "'open",
    "\"é\" ",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    ";",
    ".",
    ". ",
    ".\n",
    ".%",
    "..",
    "...",
    ":",
    "::",
    ":=",
    "=",
    "==",
    "=:=",
    "=/=",
    "=<",
    "=>",
    "=:",
    "=/",
    "/=",
    "/",
    "<",
    "<-",
    "<=",
    "<<",
    ">",
    ">=",
    ">>",
    "-",
    "->",
    "--",
    "+",
    "++",
    "*",
    "!",
    "?",
    "?=",
    "@",
    "\\",
    "^",
    "`",
    "~",
    "&",
    "#",
    "|",
    "||",
    "¡",
    "÷",
    "×",
    "\u{7f}",
    "\u{80}",
    "\u{a0}",
    "☺",
    "% c\n",
    "%% é☺\n",
    "% end",
    " ",
    "\n",
    "\t",
    "\r\n",
    "\0",
];

/// Terms, spelled in ways no printer would choose.
fn spelled(random: &mut Random, depth: usize) -> String {
    const LEAVES: &[&str] = &[
        "a",
        "'B'",
        "1",
        "-1",
        "+ 2",
        "- 3.5",
        "16#1f",
        "1_000",
        "$x",
        "-$x",
        "\"str\"",
        "\"two\" \"parts\"",
        "\"\"",
        "[]",
        "{}",
        "#{}",
        "<<>>",
        "<<1,2>>",
        "<<\"ab\",3>>",
        "<<1:4,2:12>>",
        "<<-1:16/little>>",
        "<<1.5/float>>",
        "<<\"☺\"/utf8>>",
        "<<97/utf16-little>>",
        "<<$a,16#ff:7>>",
        "<<3:2/unit:3>>",
        "<<1:0>>",
        "fun m:f/3",
        "fun 'M':'F'/0",
        "(a)",
        "X",
        "a b",
        "1 + 2",
        "fun",
        "#r{}",
        "<<a>>",
        "<<1/foo>>",
        "end",
    ];
    let blank = random.pick(&["", "", " ", "\n", "% c\n", "\t"]);
    if depth == 0 || random.one_in(3) {
        return format!("{}{blank}", random.pick(LEAVES));
    }
    let count = random.below(4);
    let elements: Vec<String> = (0..count).map(|_| spelled(random, depth - 1)).collect();
    let elements = elements.join(",");
    match random.below(6) {
        0 | 1 => format!("{{{blank}{elements}}}"),
        2 | 3 => format!("[{elements}]{blank}"),
        4 if count > 0 => format!("[{elements}|{}]", spelled(random, depth - 1)),
        _ => {
            let entries: Vec<String> = (0..count)
                .map(|_| {
                    format!(
                        "{}=>{blank}{}",
                        spelled(random, depth - 1),
                        spelled(random, depth - 1)
                    )
                })
                .collect();
            format!("#{{{}}}", entries.join(", "))
        }
    }
}

fn shown(text: &str) -> Result<String, ScanError> {
    let mut scanner = Scanner::new(text, Position::START);
    let mut lines = String::new();
    while let Some(token) = scanner.next_token()? {
        let at = token.position;
        let string = |text: &str| format!("{:?}", Term::string(text));
        let line = match token.kind {
            TokenKind::Atom(atom) => format!("atom {at} {atom:?}"),
            TokenKind::Variable(name) => {
                let name = portwright_term::Atom::new(&name).expect("short enough");
                format!("var {at} {name:?}")
            }
            TokenKind::Integer(value) => format!("integer {at} {value:?}"),
            TokenKind::Float(value) => format!("float {at} {:?}", Term::Float(value)),
            TokenKind::Char(c) => format!("char {at} {}", u32::from(c)),
            TokenKind::String(text) => format!("string {at} {}", string(&text)),
            TokenKind::Reserved(word) => format!("{word} {at}"),
            TokenKind::Symbol(symbol) => format!("{symbol} {at}"),
            TokenKind::Stray(c) => format!("{c} {at}"),
            TokenKind::Dot => format!("dot {at}"),
        };
        writeln!(lines, "{line}").expect("strings take all");
    }
    Ok(lines)
}

fn compare_with_otp(name: &str, texts: &[String]) {
    let mut corpus = Vec::new();
    for text in texts {
        corpus.extend((text.len() as u32).to_be_bytes());
        corpus.extend(text.as_bytes());
    }
    let Some(fields) = otp::ask(name, "syntax.escript", &corpus, "+pc unicode") else {
        return;
    };
    let mut differences = Vec::new();
    let mut terms = 0;
    for (text, answer) in texts.iter().zip(fields.chunks(2)) {
        let ours =
            shown(text).unwrap_or_else(|error| format!("error {} {error}\n", error.position));
        let theirs = String::from_utf8_lossy(&answer[0]);
        if ours != theirs {
            differences.push(format!("{text:?}\nours:\n{ours}theirs:\n{theirs}"));
        }
        let theirs = etf::decode(&answer[1], &etf::DecodeLimits::default()).ok();
        terms += usize::from(theirs.is_some());
        let ours = parse_term(text);
        if ours.as_ref().ok() != theirs.as_ref() {
            differences.push(format!("{text:?}\nours: {ours:?}\ntheirs: {theirs:?}"));
        }
    }
    let shown: Vec<String> = differences.iter().take(12).cloned().collect();
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        shown.join("\n")
    );
    assert!(
        terms > texts.len() / 50,
        "only {terms} of the texts are terms"
    );
}

#[test]
fn tokens_and_their_errors() {
    let mut random = Random::new(21);
    let texts: Vec<String> = (0..20_000)
        .map(|_| {
            (0..1 + random.below(8))
                .map(|_| random.pick(PIECES))
                .collect()
        })
        .collect();
    compare_with_otp("tokens_and_their_errors", &texts);
}

#[test]
fn spelled_terms() {
    let mut random = Random::new(22);
    let texts: Vec<String> = (0..6000)
        .map(|_| {
            let depth = random.below(4);
            let end = random.pick(&["", ".", " . ", ".%"]);
            spelled(&mut random, depth) + end
        })
        .collect();
    compare_with_otp("spelled_terms", &texts);
}
