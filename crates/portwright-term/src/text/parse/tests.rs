use super::*;

#[track_caller]
fn check(text: &str, expect: &str) {
    let shown = match parse_term(text) {
        Ok(term) => format!("{term:?}"),
        Err(error) => error.to_string(),
    };
    assert_eq!(shown, expect, "{text}");
}

#[test]
fn constants() {
    check("'A b'", "'A b'");
    check("-5", "-5");
    check("+5.0", "5.0");
    check("-9223372036854775808", "-9223372036854775808");
    check("-$a", "-97");
    check("\"ab\" \"c\"", "[97,98,99]");
    check("\"\"", "[]");
    check("[1,2|x].", "[1,2|x]");
    check("{}", "{}");
    check("(((a)))", "a");
    check("#{b=>1,a=>#{},b=>2}", "#{a => #{},b => 2}");
    check("fun lists:map/2", "fun lists:map/2");
    check("[a|[b|[c]]]", "[a,b,c]");
}

#[test]
fn smallest_small_integer_stays_small() {
    assert!(matches!(
        parse_term("-9223372036854775808").unwrap(),
        Term::Integer(i64::MIN)
    ));
}

// Values measured on OTP 25.
#[test]
fn bitstrings() {
    check("<<>>", "<<>>");
    check("<<1,-1,256,$a>>", "<<1,255,0,97>>");
    check("<<\"ab\",1:1,0:2>>", "<<97,98,4:3>>");
    check("<<1:12/little,5:4>>", "<<1,5>>");
    check("<<\"é☺\"/utf8>>", "<<195,169,226,152,186>>");
    check(
        "<<1.5/float,1.5:32/float-little>>",
        "<<63,248,0,0,0,0,0,0,0,0,192,63>>",
    );
    check("<<-1:3,3:2/unit:4>>", "<<224,3:3>>");
    check("<<\"ab\":16/little>>", "<<97,0,98,0>>");
    check("<<16#10000/utf16>>", "<<216,0,220,0>>");
    check("<<-200:70>>", "<<255,255,255,255,255,255,255,252,56:6>>");
    check("<<16#123456:20/little>>", "<<86,52,2:4>>");
}

#[test]
fn errors_tell_the_place() {
    check(
        "{a",
        "1:3: the text ends within a term, or without a full stop",
    );
    check("{a b}", "1:4: syntax error before: b");
    check("[a,]", "1:4: syntax error before: ']'");
    check("X", "1:1: bad term: X is not part of a constant");
    check("a. b.", "1:4: syntax error before: b");
    check("[$\\n $ ]", "1:6: syntax error before: $\\s");
    check(
        "\n [\"abc",
        "2:3: unterminated string starting with \"abc\"",
    );
    check("<0.1.0>", "1:1: syntax error before: '<'");
    check(
        "<<1/foo>>",
        "1:5: bad segment in a bitstring: its type is unknown, or not a constant's",
    );
    check(
        "<<0:99999999999>>",
        "1:5: bad segment in a bitstring: its size is too large",
    );
    check("1.5:", "1:4: syntax error before: ':'");
    assert!(parse_term("{a").unwrap_err().is_incomplete());
}

#[test]
fn bits_that_a_size_asks_for_are_limited_for_the_whole_text() {
    let options = ParseOptions {
        max_sized_bits: 100,
        ..ParseOptions::default()
    };
    let fits = |text| parse_term_with(text, &options).is_ok();
    assert!(fits("[<<0:50>>,<<0:25/unit:2>>]"));
    assert!(!fits("[<<0:50>>,<<0:51>>]"));
    assert!(!fits("<<\"abc\":40>>"));
    assert!(!fits("<<0:2/unit:51>>"));
    // What the text spells out is not counted.
    assert!(fits("<<\"more than a hundred bits\",1,2.5/float>>"));
    // Together far more than memory: refused at the ninth.
    let hungry = format!("[{}a]", "<<0:134217728>>,".repeat(10_000));
    assert!(matches!(
        parse_term(&hungry),
        Err(ParseError::BadSegment { position, .. }) if position.column == 2 + 8 * 16 + 2
    ));
}

#[test]
fn identifiers_only_when_asked_for() {
    let options = ParseOptions {
        identifiers: true,
        ..ParseOptions::default()
    };
    for text in [
        "<0.10.0>",
        "#Port<0.7>",
        "#Ref<0.3.2.1>",
        "[<0.1.0>,#{#Port<0.1> => #Ref<0.9>}]",
    ] {
        let term = parse_term_with(text, &options).unwrap();
        assert_eq!(format!("{term:?}"), text);
    }
    assert!(matches!(
        parse_term_with("<7.1.0>", &options),
        Err(ParseError::BadIdentifier { .. })
    ));
    assert!(parse_term_with("<0.1.0", &options).is_err());
}

#[test]
fn consult_reads_terms_up_to_full_stops() {
    assert_eq!(parse_terms("% nothing\n").unwrap(), []);
    assert_eq!(parse_terms("a. {b,\n1}. ").unwrap().len(), 2);
    assert!(parse_terms("a. b").unwrap_err().is_incomplete());
    assert!(parse_terms("a b.").is_err());
}

#[test]
fn hundred_thousand_levels_read() {
    let text = format!("{}x{}", "[{#{1=>".repeat(100_000), "}}]".repeat(100_000));
    let term = parse_term(&text).unwrap();
    assert_eq!(term.to_string(), text.replace("=>", " => "));
    assert!(
        parse_term(&"[".repeat(1_000_000))
            .unwrap_err()
            .is_incomplete()
    );
}
