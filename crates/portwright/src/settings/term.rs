//! Names and settings in Erlang's syntax: what `open_port/2` takes.

use std::ffi::OsString;
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use portwright_driver::{BusyLimits, StandardError};
use portwright_term::{Term, atoms};

use super::{PortName, PortSettings};
use crate::OpenError;

/// The line length of the undocumented setting `line`.
const DEFAULT_LINE: usize = 512;

impl PortName {
    /// The name that a term stands for.
    ///
    /// # Errors
    ///
    /// [`OpenError::BadName`] for anything that OTP refuses.
    ///
    /// # Source
    ///
    /// erlang(3), `open_port/2`; rules P-010 to P-014 and P-050.
    pub fn from_term(term: &Term) -> Result<Self, OpenError> {
        let bad = |why| OpenError::BadName {
            name: term.to_string(),
            why,
        };
        let text = |text: &Term| {
            let text = file_name(text).ok_or_else(|| bad("a string or binary is wanted"))?;
            // An empty binary or atom is accepted where an empty string is not.
            let is_list = !matches!(term.as_tuple(), Some([_, Term::Binary(_) | Term::Atom(_)]));
            if text.is_empty() && is_list {
                return Err(bad("it is empty"));
            }
            Ok(OsString::from_vec(text))
        };
        if let Some(file) = vanilla(term) {
            return Ok(Self::Vanilla(PathBuf::from(OsString::from_vec(file))));
        }
        match term.as_tuple() {
            Some([Term::Atom(atoms::SPAWN), command]) => Ok(Self::Spawn(text(command)?)),
            Some([Term::Atom(atoms::SPAWN_DRIVER), command]) => {
                Ok(Self::SpawnDriver(text(command)?))
            }
            Some([Term::Atom(atoms::SPAWN_EXECUTABLE), file]) => Ok(Self::Executable {
                file: PathBuf::from(text(file)?),
                search: false,
            }),
            Some(
                [
                    Term::Atom(atoms::FD),
                    Term::Integer(input),
                    Term::Integer(output),
                ],
            ) => {
                // A number that no descriptor can have is refused when it is used.
                let fd = |number: i64| RawFd::try_from(number).unwrap_or(RawFd::MAX);
                Ok(Self::Fd {
                    input: fd(*input),
                    output: fd(*output),
                })
            }
            _ => Err(bad(
                "a name is {spawn,Command}, {spawn_driver,Command}, {spawn_executable,File} or {fd,In,Out}",
            )),
        }
    }
}

/// The bytes of an atom or of a list of bytes that is not empty, up to a NUL.
fn vanilla(term: &Term) -> Option<Vec<u8>> {
    let bytes: Vec<u8> = match term {
        Term::Atom(name) => name.as_str().into(),
        Term::Nil => return None,
        list => {
            let bytes = list.to_vec()?;
            let byte = |byte: &Term| u8::try_from(byte.as_i64()?).ok();
            bytes.iter().map(byte).collect::<Option<_>>()?
        }
    };
    Some(bytes.into_iter().take_while(|byte| *byte != 0).collect())
}

impl PortSettings {
    /// The settings that a list of terms stands for.
    ///
    /// # Errors
    ///
    /// [`OpenError::BadSetting`] names the first setting that OTP refuses. Clashes are found
    /// when the port is opened.
    ///
    /// # Source
    ///
    /// erlang(3), `open_port/2`; rules P-100 to P-105.
    pub fn from_term(term: &Term) -> Result<Self, OpenError> {
        let mut settings = Self::new();
        let mut list = term.list_iter();
        for setting in &mut list {
            settings.set(setting)?;
        }
        if let Some(setting) = settings.bad_directory.take() {
            return Err(OpenError::BadSetting {
                setting,
                why: "cd is a string or binary",
            });
        }
        // Not a list, or one that does not end in `[]`.
        if list.tail().is_none_or(|tail| !tail.is_nil()) {
            return Err(OpenError::BadSetting {
                setting: term.to_string(),
                why: "settings are a proper list",
            });
        }
        Ok(settings)
    }

    fn set(&mut self, setting: &Term) -> Result<(), OpenError> {
        let bad = |why| OpenError::BadSetting {
            setting: setting.to_string(),
            why,
        };
        match setting {
            Term::Atom(flag) => match *flag {
                atoms::STREAM => self.packet = None,
                atoms::LINE => self.line = Some(DEFAULT_LINE),
                atoms::EXIT_STATUS => self.exit_status = true,
                atoms::USE_STDIO => self.nouse_stdio = false,
                atoms::NOUSE_STDIO => self.nouse_stdio = true,
                atoms::STDERR_TO_STDOUT => self.standard_error = StandardError::Merge,
                atoms::STDERR => self.standard_error = StandardError::Stream,
                atoms::IN => self.only_in = true,
                atoms::OUT => self.only_out = true,
                atoms::BINARY => self.binary = true,
                atoms::EOF => self.eof = true,
                flag if flag.as_str() == "exit_signal" => self.exit_signal = true,
                atoms::HIDE | atoms::OVERLAPPED_IO => {}
                _ => return Err(bad("there is no such setting")),
            },
            Term::Tuple(tuple) => match &**tuple {
                [Term::Atom(atoms::PACKET), bytes] => {
                    let bytes = bytes.as_i64().filter(|bytes| matches!(bytes, 1 | 2 | 4));
                    let bytes = bytes.ok_or_else(|| bad("the header has 1, 2 or 4 bytes"))?;
                    self.packet = Some(bytes as u8);
                }
                [Term::Atom(atoms::LINE), bytes] => {
                    // From 2^59 on OTP has no small integer for it.
                    let bytes = bytes.as_i64().filter(|bytes| (1..1 << 59).contains(bytes));
                    let bytes = bytes.ok_or_else(|| bad("a line has 1 to 2^59-1 bytes"))?;
                    self.line = Some(bytes as usize);
                }
                [Term::Atom(atoms::CD), directory] => {
                    // Only the last counts, and only it is checked: P-101.
                    match file_name(directory) {
                        Some(directory) => {
                            let directory = PathBuf::from(OsString::from_vec(directory));
                            self.directory =
                                (!directory.as_os_str().is_empty()).then_some(directory);
                            self.bad_directory = None;
                        }
                        None => self.bad_directory = Some(setting.to_string()),
                    }
                }
                [Term::Atom(atoms::ENV), env] => {
                    self.env = environment(env).ok_or_else(|| {
                        bad("env is a list of {Name,Value}, with strings or false")
                    })?;
                }
                [Term::Atom(atoms::ARGS), args] => {
                    let args = args.to_vec().ok_or_else(|| bad("args is a proper list"))?;
                    let args: Option<Vec<OsString>> = args
                        .iter()
                        .map(|arg| file_name(arg).map(OsString::from_vec))
                        .collect();
                    self.args = Some(args.ok_or_else(|| bad("args are strings or binaries"))?);
                }
                [Term::Atom(atoms::ARG0), arg0] => {
                    let arg0 = file_name(arg0).ok_or_else(|| bad("arg0 is a string or binary"))?;
                    self.arg0 = Some(OsString::from_vec(arg0));
                }
                [Term::Atom(atoms::PARALLELISM), parallelism] => {
                    self.parallelism = parallelism
                        .as_bool()
                        .ok_or_else(|| bad("it is true or false"))?;
                }
                [Term::Atom(atoms::BUSY_LIMITS_PORT), value] => {
                    self.busy_limits_port =
                        Some(limits(value).ok_or_else(|| bad("it is {Low,High} or disabled"))?);
                }
                [Term::Atom(atoms::BUSY_LIMITS_MSGQ), value] => {
                    self.busy_limits_msgq =
                        Some(limits(value).ok_or_else(|| bad("it is {Low,High} or disabled"))?);
                }
                _ => return Err(bad("there is no such setting")),
            },
            _ => return Err(bad("a setting is an atom or a tuple")),
        }
        Ok(())
    }
}

fn limits(term: &Term) -> Option<BusyLimits> {
    match term {
        Term::Atom(atoms::DISABLED) => Some(BusyLimits::Disabled),
        Term::Tuple(tuple) => match &**tuple {
            [low, high] => {
                let in_range =
                    |limit: &Term| limit.as_u64().filter(|limit| (1..u64::MAX).contains(limit));
                Some(BusyLimits::Limits {
                    low: in_range(low)?,
                    high: in_range(high)?,
                })
            }
            _ => None,
        },
        _ => None,
    }
}

/// Rules P-121 to P-124.
fn environment(term: &Term) -> Option<Vec<(OsString, Option<OsString>)>> {
    let entry = |entry: &Term| {
        let [name, value] = entry.as_tuple()? else {
            return None;
        };
        let name = string(name)?;
        if name.contains(&b'=') {
            return None;
        }
        let value = match value {
            Term::Atom(atoms::FALSE) | Term::Nil => None,
            value => Some(OsString::from_vec(string(value)?)),
        };
        Some((OsString::from_vec(name), value))
    };
    term.to_vec()?.iter().map(entry).collect()
}

/// A file name or command in any of the forms that OTP takes: a deep list of
/// characters, a binary (cut at a NUL), or an atom.
fn file_name(term: &Term) -> Option<Vec<u8>> {
    match term {
        Term::Atom(atom) => Some(atom.as_str().as_bytes().to_vec()),
        Term::Binary(binary) => Some(
            binary
                .iter()
                .copied()
                .take_while(|byte| *byte != 0)
                .collect(),
        ),
        term => string(term),
    }
}

/// A deep list of characters as UTF-8; no NUL, no binaries.
fn string(term: &Term) -> Option<Vec<u8>> {
    let mut text = String::new();
    let mut rest = vec![term];
    while let Some(term) = rest.pop() {
        match term {
            Term::Nil => {}
            // A character as the tail makes an improper list.
            Term::List(list) if list.tail().is_integer() => return None,
            Term::List(list) => {
                rest.push(list.tail());
                rest.push(list.head());
            }
            Term::Integer(point) => {
                let point = u32::try_from(*point).ok().filter(|point| *point != 0)?;
                text.push(char::from_u32(point)?);
            }
            _ => return None,
        }
    }
    // A bare integer is no string: only lists get here otherwise.
    (!term.is_integer()).then(|| text.into_bytes())
}
