//! The term language of drivers: an array of words that builds one term.
//!
//! A flat program in reverse Polish notation, see [`portwright_driver_abi::term_data`].
#![allow(
    unsafe_code,
    reason = "the words are pointers into the driver's memory"
)]

use std::cell::Cell;
use std::mem::{forget, replace};
use std::ptr::NonNull;

use portwright_driver_abi::*;
use portwright_term::{Binary, Map, Term, etf};

use crate::binary::BinaryRef;
use crate::words;

/// The term that a program builds, or `None` when the program is malformed.
///
/// # Safety
///
/// The pointers among the words are valid for the lengths beside them.
pub(crate) unsafe fn build(program: &[ErlDrvTermData]) -> Option<Term> {
    let mut stack = Stack::kept();
    // SAFETY: as this function's own.
    let term = unsafe { run(program, &mut stack) };
    if term.is_some() {
        stack.keep();
    }
    term
}

/// # Safety
///
/// As [`build`].
unsafe fn run(program: &[ErlDrvTermData], stack: &mut Stack) -> Option<Term> {
    let mut words = Words(program);
    while let Some(tag) = words.next() {
        let term = match tag {
            ERL_DRV_NIL => Term::Nil,
            // The commonest two go from registers to their place.
            ERL_DRV_ATOM => {
                let atom = words::to_atom(words.next()?)?;
                put(stack.place(), Term::Atom(atom));
                continue;
            }
            ERL_DRV_INT => {
                let integer = words.next()? as i64;
                put(stack.place(), Term::Integer(integer));
                continue;
            }
            ERL_DRV_PID => Term::Pid(words::to_pid(words.next()?)?),
            ERL_DRV_PORT => Term::Port(words::to_port(words.next()?)?),
            ERL_DRV_UINT => Term::from(words.next()? as u64),
            // SAFETY: by the caller's word the pointer is to such a number.
            ERL_DRV_INT64 => Term::from(unsafe { words.read::<i64>()? }),
            // SAFETY: as above.
            ERL_DRV_UINT64 => Term::from(unsafe { words.read::<u64>()? }),
            // SAFETY: as above.
            ERL_DRV_FLOAT => Term::float(unsafe { words.read::<f64>()? })?,
            ERL_DRV_BINARY => {
                let binary = NonNull::new(words.next()? as *mut ErlDrvBinary)?;
                let (len, offset) = (words.next()?, words.next()?);
                // SAFETY: by the caller's word the pointer is to a binary of the driver's, alive during the call.
                let binary = unsafe { BinaryRef::share(binary) };
                Term::Binary(binary.into_binary(offset, len)?)
            }
            // SAFETY: by the caller's word the pointer is to that many bytes.
            ERL_DRV_STRING => Term::bytes_list(unsafe { words.bytes()? }),
            ERL_DRV_STRING_CONS => {
                // SAFETY: as above.
                let bytes = unsafe { words.bytes()? };
                let tail = stack.pop()?;
                let elements = bytes.iter().map(|byte| Term::from(i64::from(*byte)));
                Term::improper_list(elements.collect::<Vec<_>>(), tail)
            }
            ERL_DRV_BUF2BINARY => {
                let (pointer, len) = (words.next()?, words.next()?);
                match (pointer, len) {
                    (0, 0) => Term::Binary(Binary::default()),
                    (0, _) => return None,
                    // SAFETY: as above.
                    _ => Term::Binary(Binary::copy_from_slice(unsafe {
                        std::slice::from_raw_parts(pointer as *const u8, len)
                    })),
                }
            }
            ERL_DRV_EXT2TERM => {
                // SAFETY: as above.
                let bytes = unsafe { words.bytes()? };
                etf::decode_borrowed(bytes, &etf::DecodeLimits::default())
                    .ok()?
                    .0
            }
            ERL_DRV_TUPLE => {
                let tuple = stack.take(words.next()?)?.collect();
                put(stack.place(), Term::Tuple(tuple));
                continue;
            }
            ERL_DRV_LIST => {
                let count = words.next()?;
                let tail = if count > 0 { stack.pop()? } else { return None };
                Term::improper_list(stack.take(count - 1)?, tail)
            }
            ERL_DRV_MAP => {
                let mut pairs = stack.take(words.next()?.checked_mul(2)?)?;
                let mut map = Map::new();
                while let (Some(key), Some(value)) = (pairs.next(), pairs.next()) {
                    if map.insert_mut(key, value).is_some() {
                        return None;
                    }
                }
                Term::Map(map)
            }
            _ => return None,
        };
        put(stack.place(), term);
    }
    let term = stack.pop()?;
    (stack.used == 0).then_some(term)
}

thread_local! {
    static PLACES: Cell<Vec<Term>> = const { Cell::new(Vec::new()) };
}

/// Places that a thread keeps at most.
const KEPT: usize = 256;

/// The terms that are not part of another yet.
///
/// Places are made before there are terms for them. A term that is there while room is made has to be in memory, written
/// in pieces of eight bytes; when it is read in one of sixteen to be moved, the processor waits.
struct Stack {
    /// Unused places are `[]`.
    places: Vec<Term>,
    used: usize,
}

impl Stack {
    /// The places that the thread has kept.
    fn kept() -> Stack {
        // A thread that is ending may be past its thread-local values.
        let places = PLACES.try_with(Cell::take).unwrap_or_default();
        Stack { places, used: 0 }
    }

    /// Leaves the places to the next program. They all are unused.
    fn keep(self) {
        if self.places.len() <= KEPT {
            let _ = PLACES.try_with(|places| places.set(self.places));
        }
    }

    /// The next place, where `[]` is.
    #[inline]
    fn place(&mut self) -> &mut Term {
        if self.used == self.places.len() {
            self.make_places();
        }
        self.used += 1;
        &mut self.places[self.used - 1]
    }

    #[cold]
    fn make_places(&mut self) {
        const MORE: usize = 16;
        self.places.extend((0..MORE).map(|_| Term::Nil));
    }

    fn pop(&mut self) -> Option<Term> {
        self.take(1)?.next()
    }

    /// The last `count` terms, in order, if there are that many; all of them are to be taken.
    #[inline]
    fn take(&mut self, count: usize) -> Option<impl ExactSizeIterator<Item = Term>> {
        let from = self.used.checked_sub(count)?;
        let taken = &mut self.places[from..self.used];
        self.used = from;
        Some(taken.iter_mut().map(|place| replace(place, Term::Nil)))
    }
}

/// Puts a term where `[]` is, which need not be dropped.
#[inline]
fn put(place: &mut Term, term: Term) {
    debug_assert!(place.is_nil(), "what is there would leak");
    forget(replace(place, term));
}

struct Words<'a>(&'a [ErlDrvTermData]);

impl Words<'_> {
    fn next(&mut self) -> Option<ErlDrvTermData> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// What the next word points to.
    ///
    /// # Safety
    ///
    /// It is null or points to a `T`.
    unsafe fn read<T: Copy>(&mut self) -> Option<T> {
        let pointer = self.next()? as *const T;
        // SAFETY: by the caller's word; a driver's pointer need not be aligned.
        (!pointer.is_null()).then(|| unsafe { pointer.read_unaligned() })
    }

    /// The bytes that the next two words, pointer and length, stand for. `None` for a null pointer (D-D33).
    ///
    /// # Safety
    ///
    /// The pointer is null or points to that many bytes, which stay for `'b`.
    unsafe fn bytes<'b>(&mut self) -> Option<&'b [u8]> {
        let (pointer, len) = (self.next()? as *const u8, self.next()?);
        if pointer.is_null() || isize::try_from(len).is_err() {
            return None;
        }
        // SAFETY: by the caller's word.
        Some(unsafe { std::slice::from_raw_parts(pointer, len) })
    }
}
