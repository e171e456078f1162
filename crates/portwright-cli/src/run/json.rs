//! Messages as JSON, as `docs/json.md` describes them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portwright::{Message, PortId, PortMessage, Term};

use super::output::Answer;

/// Appends a message as one line.
pub(crate) fn write(line: &mut Vec<u8>, message: &Message) {
    let mut object = Object::begin(line);
    match message {
        Message::Port { port, message } => {
            object.port(&Term::Port(*port));
            match message {
                PortMessage::Data(data) => object.event("data").data(data),
                PortMessage::Line(data) => {
                    object.event("line").raw("complete", "true");
                    object.data(data);
                }
                PortMessage::LinePart(data) => {
                    object.event("line").raw("complete", "false");
                    object.data(data);
                }
                PortMessage::StandardError(data) => object.event("stderr").data(data),
                PortMessage::ExitStatus(status) => {
                    object
                        .event("exit_status")
                        .raw("status", &status.to_string());
                }
                PortMessage::ExitSignal(number) => {
                    object
                        .event("exit_signal")
                        .raw("signal", &number.to_string());
                }
                PortMessage::Eof => {
                    object.event("eof");
                }
                other => {
                    object
                        .event("other")
                        .text("term", &other.to_term().to_string());
                }
            }
        }
        Message::Exit { from, reason } => {
            object.port(&from.to_term());
            object
                .event("exit")
                .text("reason", &reason.term().to_string());
        }
        other => {
            object.event("other").text("term", &other.to_string());
        }
    }
    object.end();
}

/// Appends the answer of a driver as one line.
pub(crate) fn write_answer(line: &mut Vec<u8>, port: PortId, answer: &Answer) {
    let mut object = Object::begin(line);
    object.port(&Term::Port(port));
    match answer {
        Answer::Control(reply) => object.event("control").data(reply.bytes()),
        Answer::Call(term) => object.event("call").text("term", &term.to_string()),
    }
    object.end();
}

/// One JSON object that is being written.
pub(crate) struct Object<'a> {
    line: &'a mut Vec<u8>,
    is_empty: bool,
}

impl<'a> Object<'a> {
    pub(crate) fn begin(line: &'a mut Vec<u8>) -> Self {
        line.push(b'{');
        Self {
            line,
            is_empty: true,
        }
    }

    pub(crate) fn end(self) {
        self.line.extend_from_slice(b"}\n");
    }

    fn port(&mut self, port: &Term) {
        self.text("port", &port.to_string());
    }

    fn event(&mut self, name: &str) -> &mut Self {
        self.text("event", name);
        self
    }

    /// Bytes: as `text` if they are UTF-8, else as `base64`.
    fn data(&mut self, data: &[u8]) {
        match std::str::from_utf8(data) {
            Ok(text) => self.text("text", text),
            Err(_) => self.raw("base64", &format!("\"{}\"", STANDARD.encode(data))),
        }
    }

    /// A member whose value is JSON already.
    pub(crate) fn raw(&mut self, name: &str, value: &str) {
        if !std::mem::replace(&mut self.is_empty, false) {
            self.line.push(b',');
        }
        self.line.push(b'"');
        self.line.extend_from_slice(name.as_bytes());
        self.line.extend_from_slice(b"\":");
        self.line.extend_from_slice(value.as_bytes());
    }

    /// A list of strings.
    pub(crate) fn texts<S: AsRef<str>>(&mut self, name: &str, values: &[S]) {
        self.raw(name, "[");
        for (index, value) in values.iter().enumerate() {
            self.line
                .extend_from_slice(if index == 0 { b"\"" } else { b",\"" });
            escape(self.line, value.as_ref());
            self.line.push(b'"');
        }
        self.line.push(b']');
    }

    pub(crate) fn text(&mut self, name: &str, value: &str) {
        self.raw(name, "\"");
        escape(self.line, value);
        self.line.push(b'"');
    }
}

/// The inside of a JSON string.
fn escape(line: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut plain_from = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let escaped: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0..0x20 | 0x7f => b"",
            _ => continue,
        };
        line.extend_from_slice(&bytes[plain_from..at]);
        plain_from = at + 1;
        if escaped.is_empty() {
            line.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
        } else {
            line.extend_from_slice(escaped);
        }
    }
    line.extend_from_slice(&bytes[plain_from..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use portwright::{Atom, ExitReason, PortData};

    fn port() -> PortId {
        PortId::new(Atom::literal("nonode@nohost"), 1, 0)
    }

    #[track_caller]
    fn check(message: PortMessage, expect: &str) {
        let mut line = Vec::new();
        write(
            &mut line,
            &Message::Port {
                port: port(),
                message,
            },
        );
        let expect = format!("{{\"port\":\"#Port<0.1>\",{expect}}}\n");
        assert_eq!(String::from_utf8(line).unwrap(), expect);
    }

    #[test]
    fn each_message_is_one_object() {
        check(
            PortMessage::Data(PortData::binary("a\n")),
            r#""event":"data","text":"a\n""#,
        );
        check(
            PortMessage::LinePart(PortData::list("b")),
            r#""event":"line","complete":false,"text":"b""#,
        );
        check(
            PortMessage::StandardError(PortData::binary(&b"\xff\xfe"[..])),
            r#""event":"stderr","base64":"//4=""#,
        );
        check(
            PortMessage::ExitStatus(3),
            r#""event":"exit_status","status":3"#,
        );
        check(
            PortMessage::ExitSignal(9),
            r#""event":"exit_signal","signal":9"#,
        );
        check(PortMessage::Eof, r#""event":"eof""#);
        let mut line = Vec::new();
        let reason = ExitReason::from(Atom::literal("einval"));
        write(
            &mut line,
            &Message::Exit {
                from: port().into(),
                reason,
            },
        );
        assert_eq!(
            line,
            b"{\"port\":\"#Port<0.1>\",\"event\":\"exit\",\"reason\":\"einval\"}\n"
        );
    }

    #[test]
    fn strings_escape_what_json_wants_escaped() {
        check(
            PortMessage::Data(PortData::binary("\"\\\u{0}\u{1f}\u{7f}\r\t/äx")),
            r#""event":"data","text":"\"\\\u0000\u001f\u007f\r\t/äx""#,
        );
    }
}
