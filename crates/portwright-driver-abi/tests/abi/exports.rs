//! The emulator exports what this crate lists.

use std::collections::HashMap;
use std::process::{Command, Stdio};

use portwright_driver_abi::{DATA_SYMBOLS, FUNCTIONS, UNDECLARED_FUNCTIONS};

use crate::otp::{Otp, skip, stdout};

/// Tables of the emulator that only happen to be called like functions of the interface.
const TABLES_OF_THE_EMULATOR: [&str; 2] = ["driver_list", "driver_tab"];

/// Symbols that the emulator defines, each with the letter that `nm` gives its kind.
fn symbols(test: &str) -> Option<HashMap<String, char>> {
    let emulator = Otp::find(test)?.emulator(test)?;
    let nm = Command::new("nm")
        .args(["-D", "--defined-only"])
        .arg(emulator)
        .stdin(Stdio::null())
        .output();
    let output = match nm {
        Ok(output) => output,
        Err(error) => {
            skip(test, &format!("no nm: {error}"));
            return None;
        }
    };
    let table = stdout(output);
    let rows = table.lines().filter_map(|line| {
        let mut words = line.split_whitespace().rev();
        let name = words.next()?.split('@').next()?;
        Some((name.to_owned(), words.next()?.chars().next()?))
    });
    Some(rows.collect())
}

#[test]
fn the_emulator_exports_every_function_and_the_constant() {
    let Some(symbols) = symbols("the_emulator_exports_every_function_and_the_constant") else {
        return;
    };
    for name in FUNCTIONS.iter().chain(UNDECLARED_FUNCTIONS) {
        assert_eq!(
            symbols.get(*name),
            Some(&'T'),
            "{name} is not exported as code"
        );
    }
    for name in DATA_SYMBOLS {
        assert_eq!(
            symbols.get(*name),
            Some(&'R'),
            "{name} is not exported as read-only data"
        );
    }
}

#[test]
fn the_emulator_exports_nothing_else_under_such_names() {
    let Some(symbols) = symbols("the_emulator_exports_nothing_else_under_such_names") else {
        return;
    };
    let mut unknown: Vec<&str> = symbols
        .keys()
        .map(String::as_str)
        .filter(|name| name.starts_with("driver_") || name.starts_with("erl_drv_"))
        .filter(|name| {
            ![FUNCTIONS, UNDECLARED_FUNCTIONS, DATA_SYMBOLS]
                .concat()
                .contains(name)
        })
        .filter(|name| !TABLES_OF_THE_EMULATOR.contains(name))
        .collect();
    unknown.sort_unstable();
    assert_eq!(unknown, [""; 0]);
}
