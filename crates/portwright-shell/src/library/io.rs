//! `io(3)`: writing to the group leader, to standard error and to files.

use std::sync::{Mutex, PoisonError};

use portwright_term::Term;
use portwright_term::text::parse::parse_terms;

use super::argument::{
    Answer, atom, atom_text, badarg, chardata, count, elements_or_badarg, error_tuple, is_atom, ok,
    ok_tuple, pure, tagged,
};
use super::{file, format, posix, scan_input, term_file};
use crate::exception::Exception;
use crate::native::{Call, Native, NativeFuture, NativeModule};
use crate::system::Stream;

/// What this file registers.
pub(crate) const IO: NativeModule = NativeModule::new(
    "io",
    &[
        Native::new("format", 1, |call, args| {
            write_formatted(call, None, &args[0], &Term::Nil)
        }),
        Native::new("format", 2, |call, args| {
            write_formatted(call, None, &args[0], &args[1])
        }),
        Native::new("format", 3, |call, args| {
            write_formatted(call, Some(&args[0]), &args[1], &args[2])
        }),
        Native::new("fwrite", 1, |call, args| {
            write_formatted(call, None, &args[0], &Term::Nil)
        }),
        Native::new("fwrite", 2, |call, args| {
            write_formatted(call, None, &args[0], &args[1])
        }),
        Native::new("fwrite", 3, |call, args| {
            write_formatted(call, Some(&args[0]), &args[1], &args[2])
        }),
        Native::new("put_chars", 1, |call, args| put_chars(call, None, &args[0])),
        Native::new("put_chars", 2, |call, args| {
            put_chars(call, Some(&args[0]), &args[1])
        }),
        Native::new("write", 1, |call, args| write_term(call, None, &args[0])),
        Native::new("write", 2, |call, args| {
            write_term(call, Some(&args[0]), &args[1])
        }),
        Native::new("nl", 0, |call, _| put(call, None, "\n")),
        Native::new("nl", 1, |call, args| put(call, Some(&args[0]), "\n")),
        Native::new("setopts", 1, |call, args| setopts(call, None, &args[0])),
        Native::new("setopts", 2, |call, args| {
            setopts(call, Some(&args[0]), &args[1])
        }),
        Native::new("getopts", 0, getopts),
        Native::new("getopts", 1, getopts),
        Native::waiting("get_line", 1, |call, args| get_line(call, None, &args[0])),
        Native::waiting("get_line", 2, |call, args| {
            get_line(call, Some(&args[0]), &args[1])
        }),
        Native::waiting("get_chars", 2, |call, args| {
            get_chars(call, None, &args[0], &args[1])
        }),
        Native::waiting("get_chars", 3, |call, args| {
            get_chars(call, Some(&args[0]), &args[1], &args[2])
        }),
        Native::waiting("read", 1, |call, args| read(call, &args[0])),
        Native::waiting("read", 2, |call, args| read(call, &args[1])),
        Native::waiting("fread", 2, |call, args| fread(call, &args[0], &args[1])),
        pure!("columns", 0, no_terminal),
        pure!("columns", 1, no_terminal),
        pure!("rows", 0, no_terminal),
        pure!("rows", 1, no_terminal),
        pure!("printable_range", 0, printable_range),
    ],
);

/// Where output goes.
enum Device {
    Stream(Stream),
    File(Term),
}

/// The device of an argument; a pid means the group leader, for all processes here have the same.
fn device(term: Option<&Term>) -> Option<Device> {
    match term {
        None | Some(Term::Pid(_)) => Some(Device::Stream(Stream::Output)),
        Some(file) if file::is_file(file) => Some(Device::File(file.clone())),
        Some(name) => match atom_text(name)? {
            "standard_io" | "user" | "group_leader" => Some(Device::Stream(Stream::Output)),
            "standard_error" => Some(Device::Stream(Stream::Error)),
            _ => None,
        },
    }
}

/// Text in the encoding of a stream: UTF-8, or latin1 with escapes for the rest.
pub(super) fn encoded(text: &str, unicode: bool) -> Vec<u8> {
    if unicode {
        return text.as_bytes().to_vec();
    }
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match u8::try_from(u32::from(c)) {
            Ok(byte) => bytes.push(byte),
            Err(_) => bytes.extend(format!("\\x{{{:X}}}", u32::from(c)).into_bytes()),
        }
    }
    bytes
}

fn put(call: &mut Call, to: Option<&Term>, text: &str) -> Answer {
    match device(to).ok_or_else(badarg)? {
        Device::Stream(stream) => {
            let bytes = encoded(text, call.system().unicode_output());
            match call.system().write(stream, &bytes) {
                Ok(()) => Ok(ok()),
                // The whole evaluation ends when nobody reads any more.
                Err(_) if call.system().halted().is_some() => {
                    Err(Exception::uncatchable(atom("normal")))
                }
                Err(error) => Err(Exception::error(posix::reason(&error))),
            }
        }
        Device::File(file) => {
            let answer = file::write_handle(call, &file, &encoded(text, false))?;
            match answer.as_tuple() {
                Some([_, reason]) => Err(Exception::error(reason.clone())),
                _ => Ok(answer),
            }
        }
    }
}

fn write_formatted(call: &mut Call, to: Option<&Term>, format: &Term, args: &Term) -> Answer {
    let text = format::format_string(format, args)?;
    put(call, to, &text)
}

fn put_chars(call: &mut Call, to: Option<&Term>, data: &Term) -> Answer {
    let text = chardata(data).ok_or_else(badarg)?;
    put(call, to, &text)
}

fn write_term(call: &mut Call, to: Option<&Term>, term: &Term) -> Answer {
    put(call, to, &portwright_term::text::format_w(term))
}

fn setopts(call: &mut Call, to: Option<&Term>, options: &Term) -> Answer {
    let device = device(to).ok_or_else(badarg)?;
    for option in elements_or_badarg(options)? {
        let unicode = match option.as_tuple() {
            Some([name, value]) if is_atom(name, "encoding") => match atom_text(value) {
                Some("unicode" | "utf8") => Some(true),
                Some("latin1") => Some(false),
                _ => return Ok(error_tuple(atom("badarg"))),
            },
            _ => None,
        };
        if let (Some(unicode), Device::Stream(Stream::Output)) = (unicode, &device) {
            call.system().set_unicode_output(unicode);
        }
    }
    Ok(ok())
}

fn getopts(call: &mut Call, _: &[Term]) -> Answer {
    let encoding = if call.system().unicode_output() {
        "unicode"
    } else {
        "latin1"
    };
    Ok(Term::list([
        tagged("binary", Term::boolean(false)),
        tagged("encoding", atom(encoding)),
    ]))
}

fn no_terminal(_: &[Term]) -> Answer {
    Ok(error_tuple(atom("enotsup")))
}

fn printable_range(_: &[Term]) -> Answer {
    Ok(atom("latin1"))
}

/// What `get_chars` left of a line.
#[derive(Default)]
struct Unread(Mutex<Vec<u8>>);

/// Prints the prompt and reads a line of standard input; empty at its end.
async fn line(call: &mut Call, prompt: &Term) -> Result<Vec<u8>, Exception> {
    let prompt = match prompt {
        Term::Atom(a) => a.as_str().to_string(),
        _ => chardata(prompt).ok_or_else(badarg)?,
    };
    if !prompt.is_empty() {
        put(call, None, &prompt)?;
    }
    let unread = call.system().shared::<Unread>();
    let left = std::mem::take(&mut *unread.0.lock().unwrap_or_else(PoisonError::into_inner));
    if !left.is_empty() {
        return Ok(left);
    }
    let output = call.system().output().clone();
    match tokio::task::spawn_blocking(move || output.read_line()).await {
        Ok(Ok(line)) => Ok(line),
        Ok(Err(_)) | Err(_) => Ok(Vec::new()),
    }
}

fn as_text(line: &[u8], unicode: bool) -> Term {
    match std::str::from_utf8(line) {
        Ok(text) if unicode => Term::string(text),
        _ => Term::bytes_list(line),
    }
}

fn get_line<'a>(call: &'a mut Call, from: Option<&'a Term>, prompt: &'a Term) -> NativeFuture<'a> {
    Box::pin(async move {
        if let Some(Device::File(handle)) = device(from) {
            let answer = file::read_handle_line(call, &handle)?;
            return Ok(match answer.as_tuple() {
                Some([tag, data]) if is_atom(tag, "ok") => data.clone(),
                _ => answer,
            });
        }
        let line = line(call, prompt).await?;
        if line.is_empty() {
            return Ok(atom("eof"));
        }
        Ok(as_text(&line, call.system().unicode_output()))
    })
}

/// Reads so many characters, over the ends of lines.
fn get_chars<'a>(
    call: &'a mut Call,
    from: Option<&'a Term>,
    prompt: &'a Term,
    wanted: &'a Term,
) -> NativeFuture<'a> {
    Box::pin(async move {
        let number = wanted;
        let wanted = count(number).ok_or_else(badarg)?;
        match device(from) {
            Some(Device::Stream(_)) => {}
            Some(Device::File(handle)) => {
                let answer = file::read_handle(call, &[handle, number.clone()])?;
                return Ok(match answer.as_tuple() {
                    Some([tag, data]) if is_atom(tag, "ok") => data.clone(),
                    _ => answer,
                });
            }
            None => return Err(badarg()),
        }
        let unicode = call.system().unicode_output();
        let none = Term::Nil;
        let mut bytes = Vec::new();
        loop {
            // The prompt stands in front of the first line only.
            let prompt = if bytes.is_empty() { prompt } else { &none };
            let line = line(call, prompt).await?;
            if line.is_empty() {
                break;
            }
            bytes.extend(line);
            if let Some(end) = end_of_characters(&bytes, wanted, unicode) {
                let left = bytes.split_off(end);
                let unread = call.system().shared::<Unread>();
                *unread.0.lock().unwrap_or_else(PoisonError::into_inner) = left;
                break;
            }
        }
        if bytes.is_empty() && wanted > 0 {
            return Ok(atom("eof"));
        }
        Ok(as_text(&bytes, unicode))
    })
}

/// Where the first characters end, if there are so many.
fn end_of_characters(bytes: &[u8], wanted: usize, unicode: bool) -> Option<usize> {
    let text = std::str::from_utf8(bytes).ok().filter(|_| unicode);
    match text {
        None => (bytes.len() >= wanted).then_some(wanted),
        Some(text) => {
            let ends = text.char_indices().map(|(start, _)| start);
            ends.chain([text.len()]).nth(wanted)
        }
    }
}

/// Reads lines until they hold a whole term.
fn read<'a>(call: &'a mut Call, prompt: &'a Term) -> NativeFuture<'a> {
    Box::pin(async move {
        let mut text = String::new();
        loop {
            let line = line(call, prompt).await?;
            if line.is_empty() {
                return Ok(atom("eof"));
            }
            text.push_str(&String::from_utf8_lossy(&line));
            match parse_terms(&text) {
                Ok(terms) if terms.is_empty() => {}
                Ok(mut terms) => return Ok(ok_tuple(terms.swap_remove(0))),
                Err(error) if error.is_incomplete() => {}
                Err(_) => return Ok(term_file::consulted(&text)),
            }
        }
    })
}

fn fread<'a>(call: &'a mut Call, prompt: &'a Term, format: &'a Term) -> NativeFuture<'a> {
    Box::pin(async move {
        let line = line(call, prompt).await?;
        if line.is_empty() {
            return Ok(atom("eof"));
        }
        let text = as_text(&line, call.system().unicode_output());
        let answer = scan_input::fread(&[format.clone(), text])?;
        Ok(match answer.as_tuple() {
            // The rest of the line stays unread in OTP; scripts read line by line.
            Some([tag, values, _]) if is_atom(tag, "ok") => ok_tuple(values.clone()),
            _ => answer,
        })
    })
}
