//! The first half of `~p`: what each part of a term looks like on one line, and
//! how long it is.
//!
//! The parts live in one table and refer to each other by number, so neither
//! building nor dropping them recurses.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::chars::Flat;
use super::{Encoding, PrintOptions, PrintableRange, plain, write_quoted};
use crate::{MapIter, Term};

/// Number of a part.
pub(super) type PartId = usize;

/// A part of a term, ready to be laid out.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) shape: Shape,
    /// Characters on one line, brackets included.
    pub(super) len: i64,
}

#[derive(Debug)]
pub(super) enum Shape {
    /// Cannot be broken; a range of [`Parts::text`].
    Text(Range<usize>),
    /// The numbers of a bitstring, without `<<>>`; may be broken behind commas.
    Bits(Range<usize>),
    List(Children),
    Tuple {
        tagged: bool,
        children: Children,
    },
    /// Its children are pairs.
    Map(Children),
    Pair {
        key: PartId,
        value: PartId,
    },
}

/// What a bracket encloses.
#[derive(Debug, Clone)]
pub(super) struct Children {
    /// A range of [`Parts::links`].
    pub(super) links: Range<usize>,
    pub(super) end: End,
}

/// What follows the last of the children.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum End {
    Proper,
    /// The rest is cut off by the depth.
    Dots,
    Improper(PartId),
}

#[derive(Default)]
pub(super) struct Parts {
    pub(super) parts: Vec<Part>,
    pub(super) links: Vec<PartId>,
    pub(super) text: String,
}

/// A container that is being measured.
struct Open<'a> {
    rest: Rest<'a>,
    /// How many more children may be shown, plus one, and how deep they go.
    depth: Option<usize>,
    /// Its finished children are `done[first..]`.
    first: usize,
}

enum Rest<'a> {
    List(&'a Term),
    Improper,
    Tuple {
        elements: &'a [Term],
        tagged: bool,
    },
    /// Entries, and the depth of every pair.
    Map(MapIter<'a>, Option<usize>),
    Pair(Option<&'a Term>),
}

fn less(depth: Option<usize>) -> Option<usize> {
    depth.map(|depth| depth.saturating_sub(1))
}

impl Parts {
    /// Measures `term`; the whole is the part returned.
    pub(super) fn measure(term: &Term, options: &PrintOptions) -> (Parts, PartId) {
        let mut parts = Parts::default();
        let mut open: Vec<Open<'_>> = Vec::new();
        let mut done: Vec<PartId> = Vec::new();
        let mut next = Some((term, options.depth));
        loop {
            if let Some((term, depth)) = next.take() {
                match parts.leaf(term, depth, options) {
                    Ok(part) => done.push(part),
                    Err(rest) => {
                        let depth = if matches!(rest, Rest::Pair(_)) {
                            None
                        } else {
                            depth
                        };
                        open.push(Open {
                            rest,
                            depth,
                            first: done.len(),
                        });
                    }
                }
            }
            let Some(top) = open.last_mut() else { break };
            let end = match &mut top.rest {
                Rest::List(Term::Nil) => End::Proper,
                Rest::List(_) if top.depth == Some(1) => End::Dots,
                Rest::List(Term::List(list)) => {
                    top.rest = Rest::List(list.tail());
                    top.depth = less(top.depth);
                    next = Some((list.head(), top.depth));
                    continue;
                }
                Rest::List(tail) => {
                    next = Some((tail, less(top.depth)));
                    top.rest = Rest::Improper;
                    continue;
                }
                Rest::Improper => match done.pop() {
                    Some(tail) => End::Improper(tail),
                    None => End::Proper,
                },
                Rest::Tuple { elements, .. } => match elements.split_first() {
                    None => End::Proper,
                    Some(_) if top.depth == Some(1) => End::Dots,
                    Some((first, rest)) => {
                        *elements = rest;
                        top.depth = less(top.depth);
                        next = Some((first, top.depth));
                        continue;
                    }
                },
                Rest::Map(entries, pair_depth) => {
                    let mut ahead = entries.clone();
                    match ahead.next() {
                        None => End::Proper,
                        Some(_) if top.depth == Some(1) => End::Dots,
                        Some((key, value)) => {
                            let pair_depth = *pair_depth;
                            *entries = ahead;
                            top.depth = less(top.depth);
                            let first = done.len();
                            let rest = Rest::Pair(Some(value));
                            open.push(Open {
                                rest,
                                depth: pair_depth,
                                first,
                            });
                            next = Some((key, pair_depth));
                            continue;
                        }
                    }
                }
                Rest::Pair(value) => match value.take() {
                    Some(value) => {
                        next = Some((value, top.depth));
                        continue;
                    }
                    None => End::Proper,
                },
            };
            if let Some(closed) = open.pop() {
                let part = parts.close(closed, end, &mut done);
                done.push(part);
            }
        }
        let whole = done.pop().unwrap_or_default();
        (parts, whole)
    }

    fn add(&mut self, shape: Shape, len: i64) -> PartId {
        self.parts.push(Part { shape, len });
        self.parts.len() - 1
    }

    /// Joins the finished children of a container.
    fn close(&mut self, closed: Open<'_>, end: End, done: &mut Vec<PartId>) -> PartId {
        let lens: i64 = done[closed.first..]
            .iter()
            .map(|part| self.parts[*part].len)
            .sum();
        if let Rest::Pair(_) = closed.rest
            && let [key, value] = done[closed.first..]
        {
            done.truncate(closed.first);
            return self.add(Shape::Pair { key, value }, lens + 4);
        }
        let count = (done.len() - closed.first) as i64;
        let (extra, extra_len) = match end {
            End::Proper => (0, 0),
            End::Dots => (1, 3),
            End::Improper(tail) => (1, self.parts[tail].len),
        };
        let inside = lens + extra_len + (count + extra - 1).max(0);
        let start = self.links.len();
        self.links.extend(done.drain(closed.first..));
        let children = Children {
            links: start..self.links.len(),
            end,
        };
        match closed.rest {
            Rest::Tuple { tagged, .. } => self.add(Shape::Tuple { tagged, children }, inside + 2),
            Rest::Map(..) => self.add(Shape::Map(children), inside + 3),
            _ => self.add(Shape::List(children), inside + 2),
        }
    }

    /// Adds what was written to `text` since `start` as one part.
    fn text_since(&mut self, start: usize) -> PartId {
        let len = shown_len(&self.text[start..]) as i64;
        let range = start..self.text.len();
        self.add(Shape::Text(range), len)
    }

    fn word(&mut self, word: &str) -> PartId {
        let start = self.text.len();
        self.text.push_str(word);
        self.text_since(start)
    }

    /// Measures a term without children, or says what its children are.
    fn leaf<'a>(
        &mut self,
        term: &'a Term,
        depth: Option<usize>,
        options: &PrintOptions,
    ) -> Result<PartId, Rest<'a>> {
        let start = self.text.len();
        match term {
            Term::List(_) => {
                if options.strings && depth != Some(1) && self.string(term, options) {
                    return Ok(self.text_since(start));
                }
                return Err(Rest::List(term));
            }
            Term::Tuple(elements) => match &**elements {
                [] => self.text.push_str("{}"),
                _ if depth == Some(1) => self.text.push_str("{...}"),
                elements => {
                    let tagged = elements.len() > 1 && elements[0].is_atom();
                    return Err(Rest::Tuple { elements, tagged });
                }
            },
            Term::Map(map) => {
                if map.is_empty() {
                    self.text.push_str("#{}");
                } else if depth == Some(1) {
                    self.text.push_str("#{...}");
                } else {
                    return Err(Rest::Map(map.iter(), less(depth)));
                }
            }
            Term::Binary(bytes) => return Ok(self.bits(bytes, 8, depth, options)),
            Term::Bitstring(bits) => {
                return Ok(self.bits(bits.bytes(), bits.tail_bits(), depth, options));
            }
            atomic => {
                // Writing to a string does not fail.
                let _ = options.write_atomic(&mut self.text, atomic);
            }
        }
        Ok(self.text_since(start))
    }

    /// Writes a list as a string if all of it is printable characters.
    fn string(&mut self, list: &Term, options: &PrintOptions) -> bool {
        let unicode =
            options.encoding == Encoding::Unicode && options.range == PrintableRange::Unicode;
        let mut elements = list.list_iter();
        let printable = elements.by_ref().all(|element| {
            element
                .as_i64()
                .and_then(|code| u32::try_from(code).ok())
                .and_then(char::from_u32)
                .is_some_and(|c| is_printable(c, unicode))
        });
        if !printable || !matches!(elements.tail(), Some(Term::Nil)) {
            return false;
        }
        let chars = list
            .list_iter()
            .filter_map(|element| char::from_u32(u32::try_from(element.as_i64()?).ok()?));
        let _ = write_quoted(&mut self.text, chars, '"', options.encoding);
        true
    }

    fn bits(
        &mut self,
        bytes: &[u8],
        tail_bits: u8,
        depth: Option<usize>,
        options: &PrintOptions,
    ) -> PartId {
        if bytes.is_empty() {
            return self.word("<<>>");
        }
        if depth == Some(1) {
            return self.word("<<...>>");
        }
        let start = self.text.len();
        if options.strings
            && tail_bits == 8
            && let Some(found) = printable_bytes(bytes, less(depth), options)
        {
            self.text.push_str("<<");
            let _ = match found.chars {
                Chars::Utf8(text) => {
                    write_quoted(&mut self.text, text.chars(), '"', Encoding::Unicode)
                }
                Chars::Latin1(bytes) => {
                    let chars = bytes.iter().copied().map(char::from);
                    write_quoted(&mut self.text, chars, '"', Encoding::Unicode)
                }
            };
            if let Chars::Utf8(text) = found.chars
                && !text.is_ascii()
            {
                self.text.push_str("/utf8");
            }
            self.text.push_str(if found.whole { ">>" } else { "...>>" });
            return self.text_since(start);
        }
        let _ = plain::write_bits_body(&mut Flat(&mut self.text), bytes, tail_bits, depth);
        let range = start..self.text.len();
        let len = range.len() as i64 + 4;
        self.add(Shape::Bits(range), len)
    }
}

/// Characters as OTP counts them: code points in Latin-1, but what a reader sees
/// as one character (a grapheme cluster) as soon as there is anything beyond.
fn shown_len(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else if text.chars().all(|c| u32::from(c) < 256) {
        text.chars().count()
    } else {
        text.graphemes(true).count()
    }
}

fn is_printable(c: char, unicode: bool) -> bool {
    match c {
        ' '..='~' | '\u{a0}'..='\u{ff}' => true,
        '\n' | '\r' | '\t' | '\u{b}' | '\u{8}' | '\u{c}' | '\u{1b}' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        c => unicode && c > '\u{ff}',
    }
}

/// The beginning of a binary that shows as a string.
struct PrintableBytes<'a> {
    chars: Chars<'a>,
    /// Whether it is all of the binary.
    whole: bool,
}

#[derive(Clone, Copy)]
enum Chars<'a> {
    Utf8(&'a str),
    Latin1(&'a [u8]),
}

/// Decides whether a binary shows as a string, and how much of it.
///
/// Four characters count as one level of depth. A beginning is enough only when
/// the depth cuts the rest off and it has as many characters as there are levels.
fn printable_bytes<'a>(
    bytes: &'a [u8],
    depth: Option<usize>,
    options: &PrintOptions,
) -> Option<PrintableBytes<'a>> {
    let limit = depth.map_or(bytes.len(), |depth| {
        bytes.len().min(depth.saturating_mul(4))
    });
    let enough = |chars: usize| depth.is_some_and(|depth| chars >= depth);
    if options.encoding == Encoding::Unicode
        && let Some(text) = leading_chars(bytes, limit)
    {
        let unicode = options.range == PrintableRange::Unicode;
        let mut chars = 0;
        let mut end = 0;
        for c in text.chars().take_while(|c| is_printable(*c, unicode)) {
            chars += 1;
            end += c.len_utf8();
        }
        let whole = end == bytes.len();
        return (whole || enough(chars)).then_some(PrintableBytes {
            chars: Chars::Utf8(&text[..end]),
            whole,
        });
    }
    let end = bytes[..limit]
        .iter()
        .position(|byte| !is_printable(char::from(*byte), false))
        .unwrap_or(limit);
    let whole = end == bytes.len();
    (whole || enough(end)).then_some(PrintableBytes {
        chars: Chars::Latin1(&bytes[..end]),
        whole,
    })
}

/// The first `limit` characters, if that much is UTF-8.
fn leading_chars(bytes: &[u8], limit: usize) -> Option<&str> {
    let valid = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or(""),
    };
    match valid.char_indices().nth(limit) {
        Some((end, _)) => Some(&valid[..end]),
        // Fewer characters than asked for: only right when nothing is left,
        // or exactly as many.
        None if valid.len() == bytes.len() || valid.chars().count() == limit => Some(valid),
        None => None,
    }
}
