//! `os(3)`: commands, environment, the system's names.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use portwright_term::Term;
use rustix::fs::{Access, access};

use super::argument::{Answer, atom, badarg, count, is_atom, pure};
use super::path::{name_term, path};
use super::waiting::blocking;
use crate::exception::Exception;
use crate::native::{Call, Native, NativeFuture, NativeModule};

/// What this file registers.
pub(crate) const OS: NativeModule = NativeModule::new(
    "os",
    &[
        Native::waiting("cmd", 1, cmd),
        Native::waiting("cmd", 2, cmd),
        Native::new("env", 0, env),
        Native::new("getenv", 0, getenv_all),
        Native::new("getenv", 1, getenv),
        Native::new("getenv", 2, getenv),
        Native::new("putenv", 2, putenv),
        Native::new("unsetenv", 1, unsetenv),
        pure!("getpid", 0, getpid),
        pure!("type", 0, os_type),
        pure!("version", 0, version),
        Native::new("find_executable", 1, find_executable),
        Native::new("find_executable", 2, find_executable_in),
        pure!("set_signal", 2, set_signal),
    ],
);

fn getpid(_: &[Term]) -> Answer {
    Ok(Term::string(&std::process::id().to_string()))
}

fn os_type(_: &[Term]) -> Answer {
    Ok(Term::tuple([atom("unix"), atom("linux")]))
}

/// The first three numbers of the kernel's release.
fn version(_: &[Term]) -> Answer {
    let name = rustix::system::uname();
    let release = name.release().to_string_lossy().into_owned();
    let mut numbers = release
        .split(|c: char| !c.is_ascii_digit())
        .map(|n| n.parse::<u32>().unwrap_or(0))
        .chain(std::iter::repeat(0));
    Ok(Term::tuple(
        (0..3)
            .map(|_| Term::from(numbers.next().unwrap_or(0)))
            .collect::<Vec<_>>(),
    ))
}

fn set_signal(args: &[Term]) -> Answer {
    if args[0].is_atom() && args[1].is_atom() {
        Ok(super::argument::ok())
    } else {
        Err(badarg())
    }
}

/// A flat list of characters without NUL, as bytes.
fn text(term: &Term) -> Result<OsString, Exception> {
    let text = term.to_text().ok_or_else(badarg)?;
    if text.contains('\0') {
        Err(badarg())
    } else {
        Ok(OsString::from(text))
    }
}

/// The name of a variable; `=` is no part of it.
fn variable(term: &Term) -> Result<OsString, Exception> {
    let name = text(term)?;
    // A name may start with = on some systems, never on Unix.
    if name.as_bytes().contains(&b'=') {
        Err(badarg())
    } else {
        Ok(name)
    }
}

fn getenv(call: &mut Call, args: &[Term]) -> Answer {
    let name = variable(&args[0])?;
    Ok(match call.system().node().env(&name) {
        Some(value) => name_term(&value),
        None => args.get(1).cloned().unwrap_or_else(|| Term::boolean(false)),
    })
}

fn getenv_all(call: &mut Call, _: &[Term]) -> Answer {
    let mut all = call.system().node().env_all();
    all.sort();
    Ok(Term::list(
        all.into_iter()
            .map(|(mut name, value)| {
                name.push("=");
                name.push(value);
                name_term(&name)
            })
            .collect::<Vec<_>>(),
    ))
}

fn env(call: &mut Call, _: &[Term]) -> Answer {
    let mut all = call.system().node().env_all();
    all.sort();
    Ok(Term::list(
        all.iter()
            .map(|(name, value)| Term::tuple([name_term(name), name_term(value)]))
            .collect::<Vec<_>>(),
    ))
}

fn putenv(call: &mut Call, args: &[Term]) -> Answer {
    let name = variable(&args[0])?;
    let value = text(&args[1])?;
    if name.is_empty() {
        return Err(badarg());
    }
    call.system().node().set_env(name, Some(value));
    Ok(Term::boolean(true))
}

fn unsetenv(call: &mut Call, args: &[Term]) -> Answer {
    let name = variable(&args[0])?;
    if name.is_empty() {
        return Err(badarg());
    }
    call.system().node().set_env(name, None);
    Ok(Term::boolean(true))
}

fn find_executable(call: &mut Call, args: &[Term]) -> Answer {
    let search = call.system().node().env("PATH").unwrap_or_default();
    find_in(&args[0], &search)
}

fn find_executable_in(_: &mut Call, args: &[Term]) -> Answer {
    let search = text(&args[1])?;
    find_in(&args[0], &search)
}

fn find_in(name: &Term, search: &OsStr) -> Answer {
    let name = path(name).ok_or_else(badarg)?;
    let found = if name.is_absolute() {
        Some(name).filter(|p| is_executable(p))
    } else {
        std::env::split_paths(search)
            .map(|directory| {
                if directory.as_os_str().is_empty() {
                    PathBuf::from(".")
                } else {
                    directory
                }
            })
            .map(|directory| directory.join(&name))
            .find(|p| is_executable(p))
    };
    Ok(found.map_or_else(
        || Term::boolean(false),
        |p| name_term(std::path::absolute(&p).unwrap_or(p).as_os_str()),
    ))
}

/// A regular file that we may execute.
fn is_executable(path: &Path) -> bool {
    path.is_file() && access(path, Access::EXEC_OK).is_ok()
}

/// The byte that ends the output of the command: what OTP's `os:cmd/1` waits for.
const END_OF_OUTPUT: u8 = 4;

fn cmd<'a>(call: &'a mut Call, args: &'a [Term]) -> NativeFuture<'a> {
    let command = match &args[0] {
        Term::Atom(a) => Some(a.as_str().to_string()),
        other => characters(other),
    };
    let limit = match args.get(1) {
        None => Ok(usize::MAX),
        Some(options) => max_size(options),
    };
    let variables = call.system().node().env_all();
    Box::pin(async move {
        let command = command.filter(|c| !c.contains('\0')).ok_or_else(badarg)?;
        let limit = limit?;
        blocking(move || Ok(output(&run_shell(&command, variables, limit)))).await
    })
}

/// The characters of a deep list.
fn characters(term: &Term) -> Option<String> {
    let mut text = String::new();
    let mut open = vec![term];
    while let Some(next) = open.pop() {
        match next {
            Term::Nil => {}
            Term::List(list) => {
                if !list.tail().is_list() && !list.tail().is_nil() {
                    return None;
                }
                open.extend([list.tail(), list.head()]);
            }
            Term::Integer(point) => text.push(char::from_u32(u32::try_from(*point).ok()?)?),
            _ => return None,
        }
    }
    term.is_list().then_some(text)
}

fn max_size(options: &Term) -> Result<usize, Exception> {
    let options = options.as_map().ok_or_else(badarg)?;
    match options.get(&atom("max_size")) {
        None => Ok(usize::MAX),
        Some(infinity) if is_atom(infinity, "infinity") => Ok(usize::MAX),
        Some(size) => count(size).ok_or_else(badarg),
    }
}

/// UTF-8 as code points; other bytes as they are.
fn output(bytes: &[u8]) -> Term {
    match std::str::from_utf8(bytes) {
        Ok(text) => Term::string(text),
        Err(_) => Term::bytes_list(bytes),
    }
}

/// Feeds the command to a shell, as OTP does: its standard input is empty, its
/// standard error goes along, and what it leaves in the background does not
/// hold up the answer.
fn run_shell(command: &str, variables: Vec<(OsString, OsString)>, limit: usize) -> Vec<u8> {
    let Ok((mut reader, writer)) = std::io::pipe() else {
        return Vec::new();
    };
    let Ok(errors) = writer.try_clone() else {
        return Vec::new();
    };
    let spawned = Command::new("/bin/sh")
        .args(["-s", "unix:cmd"])
        .env_clear()
        .envs(variables)
        .stdin(Stdio::piped())
        .stdout(writer)
        .stderr(errors)
        .spawn();
    let Ok(mut shell) = spawned else {
        return Vec::new();
    };
    if let Some(mut input) = shell.stdin.take() {
        // A shell that ends early gives EPIPE here; its output is still read.
        let _ = write!(input, "({command}\n) </dev/null; echo \"\u{4}\"\n");
    }
    let mut all = Vec::new();
    let mut buffer = [0; 8192];
    while all.len() < limit {
        match reader.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(n) => match buffer[..n].iter().position(|b| *b == END_OF_OUTPUT) {
                Some(at) => {
                    all.extend_from_slice(&buffer[..at]);
                    break;
                }
                None => all.extend_from_slice(&buffer[..n]),
            },
        }
    }
    all.truncate(limit);
    drop(reader);
    let _ = shell.wait();
    all
}

/// The name of this machine, up to the first point.
pub(crate) fn host_name() -> String {
    let name = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    name.split('.').next().unwrap_or_default().to_string()
}
