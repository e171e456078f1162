//! What is asked of a driver: the requests that standard input holds.

use portwright::term::iolist::gather;
use portwright::{Bytes, IoVec, Term};

use crate::arguments::{DriverRunArguments, InputFormat, RequestFormat};

/// One request.
#[derive(Debug, PartialEq)]
pub(super) enum Request {
    /// `port_command/2`.
    Command(IoVec),
    /// `port_control/3`.
    Control(u32, IoVec),
    /// `port_call/3`.
    Call(u32, Term),
    /// `port_close/1`.
    Close,
}

/// How standard input becomes requests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    format: RequestFormat,
    control: Option<u32>,
    call: Option<u32>,
}

impl Reading {
    pub(super) fn of(arguments: &DriverRunArguments) -> Self {
        Self {
            format: arguments.input,
            control: arguments.control,
            call: arguments.call,
        }
    }

    /// How bytes are cut.
    pub(super) fn cut(self) -> InputFormat {
        match self.format {
            RequestFormat::Lines | RequestFormat::Terms => InputFormat::Lines,
            RequestFormat::Raw => InputFormat::Raw,
            RequestFormat::Whole => InputFormat::Whole,
        }
    }

    /// The request that bytes make; none for an empty line among terms.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the bytes.
    pub(super) fn read(self, bytes: Bytes) -> Result<Option<Request>, String> {
        if self.format == RequestFormat::Terms {
            return match term(&bytes)? {
                None => Ok(None),
                Some(term) => request(&term).map(Some).ok_or_else(|| {
                    format!(
                        "{term} is no request; {{command,Data}}, {{control,Operation,Data}}, {{call,Operation,Term}} and close are"
                    )
                }),
            };
        }
        if let Some(operation) = self.call {
            return Ok(term(&bytes)?.map(|term| Request::Call(operation, term)));
        }
        let data = IoVec::from(bytes);
        Ok(Some(match self.control {
            Some(operation) => Request::Control(operation, data),
            None => Request::Command(data),
        }))
    }
}

/// The term that a text is, with or without a full stop; none if it is empty.
fn term(bytes: &[u8]) -> Result<Option<Term>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "a request is not UTF-8".to_owned())?;
    let text = text.trim();
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.is_empty() {
        return Ok(None);
    }
    let term = text.parse();
    term.map(Some)
        .map_err(|error| format!("{text:?} is no Erlang term: {error}"))
}

fn request(term: &Term) -> Option<Request> {
    let is = |term: &Term, name: &str| matches!(term, Term::Atom(atom) if atom.as_str() == name);
    if is(term, "close") {
        return Some(Request::Close);
    }
    let operation = |term: &Term| u32::try_from(term.as_usize()?).ok();
    match term.as_tuple()? {
        [tag, data] if is(tag, "command") => Some(Request::Command(gather(data).ok()?)),
        [tag, number, data] if is(tag, "control") => {
            Some(Request::Control(operation(number)?, gather(data).ok()?))
        }
        [tag, number, argument] if is(tag, "call") => {
            Some(Request::Call(operation(number)?, argument.clone()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(format: RequestFormat, control: Option<u32>, call: Option<u32>) -> Reading {
        Reading {
            format,
            control,
            call,
        }
    }

    #[test]
    fn bytes_are_what_the_flags_make_of_them() {
        let read = |control, call| {
            let reading = reading(RequestFormat::Lines, control, call);
            reading.read(Bytes::from_static(b"[1,2]."))
        };
        let data = || IoVec::from("[1,2].");
        assert_eq!(read(None, None), Ok(Some(Request::Command(data()))));
        assert_eq!(read(Some(7), None), Ok(Some(Request::Control(7, data()))));
        let list = "[1,2]".parse().unwrap();
        assert_eq!(read(None, Some(8)), Ok(Some(Request::Call(8, list))));
    }

    #[test]
    fn terms_are_requests_or_said_to_be_none() {
        let read = |text: &'static str| {
            reading(RequestFormat::Terms, None, None).read(Bytes::from_static(text.as_bytes()))
        };
        assert_eq!(
            read("{command,[\"a\",<<\"b\">>]}."),
            Ok(Some(Request::Command(IoVec::from("ab"))))
        );
        assert_eq!(
            read(" {control, 2, \"x\"} "),
            Ok(Some(Request::Control(2, IoVec::from("x"))))
        );
        assert_eq!(
            read("{call,3,foo}"),
            Ok(Some(Request::Call(3, Term::atom("foo"))))
        );
        assert_eq!(read("close"), Ok(Some(Request::Close)));
        assert_eq!(read("  "), Ok(None));
        for (text, why) in [
            ("{control,-1,\"\"}", "is no request"),
            ("{control,4294967296,\"\"}", "is no request"),
            ("{command,foo}", "is no request"),
            ("{exit}", "is no request"),
            ("{command", "is no Erlang term"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
