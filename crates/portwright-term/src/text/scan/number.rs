//! Integers and floats.

use num_bigint::BigInt;

use super::{ScanError, ScanErrorKind, Scanner, TokenKind, fault};
use crate::Term;
use crate::number::{MAX_INTEGER_BITS, from_digits};

impl<'a> Scanner<'a> {
    /// Takes an integer, an integer with a base, or a float.
    pub(super) fn number(&mut self) -> Result<TokenKind, ScanError> {
        let position = self.position;
        let text = self.rest;
        let whole = self.digits(10);
        let mut ahead = self.rest.chars();
        match (ahead.next(), ahead.next()) {
            (Some('.'), Some('0'..='9')) => {
                self.advance();
                self.digits(10);
                if matches!(self.peek(), Some('e' | 'E')) {
                    self.advance();
                    if matches!(self.peek(), Some('+' | '-')) {
                        self.advance();
                    }
                    self.digits(10);
                }
                let text: String = without_underscores(&text[..text.len() - self.rest.len()]);
                match text.parse::<f64>() {
                    Ok(value) if value.is_finite() => Ok(TokenKind::Float(value)),
                    _ => Err(fault(position, ScanErrorKind::IllegalFloat)),
                }
            }
            (Some('#'), _) => {
                let digits = without_underscores(whole);
                let base = match digits.parse() {
                    Ok(base @ 2..=36u32) => base,
                    _ => {
                        let base = digits.trim_start_matches('0');
                        let base = if base.is_empty() { "0" } else { base }.to_owned();
                        return Err(fault(position, ScanErrorKind::IllegalBase { base }));
                    }
                };
                self.advance();
                let digits = without_underscores(self.digits(base));
                integer(&digits, base)
            }
            _ => integer(&without_underscores(whole), 10),
        }
        .map_err(|error| ScanError { position, ..error })
    }

    /// Takes digits of `base`, with single underscores between them.
    fn digits(&mut self, base: u32) -> &'a str {
        let whole = self.rest;
        let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_digit(base));
        loop {
            let mut ahead = self.rest.chars();
            let (first, second) = (ahead.next(), ahead.next());
            if is_digit(first) {
                self.advance();
            } else if first == Some('_') && self.rest.len() < whole.len() && is_digit(second) {
                self.advance();
                self.advance();
            } else {
                return &whole[..whole.len() - self.rest.len()];
            }
        }
    }
}

fn without_underscores(text: &str) -> String {
    text.chars().filter(|c| *c != '_').collect()
}

fn integer(digits: &str, base: u32) -> Result<TokenKind, ScanError> {
    let bad = || fault(Default::default(), ScanErrorKind::IllegalInteger);
    if let Ok(small) = i64::from_str_radix(digits, base) {
        return Ok(TokenKind::Integer(Term::Integer(small)));
    }
    let value: BigInt = from_digits(digits, base).ok_or_else(bad)?;
    if value.bits() > MAX_INTEGER_BITS {
        Err(bad())
    } else {
        Ok(TokenKind::Integer(value.into()))
    }
}
