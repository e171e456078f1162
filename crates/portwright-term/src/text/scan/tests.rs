use super::*;

fn scan(text: &str) -> Result<Vec<Token>, ScanError> {
    let mut scanner = Scanner::new(text, Position::START);
    let mut tokens = Vec::new();
    while let Some(token) = scanner.next_token()? {
        tokens.push(token);
    }
    Ok(tokens)
}

#[track_caller]
fn check(text: &str, expect: &str) {
    let shown = match scan(text) {
        Ok(tokens) => tokens
            .iter()
            .map(|token| match &token.kind {
                TokenKind::Atom(atom) => format!("atom:{atom}"),
                TokenKind::Variable(name) => format!("var:{name}"),
                TokenKind::Integer(value) => format!("int:{value:?}"),
                TokenKind::Float(value) => format!("float:{value:?}"),
                TokenKind::Char(c) => format!("char:{}", u32::from(*c)),
                TokenKind::String(text) => format!("str:{text:?}"),
                TokenKind::Reserved(word) => format!("word:{word}"),
                TokenKind::Symbol(symbol) => (*symbol).to_owned(),
                TokenKind::Stray(c) => format!("stray:{c}"),
                TokenKind::Dot => "dot".to_owned(),
            })
            .collect::<Vec<_>>()
            .join(" "),
        Err(error) => format!("{}: {error}", error.position),
    };
    assert_eq!(shown, expect, "{text:?}");
}

#[test]
fn words_and_names() {
    check(
        "foo Bar _ _x 'A b' x@y@1 case dIv",
        "atom:foo var:Bar var:_ var:_x atom:A b atom:x@y@1 word:case atom:dIv",
    );
    check("ärger Ärger", "atom:ärger var:Ärger");
    check("'it\\'s' ''", "atom:it's atom:");
    assert!(RESERVED_WORDS.is_sorted());
}

#[test]
fn numbers() {
    check(
        "1 1_000 16#fF 2#1010 36#zz 1.5 1.5e3 1.0E-2 1_0.0_1",
        "int:1 int:1000 int:255 int:10 int:1295 float:1.5 float:1500.0 float:0.01 float:10.01",
    );
    check(
        "123456789012345678901234567890",
        "int:123456789012345678901234567890",
    );
    check(
        "9223372036854775808 -9223372036854775808",
        "int:9223372036854775808 - int:9223372036854775808",
    );
    check("1__0", "int:1 var:__0");
    check("1.", "int:1 dot");
    check("1.a", "int:1 . atom:a");
    check("1..2", "int:1 .. int:2");
    check("37#1", "1:1: illegal base '37'");
    check("0#1", "1:1: illegal base '0'");
    check(" 16#", "1:2: illegal integer");
    check("2#12", "int:1 int:2");
    check("1.0e", "1:1: illegal float");
    check("1.0e999", "1:1: illegal float");
}

#[test]
fn characters_and_escapes() {
    check(
        "$a $\\n $\\s $\\^a $\\101 $\\x41 $\\x{263A} $  $\\\\ $ä",
        "char:97 char:10 char:32 char:1 char:65 char:65 char:9786 char:32 char:92 char:228",
    );
    check(r#""a\tb\"c\x{e9}\12345""#, r#"str:"a\tb\"céS45""#);
    check("\"two\nlines\" x", "str:\"two\\nlines\" atom:x");
    check("\"caf\\^M\\e\\d\\q\"", "str:\"caf\\r\\u{1b}\\u{7f}q\"");
}

#[test]
fn operators() {
    check(
        "=:= =/= =< >= == /= = => := :: : ... .. -> -- ++ <- <= << >> || | ! ? ?= # ^",
        "=:= =/= =< >= == /= = => := :: : ... .. -> -- ++ <- <= << >> || | ! ? ?= # ^",
    );
    check("a=:b", "atom:a = : atom:b");
    check("{[(;,)]}", "{ [ ( ; , ) ] }");
    check("#{a=>1}.", "# { atom:a => int:1 } dot");
}

#[test]
fn full_stop_needs_white_space_comment_or_end() {
    check("a.b", "atom:a . atom:b");
    check("a. b", "atom:a dot atom:b");
    check("a.%x\nb.", "atom:a dot atom:b dot");
    check("% only\n", "");
}

#[test]
fn errors_say_what_erl_scan_says() {
    check("x \"abc", "1:3: unterminated string starting with \"abc\"");
    check(
        "'abcdefghijklmnopqrst",
        "1:1: unterminated atom starting with 'abcdefghijklmnop'",
    );
    check("\n  $", "2:3: unterminated character");
    check("a ☺", "1:3: illegal character");
    check("\"ab\\xzz\"", "1:4: illegal character");
    check("¡", "stray:¡");
    check(&"a".repeat(256), "1:1: illegal atom");
    check(&"A".repeat(256), "1:1: illegal var");
    assert!(scan("\"abc").unwrap_err().is_incomplete());
    assert!(!scan("☺").unwrap_err().is_incomplete());
}

#[test]
fn positions_count_characters() {
    let tokens = scan("ä \"é\n\" x").unwrap();
    let at: Vec<String> = tokens
        .iter()
        .map(|token| token.position.to_string())
        .collect();
    assert_eq!(at, ["1:1", "1:3", "2:3"]);
}

#[test]
fn rest_after_a_full_stop_is_the_next_text() {
    let mut scanner = Scanner::new("a.\nb.", Position::START);
    scanner.next_token().unwrap();
    assert_eq!(scanner.next_token().unwrap().unwrap().kind, TokenKind::Dot);
    assert_eq!(
        (scanner.rest(), scanner.position().to_string()),
        ("b.", "2:1".to_owned())
    );
}
