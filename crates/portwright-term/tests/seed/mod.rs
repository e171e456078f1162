//! Numbers from a seed.

/// A small generator of numbers (xorshift*), so that corpora are repeatable.
pub(crate) struct Random(u64);

/// What `PORTWRIGHT_SEED` says, to walk through other corpora; 0 without it.
pub(crate) fn shift() -> u64 {
    let shift = std::env::var("PORTWRIGHT_SEED").ok();
    shift.map_or(0, |shift| {
        shift.parse().expect("PORTWRIGHT_SEED is a number")
    })
}

impl Random {
    /// Numbers for this seed, shifted by what [`shift`] says.
    pub(crate) fn new(seed: u64) -> Random {
        let seed = seed.wrapping_add(shift());
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() >> 11) as usize % end
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}
