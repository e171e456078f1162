//! The type of all values.

use std::sync::Arc;

use bytes::Bytes;
use num_bigint::BigInt;
use num_traits::ToPrimitive;

use crate::{Atom, Binary, Bitstring, Fun, List, ListIter, Map, Pid, PortId, Reference, Tuple};

/// One Erlang value.
///
/// Cloning is O(1). `==` is Erlang's `=:=`; see the crate's page for order.
/// [`Display`](std::fmt::Display) writes what `~0p` writes, [`Debug`] what `~w`
/// writes.
///
/// # Examples
///
/// ```
/// use portwright_term::{Term, atoms};
///
/// let term = Term::tuple([Term::from(atoms::OK), Term::string("hello")]);
/// match &term {
///     Term::Tuple(tuple) => assert_eq!(tuple[0], Term::from(atoms::OK)),
///     _ => unreachable!(),
/// }
/// ```
#[derive(Clone)]
pub enum Term {
    /// An integer that fits 64 bits. All of those are here.
    Integer(i64),
    /// An integer that does not fit 64 bits. Make it with `Term::from(BigInt)`.
    BigInteger(Arc<BigInt>),
    /// A finite float. Make it with [`Term::float`].
    Float(f64),
    /// An atom.
    Atom(Atom),
    /// A bitstring of whole bytes.
    Binary(Binary),
    /// A bitstring whose length is not a multiple of eight bits.
    Bitstring(Bitstring),
    /// The empty list.
    Nil,
    /// A list of at least one element, proper or improper.
    List(List),
    /// A tuple.
    Tuple(Tuple),
    /// A map.
    Map(Map),
    /// The name of a process.
    Pid(Pid),
    /// The name of a port.
    Port(PortId),
    /// A reference.
    Reference(Reference),
    /// A function.
    Fun(Fun),
}

const _: () = assert!(size_of::<Term>() <= 24);

impl Term {
    /// An atom from a text of the program.
    ///
    /// # Panics
    ///
    /// As [`Atom::literal`]. For texts from outside use [`Atom::new`].
    #[track_caller]
    pub fn atom(text: &'static str) -> Term {
        Term::Atom(Atom::literal(text))
    }

    /// `true` or `false`.
    pub fn boolean(value: bool) -> Term {
        Term::Atom(Atom::boolean(value))
    }

    /// A float, unless it is infinite or not a number, which Erlang has not.
    pub fn float(value: f64) -> Option<Term> {
        value.is_finite().then_some(Term::Float(value))
    }

    /// A binary; shares the bytes.
    pub fn binary(bytes: impl Into<Bytes>) -> Term {
        Term::Binary(Binary::new(bytes.into()))
    }

    /// A string as Erlang has it: the list of the code points.
    pub fn string(text: &str) -> Term {
        Term::list(text.chars().map(|c| Term::Integer(i64::from(u32::from(c)))))
    }

    /// The list of the bytes as integers.
    pub fn bytes_list(bytes: &[u8]) -> Term {
        Term::list(bytes.iter().map(|&byte| Term::Integer(i64::from(byte))))
    }

    /// A proper list.
    pub fn list<I>(elements: I) -> Term
    where
        I: IntoIterator<Item = Term>,
    {
        Term::improper_list(elements, Term::Nil)
    }

    /// A list that ends with `tail`. Without elements it is `tail` itself.
    pub fn improper_list<I>(elements: I, tail: Term) -> Term
    where
        I: IntoIterator<Item = Term>,
    {
        // Cells are built from the end.
        let elements: Vec<Term> = elements.into_iter().collect();
        elements
            .into_iter()
            .rev()
            .fold(tail, |tail, head| List::cons(head, tail))
    }

    /// A tuple of an array, a vector or an iterator of terms.
    pub fn tuple<I>(elements: I) -> Term
    where
        I: IntoIterator<Item = Term>,
    {
        Term::Tuple(elements.into_iter().collect())
    }

    /// A map; of entries with the same key the last one counts.
    pub fn map<I>(entries: I) -> Term
    where
        I: IntoIterator<Item = (Term, Term)>,
    {
        Term::Map(entries.into_iter().collect())
    }

    /// Bits of which the last byte has `tail_bits` used ones; 0 and 8 both
    /// stand for whole bytes. `None` for other numbers above 8, and for 1 to 7
    /// bits of an empty buffer.
    pub fn bits(bytes: impl Into<Bytes>, tail_bits: u8) -> Option<Term> {
        let bytes = Binary::new(bytes.into());
        match tail_bits {
            0 | 8 => Some(Term::Binary(bytes)),
            _ => Bitstring::new(bytes, tail_bits).map(Term::Bitstring),
        }
    }

    /// The integer, if it is one that fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Term::Integer(value) => Some(*value),
            _ => None,
        }
    }

    /// The integer, if it is one that fits.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Term::Integer(value) => u64::try_from(*value).ok(),
            Term::BigInteger(value) => value.to_u64(),
            _ => None,
        }
    }

    /// The integer as an `usize`, if it is one that fits.
    pub fn as_usize(&self) -> Option<usize> {
        self.as_u64().and_then(|value| value.try_into().ok())
    }

    /// The float; integers are not converted.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Term::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// The atom.
    pub fn as_atom(&self) -> Option<Atom> {
        match self {
            Term::Atom(atom) => Some(*atom),
            _ => None,
        }
    }

    /// `true` or `false`, if it is one of these atoms.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Term::Atom(crate::atoms::TRUE) => Some(true),
            Term::Atom(crate::atoms::FALSE) => Some(false),
            _ => None,
        }
    }

    /// The binary.
    pub fn as_binary(&self) -> Option<&Binary> {
        match self {
            Term::Binary(binary) => Some(binary),
            _ => None,
        }
    }

    /// The elements of a tuple.
    pub fn as_tuple(&self) -> Option<&[Term]> {
        match self {
            Term::Tuple(tuple) => Some(tuple),
            _ => None,
        }
    }

    /// The first cell of a non-empty list.
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Term::List(list) => Some(list),
            _ => None,
        }
    }

    /// The map.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Term::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The pid.
    pub fn as_pid(&self) -> Option<Pid> {
        match self {
            Term::Pid(pid) => Some(*pid),
            _ => None,
        }
    }

    /// The port.
    pub fn as_port(&self) -> Option<PortId> {
        match self {
            Term::Port(port) => Some(*port),
            _ => None,
        }
    }

    /// The reference.
    pub fn as_reference(&self) -> Option<&Reference> {
        match self {
            Term::Reference(reference) => Some(reference),
            _ => None,
        }
    }

    /// The fun.
    pub fn as_fun(&self) -> Option<&Fun> {
        match self {
            Term::Fun(fun) => Some(fun),
            _ => None,
        }
    }

    /// Walks the elements of a list. Afterwards [`ListIter::tail`] tells what
    /// ended it: [`Term::Nil`] for a proper list. A term that is no list has no
    /// elements and is its own tail.
    pub fn list_iter(&self) -> ListIter<'_> {
        ListIter::over(self)
    }

    /// The elements of a proper list.
    pub fn to_vec(&self) -> Option<Vec<Term>> {
        let mut iter = self.list_iter();
        let elements = iter.by_ref().cloned().collect();
        matches!(iter.tail(), Some(Term::Nil)).then_some(elements)
    }

    /// The text of a string (a proper list of code points), if it is one.
    pub fn to_text(&self) -> Option<String> {
        let mut iter = self.list_iter();
        let mut text = String::new();
        for element in iter.by_ref() {
            text.push(char::from_u32(u32::try_from(element.as_i64()?).ok()?)?);
        }
        matches!(iter.tail(), Some(Term::Nil)).then_some(text)
    }

    /// `is_integer/1`.
    pub fn is_integer(&self) -> bool {
        matches!(self, Term::Integer(_) | Term::BigInteger(_))
    }

    /// `is_float/1`.
    pub fn is_float(&self) -> bool {
        matches!(self, Term::Float(_))
    }

    /// `is_number/1`.
    pub fn is_number(&self) -> bool {
        self.is_integer() || self.is_float()
    }

    /// `is_atom/1`.
    pub fn is_atom(&self) -> bool {
        matches!(self, Term::Atom(_))
    }

    /// `is_binary/1`.
    pub fn is_binary(&self) -> bool {
        matches!(self, Term::Binary(_))
    }

    /// `is_bitstring/1`: binaries too.
    pub fn is_bitstring(&self) -> bool {
        matches!(self, Term::Binary(_) | Term::Bitstring(_))
    }

    /// `true` for `[]`.
    pub fn is_nil(&self) -> bool {
        matches!(self, Term::Nil)
    }

    /// `is_list/1`: nil and cons cells, improper lists too.
    pub fn is_list(&self) -> bool {
        matches!(self, Term::Nil | Term::List(_))
    }

    /// `is_tuple/1`.
    pub fn is_tuple(&self) -> bool {
        matches!(self, Term::Tuple(_))
    }

    /// `is_map/1`.
    pub fn is_map(&self) -> bool {
        matches!(self, Term::Map(_))
    }

    /// `is_pid/1`.
    pub fn is_pid(&self) -> bool {
        matches!(self, Term::Pid(_))
    }

    /// `is_port/1`.
    pub fn is_port(&self) -> bool {
        matches!(self, Term::Port(_))
    }

    /// `is_reference/1`.
    pub fn is_reference(&self) -> bool {
        matches!(self, Term::Reference(_))
    }

    /// `is_function/1`.
    pub fn is_function(&self) -> bool {
        matches!(self, Term::Fun(_))
    }

    /// `is_boolean/1`.
    pub fn is_boolean(&self) -> bool {
        self.as_bool().is_some()
    }

    /// `true` for terms that hold other terms.
    pub(crate) fn is_nested(&self) -> bool {
        matches!(self, Term::List(_) | Term::Tuple(_) | Term::Map(_))
    }
}

macro_rules! from_small_integer {
    ($($type:ty),*) => {$(
        impl From<$type> for Term {
            fn from(value: $type) -> Term {
                Term::Integer(i64::from(value))
            }
        }
    )*};
}

from_small_integer!(i8, i16, i32, i64, u8, u16, u32);

macro_rules! from_wide_integer {
    ($($type:ty),*) => {$(
        impl From<$type> for Term {
            fn from(value: $type) -> Term {
                match i64::try_from(value) {
                    Ok(value) => Term::Integer(value),
                    Err(_) => Term::BigInteger(Arc::new(BigInt::from(value))),
                }
            }
        }
    )*};
}

from_wide_integer!(u64, usize, isize, i128, u128);

impl From<BigInt> for Term {
    fn from(value: BigInt) -> Term {
        match value.to_i64() {
            Some(value) => Term::Integer(value),
            None => Term::BigInteger(Arc::new(value)),
        }
    }
}

impl From<bool> for Term {
    fn from(value: bool) -> Term {
        Term::boolean(value)
    }
}

/// Refuses infinities and NaN.
impl TryFrom<f64> for Term {
    type Error = NotFinite;

    fn try_from(value: f64) -> Result<Term, NotFinite> {
        Term::float(value).ok_or(NotFinite(value))
    }
}

/// The float is infinite or not a number; Erlang has neither.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{0} is not a finite float")]
pub struct NotFinite(pub f64);

macro_rules! from_part {
    ($($type:ty => $variant:ident),* $(,)?) => {$(
        impl From<$type> for Term {
            fn from(value: $type) -> Term {
                Term::$variant(value)
            }
        }
    )*};
}

from_part! {
    Atom => Atom,
    Binary => Binary,
    Bitstring => Bitstring,
    List => List,
    Tuple => Tuple,
    Map => Map,
    Pid => Pid,
    PortId => Port,
    Reference => Reference,
    Fun => Fun,
}

impl From<Bytes> for Term {
    fn from(bytes: Bytes) -> Term {
        Term::binary(bytes)
    }
}

impl From<Vec<Term>> for Term {
    fn from(elements: Vec<Term>) -> Term {
        Term::list(elements)
    }
}
