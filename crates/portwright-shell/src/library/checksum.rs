//! Checksums of `erlang(3)`: `crc32`, `adler32`, `md5` and their step by step forms.

use md5::{Digest, Md5};
use portwright_term::Term;

use super::argument::{Answer, badarg, binary, binary_term, io_bytes, pure};
use super::number;
use crate::exception::Exception;
use crate::native::NativeModule;

/// What this file registers.
pub(crate) const CHECKSUMS: NativeModule = NativeModule::new(
    "erlang",
    &[
        pure!("crc32", 1, crc32),
        pure!("crc32", 2, crc32_more),
        pure!("crc32_combine", 3, crc32_combine),
        pure!("adler32", 1, adler32),
        pure!("adler32", 2, adler32_more),
        pure!("adler32_combine", 3, adler32_combine),
        pure!("md5", 1, md5),
        pure!("md5_init", 0, md5_init),
        pure!("md5_update", 2, md5_update),
        pure!("md5_final", 1, md5_final),
    ],
);

fn bytes(term: &Term) -> Result<Vec<u8>, Exception> {
    io_bytes(term).ok_or_else(badarg)
}

fn word(term: &Term) -> Result<u32, Exception> {
    number::unsigned(term)
        .and_then(|n| u32::try_from(n).ok())
        .ok_or_else(badarg)
}

/// `crc32/1` of I/O data.
pub(crate) fn crc32(args: &[Term]) -> Answer {
    Ok(Term::from(crc32fast::hash(&bytes(&args[0])?)))
}

fn crc32_more(args: &[Term]) -> Answer {
    let mut hasher = crc32fast::Hasher::new_with_initial(word(&args[0])?);
    hasher.update(&bytes(&args[1])?);
    Ok(Term::from(hasher.finalize()))
}

fn crc32_combine(args: &[Term]) -> Answer {
    let length = number::unsigned(&args[2]).ok_or_else(badarg)?;
    let mut first = crc32fast::Hasher::new_with_initial_len(word(&args[0])?, 0);
    first.combine(&crc32fast::Hasher::new_with_initial_len(
        word(&args[1])?,
        length,
    ));
    Ok(Term::from(first.finalize()))
}

/// The prime of Adler-32.
const ADLER: u64 = 65_521;

fn adler(start: u32, data: &[u8]) -> u32 {
    let (mut a, mut b) = (u64::from(start & 0xffff), u64::from(start >> 16));
    for chunk in data.chunks(4096) {
        for byte in chunk {
            a += u64::from(*byte);
            b += a;
        }
        a %= ADLER;
        b %= ADLER;
    }
    (b << 16 | a) as u32
}

fn adler32(args: &[Term]) -> Answer {
    Ok(Term::from(adler(1, &bytes(&args[0])?)))
}

fn adler32_more(args: &[Term]) -> Answer {
    Ok(Term::from(adler(word(&args[0])?, &bytes(&args[1])?)))
}

fn adler32_combine(args: &[Term]) -> Answer {
    let (first, second) = (u64::from(word(&args[0])?), u64::from(word(&args[1])?));
    let length = number::unsigned(&args[2]).ok_or_else(badarg)? % ADLER;
    let a = ((first & 0xffff) + (second & 0xffff) + ADLER - 1) % ADLER;
    let b = (length * (first & 0xffff) + (first >> 16) + (second >> 16) + ADLER - length) % ADLER;
    Ok(Term::from(b << 16 | a))
}

fn md5(args: &[Term]) -> Answer {
    Ok(binary_term(Md5::digest(bytes(&args[0])?).to_vec()))
}

// The context between md5_init/0 and md5_final/1 is opaque; ours is the data so far.

fn md5_init(_: &[Term]) -> Answer {
    Ok(binary_term(Vec::new()))
}

fn md5_update(args: &[Term]) -> Answer {
    let mut all = binary(&args[0]).ok_or_else(badarg)?.to_vec();
    all.extend(bytes(&args[1])?);
    Ok(binary_term(all))
}

fn md5_final(args: &[Term]) -> Answer {
    Ok(binary_term(
        Md5::digest(binary(&args[0]).ok_or_else(badarg)?).to_vec(),
    ))
}
