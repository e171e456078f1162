//! `{line,L}`: bytes into lines of at most `L` bytes.
//!
//! The state machine of rule P-231. A line ends with LF or CR LF; a CR is held
//! back until the next byte tells which it is; a full buffer is held back until
//! the next byte tells whether the line ends there.

/// Cuts a byte stream into lines.
#[derive(Debug)]
pub(crate) struct LineBuffer {
    max_bytes: usize,
    buffer: Vec<u8>,
    /// A CR came last and may belong to the end of the line.
    carriage_return: bool,
}

/// A line, or a part of one that was too long.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) bytes: Vec<u8>,
    pub(crate) complete: bool,
}

impl LineBuffer {
    /// Lines of at most `max_bytes` bytes, at least 1.
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes: max_bytes.max(1),
            buffer: Vec::new(),
            carriage_return: false,
        }
    }

    /// Takes in `data`, gives out the lines that it completes.
    pub(crate) fn feed(&mut self, data: &[u8], mut deliver: impl FnMut(Line)) {
        let mut rest = data;
        while let Some(&byte) = rest.first() {
            match byte {
                b'\n' => {
                    self.carriage_return = false;
                    deliver(self.take(true));
                    rest = &rest[1..];
                }
                b'\r' if !self.carriage_return => {
                    self.carriage_return = true;
                    rest = &rest[1..];
                }
                _ if self.carriage_return => {
                    // The CR was data. A full buffer goes out without it.
                    if self.buffer.len() == self.max_bytes {
                        deliver(self.take(false));
                    }
                    self.buffer.push(b'\r');
                    self.carriage_return = false;
                }
                _ if self.buffer.len() == self.max_bytes => deliver(self.take(false)),
                _ => {
                    let room = self.max_bytes - self.buffer.len();
                    let run = rest
                        .iter()
                        .take(room)
                        .position(|byte| matches!(byte, b'\n' | b'\r'))
                        .unwrap_or(room.min(rest.len()));
                    self.buffer.extend_from_slice(&rest[..run]);
                    rest = &rest[run..];
                }
            }
        }
    }

    /// The stream has ended: gives out what was held back.
    pub(crate) fn finish(&mut self, mut deliver: impl FnMut(Line)) {
        if std::mem::take(&mut self.carriage_return) {
            if self.buffer.len() == self.max_bytes {
                deliver(self.take(false));
            }
            self.buffer.push(b'\r');
        }
        if !self.buffer.is_empty() {
            deliver(self.take(false));
        }
    }

    fn take(&mut self, complete: bool) -> Line {
        Line {
            bytes: std::mem::take(&mut self.buffer),
            complete,
        }
    }
}

/// Rule P-231 word by word, a byte at a time.
#[cfg(any(test, fuzzing))]
pub(crate) fn model(max_bytes: usize, data: &[u8]) -> Vec<(bool, Vec<u8>)> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        N,
        F,
        C,
        Fc,
    }
    let (mut got, mut buf, mut state) = (Vec::new(), Vec::new(), State::N);
    for &byte in data {
        loop {
            if byte == b'\n' {
                got.push((true, std::mem::take(&mut buf)));
                state = State::N;
                break;
            }
            match state {
                State::N if buf.len() == max_bytes => state = State::F,
                State::N if byte == b'\r' => {
                    state = State::C;
                    break;
                }
                State::N => {
                    buf.push(byte);
                    break;
                }
                State::F if byte == b'\r' => {
                    state = State::Fc;
                    break;
                }
                State::F => {
                    got.push((false, std::mem::take(&mut buf)));
                    state = State::N;
                }
                State::C => {
                    buf.push(b'\r');
                    state = State::N;
                }
                State::Fc => {
                    got.push((false, std::mem::take(&mut buf)));
                    state = State::C;
                }
            }
        }
    }
    match state {
        State::C => buf.push(b'\r'),
        State::Fc => {
            got.push((false, std::mem::take(&mut buf)));
            buf.push(b'\r');
        }
        State::N | State::F => {}
    }
    if !buf.is_empty() {
        got.push((false, buf));
    }
    got
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(max_bytes: usize, chunks: &[&[u8]], ended: bool) -> Vec<(bool, Vec<u8>)> {
        let mut buffer = LineBuffer::new(max_bytes);
        let mut got = Vec::new();
        for chunk in chunks {
            buffer.feed(chunk, |line| got.push((line.complete, line.bytes)));
        }
        if ended {
            buffer.finish(|line| got.push((line.complete, line.bytes)));
        }
        got
    }

    #[track_caller]
    fn check(max_bytes: usize, chunks: &[&str], expect: &[(bool, &str)]) {
        let chunks: Vec<&[u8]> = chunks.iter().map(|chunk| chunk.as_bytes()).collect();
        let expect: Vec<_> = expect
            .iter()
            .map(|(complete, text)| (*complete, text.as_bytes().to_vec()))
            .collect();
        assert_eq!(
            lines(max_bytes, &chunks, true),
            expect,
            "max {max_bytes}, {chunks:?}"
        );
    }

    const EOL: bool = true;
    const NOEOL: bool = false;

    // P-230 to P-234, all measured on OTP 25.
    #[test]
    fn lines_are_cut_as_otp_cuts_them() {
        check(80, &["a\nb\nc"], &[(EOL, "a"), (EOL, "b"), (NOEOL, "c")]);
        check(80, &["\n\n"], &[(EOL, ""), (EOL, "")]);
        check(
            3,
            &["abcdefg\n"],
            &[(NOEOL, "abc"), (NOEOL, "def"), (EOL, "g")],
        );
        check(3, &["abc\n"], &[(EOL, "abc")]);
        check(3, &["abc", "\n"], &[(EOL, "abc")]);
        check(3, &["abc"], &[(NOEOL, "abc")]);
        check(80, &["a\r\nb\r", "\n"], &[(EOL, "a"), (EOL, "b")]);
        check(80, &["a\rb\n"], &[(EOL, "a\rb")]);
        check(80, &["a\r"], &[(NOEOL, "a\r")]);
        check(3, &["abc\r\n"], &[(EOL, "abc")]);
        check(3, &["abc\rx\n"], &[(NOEOL, "abc"), (EOL, "\rx")]);
        check(3, &["abc\r"], &[(NOEOL, "abc"), (NOEOL, "\r")]);
        check(3, &["\r\r\n"], &[(EOL, "\r")]);
        check(1, &["\r\r"], &[(NOEOL, "\r"), (NOEOL, "\r")]);
    }

    proptest! {
        #[test]
        fn any_chunking_follows_the_rule(
            max_bytes in 1usize..6,
            data in proptest::collection::vec(prop::sample::select(b"ab\r\n".to_vec()), 0..40),
            cuts in proptest::collection::vec(0usize..40, 0..5),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(data.len())).collect();
            cuts.extend([0, data.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|w| &data[w[0]..w[1]]).collect();
            prop_assert_eq!(lines(max_bytes, &chunks, true), model(max_bytes, &data));
        }
    }
}
