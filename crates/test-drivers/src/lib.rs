//! Drivers in C for tests: compiled against the real `erl_driver.h` when a test asks for them.
//!
//! `c/swiss.c` does what scripts tell it; [`VARIANTS`] are builds of it with other names, flags, missing callbacks, and
//! the deliberately broken ones. `c/suite.c` holds small drivers after those of OTP's own test suites.

#![forbid(unsafe_code)]

use std::collections::hash_map::DefaultHasher;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The scriptable driver.
const SWISS: &str = include_str!("../c/swiss.c");

/// Drivers after those of OTP's own test suites.
const SUITE: &str = include_str!("../c/suite.c");

/// Four threads that send terms.
const BLAST: &str = include_str!("../c/blast.c");

/// Sends back what it is told.
const ECHO: &str = include_str!("../c/echo.c");

/// Compiles the driver `echo` with these definitions beside its name; returns the directory that has `echo.so`.
///
/// # Errors
///
/// As [`compile`].
pub fn echo(definitions: &[&str]) -> Result<PathBuf, String> {
    compile("echo", ECHO, &[&["NAME=\"echo\""], definitions].concat())
}

/// Compiles the driver `blast`, whose four threads send `count` terms each; returns the directory that has `blast.so`.
///
/// # Errors
///
/// As [`compile`].
pub fn blast(count: usize) -> Result<PathBuf, String> {
    compile("blast", BLAST, &[&format!("COUNT={count}")])
}

/// Name of each build, what is defined for it, and the driver's own name if that differs from the file's.
pub const VARIANTS: &[(&str, &[&str])] = &[
    ("swiss", &["FLAGS=0"]),
    ("swissp", &["FLAGS=1"]),
    ("swissv", &["FLAGS=1", "OUTPUTV"]),
    ("swissb", &["FLAGS=3"]),
    ("swissq", &["FLAGS=5"]),
    ("swissa", &["FLAGS=9"]),
    ("swissn", &["FLAGS=1", "MINIMAL"]),
    ("swissns", &["FLAGS=1", "NO_START"]),
    ("swissna", &["FLAGS=1", "NO_READY_ASYNC"]),
    ("badmarker", &["MARKER=(int)0xfeeeeeee"]),
    ("zeromarker", &["MARKER=0"]),
    ("v4_0", &["MAJOR=4", "MINOR=0"]),
    ("v3_4", &["MAJOR=3", "MINOR=4"]),
    ("v3_0", &["MAJOR=3", "MINOR=0"]),
    ("v2_99", &["MAJOR=2", "MINOR=99"]),
    ("v1_0", &["MAJOR=1", "MINOR=0"]),
    ("initminus", &["INIT_RESULT=-1"]),
    ("initone", &["INIT_RESULT=1"]),
    ("noinit", &["NO_INIT"]),
    ("nodriverinit", &["NO_DRIVER_INIT"]),
    ("underscore", &["UNDERSCORE_INIT"]),
    ("nullinit", &["NULL_INIT"]),
    ("wrongname", &["NAME=\"other\""]),
    ("unresolved", &["UNRESOLVED"]),
    ("suitequeue", &["FLAGS=1", "WHICH=1"]),
    ("suitetimer", &["FLAGS=0", "WHICH=2"]),
    ("suiteexit", &["FLAGS=1", "WHICH=3"]),
    ("suiteioq", &["FLAGS=1", "WHICH=4"]),
    ("suitemany", &["FLAGS=0", "WHICH=5"]),
    ("suitepeek", &["FLAGS=1", "WHICH=6"]),
    ("suitethreads", &["FLAGS=1", "WHICH=7"]),
    ("suitestorm", &["FLAGS=1", "WHICH=8"]),
    ("suitehard", &["FLAGS=1", "WHICH=9"]),
    ("suitesoft", &["FLAGS=3", "WHICH=9"]),
    ("suitemissing", &["FLAGS=1", "ONLY_START", "WHICH=0"]),
];

/// Where the header is: of the package `erlang-dev`, or of the installed OTP.
fn include_directories() -> Vec<PathBuf> {
    [
        "/usr/lib/erlang/usr/include",
        "/usr/include",
        "/usr/local/lib/erlang/usr/include",
    ]
    .iter()
    .map(PathBuf::from)
    .filter(|directory| directory.join("erl_driver.h").exists())
    .collect()
}

/// What the compiler is told so that drivers are watched as closely as the tests.
const SANITIZED: &[&str] = if cfg!(portwright_thread_sanitizer) {
    &["-fsanitize=thread"]
} else if cfg!(portwright_address_sanitizer) {
    &["-fsanitize=address"]
} else {
    &[]
};

/// Runs a compiler or linker.
fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| {
        let compiler = Path::new(command.get_program());
        format!("no C compiler {}: {error}", compiler.display())
    })?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Compiles one C file into `NAME.so` of a directory and returns the directory.
///
/// The directory is kept from run to run; another source or other definitions lead to another directory.
///
/// # Errors
///
/// Says what is missing: a compiler, the header; or what the compiler says.
pub fn compile(name: &str, source: &str, definitions: &[&str]) -> Result<PathBuf, String> {
    let includes = include_directories();
    if includes.is_empty() {
        return Err("there is no erl_driver.h (package erlang-dev)".into());
    }
    let compiler = env::var_os("CC").unwrap_or_else(|| OsString::from("cc"));
    let mut hasher = DefaultHasher::new();
    (name, source, definitions, &compiler, SANITIZED).hash(&mut hasher);
    let user = env::var("USER").unwrap_or_default();
    let directory = env::temp_dir()
        .join(format!("portwright-test-drivers-{user}"))
        .join(format!("{name}-{:016x}", hasher.finish()));
    let library = directory.join(format!("{name}.so"));
    if library.exists() {
        return Ok(directory);
    }
    let failed = |error: std::io::Error| format!("{}: {error}", directory.display());
    fs::create_dir_all(&directory).map_err(failed)?;
    // Tests run at the same time: each writes files of its own and puts the result in place at the end.
    let mark = format!("{}-{:?}", std::process::id(), std::thread::current().id());
    let file = directory.join(format!("{name}-{mark}.c"));
    let unfinished = directory.join(format!("{name}-{mark}.so"));
    fs::write(&file, source).map_err(failed)?;
    let object = directory.join(format!("{name}-{mark}.o"));
    let mut compile = vec!["-c", "-fPIC", "-g", "-O1", "-w", "-pthread"];
    compile.extend(SANITIZED);
    let mut command = Command::new(&compiler);
    command.args(&compile);
    command.args(
        definitions
            .iter()
            .map(|definition| format!("-D{definition}")),
    );
    command.args(
        includes
            .iter()
            .map(|include| format!("-I{}", include.display())),
    );
    run(command.arg("-o").arg(&object).arg(&file))?;
    // Without the sanitizer's library: its functions are those of the program that loads the driver.
    let mut command = Command::new(&compiler);
    command.args(["-shared", "-pthread", "-o"]);
    run(command.args([&unfinished, &object]).arg("-ldl"))?;
    let _ = fs::remove_file(&object);
    fs::rename(&unfinished, &library).map_err(failed)?;
    let _ = fs::remove_file(&file);
    Ok(directory)
}

/// Compiles one of [`VARIANTS`]; returns the directory that has `NAME.so`.
///
/// # Errors
///
/// As [`compile`], and for names that are none.
pub fn swiss(name: &str) -> Result<PathBuf, String> {
    let (_, definitions) = VARIANTS
        .iter()
        .find(|(variant, _)| *variant == name)
        .ok_or_else(|| format!("there is no variant {name}"))?;
    let own = format!("NAME=\"{name}\"");
    let mut all = definitions.to_vec();
    if !definitions
        .iter()
        .any(|definition| definition.starts_with("NAME="))
    {
        all.push(&own);
    }
    let source = if name.starts_with("suite") {
        SUITE
    } else {
        SWISS
    };
    compile(name, source, &all)
}

/// Says aloud that a test is skipped; fails with `PORTWRIGHT_REQUIRE_ERL=1`.
///
/// # Panics
///
/// When nothing may be skipped.
pub fn skip(why: &str) {
    let required = env::var_os("PORTWRIGHT_REQUIRE_ERL").is_some_and(|value| value == "1");
    assert!(!required, "{why} (and PORTWRIGHT_REQUIRE_ERL=1)");
    eprintln!("SKIPPED: {why}");
}
