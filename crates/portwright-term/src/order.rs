//! Equality, order and hashing of terms, without recursion.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use crate::{MapIter, Term, number};

/// Which of Erlang's two comparisons.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// `=:=`, and the order of map keys: integers before floats.
    Exact,
    /// `==` and `<`: numbers by value.
    Arithmetic,
}

/// What is still to be compared once the current pair turns out equal.
enum Step<'a> {
    Pair(&'a Term, &'a Term, Mode),
    Elements(&'a [Term], &'a [Term], Mode),
    Keys(MapIter<'a>, MapIter<'a>),
    Values(MapIter<'a>, MapIter<'a>, Mode),
}

/// Position of a term's type in Erlang's order.
fn rank(term: &Term) -> u8 {
    match term {
        Term::Integer(_) | Term::BigInteger(_) | Term::Float(_) => 0,
        Term::Atom(_) => 1,
        Term::Reference(_) => 2,
        Term::Fun(_) => 3,
        Term::Port(_) => 4,
        Term::Pid(_) => 5,
        Term::Tuple(_) => 6,
        Term::Map(_) => 7,
        Term::Nil => 8,
        Term::List(_) => 9,
        Term::Binary(_) | Term::Bitstring(_) => 10,
    }
}

/// Compares two terms that are not both tuples, both maps or both lists.
fn leaves(a: &Term, b: &Term, mode: Mode) -> Ordering {
    match (a, b) {
        (Term::Integer(a), Term::Integer(b)) => a.cmp(b),
        (Term::BigInteger(a), Term::BigInteger(b)) => a.cmp(b),
        (Term::Float(a), Term::Float(b)) => number::floats(*a, *b),
        // A big integer lies outside of every small one.
        (Term::Integer(_), Term::BigInteger(b)) => b.sign().cmp_zero().reverse(),
        (Term::BigInteger(a), Term::Integer(_)) => a.sign().cmp_zero(),
        (Term::Integer(_) | Term::BigInteger(_), Term::Float(_)) if mode == Mode::Exact => {
            Ordering::Less
        }
        (Term::Float(_), Term::Integer(_) | Term::BigInteger(_)) if mode == Mode::Exact => {
            Ordering::Greater
        }
        (Term::Integer(a), Term::Float(b)) => number::small_with_float(*a, *b),
        (Term::Float(a), Term::Integer(b)) => number::small_with_float(*b, *a).reverse(),
        (Term::BigInteger(a), Term::Float(b)) => number::big_with_float(a, *b),
        (Term::Float(a), Term::BigInteger(b)) => number::big_with_float(b, *a).reverse(),
        (Term::Atom(a), Term::Atom(b)) => a.cmp(b),
        (Term::Reference(a), Term::Reference(b)) => a.cmp(b),
        (Term::Fun(a), Term::Fun(b)) => a.cmp(b),
        (Term::Port(a), Term::Port(b)) => a.cmp(b),
        (Term::Pid(a), Term::Pid(b)) => a.cmp(b),
        (Term::Binary(_) | Term::Bitstring(_), Term::Binary(_) | Term::Bitstring(_)) => bits(a, b),
        _ => rank(a).cmp(&rank(b)),
    }
}

trait CompareWithZero {
    fn cmp_zero(self) -> Ordering;
}

impl CompareWithZero for num_bigint::Sign {
    fn cmp_zero(self) -> Ordering {
        self.cmp(&num_bigint::Sign::NoSign)
    }
}

/// Compares bit by bit; of two where one begins the other, the shorter is less.
fn bits(a: &Term, b: &Term) -> Ordering {
    fn parts(term: &Term) -> (&[u8], usize) {
        match term {
            Term::Binary(binary) => (binary, binary.len() * 8),
            Term::Bitstring(bits) => (bits.bytes(), bits.bit_len()),
            _ => (&[], 0),
        }
    }
    let ((a, a_bits), (b, b_bits)) = (parts(a), parts(b));
    let shared = a_bits.min(b_bits);
    let whole = shared / 8;
    a[..whole]
        .cmp(&b[..whole])
        .then_with(|| {
            let rest = shared % 8;
            if rest == 0 {
                return Ordering::Equal;
            }
            let mask = 0xffu8 << (8 - rest);
            (a[whole] & mask).cmp(&(b[whole] & mask))
        })
        .then_with(|| a_bits.cmp(&b_bits))
}

fn compare(a: &Term, b: &Term, mode: Mode) -> Ordering {
    let mut later: Vec<Step<'_>> = Vec::new();
    let mut current = (a, b, mode);
    loop {
        let (a, b, mode) = current;
        let ordering = match (a, b) {
            (Term::List(x), Term::List(y)) => {
                if x.is_same(y) {
                    Ordering::Equal
                } else {
                    later.push(Step::Pair(x.tail(), y.tail(), mode));
                    current = (x.head(), y.head(), mode);
                    continue;
                }
            }
            (Term::Tuple(x), Term::Tuple(y)) => {
                if !x.is_same(y) {
                    later.push(Step::Elements(x, y, mode));
                }
                x.len().cmp(&y.len())
            }
            (Term::Map(x), Term::Map(y)) => {
                if !x.is_same(y) {
                    later.push(Step::Values(x.iter(), y.iter(), mode));
                    later.push(Step::Keys(x.iter(), y.iter()));
                }
                x.len().cmp(&y.len())
            }
            _ => leaves(a, b, mode),
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
        current = loop {
            match later.pop() {
                None => return Ordering::Equal,
                Some(Step::Pair(a, b, mode)) => break (a, b, mode),
                Some(Step::Elements(x, y, mode)) => {
                    if let (Some((a, x)), Some((b, y))) = (x.split_first(), y.split_first()) {
                        if !x.is_empty() {
                            later.push(Step::Elements(x, y, mode));
                        }
                        break (a, b, mode);
                    }
                }
                Some(Step::Keys(mut x, mut y)) => {
                    if let (Some((a, _)), Some((b, _))) = (x.next(), y.next()) {
                        later.push(Step::Keys(x, y));
                        break (a, b, Mode::Exact);
                    }
                }
                Some(Step::Values(mut x, mut y, mode)) => {
                    if let (Some((_, a)), Some((_, b))) = (x.next(), y.next()) {
                        later.push(Step::Values(x, y, mode));
                        break (a, b, mode);
                    }
                }
            }
        };
    }
}

impl Term {
    /// Erlang's standard term order, in which `1` and `1.0` are equal.
    ///
    /// Numbers < atoms < references < funs < ports < pids < tuples < maps <
    /// nil < lists < bitstrings. Integers and floats compare by value, exactly.
    ///
    /// # Source
    ///
    /// Erlang reference manual, *Term Comparisons*; identifiers and big
    /// numbers measured on OTP 25.
    pub fn erl_cmp(&self, other: &Term) -> Ordering {
        compare(self, other, Mode::Arithmetic)
    }

    /// Erlang's `==`.
    pub fn erl_eq(&self, other: &Term) -> bool {
        self.erl_cmp(other) == Ordering::Equal
    }
}

/// Erlang's `=:=`.
impl PartialEq for Term {
    fn eq(&self, other: &Term) -> bool {
        match (self, other) {
            (Term::Atom(a), Term::Atom(b)) => a == b,
            (Term::Binary(a), Term::Binary(b)) => a == b,
            _ => compare(self, other, Mode::Exact) == Ordering::Equal,
        }
    }
}

impl Eq for Term {}

impl PartialOrd for Term {
    fn partial_cmp(&self, other: &Term) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The order of map keys: Erlang's order, but every integer before every float.
impl Ord for Term {
    fn cmp(&self, other: &Term) -> Ordering {
        compare(self, other, Mode::Exact)
    }
}

impl Hash for Term {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut work = vec![self];
        while let Some(term) = work.pop() {
            rank(term).hash(state);
            match term {
                Term::Integer(value) => value.hash(state),
                Term::BigInteger(value) => value.hash(state),
                // The two zeros are equal, so they hash alike.
                Term::Float(value) => (if *value == 0.0 { 0.0 } else { *value })
                    .to_bits()
                    .hash(state),
                Term::Atom(atom) => atom.hash(state),
                Term::Binary(binary) => binary.hash(state),
                Term::Bitstring(bits) => bits.hash(state),
                Term::Nil => {}
                Term::List(list) => work.extend([list.tail(), list.head()]),
                Term::Tuple(tuple) => {
                    tuple.len().hash(state);
                    work.extend(tuple.iter().rev());
                }
                Term::Map(map) => {
                    map.len().hash(state);
                    work.extend(map.iter().flat_map(|(key, value)| [value, key]));
                }
                Term::Pid(pid) => pid.hash(state),
                Term::Port(port) => port.hash(state),
                Term::Reference(reference) => reference.hash(state),
                Term::Fun(fun) => fun.hash(state),
            }
        }
    }
}
