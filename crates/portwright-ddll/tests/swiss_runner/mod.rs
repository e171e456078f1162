//! The interpreter of case files.

mod case;
mod mask;
mod reports;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// How the node of each case is set up.
#[derive(Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) async_threads: usize,
}

impl Default for Setting {
    fn default() -> Self {
        Self { async_threads: 1 }
    }
}

/// Runs a file of cases and compares every line.
#[track_caller]
pub(crate) fn check(file: &str, setting: Setting) {
    // Open failures are numbered per process, and timing is less of a matter one by one.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let built = match built() {
        Ok(built) => built,
        Err(why) => return test_drivers::skip(&why),
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/cases/{file}.cases"));
    let text = std::fs::read_to_string(&path).unwrap();
    let work = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("cases-{file}"));
    let _ = std::fs::remove_dir_all(&work);
    let only = std::env::var("SWISS_CASE").ok();
    let mut wrong = Vec::new();
    let mut steps = 0;
    for (number, case) in text.split("\ncase ").enumerate().skip(1) {
        let (head, body) = case.split_once('\n').unwrap_or((case, ""));
        if only
            .as_ref()
            .is_some_and(|only| !head.contains(only.as_str()))
        {
            continue;
        }
        let variant = head.split(' ').nth(1).expect("a case names its driver");
        let directory = work.join(number.to_string());
        reports::begin();
        let mut runner = case::Case::new(&built, directory, variant, setting);
        for line in body
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            let (step, expect) = line.split_once(" => ").unwrap_or((line, ""));
            steps += 1;
            let found = runner.run(step);
            if !same(expect, &found) {
                wrong.push(format!(
                    "{head}: {step}\n     OTP  {expect}\n     here {found}"
                ));
            }
        }
    }
    assert!(steps > 0, "no step was run");
    assert!(
        wrong.is_empty(),
        "{} of {steps} steps differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Runs the files on the real emulator and compares every line.
#[track_caller]
pub(crate) fn check_otp(files: &[&str], setting: Setting) {
    let built = match built() {
        Ok(built) => built,
        Err(why) => return test_drivers::skip(&why),
    };
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let work = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("cases-otp-{}", files[0]));
    let _ = std::fs::remove_dir_all(&work);
    // The script wants all variants below one directory.
    let all = work.join("built");
    for (name, directory) in &built {
        let to = all.join(name);
        std::fs::create_dir_all(&to).unwrap();
        let file = format!("{name}.so");
        std::fs::copy(directory.join(&file), to.join(&file)).unwrap();
    }
    let mut wrong = Vec::new();
    for file in files {
        let path = cases.join(format!("{file}.cases"));
        // A port that never drains would keep the emulator from going down.
        let output = Command::new("timeout")
            .args(["-s", "KILL", "120", "escript"])
            .arg(cases.join("otp.escript"))
            .args([&all, &work.join(file), &path])
            .env("ERL_FLAGS", format!("+A {}", setting.async_threads))
            .output();
        let output = match output {
            Ok(output) if output.status.code() != Some(127) => output,
            _ => return test_drivers::skip("there is no escript (package erlang-base)"),
        };
        let found = String::from_utf8_lossy(&output.stdout).into_owned();
        let expect = std::fs::read_to_string(&path).unwrap();
        for (expect, found) in expect.lines().zip(found.lines()) {
            let (_, wanted) = expect.split_once(" => ").unwrap_or(("", expect));
            let (_, got) = found.split_once(" => ").unwrap_or(("", found));
            if !same(wanted, got) {
                wrong.push(format!("{file}: {expect}\n     now {found}"));
            }
        }
        if found.lines().count() < expect.trim_end().lines().count() {
            wrong.push(format!(
                "{file}: OTP ended early: {}",
                String::from_utf8_lossy(&output.stderr)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `A || B` in a file: both happen.
fn same(expect: &str, found: &str) -> bool {
    expect
        .split(" || ")
        .any(|one| one.trim_end() == found.trim_end())
}

/// All variants, compiled, in one directory each.
fn built() -> Result<Vec<(&'static str, PathBuf)>, String> {
    test_drivers::VARIANTS
        .iter()
        .map(|(name, _)| Ok((*name, test_drivers::swiss(name)?)))
        .collect()
}
