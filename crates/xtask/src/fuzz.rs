//! Fuzzing: `cargo xtask fuzz [TARGET] [--seconds N]`.

use std::process::Command;

use crate::programs::{is_installed, succeeds};
use crate::sanitize::{nightly, skipped};
use crate::{Outcome, Tally, files, root};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The target, a file of fuzz/targets [default: all, one after another]
    target: Option<String>,
    /// How long each target runs, in seconds
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// Runs the targets on what they found before (`fuzz/corpus`) and on the seeds. An input
/// that fails is left in `fuzz/artifacts`; move it to `fuzz/seeds` once it is understood.
pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let all = targets();
    let chosen: Vec<&String> = match &arguments.target {
        None => all.iter().collect(),
        Some(target) => vec![all.iter().find(|known| *known == target).ok_or_else(|| {
            format!(
                "there is no fuzz target {target}; there are {}",
                all.join(", ")
            )
        })?],
    };
    if !is_installed("cargo-fuzz") {
        return Ok(skipped(
            "fuzzing needs cargo-fuzz: cargo install cargo-fuzz",
        ));
    }
    let Some(mut cargo) = nightly() else {
        return Ok(skipped(
            "fuzzing needs nightly Rust: rustup toolchain install nightly",
        ));
    };
    // Else each of its targets is built when its turn comes, which is slower.
    if !succeeds(cargo.args(["fuzz", "build", "--fuzz-dir", "fuzz"]))? {
        return Err("the fuzz targets do not build".to_owned());
    }
    let mut tally = Tally::default();
    for target in chosen {
        let mut cargo = nightly().ok_or("nightly Rust has gone")?;
        if succeeds(fuzz(&mut cargo, target, arguments.seconds)?)? {
            tally.passed += 1;
        } else {
            println!("{target}: a failing input is in fuzz/artifacts/{target}");
            tally.failed += 1;
        }
    }
    Ok(tally)
}

fn fuzz<'a>(cargo: &'a mut Command, target: &str, seconds: u32) -> Result<&'a mut Command, String> {
    let corpus = format!("fuzz/corpus/{target}");
    std::fs::create_dir_all(root().join(&corpus))
        .map_err(|error| format!("cannot make {corpus}: {error}"))?;
    cargo.args(["fuzz", "run", "--fuzz-dir", "fuzz", target, &corpus]);
    cargo.arg(format!("fuzz/seeds/{target}")).arg("--");
    cargo.arg(format!("-max_total_time={seconds}"));
    cargo.args(["-timeout=10", "-print_final_stats=1"]);
    if ["text_parse", "scan", "shell_parse", "port_settings"].contains(&target) {
        cargo.arg("-dict=fuzz/erlang.dict");
    }
    Ok(cargo)
}

fn targets() -> Vec<String> {
    let sources = files(&root().join("fuzz/targets"));
    let stems = sources.iter().filter_map(|source| source.file_stem());
    stems
        .map(|stem| stem.to_string_lossy().into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_seeds() {
        let targets = targets();
        assert!(targets.contains(&"etf_decode".to_owned()), "{targets:?}");
        for target in targets {
            let seeds = files(&root().join("fuzz/seeds").join(&target));
            assert!(!seeds.is_empty(), "{target}");
        }
    }
}
