//! The option `packet`: what counts as one packet.

use std::io;

use portwright_term::Term;

use crate::library::argument::atom_text;

/// How a stream of bytes is cut into packets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Raw,
    /// A length in this many bytes goes before each packet.
    Length(usize),
    Line,
}

impl Framing {
    pub(super) fn read(term: &Term) -> Option<Framing> {
        match (term.as_i64(), atom_text(term)) {
            (Some(0), _) | (_, Some("raw")) => Some(Framing::Raw),
            (Some(n @ (1 | 2 | 4)), _) => Some(Framing::Length(n as usize)),
            (_, Some("line")) => Some(Framing::Line),
            _ => None,
        }
    }

    /// What goes before a packet of this length.
    pub(super) fn header(self, length: usize) -> io::Result<Vec<u8>> {
        let Framing::Length(size) = self else {
            return Ok(Vec::new());
        };
        let too_long = || io::Error::from(rustix::io::Errno::MSGSIZE);
        let length = u32::try_from(length).map_err(|_| too_long())?;
        let bytes = length.to_be_bytes();
        let (unused, header) = bytes.split_at(4 - size);
        if unused.iter().any(|b| *b != 0) {
            Err(too_long())
        } else {
            Ok(header.to_vec())
        }
    }
}

/// Bytes that came and are not taken yet.
#[derive(Default)]
pub(super) struct Incoming {
    pub(super) bytes: Vec<u8>,
}

impl Incoming {
    /// Takes one packet if it is here; with raw framing `length` bytes, or all for 0.
    pub(super) fn take(&mut self, framing: Framing, length: usize) -> Option<Vec<u8>> {
        let end = match framing {
            Framing::Raw if self.bytes.is_empty() => return None,
            Framing::Raw if length == 0 => self.bytes.len(),
            Framing::Raw => length,
            Framing::Line => self.bytes.iter().position(|b| *b == b'\n')? + 1,
            Framing::Length(size) => {
                let header = self.bytes.get(..size)?;
                let length = header
                    .iter()
                    .fold(0usize, |length, b| length << 8 | usize::from(*b));
                if self.bytes.len() - size < length {
                    return None;
                }
                self.bytes.drain(..size);
                length
            }
        };
        if self.bytes.len() < end {
            return None;
        }
        let rest = self.bytes.split_off(end);
        Some(std::mem::replace(&mut self.bytes, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_cut_by_their_length() {
        let mut incoming = Incoming {
            bytes: vec![0, 2, b'a', b'b', 0],
        };
        assert_eq!(incoming.take(Framing::Length(2), 0), Some(b"ab".to_vec()));
        assert_eq!(incoming.take(Framing::Length(2), 0), None);
        assert_eq!(incoming.bytes, [0]);
    }

    #[test]
    fn a_packet_too_long_for_its_header_is_refused() {
        assert!(Framing::Length(1).header(256).is_err());
        assert_eq!(Framing::Length(2).header(256).ok(), Some(vec![1, 0]));
    }
}
