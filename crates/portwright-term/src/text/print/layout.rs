//! The second half of `~p`: where lines break.
//!
//! The rules are those of `io_lib_pretty` of OTP 25, found in its behaviour and
//! its source:
//!
//! * What fits on the rest of the line stays on one line.
//! * In a bracket, a child that holds no others follows on the same line while
//!   there is room; anything else begins a line of its own.
//! * The children of a tuple that begins with an atom stand right of that atom,
//!   if that leaves enough room everywhere in the term. If not, they stand 4
//!   columns in; if even that is too much, one column.
//! * The value of a map entry that does not fit goes to a line of its own.
//!
//! One walk serves both for trying an indentation out ([`Walk::try_out`]) and
//! for writing.

use std::cell::RefCell;
use std::fmt;

use super::chars::{Chars, write_spaces};
use super::measure::{Children, End, PartId, Parts, Shape};
use super::{PrintOptions, plain};
use crate::Term;

/// Writes `term` as `~p` does.
pub(super) fn write<O: Chars>(out: &mut O, term: &Term, options: &PrintOptions) -> fmt::Result {
    if options.depth == Some(0) {
        return out.write_str("...");
    }
    if !matches!(
        term,
        Term::List(_)
            | Term::Nil
            | Term::Tuple(_)
            | Term::Map(_)
            | Term::Binary(_)
            | Term::Bitstring(_)
    ) {
        return plain::write(
            out,
            term,
            &PrintOptions {
                depth: None,
                ..*options
            },
        );
    }
    let (parts, whole) = Parts::measure(term, options);
    let len = parts.parts[whole].len;
    let column = saturate(options.column.max(1));
    let line = saturate(options.line_length);
    let max_chars = options.line_max_chars.map_or(len, saturate);
    if line == 0 || (len < line - column && len <= max_chars) {
        return write_flat(out, &parts, whole);
    }
    let indents = Indents::default();
    let mut walk = Walk {
        parts: &parts,
        indents: &indents,
        line,
        max_chars,
        tag_indent: 0,
    };
    walk.tag_indent = [-1, 4]
        .into_iter()
        .find(|indent| {
            Walk {
                tag_indent: *indent,
                ..walk
            }
            .try_out(whole, column)
        })
        .unwrap_or(1);
    walk.write(out, whole, column)
}

/// Widths are signed because room may be negative; this keeps sums in range.
fn saturate(width: usize) -> i64 {
    i64::try_from(width).unwrap_or(i64::MAX).min(i64::MAX / 8)
}

/// Writes a part on one line.
fn write_flat<O: Chars>(out: &mut O, parts: &Parts, part: PartId) -> fmt::Result {
    enum Step<'a> {
        /// A part whose list of characters ends behind it.
        Part(PartId),
        /// A part that ends the list around it.
        Last(PartId),
        /// The end of a list of characters, and what follows.
        Close(&'static str),
        Arrow,
        /// The children from this one on, each behind a comma but the first.
        Rest {
            children: &'a Children,
            at: usize,
            bar: &'static str,
        },
    }
    let mut steps = vec![Step::Last(part)];
    while let Some(step) = steps.pop() {
        match step {
            Step::Close(text) => {
                out.close();
                out.write_str(text)?;
            }
            Step::Arrow => plain::write_word(out, format_args!(" => "))?,
            Step::Part(part) => {
                out.open();
                steps.push(Step::Close(""));
                steps.push(Step::Last(part));
            }
            Step::Last(part) => {
                let (open, close, bar, children) = match &parts.parts[part].shape {
                    Shape::Text(range) => {
                        write_atomic(out, &parts.text[range.clone()])?;
                        continue;
                    }
                    Shape::Bits(range) => {
                        out.write_str("<<")?;
                        out.open();
                        for number in parts.text[range.clone()].split_inclusive(',') {
                            write_number(out, number)?;
                        }
                        out.close();
                        out.write_str(">>")?;
                        continue;
                    }
                    Shape::Pair { key, value } => {
                        steps.push(Step::Part(*value));
                        steps.push(Step::Arrow);
                        steps.push(Step::Part(*key));
                        continue;
                    }
                    Shape::List(children) => ("[", "]", "|", children),
                    Shape::Tuple { children, .. } => ("{", "}", ",", children),
                    Shape::Map(children) => ("#{", "}", ",", children),
                };
                out.write_str(open)?;
                out.open();
                steps.push(Step::Close(close));
                steps.push(Step::Rest {
                    children,
                    at: children.links.start,
                    bar,
                });
            }
            Step::Rest { children, at, bar } => {
                let first = at == children.links.start;
                if at < children.links.end {
                    if !first {
                        out.write_char(',')?;
                    }
                    steps.push(Step::Rest {
                        children,
                        at: at + 1,
                        bar,
                    });
                    steps.push(Step::Part(parts.links[at]));
                    continue;
                }
                match children.end {
                    End::Proper => {}
                    End::Dots if first => out.write_str("...")?,
                    End::Dots => write!(out, "{bar}...")?,
                    End::Improper(tail) => {
                        out.write_str(bar)?;
                        steps.push(Step::Last(tail));
                    }
                }
            }
        }
    }
    Ok(())
}

/// Writes a word; the string within a binary is a list of characters of its own.
fn write_atomic<O: Chars>(out: &mut O, word: &str) -> fmt::Result {
    let quotes = word.strip_prefix("<<\"").and_then(|inner| inner.rfind('"'));
    let Some(end) = quotes.map(|end| end + 4) else {
        return out.write_str(word);
    };
    out.write_str("<<")?;
    plain::write_word(out, format_args!("{}", &word[2..end]))?;
    match &word[end..] {
        rest @ "/utf8>>" => plain::write_word(out, format_args!("{rest}")),
        rest => out.write_str(rest),
    }
}

/// Writes a number of a bitstring and the comma behind it, or `value:size`.
fn write_number<O: Chars>(out: &mut O, number: &str) -> fmt::Result {
    for word in number.split_inclusive([',', ':']) {
        let digits = word.trim_end_matches([',', ':']);
        plain::write_word(out, format_args!("{digits}"))?;
        out.write_str(&word[digits.len()..])?;
    }
    Ok(())
}

/// Where a part begins.
#[derive(Clone, Copy)]
struct Place {
    /// Column of its first character.
    column: i64,
    /// What stands in front of a new line within it.
    indent: Indent,
    /// Brackets that close right behind it and must find room on its last line.
    closing: i64,
    /// Characters on the line so far, without indentation.
    used: i64,
}

/// Number of an indentation.
type Indent = usize;

/// The indentations of a walk: each is some spaces in front of another.
#[derive(Default)]
struct Indents(RefCell<Vec<(i64, Option<Indent>)>>);

impl Indents {
    fn add(&self, spaces: i64, before: Option<Indent>) -> Indent {
        let mut all = self.0.borrow_mut();
        all.push((spaces, before));
        all.len() - 1
    }

    /// Writes an indentation, nested as OTP does it.
    fn write<O: Chars>(&self, out: &mut O, indent: Indent) -> fmt::Result {
        let all = self.0.borrow();
        let mut next = Some(indent);
        while let Some((spaces, before)) = next.and_then(|indent| all.get(indent)) {
            let count = usize::try_from(*spaces).unwrap_or_default();
            match (count, before) {
                (_, None) => write_spaces(out, count)?,
                (1, _) => out.write_char(' ')?,
                (4, _) => {
                    plain::write_word(out, format_args!("  "))?;
                    plain::write_word(out, format_args!("  "))?;
                }
                _ => {
                    out.open();
                    write_spaces(out, count)?;
                    out.close();
                }
            }
            next = *before;
        }
        Ok(())
    }
}

enum Step<'p> {
    /// A part whose list of characters ends behind it.
    Part(PartId, Place),
    /// A part that ends the list around it.
    Last(PartId, Place),
    Pair(PartId, Place),
    /// A text that is a list of characters by itself.
    Text(&'static str),
    /// The end of a list of characters, and what follows.
    Close(&'static str),
    NewLine(Indent),
    /// The indentation of a line that has been begun.
    Indent(Indent),
    Rest(Rest<'p>),
}

/// The children of a bracket that are still to come.
#[derive(Clone, Copy)]
struct Rest<'p> {
    children: &'p Children,
    /// Index into the links of the next one.
    at: usize,
    /// Where the first child of each line goes; `closing` is that of the bracket.
    place: Place,
    /// Where the line stands now.
    column: i64,
    used: i64,
    /// What stands in front of an improper tail, or of `...`.
    bar: &'static str,
    pairs: bool,
    /// Nothing has been written behind the bracket yet.
    first: bool,
}

#[derive(Clone, Copy)]
struct Walk<'p> {
    parts: &'p Parts,
    indents: &'p Indents,
    /// Characters in a line.
    line: i64,
    /// Characters in a line without indentation.
    max_chars: i64,
    /// How far the children of tagged tuples go in, or -1 for right of the tag.
    tag_indent: i64,
}

/// The indentation of a walk leaves too little room.
struct TooNarrow;

/// What a walk does at each turn.
trait Sink {
    type Error;
    /// Whether to write; without, room is checked instead.
    const WRITES: bool;
    fn part(&mut self, parts: &Parts, part: PartId) -> Result<(), Self::Error>;
    fn text(&mut self, text: &str) -> Result<(), Self::Error>;
    fn indent(&mut self, indents: &Indents, indent: Indent) -> Result<(), Self::Error>;
    fn number(&mut self, number: &str) -> Result<(), Self::Error>;
    fn open(&mut self);
    fn close(&mut self);
    /// Called when a tuple leaves too little room for its children.
    fn narrow(&mut self) -> Result<(), Self::Error>;
}

struct TryOut;

impl Sink for TryOut {
    type Error = TooNarrow;
    const WRITES: bool = false;

    fn part(&mut self, _: &Parts, _: PartId) -> Result<(), TooNarrow> {
        Ok(())
    }

    fn text(&mut self, _: &str) -> Result<(), TooNarrow> {
        Ok(())
    }

    fn indent(&mut self, _: &Indents, _: Indent) -> Result<(), TooNarrow> {
        Ok(())
    }

    fn number(&mut self, _: &str) -> Result<(), TooNarrow> {
        Ok(())
    }

    fn open(&mut self) {}

    fn close(&mut self) {}

    fn narrow(&mut self) -> Result<(), TooNarrow> {
        Err(TooNarrow)
    }
}

struct WriteOut<'o, O>(&'o mut O);

impl<O: Chars> Sink for WriteOut<'_, O> {
    type Error = fmt::Error;
    const WRITES: bool = true;

    fn part(&mut self, parts: &Parts, part: PartId) -> fmt::Result {
        write_flat(self.0, parts, part)
    }

    fn text(&mut self, text: &str) -> fmt::Result {
        self.0.write_str(text)
    }

    fn indent(&mut self, indents: &Indents, indent: Indent) -> fmt::Result {
        indents.write(self.0, indent)
    }

    fn number(&mut self, number: &str) -> fmt::Result {
        write_number(self.0, number)
    }

    fn open(&mut self) {
        self.0.open();
    }

    fn close(&mut self) {
        self.0.close();
    }

    fn narrow(&mut self) -> fmt::Result {
        Ok(())
    }
}

impl<'p> Walk<'p> {
    fn try_out(&self, whole: PartId, column: i64) -> bool {
        self.run(&mut TryOut, whole, column).is_ok()
    }

    fn write<O: Chars>(&self, out: &mut O, whole: PartId, column: i64) -> fmt::Result {
        self.run(&mut WriteOut(out), whole, column)
    }

    fn len(&self, part: PartId) -> i64 {
        self.parts.parts[part].len
    }

    fn fits(&self, part: PartId, place: Place) -> bool {
        let len = self.len(part);
        len < self.line - place.column - place.closing
            && len + place.used + place.closing <= self.max_chars
    }

    /// Whether a part is one word; of a pair, whether both halves are.
    fn is_word(&self, part: PartId) -> bool {
        match &self.parts.parts[part].shape {
            Shape::Text(_) => true,
            Shape::Pair { key, value } => self.is_word(*key) && self.is_word(*value),
            _ => false,
        }
    }

    /// Characters a child takes for those behind it: its own if it is one word,
    /// a whole line otherwise, so that the next one begins a new line.
    fn width(&self, part: PartId, place: Place) -> i64 {
        if self.is_word(part) && self.fits(part, place) {
            self.len(part)
        } else {
            self.line
        }
    }

    fn run<S: Sink>(&self, sink: &mut S, whole: PartId, column: i64) -> Result<(), S::Error> {
        self.indents.0.borrow_mut().clear();
        let place = Place {
            column,
            indent: self.indents.add(column - 1, None),
            closing: 0,
            used: 0,
        };
        let mut steps = vec![Step::Last(whole, place)];
        while let Some(step) = steps.pop() {
            match step {
                Step::Text(text) => {
                    sink.open();
                    sink.text(text)?;
                    sink.close();
                }
                Step::Close(text) => {
                    sink.close();
                    sink.text(text)?;
                }
                Step::NewLine(indent) => {
                    sink.text("\n")?;
                    self.indent(sink, indent)?;
                }
                Step::Indent(indent) => self.indent(sink, indent)?,
                Step::Part(part, place) => {
                    sink.open();
                    steps.push(Step::Close(""));
                    steps.push(Step::Last(part, place));
                }
                Step::Last(part, place) => self.part(sink, &mut steps, part, place)?,
                Step::Pair(part, place) => {
                    sink.open();
                    steps.push(Step::Close(""));
                    self.pair(sink, &mut steps, part, place)?;
                }
                Step::Rest(rest) => self.rest(sink, &mut steps, rest)?,
            }
        }
        Ok(())
    }

    fn indent<S: Sink>(&self, sink: &mut S, indent: Indent) -> Result<(), S::Error> {
        sink.open();
        sink.indent(self.indents, indent)?;
        sink.close();
        Ok(())
    }

    /// Writes a part that is a list of characters by itself.
    fn word<S: Sink>(&self, sink: &mut S, part: PartId) -> Result<(), S::Error> {
        sink.open();
        sink.part(self.parts, part)?;
        sink.close();
        Ok(())
    }

    fn part<S: Sink>(
        &self,
        sink: &mut S,
        steps: &mut Vec<Step<'p>>,
        part: PartId,
        place: Place,
    ) -> Result<(), S::Error> {
        if self.fits(part, place) {
            return sink.part(self.parts, part);
        }
        // Behind a bracket of `width` characters that counts as `chars`.
        let inside = |width: i64, chars: i64| Place {
            column: place.column + width,
            indent: self.indents.add(width, Some(place.indent)),
            closing: place.closing,
            used: place.used + chars,
        };
        match &self.parts.parts[part].shape {
            Shape::Text(_) | Shape::Pair { .. } => sink.part(self.parts, part),
            Shape::Bits(range) => {
                if S::WRITES {
                    self.bits(sink, &self.parts.text[range.clone()], inside(2, 0))?;
                }
                Ok(())
            }
            Shape::List(children) => {
                sink.text("[")?;
                sink.open();
                steps.push(Step::Close("]"));
                steps.push(Step::Rest(Rest::new(children, inside(1, 1), "|", false)));
                Ok(())
            }
            Shape::Tuple {
                tagged: false,
                children,
            } => {
                sink.text("{")?;
                sink.open();
                steps.push(Step::Close("}"));
                steps.push(Step::Rest(Rest::new(children, inside(1, 1), ",", false)));
                Ok(())
            }
            Shape::Tuple {
                tagged: true,
                children,
            } => {
                sink.text("{")?;
                sink.open();
                steps.push(Step::Close("}"));
                self.tagged(
                    sink,
                    steps,
                    children,
                    Place {
                        used: place.used + 1,
                        ..place
                    },
                )
            }
            Shape::Map(children) => {
                sink.text("#{")?;
                sink.open();
                steps.push(Step::Close("}"));
                // Trying out counts both characters, writing only one.
                let place = inside(2, if S::WRITES { 1 } else { 2 });
                steps.push(Step::Rest(Rest::new(children, place, ",", true)));
                Ok(())
            }
        }
    }

    /// The inside of a tuple that begins with an atom; `place` is its bracket's.
    fn tagged<S: Sink>(
        &self,
        sink: &mut S,
        steps: &mut Vec<Step<'p>>,
        children: &'p Children,
        place: Place,
    ) -> Result<(), S::Error> {
        let tag = self.parts.links[children.links.start];
        let tag_len = self.len(tag);
        let behind_tag = tag_len + 2;
        self.word(sink, tag)?;
        let mut rest = Rest::new(children, place, ",", false);
        rest.at += 1;
        if self.tag_indent > 0 && behind_tag > self.tag_indent {
            let column = place.column + self.tag_indent;
            if self.max_chars + column > self.line && column > self.line / 2 {
                sink.narrow()?;
            }
            rest.place.column = column;
            rest.place.indent = self.indents.add(self.tag_indent, Some(place.indent));
            rest.column = place.column + behind_tag;
            rest.used = place.used + tag_len;
            rest.first = false;
        } else {
            let column = place.column + behind_tag;
            if self.max_chars + column >= self.line && column >= self.line / 2 {
                sink.narrow()?;
            }
            sink.text(",")?;
            rest.place.column = column;
            rest.place.indent = self.indents.add(behind_tag, Some(place.indent));
            rest.place.used = place.used + tag_len + 1;
        }
        steps.push(Step::Rest(rest));
        Ok(())
    }

    /// Goes on with the next child of a bracket.
    fn rest<S: Sink>(
        &self,
        sink: &mut S,
        steps: &mut Vec<Step<'p>>,
        mut rest: Rest<'p>,
    ) -> Result<(), S::Error> {
        let child_step = |part, place| {
            if rest.pairs {
                Step::Pair(part, place)
            } else {
                Step::Part(part, place)
            }
        };
        if rest.at < rest.children.links.end {
            let part = self.parts.links[rest.at];
            rest.at += 1;
            let is_last = rest.at == rest.children.links.end;
            let more = !is_last;
            let closing = if more { 0 } else { rest.place.closing + 1 };
            if rest.first {
                rest.first = false;
                let place = Place {
                    closing,
                    ..rest.place
                };
                let width = self.width(part, place);
                rest.column = place.column + width;
                // Writing a map forgets what stood in front of its first pair.
                rest.used = if rest.pairs && S::WRITES {
                    width
                } else {
                    place.used + width
                };
                steps.push(Step::Rest(rest));
                steps.push(child_step(part, place));
                return Ok(());
            }
            let len = self.len(part) + 1;
            // A comma behind it needs the room that brackets need otherwise.
            let behind = closing.max(1);
            let has_room = if more {
                len + behind < self.line - rest.column
            } else {
                len < self.line - rest.column - behind
            };
            if has_room && rest.used + len + behind <= self.max_chars && self.is_word(part) {
                sink.text(",")?;
                self.word(sink, part)?;
                rest.column += len;
                rest.used += len;
                steps.push(Step::Rest(rest));
                return Ok(());
            }
            let place = Place {
                closing,
                used: 0,
                ..rest.place
            };
            let width = self.width(part, place);
            rest.column = place.column + width;
            rest.used = width;
            steps.push(Step::Rest(rest));
            steps.push(child_step(part, place));
            steps.push(Step::NewLine(place.indent));
            return sink.text(",");
        }
        match rest.children.end {
            End::Proper => Ok(()),
            End::Dots => {
                if !rest.first {
                    sink.text(rest.bar)?;
                }
                sink.text("...")
            }
            End::Improper(tail) => {
                sink.text(rest.bar)?;
                let closing = rest.place.closing + 1;
                let len = self.len(tail) + 1;
                if len < self.line - rest.column - closing
                    && len + rest.used + closing <= self.max_chars
                    && self.is_word(tail)
                {
                    return sink.part(self.parts, tail);
                }
                // Trying out does not go back to the left; writing does.
                let column = if S::WRITES {
                    rest.place.column
                } else {
                    rest.column
                };
                steps.push(Step::Last(
                    tail,
                    Place {
                        column,
                        closing,
                        used: 0,
                        ..rest.place
                    },
                ));
                steps.push(Step::NewLine(rest.place.indent));
                Ok(())
            }
        }
    }

    /// An entry of a map.
    fn pair<S: Sink>(
        &self,
        sink: &mut S,
        steps: &mut Vec<Step<'p>>,
        part: PartId,
        place: Place,
    ) -> Result<(), S::Error> {
        let Shape::Pair { key, value } = self.parts.parts[part].shape else {
            return sink.part(self.parts, part);
        };
        if self.fits(part, place) {
            return sink.part(self.parts, part);
        }
        let step = if self.tag_indent > 0 {
            self.tag_indent
        } else {
            4
        };
        let indent = self.indents.add(step, Some(place.indent));
        let below = Place {
            column: place.column + step,
            indent,
            used: 0,
            ..place
        };
        steps.push(Step::Last(value, below));
        steps.push(Step::Indent(indent));
        steps.push(Step::Text(" =>\n"));
        steps.push(Step::Part(key, place));
        Ok(())
    }

    /// The numbers of a bitstring, broken behind commas.
    fn bits<S: Sink>(&self, sink: &mut S, numbers: &str, place: Place) -> Result<(), S::Error> {
        let room = (self.line - place.column).min(self.max_chars - 4 - place.used);
        let room = (room - place.closing).max(8);
        let mut left = room;
        sink.text("<<")?;
        sink.open();
        for number in numbers.split_inclusive(',') {
            let len = number.len() as i64;
            if len > left {
                sink.text("\n")?;
                self.indent(sink, place.indent)?;
                left = room;
                if !number.ends_with(',') {
                    // The last one stands in a list of its own there.
                    sink.open();
                    sink.number(number)?;
                    sink.close();
                    break;
                }
            }
            left -= len;
            sink.number(number)?;
        }
        sink.close();
        sink.text(">>")
    }
}

impl<'p> Rest<'p> {
    fn new(children: &'p Children, place: Place, bar: &'static str, pairs: bool) -> Rest<'p> {
        Rest {
            children,
            at: children.links.start,
            place,
            column: place.column,
            used: place.used,
            bar,
            pairs,
            first: true,
        }
    }
}
