//! Operators over terms.

use std::cmp::Ordering;
use std::ops::{BitAnd, BitOr, BitXor};

use num_traits::{Signed, ToPrimitive, Zero};
use portwright_term::{BigInt, Term};

use crate::exception::Exception;
use crate::parse::ast::{BinaryOp, UnaryOp};

type Value = Result<Term, Exception>;

/// Bits of the largest integer OTP holds; more is `system_limit`.
const MAX_BITS: u64 = 524_287 * 64;

/// Applies a prefix operator.
pub(crate) fn unary(op: UnaryOp, value: &Term) -> Value {
    match (op, value) {
        (UnaryOp::Minus, Term::Integer(value)) => Ok(match value.checked_neg() {
            Some(value) => Term::Integer(value),
            None => Term::from(-BigInt::from(*value)),
        }),
        (UnaryOp::Minus, Term::BigInteger(value)) => Ok(Term::from(-&**value)),
        (UnaryOp::Minus, Term::Float(value)) => Ok(Term::Float(-value)),
        (UnaryOp::Plus, Term::Integer(_) | Term::BigInteger(_) | Term::Float(_)) => {
            Ok(value.clone())
        }
        (UnaryOp::Minus | UnaryOp::Plus, _) => Err(Exception::badarith()),
        (UnaryOp::Not, _) => match value.as_bool() {
            Some(value) => Ok(Term::boolean(!value)),
            None => Err(Exception::badarg()),
        },
        (UnaryOp::BitNot, Term::Integer(value)) => Ok(Term::Integer(!value)),
        (UnaryOp::BitNot, Term::BigInteger(value)) => Ok(Term::from(-&**value - 1)),
        (UnaryOp::BitNot, _) => Err(Exception::badarith()),
    }
}

/// Applies a binary operator other than `!`.
pub(crate) fn binary(op: BinaryOp, left: &Term, right: &Term) -> Value {
    use BinaryOp::*;
    match op {
        Add | Subtract | Multiply => numeric(op, left, right),
        Divide => {
            let (a, b) = (as_float(left)?, as_float(right)?);
            if b == 0.0 {
                Err(Exception::badarith())
            } else {
                float(a / b)
            }
        }
        IntDivide | Remainder | BitAnd | BitOr | BitXor => integer(op, left, right),
        ShiftLeft => shift(left, right, false),
        ShiftRight => shift(left, right, true),
        And | Or | Xor => match (left.as_bool(), right.as_bool()) {
            (Some(a), Some(b)) => Ok(Term::boolean(match op {
                And => a && b,
                Or => a || b,
                _ => a != b,
            })),
            _ => Err(Exception::badarg()),
        },
        Append => append(left, right),
        SubtractList => subtract(left, right),
        Equal => Ok(Term::boolean(left.erl_eq(right))),
        NotEqual => Ok(Term::boolean(!left.erl_eq(right))),
        ExactEqual => Ok(Term::boolean(left == right)),
        ExactNotEqual => Ok(Term::boolean(left != right)),
        Less => Ok(Term::boolean(left.erl_cmp(right) == Ordering::Less)),
        LessOrEqual => Ok(Term::boolean(left.erl_cmp(right) != Ordering::Greater)),
        Greater => Ok(Term::boolean(left.erl_cmp(right) == Ordering::Greater)),
        GreaterOrEqual => Ok(Term::boolean(left.erl_cmp(right) != Ordering::Less)),
        // Sending is a call of `erlang:send/2`.
        Send => Err(Exception::badarg()),
    }
}

fn float(value: f64) -> Value {
    Term::float(value).ok_or_else(Exception::badarith)
}

/// The float of a number; an integer too big for one is `badarith`.
pub(crate) fn as_float(value: &Term) -> Result<f64, Exception> {
    match value {
        Term::Float(value) => Ok(*value),
        #[allow(clippy::cast_precision_loss)]
        Term::Integer(value) => Ok(*value as f64),
        Term::BigInteger(value) => value
            .to_f64()
            .filter(|value| value.is_finite())
            .ok_or_else(Exception::badarith),
        _ => Err(Exception::badarith()),
    }
}

fn big(value: &Term) -> Option<BigInt> {
    match value {
        Term::Integer(value) => Some(BigInt::from(*value)),
        Term::BigInteger(value) => Some((**value).clone()),
        _ => None,
    }
}

fn from_big(value: BigInt) -> Value {
    if value.bits() > MAX_BITS {
        Err(Exception::system_limit())
    } else {
        Ok(Term::from(value))
    }
}

fn numeric(op: BinaryOp, left: &Term, right: &Term) -> Value {
    if let (Term::Integer(a), Term::Integer(b)) = (left, right) {
        let small = match op {
            BinaryOp::Add => a.checked_add(*b),
            BinaryOp::Subtract => a.checked_sub(*b),
            _ => a.checked_mul(*b),
        };
        if let Some(value) = small {
            return Ok(Term::Integer(value));
        }
    }
    if !left.is_number() || !right.is_number() {
        return Err(Exception::badarith());
    }
    if let (Some(a), Some(b)) = (big(left), big(right)) {
        return match op {
            BinaryOp::Add => from_big(a + b),
            BinaryOp::Subtract => from_big(a - b),
            _ if a.bits().saturating_add(b.bits()) > MAX_BITS + 1 => Err(Exception::system_limit()),
            _ => from_big(a * b),
        };
    }
    let (a, b) = (as_float(left)?, as_float(right)?);
    float(match op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        _ => a * b,
    })
}

fn integer(op: BinaryOp, left: &Term, right: &Term) -> Value {
    if let (Term::Integer(a), Term::Integer(b)) = (left, right) {
        let small = match op {
            BinaryOp::IntDivide => a.checked_div(*b),
            BinaryOp::Remainder if *b == -1 => Some(0),
            BinaryOp::Remainder => a.checked_rem(*b),
            BinaryOp::BitAnd => Some(a & b),
            BinaryOp::BitOr => Some(a | b),
            _ => Some(a ^ b),
        };
        if let Some(value) = small {
            return Ok(Term::Integer(value));
        }
    }
    let (Some(a), Some(b)) = (big(left), big(right)) else {
        return Err(Exception::badarith());
    };
    match op {
        BinaryOp::IntDivide | BinaryOp::Remainder if b.is_zero() => Err(Exception::badarith()),
        BinaryOp::IntDivide => Ok(Term::from(a / b)),
        BinaryOp::Remainder => Ok(Term::from(a % b)),
        BinaryOp::BitAnd => Ok(Term::from(a.bitand(b))),
        BinaryOp::BitOr => Ok(Term::from(a.bitor(b))),
        _ => Ok(Term::from(a.bitxor(b))),
    }
}

fn shift(left: &Term, right: &Term, to_right: bool) -> Value {
    let (Some(value), Some(count)) = (big(left), big(right)) else {
        return Err(Exception::badarith());
    };
    let to_right = to_right != count.is_negative();
    let count = count.abs();
    if let (Term::Integer(value), true) = (left, to_right) {
        let count = count.to_u32().unwrap_or(u32::MAX).min(63);
        return Ok(Term::Integer(value >> count));
    }
    if to_right {
        return Ok(match count.to_u64() {
            Some(count) if count <= value.bits() => Term::from(value >> count),
            _ => Term::Integer(if value.is_negative() { -1 } else { 0 }),
        });
    }
    if value.is_zero() {
        return Ok(Term::Integer(0));
    }
    match count.to_u64() {
        Some(count) if count.saturating_add(value.bits()) <= MAX_BITS => {
            Ok(Term::from(value << count))
        }
        _ => Err(Exception::system_limit()),
    }
}

fn append(left: &Term, right: &Term) -> Value {
    match left {
        Term::Nil => Ok(right.clone()),
        _ => match left.to_vec() {
            Some(items) => Ok(Term::improper_list(items, right.clone())),
            None => Err(Exception::badarg()),
        },
    }
}

/// `--` in the time of a sort: each element of `right` takes the first equal
/// one of `left` away.
fn subtract(left: &Term, right: &Term) -> Value {
    let (Some(left), Some(right)) = (left.to_vec(), right.to_vec()) else {
        return Err(Exception::badarg());
    };
    let mut counts: std::collections::HashMap<Term, usize> = std::collections::HashMap::new();
    for item in right {
        *counts.entry(item).or_default() += 1;
    }
    Ok(Term::list(left.into_iter().filter(
        |item| match counts.get_mut(item) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        },
    )))
}
