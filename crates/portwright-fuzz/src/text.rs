//! Erlang's syntax: the scanner, the parser of terms, the printer.

use portwright_term::Term;
use portwright_term::text::{
    Encoding, ParseOptions, Position, PrintOptions, Scanner, format_w, parse_term_with,
    parse_terms_with, write_w,
};

/// The scanner takes any text, piece by piece, and knows where it stands.
pub fn scan(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut scanner = Scanner::new(&text, Position::START);
    let mut before = Position::START;
    loop {
        let left = scanner.rest().len();
        let token = scanner.next_token();
        let here = scanner.position();
        assert_eq!(here, position_before(&text, scanner.rest()));
        match token {
            Ok(None) => break,
            Ok(Some(token)) => {
                assert!(before <= token.position && token.position < token.end);
                assert_eq!(token.end, here);
                let _ = token.kind.to_string();
            }
            Err(error) => {
                assert!(
                    before <= error.position && error.position <= here,
                    "{error:?}"
                );
                let _ = error.to_string();
            }
        }
        assert!(scanner.rest().len() < left, "no piece is empty");
        before = here;
    }
    assert_eq!(scanner.rest(), "");
}

/// Where `rest`, the end of `text`, begins.
fn position_before(text: &str, rest: &str) -> Position {
    let scanned = &text[..text.len() - rest.len()];
    let line = scanned.matches('\n').count();
    let last = scanned.rsplit('\n').next().unwrap_or_default();
    Position {
        line: line as u32 + 1,
        column: last.chars().count() as u32 + 1,
    }
}

/// A text is an error, or a term whose every printed form reads back.
pub fn text_parse(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    // A few characters ask for many bits, which take long to print.
    let plain = ParseOptions {
        max_sized_bits: 1 << 16,
        ..ParseOptions::default()
    };
    let with_identifiers = ParseOptions {
        identifiers: true,
        ..plain
    };
    if let Err(error) = parse_terms_with(&text, &plain) {
        let _ = (error.to_string(), error.position(), error.is_incomplete());
    }
    match parse_term_with(&text, &plain) {
        Ok(term) => reads_back(&term, &plain),
        Err(error) => {
            let _ = (error.to_string(), error.position(), error.is_incomplete());
        }
    }
    if let Ok(term) = parse_term_with(&text, &with_identifiers) {
        reads_back(&term, &with_identifiers);
    }
}

fn reads_back(term: &Term, options: &ParseOptions) {
    // What is printed may spell out what was short: no limit on reading it back.
    let options = &ParseOptions {
        max_sized_bits: usize::MAX,
        ..*options
    };
    let mut latin1 = String::new();
    write_w(&mut latin1, term, Encoding::Latin1, None).expect("a string takes all");
    assert!(latin1.chars().all(|c| u32::from(c) < 256), "{latin1}");
    let pretty = PrintOptions::new();
    for shown in [
        format_w(term),
        latin1,
        pretty.to_string(term),
        pretty.line_length(17).column(3).to_string(term),
        pretty
            .line_length(0)
            .encoding(Encoding::Latin1)
            .to_string(term),
    ] {
        assert_eq!(
            parse_term_with(&shown, options).as_ref(),
            Ok(term),
            "{shown}"
        );
    }
}
