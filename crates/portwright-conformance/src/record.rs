//! Writing case files with the results of a real OTP.

use std::path::Path;

use portwright_term::text::{Encoding, PrintOptions, PrintableRange};
use portwright_term::{Atom, Term};

use crate::case::{Case, Item};
use crate::{Error, otp};

/// Runs whose results must be equal for a case to be written.
const RUNS: usize = 3;

const HEAD: &str = "\
%% Recorded on a real OTP by `cargo xtask conformance --record`; see README.md.
%% {s,Section}. and {c,Id,Title,Flags,Code,Result}.
";

/// Asks OTP and writes the file. Cases whose results differ between runs are
/// printed and left out; whether there were none.
pub(crate) fn record(items: &[Item], file: &Path, jobs: usize) -> Result<bool, Error> {
    let cases: Vec<&Case> = items.iter().filter_map(Item::case).collect();
    let folder = tempfile::tempdir().map_err(|error| Error::file(std::env::temp_dir(), error))?;
    let runs = (0..RUNS)
        .map(|_| otp::run(&cases, jobs, folder.path()))
        .collect::<Result<Vec<_>, _>>()?;
    let mut text = HEAD.to_owned();
    let (mut index, mut unstable) = (0, 0);
    for item in items {
        let case = match item {
            Item::Section(name) => {
                text += &line("s", &[name]);
                continue;
            }
            Item::Case(case) => case,
        };
        let mut results: Vec<&String> = runs.iter().map(|run| &run[index]).collect();
        index += 1;
        results.dedup();
        if let [result] = results.as_slice() {
            text += &line(
                "c",
                &[&case.id, &case.title, &case.flags, &case.code, result],
            );
        } else {
            unstable += 1;
            println!("{} {}: not the same every time", case.id, case.title);
            results
                .iter()
                .for_each(|result| println!("  OTP      {result}"));
        }
    }
    std::fs::write(file, text).map_err(|error| Error::file(file, error))?;
    println!("{} recorded, {unstable} left out", index - unstable);
    Ok(unstable == 0)
}

/// One term on one line.
fn line(tag: &'static str, parts: &[&str]) -> String {
    let tag = Term::Atom(Atom::literal(tag));
    let parts = parts.iter().map(|part| Term::string(part));
    let term = Term::tuple(std::iter::once(tag).chain(parts));
    let text = PrintOptions::default()
        .encoding(Encoding::Unicode)
        .range(PrintableRange::Unicode)
        .line_length(0)
        .to_string(&term);
    format!("{text}.\n")
}
