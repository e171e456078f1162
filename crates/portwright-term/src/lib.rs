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
//! # Known differences to OTP
//!
//! All else that the tests compare with OTP 25 is equal byte for byte.
//!
//! * A map of more than 32 keys prints and encodes in key order, as smaller ones
//!   do in both; OTP follows the order of its internal hash there. The terms are
//!   equal, their bytes and texts are not.
//! * `fun m:f/1` with names beyond ASCII or reserved words prints so that it
//!   can be read back; OTP 25 leaves reserved words bare and splits characters
//!   into bytes there.
//! * The first number of a pid, port or reference of another node is private to
//!   a process in OTP, and so it is here.
//! * Compressed terms are valid, but compressed by another implementation.
//! * [`text::parse_term`] reads numbers and strings as segments of bitstrings,
//!   not bitstrings within bitstrings.
#![forbid(unsafe_code)]

mod atom;
mod binary;
mod buffer;
mod fun;
mod id_hash;
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
pub use id_hash::{BuildIdHasher, IdHasher};
pub use identifier::{Pid, PortId, Reference};
pub use iolist::NotIoData;
pub use iovec::IoVec;
pub use list::{List, ListIter};
pub use map::{Map, MapIter};
pub use num_bigint::BigInt;
pub use number::MAX_INTEGER_BITS;
pub use term::{NotFinite, Term};
pub use tuple::Tuple;

/// Runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
