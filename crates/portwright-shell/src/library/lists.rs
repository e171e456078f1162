//! The flat and hot functions of `lists`; the higher-order ones are in `prelude/lists.erl`.

use std::cmp::Ordering;

use portwright_term::{List, Term};

use super::argument::{
    Answer, badarg, badarith, count, elements, function_clause, is_list, pure, tagged, tagged_error,
};
use super::number;
use crate::exception::Exception;
use crate::native::NativeModule;

/// What this file registers.
pub(crate) const LISTS: NativeModule = NativeModule::new(
    "lists",
    &[
        pure!("append", 1, append_all),
        pure!("append", 2, append),
        pure!("concat", 1, concat),
        pure!("delete", 2, delete),
        pure!("droplast", 1, droplast),
        pure!("duplicate", 2, duplicate),
        pure!("flatlength", 1, flatlength),
        pure!("flatten", 1, flatten),
        pure!("flatten", 2, flatten_onto),
        pure!("keyfind", 3, keyfind),
        pure!("keymember", 3, keymember),
        pure!("keysearch", 3, keysearch),
        pure!("keysort", 2, keysort),
        pure!("last", 1, last),
        pure!("max", 1, max),
        pure!("member", 2, member),
        pure!("min", 1, min),
        pure!("nth", 2, nth),
        pure!("nthtail", 2, nthtail),
        pure!("prefix", 2, prefix),
        pure!("reverse", 1, reverse),
        pure!("reverse", 2, reverse_onto),
        pure!("seq", 2, seq),
        pure!("seq", 3, seq_step),
        pure!("sort", 1, sort),
        pure!("split", 2, split),
        pure!("sublist", 2, sublist),
        pure!("sublist", 3, sublist_from),
        pure!("subtract", 2, subtract),
        pure!("suffix", 2, suffix),
        pure!("sum", 1, sum),
        pure!("ukeysort", 2, ukeysort),
        pure!("usort", 1, usort),
    ],
);

/// The elements of a proper list, else `function_clause`, as most of `lists` answers.
fn proper(term: &Term) -> Result<Vec<Term>, Exception> {
    elements(term).ok_or_else(function_clause)
}

/// Puts `front` before `tail`.
pub(super) fn onto(front: Vec<Term>, tail: Term) -> Term {
    front
        .into_iter()
        .rev()
        .fold(tail, |tail, head| List::cons(head, tail))
}

/// `++`: the left side is a proper list, the right side anything.
pub(crate) fn append(args: &[Term]) -> Answer {
    let front = elements(&args[0]).ok_or_else(badarg)?;
    Ok(onto(front, args[1].clone()))
}

fn append_all(args: &[Term]) -> Answer {
    let mut parts = proper(&args[0])?;
    let Some(mut answer) = parts.pop() else {
        return Ok(Term::Nil);
    };
    while let Some(part) = parts.pop() {
        let front = elements(&part).ok_or_else(badarg)?;
        answer = onto(front, answer);
    }
    Ok(answer)
}

fn concat(args: &[Term]) -> Answer {
    let mut all = Vec::new();
    for part in proper(&args[0])? {
        match &part {
            Term::Atom(a) => all.extend(Term::string(a.as_str()).to_vec().unwrap_or_default()),
            Term::Integer(_) | Term::BigInteger(_) => {
                all.extend(Term::string(&part.to_string()).to_vec().unwrap_or_default());
            }
            Term::Float(f) => {
                all.extend(
                    Term::string(&number::scientific(*f, 20))
                        .to_vec()
                        .unwrap_or_default(),
                );
            }
            Term::Nil | Term::List(_) => all.extend(elements(&part).ok_or_else(badarg)?),
            _ => return Err(function_clause()),
        }
    }
    Ok(Term::list(all))
}

fn delete(args: &[Term]) -> Answer {
    let mut before = Vec::new();
    let mut rest = args[1].clone();
    loop {
        match rest {
            Term::List(cell) if *cell.head() == args[0] => {
                return Ok(onto(before, cell.tail().clone()));
            }
            Term::List(cell) => {
                before.push(cell.head().clone());
                rest = cell.tail().clone();
            }
            Term::Nil => return Ok(args[1].clone()),
            _ => return Err(function_clause()),
        }
    }
}

fn droplast(args: &[Term]) -> Answer {
    let mut all = proper(&args[0])?;
    all.pop().ok_or_else(function_clause)?;
    Ok(Term::list(all))
}

/// Longest list that one call makes: above it OTP runs out of memory too, and
/// ends with all its processes.
const MAX_MADE: usize = 1 << 27;

fn duplicate(args: &[Term]) -> Answer {
    let times = count(&args[0]).ok_or_else(function_clause)?;
    if times > MAX_MADE {
        return Err(Exception::system_limit());
    }
    let mut answer = Term::Nil;
    for _ in 0..times {
        answer = List::cons(args[1].clone(), answer);
    }
    Ok(answer)
}

/// The leaves of a deep list in order; `None` when some level is improper.
fn leaves(list: &Term) -> Option<Vec<Term>> {
    if !is_list(list) {
        return None;
    }
    let mut all = Vec::new();
    let mut open = vec![list.clone()];
    while let Some(next) = open.pop() {
        match next {
            Term::Nil => {}
            Term::List(cell) => {
                open.push(cell.tail().clone());
                match cell.head() {
                    Term::Nil => {}
                    Term::List(_) => open.push(cell.head().clone()),
                    leaf => all.push(leaf.clone()),
                }
            }
            _ => return None,
        }
    }
    Some(all)
}

fn flatten(args: &[Term]) -> Answer {
    leaves(&args[0]).map(Term::list).ok_or_else(function_clause)
}

fn flatten_onto(args: &[Term]) -> Answer {
    if !is_list(&args[1]) {
        return Err(function_clause());
    }
    let front = leaves(&args[0]).ok_or_else(function_clause)?;
    Ok(onto(front, args[1].clone()))
}

fn flatlength(args: &[Term]) -> Answer {
    leaves(&args[0])
        .map(|all| Term::from(all.len()))
        .ok_or_else(function_clause)
}

/// The first tuple whose element `args[1]` equals (`==`) `args[0]`.
fn find_by_key(args: &[Term]) -> Result<Option<Term>, Exception> {
    let position = count(&args[1]).filter(|n| *n > 0).ok_or_else(badarg)?;
    let mut rest = &args[2];
    loop {
        match rest {
            Term::List(cell) => {
                if let Term::Tuple(t) = cell.head()
                    && t.get(position - 1).is_some_and(|e| e.erl_eq(&args[0]))
                {
                    return Ok(Some(cell.head().clone()));
                }
                rest = cell.tail();
            }
            Term::Nil => return Ok(None),
            _ => return Err(badarg()),
        }
    }
}

fn keyfind(args: &[Term]) -> Answer {
    Ok(find_by_key(args)?.unwrap_or_else(|| Term::boolean(false)))
}

fn keymember(args: &[Term]) -> Answer {
    Ok(Term::boolean(find_by_key(args)?.is_some()))
}

fn keysearch(args: &[Term]) -> Answer {
    Ok(match find_by_key(args)? {
        Some(found) => tagged("value", found),
        None => Term::boolean(false),
    })
}

/// The list and the key of each tuple, checked as OTP checks it: lists of one element are not looked into.
fn keyed(args: &[Term]) -> Result<Vec<(Term, Term)>, Exception> {
    // A position that no tuple has is wrong only where a tuple is looked at.
    let position = length_argument(&args[0])
        .filter(|n| *n > 0)
        .ok_or_else(function_clause)?;
    if !is_list(&args[1]) {
        return Err(tagged_error("case_clause", args[1].clone()));
    }
    let all = proper(&args[1])?;
    if let [only] = all.as_slice() {
        return Ok(vec![(Term::Nil, only.clone())]);
    }
    all.into_iter()
        .map(|element| match &element {
            Term::Tuple(t) => match t.get(position - 1) {
                Some(key) => Ok((key.clone(), element.clone())),
                None => Err(badarg()),
            },
            _ => Err(badarg()),
        })
        .collect()
}

fn keysort(args: &[Term]) -> Answer {
    let mut all = keyed(args)?;
    all.sort_by(|a, b| a.0.erl_cmp(&b.0));
    Ok(Term::list(all.into_iter().map(|(_, element)| element)))
}

fn ukeysort(args: &[Term]) -> Answer {
    let mut all = keyed(args)?;
    all.sort_by(|a, b| a.0.erl_cmp(&b.0));
    all.dedup_by(|later, earlier| later.0.erl_eq(&earlier.0));
    Ok(Term::list(all.into_iter().map(|(_, element)| element)))
}

fn sort(args: &[Term]) -> Answer {
    let mut all = proper(&args[0])?;
    if falls_first(&all) {
        all = falling_runs(all).into_iter().rev().flatten().collect();
    }
    all.sort_by(|a, b| a.erl_cmp(b));
    Ok(Term::list(all))
}

/// Whether `lists:sort/1` of OTP collects falling runs: the first elements that differ fall.
fn falls_first(all: &[Term]) -> bool {
    // Up to three elements are compared one by one.
    all.len() > 3
        && all
            .windows(2)
            .map(|pair| pair[0].erl_cmp(&pair[1]))
            .find(|order| order.is_ne())
            == Some(Ordering::Greater)
}

/// The falling runs that `lists:sort/1` of OTP finds, each turned round.
///
/// Merging them, the last one first, gives OTP's order of 1 and 1.0: they are equal but not the
/// same, and a run that is turned round turns them round too.
fn falling_runs(all: Vec<Term>) -> Vec<Vec<Term>> {
    let mut runs = Vec::new();
    let mut run: Vec<Term> = Vec::new();
    // An element above the last two of the run, which begins the next one.
    let mut held: Option<Term> = None;
    for next in all {
        let [.., above, last] = run.as_slice() else {
            run.push(next);
            continue;
        };
        if next.erl_cmp(last).is_le() {
            run.push(next);
        } else if next.erl_cmp(above).is_le() {
            run.insert(run.len() - 1, next);
        } else if run.len() == 2 {
            run.insert(0, next);
        } else if let Some(first) = held.take() {
            let begun = if first.erl_cmp(&next).is_gt() {
                vec![first, next]
            } else {
                vec![next, first]
            };
            runs.push(std::mem::replace(&mut run, begun));
        } else {
            held = Some(next);
        }
    }
    runs.push(run);
    runs.extend(held.map(|first| vec![first]));
    for run in &mut runs {
        run.reverse();
    }
    runs
}

fn usort(args: &[Term]) -> Answer {
    let mut all = proper(&args[0])?;
    all.sort_by(|a, b| a.erl_cmp(b));
    all.dedup_by(|later, earlier| later.erl_eq(earlier));
    Ok(Term::list(all))
}

fn last(args: &[Term]) -> Answer {
    proper(&args[0])?.pop().ok_or_else(function_clause)
}

fn max(args: &[Term]) -> Answer {
    let all = proper(&args[0])?;
    all.into_iter()
        .reduce(|a, b| {
            if b.erl_cmp(&a) == Ordering::Greater {
                b
            } else {
                a
            }
        })
        .ok_or_else(function_clause)
}

fn min(args: &[Term]) -> Answer {
    let all = proper(&args[0])?;
    all.into_iter()
        .reduce(|a, b| {
            if b.erl_cmp(&a) == Ordering::Less {
                b
            } else {
                a
            }
        })
        .ok_or_else(function_clause)
}

fn member(args: &[Term]) -> Answer {
    let mut rest = &args[1];
    loop {
        match rest {
            Term::List(cell) if *cell.head() == args[0] => return Ok(Term::boolean(true)),
            Term::List(cell) => rest = cell.tail(),
            Term::Nil => return Ok(Term::boolean(false)),
            _ => return Err(badarg()),
        }
    }
}

/// What is left of `list` after `n` elements; `None` when it is too short.
fn after(list: &Term, n: usize) -> Option<&Term> {
    let mut rest = list;
    for _ in 0..n {
        match rest {
            Term::List(cell) => rest = cell.tail(),
            _ => return None,
        }
    }
    Some(rest)
}

fn nth(args: &[Term]) -> Answer {
    match &args[0] {
        Term::Integer(n) if *n > 0 => {
            let n = usize::try_from(*n).map_err(|_| function_clause())?;
            match after(&args[1], n - 1) {
                Some(Term::List(cell)) => Ok(cell.head().clone()),
                _ => Err(function_clause()),
            }
        }
        Term::Integer(_) | Term::BigInteger(_) | Term::Float(_) => Err(function_clause()),
        // Every atom, tuple and so on is greater than 1, so OTP goes on to subtract.
        _ if matches!(args[1], Term::List(_)) => Err(badarith()),
        _ => Err(function_clause()),
    }
}

fn nthtail(args: &[Term]) -> Answer {
    match &args[0] {
        Term::Integer(n) if *n >= 0 => {
            let n = usize::try_from(*n).map_err(|_| function_clause())?;
            match after(&args[1], n) {
                Some(rest) if n > 0 || is_list(rest) => Ok(rest.clone()),
                _ => Err(function_clause()),
            }
        }
        Term::Integer(_) | Term::BigInteger(_) | Term::Float(_) => Err(function_clause()),
        _ if matches!(args[1], Term::List(_)) => Err(badarith()),
        _ => Err(function_clause()),
    }
}

fn prefix(args: &[Term]) -> Answer {
    let (mut a, mut b) = (&args[0], &args[1]);
    loop {
        match (a, b) {
            (Term::List(x), Term::List(y)) if x.head() == y.head() => {
                a = x.tail();
                b = y.tail();
            }
            (Term::Nil, Term::Nil | Term::List(_)) => return Ok(Term::boolean(true)),
            (Term::List(_), Term::Nil | Term::List(_)) => return Ok(Term::boolean(false)),
            _ => return Err(function_clause()),
        }
    }
}

fn suffix(args: &[Term]) -> Answer {
    let a = elements(&args[0]).ok_or_else(badarg)?;
    let b = elements(&args[1]).ok_or_else(badarg)?;
    Ok(Term::boolean(b.ends_with(&a)))
}

fn reverse(args: &[Term]) -> Answer {
    reversed_onto(&args[0], Term::Nil).ok_or_else(function_clause)
}

fn reverse_onto(args: &[Term]) -> Answer {
    reversed_onto(&args[0], args[1].clone()).ok_or_else(badarg)
}

fn reversed_onto(list: &Term, tail: Term) -> Option<Term> {
    let mut answer = tail;
    let mut rest = list;
    loop {
        match rest {
            Term::List(cell) => {
                answer = List::cons(cell.head().clone(), answer);
                rest = cell.tail();
            }
            Term::Nil => return Some(answer),
            _ => return None,
        }
    }
}

fn seq(args: &[Term]) -> Answer {
    match (&args[0], &args[1]) {
        (Term::Integer(first), Term::Integer(last)) if first.saturating_sub(1) <= *last => {
            stepped(*first, *last, 1)
        }
        _ => Err(function_clause()),
    }
}

fn seq_step(args: &[Term]) -> Answer {
    let (Term::Integer(first), Term::Integer(last), Term::Integer(step)) =
        (&args[0], &args[1], &args[2])
    else {
        return Err(badarg());
    };
    let (wide_first, wide_last, wide_step) =
        (i128::from(*first), i128::from(*last), i128::from(*step));
    let fits = match step.cmp(&0) {
        Ordering::Greater => wide_first - wide_step <= wide_last,
        Ordering::Less => wide_first - wide_step >= wide_last,
        Ordering::Equal => first == last,
    };
    if !fits {
        return Err(badarg());
    }
    if *step == 0 {
        return Ok(Term::list([args[0].clone()]));
    }
    stepped(*first, *last, *step)
}

/// `first`, `first + step`, ... up to `last`, built from its end.
fn stepped(first: i64, last: i64, step: i64) -> Answer {
    let (wide_first, wide_last, wide_step) =
        (i128::from(first), i128::from(last), i128::from(step));
    let distance = wide_last - wide_first;
    if distance.signum() * wide_step.signum() < 0 {
        return Ok(Term::Nil);
    }
    let mut steps = distance / wide_step;
    if steps > MAX_MADE as i128 {
        return Err(Exception::system_limit());
    }
    let mut answer = Term::Nil;
    while steps >= 0 {
        answer = List::cons(Term::from(wide_first + steps * wide_step), answer);
        steps -= 1;
    }
    Ok(answer)
}

fn split(args: &[Term]) -> Answer {
    let n = count(&args[0]).ok_or_else(badarg)?;
    if !is_list(&args[1]) {
        return Err(badarg());
    }
    let mut front = Vec::new();
    let mut rest = &args[1];
    for _ in 0..n {
        match rest {
            Term::List(cell) => {
                front.push(cell.head().clone());
                rest = cell.tail();
            }
            Term::Nil => return Err(badarg()),
            _ => return Err(function_clause()),
        }
    }
    Ok(Term::tuple([Term::list(front), rest.clone()]))
}

/// At most `n` elements; `None` when the list ends improperly before that.
fn at_most(list: &Term, n: usize) -> Option<Term> {
    let mut front = Vec::new();
    let mut rest = list;
    while front.len() < n {
        match rest {
            Term::List(cell) => {
                front.push(cell.head().clone());
                rest = cell.tail();
            }
            Term::Nil => break,
            _ => return None,
        }
    }
    Some(Term::list(front))
}

/// A length argument; huge ones are as good as `usize::MAX`.
fn length_argument(term: &Term) -> Option<usize> {
    match term {
        Term::Integer(n) => usize::try_from(*n).ok(),
        Term::BigInteger(n) if n.sign() == num_bigint::Sign::Plus => Some(usize::MAX),
        _ => None,
    }
}

fn sublist(args: &[Term]) -> Answer {
    let n = length_argument(&args[1]).ok_or_else(function_clause)?;
    if !is_list(&args[0]) {
        return Err(function_clause());
    }
    at_most(&args[0], n).ok_or_else(function_clause)
}

fn sublist_from(args: &[Term]) -> Answer {
    let start = length_argument(&args[1])
        .filter(|s| *s > 0)
        .ok_or_else(function_clause)?;
    let mut rest = &args[0];
    if !is_list(rest) {
        return Err(function_clause());
    }
    for _ in 1..start {
        match rest {
            Term::List(cell) => rest = cell.tail(),
            // The length is not looked at when the list ends before.
            Term::Nil => return Ok(Term::Nil),
            _ => return Err(function_clause()),
        }
    }
    let n = length_argument(&args[2]).ok_or_else(function_clause)?;
    at_most(rest, n).ok_or_else(function_clause)
}

/// `--`: for each element of the right side its first occurrence on the left goes.
pub(crate) fn subtract(args: &[Term]) -> Answer {
    let left = elements(&args[0]).ok_or_else(badarg)?;
    let right = elements(&args[1]).ok_or_else(badarg)?;
    // A tally by exact equality keeps this linear; OTP does the same with a tree.
    let mut tally: std::collections::HashMap<Term, usize> = std::collections::HashMap::new();
    for element in right {
        *tally.entry(element).or_default() += 1;
    }
    Ok(Term::list(left.into_iter().filter(
        |element| match tally.get_mut(element) {
            Some(n) if *n > 0 => {
                *n -= 1;
                false
            }
            _ => true,
        },
    )))
}

fn sum(args: &[Term]) -> Answer {
    let mut total = Term::Integer(0);
    let mut rest = &args[0];
    loop {
        match rest {
            Term::List(cell) => {
                total = number::add(&total, cell.head())?;
                rest = cell.tail();
            }
            Term::Nil => return Ok(total),
            _ => return Err(function_clause()),
        }
    }
}
