//! `math(3)`: floats in, floats out.

use portwright_term::Term;

use super::argument::{Answer, badarg, badarith, float, pure};
use crate::exception::Exception;
use crate::native::NativeModule;

/// What this file registers.
pub(crate) const MATH: NativeModule = NativeModule::new(
    "math",
    &[
        pure!("pi", 0, |_| answer(std::f64::consts::PI)),
        pure!("sin", 1, |args| one(args, f64::sin)),
        pure!("cos", 1, |args| one(args, f64::cos)),
        pure!("tan", 1, |args| one(args, f64::tan)),
        pure!("asin", 1, |args| one(args, f64::asin)),
        pure!("acos", 1, |args| one(args, f64::acos)),
        pure!("atan", 1, |args| one(args, f64::atan)),
        pure!("sinh", 1, |args| one(args, f64::sinh)),
        pure!("cosh", 1, |args| one(args, f64::cosh)),
        pure!("tanh", 1, |args| one(args, f64::tanh)),
        pure!("asinh", 1, |args| one(args, f64::asinh)),
        pure!("acosh", 1, |args| one(args, f64::acosh)),
        pure!("atanh", 1, |args| one(args, f64::atanh)),
        pure!("exp", 1, |args| one(args, f64::exp)),
        pure!("log", 1, |args| one(args, f64::ln)),
        pure!("log2", 1, |args| one(args, f64::log2)),
        pure!("log10", 1, |args| one(args, f64::log10)),
        pure!("sqrt", 1, |args| one(args, f64::sqrt)),
        pure!("ceil", 1, |args| one(args, f64::ceil)),
        pure!("floor", 1, |args| one(args, f64::floor)),
        pure!("pow", 2, |args| two(args, f64::powf)),
        pure!("atan2", 2, |args| two(args, f64::atan2)),
        pure!("fmod", 2, |args| two(args, |a, b| a % b)),
    ],
);

/// A finite result; everything else is `badarith`.
fn answer(value: f64) -> Answer {
    Term::float(value).ok_or_else(badarith)
}

fn number(term: &Term) -> Result<f64, Exception> {
    if term.is_number() {
        float(term).ok_or_else(badarith)
    } else {
        Err(badarg())
    }
}

fn one(args: &[Term], function: fn(f64) -> f64) -> Answer {
    answer(function(number(&args[0])?))
}

fn two(args: &[Term], function: fn(f64, f64) -> f64) -> Answer {
    answer(function(number(&args[0])?, number(&args[1])?))
}
