//! Atoms: texts interned once per process, compared by a number.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering as MemoryOrder};
use std::sync::{LazyLock, OnceLock, RwLock};

pub mod atoms;

use atoms::WELL_KNOWN;

/// An interned text, as Erlang's atoms are.
///
/// Four bytes, `Copy`, equal when the texts are equal. Atoms are never freed.
/// The derived equality is structural, so the constants in
/// [`atoms`](crate::atoms) work as patterns in a `match`. [`Ord`] compares the
/// texts, as Erlang does.
///
/// # Examples
///
/// ```
/// use portwright_term::{Atom, atoms};
///
/// let ok = Atom::new("ok").unwrap();
/// assert_eq!(ok, atoms::OK);
/// assert!(matches!(ok, atoms::OK));
/// assert_eq!(ok.as_str(), "ok");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Atom(u32);

/// Why a text cannot become an atom.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AtomError {
    /// The text has more than [`Atom::MAX_CHARS`] characters.
    #[error("an atom has at most {max} characters, this text has {chars}", max = Atom::MAX_CHARS)]
    TooLong {
        /// Characters in the text.
        chars: usize,
    },
    /// The process has used up its [`Atom::MAX_COUNT`] atoms.
    #[error("the atom table is full ({limit} atoms); do not make atoms from outside input")]
    TableFull {
        /// How many atoms the table holds.
        limit: usize,
    },
}

const CHUNK: usize = 4096;
const CHUNKS: usize = Atom::MAX_COUNT / CHUNK;

type Chunk = Box<[OnceLock<&'static str>]>;

/// Texts by number, beyond the well-known ones. Read without a lock.
static TEXTS: [OnceLock<Chunk>; CHUNKS] = [const { OnceLock::new() }; CHUNKS];

/// Numbers by text. Its length is the number of atoms in existence.
static NUMBERS: LazyLock<RwLock<HashMap<&'static str, u32>>> = LazyLock::new(|| {
    RwLock::new(
        WELL_KNOWN
            .iter()
            .enumerate()
            .map(|(number, text)| (*text, number as u32))
            .collect(),
    )
});

/// Numbers of recently looked up atoms, each in the slot of its text's hash.
/// A hit needs no lock and no strong hash; a collision only costs the look-up
/// in [`NUMBERS`], so nobody gains by causing one.
static RECENT: [AtomicU32; 1024] = [const { AtomicU32::new(0) }; 1024];

fn text_of(number: usize) -> Option<&'static str> {
    if let Some(text) = WELL_KNOWN.get(number) {
        return Some(text);
    }
    let chunk = TEXTS.get(number / CHUNK)?.get()?;
    chunk[number % CHUNK].get().copied()
}

/// The slot of a text in [`RECENT`].
fn slot_of(text: &[u8]) -> &'static AtomicU32 {
    let mix =
        |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (words, rest) = text.as_chunks();
    let hash = words.iter().fold(text.len() as u64, |hash, word| {
        mix(hash, u64::from_le_bytes(*word))
    });
    let rest = rest
        .iter()
        .fold(0, |rest, byte| rest << 8 | u64::from(*byte));
    // The upper bits depend on all of the text.
    &RECENT[(mix(hash, rest) >> 32) as usize % RECENT.len()]
}

impl Atom {
    /// Characters (code points) that the text of an atom may have.
    pub const MAX_CHARS: usize = 255;
    /// Atoms that one process may have, the default of OTP.
    pub const MAX_COUNT: usize = 1_048_576;

    /// The number of a well-known atom; only for the table in `atoms.rs`.
    const fn well_known(number: u32) -> Atom {
        Atom(number)
    }

    /// The atom with this text, made if it does not exist yet.
    ///
    /// # Errors
    ///
    /// [`AtomError::TooLong`] above 255 characters, [`AtomError::TableFull`]
    /// when the process has 1,048,576 atoms already.
    pub fn new(text: &str) -> Result<Atom, AtomError> {
        if let Some(atom) = Atom::existing(text) {
            return Ok(atom);
        }
        // Bytes bound characters from above, so most texts need no count.
        if text.len() > Atom::MAX_CHARS {
            let chars = text.chars().count();
            if chars > Atom::MAX_CHARS {
                return Err(AtomError::TooLong { chars });
            }
        }
        let mut numbers = NUMBERS
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(&number) = numbers.get(text) {
            return Ok(Atom(number));
        }
        let number = numbers.len();
        if number >= Atom::MAX_COUNT {
            return Err(AtomError::TableFull {
                limit: Atom::MAX_COUNT,
            });
        }
        let text: &'static str = Box::leak(text.into());
        let chunk =
            TEXTS[number / CHUNK].get_or_init(|| (0..CHUNK).map(|_| OnceLock::new()).collect());
        // The slot is empty: numbers are given out once, under the write lock.
        let _ = chunk[number % CHUNK].set(text);
        numbers.insert(text, number as u32);
        Ok(Atom(number as u32))
    }

    /// The atom of a text written in the program itself.
    ///
    /// # Panics
    ///
    /// When the text is longer than 255 characters or the atom table is full.
    /// For texts that come from outside use [`Atom::new`].
    #[track_caller]
    pub fn literal(text: &'static str) -> Atom {
        match Atom::new(text) {
            Ok(atom) => atom,
            Err(error) => panic!("bad atom literal: {error}"),
        }
    }

    /// The atom with this text if some part of the process has made it before,
    /// as `binary_to_existing_atom/1`.
    pub fn existing(text: &str) -> Option<Atom> {
        if let Some(atom) = Atom::recent(text.as_bytes()) {
            return Some(atom);
        }
        let numbers = NUMBERS
            .read()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let number = numbers.get(text).copied()?;
        slot_of(text.as_bytes()).store(number, MemoryOrder::Release);
        Some(Atom(number))
    }

    /// The atom with this text in UTF-8, if it was looked up lately. What is no UTF-8 is the
    /// text of no atom.
    #[inline]
    pub(crate) fn recent(text: &[u8]) -> Option<Atom> {
        // Acquire: the text of a number read here has been stored before it.
        let atom = Atom(slot_of(text).load(MemoryOrder::Acquire));
        (atom.as_str().as_bytes() == text).then_some(atom)
    }

    /// The atom with this [`index`](Self::index), if this process has one. Takes no lock.
    pub fn from_index(index: u32) -> Option<Atom> {
        text_of(index as usize).map(|_| Atom(index))
    }

    /// The text of the atom.
    pub fn as_str(self) -> &'static str {
        text_of(self.0 as usize).expect("a number is handed out after its text is stored")
    }

    /// The number of the atom in this process. It means nothing elsewhere.
    pub const fn index(self) -> u32 {
        self.0
    }

    /// `true` or `false` as the atom of that name.
    pub const fn boolean(value: bool) -> Atom {
        if value { atoms::TRUE } else { atoms::FALSE }
    }
}

impl PartialOrd for Atom {
    fn partial_cmp(&self, other: &Atom) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Atom {
    fn cmp(&self, other: &Atom) -> Ordering {
        if self == other {
            Ordering::Equal
        } else {
            self.as_str().cmp(other.as_str())
        }
    }
}

/// The bare text, without quotes.
impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Quoted where Erlang quotes it.
impl fmt::Debug for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&crate::Term::Atom(*self), f)
    }
}

impl From<bool> for Atom {
    fn from(value: bool) -> Atom {
        Atom::boolean(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_texts_are_distinct_and_found() {
        for (number, text) in WELL_KNOWN.iter().enumerate() {
            assert_eq!(
                Atom::existing(text),
                Some(Atom(number as u32)),
                "{text} is listed twice"
            );
            assert_eq!(Atom(number as u32).as_str(), *text);
        }
    }

    #[test]
    fn same_text_is_the_same_atom_from_every_thread() {
        let made: Vec<Vec<Atom>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        (0..10_000)
                            .map(|n| Atom::new(&format!("same_text_{n}")).unwrap())
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert!(made.windows(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(made[0][9_999].as_str(), "same_text_9999");
    }

    #[test]
    fn characters_count_not_bytes() {
        assert!(Atom::new(&"é".repeat(255)).is_ok());
        assert_eq!(
            Atom::new(&"é".repeat(256)),
            Err(AtomError::TooLong { chars: 256 })
        );
    }

    #[test]
    fn order_is_that_of_the_texts() {
        assert!(atoms::FALSE < atoms::TRUE);
        assert!(Atom::literal("zz") > Atom::literal("aa"));
    }
}
