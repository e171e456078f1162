//! `~f`, `~e` and `~g`: rounded from the first 21 digits, halves away from zero.

use crate::library::number;

/// Decimal digits and the place of the point: `0.DIGITS * 10^exponent`.
struct Digits {
    negative: bool,
    digits: Vec<u8>,
    exponent: i32,
}

impl Digits {
    fn of(value: f64) -> Digits {
        let text = number::scientific(value.abs(), 20);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = mantissa
            .bytes()
            .filter(u8::is_ascii_digit)
            .map(|b| b - b'0')
            .collect();
        Digits {
            negative: value.is_sign_negative(),
            digits,
            exponent: exponent.parse::<i32>().unwrap_or(0) + 1,
        }
    }

    /// `before` digits, the point and `after` digits; true when rounding carried over the front.
    fn rounded(&self, before: usize, after: usize) -> (String, bool) {
        let wanted = before + after;
        let mut kept: Vec<u8> = self
            .digits
            .iter()
            .copied()
            .chain(std::iter::repeat(0))
            .take(wanted)
            .collect();
        let mut carry = self.digits.get(wanted).is_some_and(|d| *d >= 5);
        for digit in kept.iter_mut().rev() {
            if !carry {
                break;
            }
            *digit += 1;
            carry = *digit == 10;
            if carry {
                *digit = 0;
            }
        }
        let mut text: String = kept.iter().map(|d| char::from(b'0' + d)).collect();
        text.insert(before, '.');
        (text, carry)
    }

    fn signed(&self, text: String) -> String {
        if self.negative {
            format!("-{text}")
        } else {
            text
        }
    }
}

/// `~.Pf`: `None` for precision 0.
pub(super) fn fixed(value: f64, precision: usize) -> Option<String> {
    if precision < 1 {
        return None;
    }
    let mut number = Digits::of(value);
    if number.exponent <= 0 {
        let zeros = usize::try_from(1 - number.exponent).unwrap_or(0);
        let mut digits = vec![0; zeros];
        digits.append(&mut number.digits);
        number.digits = digits;
        number.exponent = 1;
    }
    let (text, carried) = number.rounded(usize::try_from(number.exponent).unwrap_or(1), precision);
    Some(number.signed(if carried { format!("1{text}") } else { text }))
}

/// `~.Pe`: P digits in all, at least 2.
pub(super) fn exponential(value: f64, precision: usize) -> Option<String> {
    if precision < 2 {
        return None;
    }
    let number = Digits::of(value);
    let (text, carried) = number.rounded(1, precision - 1);
    let (text, exponent) = if carried {
        (format!("1{}", &text[1..]), number.exponent)
    } else {
        (text, number.exponent - 1)
    };
    let sign = if exponent < 0 { '-' } else { '+' };
    Some(number.signed(format!("{text}e{sign}{}", exponent.unsigned_abs())))
}

/// `~.Pg`: `~f` from 0.1 to 10000, else `~e`.
pub(super) fn general(value: f64, precision: usize) -> Option<String> {
    if precision < 1 {
        return None;
    }
    let magnitude = value.abs();
    let exponent: Option<i64> = match magnitude {
        m if m < 0.1 => Some(-2),
        m if m < 1.0 => Some(-1),
        m if m < 10.0 => Some(0),
        m if m < 100.0 => Some(1),
        m if m < 1000.0 => Some(2),
        m if m < 10000.0 => Some(3),
        _ => None,
    };
    let digits = i64::try_from(precision).unwrap_or(i64::MAX);
    match exponent {
        Some(e) if (precision <= 1 && e == -1) || (digits - 1 > e && e >= -1) => {
            fixed(value, usize::try_from(digits - 1 - e).ok()?)
        }
        _ if precision <= 1 => exponential(value, 2),
        _ => exponential(value, precision),
    }
}
