//! The syntax tree.

use portwright_term::{Atom, Term};

/// A place in a text: line and column, both from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column, counted in characters.
    pub column: u32,
}

/// An expression or pattern and where it starts.
#[derive(Debug)]
pub(crate) struct Expr {
    pub(crate) place: Place,
    pub(crate) kind: ExprKind,
}

#[derive(Debug)]
pub(crate) enum ExprKind {
    /// Atoms, numbers, characters, strings and the empty list.
    Literal(Term),
    Variable(Atom),
    Tuple(Vec<Expr>),
    /// `[A, B | Tail]`; no tail means a proper list. Never empty.
    List(Vec<Expr>, Option<Box<Expr>>),
    Binary(Vec<Segment>),
    Map(Option<Box<Expr>>, Vec<MapField>),
    Record {
        base: Option<Box<Expr>>,
        name: Atom,
        fields: Vec<RecordField>,
    },
    RecordAccess {
        base: Box<Expr>,
        name: Atom,
        field: Atom,
    },
    RecordIndex {
        name: Atom,
        field: Atom,
    },
    Match(Box<Expr>, Box<Expr>),
    Unary(UnaryOp, Box<Expr>),
    Binary2(BinaryOp, Box<Expr>, Box<Expr>),
    AndAlso(Box<Expr>, Box<Expr>),
    OrElse(Box<Expr>, Box<Expr>),
    Call(Box<Expr>, Vec<Expr>),
    Remote(Box<Expr>, Box<Expr>),
    Block(Vec<Expr>),
    If(Vec<Clause>),
    Case(Box<Expr>, Vec<Clause>),
    Receive(Vec<Clause>, Option<Timeout>),
    Try {
        body: Vec<Expr>,
        of: Vec<Clause>,
        catch: Vec<Clause>,
        after: Vec<Expr>,
    },
    Catch(Box<Expr>),
    Fun(Option<Atom>, Vec<Clause>),
    FunLocal(Atom, u32),
    FunRemote(Box<Expr>, Box<Expr>, Box<Expr>),
    ListComprehension(Box<Expr>, Vec<Qualifier>),
    BinaryComprehension(Box<Expr>, Vec<Qualifier>),
    MapComprehension(Box<Expr>, Box<Expr>, Vec<Qualifier>),
}

/// The `after` part of a `receive`.
#[derive(Debug)]
pub(crate) struct Timeout {
    pub(crate) time: Box<Expr>,
    pub(crate) body: Vec<Expr>,
}

/// A clause of a function, fun, `case`, `if`, `receive` or `try`.
///
/// A `catch` clause has three patterns: class, reason, stack trace.
#[derive(Debug)]
pub(crate) struct Clause {
    pub(crate) place: Place,
    pub(crate) patterns: Vec<Expr>,
    /// Alternatives (`;`) of conjunctions (`,`); empty means no guard.
    pub(crate) guard: Vec<Vec<Expr>>,
    pub(crate) body: Vec<Expr>,
}

/// One segment of the bit syntax.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) place: Place,
    pub(crate) value: Expr,
    pub(crate) size: Option<Expr>,
    /// Type words as written: `(name, unit)`; the number only for `unit:N`.
    pub(crate) types: Vec<(Atom, Option<u32>)>,
}

#[derive(Debug)]
pub(crate) struct MapField {
    pub(crate) place: Place,
    /// `:=` rather than `=>`.
    pub(crate) exact: bool,
    pub(crate) key: Expr,
    pub(crate) value: Expr,
}

#[derive(Debug)]
pub(crate) struct RecordField {
    pub(crate) place: Place,
    /// `None` is `_ = Value`.
    pub(crate) name: Option<Atom>,
    pub(crate) value: Expr,
}

#[derive(Debug)]
pub(crate) enum Qualifier {
    Generate(Expr, Expr),
    GenerateBinary(Expr, Expr),
    GenerateMap(Expr, Expr, Expr),
    Filter(Expr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnaryOp {
    Plus,
    Minus,
    Not,
    BitNot,
}

impl UnaryOp {
    pub(crate) fn text(self) -> &'static str {
        match self {
            UnaryOp::Plus => "+",
            UnaryOp::Minus => "-",
            UnaryOp::Not => "not",
            UnaryOp::BitNot => "bnot",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    IntDivide,
    Remainder,
    BitAnd,
    BitOr,
    BitXor,
    ShiftLeft,
    ShiftRight,
    And,
    Or,
    Xor,
    Append,
    SubtractList,
    Equal,
    NotEqual,
    LessOrEqual,
    Less,
    GreaterOrEqual,
    Greater,
    ExactEqual,
    ExactNotEqual,
    Send,
}

impl BinaryOp {
    pub(crate) fn text(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Subtract => "-",
            BinaryOp::Multiply => "*",
            BinaryOp::Divide => "/",
            BinaryOp::IntDivide => "div",
            BinaryOp::Remainder => "rem",
            BinaryOp::BitAnd => "band",
            BinaryOp::BitOr => "bor",
            BinaryOp::BitXor => "bxor",
            BinaryOp::ShiftLeft => "bsl",
            BinaryOp::ShiftRight => "bsr",
            BinaryOp::And => "and",
            BinaryOp::Or => "or",
            BinaryOp::Xor => "xor",
            BinaryOp::Append => "++",
            BinaryOp::SubtractList => "--",
            BinaryOp::Equal => "==",
            BinaryOp::NotEqual => "/=",
            BinaryOp::LessOrEqual => "=<",
            BinaryOp::Less => "<",
            BinaryOp::GreaterOrEqual => ">=",
            BinaryOp::Greater => ">",
            BinaryOp::ExactEqual => "=:=",
            BinaryOp::ExactNotEqual => "=/=",
            BinaryOp::Send => "!",
        }
    }

    /// Whether guards may use it.
    pub(crate) fn in_guards(self) -> bool {
        !matches!(
            self,
            BinaryOp::Append | BinaryOp::SubtractList | BinaryOp::Send
        )
    }
}

/// A form of a module or script.
#[derive(Debug)]
pub(crate) enum Form {
    Module(Atom),
    Export(Vec<(Atom, u32)>),
    Import(Atom, Vec<(Atom, u32)>),
    Record(Atom, Vec<RecordDefinitionField>),
    /// `-mode(compile).` and the like, which change nothing here.
    Ignored,
    Function(FunctionForm),
}

#[derive(Debug)]
pub(crate) struct RecordDefinitionField {
    pub(crate) name: Atom,
    pub(crate) default: Option<Expr>,
}

#[derive(Debug)]
pub(crate) struct FunctionForm {
    pub(crate) place: Place,
    pub(crate) name: Atom,
    pub(crate) arity: u32,
    pub(crate) clauses: Vec<Clause>,
}
