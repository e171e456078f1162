//! Data from ports: streams, packets, lines.

use portwright::{Message, PortMessage};

use crate::owner::{Owner, eventually};

const NORMAL: &str = "{'EXIT',P,normal}";

/// A program that prints exactly these bytes, given in the octal notation of printf,
/// in pieces: between them it waits for a line.
#[track_caller]
fn printing(settings: &str, pieces: &[&str]) -> Vec<String> {
    let mut owner = Owner::new();
    let script: Vec<String> = pieces
        .iter()
        .map(|piece| format!("printf '{piece}'"))
        .collect();
    // Between the pieces the program waits until it is told that all was read.
    let script = script.join("; read line <&3; ");
    let folder = crate::alone::Folder::new("printing");
    let fifo = folder.0.join("go");
    let _ = std::process::Command::new("mkfifo")
        .arg(&fifo)
        .status()
        .unwrap();
    let program = folder.file(
        "print",
        &format!("#!/bin/sh\nexec 3<>'{}'\n{script}\n", fifo.display()),
        0o755,
    );
    let port = owner.open(&format!("{{spawn_executable,\"{program}\"}}"), settings);
    let mut total = 0;
    for piece in &pieces[..pieces.len() - 1] {
        total += printed_len(piece);
        eventually("the piece was read", || {
            port.info().is_none_or(|info| info.input >= total as u64) || settings.contains("packet")
        });
        std::fs::write(&fifo, "\n").unwrap();
    }
    owner
        .through(NORMAL)
        .into_iter()
        .filter(|message| message != NORMAL)
        .map(|message| {
            message
                .strip_prefix("{P,{data,")
                .and_then(|rest| rest.strip_suffix("}}"))
                .map_or(message.clone(), str::to_owned)
        })
        .collect()
}

/// How many bytes printf makes of this text.
fn printed_len(text: &str) -> usize {
    let mut rest = text;
    let mut count = 0;
    while !rest.is_empty() {
        let skip = match rest.as_bytes() {
            [b'\\', digit, ..] if digit.is_ascii_digit() => {
                1 + rest[1..]
                    .bytes()
                    .take(3)
                    .take_while(u8::is_ascii_digit)
                    .count()
            }
            [b'\\', ..] => 2,
            _ => 1,
        };
        rest = &rest[skip..];
        count += 1;
    }
    count
}

// P-200.
#[test]
fn data_is_a_list_of_bytes_or_a_binary() {
    assert_eq!(printing("[]", &["a\\000\\377"]), ["[97,0,255]"]);
    assert_eq!(printing("[binary]", &["a\\000\\377"]), ["<<97,0,255>>"]);
    assert_eq!(printing("[{line,9}]", &["ab\\n"]), ["{eol,\"ab\"}"]);
    assert_eq!(
        printing("[{line,9},binary]", &["ab\\n"]),
        ["{eol,<<\"ab\">>}"]
    );
    assert_eq!(
        printing("[{packet,1},binary]", &["\\002ab"]),
        ["<<\"ab\">>"]
    );
}

// P-210, P-211, P-904: up to 64 KiB a message, nothing held back, nothing empty.
#[test]
fn a_stream_arrives_in_pieces_of_at_most_64_kib() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"head -c 200000 /dev/zero\"}", "[binary]");
    let mut total = 0;
    loop {
        match owner.next_message() {
            Message::Port {
                message: PortMessage::Data(data),
                ..
            } => {
                assert!((1..=65_536).contains(&data.len()), "{}", data.len());
                total += data.len();
            }
            other => {
                assert_eq!(owner.show(&other.to_term()), NORMAL);
                break;
            }
        }
    }
    assert_eq!(total, 200_000);
    // A part of a line comes at once, while the program waits.
    let mut owner = Owner::new();
    owner.open(
        "{spawn,\"sh -c 'printf prompt; read line; echo $line'\"}",
        "[]",
    );
    assert_eq!(owner.next(), "{P,{data,\"prompt\"}}");
    owner.eval("port_command(P,\"answer\\n\")");
    assert_eq!(owner.stream_through(NORMAL)[0], "{P,{data,\"answer\\n\"}}");
}

// P-201, P-603.
#[test]
fn data_for_a_dead_owner_is_read_and_counted() {
    let mut owner = Owner::new();
    let mut other = owner.other();
    let port = other.open("{spawn,\"cat\"}", "[]");
    owner.bind("P", portwright::Term::Port(port.id()));
    other.eval("unlink(P)");
    drop(other);
    owner.check(&[("port_command(P,\"hello\")", "true")]);
    eventually("the echo is counted", || {
        owner.eval("port_info(P,input)") == "{input,5}"
    });
    owner.nothing_more();
}

// P-202: reading goes on whether the owner receives or not.
#[test]
fn a_mailbox_holds_nobody_back() {
    let mut owner = Owner::new();
    let port = owner.open("{spawn,\"head -c 20000000 /dev/zero\"}", "[binary,eof]");
    eventually("everything is read", || {
        port.info().is_some_and(|info| info.input == 20_000_000)
    });
    assert_eq!(owner.bytes(20_000_000).len(), 20_000_000);
    assert_eq!(owner.next(), "{P,eof}");
}

// P-220.
#[test]
fn packets_are_put_together_from_any_chunks() {
    for (settings, pieces, expect) in [
        ("[{packet,1}]", &["\\003abc"][..], &["\"abc\""][..]),
        ("[{packet,2}]", &["\\000\\003abc"], &["\"abc\""]),
        ("[{packet,4}]", &["\\000\\000\\000\\003abc"], &["\"abc\""]),
        (
            "[{packet,4}]",
            &["\\000", "\\000\\000", "\\003a", "b", "c"],
            &["\"abc\""],
        ),
        (
            "[{packet,1}]",
            &["\\001a\\000\\002bc"],
            &["\"a\"", "[]", "\"bc\""],
        ),
        ("[{packet,1},binary]", &["\\000"], &["<<>>"]),
        (
            "[{packet,2}]",
            &["\\000\\001a\\000\\001b\\000", "\\001c"],
            &["\"a\"", "\"b\"", "\"c\""],
        ),
        // P-221: what the end cuts is dropped.
        ("[{packet,1}]", &["\\001a\\003bc"], &["\"a\""]),
        ("[{packet,4}]", &["\\000\\000\\000"], &[]),
        // P-222: lengths are unsigned.
        ("[{packet,4}]", &["\\177\\377\\377\\377abc"], &[]),
        ("[{packet,4}]", &["\\200\\000\\000\\000abc"], &[]),
        ("[{packet,4}]", &["\\377\\377\\377\\377abc"], &[]),
    ] {
        assert_eq!(printing(settings, pieces), expect, "{settings} {pieces:?}");
    }
}

// P-222: a length of 4 GiB costs what has arrived, and the port goes on as any other.
#[test]
fn a_huge_announced_length_reserves_nothing() {
    let mut owner = Owner::new();
    let port = owner.sh(
        r"printf '\377\377\377\377abc'; head -c 5 >/dev/null; exit 6",
        "[{packet,4},exit_status]",
    );
    owner.eval("port_command(P,\"\\n\")");
    assert_eq!(owner.through(NORMAL), ["{P,{exit_status,6}}", NORMAL]);
    assert!(port.is_gone());
    // Resident memory of this process stays far below what was announced.
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kib < 2_000_000, "{kib} KiB");
}

// P-223.
#[test]
fn a_command_is_one_packet() {
    for (header, expect) in [
        (1, "\\002ab\\000\\001c"),
        (2, "\\000\\002ab\\000\\000\\000\\001c"),
        (
            4,
            "\\000\\000\\000\\002ab\\000\\000\\000\\000\\000\\000\\000\\001c",
        ),
    ] {
        let count = printed_len(expect);
        let mut owner = Owner::new();
        // What the program gets it shows on another descriptor, in words.
        let folder = crate::alone::Folder::new("packets");
        let file = folder.0.join("bytes");
        let script = format!("head -c {count} > {0}.new; mv {0}.new {0}", file.display());
        owner.open(
            &format!("{{spawn,\"sh -c '{script}'\"}}"),
            &format!("[{{packet,{header}}}]"),
        );
        owner.check(&[
            ("port_command(P,[\"a\",<<\"b\">>])", "true"),
            ("port_command(P,\"\")", "true"),
            ("port_command(P,[[[\"c\"]]])", "true"),
        ]);
        assert_eq!(owner.next(), NORMAL);
        let bytes = std::fs::read(&file).unwrap();
        let shown: String = bytes
            .iter()
            .map(|byte| {
                if byte.is_ascii_alphabetic() {
                    char::from(*byte).to_string()
                } else {
                    format!("\\{byte:03o}")
                }
            })
            .collect();
        assert_eq!(shown, expect);
    }
}

// P-224.
#[test]
fn a_command_too_long_for_its_header_ends_the_port() {
    for (header, fits) in [(1, 255), (2, 65_535)] {
        let mut owner = Owner::new();
        owner.open("{spawn,\"cat\"}", &format!("[{{packet,{header}}},binary]"));
        owner.bind("Long", portwright::Term::binary(vec![b'x'; fits]));
        owner.check(&[("port_command(P,Long)", "true")]);
        assert!(owner.next().len() > fits);
        let mut other = owner.other();
        other.check(&[("port_command(P,[Long,\"x\"])", "true")]);
        assert_eq!(owner.next(), "{'EXIT',P,einval}");
        other.nothing_more();
    }
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[{packet,4},binary]");
    owner.bind("Long", portwright::Term::binary(vec![b'x'; 1_000_000]));
    owner.check(&[("port_command(P,Long)", "true")]);
    assert_eq!(owner.bytes(1_000_000).len(), 1_000_000);
}

// P-225: standard error lands in the middle of the packets.
#[test]
fn merged_errors_break_packets() {
    let mut owner = Owner::new();
    owner.sh(
        r"printf '\001a'; echo x >&2; printf '\001b'",
        "[{packet,1},stderr_to_stdout]",
    );
    let messages = owner.through(NORMAL);
    // `x` counts as the length 120 of a packet that never ends.
    assert_eq!(messages, ["{P,{data,\"a\"}}", NORMAL]);
}

// P-230, P-231, P-232, P-233: each state of the splitter.
#[test]
fn lines_are_split_by_the_algorithm() {
    for (max, pieces, expect) in [
        (
            80,
            &["a\\nb\\r\\nc"][..],
            &["{eol,\"a\"}", "{eol,\"b\"}", "{noeol,\"c\"}"][..],
        ),
        (80, &["\\n\\r\\n"], &["{eol,[]}", "{eol,[]}"]),
        (80, &["a\\n"], &["{eol,\"a\"}"]),
        (80, &["a\\rb\\n"], &["{eol,\"a\\rb\"}"]),
        (80, &["a\\r\\r\\n"], &["{eol,\"a\\r\"}"]),
        (80, &["a\\r"], &["{noeol,\"a\\r\"}"]),
        (80, &["a\\r", "\\n"], &["{eol,\"a\"}"]),
        (3, &["abc\\n"], &["{eol,\"abc\"}"]),
        (3, &["abc\\r\\n"], &["{eol,\"abc\"}"]),
        (3, &["abc", "\\n"], &["{eol,\"abc\"}"]),
        (3, &["abcdef\\n"], &["{noeol,\"abc\"}", "{eol,\"def\"}"]),
        (3, &["abc"], &["{noeol,\"abc\"}"]),
        (3, &["abc\\r"], &["{noeol,\"abc\"}", "{noeol,\"\\r\"}"]),
        (3, &["abc\\rd\\n"], &["{noeol,\"abc\"}", "{eol,\"\\rd\"}"]),
        (3, &["ab\\rc\\n"], &["{noeol,\"ab\\r\"}", "{eol,\"c\"}"]),
        (
            1,
            &["ab\\n\\n"],
            &["{noeol,\"a\"}", "{eol,\"b\"}", "{eol,[]}"],
        ),
        (1, &["\\r\\r\\n"], &["{eol,\"\\r\"}"]),
    ] {
        assert_eq!(
            printing(&format!("[{{line,{max}}}]"), pieces),
            expect,
            "{max} {pieces:?}"
        );
    }
}

// P-234: only the end of the output brings the rest.
#[test]
fn a_rest_without_newline_is_dropped_when_the_owner_closes() {
    let mut owner = Owner::new();
    let port = owner.open("{spawn,\"sh -c 'printf rest; cat'\"}", "[{line,80}]");
    eventually("it is read", || {
        port.info().is_some_and(|info| info.input == 4)
    });
    owner.check(&[("port_close(P)", "true")]);
    assert_eq!(owner.next(), NORMAL);
    owner.nothing_more();
}

// P-235, P-301.
#[test]
fn the_rest_of_a_line_comes_after_the_status() {
    let script = r"printf 'line\nrest'; exit 4";
    let mut owner = Owner::new();
    owner.sh(script, "[{line,80},exit_status]");
    assert_eq!(
        owner.through(NORMAL),
        [
            "{P,{data,{eol,\"line\"}}}",
            "{P,{exit_status,4}}",
            "{P,{data,{noeol,\"rest\"}}}",
            NORMAL
        ]
    );
    owner.sh(script, "[{line,80},exit_status,eof]");
    assert_eq!(
        owner.through("{P,eof}"),
        [
            "{P,{data,{eol,\"line\"}}}",
            "{P,{exit_status,4}}",
            "{P,{data,{noeol,\"rest\"}}}",
            "{P,eof}"
        ]
    );
}

// P-236.
#[test]
fn line_mode_leaves_commands_as_they_are() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[{line,80}]");
    owner.check(&[
        ("port_command(P,\"a\\nb\")", "true"),
        ("port_command(P,\"c\\n\")", "true"),
    ]);
    assert_eq!(
        owner.through("{P,{data,{eol,\"bc\"}}}"),
        ["{P,{data,{eol,\"a\"}}}", "{P,{data,{eol,\"bc\"}}}"]
    );
}

// P-508: newlines and all bytes of lines count as input, packet headers do not.
#[test]
fn counters_count_payload() {
    for (settings, input, output) in [("[]", 4, 4), ("[{packet,2}]", 4, 4), ("[{line,80}]", 4, 4)] {
        let mut owner = Owner::new();
        let port = owner.open("{spawn,\"cat\"}", settings);
        owner.check(&[("port_command(P,\"abc\\n\")", "true")]);
        eventually("the echo is back", || port.info().unwrap().input >= input);
        owner.check(&[
            ("port_info(P,input)", &format!("{{input,{input}}}")),
            ("port_info(P,output)", &format!("{{output,{output}}}")),
        ]);
    }
}
