//! Records: tuples with a definition.

use std::rc::Rc;

use portwright_term::{Atom, Term};

use super::{Compiler, Fault, number};
use crate::code::*;
use crate::parse::Place;
use crate::parse::ast::*;

impl Compiler {
    fn definition(&mut self, place: Place, name: Atom) -> Option<Rc<Vec<RecordDefinitionField>>> {
        let found = self.records.get(&name).cloned();
        if found.is_none() {
            self.fault(place, Fault::UndefinedRecord(name));
        }
        found
    }

    /// The position of a field in the tuple, from 1.
    pub(super) fn record_position(&mut self, place: Place, name: Atom, field: Atom) -> Option<i64> {
        let definition = self.definition(place, name)?;
        let found = definition.iter().position(|known| known.name == field);
        match found.and_then(|index| i64::try_from(index + 2).ok()) {
            Some(position) => Some(position),
            None => {
                self.fault(
                    place,
                    Fault::UndefinedField {
                        record: name,
                        field,
                    },
                );
                None
            }
        }
    }

    pub(super) fn record_index(&mut self, place: Place, name: Atom, field: Atom) {
        let position = self.record_position(place, name, field).unwrap_or(0);
        self.push(Term::from(position));
    }

    /// `record_info(fields, Record)` and `record_info(size, Record)`: constants.
    pub(super) fn record_info(&mut self, place: Place, item: &Expr, record: &Expr, tail: bool) {
        let name = |expr: &Expr| match &expr.kind {
            ExprKind::Literal(Term::Atom(name)) => Some(*name),
            _ => None,
        };
        let (known, record) = (name(item), name(record));
        let wanted = known.filter(|known| matches!(known.as_str(), "fields" | "size"));
        let (Some(wanted), Some(record)) = (wanted, record) else {
            let unknown = known.is_some() && wanted.is_none() && record.is_some();
            let place = if unknown { item.place } else { place };
            self.fault_value(place, Fault::IllegalRecordInfo);
            return;
        };
        let fields = self.definition(place, record).unwrap_or_default();
        self.push(match wanted.as_str() {
            "size" => Term::from(fields.len() as u64 + 1),
            _ => Term::list(fields.iter().map(|field| Term::Atom(field.name))),
        });
        self.return_if(tail);
    }

    fn check_fields(&mut self, name: Atom, fields: &[RecordField]) {
        for (index, field) in fields.iter().enumerate() {
            let Some(field_name) = field.name else {
                continue;
            };
            let _ = self.record_position(field.place, name, field_name);
            if fields[..index]
                .iter()
                .any(|earlier| earlier.name == Some(field_name))
            {
                let fault = Fault::RepeatedField {
                    record: name,
                    field: field_name,
                };
                self.fault(field.place, fault);
            }
        }
    }

    /// `#name{...}` and `Base#name{...}`.
    pub(super) fn record(
        &mut self,
        place: Place,
        base: Option<&Expr>,
        name: Atom,
        fields: &[RecordField],
    ) {
        let Some(definition) = self.definition(place, name) else {
            return self.push(Term::Nil);
        };
        self.check_fields(name, fields);
        let Some(base) = base else {
            self.push(Term::Atom(name));
            for known in definition.iter() {
                let given = fields
                    .iter()
                    .find(|field| field.name == Some(known.name))
                    .or_else(|| fields.iter().find(|field| field.name.is_none()));
                match (given, &known.default) {
                    (Some(field), _) => self.expr(&field.value, false),
                    (None, Some(default)) => self.expr(default, false),
                    (None, None) => self.push(Term::atom("undefined")),
                }
            }
            self.emit(Op::Tuple(number(definition.len() + 1)));
            return;
        };
        self.expr(base, false);
        let tag = self.constant(Term::Atom(name));
        let arity = number(definition.len() + 1);
        self.emit(Op::CheckRecord { arity, tag });
        for field in fields {
            let position = field
                .name
                .and_then(|field| definition.iter().position(|known| known.name == field));
            self.expr(&field.value, false);
            self.emit(Op::SetElement(number(position.unwrap_or(0) + 1)));
        }
    }

    pub(super) fn record_access(&mut self, place: Place, base: &Expr, name: Atom, field: Atom) {
        self.expr(base, false);
        let Some(definition) = self.definition(place, name) else {
            return;
        };
        let position = self.record_position(place, name, field).unwrap_or(0);
        let tag = self.constant(Term::Atom(name));
        self.mark(place);
        self.emit(Op::CheckRecord {
            arity: number(definition.len() + 1),
            tag,
        });
        self.emit(Op::Element(u32::try_from(position - 1).unwrap_or(0)));
    }

    pub(super) fn record_pattern(
        &mut self,
        place: Place,
        name: Atom,
        fields: &[RecordField],
        fail: u32,
    ) {
        let Some(definition) = self.definition(place, name) else {
            return self.emit(Op::Pop);
        };
        self.check_fields(name, fields);
        self.emit(Op::MatchTuple {
            arity: number(definition.len() + 1),
            fail,
        });
        let tag = self.constant(Term::Atom(name));
        self.emit(Op::MatchConst {
            constant: tag,
            fail,
        });
        for known in definition.iter() {
            let given = fields
                .iter()
                .find(|field| field.name == Some(known.name))
                .or_else(|| fields.iter().find(|field| field.name.is_none()));
            match given {
                Some(field) => self.pattern(&field.value, fail),
                None => self.emit(Op::Pop),
            }
        }
    }
}
