//! What single instructions do, where it takes more than a line.

use std::time::{Duration, Instant};

use portwright_term::{Fun, List, Map, Term, atoms};

use super::Machine;
use super::bits::{self, BitBuilder, BuildError};
use super::trace::{native_entry, otp_entry};
use crate::code::*;
use crate::exception::{Exception, GENERAL, REASON};

type Value = Result<Term, Exception>;

impl Machine {
    pub(super) fn pop(&mut self) -> Term {
        // The compiler counts operands: there is one.
        self.stack.pop().unwrap_or(Term::Nil)
    }

    pub(super) fn slot_index(&self, slot: u32) -> usize {
        (self.base + slot) as usize
    }

    /// `BuildBits`: values and dynamic sizes are on the stack.
    pub(super) fn build_bits(&mut self, segments: &[SegmentCode]) -> Value {
        let dynamic = |code: &SegmentCode| usize::from(code.size == SegmentSize::Dynamic);
        let count: usize = segments.iter().map(|code| 1 + dynamic(code)).sum();
        let start = self.stack.len() - count;
        let mut builder = BitBuilder::new();
        let mut at = start;
        let mut failed = None;
        for (index, code) in segments.iter().enumerate() {
            let size = (code.size == SegmentSize::Dynamic).then(|| &self.stack[at + 1]);
            if let Err(error) = builder.push(*code, &self.stack[at], size) {
                failed = Some((index, error));
                break;
            }
            at += 1 + dynamic(code);
        }
        self.stack.truncate(start);
        match failed {
            None => Ok(builder.finish()),
            Some((index, BuildError::Bad(text, line))) => {
                let text = text.replacen("segment *", &format!("segment {}", index + 1), 1);
                let first = otp_entry(("eval_bits", "eval_exp_field", 6, line));
                Err(Exception::badarg()
                    .note(REASON, "construction of binary failed")
                    .note(GENERAL, text)
                    .with_entries(self.bits_entries([first])))
            }
            Some((index, BuildError::Size(size))) => {
                let unit = Term::from(i64::from(segments[index].unit));
                let first = native_entry("erlang", "*", [size, unit]);
                let second = otp_entry(("eval_bits", "eval_exp_field1", 9, 114));
                Err(Exception::badarg().with_entries(self.bits_entries([first, second])))
            }
            Some((_, BuildError::NotBits(value))) => {
                let first = native_entry("erlang", "bit_size", [value]);
                let second = otp_entry(("eval_bits", "eval_exp_field1", 9, 114));
                Err(Exception::badarg()
                    .note(1, "not a bitstring")
                    .with_entries(self.bits_entries([first, second])))
            }
            Some((_, BuildError::SystemLimit)) => Err(Exception::system_limit()),
        }
    }

    /// What a trace shows of `erl_eval`'s way to build a binary.
    fn bits_entries<const N: usize>(&self, first: [Term; N]) -> Vec<Term> {
        if self.module.origin == Origin::Library {
            return Vec::new();
        }
        let mut entries = Vec::from(first);
        entries.push(otp_entry(("eval_bits", "create_binary", 2, 77)));
        entries.push(otp_entry(("eval_bits", "expr_grp", 5, 68)));
        entries
    }

    /// `BitsStart`: whether the value on the stack is a bit string.
    pub(super) fn bits_start(&mut self, slot: u32) -> bool {
        let value = self.pop();
        if !value.is_bitstring() {
            return false;
        }
        let index = self.slot_index(slot);
        self.stack[index] = value;
        self.stack[index + 1] = Term::Integer(0);
        true
    }

    fn bits_offset(&self, slot: u32) -> usize {
        bits::count(&self.stack[self.slot_index(slot) + 1]).unwrap_or(0)
    }

    /// `BitsField`: reads a segment; `false` when it is not there.
    pub(super) fn bits_field(&mut self, slot: u32, code: SegmentCode) -> bool {
        let size = (code.size == SegmentSize::Dynamic).then(|| self.pop());
        let offset = self.bits_offset(slot);
        let index = self.slot_index(slot);
        let Some((value, next)) = bits::read(&self.stack[index], offset, code, size.as_ref())
        else {
            return false;
        };
        self.stack[index + 1] = Term::from(next);
        self.stack.push(value);
        true
    }

    /// Whether all bits are read.
    pub(super) fn bits_done(&self, slot: u32) -> bool {
        bits::bit_size(&self.stack[self.slot_index(slot)]) == Some(self.bits_offset(slot))
    }

    /// `List`: a tail and `count` elements are on the stack.
    pub(super) fn make_list(&mut self, count: usize) {
        let mut list = self.pop();
        for _ in 0..count {
            let head = self.pop();
            list = List::cons(head, list);
        }
        self.stack.push(list);
    }

    pub(super) fn make_tuple(&mut self, count: usize) {
        let start = self.stack.len() - count;
        let tuple = Term::tuple(self.stack.drain(start..));
        self.stack.push(tuple);
    }

    pub(super) fn make_map(&mut self, pairs: usize) {
        let start = self.stack.len() - 2 * pairs;
        let mut map = Map::new();
        let mut items = self.stack.drain(start..);
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            map.insert_mut(key, value);
        }
        drop(items);
        self.stack.push(Term::Map(map));
    }

    pub(super) fn put_map(&mut self, exact: bool) -> Value {
        let value = self.pop();
        let key = self.pop();
        match self.pop() {
            Term::Map(mut map) => {
                if exact && !map.contains_key(&key) {
                    return Err(self.bad_key(key, value, map));
                }
                map.insert_mut(key, value);
                Ok(Term::Map(map))
            }
            other => Err(Exception::tagged(atoms::BADMAP, other)),
        }
    }

    /// OTP's interpreter calls `maps:update/3` for each pair.
    fn bad_key(&self, key: Term, value: Term, map: Map) -> Exception {
        let exception = Exception::tagged(atoms::BADKEY, key.clone());
        if !self.module.origin.is_expressions() {
            return exception;
        }
        exception.with_entries(vec![
            native_entry("maps", "update", [key, value, Term::Map(map)]),
            otp_entry(("erl_eval", "-expr/6-fun-0-", 2, 309)),
            otp_entry(("lists", "foldl", 3, 1350)),
        ])
    }

    /// What is no map cannot be updated; OTP's interpreter finds out by `maps:put/3`.
    pub(super) fn bad_map(&self, value: Term) -> Exception {
        let exception = Exception::tagged(atoms::BADMAP, value.clone());
        if !self.module.origin.is_expressions() {
            return exception;
        }
        let arguments = [Term::atom("k"), Term::atom("v"), value];
        exception.with_entries(vec![native_entry("maps", "put", arguments)])
    }

    pub(super) fn set_element(&mut self, index: usize) {
        let value = self.pop();
        let tuple = self.pop();
        let mut elements = tuple.as_tuple().map(<[Term]>::to_vec).unwrap_or_default();
        if let Some(element) = elements.get_mut(index) {
            *element = value;
        }
        self.stack.push(Term::tuple(elements));
    }

    /// `ExternalFun`.
    pub(super) fn external_fun(&mut self) -> Value {
        let (arity, function, module) = (self.pop(), self.pop(), self.pop());
        match (
            &module,
            &function,
            arity.as_u64().and_then(|arity| u8::try_from(arity).ok()),
        ) {
            (Term::Atom(module), Term::Atom(function), Some(arity)) => {
                Ok(Term::Fun(Fun::External {
                    module: *module,
                    function: *function,
                    arity,
                }))
            }
            _ => Err(Exception::badarg()),
        }
    }

    /// `SetTimeout`.
    pub(super) fn set_timeout(&mut self) -> Result<(), Exception> {
        let time = self.pop();
        self.deadline = match &time {
            Term::Atom(atoms::INFINITY) => None,
            Term::Integer(milliseconds @ 0..=0xffff_ffff) => {
                Instant::now().checked_add(Duration::from_millis(milliseconds.unsigned_abs()))
            }
            _ => {
                let entry = Term::tuple([
                    Term::atom("prim_eval"),
                    Term::atom("receive"),
                    Term::from(2_i64),
                    Term::Nil,
                ]);
                let exception = Exception::error(Term::atom("timeout_value"));
                return Err(exception.with_entries(vec![entry]));
            }
        };
        Ok(())
    }

    /// The list collected in a slot, in reverse, emptied.
    pub(super) fn collected(&mut self, slot: u32) -> Vec<Term> {
        let index = self.slot_index(slot);
        let list = std::mem::replace(&mut self.stack[index], Term::Nil);
        let mut items: Vec<Term> = list.list_iter().cloned().collect();
        items.reverse();
        items
    }

    pub(super) fn collected_bits(&mut self, slot: u32) -> Value {
        let mut builder = BitBuilder::new();
        for item in self.collected(slot) {
            match bits::parts(&item) {
                Some((bytes, len)) => builder.append(bytes, len),
                None if self.module.origin.is_expressions() => {
                    return Err(Exception::badarg().note(REASON, "construction of binary failed"));
                }
                None => return Err(Exception::badarg()),
            }
        }
        Ok(builder.finish())
    }

    pub(super) fn collected_map(&mut self, slot: u32) -> Term {
        let pairs = self.collected(slot);
        Term::map(pairs.into_iter().filter_map(|pair| match pair.as_tuple() {
            Some([key, value]) => Some((key.clone(), value.clone())),
            _ => None,
        }))
    }

    /// Prepends to the list in a slot.
    pub(super) fn collect(&mut self, slot: u32) {
        let value = self.pop();
        let index = self.slot_index(slot);
        let list = std::mem::replace(&mut self.stack[index], Term::Nil);
        self.stack[index] = List::cons(value, list);
    }
}
