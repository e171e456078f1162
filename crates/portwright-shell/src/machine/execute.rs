//! The instruction loop.

use std::sync::Arc;
use std::time::Instant;

use portwright_term::{Fun, Term, atoms};

use super::closure::{self, Closure};
use super::trace::Culprit;
use super::{Event, Handler, Machine, Step, arithmetic};
use crate::code::*;
use crate::exception::{Class, Exception};
use crate::native::{Call, NativeKind, WaitingFn};
use crate::registry;

/// What a call instruction led to.
enum Called {
    /// A function was entered: its code is next.
    Entered,
    /// A native function returned; its value is on the stack.
    Returned,
    Step(Step),
}

impl Machine {
    /// Runs until something has to be told. Without a `call` (while a receive
    /// looks at a message) only patterns and guards can run.
    pub(super) fn execute(&mut self, budget: &mut u32, mut call: Option<&mut Call>) -> Event {
        'function: loop {
            let module = self.module.clone();
            let code = &module.functions[self.function as usize];
            let ops = &code.ops[..];
            let operands = self.base + code.slots;
            let mut pc = self.pc as usize;
            let mut guard: Option<u32> = None;

            macro_rules! fail {
                ($failure:expr) => {{
                    let failure = code.failures[$failure as usize];
                    self.stack.truncate((operands + failure.height) as usize);
                    pc = failure.target as usize;
                    continue;
                }};
            }
            macro_rules! raise {
                ($exception:expr, $culprit:expr) => {{
                    let exception: Exception = $exception;
                    if let Some(failure) = guard.take() {
                        fail!(failure);
                    }
                    self.pc = pc as u32;
                    match self.unwind(exception, $culprit) {
                        Some(exception) => return Event::Step(Step::Raised(exception)),
                        None => continue 'function,
                    }
                }};
            }
            macro_rules! attempt {
                ($value:expr) => {
                    match $value {
                        Ok(value) => value,
                        Err(exception) => raise!(exception, None),
                    }
                };
            }
            macro_rules! called {
                ($called:expr) => {
                    match $called {
                        Ok(Called::Returned) => {}
                        Ok(Called::Entered) => {
                            *budget = budget.saturating_sub(1);
                            if *budget == 0 {
                                return Event::Step(Step::Yield);
                            }
                            continue 'function;
                        }
                        Ok(Called::Step(step)) => return Event::Step(step),
                        Err((exception, culprit)) => raise!(exception, culprit),
                    }
                };
            }

            loop {
                let op = ops[pc];
                pc += 1;
                match op {
                    Op::Const(constant) => {
                        self.stack.push(module.constants[constant as usize].clone());
                    }
                    Op::Load(slot) => {
                        let value = self.stack[self.slot_index(slot)].clone();
                        self.stack.push(value);
                    }
                    Op::Store(slot) => {
                        let value = self.pop();
                        let index = self.slot_index(slot);
                        self.stack[index] = value;
                    }
                    Op::Flag(slot, value) => {
                        let index = self.slot_index(slot);
                        self.stack[index] = Term::boolean(value);
                    }
                    Op::Pop => {
                        self.stack.pop();
                    }
                    Op::Dup => {
                        let value = self.stack[self.stack.len() - 1].clone();
                        self.stack.push(value);
                    }
                    Op::Tuple(count) => self.make_tuple(count as usize),
                    Op::List(count) => self.make_list(count as usize),
                    Op::Unary(operator) => {
                        let value = self.pop();
                        match arithmetic::unary(operator, &value) {
                            Ok(value) => self.stack.push(value),
                            Err(exception) => {
                                raise!(exception, operator_culprit(operator.text(), [value]));
                            }
                        }
                    }
                    Op::Binary(operator) => {
                        let right = self.pop();
                        let left = self.pop();
                        match arithmetic::binary(operator, &left, &right) {
                            Ok(value) => self.stack.push(value),
                            Err(exception) => {
                                let culprit = operator_culprit(operator.text(), [left, right]);
                                raise!(exception, culprit);
                            }
                        }
                    }
                    Op::Jump(target) => pc = target as usize,
                    Op::Unless(failure) => {
                        if self.pop() != Term::Atom(atoms::TRUE) {
                            fail!(failure);
                        }
                    }
                    Op::AndAlso(target) => match self.stack.last() {
                        Some(Term::Atom(atoms::TRUE)) => {
                            self.stack.pop();
                        }
                        Some(Term::Atom(atoms::FALSE)) => pc = target as usize,
                        _ => {
                            let value = self.pop();
                            raise!(Exception::tagged(atoms::BADARG, value), None);
                        }
                    },
                    Op::OrElse(target) => match self.stack.last() {
                        Some(Term::Atom(atoms::FALSE)) => {
                            self.stack.pop();
                        }
                        Some(Term::Atom(atoms::TRUE)) => pc = target as usize,
                        _ => {
                            let value = self.pop();
                            raise!(Exception::tagged(atoms::BADARG, value), None);
                        }
                    },
                    Op::CallLocal { function, tail, .. } => {
                        self.pc = pc as u32;
                        attempt!(self.enter(&module, function, tail, None));
                        *budget = budget.saturating_sub(1);
                        if *budget == 0 {
                            return Event::Step(Step::Yield);
                        }
                        continue 'function;
                    }
                    Op::CallSite { site, arity, tail } => {
                        self.pc = pc as u32;
                        let site = &module.sites[site as usize];
                        called!(self.call_site(site, arity, tail, call.as_deref_mut()));
                    }
                    Op::CallFun { arity, tail } => {
                        self.pc = pc as u32;
                        let at = self.stack.len() - usize::from(arity) - 1;
                        let fun = self.stack.remove(at);
                        called!(self.call_fun(fun, usize::from(arity), tail, call.as_deref_mut()));
                    }
                    Op::CallDynamic { arity, tail } => {
                        self.pc = pc as u32;
                        let at = self.stack.len() - usize::from(arity) - 2;
                        let mut name = self.stack.drain(at..at + 2);
                        let (module, function) = (
                            name.next().unwrap_or(Term::Nil),
                            name.next().unwrap_or(Term::Nil),
                        );
                        drop(name);
                        called!(self.call_named(
                            module,
                            function,
                            usize::from(arity),
                            tail,
                            call.as_deref_mut()
                        ));
                    }
                    Op::Return => {
                        let value = self.pop();
                        let Some(frame) = self.frames.pop() else {
                            return Event::Step(Step::Done(value));
                        };
                        self.stack.truncate(self.base as usize);
                        self.stack.push(value);
                        self.module = frame.module;
                        self.function = frame.function;
                        self.pc = frame.pc;
                        self.base = frame.base;
                        continue 'function;
                    }
                    Op::Closure(function) => {
                        let captures = &module.functions[function as usize].captures;
                        let captured = captures
                            .iter()
                            .map(|slot| self.stack[self.slot_index(*slot)].clone());
                        let closure = Closure {
                            module: module.clone(),
                            function,
                            captured: captured.collect(),
                        };
                        self.stack.push(Term::Fun(Fun::Native(Arc::new(closure))));
                    }
                    Op::ExternalFun => {
                        let fun = attempt!(self.external_fun());
                        self.stack.push(fun);
                    }
                    Op::Guard(failure) => guard = Some(failure),
                    Op::GuardEnd => guard = None,
                    Op::SelfPid => self.stack.push(Term::Pid(self.pid)),
                    Op::NodeName => self.stack.push(Term::Atom(self.node)),

                    Op::MatchConst { constant, fail } => {
                        let value = self.pop();
                        if value != module.constants[constant as usize] {
                            fail!(fail);
                        }
                    }
                    Op::MatchSlot { slot, fail } => {
                        let value = self.pop();
                        if value != self.stack[self.slot_index(slot)] {
                            fail!(fail);
                        }
                    }
                    Op::MatchMaybe { slot, flag, fail } => {
                        let value = self.pop();
                        let index = self.slot_index(slot);
                        if !self.is_set(flag) {
                            self.stack[index] = value;
                            let flag = self.slot_index(flag);
                            self.stack[flag] = Term::boolean(true);
                        } else if value != self.stack[index] {
                            fail!(fail);
                        }
                    }
                    Op::MatchTuple { arity, fail } => {
                        let value = self.pop();
                        match value.as_tuple() {
                            Some(elements) if elements.len() == arity as usize => {
                                self.stack.extend(elements.iter().rev().cloned());
                            }
                            _ => fail!(fail),
                        }
                    }
                    Op::MatchCons { fail } => match self.pop() {
                        Term::List(cell) => {
                            self.stack.push(cell.tail().clone());
                            self.stack.push(cell.head().clone());
                        }
                        _ => fail!(fail),
                    },
                    Op::MatchNil { fail } => {
                        if !self.pop().is_nil() {
                            fail!(fail);
                        }
                    }
                    Op::MatchMap { fail } => {
                        if !self.stack.last().is_some_and(Term::is_map) {
                            fail!(fail);
                        }
                    }
                    Op::MatchKey { fail } => {
                        let key = self.pop();
                        let map = self.pop();
                        match map.as_map().and_then(|map| map.get(&key)) {
                            Some(value) => self.stack.push(value.clone()),
                            None => fail!(fail),
                        }
                    }
                    Op::BitsStart { slot, fail } => {
                        if !self.bits_start(slot) {
                            fail!(fail);
                        }
                    }
                    Op::BitsField {
                        slot,
                        segment,
                        fail,
                    } => {
                        if !self.bits_field(slot, code.segments[segment as usize]) {
                            fail!(fail);
                        }
                    }
                    Op::BitsEnd { slot, fail } => {
                        if !self.bits_done(slot) {
                            fail!(fail);
                        }
                    }
                    Op::BitsDone { slot, target } => {
                        if self.bits_done(slot) {
                            pc = target as usize;
                        } else {
                            self.pc = (pc - 1) as u32;
                            *budget = budget.saturating_sub(1);
                            if *budget == 0 {
                                return Event::Step(Step::Yield);
                            }
                        }
                    }

                    Op::BuildBits { segments } => {
                        let (start, count) = code.builds[segments as usize];
                        let range = start as usize..(start + count) as usize;
                        let value = attempt!(self.build_bits(&code.segments[range]));
                        self.stack.push(value);
                    }
                    Op::NewMap(pairs) => self.make_map(pairs as usize),
                    Op::PutMap { exact } => {
                        let map = attempt!(self.put_map(exact));
                        self.stack.push(map);
                    }
                    Op::CheckMap => {
                        if !self.stack.last().is_some_and(Term::is_map) {
                            let value = self.pop();
                            raise!(self.bad_map(value), None);
                        }
                    }
                    Op::CheckRecord { arity, tag } => {
                        let tag = &module.constants[tag as usize];
                        let fits =
                            self.stack
                                .last()
                                .and_then(Term::as_tuple)
                                .is_some_and(|elements| {
                                    elements.len() == arity as usize
                                        && elements.first() == Some(tag)
                                });
                        if !fits {
                            let value = self.pop();
                            raise!(Exception::tagged(atoms::BADRECORD, value), None);
                        }
                    }
                    Op::SetElement(index) => self.set_element(index as usize),
                    Op::Element(index) => {
                        let tuple = self.pop();
                        let element = tuple.as_tuple().and_then(|tuple| tuple.get(index as usize));
                        self.stack.push(element.cloned().unwrap_or(Term::Nil));
                    }

                    Op::BadMatch => {
                        let value = self.pop();
                        raise!(Exception::tagged(atoms::BADMATCH, value), None);
                    }
                    Op::CaseClause => {
                        let value = self.pop();
                        raise!(Exception::tagged(atoms::CASE_CLAUSE, value), None);
                    }
                    Op::TryClause => {
                        let value = self.pop();
                        raise!(Exception::tagged(atoms::TRY_CLAUSE, value), None);
                    }
                    Op::IfClause => {
                        raise!(Exception::error(Term::Atom(atoms::IF_CLAUSE)), None);
                    }
                    Op::FunctionClause => raise!(Exception::function_clause(), None),
                    Op::RaiseTagged(constant) => {
                        let value = self.pop();
                        let tag = module.constants[constant as usize].clone();
                        raise!(Exception::error(Term::tuple([tag, value])), None);
                    }

                    Op::TryPush(failure) => {
                        let depth = self.frames.len() as u32;
                        self.handlers.push(Handler { depth, failure });
                    }
                    Op::TryPop => {
                        self.handlers.pop();
                    }
                    Op::Reraise => {
                        let exception = self.pop_exception();
                        raise!(exception, None);
                    }
                    Op::CatchValue => {
                        let value = self.pop_exception().caught();
                        self.stack.push(value);
                    }

                    Op::SetTimeout => {
                        if let Err(exception) = self.set_timeout() {
                            raise!(exception, None);
                        }
                    }
                    Op::Receive { clauses, timeout } => {
                        let Some(call) = call.as_deref_mut() else {
                            return Event::Rejected;
                        };
                        match self.look_for_message(call, clauses) {
                            Some(Ok(())) => {
                                self.receiving = false;
                                self.deadline = None;
                                pc = self.pc as usize;
                            }
                            Some(Err(exception)) => raise!(exception, None),
                            None => {
                                let expired = self
                                    .deadline
                                    .is_some_and(|deadline| Instant::now() >= deadline);
                                if timeout != 0 && expired {
                                    self.receiving = false;
                                    self.deadline = None;
                                    pc = timeout as usize;
                                } else {
                                    self.pc = (pc - 1) as u32;
                                    return Event::Step(Step::Receive(self.deadline));
                                }
                            }
                        }
                    }
                    Op::Accept => {
                        self.pc = pc as u32;
                        return Event::Accepted;
                    }
                    Op::Reject => return Event::Rejected,

                    Op::Next { slot, end } => {
                        let index = self.slot_index(slot);
                        match &self.stack[index] {
                            Term::List(cell) => {
                                let (head, tail) = (cell.head().clone(), cell.tail().clone());
                                self.stack[index] = tail;
                                self.stack.push(head);
                                *budget = budget.saturating_sub(1);
                                if *budget == 0 {
                                    self.pc = pc as u32;
                                    return Event::Step(Step::Yield);
                                }
                            }
                            Term::Nil => pc = end as usize,
                            other => {
                                let tag = Term::atom("bad_generator");
                                let reason = Term::tuple([tag, other.clone()]);
                                raise!(Exception::error(reason), None);
                            }
                        }
                    }
                    Op::MapPairs => {
                        let value = self.pop();
                        match value.as_map() {
                            Some(map) => self
                                .stack
                                .push(Term::list(map.iter().map(|(key, value)| {
                                    Term::tuple([key.clone(), value.clone()])
                                }))),
                            None => {
                                let reason = Term::tuple([Term::atom("bad_generator"), value]);
                                raise!(Exception::error(reason), None);
                            }
                        }
                    }
                    Op::Collect(slot) => self.collect(slot),
                    Op::Collected(slot) => {
                        let list = Term::list(self.collected(slot));
                        self.stack.push(list);
                    }
                    Op::CollectedBits(slot) => {
                        let bits = attempt!(self.collected_bits(slot));
                        self.stack.push(bits);
                    }
                    Op::CollectedMap(slot) => {
                        let map = self.collected_map(slot);
                        self.stack.push(map);
                    }
                    Op::Filter(failure) => {
                        let value = self.pop();
                        match value.as_bool() {
                            Some(true) => {}
                            Some(false) => fail!(failure),
                            None => {
                                let reason = Term::tuple([Term::atom("bad_filter"), value]);
                                raise!(Exception::error(reason), None);
                            }
                        }
                    }
                }
            }
        }
    }

    fn is_set(&self, flag: u32) -> bool {
        self.stack[self.slot_index(flag)] == Term::Atom(atoms::TRUE)
    }

    fn pop_exception(&mut self) -> Exception {
        let (stack, reason, class) = (self.pop(), self.pop(), self.pop());
        let class = class
            .as_atom()
            .and_then(Class::from_atom)
            .unwrap_or(Class::Error);
        Exception::new(class, reason).with_stack(stack)
    }

    /// Shows the mailbox to the receive clauses. `Some` when one took a message
    /// (`pc` is behind the head of the clause) or raised.
    fn look_for_message(&mut self, call: &mut Call, clauses: u32) -> Option<Result<(), Exception>> {
        let height = self.stack.len();
        if !self.receiving {
            self.receiving = true;
            call.process().rescan();
        }
        self.scanning = true;
        let found = call.process().scan(|message| {
            self.stack.truncate(height);
            self.stack.push(message.to_term());
            self.pc = clauses;
            match self.execute(&mut u32::MAX.clone(), None) {
                Event::Accepted => std::ops::ControlFlow::Break(Ok(())),
                Event::Step(Step::Raised(exception)) => {
                    std::ops::ControlFlow::Break(Err(exception))
                }
                Event::Rejected | Event::Step(_) => std::ops::ControlFlow::Continue(()),
            }
        });
        self.scanning = false;
        self.stack.truncate(height);
        found.map(|(_, result)| result)
    }

    fn call_site(
        &mut self,
        site: &CallSite,
        arity: u8,
        tail: bool,
        call: Option<&mut Call>,
    ) -> Result<Called, (Exception, Option<Culprit>)> {
        let target = match site.target.get() {
            Some(target) => target,
            None => {
                let found = registry::resolve(
                    site.module,
                    site.function,
                    site.arity,
                    call.as_deref().map(Call::system),
                );
                match found {
                    // A program may be replaced; only what stays is kept.
                    Some(found) if found.stays => {
                        let _ = site.target.set(found.target);
                        match site.target.get() {
                            Some(target) => target,
                            None => return Err(self.undefined(site, arity)),
                        }
                    }
                    Some(found) => {
                        return self.call_target(
                            &found.target,
                            (site.module, site.function),
                            usize::from(arity),
                            tail,
                            call,
                        );
                    }
                    None => return Err(self.undefined(site, arity)),
                }
            }
        };
        self.call_target(
            target,
            (site.module, site.function),
            usize::from(arity),
            tail,
            call,
        )
    }

    fn undefined(&mut self, site: &CallSite, arity: u8) -> (Exception, Option<Culprit>) {
        if site.module.as_str() == "shell_default" {
            self.take_arguments(usize::from(arity));
            let reason = Term::tuple([
                Term::atom("shell_undef"),
                Term::Atom(site.function),
                Term::from(i64::from(arity)),
                Term::Nil,
            ]);
            return (Exception::error(reason), None);
        }
        let arguments = self.take_arguments(usize::from(arity));
        let culprit = Culprit {
            module: site.module,
            function: site.function,
            arguments,
        };
        (Exception::undef(), Some(culprit))
    }

    fn take_arguments(&mut self, arity: usize) -> Vec<Term> {
        let start = self.stack.len() - arity;
        self.stack.split_off(start)
    }

    /// Calls a resolved function; its arguments are on the stack.
    fn call_target(
        &mut self,
        target: &Target,
        (module, function): (portwright_term::Atom, portwright_term::Atom),
        arity: usize,
        tail: bool,
        call: Option<&mut Call>,
    ) -> Result<Called, (Exception, Option<Culprit>)> {
        match target {
            Target::Erlang { module, function } => {
                self.enter(module, *function, tail, None)
                    .map_err(|exception| (exception, None))?;
                Ok(Called::Entered)
            }
            Target::Native(kind) => {
                let start = self.stack.len() - arity;
                let wait = |machine: &mut Machine, native: WaitingFn| {
                    let arguments = machine.take_arguments(arity);
                    machine.waiting_for = Some(Culprit {
                        module,
                        function,
                        arguments: arguments.clone(),
                    });
                    let arguments = arguments.into();
                    Ok(Called::Step(Step::Await {
                        function: native,
                        arguments,
                    }))
                };
                let result = match (kind, call) {
                    (NativeKind::Pure(native), _) => native(&self.stack[start..]),
                    (NativeKind::Now(native), Some(call)) => native(call, &self.stack[start..]),
                    (NativeKind::Waiting(native), Some(_)) => return wait(self, *native),
                    (NativeKind::Either(try_now, native), Some(call)) => {
                        match try_now(call, &self.stack[start..]) {
                            Ok(Some(value)) => Ok(value),
                            Ok(None) => return wait(self, *native),
                            Err(exception) => Err(exception),
                        }
                    }
                    // A guard cannot call anything else.
                    (_, None) => Err(Exception::badarg()),
                };
                match result {
                    Ok(value) => {
                        self.stack.truncate(start);
                        self.stack.push(value);
                        Ok(Called::Returned)
                    }
                    Err(exception) => {
                        let arguments = self.take_arguments(arity);
                        Err((
                            exception,
                            Some(Culprit {
                                module,
                                function,
                                arguments,
                            }),
                        ))
                    }
                }
            }
            Target::ApplyFun => {
                let arguments = self.pop();
                let fun = self.pop();
                let Some(list) = arguments.to_vec() else {
                    return Err(bad_apply([fun, arguments]));
                };
                let arity = list.len();
                self.stack.extend(list);
                self.call_fun(fun, arity, tail, call)
            }
            Target::Apply => {
                let arguments = self.pop();
                let function = self.pop();
                let module = self.pop();
                let Some(list) = arguments.to_vec() else {
                    return Err(bad_apply([module, function, arguments]));
                };
                let arity = list.len();
                self.stack.extend(list);
                self.call_named(module, function, arity, tail, call)
            }
        }
    }

    /// `Module:Function(Arguments)` with computed names.
    fn call_named(
        &mut self,
        module: Term,
        function: Term,
        arity: usize,
        tail: bool,
        call: Option<&mut Call>,
    ) -> Result<Called, (Exception, Option<Culprit>)> {
        let (Term::Atom(module), Term::Atom(function)) = (&module, &function) else {
            let arguments = Term::list(self.take_arguments(arity));
            return Err(bad_apply([module, function, arguments]));
        };
        let found = u8::try_from(arity).ok().and_then(|arity| {
            registry::resolve(*module, *function, arity, call.as_deref().map(Call::system))
        });
        match found {
            Some(found) => self.call_target(&found.target, (*module, *function), arity, tail, call),
            None => {
                let arguments = self.take_arguments(arity);
                let culprit = Culprit {
                    module: *module,
                    function: *function,
                    arguments,
                };
                Err((Exception::undef(), Some(culprit)))
            }
        }
    }

    fn call_fun(
        &mut self,
        fun: Term,
        arity: usize,
        tail: bool,
        call: Option<&mut Call>,
    ) -> Result<Called, (Exception, Option<Culprit>)> {
        let Term::Fun(function) = &fun else {
            self.take_arguments(arity);
            return Err((Exception::tagged(atoms::BADFUN, fun), None));
        };
        if usize::from(function.arity()) != arity {
            let arguments = Term::list(self.take_arguments(arity));
            let reason = Term::tuple([Term::Atom(atoms::BADARITY), Term::tuple([fun, arguments])]);
            return Err((Exception::error(reason), None));
        }
        if let Fun::External {
            module, function, ..
        } = function
        {
            return self.call_named(
                Term::Atom(*module),
                Term::Atom(*function),
                arity,
                tail,
                call,
            );
        }
        match closure::of(function) {
            Some(closure) => {
                self.enter(
                    &closure.module,
                    closure.function,
                    tail,
                    Some((closure, &fun)),
                )
                .map_err(|exception| (exception, None))?;
                Ok(Called::Entered)
            }
            None => {
                self.take_arguments(arity);
                Err((Exception::tagged(atoms::BADFUN, fun), None))
            }
        }
    }
}

fn operator_culprit<const N: usize>(text: &'static str, arguments: [Term; N]) -> Option<Culprit> {
    Some(Culprit {
        module: atoms::ERLANG,
        function: portwright_term::Atom::literal(text),
        arguments: arguments.into(),
    })
}

fn bad_apply<const N: usize>(arguments: [Term; N]) -> (Exception, Option<Culprit>) {
    let culprit = Culprit {
        module: atoms::ERLANG,
        function: portwright_term::Atom::literal("apply"),
        arguments: arguments.into(),
    };
    (Exception::badarg(), Some(culprit))
}
