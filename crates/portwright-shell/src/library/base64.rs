//! `base64(3)`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portwright_term::Term;

use super::argument::{Answer, badarg, binary_term, byte_list, function_clause, pure};
use crate::exception::Exception;
use crate::native::NativeModule;

/// What this file registers.
pub(crate) const BASE64: NativeModule = NativeModule::new(
    "base64",
    &[
        pure!("encode", 1, encode),
        pure!("encode_to_string", 1, encode_to_string),
        pure!("decode", 1, decode),
        pure!("decode_to_string", 1, decode_to_string),
        pure!("mime_decode", 1, mime_decode),
        pure!("mime_decode_to_string", 1, mime_decode_to_string),
    ],
);

fn bytes(term: &Term) -> Result<Vec<u8>, Exception> {
    match term {
        Term::Binary(bytes) => Ok(bytes.to_vec()),
        Term::Nil | Term::List(_) => byte_list(term).ok_or_else(badarg),
        _ => Err(function_clause()),
    }
}

fn encode(args: &[Term]) -> Answer {
    Ok(binary_term(STANDARD.encode(bytes(&args[0])?)))
}

fn encode_to_string(args: &[Term]) -> Answer {
    Ok(Term::string(&STANDARD.encode(bytes(&args[0])?)))
}

fn is_digit(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// White space is skipped; anything else that is no digit is an error, found group by group.
fn strict(term: &Term) -> Result<Vec<u8>, Exception> {
    let text: Vec<u8> = bytes(term)?
        .into_iter()
        .filter(|b| !matches!(b, b'\t' | b'\n' | b'\r' | b' '))
        .collect();
    let mut groups = text.chunks_exact(4);
    let mut digits = Vec::with_capacity(text.len());
    let mut ended = false;
    for group in &mut groups {
        let used = group.iter().take_while(|b| is_digit(b)).count();
        if ended || used < 2 || !group[used..].iter().all(|b| *b == b'=') {
            return Err(badarg());
        }
        ended = used < 4;
        digits.extend_from_slice(&group[..used]);
    }
    // A text that just ends is a missing clause in OTP.
    if groups.remainder().is_empty() {
        decoded(&digits)
    } else {
        Err(function_clause())
    }
}

/// Whatever is no digit is skipped; `=` counts at the end only.
fn lenient(term: &Term) -> Result<Vec<u8>, Exception> {
    let text = bytes(term)?;
    let digits: Vec<u8> = text.iter().copied().filter(is_digit).collect();
    let end = text.iter().rposition(is_digit).map_or(0, |at| at + 1);
    let padding = text[end..].iter().filter(|b| **b == b'=').count();
    match digits.len() % 4 {
        0 => decoded(&digits),
        2 | 3 if padding > 0 => decoded(&digits),
        _ => Err(function_clause()),
    }
}

fn decoded(digits: &[u8]) -> Result<Vec<u8>, Exception> {
    let value = |byte: &u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    if digits.len() % 4 == 1 {
        return Err(badarg());
    }
    let mut out = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    for group in digits.chunks(4) {
        let bits = group
            .iter()
            .fold(0u32, |bits, digit| bits << 6 | u32::from(value(digit)))
            << (6 * (4 - group.len()));
        // Bits beyond the last whole byte are ignored, as OTP ignores them.
        out.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    Ok(out)
}

fn decode(args: &[Term]) -> Answer {
    Ok(binary_term(strict(&args[0])?))
}

fn decode_to_string(args: &[Term]) -> Answer {
    Ok(Term::bytes_list(&strict(&args[0])?))
}

fn mime_decode(args: &[Term]) -> Answer {
    Ok(binary_term(lenient(&args[0])?))
}

fn mime_decode_to_string(args: &[Term]) -> Answer {
    Ok(Term::bytes_list(&lenient(&args[0])?))
}
