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

use std::fmt;

use super::measure::{Children, End, PartId, Parts, Shape};
use super::{PrintOptions, plain};
use crate::Term;

/// Writes `term` as `~p` does.
pub(super) fn write(out: &mut dyn fmt::Write, term: &Term, options: &PrintOptions) -> fmt::Result {
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
    let mut walk = Walk {
        parts: &parts,
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
fn write_flat(out: &mut dyn fmt::Write, parts: &Parts, part: PartId) -> fmt::Result {
    enum Step<'a> {
        Part(PartId),
        Text(&'static str),
        /// The children from this one on, each behind a comma but the first.
        Rest {
            children: &'a Children,
            at: usize,
            bar: &'static str,
        },
    }
    let mut steps = vec![Step::Part(part)];
    while let Some(step) = steps.pop() {
        match step {
            Step::Text(text) => out.write_str(text)?,
            Step::Part(part) => {
                let (open, close, bar, children) = match &parts.parts[part].shape {
                    Shape::Text(range) => {
                        out.write_str(&parts.text[range.clone()])?;
                        continue;
                    }
                    Shape::Bits(range) => {
                        write!(out, "<<{}>>", &parts.text[range.clone()])?;
                        continue;
                    }
                    Shape::Pair { key, value } => {
                        steps.push(Step::Part(*value));
                        steps.push(Step::Text(" => "));
                        steps.push(Step::Part(*key));
                        continue;
                    }
                    Shape::List(children) => ("[", "]", "|", children),
                    Shape::Tuple { children, .. } => ("{", "}", ",", children),
                    Shape::Map(children) => ("#{", "}", ",", children),
                };
                out.write_str(open)?;
                steps.push(Step::Text(close));
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
                        steps.push(Step::Part(tail));
                    }
                }
            }
        }
    }
    Ok(())
}

/// Where a part begins.
#[derive(Clone, Copy)]
struct Place {
    /// Column of its first character.
    column: i64,
    /// Spaces in front of a new line within it.
    indent: i64,
    /// Brackets that close right behind it and must find room on its last line.
    closing: i64,
    /// Characters on the line so far, without indentation.
    used: i64,
}

enum Step<'p> {
    Part(PartId, Place),
    Pair(PartId, Place),
    Text(&'static str),
    NewLine(i64),
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
    fn spaces(&mut self, count: i64) -> Result<(), Self::Error>;
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

    fn spaces(&mut self, _: i64) -> Result<(), TooNarrow> {
        Ok(())
    }

    fn narrow(&mut self) -> Result<(), TooNarrow> {
        Err(TooNarrow)
    }
}

struct WriteOut<'o>(&'o mut dyn fmt::Write);

impl Sink for WriteOut<'_> {
    type Error = fmt::Error;
    const WRITES: bool = true;

    fn part(&mut self, parts: &Parts, part: PartId) -> fmt::Result {
        write_flat(self.0, parts, part)
    }

    fn text(&mut self, text: &str) -> fmt::Result {
        self.0.write_str(text)
    }

    fn spaces(&mut self, count: i64) -> fmt::Result {
        (0..count).try_for_each(|_| self.0.write_char(' '))
    }

    fn narrow(&mut self) -> fmt::Result {
        Ok(())
    }
}

impl<'p> Walk<'p> {
    fn try_out(&self, whole: PartId, column: i64) -> bool {
        self.run(&mut TryOut, whole, column).is_ok()
    }

    fn write(&self, out: &mut dyn fmt::Write, whole: PartId, column: i64) -> fmt::Result {
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
        let place = Place {
            column,
            indent: column - 1,
            closing: 0,
            used: 0,
        };
        let mut steps = vec![Step::Part(whole, place)];
        while let Some(step) = steps.pop() {
            match step {
                Step::Text(text) => sink.text(text)?,
                Step::NewLine(indent) => {
                    sink.text("\n")?;
                    sink.spaces(indent)?;
                }
                Step::Part(part, place) => self.part(sink, &mut steps, part, place)?,
                Step::Pair(part, place) => self.pair(sink, &mut steps, part, place)?,
                Step::Rest(rest) => self.rest(sink, &mut steps, rest)?,
            }
        }
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
            indent: place.indent + width,
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
                steps.push(Step::Text("]"));
                steps.push(Step::Rest(Rest::new(children, inside(1, 1), "|", false)));
                Ok(())
            }
            Shape::Tuple {
                tagged: false,
                children,
            } => {
                sink.text("{")?;
                steps.push(Step::Text("}"));
                steps.push(Step::Rest(Rest::new(children, inside(1, 1), ",", false)));
                Ok(())
            }
            Shape::Tuple {
                tagged: true,
                children,
            } => {
                sink.text("{")?;
                steps.push(Step::Text("}"));
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
                steps.push(Step::Text("}"));
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
        sink.part(self.parts, tag)?;
        let mut rest = Rest::new(children, place, ",", false);
        rest.at += 1;
        if self.tag_indent > 0 && behind_tag > self.tag_indent {
            let column = place.column + self.tag_indent;
            if self.max_chars + column > self.line && column > self.line / 2 {
                sink.narrow()?;
            }
            rest.place.column = column;
            rest.place.indent += self.tag_indent;
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
            rest.place.indent += behind_tag;
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
                sink.part(self.parts, part)?;
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
                steps.push(Step::Part(
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
        let indent = place.indent + step;
        let below = Place {
            column: place.column + step,
            indent,
            used: 0,
            ..place
        };
        steps.push(Step::Part(value, below));
        steps.push(Step::NewLine(indent));
        steps.push(Step::Text(" =>"));
        steps.push(Step::Part(key, place));
        Ok(())
    }

    /// The numbers of a bitstring, broken behind commas.
    fn bits<S: Sink>(&self, sink: &mut S, numbers: &str, place: Place) -> Result<(), S::Error> {
        let room = (self.line - place.column).min(self.max_chars - 4 - place.used);
        let room = (room - place.closing).max(8);
        let mut left = room;
        sink.text("<<")?;
        for number in numbers.split_inclusive(',') {
            let len = number.len() as i64;
            if len > left {
                sink.text("\n")?;
                sink.spaces(place.indent)?;
                left = room;
            }
            left -= len;
            sink.text(number)?;
        }
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
