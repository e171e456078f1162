//! `phash/2`: the hash before `phash2`, which OTP keeps for `dict` and `sets`.
//!
//! Each part of a term multiplies the hash by a prime just above 2^28 and adds
//! to it; which prime depends on the kind of the part. Checked against OTP 25.

use portwright_term::{Fun, Term};

use super::argument::{Answer, badarg, pure};
use super::hash::{atom_hash, portable_hash};
use super::number;
use crate::native::NativeModule;

/// What this file registers.
pub(crate) const PHASH: NativeModule = NativeModule::new("erlang", &[pure!("phash", 2, phash)]);

/// The primes, by OTP's numbers for them.
const P1: u32 = 268_440_163;
const P2: u32 = 268_439_161;
const P3: u32 = 268_435_459;
const P4: u32 = 268_436_141;
const P5: u32 = 268_438_633;
const P6: u32 = 268_437_017;
const P8: u32 = 268_437_511;
const P9: u32 = 268_439_627;
const P10: u32 = 268_440_479;
const P11: u32 = 268_440_577;
const P12: u32 = 268_440_581;
const P13: u32 = 268_440_593;
const P14: u32 = 268_440_611;

fn phash(args: &[Term]) -> Answer {
    let range = number::unsigned(&args[1])
        .filter(|range| (1..=1 << 32).contains(range))
        .ok_or_else(badarg)?;
    Ok(Term::from(u64::from(old_hash(&args[0])) % range + 1))
}

/// What is left to do; a stack instead of recursion.
enum Step {
    Hash(Term),
    /// What follows an element that is no byte.
    Tail(Term),
    Multiply(u32),
    /// The end of a tuple of so many elements.
    Tuple(u32),
}

fn step(hash: u32, prime: u32, value: u32) -> u32 {
    hash.wrapping_mul(prime).wrapping_add(value)
}

fn bytes_hash(hash: u32, prime: u32, bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(hash, |hash, byte| step(hash, prime, u32::from(*byte)))
}

/// Bytes of the magnitude, the lowest first, in groups of four.
fn integer_hash(hash: u32, magnitude: &[u8], negative: bool) -> u32 {
    let length = magnitude.len().max(1).div_ceil(4) * 4;
    let mut padded = magnitude.to_vec();
    padded.resize(length, 0);
    bytes_hash(hash, P2, &padded).wrapping_mul(if negative { P4 } else { P3 })
}

fn old_hash(term: &Term) -> u32 {
    let mut hash: u32 = 0;
    let mut steps = vec![Step::Hash(term.clone())];
    while let Some(next) = steps.pop() {
        let term = match next {
            Step::Hash(term) => term,
            Step::Tail(tail @ Term::List(_)) => tail,
            Step::Tail(tail) => {
                steps.push(Step::Multiply(P8));
                tail
            }
            Step::Multiply(prime) => {
                hash = hash.wrapping_mul(prime);
                continue;
            }
            Step::Tuple(arity) => {
                hash = step(hash, P9, arity);
                continue;
            }
        };
        hash = match &term {
            Term::Nil => step(hash, P3, 1),
            Term::Atom(atom) => step(hash, P1, atom_hash(*atom)),
            Term::Integer(n) => {
                let bytes = n.unsigned_abs().to_le_bytes();
                let used = if n.unsigned_abs() >> 32 == 0 { 4 } else { 8 };
                integer_hash(hash, &bytes[..used], *n < 0)
            }
            Term::BigInteger(n) => {
                let (sign, bytes) = n.to_bytes_le();
                integer_hash(hash, &bytes, sign == num_bigint::Sign::Minus)
            }
            Term::Float(f) => {
                // Both zeros hash alike.
                let bits = if *f == 0.0 { 0 } else { f.to_bits() };
                step(hash, P6, (bits >> 32) as u32 ^ bits as u32)
            }
            Term::Binary(bytes) => step(bytes_hash(hash, P1, bytes), P4, bytes.len() as u32),
            Term::Bitstring(bits) => {
                let bytes = bits.bytes();
                let count = u32::from(bits.tail_bits());
                let (last, whole) = bytes.split_last().unwrap_or((&0, &[]));
                let hash = bytes_hash(hash, P1, whole);
                let hash = step(hash, P1, u32::from(*last) >> (8 - count));
                step(step(hash, P12, count), P4, whole.len() as u32)
            }
            Term::List(_) => list_hash(&term, hash, &mut steps),
            Term::Tuple(elements) => {
                steps.push(Step::Tuple(elements.len() as u32));
                steps.extend(elements.iter().rev().cloned().map(Step::Hash));
                hash
            }
            Term::Map(_) => {
                let value = P14.wrapping_add(portable_hash(&term));
                step(hash, P13, value)
            }
            Term::Pid(pid) => bytes_hash(hash, P5, &pid.id().to_le_bytes()).wrapping_mul(P6),
            Term::Port(port) => {
                let id = port.id();
                let high = (id >> 32) as u32;
                let hash = if high == 0 {
                    hash
                } else {
                    bytes_hash(hash, P11, &high.to_le_bytes())
                };
                bytes_hash(hash, P9, &(id as u32).to_le_bytes()).wrapping_mul(P10)
            }
            Term::Reference(reference) => {
                let id = reference.ids().first().copied().unwrap_or(0);
                bytes_hash(hash, P9, &id.to_le_bytes()).wrapping_mul(P10)
            }
            Term::Fun(Fun::External {
                module,
                function,
                arity,
            }) => {
                let hash = step(hash, P11, u32::from(*arity));
                step(step(hash, P1, atom_hash(*module)), P1, atom_hash(*function))
            }
            Term::Fun(fun) => {
                let hash = step(hash, P10, u32::from(fun.arity()));
                step(hash, P1, atom_hash(fun.module()))
            }
        };
    }
    hash
}

/// Bytes are taken at once; what follows them goes on the stack.
fn list_hash(list: &Term, mut hash: u32, steps: &mut Vec<Step>) -> u32 {
    let mut rest = list;
    while let Term::List(cell) = rest {
        let Term::Integer(byte @ 0..=255) = cell.head() else {
            steps.push(Step::Tail(cell.tail().clone()));
            steps.push(Step::Hash(cell.head().clone()));
            return hash;
        };
        hash = step(hash, P2, *byte as u32);
        rest = cell.tail();
    }
    steps.push(Step::Multiply(P8));
    steps.push(Step::Hash(rest.clone()));
    hash
}
