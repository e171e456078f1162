//! `~w`: everything as it is, on one line.

use std::fmt;

use super::PrintOptions;
use super::chars::Chars;
use crate::{MapIter, Term};

/// What is still to be written, the next thing last.
enum Step<'a> {
    Term(&'a Term, Option<usize>),
    /// A term that is a list of characters by itself.
    Part(&'a Term, Option<usize>),
    Arrow,
    /// What follows the head of a list, without the closing bracket.
    Tail(&'a Term, Option<usize>),
    Elements(&'a [Term], Option<usize>),
    /// The entries after the first: how many more to show, and how deep.
    Entries(MapIter<'a>, Option<usize>, Option<usize>),
    /// The end of the list of characters that is being written, and what follows.
    Close(&'static str),
}

fn less(depth: Option<usize>) -> Option<usize> {
    depth.map(|depth| depth.saturating_sub(1))
}

/// Writes `term` as `io_lib:write/2` does, depth quirks included: a map at
/// depth 1 shows as `#{}`, and one cut short shows `,...` even when complete.
pub(super) fn write<O: Chars>(out: &mut O, term: &Term, options: &PrintOptions) -> fmt::Result {
    let mut steps = vec![Step::Term(term, options.depth)];
    while let Some(step) = steps.pop() {
        match step {
            Step::Close(text) => {
                out.close();
                out.write_str(text)?;
            }
            Step::Part(term, depth) => {
                out.open();
                steps.push(Step::Close(""));
                steps.push(Step::Term(term, depth));
            }
            Step::Arrow => {
                out.open();
                out.write_str(" => ")?;
                out.close();
            }
            Step::Term(_, Some(0)) => out.write_str("...")?,
            Step::Term(term, depth) => match term {
                Term::Binary(bytes) => write_bits(out, bytes, 8, depth)?,
                Term::Bitstring(bits) => write_bits(out, bits.bytes(), bits.tail_bits(), depth)?,
                Term::List(_) if depth == Some(1) => out.write_str("[...]")?,
                Term::List(list) => {
                    out.write_char('[')?;
                    out.open();
                    steps.push(Step::Close("]"));
                    steps.push(Step::Tail(list.tail(), less(depth)));
                    steps.push(Step::Part(list.head(), less(depth)));
                }
                Term::Tuple(elements) => match elements.split_first() {
                    None => out.write_str("{}")?,
                    Some(_) if depth == Some(1) => out.write_str("{...}")?,
                    Some((first, rest)) => {
                        out.write_char('{')?;
                        out.open();
                        steps.push(Step::Close("}"));
                        steps.push(Step::Elements(rest, less(depth)));
                        steps.push(Step::Part(first, less(depth)));
                    }
                },
                Term::Map(_) if depth == Some(1) => out.write_str("#{}")?,
                Term::Map(map) => {
                    let mut entries = map.iter();
                    let Some((key, value)) = entries.next() else {
                        out.write_str("#{}")?;
                        continue;
                    };
                    out.write_str("#{")?;
                    out.open();
                    steps.push(Step::Close("}"));
                    steps.push(Step::Entries(entries, less(depth), less(depth)));
                    push_entry(out, &mut steps, key, value, less(depth));
                }
                atomic => options.write_atomic(out, atomic)?,
            },
            Step::Tail(Term::Nil, _) => {}
            Step::Tail(_, Some(1)) => out.write_str("|...")?,
            Step::Tail(Term::List(list), depth) => {
                out.write_char(',')?;
                steps.push(Step::Tail(list.tail(), less(depth)));
                steps.push(Step::Part(list.head(), less(depth)));
            }
            Step::Tail(other, depth) => {
                out.write_char('|')?;
                steps.push(Step::Part(other, less(depth)));
            }
            Step::Elements(elements, depth) => match elements.split_first() {
                None => {}
                Some(_) if depth == Some(1) => out.write_str(",...")?,
                Some((first, rest)) => {
                    out.write_char(',')?;
                    steps.push(Step::Elements(rest, less(depth)));
                    steps.push(Step::Part(first, less(depth)));
                }
            },
            Step::Entries(_, Some(1), _) => out.write_str(",...")?,
            Step::Entries(mut entries, more, depth) => {
                if let Some((key, value)) = entries.next() {
                    out.write_char(',')?;
                    steps.push(Step::Entries(entries, less(more), depth));
                    push_entry(out, &mut steps, key, value, depth);
                }
            }
        }
    }
    Ok(())
}

fn push_entry<'a, O: Chars>(
    out: &mut O,
    steps: &mut Vec<Step<'a>>,
    key: &'a Term,
    value: &'a Term,
    depth: Option<usize>,
) {
    out.open();
    steps.push(Step::Close(""));
    steps.push(Step::Part(value, depth));
    steps.push(Step::Arrow);
    steps.push(Step::Part(key, depth));
}

fn write_bits<O: Chars>(
    out: &mut O,
    bytes: &[u8],
    tail_bits: u8,
    depth: Option<usize>,
) -> fmt::Result {
    out.write_str("<<")?;
    out.open();
    write_bits_body(out, bytes, tail_bits, depth)?;
    out.close();
    out.write_str(">>")
}

/// Writes `1,2,3:4`; with a depth, that many bytes less one.
pub(super) fn write_bits_body<O: Chars>(
    out: &mut O,
    bytes: &[u8],
    tail_bits: u8,
    depth: Option<usize>,
) -> fmt::Result {
    for (at, byte) in bytes.iter().enumerate() {
        if depth.is_some_and(|depth| at + 1 >= depth) {
            return write_word(out, format_args!("..."));
        }
        if at + 1 < bytes.len() {
            write_word(out, format_args!("{byte}"))?;
            out.write_char(',')?;
        } else if tail_bits < 8 {
            write_word(out, format_args!("{}", byte >> (8 - tail_bits)))?;
            out.write_char(':')?;
            write_word(out, format_args!("{tail_bits}"))?;
        } else {
            write_word(out, format_args!("{byte}"))?;
        }
    }
    Ok(())
}

/// Writes what is a list of characters by itself.
pub(super) fn write_word<O: Chars>(out: &mut O, word: fmt::Arguments<'_>) -> fmt::Result {
    out.open();
    out.write_fmt(word)?;
    out.close();
    Ok(())
}
