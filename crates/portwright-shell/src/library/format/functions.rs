//! The functions of `io_lib(3)`.

use portwright_term::Term;
use portwright_term::text::{Encoding, PrintOptions, chars_w};

use super::format_chars;
use crate::library::argument::{Answer, badarg, chardata, count, elements, function_clause, pure};
use crate::library::scan_input;
use crate::native::NativeModule;

/// What this file registers.
pub(crate) const IO_LIB: NativeModule = NativeModule::new(
    "io_lib",
    &[
        pure!("format", 2, io_format),
        pure!("format", 3, io_format),
        pure!("fwrite", 2, io_format),
        pure!("fwrite", 3, io_format),
        pure!("write", 1, write),
        pure!("write", 2, write_depth),
        pure!("print", 1, print),
        pure!("print", 4, print_at),
        pure!("write_atom", 1, write_atom),
        pure!("write_string", 1, write_string),
        pure!("write_latin1_string", 1, write_string),
        pure!("write_unicode_string", 1, write_string),
        pure!("write_char", 1, write_char),
        pure!("nl", 0, nl),
        pure!("char_list", 1, char_list),
        pure!("latin1_char_list", 1, latin1_char_list),
        pure!("deep_char_list", 1, deep_char_list),
        pure!("deep_latin1_char_list", 1, deep_latin1_char_list),
        pure!("printable_list", 1, printable_latin1_list),
        pure!("printable_latin1_list", 1, printable_latin1_list),
        pure!("printable_unicode_list", 1, printable_unicode_list),
        pure!("chars_length", 1, chars_length),
        pure!("indentation", 2, indentation),
        pure!("fread", 2, scan_input::fread),
    ],
);

fn io_format(args: &[Term]) -> Answer {
    format_chars(&args[0], &args[1])
}

fn written(term: &Term, depth: Option<usize>) -> Answer {
    Ok(chars_w(term, Encoding::Latin1, depth))
}

fn write(args: &[Term]) -> Answer {
    written(&args[0], None)
}

fn write_depth(args: &[Term]) -> Answer {
    let depth = args[1].as_i64().ok_or_else(function_clause)?;
    written(&args[0], usize::try_from(depth).ok())
}

fn print(args: &[Term]) -> Answer {
    Ok(PrintOptions::default().to_chars(&args[0]))
}

fn print_at(args: &[Term]) -> Answer {
    let column = count(&args[1]).ok_or_else(function_clause)?;
    let line_length = count(&args[2]).ok_or_else(function_clause)?;
    let depth = args[3].as_i64().ok_or_else(function_clause)?;
    let options = PrintOptions::default()
        .column(column)
        .line_length(line_length)
        .depth(usize::try_from(depth).ok());
    Ok(options.to_chars(&args[0]))
}

fn write_atom(args: &[Term]) -> Answer {
    if args[0].is_atom() {
        written(&args[0], None)
    } else {
        Err(badarg())
    }
}

fn write_string(args: &[Term]) -> Answer {
    let text = args[0].to_text().ok_or_else(function_clause)?;
    Ok(Term::string(&quoted(&text)))
}

/// A string between double quotes, with Erlang's escapes.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            _ => out.push_str(&escaped(c)),
        }
    }
    out.push('"');
    out
}

/// One character as it stands in a string.
fn escaped(c: char) -> String {
    match c {
        '\n' => "\\n".to_string(),
        '\r' => "\\r".to_string(),
        '\t' => "\\t".to_string(),
        '\u{b}' => "\\v".to_string(),
        '\u{8}' => "\\b".to_string(),
        '\u{c}' => "\\f".to_string(),
        '\u{1b}' => "\\e".to_string(),
        '\u{7f}' => "\\d".to_string(),
        '\\' => "\\\\".to_string(),
        c if u32::from(c) < 0x20 || (0x80..0xa0).contains(&u32::from(c)) => {
            format!("\\{:03o}", u32::from(c))
        }
        c => c.to_string(),
    }
}

fn write_char(args: &[Term]) -> Answer {
    let code = args[0]
        .as_i64()
        .and_then(|n| u32::try_from(n).ok())
        .ok_or_else(function_clause)?;
    let c = char::from_u32(code).ok_or_else(function_clause)?;
    Ok(Term::string(&match c {
        ' ' => "$\\s".to_string(),
        c => format!("${}", escaped(c)),
    }))
}

fn nl(_: &[Term]) -> Answer {
    Ok(Term::string("\n"))
}

fn all_below(term: &Term, limit: i64) -> bool {
    elements(term).is_some_and(|all| {
        all.iter()
            .all(|e| e.as_i64().is_some_and(|n| is_character(n, limit)))
    })
}

fn is_character(n: i64, limit: i64) -> bool {
    (0..limit).contains(&n) && !(0xd800..0xe000).contains(&n)
}

fn char_list(args: &[Term]) -> Answer {
    Ok(Term::boolean(all_below(&args[0], 0x11_0000)))
}

fn latin1_char_list(args: &[Term]) -> Answer {
    Ok(Term::boolean(all_below(&args[0], 256)))
}

/// True when every leaf of a deep list is a character below `limit`.
fn deep(term: &Term, limit: i64) -> bool {
    if !term.is_list() {
        return false;
    }
    let mut open = vec![term.clone()];
    while let Some(next) = open.pop() {
        match next {
            Term::Nil => {}
            Term::List(cell) => {
                match cell.head() {
                    Term::Integer(n) if is_character(*n, limit) => {}
                    Term::Nil | Term::List(_) => open.push(cell.head().clone()),
                    _ => return false,
                }
                open.push(cell.tail().clone());
            }
            _ => return false,
        }
    }
    true
}

fn deep_char_list(args: &[Term]) -> Answer {
    Ok(Term::boolean(deep(&args[0], 0x11_0000)))
}

fn deep_latin1_char_list(args: &[Term]) -> Answer {
    Ok(Term::boolean(deep(&args[0], 256)))
}

/// White space that a printable string may hold, and visible characters of latin1.
fn printable_latin1(n: i64) -> bool {
    matches!(n, 8..=13 | 27 | 32..=126 | 160..=255)
}

fn printable_latin1_list(args: &[Term]) -> Answer {
    let printable = elements(&args[0])
        .is_some_and(|all| all.iter().all(|e| e.as_i64().is_some_and(printable_latin1)));
    Ok(Term::boolean(printable))
}

fn printable_unicode_list(args: &[Term]) -> Answer {
    let printable = |n: i64| {
        printable_latin1(n)
            || ((256..0xfffe).contains(&n) && !(0xd800..0xe000).contains(&n))
            || (0x1_0000..0x11_0000).contains(&n)
    };
    Ok(Term::boolean(elements(&args[0]).is_some_and(|all| {
        all.iter().all(|e| e.as_i64().is_some_and(printable))
    })))
}

fn chars_length(args: &[Term]) -> Answer {
    chardata(&args[0])
        .map(|text| Term::from(text.chars().count()))
        .ok_or_else(badarg)
}

fn indentation(args: &[Term]) -> Answer {
    let start = count(&args[1]).ok_or_else(function_clause)?;
    let text = chardata(&args[0]).ok_or_else(function_clause)?;
    Ok(Term::from(text.chars().fold(start, super::advance)))
}
