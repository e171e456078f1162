//! Constructs with clauses: guards, `receive`, `try`, funs, functions.

use portwright_term::{Atom, Term};

use super::SyntaxError;
use super::ast::*;
use super::expression::{Parsed, Parser};
use super::token::TokenKind;

impl Parser<'_> {
    /// `when` and what follows, if it is there.
    pub(super) fn optional_guard(&mut self) -> Parsed<Vec<Vec<Expr>>> {
        if self.eat("when") {
            self.guard()
        } else {
            Ok(Vec::new())
        }
    }

    pub(super) fn guard(&mut self) -> Parsed<Vec<Vec<Expr>>> {
        let mut alternatives = vec![self.expressions()?];
        while self.eat(";") {
            alternatives.push(self.expressions()?);
        }
        Ok(alternatives)
    }

    pub(super) fn clause_body(&mut self) -> Parsed<Vec<Expr>> {
        self.expect("->")?;
        self.expressions()
    }

    pub(super) fn pattern_clauses(&mut self) -> Parsed<Vec<Clause>> {
        let mut clauses = Vec::new();
        loop {
            let place = self.place();
            let pattern = self.expression()?;
            let guard = self.optional_guard()?;
            let body = self.clause_body()?;
            clauses.push(Clause {
                place,
                patterns: vec![pattern],
                guard,
                body,
            });
            if !self.eat(";") {
                return Ok(clauses);
            }
        }
    }

    pub(super) fn receive(&mut self) -> Parsed<ExprKind> {
        self.expect("receive")?;
        let clauses = if self.at("after") {
            Vec::new()
        } else {
            self.pattern_clauses()?
        };
        let mut timeout = None;
        if self.eat("after") {
            let time = Box::new(self.expression()?);
            let body = self.clause_body()?;
            timeout = Some(Timeout { time, body });
        }
        self.expect("end")?;
        Ok(ExprKind::Receive(clauses, timeout))
    }

    pub(super) fn try_(&mut self) -> Parsed<ExprKind> {
        self.expect("try")?;
        let body = self.expressions()?;
        let of = if self.eat("of") {
            self.pattern_clauses()?
        } else {
            Vec::new()
        };
        let mut catch = Vec::new();
        let mut after = Vec::new();
        if self.eat("catch") {
            loop {
                catch.push(self.catch_clause()?);
                if !self.eat(";") {
                    break;
                }
            }
            if self.eat("after") {
                after = self.expressions()?;
            }
        } else if self.eat("after") {
            after = self.expressions()?;
        } else {
            return self.unexpected();
        }
        self.expect("end")?;
        Ok(ExprKind::Try {
            body,
            of,
            catch,
            after,
        })
    }

    pub(super) fn catch_clause(&mut self) -> Parsed<Clause> {
        let place = self.place();
        let wildcard = |place| Expr {
            place,
            kind: ExprKind::Variable(Atom::literal("_")),
        };
        let mut class = Expr {
            place,
            kind: ExprKind::Literal(Term::atom("throw")),
        };
        if self.at_offset(1, ":") {
            class = match self.peek() {
                Some(TokenKind::Atom(atom)) => Expr {
                    place,
                    kind: ExprKind::Literal(Term::Atom(*atom)),
                },
                Some(TokenKind::Variable(name)) => Expr {
                    place,
                    kind: ExprKind::Variable(*name),
                },
                _ => return self.unexpected(),
            };
            self.advance();
            self.advance();
        }
        self.colon_ends = true;
        let reason = self.expression()?;
        self.colon_ends = false;
        let mut stack = wildcard(place);
        if self.eat(":") {
            stack = match self.peek() {
                Some(TokenKind::Variable(name)) => Expr {
                    place: self.place(),
                    kind: ExprKind::Variable(*name),
                },
                _ => return self.unexpected(),
            };
            self.advance();
        }
        let guard = self.optional_guard()?;
        let body = self.clause_body()?;
        Ok(Clause {
            place,
            patterns: vec![class, reason, stack],
            guard,
            body,
        })
    }

    pub(super) fn fun(&mut self) -> Parsed<ExprKind> {
        self.expect("fun")?;
        match (self.peek(), self.peek_at(1)) {
            (Some(TokenKind::Atom(name)), Some(TokenKind::Symbol("/"))) => {
                self.position += 2;
                let arity = self.small_integer()?;
                return Ok(ExprKind::FunLocal(*name, arity));
            }
            (Some(TokenKind::Atom(_) | TokenKind::Variable(_)), Some(TokenKind::Symbol(":"))) => {
                let module = self.name_or_variable()?;
                self.expect(":")?;
                let function = self.name_or_variable()?;
                self.expect("/")?;
                let place = self.place();
                let arity = match self.peek() {
                    Some(TokenKind::Integer(_)) => {
                        let arity = self.small_integer()?;
                        Expr {
                            place,
                            kind: ExprKind::Literal(Term::from(i64::from(arity))),
                        }
                    }
                    Some(TokenKind::Variable(name)) => {
                        self.advance();
                        Expr {
                            place,
                            kind: ExprKind::Variable(*name),
                        }
                    }
                    _ => return self.unexpected(),
                };
                return Ok(ExprKind::FunRemote(
                    Box::new(module),
                    Box::new(function),
                    Box::new(arity),
                ));
            }
            _ => {}
        }
        let mut name = None;
        let mut clauses: Vec<Clause> = Vec::new();
        loop {
            let place = self.place();
            if let Some(TokenKind::Variable(found)) = self.peek() {
                if !clauses.is_empty() && name != Some(*found) {
                    return Err(SyntaxError::new(place, "head mismatch".to_owned()));
                }
                name = Some(*found);
                self.advance();
            } else if name.is_some() {
                return self.unexpected();
            }
            let patterns = self.arguments()?;
            if clauses
                .first()
                .is_some_and(|first| first.patterns.len() != patterns.len())
            {
                return Err(SyntaxError::new(place, "head mismatch".to_owned()));
            }
            let guard = self.optional_guard()?;
            let body = self.clause_body()?;
            clauses.push(Clause {
                place,
                patterns,
                guard,
                body,
            });
            if !self.eat(";") {
                break;
            }
        }
        self.expect("end")?;
        Ok(ExprKind::Fun(name, clauses))
    }

    pub(super) fn name_or_variable(&mut self) -> Parsed<Expr> {
        let place = self.place();
        let kind = match self.peek() {
            Some(TokenKind::Atom(atom)) => ExprKind::Literal(Term::Atom(*atom)),
            Some(TokenKind::Variable(name)) => ExprKind::Variable(*name),
            _ => return self.unexpected(),
        };
        self.advance();
        Ok(Expr { place, kind })
    }

    /// `f(...) -> ...; f(...) -> ...`
    pub(super) fn function(&mut self) -> Parsed<FunctionForm> {
        let place = self.place();
        let name = self.atom()?;
        let mut clauses: Vec<Clause> = Vec::new();
        loop {
            let clause_place = self.place();
            if !clauses.is_empty() && self.atom()? != name {
                return Err(SyntaxError::new(clause_place, "head mismatch".to_owned()));
            }
            let patterns = self.arguments()?;
            if clauses
                .first()
                .is_some_and(|first| first.patterns.len() != patterns.len())
            {
                return Err(SyntaxError::new(clause_place, "head mismatch".to_owned()));
            }
            let guard = self.optional_guard()?;
            let body = self.clause_body()?;
            clauses.push(Clause {
                place: clause_place,
                patterns,
                guard,
                body,
            });
            if !self.eat(";") {
                break;
            }
        }
        self.expect_dot()?;
        let arity = clauses.first().map_or(0, |clause| clause.patterns.len());
        let arity = u32::try_from(arity).unwrap_or(u32::MAX);
        Ok(FunctionForm {
            place,
            name,
            arity,
            clauses,
        })
    }
}
