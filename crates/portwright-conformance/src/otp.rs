//! Running cases on an installed OTP.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use portwright_term::Term;

use crate::case::Case;
use crate::{Error, chain, ours};

const SCRIPT: &str = include_str!("evaluate.escript");

/// Runs cases on `jobs` Erlang nodes; their results in the order of the cases.
pub(crate) fn run(cases: &[&Case], jobs: usize, folder: &Path) -> Result<Vec<String>, Error> {
    let folder = tempfile::tempdir_in(folder).map_err(|error| Error::file(folder, error))?;
    let asked = Asked {
        cases,
        folder: folder.path(),
    };
    write(&asked.path("prelude"), ours::PRELUDE)?;
    write(&asked.path("escript"), SCRIPT)?;
    for (index, case) in cases.iter().enumerate() {
        write(&asked.path(&format!("{index}.code")), &case.code)?;
    }
    let mut shares = shares(cases, jobs);
    // A case may end its node: then another one goes on behind it.
    while !shares.is_empty() {
        let nodes = shares
            .iter()
            .enumerate()
            .map(|(number, share)| asked.start(number, share))
            .collect::<Result<Vec<Child>, Error>>()?;
        for (mut node, share) in nodes.into_iter().zip(&mut shares) {
            node.wait().map_err(|error| Error::file("escript", error))?;
            let left = share
                .iter()
                .position(|index| asked.result(*index).is_none());
            match left {
                Some(0) if asked.log().contains("escript:") => {
                    return Err(Error::Erlang(asked.log()));
                }
                Some(first) => {
                    let path = asked.path(&format!("{}.result", share[first]));
                    write(&path, "the Erlang node ended")?;
                    share.drain(..=first);
                }
                None => share.clear(),
            }
        }
        shares.retain(|share| !share.is_empty());
    }
    Ok((0..cases.len())
        .map(|index| asked.result(index).unwrap_or_default())
        .collect())
}

/// Shares the cases out so that the nodes take about as long.
fn shares(cases: &[&Case], jobs: usize) -> Vec<Vec<usize>> {
    let mut chains: Vec<(u64, Vec<usize>)> = chain::chains(cases)
        .into_iter()
        .map(|chain| {
            (
                chain.iter().map(|index| chain::cost(cases[*index])).sum(),
                chain,
            )
        })
        .collect();
    chains.sort_by_key(|(cost, _)| std::cmp::Reverse(*cost));
    let mut shares: Vec<(u64, Vec<usize>)> = vec![(0, Vec::new()); jobs.max(1)];
    for (cost, chain) in chains {
        if let Some(share) = shares.iter_mut().min_by_key(|(sum, _)| *sum) {
            share.0 += cost;
            share.1.extend(chain);
        }
    }
    let shares = shares.into_iter().map(|(_, share)| share);
    shares.filter(|share| !share.is_empty()).collect()
}

struct Asked<'a> {
    cases: &'a [&'a Case],
    folder: &'a Path,
}

impl Asked<'_> {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn result(&self, index: usize) -> Option<String> {
        std::fs::read_to_string(self.path(&format!("{index}.result"))).ok()
    }

    fn log(&self) -> String {
        let log = std::fs::read(self.path("log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    fn start(&self, number: usize, share: &[usize]) -> Result<Child, Error> {
        let list: String = share
            .iter()
            .map(|index| {
                let trap = Term::boolean(self.cases[*index].traps_exits());
                format!("{{{index},{trap}}}.\n")
            })
            .collect();
        let list_file = self.path(&format!("share-{number}"));
        write(&list_file, &list)?;
        let log = self.path("log");
        let output = File::options().create(true).append(true).open(&log);
        let output = output.map_err(|error| Error::file(&log, error))?;
        let errors = output
            .try_clone()
            .map_err(|error| Error::file(&log, error))?;
        Command::new("escript")
            .arg(self.path("escript"))
            .args([self.folder, &list_file, &std::env::temp_dir()])
            .arg(ours::LIMIT.as_millis().to_string())
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(|source| Error::Program {
                program: "escript".to_owned(),
                source,
                hint: "it comes with Erlang/OTP",
            })
    }
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    std::fs::write(path, text).map_err(|error| Error::file(path, error))
}
