//! I/O lists: what ports and files take as data.
//!
//! An I/O list is a list of bytes (integers 0 to 255), binaries and I/O lists,
//! whose tail may be a binary; *I/O data* is an I/O list or a binary.

use bytes::BytesMut;

use crate::{IoVec, Term};

/// Binaries up to this many bytes are copied into a common buffer; longer ones
/// are shared.
const COPY_MAX: usize = 64;

/// The term is not I/O data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part:?} cannot be part of I/O data; it takes bytes 0 to 255, binaries and lists of them")]
pub struct NotIoData {
    /// The innermost part that is wrong.
    pub part: Term,
}

/// What a walk over I/O data finds.
enum Piece<'a> {
    Byte(u8),
    Binary(&'a crate::Binary),
}

/// Calls `found` for every piece, in order. Depth costs heap, not stack. Terms of
/// which `skipped` says so count as nothing.
fn walk<'a>(
    term: &'a Term,
    skipped: impl Fn(&Term) -> bool,
    mut found: impl FnMut(Piece<'a>),
) -> Result<(), NotIoData> {
    let mut later: Vec<&Term> = Vec::new();
    let mut current = term;
    loop {
        // Here a binary or a list may stand, a byte may not.
        match current {
            Term::List(list) => {
                match list.head() {
                    Term::Integer(byte @ 0..=255) => found(Piece::Byte(*byte as u8)),
                    Term::Binary(binary) => found(Piece::Binary(binary)),
                    Term::Nil => {}
                    head @ Term::List(_) => {
                        later.push(list.tail());
                        current = head;
                        continue;
                    }
                    part if skipped(part) => {}
                    part => return Err(NotIoData { part: part.clone() }),
                }
                current = list.tail();
                continue;
            }
            Term::Nil => {}
            Term::Binary(binary) => found(Piece::Binary(binary)),
            part if skipped(part) => {}
            part => return Err(NotIoData { part: part.clone() }),
        }
        match later.pop() {
            Some(tail) => current = tail,
            None => return Ok(()),
        }
    }
}

/// Gathers I/O data into a vector of buffers.
///
/// Binaries longer than 64 bytes are shared, all else is copied into common
/// buffers between them. A lone binary costs no copy and no allocation. The
/// term is checked completely; on an error nothing has been done.
///
/// # Errors
///
/// [`NotIoData`] with the part that is wrong.
///
/// # Examples
///
/// ```
/// use portwright_term::{Term, iolist};
///
/// let data = Term::list([Term::from(104), Term::binary("i"), Term::list([Term::from(33)])]);
/// assert_eq!(iolist::gather(&data).unwrap().into_bytes(), &b"hi!"[..]);
/// assert!(iolist::gather(&Term::list([Term::from(256)])).is_err());
/// ```
///
/// # Source
///
/// erlang(3), `iolist_to_iovec/1`.
pub fn gather(term: &Term) -> Result<IoVec, NotIoData> {
    gather_skipping(term, |_| false)
}

/// As [`gather`], but a bitstring of less than a byte counts as empty: so OTP takes
/// the data of a port command. Longer bitstrings are an error here too.
///
/// # Errors
///
/// [`NotIoData`] with the part that is wrong.
///
/// # Examples
///
/// ```
/// use portwright_term::{Term, iolist};
///
/// let bits = Term::bits(vec![0x20], 3).unwrap();
/// let data = Term::list([bits.clone(), Term::binary("z")]);
/// assert_eq!(iolist::gather_command(&data).unwrap().into_bytes(), &b"z"[..]);
/// assert!(iolist::gather(&data).is_err());
/// ```
///
/// # Source
///
/// P-413; measured on OTP 25.
pub fn gather_command(term: &Term) -> Result<IoVec, NotIoData> {
    gather_skipping(
        term,
        |part| matches!(part, Term::Bitstring(bits) if bits.bit_len() < 8),
    )
}

fn gather_skipping(term: &Term, skipped: impl Fn(&Term) -> bool) -> Result<IoVec, NotIoData> {
    if let Term::Binary(binary) = term {
        return Ok(binary.to_bytes().into());
    }
    let mut vec = IoVec::new();
    let mut small = BytesMut::new();
    walk(term, skipped, |piece| match piece {
        Piece::Byte(byte) => small.extend_from_slice(&[byte]),
        Piece::Binary(binary) if binary.len() <= COPY_MAX => small.extend_from_slice(binary),
        Piece::Binary(binary) => {
            push_small(&mut vec, small.split().freeze());
            vec.push(binary.to_bytes());
        }
    })?;
    push_small(&mut vec, small.freeze());
    Ok(vec)
}

/// What is short enough to have been a small binary needs no mark.
fn push_small(vec: &mut IoVec, piece: bytes::Bytes) {
    if piece.len() > COPY_MAX {
        vec.push_gathered(piece);
    } else {
        vec.push(piece);
    }
}

/// Number of bytes in I/O data, as `iolist_size/1`.
///
/// # Errors
///
/// [`NotIoData`] with the part that is wrong.
pub fn size(term: &Term) -> Result<usize, NotIoData> {
    let mut total = 0usize;
    walk(
        term,
        |_| false,
        |piece| {
            total = total.saturating_add(match piece {
                Piece::Byte(_) => 1,
                Piece::Binary(binary) => binary.len(),
            });
        },
    )?;
    Ok(total)
}
