//! Which variables occur in a piece of syntax.

use portwright_term::Atom;

use crate::parse::ast::*;

/// Every variable that occurs anywhere in the clauses.
pub(super) fn of_clauses(clauses: &[Clause], out: &mut Vec<Atom>) {
    for clause in clauses {
        of_list(&clause.patterns, out);
        for alternative in &clause.guard {
            of_list(alternative, out);
        }
        of_list(&clause.body, out);
    }
}

fn of_list(list: &[Expr], out: &mut Vec<Atom>) {
    for expr in list {
        of(expr, out);
    }
}

fn of_qualifiers(qualifiers: &[Qualifier], out: &mut Vec<Atom>) {
    for qualifier in qualifiers {
        match qualifier {
            Qualifier::Generate(pattern, source) | Qualifier::GenerateBinary(pattern, source) => {
                of(pattern, out);
                of(source, out);
            }
            Qualifier::GenerateMap(key, value, source) => {
                of(key, out);
                of(value, out);
                of(source, out);
            }
            Qualifier::Filter(filter) => of(filter, out),
        }
    }
}

/// Every variable that occurs anywhere in the expression.
pub(super) fn of(expr: &Expr, out: &mut Vec<Atom>) {
    match &expr.kind {
        ExprKind::Literal(_) | ExprKind::FunLocal(..) | ExprKind::RecordIndex { .. } => {}
        ExprKind::Variable(name) => {
            if name.as_str() != "_" {
                out.push(*name);
            }
        }
        ExprKind::Tuple(list) | ExprKind::Block(list) => of_list(list, out),
        ExprKind::List(list, tail) => {
            of_list(list, out);
            if let Some(tail) = tail {
                of(tail, out);
            }
        }
        ExprKind::Binary(segments) => {
            for segment in segments {
                of(&segment.value, out);
                if let Some(size) = &segment.size {
                    of(size, out);
                }
            }
        }
        ExprKind::Map(base, fields) => {
            if let Some(base) = base {
                of(base, out);
            }
            for field in fields {
                of(&field.key, out);
                of(&field.value, out);
            }
        }
        ExprKind::Record { base, fields, .. } => {
            if let Some(base) = base {
                of(base, out);
            }
            for field in fields {
                of(&field.value, out);
            }
        }
        ExprKind::RecordAccess { base, .. } => of(base, out),
        ExprKind::Match(a, b)
        | ExprKind::Binary2(_, a, b)
        | ExprKind::AndAlso(a, b)
        | ExprKind::OrElse(a, b)
        | ExprKind::Remote(a, b) => {
            of(a, out);
            of(b, out);
        }
        ExprKind::Unary(_, inner) | ExprKind::Catch(inner) => of(inner, out),
        ExprKind::Call(function, arguments) => {
            of(function, out);
            of_list(arguments, out);
        }
        ExprKind::If(clauses) => of_clauses(clauses, out),
        ExprKind::Case(subject, clauses) => {
            of(subject, out);
            of_clauses(clauses, out);
        }
        ExprKind::Receive(clauses, timeout) => {
            of_clauses(clauses, out);
            if let Some(timeout) = timeout {
                of(&timeout.time, out);
                of_list(&timeout.body, out);
            }
        }
        ExprKind::Try {
            body,
            of: matches,
            catch,
            after,
        } => {
            of_list(body, out);
            of_clauses(matches, out);
            of_clauses(catch, out);
            of_list(after, out);
        }
        ExprKind::Fun(_, clauses) => of_clauses(clauses, out),
        ExprKind::FunRemote(a, b, c) => {
            of(a, out);
            of(b, out);
            of(c, out);
        }
        ExprKind::ListComprehension(element, qualifiers)
        | ExprKind::BinaryComprehension(element, qualifiers) => {
            of(element, out);
            of_qualifiers(qualifiers, out);
        }
        ExprKind::MapComprehension(key, value, qualifiers) => {
            of(key, out);
            of(value, out);
            of_qualifiers(qualifiers, out);
        }
    }
}

/// The variables that a pattern binds: not those in sizes and map keys.
pub(super) fn of_pattern(pattern: &Expr, out: &mut Vec<Atom>) {
    match &pattern.kind {
        ExprKind::Variable(name) if name.as_str() != "_" && !out.contains(name) => {
            out.push(*name);
        }
        ExprKind::Tuple(list) => list.iter().for_each(|element| of_pattern(element, out)),
        ExprKind::List(list, tail) => {
            list.iter().for_each(|element| of_pattern(element, out));
            if let Some(tail) = tail {
                of_pattern(tail, out);
            }
        }
        ExprKind::Binary(segments) => {
            segments
                .iter()
                .for_each(|segment| of_pattern(&segment.value, out));
        }
        ExprKind::Map(_, fields) => fields
            .iter()
            .for_each(|field| of_pattern(&field.value, out)),
        ExprKind::Record { fields, .. } => {
            fields
                .iter()
                .for_each(|field| of_pattern(&field.value, out));
        }
        ExprKind::Match(a, b) | ExprKind::Binary2(BinaryOp::Append, a, b) => {
            of_pattern(a, out);
            of_pattern(b, out);
        }
        _ => {}
    }
}
