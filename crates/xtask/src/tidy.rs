//! Conventions that a program can check.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::programs::cargo;
use crate::{Outcome, Tally, files, root};

/// Which crates of the workspace a crate may depend on. Development dependencies
/// are free.
const ARROWS: &[(&str, &[&str])] = &[
    ("portwright-term", &[]),
    ("portwright-driver-abi", &[]),
    (
        "portwright-driver",
        &["portwright-term", "portwright-driver-abi"],
    ),
    ("portwright-program", &["portwright-term"]),
    ("portwright", &["portwright-driver", "portwright-term"]),
    (
        "portwright-ddll",
        &[
            "portwright",
            "portwright-driver",
            "portwright-driver-abi",
            "portwright-term",
        ],
    ),
    ("portwright-node", &["portwright", "portwright-term"]),
    (
        "portwright-isolate",
        &[
            "portwright-ddll",
            "portwright",
            "portwright-driver",
            "portwright-term",
        ],
    ),
    (
        "portwright-shell",
        &[
            "portwright",
            "portwright-ddll",
            "portwright-term",
            "portwright-driver",
        ],
    ),
];

/// Crates that may depend on everything: the command, and what is for development only.
const FREE: &[&str] = &[
    "portwright-cli",
    "portwright-conformance",
    "test-programs",
    "test-drivers",
    "portwright-testkit",
    "portwright-fuzz",
    "portwright-bench",
    "xtask",
];

/// Files longer than this have a seam somewhere.
const MAX_LINES: usize = 800;

pub(crate) fn run() -> Outcome {
    let mut tally = Tally::default();
    for complaints in [arrows()?, long_files()] {
        for complaint in &complaints {
            println!("tidy: {complaint}");
        }
        if complaints.is_empty() {
            tally.passed += 1;
        } else {
            tally.failed += complaints.len();
        }
    }
    Ok(tally)
}

fn arrows() -> Result<Vec<String>, String> {
    let output = cargo(&["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .map_err(|error| format!("cannot run cargo metadata: {error}"))?;
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("cargo metadata said something odd: {error}"))?;
    Ok(arrow_complaints(&metadata))
}

fn arrow_complaints(metadata: &Value) -> Vec<String> {
    let packages: &[Value] = metadata["packages"].as_array().map_or(&[], Vec::as_slice);
    let name = |package: &Value| package["name"].as_str().unwrap_or_default().to_owned();
    let ours: BTreeSet<String> = packages.iter().map(name).collect();
    let mut complaints = Vec::new();
    for package in packages {
        let from = name(package);
        if FREE.contains(&from.as_str()) {
            continue;
        }
        let Some((_, allowed)) = ARROWS.iter().find(|(crate_name, _)| *crate_name == from) else {
            complaints.push(format!(
                "{from} has no line in the table of allowed dependencies"
            ));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let to = name(dependency);
            let is_development = dependency["kind"].as_str() == Some("dev");
            if ours.contains(&to) && !is_development && !allowed.contains(&to.as_str()) {
                complaints.push(format!("{from} must not depend on {to}"));
            }
        }
    }
    complaints
}

fn long_files() -> Vec<String> {
    let root = root();
    let is_source = |path: &&std::path::PathBuf| path.extension().is_some_and(|e| e == "rs");
    files(&root.join("crates"))
        .iter()
        .filter(is_source)
        .filter_map(|path| {
            let lines = std::fs::read_to_string(path).ok()?.lines().count();
            (lines > MAX_LINES).then(|| {
                let shown: &Path = path.strip_prefix(&root).unwrap_or(path);
                format!("{} has {lines} lines; where is its seam?", shown.display())
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_arrow_upwards_is_found_and_a_development_dependency_is_not() {
        let metadata = json!({"packages": [
            {"name": "portwright-term", "dependencies": [
                {"name": "portwright", "kind": null}, {"name": "bytes", "kind": null}]},
            {"name": "portwright", "dependencies": [
                {"name": "portwright-term", "kind": null}, {"name": "portwright-shell", "kind": "dev"}]},
            {"name": "portwright-shell", "dependencies": []},
            {"name": "portwright-news", "dependencies": []},
        ]});
        assert_eq!(
            arrow_complaints(&metadata),
            [
                "portwright-term must not depend on portwright",
                "portwright-news has no line in the table of allowed dependencies",
            ]
        );
    }
}
