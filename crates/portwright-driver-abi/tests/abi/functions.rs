//! The list of functions and their signatures, compared with the header's declarations.

use std::collections::BTreeSet;

use portwright_driver_abi::{DATA_SYMBOLS, FUNCTIONS, for_each_function, signatures};

use crate::otp::Otp;
use crate::spelling::{Spell, SpellFunction};

/// Declared outside the guards of the header, and not exported by an emulator without tracing.
const DECLARED_FOR_TRACING: &str = "dtrace_drvport_str";

/// What a header declares, by name.
struct Declared {
    functions: Vec<String>,
    data: Vec<String>,
    types: Vec<String>,
}

/// The C declaration of every function, from the Rust signature.
fn redeclarations() -> Vec<(&'static str, String)> {
    macro_rules! redeclare {
        ($($name:ident)*) => {
            vec![$((stringify!($name), <signatures::$name>::declare_function(stringify!($name)))),*]
        };
    }
    for_each_function!(redeclare)
}

/// Reads the declarations that come from the file `name`, in preprocessed C with line markers.
fn declared_in(preprocessed: &str, name: &str) -> Declared {
    let mut declared = Declared {
        functions: Vec::new(),
        data: Vec::new(),
        types: Vec::new(),
    };
    let mut inside = false;
    let mut depth = 0_usize;
    let mut statement = String::new();
    for line in preprocessed.lines() {
        if let Some(marker) = line.strip_prefix("# ") {
            inside = marker
                .split('"')
                .nth(1)
                .is_some_and(|file| file.rsplit('/').next() == Some(name));
            continue;
        }
        if !inside {
            continue;
        }
        for character in line.chars().chain(['\n']) {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                // What lies between braces has parentheses and semicolons of its own.
                _ if depth > 0 => {}
                ';' => declared.add(std::mem::take(&mut statement).trim()),
                other => statement.push(other),
            }
        }
    }
    declared
}

impl Declared {
    fn add(&mut self, statement: &str) {
        if let Some(definition) = statement.strip_prefix("typedef") {
            self.types.push(last_word(definition));
        } else if let Some((before, _)) = statement.split_once('(') {
            self.functions.push(last_word(before));
        } else if !statement.is_empty() {
            self.data.push(last_word(statement));
        }
    }
}

fn last_word(text: &str) -> String {
    let text = text.trim_end();
    text.rsplit(|character: char| !character.is_alphanumeric() && character != '_')
        .next()
        .unwrap_or(text)
        .to_owned()
}

fn difference<'a>(left: impl IntoIterator<Item = &'a str>, right: &[&str]) -> Vec<&'a str> {
    left.into_iter()
        .filter(|name| !right.contains(name))
        .collect()
}

#[test]
fn the_list_is_what_the_header_declares() {
    let Some(otp) = Otp::find("the_list_is_what_the_header_declares") else {
        return;
    };
    let declared = declared_in(&otp.preprocessed_header(), "erl_driver.h");
    let functions: Vec<&str> = difference(
        declared.functions.iter().map(String::as_str),
        &[DECLARED_FOR_TRACING],
    );
    assert_eq!(
        difference(functions.iter().copied(), FUNCTIONS),
        [""; 0],
        "declared, but not in FUNCTIONS"
    );
    assert_eq!(
        difference(FUNCTIONS.iter().copied(), &functions),
        [""; 0],
        "in FUNCTIONS, but not declared"
    );
    assert_eq!(functions, FUNCTIONS, "the order differs");
    assert_eq!(declared.data, DATA_SYMBOLS);
    assert_eq!(FUNCTIONS.len(), 111);
}

#[test]
fn no_name_is_listed_twice() {
    let all: Vec<&str> = [
        FUNCTIONS,
        portwright_driver_abi::UNDECLARED_FUNCTIONS,
        DATA_SYMBOLS,
    ]
    .concat();
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
}

#[test]
fn every_signature_agrees_with_the_declaration() {
    let Some(otp) = Otp::find("every_signature_agrees_with_the_declaration") else {
        return;
    };
    let mut source = String::from("#include <erl_driver.h>\n");
    for (_, declaration) in redeclarations() {
        source.push_str(&format!("extern {declaration};\n"));
    }
    let nil = <signatures::driver_term_nil as Spell>::declare("driver_term_nil");
    source.push_str(&format!("extern const {nil};\n"));
    if let Err(complaint) = otp.check("signatures", &source) {
        panic!("the compiler sees other types than the header's:\n{complaint}\n{source}");
    }
}

/// Guards the test above: redeclarations with one thing changed must not pass.
#[test]
fn a_wrong_signature_is_noticed() {
    let Some(otp) = Otp::find("a_wrong_signature_is_noticed") else {
        return;
    };
    let right = redeclarations();
    for (name, from, to) in [
        ("driver_output", "unsigned long", "unsigned int"),
        ("driver_compare_monitors", "const", ""),
        ("driver_async", "long driver_async", "int driver_async"),
        ("erl_drv_monotonic_time", "ErlDrvTimeUnit", "long"),
        (
            "erl_drv_thread_create",
            "void *(*)(void *)",
            "void (*)(void *)",
        ),
        ("driver_pdl_lock", "erl_drv_port_data_lock", "_erl_drv_port"),
    ] {
        let (_, declaration) = right
            .iter()
            .find(|row| row.0 == name)
            .expect("a function of the header");
        assert!(declaration.contains(from), "{declaration}");
        let wrong = format!(
            "#include <erl_driver.h>\nextern {};\n",
            declaration.replace(from, to)
        );
        let complaint = otp.check("wrong_signature", &wrong).expect_err(&wrong);
        assert!(complaint.contains("conflicting types"), "{complaint}");
    }
}

#[test]
fn declarations_are_read_across_lines_attributes_and_other_files() {
    let text = "# 1 \"/inc/other.h\"\nint elsewhere(void);\n# 9 \"/inc/this.h\" 2\ntypedef struct { int a; } T;\n\
        extern const long nil;\nextern void *f(char *x,\n   int (*g)(int)) __attribute__((malloc(h, 1)));\n\
        extern int\n  k (void);\n# 1 \"/inc/other.h\" 1\nint more(void);\n";
    let declared = declared_in(text, "this.h");
    assert_eq!(declared.functions, ["f", "k"]);
    assert_eq!(declared.data, ["nil"]);
    assert_eq!(declared.types, ["T"]);
}

/// The types that the file `name` defines, for the tests of layouts.
pub(crate) fn types_of(otp: &Otp, name: &str) -> Vec<String> {
    declared_in(&otp.preprocessed_header(), name).types
}
