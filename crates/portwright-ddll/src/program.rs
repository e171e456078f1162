//! The term language of drivers: an array of words that builds one term.
//!
//! A flat program in reverse Polish notation, see [`portwright_driver_abi::term_data`].
#![allow(
    unsafe_code,
    reason = "the words are pointers into the driver's memory"
)]

use std::ptr::NonNull;

use portwright_driver_abi::*;
use portwright_term::{Binary, Map, Term, etf};
use smallvec::SmallVec;

use crate::binary::BinaryRef;
use crate::words;

/// The term that a program builds, or `None` when the program is malformed.
///
/// # Safety
///
/// The pointers among the words are valid for the lengths beside them.
pub(crate) unsafe fn build(program: &[ErlDrvTermData]) -> Option<Term> {
    let mut words = Words(program);
    let mut stack: Stack = SmallVec::new();
    while let Some(tag) = words.next() {
        let term = match tag {
            ERL_DRV_NIL => Term::Nil,
            ERL_DRV_ATOM => Term::Atom(words::to_atom(words.next()?)?),
            ERL_DRV_PID => Term::Pid(words::to_pid(words.next()?)?),
            ERL_DRV_PORT => Term::Port(words::to_port(words.next()?)?),
            ERL_DRV_INT => Term::from(words.next()? as i64),
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
                let from = stack.len().checked_sub(words.next()?)?;
                let tuple = (from..stack.len())
                    .map(|index| std::mem::replace(&mut stack[index], Term::Nil))
                    .collect();
                stack.truncate(from);
                Term::Tuple(tuple)
            }
            ERL_DRV_LIST => {
                let count = words.next()?;
                let tail = if count > 0 { stack.pop()? } else { return None };
                let elements = pop(&mut stack, count - 1)?;
                Term::improper_list(elements, tail)
            }
            ERL_DRV_MAP => {
                let pairs = pop(&mut stack, words.next()?.checked_mul(2)?)?;
                let mut map = Map::new();
                let mut pairs = pairs.into_iter();
                while let (Some(key), Some(value)) = (pairs.next(), pairs.next()) {
                    if map.insert_mut(key, value).is_some() {
                        return None;
                    }
                }
                Term::Map(map)
            }
            _ => return None,
        };
        stack.push(term);
    }
    let term = stack.pop()?;
    stack.is_empty().then_some(term)
}

/// Most programs are short and need no more than the thread's stack.
type Stack = SmallVec<[Term; 32]>;

fn pop(stack: &mut Stack, count: usize) -> Option<Vec<Term>> {
    let from = stack.len().checked_sub(count)?;
    Some(stack.drain(from..).collect())
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
