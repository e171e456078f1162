//! Which cases may run at the same time.
//!
//! Cases that name the same file of the temporary folder share it and run one after
//! another, in the order of the file: they form a chain.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::case::Case;

/// The cases by chain, as indexes.
pub(crate) fn chains(cases: &[&Case]) -> Vec<Vec<usize>> {
    // Each case's chain is that of its smallest relative: union by name.
    let mut chain_of: Vec<usize> = (0..cases.len()).collect();
    let mut users: HashMap<&str, usize> = HashMap::new();
    for (index, case) in cases.iter().enumerate() {
        for name in files(&case.code) {
            match users.get(name) {
                Some(&other) => {
                    let (from, to) = (chain_of[index], chain_of[other]);
                    let (from, to) = (from.max(to), from.min(to));
                    chain_of
                        .iter_mut()
                        .filter(|chain| **chain == from)
                        .for_each(|chain| *chain = to);
                }
                None => {
                    users.insert(name, index);
                }
            }
        }
    }
    let mut chains: Vec<Vec<usize>> = vec![Vec::new(); cases.len()];
    for (index, chain) in chain_of.into_iter().enumerate() {
        chains[chain].push(index);
    }
    chains.retain(|chain| !chain.is_empty());
    chains
}

/// The names `/tmp/...` in a text.
fn files(code: &str) -> BTreeSet<&str> {
    code.match_indices("/tmp/")
        .map(|(start, prefix)| {
            let rest = &code[start + prefix.len()..];
            let is_name = |c: char| c.is_alphanumeric() || c == '_';
            &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())]
        })
        .collect()
}

/// A guess at the milliseconds that a case takes, good enough to share out work:
/// the sum of the numbers that look like times.
pub(crate) fn cost(case: &Case) -> u64 {
    let mut sum = 20;
    for word in ["Coll(", "sleep(", "after "] {
        for (start, _) in case.code.match_indices(word) {
            let rest = &case.code[start + word.len()..];
            let digits = rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len());
            sum += rest[..digits].parse().unwrap_or(0_u64).min(10_000);
        }
    }
    sum
}

/// Calls `run` for each case on `jobs` threads and returns what it gave, in order.
/// After an error nothing new is begun.
pub(crate) fn each<T: Send, E: Send>(
    cases: &[&Case],
    jobs: usize,
    run: impl Fn(usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let mut chains = chains(cases);
    // The longest first: they end with the others.
    chains.sort_by_key(|chain| {
        std::cmp::Reverse(chain.iter().map(|index| cost(cases[*index])).sum::<u64>())
    });
    let queue = Mutex::new(VecDeque::from(chains));
    let done = Mutex::new(Vec::new());
    let failed = Mutex::new(None);
    let work = || {
        loop {
            let Some(chain) = lock(&queue).pop_front() else {
                return;
            };
            for index in chain {
                match run(index) {
                    Ok(value) => lock(&done).push((index, value)),
                    Err(error) => {
                        lock(&queue).clear();
                        *lock(&failed) = Some(error);
                        return;
                    }
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(work);
        }
    });
    if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, value)| value).collect())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(code: &str) -> Case {
        Case {
            id: String::new(),
            title: String::new(),
            flags: String::new(),
            code: code.to_owned(),
            result: None,
        }
    }

    #[test]
    fn cases_that_share_a_file_form_a_chain() {
        let cases = [
            "a.",
            "\"/tmp/x\".",
            "\"/tmp/y\".",
            "cat >/tmp/x /tmp/y",
            "{cd,\"/tmp\"}",
            "\"/tmp/z\"",
        ]
        .map(case);
        let cases: Vec<&Case> = cases.iter().collect();
        assert_eq!(chains(&cases), [vec![0], vec![1, 2, 3], vec![4], vec![5]]);
    }

    #[test]
    fn results_come_in_order_whatever_runs_first() {
        let cases = ["Coll(1)", "Coll(300)", "Coll(20)"].map(case);
        let cases: Vec<&Case> = cases.iter().collect();
        let result = each(&cases, 2, Ok::<usize, ()>);
        assert_eq!(result, Ok(vec![0, 1, 2]));
        let result = each(
            &cases,
            2,
            |index| if index == 1 { Err("no") } else { Ok(index) },
        );
        assert_eq!(result, Err("no"));
    }
}
