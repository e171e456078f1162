//! From Perl's regular expressions, as OTP takes them, to those of `fancy_regex`.
//!
//! Most is the same. What differs: `$` matches before a last newline too, a
//! lone `{` or `[` in a set is a character, there are no set operations, and
//! some escapes have other names.

/// Options that change how a pattern is read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Syntax {
    pub(super) caseless: bool,
    pub(super) multiline: bool,
    pub(super) dotall: bool,
    pub(super) extended: bool,
    pub(super) ungreedy: bool,
    pub(super) dollar_endonly: bool,
    pub(super) crlf: bool,
}

/// The same pattern for `fancy_regex`.
pub(super) fn translate(pattern: &str, syntax: Syntax) -> String {
    let mut flags = String::new();
    for (wanted, flag) in [
        (syntax.caseless, 'i'),
        (syntax.multiline && !syntax.crlf, 'm'),
        (syntax.dotall, 's'),
        (syntax.extended, 'x'),
        (syntax.ungreedy, 'U'),
    ] {
        if wanted {
            flags.push(flag);
        }
    }
    let body = Translator {
        chars: pattern.chars().collect(),
        at: 0,
        syntax,
        out: String::new(),
    }
    .run();
    if flags.is_empty() {
        body
    } else {
        format!("(?{flags}){body}")
    }
}

struct Translator {
    chars: Vec<char>,
    at: usize,
    syntax: Syntax,
    out: String,
}

impl Translator {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn run(mut self) -> String {
        while let Some(c) = self.peek(0) {
            match c {
                '\\' => self.escape(),
                '[' => self.set(),
                '$' => {
                    self.at += 1;
                    self.dollar();
                }
                '^' if self.syntax.multiline && self.syntax.crlf => {
                    self.at += 1;
                    self.out.push_str("(?:\\A|(?<=\\r\\n))");
                }
                '{' if !self.is_quantifier() => {
                    self.at += 1;
                    self.out.push_str("\\{");
                }
                '(' if self.peek(1) == Some('?') && self.peek(2) == Some('#') => {
                    while self.peek(0).is_some_and(|c| c != ')') {
                        self.at += 1;
                    }
                    self.at += 1;
                }
                _ => {
                    self.at += 1;
                    self.out.push(c);
                }
            }
        }
        self.out
    }

    fn dollar(&mut self) {
        let newline = if self.syntax.crlf { "\\r\\n" } else { "\\n" };
        match (self.syntax.multiline, self.syntax.dollar_endonly) {
            (true, _) if self.syntax.crlf => self.out.push_str("(?=\\r\\n|\\z)"),
            (true, _) => self.out.push('$'),
            (false, true) => self.out.push_str("\\z"),
            (false, false) => {
                self.out.push_str("(?=(?:");
                self.out.push_str(newline);
                self.out.push_str(")?\\z)");
            }
        }
    }

    /// True for `{2}`, `{2,}` and `{2,3}` here.
    fn is_quantifier(&self) -> bool {
        let rest: String = self.chars[self.at + 1..]
            .iter()
            .take_while(|c| **c != '}')
            .collect();
        let closed = self.chars.get(self.at + 1 + rest.chars().count()) == Some(&'}');
        let (low, high) = rest.split_once(',').unwrap_or((&rest, ""));
        closed
            && !low.is_empty()
            && [low, high]
                .iter()
                .all(|n| n.bytes().all(|b| b.is_ascii_digit()))
    }

    fn escape(&mut self) {
        let Some(c) = self.peek(1) else {
            self.at += 1;
            self.out.push('\\');
            return;
        };
        self.at += 2;
        match c {
            'Q' => {
                while let Some(c) = self.peek(0) {
                    if c == '\\' && self.peek(1) == Some('E') {
                        self.at += 2;
                        return;
                    }
                    self.at += 1;
                    self.literal(c);
                }
            }
            'E' => {}
            'Z' => self.out.push_str("(?=\\n?\\z)"),
            'h' => self.out.push_str("[ \\t\\x{a0}]"),
            'H' => self.out.push_str("[^ \\t\\x{a0}]"),
            'v' => self.out.push_str("[\\n\\x0b\\x0c\\r\\x{85}]"),
            'V' => self.out.push_str("[^\\n\\x0b\\x0c\\r\\x{85}]"),
            'N' => self.out.push_str("[^\\n]"),
            'R' => self
                .out
                .push_str("(?>\\r\\n|\\n|\\x0b|\\x0c|\\r|\\x{85}|\\x{2028}|\\x{2029})"),
            'X' => self.out.push_str("(?:\\P{M}\\p{M}*)"),
            'e' => self.out.push_str("\\x1b"),
            'c' => {
                if let Some(control) = self.peek(0) {
                    self.at += 1;
                    self.code(u32::from(control.to_ascii_uppercase()) ^ 64);
                }
            }
            '0' => {
                self.at -= 1;
                self.octal(3);
            }
            '1'..='9' => {
                self.at -= 1;
                let digits: String = self.chars[self.at..]
                    .iter()
                    .take_while(|c| c.is_ascii_digit())
                    .collect();
                // Three octal digits are a character; fewer, or with 8 and 9, a group.
                let is_octal = digits.len() >= 3 && digits.bytes().take(3).all(|b| b < b'8');
                if is_octal {
                    self.octal(3);
                } else {
                    self.at += digits.len();
                    self.out.push('\\');
                    self.out.push_str(&digits);
                }
            }
            'x' => {
                if self.peek(0) == Some('{') {
                    self.out.push_str("\\x");
                } else {
                    let digits: String = self.chars[self.at..]
                        .iter()
                        .take(2)
                        .take_while(|c| c.is_ascii_hexdigit())
                        .collect();
                    self.at += digits.len();
                    self.code(u32::from_str_radix(&digits, 16).unwrap_or(0));
                }
            }
            c if c.is_ascii_alphanumeric() => {
                self.out.push('\\');
                self.out.push(c);
            }
            c => self.literal(c),
        }
    }

    fn octal(&mut self, most: usize) {
        let digits: String = self.chars[self.at..]
            .iter()
            .take(most)
            .take_while(|c| c.is_digit(8))
            .collect();
        self.at += digits.len();
        self.code(u32::from_str_radix(&digits, 8).unwrap_or(0));
    }

    fn code(&mut self, code: u32) {
        self.out.push_str(&format!("\\x{{{code:x}}}"));
    }

    /// A character that stands for itself.
    fn literal(&mut self, c: char) {
        if c.is_alphanumeric() || c == '_' || !c.is_ascii() {
            self.out.push(c);
        } else {
            self.code(u32::from(c));
        }
    }

    /// `[...]`: everything in it is literal but escapes, ranges and `[:name:]`.
    fn set(&mut self) {
        self.at += 1;
        self.out.push('[');
        if self.peek(0) == Some('^') {
            self.at += 1;
            self.out.push('^');
        }
        let mut first = true;
        while let Some(c) = self.peek(0) {
            match c {
                ']' if !first => {
                    self.at += 1;
                    self.out.push(']');
                    return;
                }
                '[' if self.peek(1) == Some(':') => {
                    let rest: String = self.chars[self.at..].iter().collect();
                    match rest.find(":]") {
                        Some(end) => {
                            let name = &rest[..end + 2];
                            self.at += name.chars().count();
                            self.out.push_str(name);
                        }
                        None => {
                            self.at += 1;
                            self.literal('[');
                        }
                    }
                }
                '\\' => self.set_escape(),
                '-' => {
                    self.at += 1;
                    // Between two characters it is a range, else a character.
                    let ends = self.peek(0) == Some(']') || first;
                    self.out.push_str(if ends { "\\-" } else { "-" });
                }
                c => {
                    self.at += 1;
                    self.literal(c);
                }
            }
            first = false;
        }
    }

    fn set_escape(&mut self) {
        match self.peek(1) {
            Some('b') => {
                self.at += 2;
                self.code(8);
            }
            Some('h') => {
                self.at += 2;
                self.out.push_str(" \\t\\x{a0}");
            }
            Some('v') => {
                self.at += 2;
                self.out.push_str("\\n\\x0b\\x0c\\r\\x{85}");
            }
            Some('1'..='7') => {
                self.at += 1;
                self.octal(3);
            }
            _ => self.escape(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, expected: &str) {
        assert_eq!(translate(pattern, Syntax::default()), expected);
    }

    #[test]
    fn what_differs_is_translated() {
        check("a{2}b{", "a{2}b\\{");
        check("[[]", "[\\x{5b}]");
        check("[]a-]", "[\\x{5d}a\\-]");
        check("\\<x\\>", "\\x{3c}x\\x{3e}");
        check("\\Qa.b\\E.", "a\\x{2e}b.");
        check("a$", "a(?=(?:\\n)?\\z)");
        check("(a)\\1\\101", "(a)\\1\\x{41}");
    }
}
