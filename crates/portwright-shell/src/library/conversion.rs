//! Conversions of `erlang(3)` between atoms, lists, binaries, tuples and identifiers.

use portwright_term::{Atom, AtomError, Binary, Fun, Pid, Reference, Term, iolist};

use super::argument::{
    Answer, atom, atom_text, badarg, binary, binary_term, byte_list, count, elements_or_badarg,
    flat_text, is_atom, pure,
};
use crate::exception::Exception;
use crate::native::{Call, Native, NativeModule};

/// What this file registers.
pub(crate) const CONVERSIONS: NativeModule = NativeModule::new(
    "erlang",
    &[
        pure!("atom_to_list", 1, atom_to_list),
        pure!("atom_to_binary", 1, atom_to_binary),
        pure!("atom_to_binary", 2, atom_to_binary),
        pure!("list_to_atom", 1, list_to_atom),
        pure!("list_to_existing_atom", 1, list_to_existing_atom),
        pure!("binary_to_atom", 1, binary_to_atom),
        pure!("binary_to_atom", 2, binary_to_atom),
        pure!("binary_to_existing_atom", 1, binary_to_existing_atom),
        pure!("binary_to_existing_atom", 2, binary_to_existing_atom),
        pure!("list_to_binary", 1, list_to_binary),
        pure!("iolist_to_binary", 1, iolist_to_binary),
        pure!("iolist_to_iovec", 1, iolist_to_iovec),
        pure!("iolist_size", 1, iolist_size),
        pure!("binary_to_list", 1, binary_to_list),
        pure!("binary_to_list", 3, binary_to_list_part),
        pure!("bitstring_to_list", 1, bitstring_to_list),
        pure!("list_to_bitstring", 1, list_to_bitstring),
        pure!("split_binary", 2, split_binary),
        pure!("list_to_tuple", 1, list_to_tuple),
        pure!("tuple_to_list", 1, tuple_to_list),
        pure!("make_tuple", 2, make_tuple),
        pure!("make_tuple", 3, make_tuple_with),
        pure!("append_element", 2, append_element),
        pure!("insert_element", 3, insert_element),
        pure!("delete_element", 2, delete_element),
        pure!("setelement", 3, setelement),
        pure!("append", 2, super::lists::append),
        pure!("subtract", 2, super::lists::subtract),
        pure!("pid_to_list", 1, pid_to_list),
        pure!("ref_to_list", 1, ref_to_list),
        pure!("fun_to_list", 1, fun_to_list),
        Native::new("list_to_pid", 1, list_to_pid),
        Native::new("list_to_ref", 1, list_to_ref),
        pure!("make_fun", 3, make_fun),
        pure!("fun_info", 2, fun_info),
    ],
);

fn atom_to_list(args: &[Term]) -> Answer {
    Ok(Term::string(atom_text(&args[0]).ok_or_else(badarg)?))
}

/// The encoding argument: true for `latin1`.
fn is_latin1(args: &[Term]) -> Result<bool, Exception> {
    match args.get(1) {
        None => Ok(false),
        Some(encoding) if is_atom(encoding, "utf8") || is_atom(encoding, "unicode") => Ok(false),
        Some(encoding) if is_atom(encoding, "latin1") => Ok(true),
        Some(_) => Err(badarg()),
    }
}

fn atom_to_binary(args: &[Term]) -> Answer {
    let text = atom_text(&args[0]).ok_or_else(badarg)?;
    if !is_latin1(args)? {
        return Ok(binary_term(text));
    }
    let bytes: Option<Vec<u8>> = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)).ok())
        .collect();
    Ok(binary_term(bytes.ok_or_else(badarg)?))
}

/// A new or known atom, with OTP's errors.
pub(crate) fn intern(text: &str) -> Answer {
    match Atom::new(text) {
        Ok(a) => Ok(Term::Atom(a)),
        Err(AtomError::TableFull { .. }) => Err(Exception::system_limit()),
        Err(_) => Err(Exception::system_limit()),
    }
}

fn known(text: &str) -> Answer {
    if text.chars().count() > 255 {
        return Err(Exception::badarg());
    }
    Atom::existing(text).map(Term::Atom).ok_or_else(badarg)
}

fn list_to_atom(args: &[Term]) -> Answer {
    intern(&flat_text(&args[0]).ok_or_else(badarg)?)
}

fn list_to_existing_atom(args: &[Term]) -> Answer {
    known(&flat_text(&args[0]).ok_or_else(badarg)?)
}

fn text_of_binary(args: &[Term]) -> Result<String, Exception> {
    let latin1 = is_latin1(args)?;
    let bytes = binary(&args[0]).ok_or_else(badarg)?;
    if latin1 {
        return Ok(bytes.iter().map(|b| char::from(*b)).collect());
    }
    String::from_utf8(bytes.to_vec()).map_err(|_| badarg())
}

fn binary_to_atom(args: &[Term]) -> Answer {
    intern(&text_of_binary(args)?)
}

fn binary_to_existing_atom(args: &[Term]) -> Answer {
    known(&text_of_binary(args)?)
}

fn list_to_binary(args: &[Term]) -> Answer {
    if !args[0].is_list() {
        return Err(badarg());
    }
    iolist_to_binary(args)
}

fn iolist_to_binary(args: &[Term]) -> Answer {
    if matches!(args[0], Term::Binary(_)) {
        return Ok(args[0].clone());
    }
    let gathered = iolist::gather(&args[0]).map_err(|_| badarg())?;
    Ok(binary_term(gathered.into_bytes()))
}

fn iolist_to_iovec(args: &[Term]) -> Answer {
    let gathered = iolist::gather(&args[0]).map_err(|_| badarg())?;
    Ok(Term::list(
        gathered
            .iter()
            .filter(|piece| !piece.is_empty())
            .map(|piece| Term::binary(piece.clone())),
    ))
}

fn iolist_size(args: &[Term]) -> Answer {
    iolist::size(&args[0]).map(Term::from).map_err(|_| badarg())
}

fn binary_to_list(args: &[Term]) -> Answer {
    Ok(Term::bytes_list(binary(&args[0]).ok_or_else(badarg)?))
}

fn binary_to_list_part(args: &[Term]) -> Answer {
    let bytes = binary(&args[0]).ok_or_else(badarg)?;
    let first = count(&args[1]).filter(|n| *n > 0).ok_or_else(badarg)?;
    let last = count(&args[2]).ok_or_else(badarg)?;
    if first > last {
        return Err(badarg());
    }
    bytes
        .get(first - 1..last)
        .map(Term::bytes_list)
        .ok_or_else(badarg)
}

fn bitstring_to_list(args: &[Term]) -> Answer {
    match &args[0] {
        Term::Binary(bytes) => Ok(Term::bytes_list(bytes)),
        Term::Bitstring(bits) => {
            let bytes = bits.bytes();
            let (last, whole) = bytes.split_last().ok_or_else(badarg)?;
            let tail = Term::bits(vec![*last], bits.tail_bits()).ok_or_else(badarg)?;
            Ok(Term::list(
                whole
                    .iter()
                    .map(|b| Term::Integer(i64::from(*b)))
                    .chain([tail]),
            ))
        }
        _ => Err(badarg()),
    }
}

/// Bits in order, gathered across byte boundaries.
#[derive(Default)]
struct BitWriter {
    bytes: Vec<u8>,
    used: usize,
}

impl BitWriter {
    /// Adds `bits` leading bits of `source`.
    fn push(&mut self, source: &[u8], bits: usize) {
        if self.used.is_multiple_of(8) && bits.is_multiple_of(8) {
            self.bytes.extend_from_slice(&source[..bits / 8]);
            self.used += bits;
            return;
        }
        for index in 0..bits {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let bit = source[index / 8] >> (7 - index % 8) & 1;
            if let Some(last) = self.bytes.last_mut() {
                *last |= bit << (7 - self.used % 8);
            }
            self.used += 1;
        }
    }
}

fn list_to_bitstring(args: &[Term]) -> Answer {
    if !args[0].is_list() {
        return Err(badarg());
    }
    let mut out = BitWriter::default();
    // What is open: (term, whether it stands in a tail, where bare bytes are not allowed).
    let mut open = vec![args[0].clone()];
    let mut in_tail = vec![true];
    while let (Some(next), Some(tail)) = (open.pop(), in_tail.pop()) {
        match next {
            Term::Nil => {}
            Term::List(cell) => {
                open.push(cell.tail().clone());
                in_tail.push(true);
                open.push(cell.head().clone());
                in_tail.push(false);
            }
            Term::Binary(bytes) => out.push(&bytes, bytes.len() * 8),
            Term::Bitstring(bits) => out.push(bits.bytes(), bits.bit_len()),
            Term::Integer(n) if !tail => out.push(&[u8::try_from(n).map_err(|_| badarg())?], 8),
            _ => return Err(badarg()),
        }
    }
    let tail_bits = (out.used % 8) as u8;
    if tail_bits == 0 {
        return Ok(binary_term(out.bytes));
    }
    Term::bits(out.bytes, tail_bits).ok_or_else(badarg)
}

fn split_binary(args: &[Term]) -> Answer {
    let at = count(&args[1]).ok_or_else(badarg)?;
    match &args[0] {
        Term::Binary(bytes) if at <= bytes.len() => Ok(Term::tuple([
            Term::Binary(bytes.slice(..at)),
            Term::Binary(bytes.slice(at..)),
        ])),
        Term::Bitstring(bits) if at * 8 <= bits.bit_len() => {
            let rest = Term::bits(bits.bytes().slice(at..).to_bytes(), bits.tail_bits())
                .ok_or_else(badarg)?;
            Ok(Term::tuple([Term::Binary(bits.bytes().slice(..at)), rest]))
        }
        _ => Err(badarg()),
    }
}

fn list_to_tuple(args: &[Term]) -> Answer {
    Ok(Term::tuple(elements_or_badarg(&args[0])?))
}

fn tuple(term: &Term) -> Result<&[Term], Exception> {
    term.as_tuple().ok_or_else(badarg)
}

fn tuple_to_list(args: &[Term]) -> Answer {
    Ok(Term::list(tuple(&args[0])?.to_vec()))
}

/// The size limit of a tuple in OTP.
const MAX_ARITY: usize = 16_777_215;

fn make_tuple(args: &[Term]) -> Answer {
    let arity = count(&args[0])
        .filter(|n| *n <= MAX_ARITY)
        .ok_or_else(badarg)?;
    Ok(Term::tuple(vec![args[1].clone(); arity]))
}

fn make_tuple_with(args: &[Term]) -> Answer {
    let arity = count(&args[0])
        .filter(|n| *n <= MAX_ARITY)
        .ok_or_else(badarg)?;
    let mut all = vec![args[1].clone(); arity];
    for setting in elements_or_badarg(&args[2])? {
        let Some([position, value]) = setting.as_tuple() else {
            return Err(badarg());
        };
        let position = count(position).filter(|n| *n > 0).ok_or_else(badarg)?;
        *all.get_mut(position - 1).ok_or_else(badarg)? = value.clone();
    }
    Ok(Term::tuple(all))
}

fn append_element(args: &[Term]) -> Answer {
    let mut all = tuple(&args[0])?.to_vec();
    all.push(args[1].clone());
    Ok(Term::tuple(all))
}

fn insert_element(args: &[Term]) -> Answer {
    let mut all = tuple(&args[1])?.to_vec();
    let position = count(&args[0])
        .filter(|n| (1..=all.len() + 1).contains(n))
        .ok_or_else(badarg)?;
    all.insert(position - 1, args[2].clone());
    Ok(Term::tuple(all))
}

fn delete_element(args: &[Term]) -> Answer {
    let mut all = tuple(&args[1])?.to_vec();
    let position = count(&args[0])
        .filter(|n| (1..=all.len()).contains(n))
        .ok_or_else(badarg)?;
    all.remove(position - 1);
    Ok(Term::tuple(all))
}

fn setelement(args: &[Term]) -> Answer {
    let mut all = tuple(&args[1])?.to_vec();
    let position = count(&args[0])
        .filter(|n| (1..=all.len()).contains(n))
        .ok_or_else(badarg)?;
    all[position - 1] = args[2].clone();
    Ok(Term::tuple(all))
}

fn text_if(wanted: bool, term: &Term) -> Answer {
    if wanted {
        Ok(Term::string(&term.to_string()))
    } else {
        Err(badarg())
    }
}

fn pid_to_list(args: &[Term]) -> Answer {
    text_if(args[0].is_pid(), &args[0])
}

fn ref_to_list(args: &[Term]) -> Answer {
    text_if(args[0].is_reference(), &args[0])
}

fn fun_to_list(args: &[Term]) -> Answer {
    text_if(args[0].is_function(), &args[0])
}

/// The numbers in `<0.1.2>` or `#Ref<0.1.2.3>`, the first one, which is the node's, checked.
fn identifier_numbers(term: &Term, prefix: &str) -> Result<Vec<u64>, Exception> {
    let written = byte_list(term)
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(badarg)?;
    let inner = written
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_suffix('>'))
        .ok_or_else(badarg)?;
    let mut numbers: Vec<u64> = inner
        .split('.')
        .map(|n| {
            if n.starts_with('+') {
                Err(badarg())
            } else {
                n.parse().map_err(|_| badarg())
            }
        })
        .collect::<Result<_, _>>()?;
    if numbers.len() < 2 || numbers.remove(0) != 0 {
        Err(badarg())
    } else {
        Ok(numbers)
    }
}

fn small(n: u64) -> Result<u32, Exception> {
    u32::try_from(n).map_err(|_| badarg())
}

fn list_to_pid(call: &mut Call, args: &[Term]) -> Answer {
    let own = call.pid();
    match identifier_numbers(&args[0], "<")?.as_slice() {
        [id, serial] => Ok(Term::Pid(Pid::new(
            own.node(),
            small(*id)?,
            small(*serial)?,
            own.creation(),
        ))),
        _ => Err(badarg()),
    }
}

fn list_to_ref(call: &mut Call, args: &[Term]) -> Answer {
    let own = call.pid();
    // Written last word first.
    let mut ids = identifier_numbers(&args[0], "#Ref<")?
        .into_iter()
        .map(small)
        .collect::<Result<Vec<_>, _>>()?;
    // Three words, of which the one written last has 18 bits.
    if ids.len() != 3 || ids[2] >= 1 << 18 {
        return Err(badarg());
    }
    ids.reverse();
    Reference::new(own.node(), own.creation(), &ids)
        .map(Term::Reference)
        .ok_or_else(badarg)
}

fn make_fun(args: &[Term]) -> Answer {
    let module = args[0].as_atom().ok_or_else(badarg)?;
    let function = args[1].as_atom().ok_or_else(badarg)?;
    let arity = count(&args[2])
        .and_then(|n| u8::try_from(n).ok())
        .ok_or_else(badarg)?;
    Ok(Term::Fun(Fun::External {
        module,
        function,
        arity,
    }))
}

fn fun_info(args: &[Term]) -> Answer {
    let fun = args[0].as_fun().ok_or_else(badarg)?;
    let item = atom_text(&args[1]).ok_or_else(badarg)?;
    let value = match (item, fun) {
        ("arity", _) => Term::from(fun.arity()),
        ("module", _) => Term::Atom(fun.module()),
        ("name", Fun::External { function, .. }) => Term::Atom(*function),
        ("type", Fun::External { .. }) => atom("external"),
        ("type", _) => atom("local"),
        ("env", Fun::External { .. }) => Term::Nil,
        ("name" | "env" | "index" | "new_index" | "uniq" | "new_uniq" | "pid", _) => {
            atom("undefined")
        }
        _ => return Err(badarg()),
    };
    Ok(Term::tuple([args[1].clone(), value]))
}

/// The bytes of a binary, for modules that answer with a part of it.
pub(crate) fn part_of(bytes: &Binary, start: usize, length: usize) -> Term {
    Term::Binary(bytes.slice(start..start + length))
}
