//! Calls and funs.

use portwright_term::{Atom, Term, atoms};

use super::builder::Builder;
use super::scope::Known;
use super::{Compiler, Fault, LocalCalls};
use crate::code::*;
use crate::evaluation::Part;
use crate::parse::Place;
use crate::parse::ast::*;

impl Compiler {
    pub(super) fn call(&mut self, place: Place, function: &Expr, arguments: &[Expr], tail: bool) {
        let arity = self.arity(arguments.len(), place);
        match &function.kind {
            ExprKind::Literal(Term::Atom(name)) => {
                self.call_name(place, *name, arity, arguments, tail);
            }
            ExprKind::Remote(module, name) => {
                if let (
                    ExprKind::Literal(Term::Atom(module)),
                    ExprKind::Literal(Term::Atom(name)),
                ) = (&module.kind, &name.kind)
                {
                    if *module == atoms::ERLANG {
                        let part = Part::RemoteArgument;
                        return self.call_erlang(place, *name, arity, (part, arguments), tail);
                    }
                    self.siblings(Part::RemoteArgument, arguments);
                    self.mark(place);
                    return self.call_site(*module, *name, arity, tail);
                }
                let called = [
                    (Part::RemoteModule, &**module),
                    (Part::RemoteFunction, &**name),
                ];
                let arguments = arguments.iter().map(|expr| (Part::RemoteArgument, expr));
                self.neighbours(called.into_iter().chain(arguments));
                self.mark(place);
                self.emit(Op::CallDynamic { arity, tail });
                self.return_if(tail);
            }
            _ => {
                let arguments = arguments.iter().map(|expr| (Part::FunArgument, expr));
                self.neighbours(std::iter::once((Part::CalledFun, function)).chain(arguments));
                self.mark(place);
                self.emit(Op::CallFun { arity, tail });
                self.return_if(tail);
            }
        }
    }

    pub(super) fn return_if(&mut self, tail: bool) {
        if tail {
            self.emit(Op::Return);
        }
    }

    fn call_site(&mut self, module: Atom, name: Atom, arity: u8, tail: bool) {
        let site = self.site(module, name, arity);
        self.emit(Op::CallSite { site, arity, tail });
        self.return_if(tail);
    }

    fn call_name(&mut self, place: Place, name: Atom, arity: u8, arguments: &[Expr], tail: bool) {
        if let Some(function) = self.locals.get(&(name, arity)).copied() {
            self.siblings(Part::FunArgument, arguments);
            self.mark(place);
            self.emit(Op::CallLocal {
                function,
                arity,
                tail,
            });
            return self.return_if(tail);
        }
        if name.as_str() == "record_info"
            && let [item, record] = arguments
        {
            return self.record_info(place, item, record, tail);
        }
        if let Some(module) = self.imports.get(&(name, u32::from(arity))).copied() {
            self.siblings(Part::FunArgument, arguments);
            self.mark(place);
            return self.call_site(module, name, arity, tail);
        }
        if crate::bif::is_auto_imported(name, arity) {
            return self.call_erlang(place, name, arity, (Part::BifArgument, arguments), tail);
        }
        self.siblings(Part::ShellArgument, arguments);
        self.mark(place);
        let module = match self.local_calls {
            LocalCalls::Shell => Atom::literal("shell_default"),
            LocalCalls::Undefined => atoms::ERL_EVAL,
            LocalCalls::Checked => {
                self.fault(place, Fault::UndefinedFunction(name, u32::from(arity)));
                atoms::ERL_EVAL
            }
        };
        self.call_site(module, name, arity, tail);
    }

    /// A BIF. Some are instructions, some need the record definitions.
    fn call_erlang(
        &mut self,
        place: Place,
        name: Atom,
        arity: u8,
        (part, arguments): (Part, &[Expr]),
        tail: bool,
    ) {
        match (name.as_str(), arguments) {
            ("self", []) => {
                self.emit(Op::SelfPid);
                return self.return_if(tail);
            }
            ("node", []) => {
                self.emit(Op::NodeName);
                return self.return_if(tail);
            }
            ("is_record", [value, tag]) => {
                if let ExprKind::Literal(Term::Atom(record)) = &tag.kind {
                    let Some(fields) = self.records.get(record) else {
                        return self.fault_value(tag.place, Fault::UndefinedRecord(*record));
                    };
                    let size = Term::from(fields.len() + 1);
                    self.siblings(part, [value, tag]);
                    self.push(size);
                    self.mark(place);
                    return self.call_site(atoms::ERLANG, name, 3, tail);
                }
            }
            _ => {}
        }
        self.siblings(part, arguments);
        self.mark(place);
        self.call_site(atoms::ERLANG, name, arity, tail);
    }

    /// `fun name/Arity`.
    pub(super) fn fun_local(&mut self, place: Place, name: Atom, arity: u32) {
        let small = u8::try_from(arity).unwrap_or(u8::MAX);
        if let Some(function) = self.locals.get(&(name, small)).copied() {
            self.emit(Op::Closure(function));
            return;
        }
        let module = if let Some(module) = self.imports.get(&(name, arity)) {
            *module
        } else if self.origin.is_expressions() {
            // Even for a BIF: `erl_eval` looks for a local function.
            let entry = [
                Term::Atom(atoms::ERL_EVAL),
                Term::Atom(name),
                Term::from(i64::from(arity)),
                Term::Nil,
            ];
            self.mark(place);
            self.push(Term::atom("error"));
            self.push(Term::atom("undef"));
            self.push(Term::list([Term::tuple(entry)]));
            return self.call_site(atoms::ERLANG, Atom::literal("raise"), 3, false);
        } else if crate::bif::is_auto_imported(name, small) {
            atoms::ERLANG
        } else {
            self.fault(place, Fault::UndefinedFunction(name, arity));
            atoms::ERLANG
        };
        self.push(Term::Fun(portwright_term::Fun::External {
            module,
            function: name,
            arity: small,
        }));
    }

    /// `fun (...) -> ... end` and `fun Name(...) -> ... end`.
    pub(super) fn fun(&mut self, place: Place, name: Option<Atom>, clauses: &[Clause]) {
        let arity = self.arity(
            clauses.first().map_or(0, |clause| clause.patterns.len()),
            place,
        );
        let mut used = Vec::new();
        super::variables::of_clauses(clauses, &mut used);
        used.sort_unstable();
        used.dedup();
        let kind = if name.is_some() {
            FunctionKind::NamedFun
        } else {
            FunctionKind::Fun
        };
        let mut inner = Builder::new(Atom::literal("-fun-"), arity, kind);
        for variable in used {
            if name == Some(variable) || self.f.hidden.contains(&variable) {
                continue;
            }
            let Some(known) = self.f.scope.known.get(&variable).copied() else {
                continue;
            };
            let slot = self.slot(variable);
            inner.captures.push(slot);
            let inner_slot = inner.new_slot();
            inner.scope.slots.insert(variable, inner_slot);
            if let Known::Maybe(..) = known {
                let flag = self.flag(variable);
                inner.captures.push(flag);
                let inner_flag = inner.new_slot();
                inner.scope.flags.insert(variable, inner_flag);
            }
            inner.scope.known.insert(variable, known);
        }
        if let Some(name) = name {
            let slot = inner.new_slot();
            inner.own_slot = Some(slot);
            inner.scope.slots.insert(name, slot);
            inner.scope.known.insert(name, Known::Bound);
        }
        let function = self.reserve();
        let outer = std::mem::replace(&mut self.f, inner);
        self.function_clauses(clauses);
        let inner = std::mem::replace(&mut self.f, outer);
        self.functions[function as usize] = Some(inner.finish());
        self.emit(Op::Closure(function));
    }
}
