//! What PCRE would say of a pattern that it refuses.
//!
//! `fancy_regex` reads patterns by its own rules and has its own words. This goes
//! over a pattern first and finds what is wrong with it by Perl's, with the text
//! and position that `re:compile/1` answers. Measured with OTP 25.

use super::classes;

/// A text and the position it is about.
type Fault = (&'static str, usize);

struct Check<'p> {
    chars: &'p [char],
    at: usize,
    extended: bool,
    duplicates: bool,
    unicode: bool,
    /// Groups of the whole pattern, and of what has been read.
    groups: usize,
    read: usize,
    names: Vec<String>,
    all_names: Vec<String>,
    missing_group: bool,
}

/// An open parenthesis.
struct Group {
    lookbehind: bool,
    /// Something within has no fixed length.
    variable: bool,
}

/// Looks for what is wrong with a pattern.
pub(super) fn check(
    pattern: &str,
    extended: bool,
    duplicates: bool,
    unicode: bool,
) -> Result<(), Fault> {
    let chars: Vec<char> = pattern.chars().collect();
    let (groups, all_names) = count(&chars);
    let check = Check {
        chars: &chars,
        at: 0,
        extended,
        duplicates,
        unicode,
        groups,
        read: 0,
        names: Vec::new(),
        all_names,
        missing_group: false,
    };
    check.run()
}

/// How many groups a pattern has, and their names.
fn count(chars: &[char]) -> (usize, Vec<String>) {
    let (mut groups, mut names) = (0, Vec::new());
    let mut at = 0;
    let mut in_set = false;
    while let Some(c) = chars.get(at) {
        match c {
            '\\' => at += 1,
            '[' if !in_set => {
                in_set = true;
                // The first character is one even if it is a bracket.
                at += usize::from(chars.get(at + 1) == Some(&'^'));
                at += usize::from(chars.get(at + 1) == Some(&']'));
            }
            ']' => in_set = false,
            '(' if !in_set => {
                let behind: String = chars[at + 1..].iter().take(3).collect();
                let start = match behind.as_str() {
                    text if text.starts_with("?P<") => Some(4),
                    text if text.starts_with("?<=") || text.starts_with("?<!") => None,
                    text if text.starts_with("?<") || text.starts_with("?'") => Some(3),
                    _ => None,
                };
                if let Some(start) = start {
                    let name = chars[(at + start).min(chars.len())..].iter();
                    names.push(name.take_while(|c| is_word(**c)).collect());
                    groups += 1;
                } else if !behind.starts_with('?') && !behind.starts_with('*') {
                    groups += 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    (groups, names)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// A number, as far as it goes; too large is as good as the largest.
fn number(digits: &[char]) -> Option<usize> {
    let text: String = digits.iter().collect();
    (!text.is_empty()).then(|| text.parse().unwrap_or(usize::MAX))
}

impl Check<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    /// The index of `c` from here on.
    fn find(&self, c: char) -> Option<usize> {
        let rest = &self.chars[self.at.min(self.chars.len())..];
        rest.iter()
            .position(|found| *found == c)
            .map(|at| self.at + at)
    }

    fn run(mut self) -> Result<(), Fault> {
        let mut open: Vec<Group> = Vec::new();
        // Whether a quantifier may follow.
        let mut repeatable = false;
        while let Some(c) = self.peek(0) {
            let variable = match c {
                '\\' => {
                    self.escape()?;
                    repeatable = true;
                    false
                }
                '[' => {
                    self.set()?;
                    repeatable = true;
                    false
                }
                '(' => {
                    if let Some(group) = self.group()? {
                        open.push(group);
                        repeatable = false;
                    }
                    false
                }
                ')' => {
                    repeatable = true;
                    let Some(closed) = open.pop() else {
                        return Err(("unmatched parentheses", self.at));
                    };
                    let variable = closed.variable;
                    if variable && closed.lookbehind {
                        let text = "lookbehind assertion is not fixed length";
                        return Err((text, self.at));
                    }
                    self.at += 1;
                    variable
                }
                '*' | '+' | '?' => {
                    if !repeatable {
                        return Err(("nothing to repeat", self.at));
                    }
                    repeatable = false;
                    self.at += 1;
                    self.possessive();
                    true
                }
                '{' => match self.counts()? {
                    Some((end, variable)) => {
                        if !repeatable {
                            return Err(("nothing to repeat", end));
                        }
                        repeatable = false;
                        self.at = end + 1;
                        self.possessive();
                        variable
                    }
                    None => {
                        repeatable = true;
                        self.at += 1;
                        false
                    }
                },
                '#' if self.extended => {
                    self.at = self.find('\n').map_or(self.chars.len(), |end| end + 1);
                    false
                }
                c => {
                    if !(self.extended && c.is_ascii_whitespace()) {
                        repeatable = !matches!(c, '^' | '$' | '|');
                    }
                    self.at += 1;
                    false
                }
            };
            if variable && let Some(group) = open.last_mut() {
                group.variable = true;
            }
        }
        if !open.is_empty() {
            return Err(("missing )", self.chars.len()));
        }
        if self.missing_group {
            return Err(("reference to non-existent subpattern", self.chars.len()));
        }
        Ok(())
    }

    /// `?` or `+` behind a quantifier.
    fn possessive(&mut self) {
        self.at += usize::from(matches!(self.peek(0), Some('?' | '+')));
    }

    /// `{2}`, `{2,}` or `{2,3}`: where it ends, and whether the length varies.
    fn counts(&self) -> Result<Option<(usize, bool)>, Fault> {
        let Some(end) = self.find('}') else {
            return Ok(None);
        };
        let inside = &self.chars[self.at + 1..end];
        let comma = inside.iter().position(|c| *c == ',');
        let (low, high) = match comma {
            Some(comma) => (&inside[..comma], &inside[comma + 1..]),
            None => (inside, &inside[..0]),
        };
        let digits = |part: &[char]| part.iter().all(char::is_ascii_digit);
        if low.is_empty() || !digits(low) || !digits(high) {
            return Ok(None);
        }
        let (low, high) = (number(low).unwrap_or(0), number(high));
        if low.max(high.unwrap_or(0)) > 65_535 {
            return Err(("number too big in {} quantifier", end));
        }
        if high.is_some_and(|high| high < low) {
            return Err(("numbers out of order in {} quantifier", end));
        }
        let fixed = comma.is_none() || high == Some(low);
        Ok(Some((end, !fixed)))
    }

    /// The beginning of a group; `None` for what is over with its parenthesis.
    fn group(&mut self) -> Result<Option<Group>, Fault> {
        let plain = Group {
            lookbehind: false,
            variable: false,
        };
        if self.peek(1) == Some('*') && self.peek(2).is_some_and(|c| c.is_ascii_alphabetic()) {
            let end = self.find(')').unwrap_or(self.chars.len());
            let verb: String = self.chars[self.at + 2..end].iter().collect();
            let name = verb.split([':', '=']).next().unwrap_or_default();
            let known = [
                "ACCEPT",
                "ANY",
                "ANYCRLF",
                "BSR_ANYCRLF",
                "BSR_UNICODE",
                "COMMIT",
                "CR",
                "CRLF",
                "F",
                "FAIL",
                "LF",
                "LIMIT_MATCH",
                "LIMIT_RECURSION",
                "MARK",
                "NO_AUTO_POSSESS",
                "NO_START_OPT",
                "PRUNE",
                "SKIP",
                "THEN",
                "UCP",
                "UTF",
                "UTF8",
            ];
            if !known.contains(&name) {
                return Err(("(*VERB) not recognized or malformed", end));
            }
            self.at = end + 1;
            return Ok(None);
        }
        if self.peek(1) != Some('?') {
            self.read += 1;
            self.at += 1;
            return Ok(Some(plain));
        }
        self.at += 2;
        let unknown = "unrecognized character after (? or (?-";
        match self.peek(0) {
            Some('#') => {
                let Some(end) = self.find(')') else {
                    return Err(("missing ) after comment", self.chars.len()));
                };
                self.at = end + 1;
                Ok(None)
            }
            Some(':' | '|' | '>' | '=' | '!') => {
                self.at += 1;
                Ok(Some(plain))
            }
            Some('<') if matches!(self.peek(1), Some('=' | '!')) => {
                self.at += 2;
                Ok(Some(Group {
                    lookbehind: true,
                    variable: false,
                }))
            }
            Some('<' | '\'') => {
                self.at += 1;
                self.name()?;
                Ok(Some(plain))
            }
            Some('P') if self.peek(1) == Some('<') => {
                self.at += 2;
                self.name()?;
                Ok(Some(plain))
            }
            Some('(') => {
                let end = self.find(')').unwrap_or(self.chars.len());
                let condition = &self.chars[(self.at + 1).min(end)..end];
                let digits = condition.iter().all(char::is_ascii_digit);
                if digits && number(condition).is_some_and(|group| group > self.groups) {
                    return Err(("reference to non-existent subpattern", end + 1));
                }
                if digits || condition.first() == Some(&'<') {
                    self.at = end + 1;
                }
                Ok(Some(plain))
            }
            Some('C') => {
                let end = self.find(')').unwrap_or(self.chars.len());
                if number(&self.chars[self.at + 1..end]).is_some_and(|number| number > 255) {
                    return Err(("number after (?C is > 255", end));
                }
                self.at = (end + 1).min(self.chars.len());
                Ok(None)
            }
            Some('&' | 'P' | 'R' | '+' | '0'..='9') => {
                self.at = self.find(')').map_or(self.chars.len(), |end| end + 1);
                Ok(None)
            }
            _ => {
                while let Some(c) = self.peek(0) {
                    self.at += 1;
                    match c {
                        'i' | 'm' | 's' | 'x' | 'J' | 'U' | 'X' | '-' | '0'..='9' => {}
                        ':' => return Ok(Some(plain)),
                        ')' => return Ok(None),
                        _ => return Err((unknown, self.at - 1)),
                    }
                }
                Err((unknown, self.chars.len()))
            }
        }
    }

    /// The name of a group up to `>` or `'`.
    fn name(&mut self) -> Result<(), Fault> {
        let start = self.at;
        match self.peek(0) {
            Some(c) if c.is_ascii_digit() => {
                return Err(("group name must start with a non-digit", start));
            }
            Some(c) if is_word(c) => {}
            _ => return Err(("unrecognized character after (?<", start)),
        }
        while self.peek(0).is_some_and(is_word) {
            self.at += 1;
        }
        if !matches!(self.peek(0), Some('>' | '\'')) {
            let text = "syntax error in subpattern name (missing terminator)";
            return Err((text, self.at));
        }
        let name: String = self.chars[start..self.at].iter().collect();
        if !self.duplicates && self.names.contains(&name) {
            let text = "two named subpatterns have the same name";
            return Err((text, self.at));
        }
        self.names.push(name);
        self.read += 1;
        self.at += 1;
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let Some(c) = self.peek(1) else {
            return Err(("\\ at end of pattern", self.chars.len()));
        };
        self.at += 2;
        match c {
            'Q' => {
                while self.peek(0).is_some()
                    && !(self.peek(0) == Some('\\') && self.peek(1) == Some('E'))
                {
                    self.at += 1;
                }
            }
            'c' => {
                if self.peek(0).is_none() {
                    return Err(("\\c at end of pattern", self.chars.len()));
                }
                self.at += 1;
            }
            'L' | 'l' | 'U' | 'u' => return Err((NOT_PERL, self.at - 1)),
            'N' if self.peek(0) == Some('{') => return Err((NOT_PERL, self.at - 1)),
            'p' | 'P' => self.property()?,
            'x' if self.peek(0) == Some('{') => {
                let start = self.at + 1;
                let mut end = start;
                while self.chars.get(end).is_some_and(char::is_ascii_hexdigit) {
                    end += 1;
                }
                if self.chars.get(end) != Some(&'}') || start == end {
                    return Err(("non-hex character in \\x{} (closing brace missing?)", end));
                }
                let digits: String = self.chars[start..end].iter().collect();
                let most = if self.unicode { 0x10_ffff } else { 0xff };
                if u32::from_str_radix(&digits, 16).unwrap_or(u32::MAX) > most {
                    let text = "character value in \\x{} or \\o{} is too large";
                    return Err((text, end));
                }
                self.at = end + 1;
            }
            'k' if matches!(self.peek(0), Some('<' | '{' | '\'')) => {
                let close = match self.peek(0) {
                    Some('<') => '>',
                    Some('{') => '}',
                    _ => '\'',
                };
                self.at += 1;
                let end = self.find(close).unwrap_or(self.chars.len());
                let name: String = self.chars[self.at..end].iter().collect();
                if !self.all_names.contains(&name) {
                    return Err(("reference to non-existent subpattern", end));
                }
                self.at = (end + 1).min(self.chars.len());
            }
            'g' if self.peek(0) == Some('{') => {
                let end = self.find('}').unwrap_or(self.chars.len());
                let inside = &self.chars[self.at + 1..end];
                if let Some(('-', digits)) = inside.split_first().map(|(c, rest)| (*c, rest)) {
                    if number(digits).is_some_and(|back| back > self.read) {
                        return Err(("reference to non-existent subpattern", end));
                    }
                } else if inside.iter().all(char::is_ascii_digit) {
                    self.refer(number(inside));
                }
                self.at = (end + 1).min(self.chars.len());
            }
            '1'..='9' => {
                self.at -= 1;
                let start = self.at;
                while self.peek(0).is_some_and(|c| c.is_ascii_digit()) {
                    self.at += 1;
                }
                let group = number(&self.chars[start..self.at]).unwrap_or(0);
                if group < 10 || group <= self.read {
                    self.refer(Some(group));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn refer(&mut self, group: Option<usize>) {
        self.missing_group |= group.is_some_and(|group| group > self.groups);
    }

    /// `\p{Name}` behind the letter.
    fn property(&mut self) -> Result<(), Fault> {
        let malformed = "malformed \\P or \\p sequence";
        let (name, end) = match self.peek(0) {
            None => return Err((malformed, self.chars.len())),
            Some('{') => {
                let Some(end) = self.find('}') else {
                    return Err((malformed, self.chars.len()));
                };
                let name: String = self.chars[self.at + 1..end].iter().collect();
                (name.trim_start_matches('^').to_owned(), end)
            }
            Some(c) => (c.to_string(), self.at),
        };
        // Names of scripts are longer, but for Yi and Han.
        let known = match name.as_str() {
            "C" | "L" | "M" | "N" | "P" | "S" | "Z" | "L&" | "Any" | "Xan" | "Xps" | "Xsp"
            | "Xuc" | "Xwd" | "Yi" | "Han" | "Lao" | "Vai" | "Nko" | "Mro" => true,
            name if name.len() == 2 => [
                "Cc", "Cf", "Cn", "Co", "Cs", "Ll", "Lm", "Lo", "Lt", "Lu", "Mc", "Me", "Mn", "Nd",
                "Nl", "No", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "Sc", "Sk", "Sm", "So", "Zl",
                "Zp", "Zs",
            ]
            .contains(&name),
            name => name.len() > 3,
        };
        if !known {
            return Err(("unknown property name after \\P or \\p", end));
        }
        self.at = end + 1;
        Ok(())
    }

    /// `[...]`.
    fn set(&mut self) -> Result<(), Fault> {
        self.at += 1;
        self.at += usize::from(self.peek(0) == Some('^'));
        let mut first = true;
        // What a range may begin with.
        let mut before = Item::Class;
        loop {
            let Some(c) = self.peek(0) else {
                let text = "missing terminating ] for character class";
                return Err((text, self.chars.len()));
            };
            let place = self.at;
            if c == ']' && !first {
                self.at += 1;
                return Ok(());
            }
            first = false;
            let goes_on = self.peek(1).is_some_and(|c| c != ']');
            if c == '-' && before != Item::Class && goes_on {
                self.at += 1;
                let end = self.at;
                match (before, self.set_item()?) {
                    (Item::Code(low), Item::Code(high)) if high < low => {
                        return Err(("range out of order in character class", end));
                    }
                    (_, Item::Class) => {
                        let escaped = usize::from(self.chars.get(end) == Some(&'\\'));
                        return Err(("invalid range in character class", end + escaped));
                    }
                    _ => {}
                }
                before = Item::Class;
                continue;
            }
            if c == '[' && matches!(self.peek(1), Some('.' | '=')) && self.closes(place) {
                return Err(("POSIX collating elements are not supported", place));
            }
            before = self.set_item()?;
        }
    }

    /// Whether `[.` or `[=` at `place` has its other end.
    fn closes(&self, place: usize) -> bool {
        let mark = self.chars[place + 1];
        let rest = &self.chars[place + 2..];
        rest.windows(2).any(|two| two == [mark, ']'])
    }

    /// One character of a set, or a class of them.
    fn set_item(&mut self) -> Result<Item, Fault> {
        let Some(c) = self.peek(0) else {
            return Ok(Item::Unknown);
        };
        if c == '[' && self.peek(1) == Some(':') {
            let rest: String = self.chars[self.at + 2..].iter().collect();
            if let Some(end) = rest.find(":]") {
                let name = &rest[..end];
                let plain = name.strip_prefix('^').unwrap_or(name);
                if plain.chars().all(|c| c.is_ascii_alphabetic()) {
                    if classes::posix(plain, false).is_none() {
                        let start = self.at + 2 + (name.len() - plain.len());
                        return Err(("unknown POSIX class name", start));
                    }
                    self.at += 4 + name.chars().count();
                    return Ok(Item::Class);
                }
            }
        }
        if c != '\\' {
            self.at += 1;
            return Ok(Item::Code(u32::from(c)));
        }
        let escaped = self.peek(1);
        match escaped {
            // References to groups are octal numbers here.
            Some('0'..='9') => self.at += 2,
            _ => self.escape()?,
        }
        Ok(match escaped {
            Some('d' | 'D' | 'w' | 'W' | 's' | 'S' | 'h' | 'H' | 'v' | 'V' | 'p' | 'P') => {
                Item::Class
            }
            Some(c) if !c.is_ascii_alphanumeric() => Item::Code(u32::from(c)),
            _ => Item::Unknown,
        })
    }
}

/// What stands in a set.
#[derive(Clone, Copy, PartialEq)]
enum Item {
    Code(u32),
    /// A character whose number nobody asked for.
    Unknown,
    /// Several characters, which are no end of a range.
    Class,
}

const NOT_PERL: &str = "PCRE does not support \\L, \\l, \\N{name}, \\U, or \\u";
