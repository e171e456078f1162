//! `phash2/1,2`: the portable hash, the same on every node and in every release of OTP.
//!
//! It is Bob Jenkins' 96-bit mix ("Hash functions", Dr. Dobb's, 1997) applied
//! to the parts of a term in a fixed order; atoms enter with the PJW hash of
//! their text. Every constant below was checked against OTP 25.

use portwright_term::{Atom, Fun, Term};

use super::argument::{Answer, badarg, pure};
use super::number;
use crate::native::NativeModule;

/// What this file registers.
pub(crate) const HASHES: NativeModule = NativeModule::new(
    "erlang",
    &[pure!("phash2", 1, phash2), pure!("phash2", 2, phash2_range)],
);

/// The golden ratio of Jenkins' hash; its multiples tell the kinds of terms apart.
const RATIO: u32 = 0x9e37_79b9;

/// The nth multiple.
const fn salt(n: u32) -> u32 {
    RATIO.wrapping_mul(n)
}

fn phash2(args: &[Term]) -> Answer {
    Ok(Term::from(portable_hash(&args[0]) & 0x07ff_ffff))
}

fn phash2_range(args: &[Term]) -> Answer {
    let range = number::unsigned(&args[1])
        .filter(|r| (1..=1 << 32).contains(r))
        .ok_or_else(badarg)?;
    Ok(Term::from(u64::from(portable_hash(&args[0])) % range))
}

/// Jenkins' mix of three words; the third is the hash so far.
fn mix(mut a: u32, mut b: u32, mut c: u32) -> u32 {
    a = a.wrapping_sub(b).wrapping_sub(c) ^ (c >> 13);
    b = b.wrapping_sub(c).wrapping_sub(a) ^ (a << 8);
    c = c.wrapping_sub(a).wrapping_sub(b) ^ (b >> 13);
    a = a.wrapping_sub(b).wrapping_sub(c) ^ (c >> 12);
    b = b.wrapping_sub(c).wrapping_sub(a) ^ (a << 16);
    c = c.wrapping_sub(a).wrapping_sub(b) ^ (b >> 5);
    a = a.wrapping_sub(b).wrapping_sub(c) ^ (c >> 3);
    b = b.wrapping_sub(c).wrapping_sub(a) ^ (a << 10);
    c.wrapping_sub(a).wrapping_sub(b) ^ (b >> 15)
}

/// The three words after a mix, for hashing blocks.
fn mix_words(mut a: u32, mut b: u32, mut c: u32) -> (u32, u32, u32) {
    a = a.wrapping_sub(b).wrapping_sub(c) ^ (c >> 13);
    b = b.wrapping_sub(c).wrapping_sub(a) ^ (a << 8);
    c = c.wrapping_sub(a).wrapping_sub(b) ^ (b >> 13);
    a = a.wrapping_sub(b).wrapping_sub(c) ^ (c >> 12);
    b = b.wrapping_sub(c).wrapping_sub(a) ^ (a << 16);
    c = c.wrapping_sub(a).wrapping_sub(b) ^ (b >> 5);
    a = a.wrapping_sub(b).wrapping_sub(c) ^ (c >> 3);
    b = b.wrapping_sub(c).wrapping_sub(a) ^ (a << 10);
    c = c.wrapping_sub(a).wrapping_sub(b) ^ (b >> 15);
    (a, b, c)
}

fn mix_two(x: u32, y: u32, salt: u32, hash: u32) -> u32 {
    mix(salt.wrapping_add(x), salt.wrapping_add(y), hash)
}

fn mix_one(x: u32, salt: u32, hash: u32) -> u32 {
    mix_two(x, 0, salt, hash)
}

/// The PJW hash of an atom's text: its latin1 characters as one byte, others as UTF-8.
pub(super) fn atom_hash(atom: Atom) -> u32 {
    let mut hash: u32 = 0;
    let mut step = |byte: u32| {
        hash = (hash << 4).wrapping_add(byte);
        let top = hash & 0xf000_0000;
        if top != 0 {
            hash ^= top >> 24;
            hash ^= top;
        }
    };
    for c in atom.as_str().chars() {
        let code = u32::from(c);
        if code < 256 {
            step(code);
        } else {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                step(u32::from(byte));
            }
        }
    }
    hash
}

fn block_hash(block: &[u8], seed: u32) -> u32 {
    let word = |bytes: &[u8]| {
        bytes
            .iter()
            .rev()
            .fold(0u32, |word, b| word << 8 | u32::from(*b))
    };
    let (mut a, mut b, mut c) = (RATIO, RATIO, seed);
    let mut chunks = block.chunks_exact(12);
    for chunk in &mut chunks {
        a = a.wrapping_add(word(&chunk[0..4]));
        b = b.wrapping_add(word(&chunk[4..8]));
        c = c.wrapping_add(word(&chunk[8..12]));
        (a, b, c) = mix_words(a, b, c);
    }
    let rest = chunks.remainder();
    c = c.wrapping_add(block.len() as u32);
    a = a.wrapping_add(word(&rest[..rest.len().min(4)]));
    if rest.len() > 4 {
        b = b.wrapping_add(word(&rest[4..rest.len().min(8)]));
    }
    if rest.len() > 8 {
        // The lowest byte of this word holds the length.
        c = c.wrapping_add(word(&rest[8..]) << 8);
    }
    mix(a, b, c)
}

fn integer_hash(n: i64, hash: u32) -> u32 {
    if (-(1 << 27)..1 << 27).contains(&n) {
        let word = n as i32;
        // Negative numbers are mixed twice.
        let hash = if word < 0 {
            mix_one(word.unsigned_abs(), RATIO, hash)
        } else {
            hash
        };
        return mix_one(word as u32, RATIO, hash);
    }
    let magnitude = n.unsigned_abs();
    let salt = if n < 0 { salt(10) } else { salt(11) };
    mix_two(magnitude as u32, (magnitude >> 32) as u32, salt, hash)
}

/// What is left to do; a stack instead of recursion.
enum Step {
    Hash(Term),
    /// The key and value just hashed are one pair of the map on top.
    PairDone,
    /// All pairs of the map are done.
    MapDone,
}

/// The 32-bit hash under `phash2`.
pub(crate) fn portable_hash(term: &Term) -> u32 {
    let mut hash: u32 = 0;
    let mut steps = vec![Step::Hash(term.clone())];
    // Maps being hashed: the hash before the map, and its pairs so far.
    let mut maps: Vec<(u32, u32)> = Vec::new();
    while let Some(step) = steps.pop() {
        let term = match step {
            Step::Hash(term) => term,
            Step::PairDone => {
                if let Some((_, pairs)) = maps.last_mut() {
                    *pairs ^= hash;
                }
                hash = 0;
                continue;
            }
            Step::MapDone => {
                if let Some((before, pairs)) = maps.pop() {
                    hash = mix_one(pairs, salt(19), before);
                }
                continue;
            }
        };
        match &term {
            Term::Integer(n) => hash = integer_hash(*n, hash),
            Term::BigInteger(n) => {
                let (sign, digits) = n.to_u64_digits();
                let salt = if sign == num_bigint::Sign::Minus {
                    salt(10)
                } else {
                    salt(11)
                };
                for digit in digits {
                    hash = mix_two(digit as u32, (digit >> 32) as u32, salt, hash);
                }
            }
            Term::Float(f) => {
                // Both zeros hash alike.
                let bits = if *f == 0.0 { 0 } else { f.to_bits() };
                hash = mix_two((bits >> 32) as u32, bits as u32, salt(12), hash);
            }
            Term::Atom(a) => {
                hash = if hash == 0 {
                    atom_hash(*a)
                } else {
                    mix_one(atom_hash(*a), salt(3), hash)
                };
            }
            Term::Nil => {
                hash = if hash == 0 {
                    3_468_870_702
                } else {
                    mix_one(2, salt(2), hash)
                };
            }
            Term::Binary(bytes) => {
                let seed = salt(13).wrapping_add(hash);
                hash = if bytes.is_empty() {
                    seed
                } else {
                    block_hash(bytes, seed)
                };
            }
            Term::Bitstring(bits) => {
                let bytes = bits.bytes();
                let seed = salt(13).wrapping_add(hash);
                if let Some((last, whole)) = bytes.split_last() {
                    let extra = u32::from(bits.tail_bits());
                    hash = block_hash(whole, seed);
                    hash = mix_two(extra, u32::from(*last) >> (8 - extra), salt(15), hash);
                }
            }
            Term::List(_) => hash = list_hash(&term, hash, &mut steps),
            Term::Tuple(elements) => {
                hash = mix_one(elements.len() as u32, salt(9), hash);
                steps.extend(elements.iter().rev().cloned().map(Step::Hash));
            }
            Term::Map(map) => {
                hash = mix_one(map.len() as u32, salt(16), hash);
                if !map.is_empty() {
                    maps.push((hash, 0));
                    hash = 0;
                    steps.push(Step::MapDone);
                    for (key, value) in map.iter() {
                        steps.push(Step::PairDone);
                        steps.push(Step::Hash(value.clone()));
                        steps.push(Step::Hash(key.clone()));
                    }
                }
            }
            Term::Pid(pid) => hash = mix_one(pid.id(), salt(5), hash),
            Term::Port(port) => {
                let id = port.id();
                hash = mix_two((id >> 32) as u32, id as u32, salt(6), hash);
            }
            Term::Reference(reference) => {
                hash = mix_one(reference.ids().first().copied().unwrap_or(0), salt(7), hash);
            }
            Term::Fun(Fun::External {
                module,
                function,
                arity,
            }) => {
                hash = mix_two(u32::from(*arity), atom_hash(*module), RATIO, hash);
                hash = mix_one(atom_hash(*function), salt(14), hash);
            }
            Term::Fun(fun) => {
                hash = mix_two(u32::from(fun.arity()), atom_hash(fun.module()), RATIO, hash);
            }
        }
    }
    hash
}

/// Runs of bytes are taken four at a time; what follows them goes on the stack.
fn list_hash(list: &Term, mut hash: u32, steps: &mut Vec<Step>) -> u32 {
    let mut word: u32 = 0;
    let mut taken = 0;
    let mut rest = list;
    while let Term::List(cell) = rest {
        let Term::Integer(byte @ 0..=255) = cell.head() else {
            break;
        };
        word = (word << 8).wrapping_add(*byte as u32);
        if taken == 3 {
            hash = mix_one(word, salt(4), hash);
            word = 0;
            taken = 0;
        } else {
            taken += 1;
        }
        rest = cell.tail();
    }
    if taken > 0 {
        hash = mix_one(word, salt(4), hash);
    }
    if let Term::List(cell) = rest {
        steps.push(Step::Hash(cell.tail().clone()));
        steps.push(Step::Hash(cell.head().clone()));
    } else {
        steps.push(Step::Hash(rest.clone()));
    }
    hash
}
