//! The expression parser: recursive descent with operator precedence, bounded
//! in depth.

use portwright_term::{Atom, Term};

use super::ast::*;
use super::token::{Token, TokenKind};
use super::{MAX_DEPTH, SyntaxError};

pub(super) type Parsed<T> = Result<T, SyntaxError>;

pub(super) struct Parser<'a> {
    tokens: &'a [Token],
    pub(super) position: usize,
    depth: u32,
    end: Place,
    /// In the reason of a `catch` clause a colon starts the stack trace.
    pub(super) colon_ends: bool,
}

/// Binding powers, from erl_parse: `=` and `!` 100 (right), `orelse` 150,
/// `andalso` 160, comparison 200 (none), lists 300 (right), addition 400,
/// multiplication 500, prefix operators 600.
enum Infix {
    Match,
    AndAlso,
    OrElse,
    Operator(BinaryOp),
}

fn infix(kind: &TokenKind) -> Option<(Infix, u16, u16)> {
    use BinaryOp::*;
    let TokenKind::Symbol(symbol) = kind else {
        return None;
    };
    let left = |op, power| Some((Infix::Operator(op), power, power + 1));
    let right = |op, power| Some((Infix::Operator(op), power, power));
    match *symbol {
        "=" => Some((Infix::Match, 100, 100)),
        "!" => right(Send, 100),
        "orelse" => Some((Infix::OrElse, 150, 150)),
        "andalso" => Some((Infix::AndAlso, 160, 160)),
        "==" => left(Equal, 200),
        "/=" => left(NotEqual, 200),
        "=<" => left(LessOrEqual, 200),
        "<" => left(Less, 200),
        ">=" => left(GreaterOrEqual, 200),
        ">" => left(Greater, 200),
        "=:=" => left(ExactEqual, 200),
        "=/=" => left(ExactNotEqual, 200),
        "++" => right(Append, 300),
        "--" => right(SubtractList, 300),
        "+" => left(Add, 400),
        "-" => left(Subtract, 400),
        "bor" => left(BitOr, 400),
        "bxor" => left(BitXor, 400),
        "bsl" => left(ShiftLeft, 400),
        "bsr" => left(ShiftRight, 400),
        "or" => left(Or, 400),
        "xor" => left(Xor, 400),
        "*" => left(Multiply, 500),
        "/" => left(Divide, 500),
        "div" => left(IntDivide, 500),
        "rem" => left(Remainder, 500),
        "band" => left(BitAnd, 500),
        "and" => left(And, 500),
        _ => None,
    }
}

impl<'a> Parser<'a> {
    /// A parser of one sequence of tokens; `end` is where the text ends.
    pub(super) fn new(tokens: &'a [Token], end: Place) -> Parser<'a> {
        Parser {
            tokens,
            position: 0,
            depth: 0,
            end,
            colon_ends: false,
        }
    }

    pub(super) fn peek(&self) -> Option<&'a TokenKind> {
        self.tokens.get(self.position).map(|token| &token.kind)
    }

    pub(super) fn peek_at(&self, offset: usize) -> Option<&'a TokenKind> {
        self.tokens
            .get(self.position + offset)
            .map(|token| &token.kind)
    }

    pub(super) fn place(&self) -> Place {
        self.tokens
            .get(self.position)
            .map_or(self.end, |token| token.place)
    }

    pub(super) fn at(&self, symbol: &str) -> bool {
        matches!(self.peek(), Some(TokenKind::Symbol(found)) if *found == symbol)
    }

    pub(super) fn at_offset(&self, offset: usize, symbol: &str) -> bool {
        matches!(self.peek_at(offset), Some(TokenKind::Symbol(found)) if *found == symbol)
    }

    pub(super) fn advance(&mut self) {
        self.position += 1;
    }

    pub(super) fn eat(&mut self, symbol: &str) -> bool {
        let found = self.at(symbol);
        if found {
            self.position += 1;
        }
        found
    }

    pub(super) fn expect(&mut self, symbol: &str) -> Parsed<()> {
        if self.eat(symbol) {
            Ok(())
        } else {
            self.unexpected()
        }
    }

    pub(super) fn expect_dot(&mut self) -> Parsed<()> {
        match self.peek() {
            Some(TokenKind::Dot) => {
                self.position += 1;
                Ok(())
            }
            _ => self.unexpected(),
        }
    }

    /// The error for the token at hand.
    pub(super) fn unexpected<T>(&self) -> Parsed<T> {
        let text = self.peek().map_or(String::new(), TokenKind::error_text);
        Err(SyntaxError::new(
            self.place(),
            format!("syntax error before: {text}"),
        ))
    }

    pub(super) fn atom(&mut self) -> Parsed<Atom> {
        match self.peek() {
            Some(TokenKind::Atom(atom)) => {
                self.position += 1;
                Ok(*atom)
            }
            _ => self.unexpected(),
        }
    }

    pub(super) fn small_integer(&mut self) -> Parsed<u32> {
        match self.peek() {
            Some(TokenKind::Integer(value)) => {
                let Some(value) = value.as_u64().and_then(|value| u32::try_from(value).ok()) else {
                    return self.unexpected();
                };
                self.position += 1;
                Ok(value)
            }
            _ => self.unexpected(),
        }
    }

    fn enter(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(SyntaxError::new(
                self.place(),
                format!("expression nested deeper than {MAX_DEPTH} levels"),
            ));
        }
        Ok(())
    }

    /// `expr, expr, ...`
    pub(super) fn expressions(&mut self) -> Parsed<Vec<Expr>> {
        let mut list = vec![self.expression()?];
        while self.eat(",") {
            list.push(self.expression()?);
        }
        Ok(list)
    }

    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.operators(0)
    }

    fn operators(&mut self, power: u16) -> Parsed<Expr> {
        self.enter()?;
        let outer_depth = self.depth;
        let mut left = self.prefix()?;
        // A prefix `catch` takes all that follows, so nothing is left for it.
        while let Some((infix, left_power, right_power)) = self.peek().and_then(infix) {
            if left_power < power {
                break;
            }
            let place = self.place();
            self.advance();
            // The tree leans to the left here: it grows deeper at each step.
            self.enter()?;
            let right = self.operators(right_power)?;
            let (l, r) = (Box::new(left), Box::new(right));
            left = match infix {
                Infix::Match => Expr {
                    place: l.place,
                    kind: ExprKind::Match(l, r),
                },
                Infix::AndAlso => Expr {
                    place,
                    kind: ExprKind::AndAlso(l, r),
                },
                Infix::OrElse => Expr {
                    place,
                    kind: ExprKind::OrElse(l, r),
                },
                Infix::Operator(op) => Expr {
                    place,
                    kind: ExprKind::Binary2(op, l, r),
                },
            };
            if left_power == 200
                && self
                    .peek()
                    .and_then(self::infix)
                    .is_some_and(|(_, power, _)| power == 200)
            {
                return self.unexpected();
            }
        }
        self.depth = outer_depth - 1;
        Ok(left)
    }

    fn prefix(&mut self) -> Parsed<Expr> {
        let place = self.place();
        let Some(TokenKind::Symbol(symbol)) = self.peek() else {
            return self.postfix();
        };
        let op = match *symbol {
            "catch" => {
                self.advance();
                let inner = self.operators(0)?;
                return Ok(Expr {
                    place,
                    kind: ExprKind::Catch(Box::new(inner)),
                });
            }
            "+" => UnaryOp::Plus,
            "-" => UnaryOp::Minus,
            "not" => UnaryOp::Not,
            "bnot" => UnaryOp::BitNot,
            _ => return self.postfix(),
        };
        self.advance();
        let inner = Box::new(self.operators(600)?);
        Ok(Expr {
            place,
            kind: ExprKind::Unary(op, inner),
        })
    }

    /// A primary with what may follow it: maps, records, `M:F`, arguments.
    fn postfix(&mut self) -> Parsed<Expr> {
        let place = self.place();
        let mut base = if self.at("#") {
            self.hash(None, place)?
        } else {
            self.primary()?
        };
        let mut levels = 0;
        while self.at("#") {
            self.enter()?;
            levels += 1;
            base = self.hash(Some(Box::new(base)), place)?;
        }
        self.depth -= levels;
        if self.at(":") && levels == 0 && !self.colon_ends {
            let colon = self.place();
            self.advance();
            let function = self.primary()?;
            base = Expr {
                place: colon,
                kind: ExprKind::Remote(Box::new(base), Box::new(function)),
            };
        }
        if self.at("(") {
            let arguments = self.arguments()?;
            let place = match &base.kind {
                ExprKind::Remote(module, _) => module.place,
                _ => base.place,
            };
            return Ok(Expr {
                place,
                kind: ExprKind::Call(Box::new(base), arguments),
            });
        }
        Ok(base)
    }

    pub(super) fn arguments(&mut self) -> Parsed<Vec<Expr>> {
        self.expect("(")?;
        if self.eat(")") {
            return Ok(Vec::new());
        }
        let list = self.expressions()?;
        self.expect(")")?;
        Ok(list)
    }

    /// Maps and records: what follows `#`.
    fn hash(&mut self, base: Option<Box<Expr>>, start: Place) -> Parsed<Expr> {
        let hash = self.place();
        self.expect("#")?;
        if self.at("{") {
            let place = if base.is_some() { hash } else { start };
            return self.map(base, place);
        }
        let name = self.atom()?;
        if self.eat(".") {
            let field = self.atom()?;
            let kind = match base {
                Some(base) => ExprKind::RecordAccess { base, name, field },
                None => ExprKind::RecordIndex { name, field },
            };
            return Ok(Expr { place: hash, kind });
        }
        self.expect("{")?;
        let mut fields = Vec::new();
        if !self.eat("}") {
            loop {
                let place = self.place();
                let field = match self.peek() {
                    Some(TokenKind::Atom(atom)) => Some(*atom),
                    Some(TokenKind::Variable(name)) if name.as_str() == "_" => None,
                    _ => return self.unexpected(),
                };
                self.advance();
                self.expect("=")?;
                let value = self.expression()?;
                fields.push(RecordField {
                    place,
                    name: field,
                    value,
                });
                if !self.eat(",") {
                    break;
                }
            }
            self.expect("}")?;
        }
        Ok(Expr {
            place: hash,
            kind: ExprKind::Record { base, name, fields },
        })
    }

    fn map(&mut self, base: Option<Box<Expr>>, place: Place) -> Parsed<Expr> {
        self.expect("{")?;
        let mut fields = Vec::new();
        if self.eat("}") {
            return Ok(Expr {
                place,
                kind: ExprKind::Map(base, fields),
            });
        }
        loop {
            let key = self.expression()?;
            let field_place = self.place();
            let exact = if self.eat("=>") {
                false
            } else if self.eat(":=") {
                true
            } else {
                return self.unexpected();
            };
            let value = self.expression()?;
            if base.is_none() && fields.is_empty() && !exact && self.eat("||") {
                let qualifiers = self.qualifiers()?;
                self.expect("}")?;
                let kind = ExprKind::MapComprehension(Box::new(key), Box::new(value), qualifiers);
                return Ok(Expr { place, kind });
            }
            fields.push(MapField {
                place: field_place,
                exact,
                key,
                value,
            });
            if !self.eat(",") {
                break;
            }
        }
        self.expect("}")?;
        Ok(Expr {
            place,
            kind: ExprKind::Map(base, fields),
        })
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let place = self.place();
        let Some(kind) = self.peek() else {
            return self.unexpected();
        };
        let literal = |term: Term| {
            Ok(Expr {
                place,
                kind: ExprKind::Literal(term),
            })
        };
        match kind {
            TokenKind::Variable(name) => {
                self.advance();
                Ok(Expr {
                    place,
                    kind: ExprKind::Variable(*name),
                })
            }
            TokenKind::Atom(atom) => {
                self.advance();
                literal(Term::Atom(*atom))
            }
            TokenKind::Integer(value) => {
                self.advance();
                literal(value.clone())
            }
            TokenKind::Float(value) => {
                self.advance();
                literal(Term::Float(*value))
            }
            TokenKind::Char(value) => {
                self.advance();
                literal(Term::Integer(i64::from(*value)))
            }
            TokenKind::String(_) => {
                let mut points = Vec::new();
                while let Some(TokenKind::String(text)) = self.peek() {
                    points.extend(text.iter().map(|point| Term::Integer(i64::from(*point))));
                    self.advance();
                }
                literal(Term::list(points))
            }
            TokenKind::Dot | TokenKind::Stray(_) => self.unexpected(),
            TokenKind::Symbol(symbol) => self.compound(symbol, place),
        }
    }

    fn compound(&mut self, symbol: &str, place: Place) -> Parsed<Expr> {
        self.enter()?;
        let kind = match symbol {
            "(" => {
                self.advance();
                let inner = self.expression()?;
                self.expect(")")?;
                self.depth -= 1;
                return Ok(inner);
            }
            "{" => {
                self.advance();
                let mut elements = Vec::new();
                if !self.eat("}") {
                    elements = self.expressions()?;
                    self.expect("}")?;
                }
                ExprKind::Tuple(elements)
            }
            "[" => self.list()?,
            "<<" => self.binary()?,
            "begin" => {
                self.advance();
                let body = self.expressions()?;
                self.expect("end")?;
                ExprKind::Block(body)
            }
            "if" => {
                self.advance();
                let mut clauses = Vec::new();
                loop {
                    let place = self.place();
                    let guard = self.guard()?;
                    let body = self.clause_body()?;
                    clauses.push(Clause {
                        place,
                        patterns: Vec::new(),
                        guard,
                        body,
                    });
                    if !self.eat(";") {
                        break;
                    }
                }
                self.expect("end")?;
                ExprKind::If(clauses)
            }
            "case" => {
                self.advance();
                let subject = self.expression()?;
                self.expect("of")?;
                let clauses = self.pattern_clauses()?;
                self.expect("end")?;
                ExprKind::Case(Box::new(subject), clauses)
            }
            "receive" => self.receive()?,
            "try" => self.try_()?,
            "fun" => self.fun()?,
            _ => return self.unexpected(),
        };
        self.depth -= 1;
        Ok(Expr { place, kind })
    }

    fn list(&mut self) -> Parsed<ExprKind> {
        self.expect("[")?;
        if self.eat("]") {
            return Ok(ExprKind::Literal(Term::Nil));
        }
        let mut elements = vec![self.expression()?];
        if self.eat("||") {
            let qualifiers = self.qualifiers()?;
            self.expect("]")?;
            let Some(element) = elements.pop() else {
                return self.unexpected();
            };
            return Ok(ExprKind::ListComprehension(Box::new(element), qualifiers));
        }
        while self.eat(",") {
            elements.push(self.expression()?);
        }
        let tail = if self.eat("|") {
            Some(Box::new(self.expression()?))
        } else {
            None
        };
        self.expect("]")?;
        Ok(ExprKind::List(elements, tail))
    }

    fn qualifiers(&mut self) -> Parsed<Vec<Qualifier>> {
        let mut list = Vec::new();
        loop {
            let first = self.expression()?;
            list.push(if self.eat("<-") {
                Qualifier::Generate(first, self.expression()?)
            } else if self.eat("<=") {
                Qualifier::GenerateBinary(first, self.expression()?)
            } else if self.eat(":=") {
                let value = self.expression()?;
                self.expect("<-")?;
                Qualifier::GenerateMap(first, value, self.expression()?)
            } else {
                Qualifier::Filter(first)
            });
            if !self.eat(",") {
                return Ok(list);
            }
        }
    }

    fn binary(&mut self) -> Parsed<ExprKind> {
        self.expect("<<")?;
        if self.eat(">>") {
            return Ok(ExprKind::Binary(Vec::new()));
        }
        let mut segments = vec![self.segment()?];
        if self.at("||") {
            let whole =
                segments.len() == 1 && segments[0].size.is_none() && segments[0].types.is_empty();
            let Some(segment) = segments.pop().filter(|_| whole) else {
                return self.unexpected();
            };
            self.advance();
            let qualifiers = self.qualifiers()?;
            self.expect(">>")?;
            return Ok(ExprKind::BinaryComprehension(
                Box::new(segment.value),
                qualifiers,
            ));
        }
        while self.eat(",") {
            segments.push(self.segment()?);
        }
        self.expect(">>")?;
        Ok(ExprKind::Binary(segments))
    }

    fn segment(&mut self) -> Parsed<Segment> {
        let place = self.place();
        let op = match self.peek() {
            Some(TokenKind::Symbol("+")) => Some(UnaryOp::Plus),
            Some(TokenKind::Symbol("-")) => Some(UnaryOp::Minus),
            Some(TokenKind::Symbol("not")) => Some(UnaryOp::Not),
            Some(TokenKind::Symbol("bnot")) => Some(UnaryOp::BitNot),
            _ => None,
        };
        let value = match op {
            Some(op) => {
                self.advance();
                let inner = Box::new(self.primary()?);
                Expr {
                    place,
                    kind: ExprKind::Unary(op, inner),
                }
            }
            None => self.primary()?,
        };
        let size = if self.eat(":") {
            Some(self.primary()?)
        } else {
            None
        };
        let mut types = Vec::new();
        if self.eat("/") {
            loop {
                let name = self.atom()?;
                let number = if self.eat(":") {
                    Some(self.small_integer()?)
                } else {
                    None
                };
                types.push((name, number));
                if !self.eat("-") {
                    break;
                }
            }
        }
        Ok(Segment {
            place,
            value,
            size,
            types,
        })
    }
}
