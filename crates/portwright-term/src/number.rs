//! Comparing integers and floats without losing digits; the limits of integers.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_traits::{FromPrimitive, Signed};

use crate::Term;

/// Bits of the largest integer that OTP holds (524,287 words of 64 bits).
///
/// Text and external format with longer ones are refused; evaluators raise
/// `system_limit` there.
///
/// # Source
///
/// Measured on OTP 25: `1 bsl 33554367` works, `1 bsl 33554368` is `system_limit`.
pub const MAX_INTEGER_BITS: u64 = 524_287 * 64;

/// The integer that `digits` means in `base` (2 to 36). `None` when there are
/// none or far too many, or one is not a digit.
pub(crate) fn from_digits(digits: &str, base: u32) -> Option<BigInt> {
    let significant = digits.trim_start_matches('0');
    // Of "000" one digit has to stay; of "" there is none.
    let digits = if significant.is_empty() {
        digits.get(..1)?
    } else {
        significant
    };
    // The first digit is no zero, so this many bits are certain.
    let least_bits = (digits.len() - 1) as f64 * f64::from(base).log2();
    if least_bits > MAX_INTEGER_BITS as f64 || !digits.chars().all(|c| c.is_digit(base)) {
        return None;
    }
    halves(digits.as_bytes(), base)
}

/// Divides and conquers: the straight way takes quadratic time.
fn halves(digits: &[u8], base: u32) -> Option<BigInt> {
    if digits.len() <= 2000 {
        return BigInt::parse_bytes(digits, base);
    }
    let (high, low) = digits.split_at(digits.len() / 2);
    let scale = BigInt::from(base).pow(u32::try_from(low.len()).ok()?);
    Some(halves(high, base)? * scale + halves(low, base)?)
}

/// The number with the other sign. Terms that are no numbers stay as they are.
pub(crate) fn negated(value: Term) -> Term {
    match value {
        // The smallest small integer has no small counterpart.
        Term::Integer(value) => Term::from(-i128::from(value)),
        Term::BigInteger(value) => Term::from(-BigInt::clone(&value)),
        Term::Float(value) => Term::Float(-value),
        other => other,
    }
}

/// 2^63, the first float above every `i64`.
const I64_END: f64 = 9_223_372_036_854_775_808.0;

/// Compares an integer with a float by value, exactly.
pub(crate) fn small_with_float(integer: i64, float: f64) -> Ordering {
    if float >= I64_END {
        Ordering::Less
    } else if float < -I64_END {
        Ordering::Greater
    } else {
        let whole = float.trunc();
        integer
            .cmp(&(whole as i64))
            .then_with(|| floats(0.0, float - whole))
    }
}

/// Compares a big integer, one beyond `i64`, with a float by value, exactly.
pub(crate) fn big_with_float(integer: &BigInt, float: f64) -> Ordering {
    // Beyond `i64` a float has no fraction; within it the sign decides.
    if float.abs() < I64_END {
        return if integer.is_negative() {
            Ordering::Less
        } else {
            Ordering::Greater
        };
    }
    match BigInt::from_f64(float) {
        Some(whole) => integer.cmp(&whole),
        // Not finite, which no term is; sorted to the outside.
        None => floats(0.0, float),
    }
}

/// Compares two floats; the two zeros are equal.
pub(crate) fn floats(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.total_cmp(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixed_comparison_is_exact() {
        let two_53 = 9_007_199_254_740_992i64;
        assert_eq!(small_with_float(two_53, two_53 as f64), Ordering::Equal);
        assert_eq!(
            small_with_float(two_53 + 1, two_53 as f64),
            Ordering::Greater
        );
        assert_eq!(small_with_float(1, 1.5), Ordering::Less);
        assert_eq!(small_with_float(-1, -1.5), Ordering::Greater);
        assert_eq!(small_with_float(0, -0.0), Ordering::Equal);
        assert_eq!(small_with_float(i64::MAX, I64_END), Ordering::Less);
        assert_eq!(small_with_float(i64::MIN, -I64_END), Ordering::Equal);
        let big = BigInt::from(10u8).pow(30);
        assert_eq!(big_with_float(&big, 1e30), Ordering::Less);
        assert_eq!(big_with_float(&-big, 0.5), Ordering::Less);
    }
}
