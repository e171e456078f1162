//! Floats in the fewest digits that read back the same.

use std::fmt;

/// From here on every float is whole, and OTP always writes an exponent.
const TWO_53: f64 = 9_007_199_254_740_992.0;

/// Writes a float as `float_to_list(F, [short])` of OTP 25 does: with or
/// without exponent, whichever is shorter; without when both are equally long.
pub(super) fn write(out: &mut dyn fmt::Write, value: f64) -> fmt::Result {
    // The standard library finds the shortest digits, as `d.ddde-n`.
    let scientific = format!("{:e}", value.abs());
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (first, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let digits = format!("{first}{fraction}");
    let count = digits.len() as i32;

    if value.is_sign_negative() {
        out.write_char('-')?;
    }
    let exponent_len = 1 + exponent.to_string().len() as i32;
    let scientific_len = 2 + (count - 1).max(1) + exponent_len;
    let plain_len = if exponent < 0 {
        2 + (-exponent - 1) + count
    } else if count > exponent + 1 {
        count + 1
    } else {
        exponent + 3
    };
    if value.abs() >= TWO_53 || scientific_len < plain_len {
        let fraction = if fraction.is_empty() { "0" } else { fraction };
        return write!(out, "{first}.{fraction}e{exponent}");
    }
    if exponent < 0 {
        return write!(
            out,
            "0.{:0>width$}{digits}",
            "",
            width = (-exponent - 1) as usize
        );
    }
    let whole = (exponent + 1) as usize;
    if digits.len() > whole {
        write!(out, "{}.{}", &digits[..whole], &digits[whole..])
    } else {
        write!(out, "{digits:0<whole$}.0")
    }
}

#[cfg(test)]
mod tests {
    // All rows measured on OTP 25.
    #[test]
    fn matches_otp() {
        for (value, expect) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (100.0, "100.0"),
            (1000.0, "1.0e3"),
            (123456.0, "123456.0"),
            (1.2e5, "1.2e5"),
            (1234567.125, "1234567.125"),
            (0.1, "0.1"),
            (0.0001, "0.0001"),
            (1.2e-4, "1.2e-4"),
            (0.0012345, "0.0012345"),
            (9007199254740991.0, "9007199254740991.0"),
            (9007199254740992.0, "9.007199254740992e15"),
            (1e22, "1.0e22"),
            (5e-324, "5.0e-324"),
            (f64::MAX, "1.7976931348623157e308"),
            (-1.5, "-1.5"),
        ] {
            let mut text = String::new();
            super::write(&mut text, value).unwrap();
            assert_eq!(text, expect);
        }
    }
}
