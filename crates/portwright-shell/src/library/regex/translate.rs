//! From Perl's regular expressions, as OTP takes them, to those of `fancy_regex`.
//!
//! Most is the same. What differs: `$` matches before a last newline too, a
//! lone `{` or `[` in a set is a character, there are no set operations, and
//! some escapes have other names.

use super::classes;

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
    /// Subjects may have characters beyond Latin-1.
    pub(super) unicode: bool,
    /// Classes are those of Unicode.
    pub(super) ucp: bool,
    pub(super) dupnames: bool,
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
        groups: 0,
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
    /// Groups that have begun.
    groups: usize,
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
                '(' => self.group(),
                _ => {
                    self.at += 1;
                    self.out.push(c);
                }
            }
        }
        self.out
    }

    /// The beginning of a group, or a call of one.
    fn group(&mut self) {
        self.at += 1;
        if self.peek(0) != Some('?') {
            self.groups += usize::from(self.peek(0) != Some('*'));
            self.out.push('(');
            return;
        }
        let end = self.chars[self.at..].iter().position(|c| *c == ')');
        let inside: String = match end {
            Some(end) => self.chars[self.at + 1..self.at + end].iter().collect(),
            None => String::new(),
        };
        let called = match inside.as_str() {
            "R" | "0" => Some("0"),
            text if text.starts_with('&') => Some(&text[1..]),
            text if text.starts_with("P>") => Some(&text[2..]),
            text if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => Some(text),
            _ => None,
        };
        let call = match (called, inside.strip_prefix("P=")) {
            (Some(group), _) => Some(format!("\\g<{group}>")),
            (None, Some(name)) => Some(format!("\\k<{name}>")),
            (None, None) => None,
        };
        if let (Some(call), Some(end)) = (call, end) {
            self.out.push_str(&call);
            self.at += end + 1;
            return;
        }
        if inside == ":" {
            // Emptiness that may be repeated.
            self.out.push_str("(?:|)");
            self.at += 3;
            return;
        }
        let named = inside.starts_with("P<")
            || inside.starts_with('\'')
            || (inside.starts_with('<') && !inside.starts_with("<=") && !inside.starts_with("<!"));
        self.groups += usize::from(named);
        self.out.push('(');
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
            'w' | 'W' => self.word(c == 'W'),
            'd' | 'D' => self.class(classes::digit(self.syntax.ucp), c == 'D'),
            's' | 'S' => self.class(classes::space(self.syntax.ucp), c == 'S'),
            // Within Latin-1 it means the same.
            'b' | 'B' if !self.syntax.unicode => {
                self.out.push('\\');
                self.out.push(c);
            }
            'b' | 'B' => {
                let word = classes::word(self.syntax.ucp);
                // On both sides the same, or not.
                let (behind, ahead) = if c == 'b' { ("!", "=") } else { ("=", "!") };
                self.out.push_str(&format!(
                    "(?:(?<=[{word}])(?{behind}[{word}])|(?<![{word}])(?{ahead}[{word}]))"
                ));
            }
            'p' | 'P' => {
                self.out.push('\\');
                self.out.push(c);
                if self.peek(0) == Some('{') {
                    while let Some(c) = self.peek(0) {
                        self.at += 1;
                        self.out.push(c);
                        if c == '}' {
                            break;
                        }
                    }
                }
            }
            'g' | 'k' if matches!(self.peek(0), Some('{' | '\'' | '0'..='9' | '-')) => {
                self.reference(c == 'g');
            }
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
            'a' | 'f' | 'n' | 'r' | 't' | 'A' | 'G' | 'K' | 'z' | 'k' | 'g' => {
                self.out.push('\\');
                self.out.push(c);
            }
            // Letters without a meaning stand for themselves.
            c => self.literal(c),
        }
    }

    /// `\w` or `\W`. Where a number of them is required, and subjects are Unicode,
    /// PCRE looks at ASCII for those and at Latin-1 for what may follow.
    fn word(&mut self, negated: bool) {
        let word = classes::word(self.syntax.ucp);
        let least = match self.required() {
            Some(required) if self.syntax.unicode && !self.syntax.ucp => required,
            _ => return self.class(word, negated),
        };
        self.class("0-9A-Z_a-z", negated);
        let (count, more, length) = least;
        self.at += length;
        if count > 1 {
            self.out.push_str(&format!("{{{count}}}"));
        }
        if more != "{0}" {
            self.class(word, negated);
            self.out.push_str(&more);
        }
    }

    /// Of a quantifier that requires something here: how many, what may follow, and
    /// how long it is.
    fn required(&self) -> Option<(usize, String, usize)> {
        match self.peek(0) {
            Some('+') => Some((1, "*".to_owned(), 1)),
            Some('{') if self.is_quantifier() => {
                let rest = self.chars[self.at + 1..].iter();
                let inside: String = rest.take_while(|c| **c != '}').collect();
                let (low, high) = inside.split_once(',').unwrap_or((&inside, &inside));
                let low: usize = low.parse().ok().filter(|low| *low > 1)?;
                let more = match high.parse::<usize>() {
                    Ok(high) => format!("{{0,{}}}", high.checked_sub(low)?),
                    Err(_) => "*".to_owned(),
                };
                let more = if more == "{0,0}" {
                    "{0}".to_owned()
                } else {
                    more
                };
                Some((low, more, inside.chars().count() + 2))
            }
            _ => None,
        }
    }

    /// A set of characters outside of a set.
    fn class(&mut self, inside: &str, negated: bool) {
        let sign = if negated { "^" } else { "" };
        self.out.push_str(&format!("[{sign}{inside}]"));
    }

    /// `\g1`, `\g{1}`, `\g{-1}`, `\g{name}`, `\k{name}` and `\k'name'`.
    fn reference(&mut self, number: bool) {
        let name: String = match self.peek(0) {
            Some(open @ ('{' | '\'')) => {
                let close = if open == '{' { '}' } else { open };
                self.at += 1;
                let rest = self.chars[self.at..].iter();
                let name: String = rest.take_while(|c| **c != close).collect();
                self.at += name.chars().count() + 1;
                name
            }
            _ => {
                let rest = self.chars[self.at..].iter();
                let name: String = rest
                    .take_while(|c| c.is_ascii_digit() || **c == '-')
                    .collect();
                self.at += name.chars().count();
                name
            }
        };
        let back = name.strip_prefix('-').and_then(|n| n.parse::<usize>().ok());
        match back {
            Some(back) if number => {
                let group = (self.groups + 1).saturating_sub(back);
                self.out.push_str(&format!("(?:\\{group})"));
            }
            _ if number && name.bytes().all(|b| b.is_ascii_digit()) => {
                self.out.push_str(&format!("(?:\\{name})"));
            }
            _ => self.out.push_str(&format!("\\k<{name}>")),
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
        // What came last was a class, which begins no range.
        let mut class;
        let mut after_class = false;
        while let Some(c) = self.peek(0) {
            class = false;
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
                            let whole = &rest[..end + 2];
                            self.at += whole.chars().count();
                            let name = &rest[2..end];
                            let plain = name.strip_prefix('^').unwrap_or(name);
                            match classes::posix(plain, self.syntax.ucp) {
                                Some(inside) if plain == name => self.out.push_str(inside),
                                Some(inside) => self.class(inside, true),
                                None => self.out.push_str(whole),
                            }
                            class = true;
                        }
                        None => {
                            self.at += 1;
                            self.literal('[');
                        }
                    }
                }
                '\\' => class = self.set_escape(),
                '-' => {
                    self.at += 1;
                    // Between two characters it is a range, else a character.
                    let ends = self.peek(0) == Some(']') || first || after_class;
                    self.out.push_str(if ends { "\\-" } else { "-" });
                }
                c => {
                    self.at += 1;
                    self.literal(c);
                }
            }
            first = false;
            after_class = class;
        }
    }

    /// An escape within a set; whether it is a class.
    fn set_escape(&mut self) -> bool {
        let inside = |negated: bool, inside: &str| {
            if negated {
                format!("[^{inside}]")
            } else {
                inside.to_owned()
            }
        };
        let ucp = self.syntax.ucp;
        let class = match self.peek(1) {
            Some(c @ ('w' | 'W')) => Some(inside(c == 'W', classes::word(ucp))),
            Some(c @ ('d' | 'D')) => Some(inside(c == 'D', classes::digit(ucp))),
            Some(c @ ('s' | 'S')) => Some(inside(c == 'S', classes::space(ucp))),
            Some('h') => Some(" \\t\\x{a0}".to_owned()),
            Some('v') => Some("\\n\\x0b\\x0c\\r\\x{85}".to_owned()),
            _ => None,
        };
        if let Some(class) = class {
            self.at += 2;
            self.out.push_str(&class);
            return true;
        }
        let property = matches!(self.peek(1), Some('p' | 'P'));
        match self.peek(1) {
            Some('b') => {
                self.at += 2;
                self.code(8);
            }
            Some('1'..='7') => {
                self.at += 1;
                self.octal(3);
            }
            _ => self.escape(),
        }
        property
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
