//! From syntax trees to code.
//!
//! Everything static is decided here: slots of variables, what is bound where,
//! which guards are legal, what records and macros stand for. Faults of the
//! text are [`Diagnostic`]s, as `erl_lint` describes them.

mod bits;
mod builder;
mod calls;
mod clauses;
mod comprehension;
mod expression;
mod fault;
mod guard;
mod pattern;
mod records;
mod scope;
mod variables;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use portwright_term::{Atom, Term, atoms};

use crate::code::*;
use crate::parse::Place;
use crate::parse::ast::*;
use builder::Builder;
pub(crate) use fault::{Diagnostic, Fault};
use scope::Known;

/// What calls of unknown local functions mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LocalCalls {
    /// A command of the shell: module `shell_default`, else `shell_undef`.
    Shell,
    /// `undef` when called, as `erl_eval` without a handler.
    Undefined,
    /// A fault of the text.
    Checked,
}

/// Limits of the format of code.
const MAX_ARITY: usize = 255;

pub(super) struct Compiler {
    name: Atom,
    local_calls: LocalCalls,
    origin: Origin,
    functions: Vec<Option<Function>>,
    constants: Vec<Term>,
    constant_numbers: HashMap<Term, u32>,
    sites: Vec<CallSite>,
    site_numbers: HashMap<(Atom, Atom, u8), u32>,
    locals: HashMap<(Atom, u8), u32>,
    imports: HashMap<(Atom, u32), Atom>,
    records: HashMap<Atom, Rc<Vec<RecordDefinitionField>>>,
    diagnostics: Vec<Diagnostic>,
    /// The function at hand.
    f: Builder,
}

/// A typed expression, ready to run.
pub(crate) struct CompiledExpression {
    pub(crate) module: Arc<Module>,
    /// Variables that are bound when it is done: slot, and flag slot if that
    /// depends on the way it took.
    pub(crate) exports: Vec<(Atom, u32, Option<u32>)>,
}

/// Compiles typed expressions, one after the other. `bound` are the variables
/// that have values; they are put into the first slots in this order.
pub(crate) fn expressions(
    body: &[Expr],
    bound: &[Atom],
    local_calls: LocalCalls,
) -> Result<CompiledExpression, Vec<Diagnostic>> {
    let origin = match local_calls {
        LocalCalls::Shell => Origin::Shell,
        _ => Origin::Expressions,
    };
    let mut compiler = Compiler::new(atoms::ERL_EVAL, local_calls, origin);
    compiler.functions.push(None);
    compiler.f = Builder::new(Atom::literal("expr"), 0, FunctionKind::Expression);
    for name in bound {
        let slot = compiler.f.new_slot();
        compiler.f.scope.slots.insert(*name, slot);
        compiler.f.scope.known.insert(*name, Known::Bound);
    }
    compiler.typed(body);
    compiler.emit(Op::Return);
    let mut exports: Vec<(Atom, u32, Option<u32>)> = compiler
        .f
        .scope
        .known
        .iter()
        .filter_map(|(name, known)| {
            let slot = *compiler.f.scope.slots.get(name)?;
            let flag = match known {
                Known::Bound => None,
                Known::Maybe(..) => compiler.f.scope.flags.get(name).copied(),
            };
            Some((*name, slot, flag))
        })
        .collect();
    exports.sort_by_key(|(_, slot, _)| *slot);
    let function = std::mem::take(&mut compiler.f).finish();
    compiler.functions[0] = Some(function);
    let module = compiler.finish(String::new(), HashMap::new())?;
    Ok(CompiledExpression { module, exports })
}

/// Compiles a module or script.
///
/// `name` is the module's name unless the text has a `-module` attribute.
pub(crate) fn module(
    forms: Vec<Form>,
    name: Atom,
    file: &str,
    origin: Origin,
) -> Result<Arc<Module>, Vec<Diagnostic>> {
    let mut compiler = Compiler::new(name, LocalCalls::Checked, origin);
    let mut exports: Vec<(Atom, u32)> = Vec::new();
    let mut functions = Vec::new();
    for form in forms {
        match form {
            Form::Module(name) => compiler.name = name,
            Form::Export(list) => exports.extend(list),
            Form::Import(module, list) => {
                compiler
                    .imports
                    .extend(list.into_iter().map(|key| (key, module)));
            }
            Form::Record(name, fields) => {
                compiler.records.insert(name, Rc::new(fields));
            }
            Form::Ignored => {}
            Form::Function(function) => functions.push(function),
        }
    }
    for function in &functions {
        let arity = compiler.arity(
            function.clauses.first().map_or(0, |c| c.patterns.len()),
            function.place,
        );
        let number = compiler.reserve();
        if compiler
            .locals
            .insert((function.name, arity), number)
            .is_some()
        {
            compiler.fault(
                function.place,
                Fault::RepeatedFunction(function.name, function.arity),
            );
        }
    }
    for (name, arity) in &exports {
        let known =
            u8::try_from(*arity).is_ok_and(|arity| compiler.locals.contains_key(&(*name, arity)));
        if !known {
            let place = Place { line: 1, column: 1 };
            compiler.fault(place, Fault::UndefinedFunction(*name, *arity));
        }
    }
    for (number, function) in functions.iter().enumerate() {
        let arity = u8::try_from(function.arity).unwrap_or(u8::MAX);
        compiler.f = Builder::new(function.name, arity, FunctionKind::Named);
        compiler.function_clauses(&function.clauses);
        let done = std::mem::take(&mut compiler.f).finish();
        compiler.functions[number] = Some(done);
    }
    let exports = exports
        .into_iter()
        .filter_map(|(name, arity)| {
            let key = (name, u8::try_from(arity).ok()?);
            Some((key, *compiler.locals.get(&key)?))
        })
        .collect();
    compiler.finish(file.to_owned(), exports)
}

impl Compiler {
    fn new(name: Atom, local_calls: LocalCalls, origin: Origin) -> Compiler {
        Compiler {
            name,
            local_calls,
            origin,
            functions: Vec::new(),
            constants: Vec::new(),
            constant_numbers: HashMap::new(),
            sites: Vec::new(),
            site_numbers: HashMap::new(),
            locals: HashMap::new(),
            imports: HashMap::new(),
            records: HashMap::new(),
            diagnostics: Vec::new(),
            f: Builder::default(),
        }
    }

    fn finish(
        mut self,
        file: String,
        exports: HashMap<(Atom, u8), u32>,
    ) -> Result<Arc<Module>, Vec<Diagnostic>> {
        if !self.diagnostics.is_empty() {
            self.diagnostics.sort_by_key(|diagnostic| diagnostic.place);
            self.diagnostics.dedup();
            return Err(self.diagnostics);
        }
        Ok(Arc::new(Module {
            name: self.name,
            origin: self.origin,
            file,
            // Every reserved number has been filled, or there was a diagnostic.
            functions: self.functions.into_iter().flatten().collect(),
            constants: self.constants,
            sites: self.sites,
            exports,
            locals: self.locals,
        }))
    }

    /// A number for a function that is compiled later.
    fn reserve(&mut self) -> u32 {
        self.functions.push(None);
        number(self.functions.len() - 1)
    }

    fn fault(&mut self, place: Place, fault: Fault) {
        self.diagnostics.push(Diagnostic { place, fault });
    }

    /// A fault in the place of a value.
    fn fault_value(&mut self, place: Place, fault: Fault) {
        self.fault(place, fault);
        let nothing = self.constant(Term::Nil);
        self.emit(Op::Const(nothing));
    }

    fn arity(&mut self, count: usize, place: Place) -> u8 {
        if count > MAX_ARITY {
            self.fault(place, Fault::TooManyArguments);
        }
        u8::try_from(count).unwrap_or(u8::MAX)
    }

    fn constant(&mut self, term: Term) -> u32 {
        if let Some(number) = self.constant_numbers.get(&term) {
            // `0.0` and `-0.0` are equal and print differently.
            if !matches!(term, Term::Float(_)) {
                return *number;
            }
        }
        self.constants.push(term.clone());
        let found = number(self.constants.len() - 1);
        self.constant_numbers.insert(term, found);
        found
    }

    fn site(&mut self, module: Atom, function: Atom, arity: u8) -> u32 {
        if let Some(number) = self.site_numbers.get(&(module, function, arity)) {
            return *number;
        }
        self.sites.push(CallSite {
            module,
            function,
            arity,
            target: Default::default(),
        });
        let found = number(self.sites.len() - 1);
        self.site_numbers.insert((module, function, arity), found);
        found
    }
}

/// Counts of things in one text: it would take a text of gigabytes to
/// overflow, and then the count sticks rather than wraps.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
