//! What arrives in a mailbox.
//!
//! Inside, a message is a typed value; [`Message::to_term`] makes the exact
//! Erlang term of it when somebody asks for one.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use portwright_term::{Atom, Binary, PortId, Reference, Term, atoms};

use crate::{ExitReason, Identity};

/// A message in a mailbox.
#[derive(Debug, Clone, PartialEq)]
// Of a whole word, as below: a tag of one byte has what follows it copied from an odd place, which costs more than all
// else that is done with a message.
#[repr(u64)]
pub enum Message {
    /// A port says something: `{Port,_}`.
    Port {
        /// The port.
        port: PortId,
        /// What it says.
        message: PortMessage,
    },
    /// An exit signal, trapped: `{'EXIT',From,Reason}`.
    Exit {
        /// Who ended (or who sent the signal).
        from: Identity,
        /// Why.
        reason: ExitReason,
    },
    /// A monitor fired: `{'DOWN',Reference,process,Object,Reason}`.
    Down(Box<Down>),
    /// Anything else.
    Term(Term),
}

/// What a fired monitor says.
#[derive(Debug, Clone, PartialEq)]
pub struct Down {
    /// The first element of the message, normally `'DOWN'`.
    pub tag: Term,
    /// The monitor.
    pub reference: Reference,
    /// Whether a port was monitored, else a process.
    pub is_port: bool,
    /// The monitored process or port, or `{Name,Node}` when monitored by name.
    pub object: Term,
    /// Why it ended; `noproc` when it did not exist.
    pub reason: ExitReason,
}

/// What a port says to its owner.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
#[repr(u64)]
pub enum PortMessage {
    /// `{data,Data}`.
    Data(PortData),
    /// `{data,{eol,Line}}`: a line, or what is left of one, without its end.
    Line(PortData),
    /// `{data,{noeol,Part}}`: a part of a line that goes on.
    LinePart(PortData),
    /// `{stderr,Data}`: what a program wrote to its standard error, for owners that asked
    /// for it. An extension to OTP.
    StandardError(PortData),
    /// `{exit_status,Status}`: 0 to 255, or 128 plus the number of the signal.
    ///
    /// 255 as well when somebody else in the host has reaped the program, because SIGCHLD is
    /// ignored or by `waitpid(-1)`: how it ended is lost then.
    ExitStatus(i32),
    /// `{exit_signal,Number}`: the program was ended by a signal, for owners that
    /// asked to be told so. An extension to OTP.
    ExitSignal(i32),
    /// `eof`: no more data; the port stays open.
    Eof,
    /// `closed`: the answer to a `close` message.
    Closed,
    /// `connected`: the answer to a `connect` message, to the old owner.
    Connected,
}

/// Data from a port: bytes, and whether Erlang sees them as a list or as a
/// binary.
///
/// It dereferences to the bytes. Cloning shares them.
#[derive(Clone, PartialEq, Eq)]
pub struct PortData(Shape);

#[derive(Clone, PartialEq, Eq)]
#[repr(u64)]
enum Shape {
    List(Binary),
    Binary(Binary),
    Pieces(Arc<Pieces>),
}

/// A list of `header` bytes, then binaries; the last is the list's tail. The
/// binaries are those of whoever sent them: what is shared with a driver stays
/// shared (D-C14).
#[derive(PartialEq, Eq)]
struct Pieces {
    header: usize,
    binaries: Box<[Binary]>,
    /// All of them together.
    flat: Binary,
}

impl PortData {
    /// Data that Erlang sees as a list of bytes.
    #[inline]
    pub fn list(bytes: impl Into<Binary>) -> Self {
        Self::new(bytes.into(), false)
    }

    /// Data that Erlang sees as a binary.
    #[inline]
    pub fn binary(bytes: impl Into<Binary>) -> Self {
        Self::new(bytes.into(), true)
    }

    #[inline]
    pub(crate) fn new(bytes: Binary, is_binary: bool) -> Self {
        Self(if is_binary {
            Shape::Binary(bytes)
        } else {
            Shape::List(bytes)
        })
    }

    /// `[72,72,<<"aa">>|<<"bb">>]`: header bytes, then binaries of which the last
    /// is the tail. Without binaries a plain list; without header and with one
    /// binary that binary.
    pub(crate) fn pieces(header: &[u8], pieces: &[Binary]) -> Self {
        match (header, pieces) {
            (_, []) => Self::list(Binary::copy_from_slice(header)),
            ([], [only]) => Self::binary(only.clone()),
            _ => {
                let mut flat = Vec::with_capacity(
                    header.len() + pieces.iter().map(|piece| piece.len()).sum::<usize>(),
                );
                flat.extend_from_slice(header);
                pieces
                    .iter()
                    .for_each(|piece| flat.extend_from_slice(piece));
                Self(Shape::Pieces(Arc::new(Pieces {
                    header: header.len(),
                    binaries: pieces.into(),
                    flat: flat.into(),
                })))
            }
        }
    }

    #[inline]
    fn bytes(&self) -> &Binary {
        match &self.0 {
            Shape::List(bytes) | Shape::Binary(bytes) => bytes,
            Shape::Pieces(pieces) => &pieces.flat,
        }
    }

    /// Number of bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.bytes().len()
    }

    /// Whether there are no bytes.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes as one binary, whatever Erlang sees.
    #[inline]
    pub fn into_binary(self) -> Binary {
        match self.0 {
            Shape::List(bytes) | Shape::Binary(bytes) => bytes,
            Shape::Pieces(pieces) => pieces.flat.clone(),
        }
    }

    /// The bytes; up to 64 of them are copied.
    #[inline]
    pub fn into_bytes(self) -> Bytes {
        self.into_binary().into()
    }

    /// The bytes as Erlang sees them.
    pub fn to_term(&self) -> Term {
        match &self.0 {
            Shape::Pieces(pieces) => {
                let mut elements: Vec<Term> = pieces.flat[..pieces.header]
                    .iter()
                    .map(|byte| Term::from(i64::from(*byte)))
                    .collect();
                let binaries = pieces.binaries.iter();
                elements.extend(binaries.map(|binary| Term::Binary(binary.clone())));
                let tail = elements.pop().unwrap_or(Term::Nil);
                Term::improper_list(elements, tail)
            }
            Shape::Binary(bytes) => Term::Binary(bytes.clone()),
            Shape::List(bytes) => Term::bytes_list(bytes),
        }
    }
}

impl Deref for PortData {
    type Target = [u8];
    #[inline]
    fn deref(&self) -> &[u8] {
        self.bytes()
    }
}

impl AsRef<[u8]> for PortData {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for PortData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.escape_ascii())
    }
}

impl PortMessage {
    /// The second element of the message `{Port,_}`.
    pub fn to_term(&self) -> Term {
        let tagged = |tag: Atom, value: Term| Term::tuple([Term::Atom(tag), value]);
        match self {
            Self::Data(data) => tagged(atoms::DATA, data.to_term()),
            Self::Line(data) => tagged(atoms::DATA, tagged(atoms::EOL, data.to_term())),
            Self::LinePart(data) => tagged(atoms::DATA, tagged(atoms::NOEOL, data.to_term())),
            Self::StandardError(data) => tagged(atoms::STDERR, data.to_term()),
            Self::ExitStatus(status) => tagged(atoms::EXIT_STATUS, Term::from(i64::from(*status))),
            Self::ExitSignal(number) => {
                tagged(Atom::literal("exit_signal"), Term::from(i64::from(*number)))
            }
            Self::Eof => Term::Atom(atoms::EOF),
            Self::Closed => Term::Atom(atoms::CLOSED),
            Self::Connected => Term::Atom(atoms::CONNECTED),
        }
    }
}

impl Message {
    /// The message as the Erlang term that OTP would deliver.
    pub fn to_term(&self) -> Term {
        match self {
            Self::Port { port, message } => Term::tuple([Term::Port(*port), message.to_term()]),
            Self::Exit { from, reason } => Term::tuple([
                Term::Atom(atoms::EXIT),
                from.to_term(),
                reason.term().clone(),
            ]),
            Self::Down(down) => Term::tuple([
                down.tag.clone(),
                Term::Reference(down.reference.clone()),
                Term::Atom(if down.is_port {
                    atoms::PORT
                } else {
                    atoms::PROCESS
                }),
                down.object.clone(),
                down.reason.term().clone(),
            ]),
            Self::Term(term) => term.clone(),
        }
    }

    /// As [`to_term`](Self::to_term), without a copy of a message that is a term
    /// already.
    pub fn into_term(self) -> Term {
        match self {
            Self::Term(term) => term,
            other => other.to_term(),
        }
    }

    /// The port that the message is from, if it is from one.
    pub fn port(&self) -> Option<PortId> {
        match self {
            Self::Port { port, .. } => Some(*port),
            Self::Exit { from, .. } => from.as_port(),
            _ => None,
        }
    }
}

/// Prints as the Erlang shell would: `{#Port<0.1>,{data,"hello\n"}}`.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_term().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(data: PortData, expect: &str) {
        assert_eq!(format!("{:?}", data.to_term()), expect);
    }

    // D-C2 to D-C14a: the shapes of data with headers and vectors.
    #[test]
    fn data_takes_the_shape_that_the_driver_gave_it() {
        let piece = |text: &'static str| Binary::from(text);
        check(PortData::list("ab"), "[97,98]");
        check(PortData::binary("ab"), "<<97,98>>");
        check(
            PortData::pieces(b"HH", &[piece("abc")]),
            "[72,72|<<97,98,99>>]",
        );
        check(PortData::pieces(b"HH", &[piece("")]), "[72,72|<<>>]");
        check(PortData::pieces(b"HH", &[]), "[72,72]");
        check(PortData::pieces(b"", &[]), "[]");
        check(PortData::pieces(b"", &[piece("aa")]), "<<97,97>>");
        check(
            PortData::pieces(b"", &[piece("a"), piece("b"), piece("c")]),
            "[<<97>>,<<98>>|<<99>>]",
        );
    }
}
