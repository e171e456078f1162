//! Faults of a text that parses: what `erl_lint` finds.

use portwright_term::{Atom, Term};

use crate::parse::{Place, SyntaxError};

/// A fault and where it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Diagnostic {
    pub(crate) place: Place,
    pub(crate) fault: Fault,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fault {
    Unbound(Atom),
    /// Bound on some ways through this construct only.
    Unsafe(Atom, &'static str, Place),
    IllegalExpression,
    IllegalPattern,
    IllegalGuard,
    IllegalMapKey,
    IllegalBitSize,
    MapConstruction,
    UndefinedRecord(Atom),
    UndefinedField {
        record: Atom,
        field: Atom,
    },
    RepeatedField {
        record: Atom,
        field: Atom,
    },
    IllegalRecordInfo,
    UndefinedFunction(Atom, u32),
    RepeatedFunction(Atom, u32),
    UndefinedBitType(Atom, Option<u32>),
    BitTypeConflict {
        old: &'static str,
        new: &'static str,
    },
    SizeOfUtf,
    UnitWithoutSize,
    UnsizedBinary,
    TooManyArguments,
}

fn pair(tag: &'static str, value: Term) -> Term {
    Term::tuple([Term::atom(tag), value])
}

fn triple(tag: &'static str, first: Term, second: Term) -> Term {
    Term::tuple([Term::atom(tag), first, second])
}

impl Fault {
    /// The text of the fault, as `erl_lint` words it.
    pub(crate) fn text(&self) -> String {
        match self {
            Fault::Unbound(name) => format!("variable '{}' is unbound", name.as_str()),
            Fault::Unsafe(name, construct, place) => format!(
                "variable '{}' unsafe in '{construct}' (line {}, column {})",
                name.as_str(),
                place.line,
                place.column
            ),
            Fault::IllegalExpression => "illegal expression".to_owned(),
            Fault::IllegalPattern => "illegal pattern".to_owned(),
            Fault::IllegalGuard => "illegal guard expression".to_owned(),
            Fault::IllegalMapKey => "illegal map key in pattern".to_owned(),
            Fault::IllegalBitSize => "illegal bit size".to_owned(),
            Fault::MapConstruction => {
                "only association operators '=>' are allowed in map construction".to_owned()
            }
            Fault::UndefinedRecord(name) => format!("record {} undefined", name.as_str()),
            Fault::UndefinedField { record, field } => {
                format!(
                    "field {} undefined in record {}",
                    field.as_str(),
                    record.as_str()
                )
            }
            Fault::RepeatedField { record, field } => {
                format!(
                    "field {} already defined in record {}",
                    field.as_str(),
                    record.as_str()
                )
            }
            Fault::IllegalRecordInfo => "illegal record info".to_owned(),
            Fault::UndefinedFunction(name, arity) => {
                format!("function {}/{arity} undefined", name.as_str())
            }
            Fault::RepeatedFunction(name, arity) => {
                format!("function {}/{arity} already defined", name.as_str())
            }
            Fault::UndefinedBitType(name, None) => {
                format!("bit type {} undefined", name.as_str())
            }
            Fault::UndefinedBitType(name, Some(number)) => {
                format!("bit type {{{},{number}}} undefined", name.as_str())
            }
            Fault::BitTypeConflict { old, new } => {
                format!("conflict in type specification for bit field: '{new}' and '{old}'")
            }
            Fault::SizeOfUtf => {
                "neither size nor unit must be given for segments of type utf8/utf16/utf32"
                    .to_owned()
            }
            Fault::UnitWithoutSize => {
                "a bit unit size must not be specified unless a size is specified too".to_owned()
            }
            Fault::UnsizedBinary => {
                "a binary field without size is only allowed at the end of a binary pattern"
                    .to_owned()
            }
            Fault::TooManyArguments => "functions take at most 255 arguments".to_owned(),
        }
    }

    /// The term that `erl_lint` describes it with; the reason of the error that
    /// `erl_eval:exprs/2` raises.
    pub(crate) fn reason(&self) -> Term {
        let atom = |name: &Atom| Term::Atom(*name);
        match self {
            Fault::Unbound(name) => pair("unbound_var", atom(name)),
            Fault::Unsafe(name, construct, place) => {
                let place = Term::tuple([
                    Term::from(i64::from(place.line)),
                    Term::from(i64::from(place.column)),
                ]);
                triple("unsafe_var", atom(name), pair(construct, place))
            }
            Fault::IllegalExpression => Term::atom("illegal_expr"),
            Fault::IllegalPattern => Term::atom("illegal_pattern"),
            Fault::IllegalGuard => Term::atom("illegal_guard_expr"),
            Fault::IllegalMapKey => Term::atom("illegal_map_key"),
            Fault::IllegalBitSize => Term::atom("illegal_bitsize"),
            Fault::MapConstruction => Term::atom("illegal_map_construction"),
            Fault::UndefinedRecord(name) => pair("undefined_record", atom(name)),
            Fault::UndefinedField { record, field } => {
                triple("undefined_field", atom(record), atom(field))
            }
            Fault::RepeatedField { record, field } => {
                triple("redefine_field", atom(record), atom(field))
            }
            Fault::IllegalRecordInfo => Term::atom("illegal_record_info"),
            Fault::UndefinedFunction(name, arity) => {
                let arity = Term::from(i64::from(*arity));
                pair("undefined_function", Term::tuple([atom(name), arity]))
            }
            Fault::RepeatedFunction(name, arity) => {
                let arity = Term::from(i64::from(*arity));
                pair("redefine_function", Term::tuple([atom(name), arity]))
            }
            Fault::UndefinedBitType(name, None) => pair("undefined_bittype", atom(name)),
            Fault::UndefinedBitType(name, Some(number)) => {
                let number = Term::from(i64::from(*number));
                pair("undefined_bittype", Term::tuple([atom(name), number]))
            }
            Fault::BitTypeConflict { old, new } => Term::tuple([
                Term::atom("bittype_mismatch"),
                Term::atom(new),
                Term::atom(old),
                Term::atom("type"),
            ]),
            Fault::SizeOfUtf => Term::atom("utf_bittype_size_or_unit"),
            Fault::UnitWithoutSize => Term::atom("bittype_unit"),
            Fault::UnsizedBinary => Term::atom("unsized_binary_not_at_end"),
            Fault::TooManyArguments => Term::atom("argument_limit"),
        }
    }
}

impl From<Diagnostic> for SyntaxError {
    fn from(diagnostic: Diagnostic) -> SyntaxError {
        SyntaxError::new(diagnostic.place, diagnostic.fault.text())
    }
}
