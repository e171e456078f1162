//! Operators as functions: `erlang:'+'(1, 2)`.

use portwright_term::Term;

use crate::exception::Exception;
use crate::machine::arithmetic::{binary, unary};
use crate::native::{Native, NativeModule};
use crate::parse::ast::{BinaryOp, UnaryOp};

type Value = Result<Term, Exception>;

macro_rules! binary_operators {
    ($($text:literal $op:ident),* $(,)?) => {
        &[
            $(Native::pure($text, 2, {
                fn apply(args: &[Term]) -> Value {
                    binary(BinaryOp::$op, &args[0], &args[1])
                }
                apply
            }),)*
            Native::pure("+", 1, plus),
            Native::pure("-", 1, minus),
            Native::pure("not", 1, not),
            Native::pure("bnot", 1, bit_not),
        ]
    };
}

/// Every operator but `!`, `andalso` and `orelse`.
pub(super) const OPERATORS: NativeModule = NativeModule::new(
    "erlang",
    binary_operators! {
        "+" Add, "-" Subtract, "*" Multiply, "/" Divide, "div" IntDivide, "rem" Remainder,
        "band" BitAnd, "bor" BitOr, "bxor" BitXor, "bsl" ShiftLeft, "bsr" ShiftRight,
        "and" And, "or" Or, "xor" Xor, "++" Append, "--" SubtractList,
        "==" Equal, "/=" NotEqual, "=<" LessOrEqual, "<" Less, ">=" GreaterOrEqual,
        ">" Greater, "=:=" ExactEqual, "=/=" ExactNotEqual,
    },
);

fn plus(args: &[Term]) -> Value {
    unary(UnaryOp::Plus, &args[0])
}

fn minus(args: &[Term]) -> Value {
    unary(UnaryOp::Minus, &args[0])
}

fn not(args: &[Term]) -> Value {
    unary(UnaryOp::Not, &args[0])
}

fn bit_not(args: &[Term]) -> Value {
    unary(UnaryOp::BitNot, &args[0])
}
