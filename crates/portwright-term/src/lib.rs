//! Erlang's values and their spellings.
//!
//! * [`Term`] is one Erlang value; [`Atom`], [`Binary`], [`List`], [`Tuple`],
//!   [`Map`] and the rest are what it is made of. Cloning any of them is O(1).
//! * [`iolist`] turns I/O lists into vectors of shared buffers ([`IoVec`]).
//! * [`etf`] is the external term format, as `term_to_binary/1` writes it.
//! * [`text`] is Erlang's syntax: a scanner of the whole language, a parser of
//!   terms, and the printer behind `~w` and `~p`.
//!
//! What the crate does not do: no processes, no I/O, no evaluation.
//!
//! # Invariants
//!
//! * An integer that fits `i64` is a [`Term::Integer`], never a
//!   [`Term::BigInteger`]. A float is finite.
//! * Nothing recurses over the depth of a term: comparing, hashing, printing,
//!   encoding, decoding and dropping a term nested a million deep all work on
//!   a stack of ordinary size.
//! * Nothing allocates by a size that input merely announces.
//!
//! # Equality and order
//!
//! `==` of Rust is `=:=` of Erlang: `1` and `1.0` differ, `0.0` and `-0.0` do
//! not (OTP 25). [`Ord`] agrees with it and is the order of map keys, in which
//! every integer comes before every float. Erlang's `==` and `<` are
//! [`Term::erl_eq`] and [`Term::erl_cmp`].
//!
//! # Known difference to OTP
//!
//! A map prints in key order. OTP 25 does the same up to 32 keys; above that
//! it prints (and encodes) in the order of its internal hash, which is not
//! reproduced here. The terms are equal, their bytes and texts may not be.
#![forbid(unsafe_code)]

mod atom;
mod binary;
mod fun;
mod identifier;
mod iovec;
mod list;
mod map;
mod number;
mod order;
mod release;
mod term;
mod tuple;

pub mod etf;
pub mod iolist;
pub mod text;

pub use atom::{Atom, AtomError, atoms};
pub use binary::{Binary, Bitstring};
pub use fun::{Fun, NativeFun, OpaqueFun};
pub use identifier::{Pid, PortId, Reference};
pub use iolist::NotIoData;
pub use iovec::IoVec;
pub use list::{List, ListIter};
pub use map::{Map, MapIter};
pub use num_bigint::BigInt;
pub use number::MAX_INTEGER_BITS;
pub use term::{NotFinite, Term};
pub use tuple::Tuple;
