//! Numbers and their texts: `integer_to_list/2`, `float_to_list/2`, `list_to_float/1` and kin.

use num_bigint::BigInt;
use num_traits::{Num, ToPrimitive};
use portwright_term::Term;

use super::argument::{
    Answer, badarg, badarith, binary, binary_term, byte_list, count, elements, float, is_atom, pure,
};
use crate::exception::Exception;
use crate::native::NativeModule;

/// What this file registers.
pub(crate) const NUMBERS: NativeModule = NativeModule::new(
    "erlang",
    &[
        pure!("integer_to_list", 1, integer_to_list),
        pure!("integer_to_list", 2, integer_to_list),
        pure!("integer_to_binary", 1, integer_to_binary),
        pure!("integer_to_binary", 2, integer_to_binary),
        pure!("list_to_integer", 1, list_to_integer),
        pure!("list_to_integer", 2, list_to_integer),
        pure!("binary_to_integer", 1, binary_to_integer),
        pure!("binary_to_integer", 2, binary_to_integer),
        pure!("float_to_list", 1, float_to_list),
        pure!("float_to_list", 2, float_to_list),
        pure!("float_to_binary", 1, float_to_binary),
        pure!("float_to_binary", 2, float_to_binary),
        pure!("list_to_float", 1, list_to_float),
        pure!("binary_to_float", 1, binary_to_float),
        pure!("max", 2, max),
        pure!("min", 2, min),
    ],
);

/// An integer of any size.
pub(crate) fn big(term: &Term) -> Option<BigInt> {
    match term {
        Term::Integer(n) => Some(BigInt::from(*n)),
        Term::BigInteger(n) => Some((**n).clone()),
        _ => None,
    }
}

/// `A + B`, as the operator.
pub(crate) fn add(a: &Term, b: &Term) -> Answer {
    match (a, b) {
        (Term::Integer(x), Term::Integer(y)) => Ok(Term::from(i128::from(*x) + i128::from(*y))),
        (Term::Float(_), _) | (_, Term::Float(_)) => {
            let x = float(a).ok_or_else(badarith)?;
            let y = float(b).ok_or_else(badarith)?;
            Term::float(x + y).ok_or_else(badarith)
        }
        _ => {
            let x = big(a).ok_or_else(badarith)?;
            let y = big(b).ok_or_else(badarith)?;
            Ok(Term::from(x + y))
        }
    }
}

/// The base argument, 2 to 36; 10 when there is none.
fn base(args: &[Term]) -> Result<u32, Exception> {
    match args.get(1) {
        None => Ok(10),
        Some(Term::Integer(n @ 2..=36)) => Ok(*n as u32),
        Some(_) => Err(badarg()),
    }
}

/// The digits of an integer in a base, letters in upper case.
pub(crate) fn digits(term: &Term, base: u32) -> Option<String> {
    match term {
        Term::Integer(n) if base == 10 => Some(n.to_string()),
        _ => Some(big(term)?.to_str_radix(base).to_uppercase()),
    }
}

fn integer_text(args: &[Term]) -> Result<String, Exception> {
    let base = base(args)?;
    digits(&args[0], base).ok_or_else(badarg)
}

fn integer_to_list(args: &[Term]) -> Answer {
    Ok(Term::string(&integer_text(args)?))
}

fn integer_to_binary(args: &[Term]) -> Answer {
    Ok(binary_term(integer_text(args)?))
}

/// Reads an optional sign and digits of a base.
pub(crate) fn parse_integer(text: &[u8], base: u32) -> Option<Term> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(|b| char::from(*b).is_digit(base)) {
        return None;
    }
    let digits = std::str::from_utf8(digits).ok()?;
    let value = match i64::from_str_radix(digits, base) {
        Ok(small) => BigInt::from(small),
        Err(_) => BigInt::from_str_radix(digits, base).ok()?,
    };
    Some(Term::from(if negative { -value } else { value }))
}

fn list_to_integer(args: &[Term]) -> Answer {
    let base = base(args)?;
    let text = byte_list(&args[0]).ok_or_else(badarg)?;
    parse_integer(&text, base).ok_or_else(badarg)
}

fn binary_to_integer(args: &[Term]) -> Answer {
    let base = base(args)?;
    let text = binary(&args[0]).ok_or_else(badarg)?;
    parse_integer(text, base).ok_or_else(badarg)
}

/// Reads `[+-]D.D[e[+-]D]`, the only form that OTP takes.
pub(crate) fn parse_float(text: &[u8]) -> Option<f64> {
    let unsigned = text
        .strip_prefix(b"-")
        .or_else(|| text.strip_prefix(b"+"))
        .unwrap_or(text);
    let whole = unsigned.iter().take_while(|b| b.is_ascii_digit()).count();
    let rest = unsigned[whole..].strip_prefix(b".")?;
    let fraction = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if whole == 0 || fraction == 0 {
        return None;
    }
    match &rest[fraction..] {
        [] => {}
        [b'e' | b'E', exponent @ ..] => {
            let digits = exponent
                .strip_prefix(b"-")
                .or_else(|| exponent.strip_prefix(b"+"))
                .unwrap_or(exponent);
            if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
                return None;
            }
        }
        _ => return None,
    }
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    value.is_finite().then_some(value)
}

fn list_to_float(args: &[Term]) -> Answer {
    let text = byte_list(&args[0]).ok_or_else(badarg)?;
    parse_float(&text).and_then(Term::float).ok_or_else(badarg)
}

fn binary_to_float(args: &[Term]) -> Answer {
    let text = binary(&args[0]).ok_or_else(badarg)?;
    parse_float(text).and_then(Term::float).ok_or_else(badarg)
}

/// C's `%.{digits}e`.
pub(crate) fn scientific(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

/// OTP's buffer for numbers with decimals has room for this many characters.
const MAX_DECIMALS_TEXT: usize = 255;

/// `digits` decimals, halves away from zero, as OTP's own conversion rounds.
pub(crate) fn decimals(value: f64, digits: usize) -> String {
    // More digits than a double has: exact ones, as printf prints them.
    if digits > 17 || value.abs() >= 9_007_199_254_740_992.0 {
        return format!("{value:.digits$}");
    }
    // 1074 decimals are enough for every double to be exact; what is cut is decided by the first digit cut.
    let exact = format!("{:.1074}", value.abs());
    let point = exact.find('.').unwrap_or(exact.len());
    let kept: String = exact
        .chars()
        .filter(|c| *c != '.')
        .take(point + digits)
        .collect();
    let next = exact
        .as_bytes()
        .get(point + 1 + digits)
        .copied()
        .unwrap_or(b'0');
    let mut kept: BigInt = kept.parse().unwrap_or_default();
    if next >= b'5' {
        kept += 1;
    }
    let mut text = kept.to_string();
    while text.len() <= digits {
        text.insert(0, '0');
    }
    if digits > 0 {
        text.insert(text.len() - digits, '.');
    }
    if value.is_sign_negative() {
        format!("-{text}")
    } else {
        text
    }
}

/// Takes trailing zeros of the decimals away, all but one.
fn compact(text: &str) -> String {
    if !text.contains('.') {
        return text.to_string();
    }
    let trimmed = text.trim_end_matches('0');
    if trimmed.ends_with('.') {
        format!("{trimmed}0")
    } else {
        trimmed.to_string()
    }
}

/// The text of `float_to_list/1,2`.
fn float_text(args: &[Term]) -> Result<String, Exception> {
    enum Form {
        Scientific(usize),
        Decimals(usize),
        Short,
    }
    let Term::Float(value) = args[0] else {
        return Err(badarg());
    };
    let mut form = Form::Scientific(20);
    let mut is_compact = false;
    if let Some(options) = args.get(1) {
        for option in elements(options).ok_or_else(badarg)? {
            if is_atom(&option, "compact") {
                is_compact = true;
            } else if is_atom(&option, "short") {
                form = Form::Short;
            } else {
                let Some([name, digits]) = option.as_tuple() else {
                    return Err(badarg());
                };
                let digits = count(digits).ok_or_else(badarg)?;
                match name.as_atom().map(|a| a.as_str()) {
                    Some("decimals") if digits <= 253 => form = Form::Decimals(digits),
                    Some("scientific") if digits <= 249 => form = Form::Scientific(digits),
                    _ => return Err(badarg()),
                }
            }
        }
    }
    Ok(match form {
        Form::Scientific(digits) => scientific(value, digits),
        Form::Decimals(digits) => {
            let text = decimals(value, digits);
            if text.len() > MAX_DECIMALS_TEXT {
                return Err(badarg());
            }
            if is_compact { compact(&text) } else { text }
        }
        Form::Short => args[0].to_string(),
    })
}

fn float_to_list(args: &[Term]) -> Answer {
    Ok(Term::string(&float_text(args)?))
}

fn float_to_binary(args: &[Term]) -> Answer {
    Ok(binary_term(float_text(args)?))
}

fn max(args: &[Term]) -> Answer {
    Ok(if args[0].erl_cmp(&args[1]).is_lt() {
        args[1].clone()
    } else {
        args[0].clone()
    })
}

fn min(args: &[Term]) -> Answer {
    Ok(if args[0].erl_cmp(&args[1]).is_gt() {
        args[1].clone()
    } else {
        args[0].clone()
    })
}

/// An integer argument that fits 64 bits without a sign.
pub(crate) fn unsigned(term: &Term) -> Option<u64> {
    match term {
        Term::Integer(n) => u64::try_from(*n).ok(),
        Term::BigInteger(n) => n.to_u64(),
        _ => None,
    }
}
