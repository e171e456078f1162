//! BIFs that guards may call. They need nothing but their arguments.
//!
//! The explanations of bad arguments are those of `erl_erts_errors`, OTP 25.

use num_traits::{FromPrimitive, Signed};
use portwright_term::{BigInt, Term, atoms};

use crate::exception::Exception;
use crate::machine::{arithmetic, bits};
use crate::native::{Native, NativeModule};

type Value = Result<Term, Exception>;

macro_rules! tests {
    ($($name:ident),* $(,)?) => {
        $(fn $name(args: &[Term]) -> Value {
            Ok(Term::boolean(args[0].$name()))
        })*
    };
}

tests!(
    is_atom,
    is_binary,
    is_bitstring,
    is_boolean,
    is_float,
    is_function,
    is_integer,
    is_list,
    is_map,
    is_number,
    is_pid,
    is_port,
    is_reference,
    is_tuple,
);

/// All of them, and some that are as simple.
pub(super) const GUARDS: NativeModule = NativeModule::new(
    "erlang",
    &[
        Native::pure("is_atom", 1, is_atom),
        Native::pure("is_binary", 1, is_binary),
        Native::pure("is_bitstring", 1, is_bitstring),
        Native::pure("is_boolean", 1, is_boolean),
        Native::pure("is_float", 1, is_float),
        Native::pure("is_function", 1, is_function),
        Native::pure("is_function", 2, is_function_of),
        Native::pure("is_integer", 1, is_integer),
        Native::pure("is_list", 1, is_list),
        Native::pure("is_map", 1, is_map),
        Native::pure("is_map_key", 2, is_map_key),
        Native::pure("is_number", 1, is_number),
        Native::pure("is_pid", 1, is_pid),
        Native::pure("is_port", 1, is_port),
        Native::pure("is_record", 2, is_record),
        Native::pure("is_record", 3, is_record_of),
        Native::pure("is_reference", 1, is_reference),
        Native::pure("is_tuple", 1, is_tuple),
        Native::pure("abs", 1, abs),
        Native::pure("binary_part", 2, binary_part_pair),
        Native::pure("binary_part", 3, binary_part),
        Native::pure("bit_size", 1, bit_size),
        Native::pure("byte_size", 1, byte_size),
        Native::pure("ceil", 1, ceil),
        Native::pure("element", 2, element),
        Native::pure("float", 1, float),
        Native::pure("floor", 1, floor),
        Native::pure("hd", 1, hd),
        Native::pure("length", 1, length),
        Native::pure("map_get", 2, map_get),
        Native::pure("map_size", 1, map_size),
        Native::pure("node", 1, node),
        Native::pure("round", 1, round),
        Native::pure("size", 1, size),
        Native::pure("tl", 1, tl),
        Native::pure("trunc", 1, trunc),
        Native::pure("tuple_size", 1, tuple_size),
    ],
);

fn bad(argument: u8, text: &'static str) -> Exception {
    Exception::badarg().note(argument, text)
}

fn is_function_of(args: &[Term]) -> Value {
    let arity = match &args[1] {
        Term::Integer(arity) if *arity >= 0 => Some(*arity),
        Term::BigInteger(arity) if !arity.is_negative() => None,
        Term::Integer(_) | Term::BigInteger(_) => return Err(bad(2, "out of range")),
        _ => return Err(bad(2, "not an integer")),
    };
    Ok(Term::boolean(match &args[0] {
        Term::Fun(fun) => arity == Some(i64::from(fun.arity())),
        _ => false,
    }))
}

fn is_map_key(args: &[Term]) -> Value {
    match &args[1] {
        Term::Map(map) => Ok(Term::boolean(map.contains_key(&args[0]))),
        other => Err(Exception::tagged(atoms::BADMAP, other.clone()).note(2, "not a map")),
    }
}

fn is_record(args: &[Term]) -> Value {
    if !args[1].is_atom() {
        return Err(bad(2, "not an atom"));
    }
    let tag = args[0].as_tuple().and_then(<[Term]>::first);
    Ok(Term::boolean(tag == Some(&args[1])))
}

fn is_record_of(args: &[Term]) -> Value {
    if !args[1].is_atom() {
        return Err(bad(2, "not an atom"));
    }
    let size = match &args[2] {
        Term::Integer(size) if *size >= 0 => Some(*size),
        Term::Integer(_) => return Err(bad(3, "out of range")),
        Term::BigInteger(_) => None,
        _ => return Err(bad(3, "not an integer")),
    };
    Ok(Term::boolean(args[0].as_tuple().is_some_and(|elements| {
        elements.first() == Some(&args[1])
            && size.and_then(|size| usize::try_from(size).ok()) == Some(elements.len())
    })))
}

fn abs(args: &[Term]) -> Value {
    match &args[0] {
        Term::Integer(value) => Ok(match value.checked_abs() {
            Some(value) => Term::Integer(value),
            None => Term::from(BigInt::from(*value).abs()),
        }),
        Term::BigInteger(value) => Ok(Term::from(value.abs())),
        Term::Float(value) => Ok(Term::Float(value.abs())),
        _ => Err(bad(1, "not a number")),
    }
}

fn binary_part_pair(args: &[Term]) -> Value {
    match args[1].as_tuple() {
        Some([start, length]) => part(&args[0], start, length, 2, 2),
        _ => Err(bad(2, "not a valid {Pos,Length} tuple")),
    }
}

fn binary_part(args: &[Term]) -> Value {
    part(&args[0], &args[1], &args[2], 2, 3)
}

fn part(binary: &Term, start: &Term, length: &Term, at: u8, length_at: u8) -> Value {
    let Some(binary) = binary.as_binary() else {
        return Err(bad(1, "not a binary"));
    };
    let Term::Integer(start) = start else {
        return Err(bad(at, "not an integer"));
    };
    let Term::Integer(length) = length else {
        return Err(bad(length_at, "not an integer"));
    };
    let (start, length) = (*start, *length);
    let end = start
        .checked_add(length)
        .ok_or_else(|| bad(length_at, "out of range"))?;
    let (from, to) = if length < 0 {
        (end, start)
    } else {
        (start, end)
    };
    let all = i64::try_from(binary.len()).unwrap_or(i64::MAX);
    if !(0..=all).contains(&start) {
        return Err(bad(at, "out of range"));
    }
    match (usize::try_from(from), usize::try_from(to)) {
        (Ok(from), Ok(to)) if to <= binary.len() => Ok(Term::Binary(binary.slice(from..to))),
        _ => Err(bad(length_at, "out of range")),
    }
}

fn bit_size(args: &[Term]) -> Value {
    bits::bit_size(&args[0])
        .map(Term::from)
        .ok_or_else(|| bad(1, "not a bitstring"))
}

fn byte_size(args: &[Term]) -> Value {
    match bits::bit_size(&args[0]) {
        Some(size) => Ok(Term::from(size.div_ceil(8))),
        None => Err(bad(1, "not a bitstring")),
    }
}

/// The integer of a float that has no fraction.
fn whole(value: f64) -> Value {
    BigInt::from_f64(value)
        .map(Term::from)
        .ok_or_else(Exception::badarg)
}

fn rounded(value: &Term, how: fn(f64) -> f64) -> Value {
    match value {
        Term::Integer(_) | Term::BigInteger(_) => Ok(value.clone()),
        Term::Float(value) => whole(how(*value)),
        _ => Err(bad(1, "not a number")),
    }
}

fn ceil(args: &[Term]) -> Value {
    rounded(&args[0], f64::ceil)
}

fn floor(args: &[Term]) -> Value {
    rounded(&args[0], f64::floor)
}

fn round(args: &[Term]) -> Value {
    rounded(&args[0], f64::round)
}

fn trunc(args: &[Term]) -> Value {
    rounded(&args[0], f64::trunc)
}

fn float(args: &[Term]) -> Value {
    if !args[0].is_number() {
        return Err(bad(1, "not a number"));
    }
    match arithmetic::as_float(&args[0]) {
        Ok(value) => Ok(Term::Float(value)),
        Err(_) => Err(bad(1, "not representable as a float")),
    }
}

fn element(args: &[Term]) -> Value {
    let index = match &args[0] {
        Term::Integer(index) => usize::try_from(*index).ok(),
        Term::BigInteger(_) => None,
        _ if !args[1].is_tuple() => {
            return Err(bad(1, "not an integer").note(2, "not a tuple"));
        }
        _ => return Err(bad(1, "not an integer")),
    };
    let Some(elements) = args[1].as_tuple() else {
        return Err(bad(2, "not a tuple"));
    };
    index
        .and_then(|index| index.checked_sub(1))
        .and_then(|index| elements.get(index))
        .cloned()
        .ok_or_else(|| bad(1, "out of range"))
}

fn hd(args: &[Term]) -> Value {
    match &args[0] {
        Term::List(cell) => Ok(cell.head().clone()),
        _ => Err(bad(1, "not a nonempty list")),
    }
}

fn tl(args: &[Term]) -> Value {
    match &args[0] {
        Term::List(cell) => Ok(cell.tail().clone()),
        _ => Err(bad(1, "not a nonempty list")),
    }
}

fn length(args: &[Term]) -> Value {
    let mut items = args[0].list_iter();
    let count = items.by_ref().count();
    match items.tail() {
        Some(Term::Nil) => Ok(Term::from(count)),
        _ => Err(bad(1, "not a list")),
    }
}

fn map_get(args: &[Term]) -> Value {
    match &args[1] {
        Term::Map(map) => match map.get(&args[0]) {
            Some(value) => Ok(value.clone()),
            None => {
                Err(Exception::tagged(atoms::BADKEY, args[0].clone()).note(1, "not present in map"))
            }
        },
        other => Err(Exception::tagged(atoms::BADMAP, other.clone()).note(2, "not a map")),
    }
}

fn map_size(args: &[Term]) -> Value {
    match &args[0] {
        Term::Map(map) => Ok(Term::from(map.len())),
        other => Err(Exception::tagged(atoms::BADMAP, other.clone()).note(1, "not a map")),
    }
}

fn node(args: &[Term]) -> Value {
    let node = match &args[0] {
        Term::Pid(pid) => pid.node(),
        Term::Port(port) => port.node(),
        Term::Reference(reference) => reference.node(),
        _ => return Err(bad(1, "not a pid")),
    };
    Ok(Term::Atom(node))
}

fn size(args: &[Term]) -> Value {
    match &args[0] {
        Term::Tuple(elements) => Ok(Term::from(elements.len())),
        term => match bits::bit_size(term) {
            Some(bits) => Ok(Term::from(bits / 8)),
            None => Err(bad(1, "not tuple or binary")),
        },
    }
}

fn tuple_size(args: &[Term]) -> Value {
    match args[0].as_tuple() {
        Some(elements) => Ok(Term::from(elements.len())),
        None => Err(bad(1, "not a tuple")),
    }
}
