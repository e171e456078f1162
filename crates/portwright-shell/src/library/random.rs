//! `rand(3)`: OTP's default generator, so that a seed gives the numbers that it gives there.
//!
//! The generator is Xorshift116** by Sebastiano Vigna, as OTP has it under the name `exsss`: two
//! words of 58 bits. Other names of algorithms are taken and mean this one.

use portwright_term::{List, Term};

use super::argument::{Answer, atom, badarg, binary_term, count, function_clause, pure};
use crate::native::{Call, Native, NativeModule};

/// What this file registers.
pub(crate) const RAND: NativeModule = NativeModule::new(
    "rand",
    &[
        Native::new("uniform", 0, uniform),
        Native::new("uniform", 1, uniform_integer),
        Native::new("bytes", 1, random_bytes),
        Native::new("seed", 1, seed),
        Native::new("seed", 2, seed),
        Native::new("export_seed", 0, export_seed),
        pure!("seed_s", 1, seed_state),
        pure!("seed_s", 2, seed_state),
        pure!("uniform_s", 1, uniform_state),
        pure!("uniform_s", 2, uniform_integer_state),
        pure!("export_seed_s", 1, |args| Ok(args[0].clone())),
    ],
);

const MASK: u64 = (1 << 58) - 1;

/// Where the state of a process is kept: in its dictionary, as in OTP.
const KEY: &str = "rand_seed";

/// The state of the generator.
#[derive(Clone, Copy)]
struct State {
    first: u64,
    second: u64,
}

/// The next number of a sequence that seeds: SplitMix64, cut to 58 bits that are not all 0.
fn seeding(state: &mut u64) -> u64 {
    loop {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z = (z ^ (z >> 31)) & MASK;
        if z != 0 {
            return z;
        }
    }
}

impl State {
    fn from_number(number: u64) -> State {
        let mut state = number;
        let first = seeding(&mut state);
        let second = seeding(&mut state);
        State { first, second }
    }

    fn from_three(numbers: [u64; 3]) -> State {
        let mut state = numbers[0];
        seeding(&mut state);
        let mut state = numbers[1] ^ state;
        let first = seeding(&mut state);
        let mut state = numbers[2] ^ state;
        State {
            first,
            second: seeding(&mut state),
        }
    }

    /// A state that nobody can foresee.
    fn unforeseen() -> State {
        use std::hash::{BuildHasher, RandomState};
        let number = || RandomState::new().hash_one(std::time::Instant::now());
        State::from_three([number(), number(), number()])
    }

    /// The next 58 bits.
    fn next(&mut self) -> u64 {
        let State { first, second } = *self;
        let shifted = (first ^ (first << 24)) & MASK;
        let made = shifted ^ second ^ (shifted >> 11) ^ (second >> 41);
        *self = State {
            first: second,
            second: made,
        };
        let five = second.wrapping_mul(5) & MASK;
        let turned = ((five << 7) | (five >> 51)) & MASK;
        turned.wrapping_mul(9) & MASK
    }

    fn float(&mut self) -> Answer {
        // 53 bits make every float below 1 of that spacing equally likely.
        Term::float((self.next() >> 5) as f64 / (1_u64 << 53) as f64).ok_or_else(badarg)
    }

    /// An integer from 1 to `range`.
    fn integer(&mut self, range: u64) -> u64 {
        if range > MASK + 1 {
            let high = u128::from(self.next()) << 58 | u128::from(self.next());
            return (high % u128::from(range)) as u64 + 1;
        }
        loop {
            let value = self.next();
            let rest = value % range;
            // The last part of the numbers, shorter than the range, would favour its beginning.
            if value < range || value - rest <= MASK + 1 - range {
                return rest + 1;
            }
        }
    }

    fn term(self) -> Term {
        let words = List::cons(Term::from(self.first), Term::from(self.second));
        Term::tuple([atom("exsss"), words])
    }

    fn of(term: &Term) -> Option<State> {
        let [_, Term::List(words)] = term.as_tuple()? else {
            return None;
        };
        let word = |term: &Term| term.as_u64().map(|word| word & MASK);
        Some(State {
            first: word(words.head())?,
            second: word(words.tail())?,
        })
    }

    /// The state that the arguments of `seed/1,2` ask for.
    fn seeded(args: &[Term]) -> Option<State> {
        let low = |term: &Term| match term {
            Term::Integer(n) => Some(*n as u64),
            Term::BigInteger(n) => n.iter_u64_digits().next(),
            _ => None,
        };
        match args {
            [Term::Atom(_)] => Some(State::unforeseen()),
            [exported] => State::of(exported),
            [Term::Atom(_), seed] => match seed.as_tuple() {
                Some([a, b, c]) => Some(State::from_three([low(a)?, low(b)?, low(c)?])),
                Some(_) => None,
                None => low(seed).map(State::from_number),
            },
            _ => None,
        }
    }
}

/// Calls with the state of the process, which goes on from there.
fn with_state<T>(call: &mut Call, run: impl FnOnce(&mut State) -> T) -> T {
    let kept = call.dictionary().get(&atom(KEY)).and_then(State::of);
    let mut state = kept.unwrap_or_else(State::unforeseen);
    let value = run(&mut state);
    call.dictionary().insert(atom(KEY), state.term());
    value
}

fn range(term: &Term) -> Result<u64, crate::exception::Exception> {
    super::number::unsigned(term)
        .filter(|n| *n > 0)
        .ok_or_else(function_clause)
}

fn uniform(call: &mut Call, _: &[Term]) -> Answer {
    with_state(call, State::float)
}

fn uniform_integer(call: &mut Call, args: &[Term]) -> Answer {
    let range = range(&args[0])?;
    Ok(Term::from(with_state(call, |state| state.integer(range))))
}

fn uniform_state(args: &[Term]) -> Answer {
    let mut state = State::of(&args[0]).ok_or_else(function_clause)?;
    Ok(Term::tuple([state.float()?, state.term()]))
}

fn uniform_integer_state(args: &[Term]) -> Answer {
    let range = range(&args[0])?;
    let mut state = State::of(&args[1]).ok_or_else(function_clause)?;
    let value = state.integer(range);
    Ok(Term::tuple([Term::from(value), state.term()]))
}

/// Most random bytes at once.
const MAX_BYTES: usize = 1 << 30;

fn random_bytes(call: &mut Call, args: &[Term]) -> Answer {
    let n = count(&args[0])
        .filter(|n| *n <= MAX_BYTES)
        .ok_or_else(function_clause)?;
    with_state(call, |state| {
        let mut bytes = Vec::with_capacity(n + 8);
        while bytes.len() < n {
            // The 56 upper bits, the lowest byte first.
            bytes.extend_from_slice(&(state.next() >> 2).to_le_bytes()[..7]);
        }
        bytes.truncate(n);
        Ok(binary_term(bytes))
    })
}

fn seed_state(args: &[Term]) -> Answer {
    State::seeded(args)
        .map(State::term)
        .ok_or_else(function_clause)
}

fn seed(call: &mut Call, args: &[Term]) -> Answer {
    let state = State::seeded(args).ok_or_else(function_clause)?.term();
    call.dictionary().insert(atom(KEY), state.clone());
    Ok(state)
}

fn export_seed(call: &mut Call, _: &[Term]) -> Answer {
    let kept = call.dictionary().get(&atom(KEY)).cloned();
    Ok(kept.unwrap_or_else(|| atom("undefined")))
}
