//! `term_to_binary`, `binary_to_term` and their sizes.

use portwright_term::Term;
use portwright_term::etf::{self, DecodeLimits, EncodeOptions};

use super::argument::{Answer, atom_text, badarg, binary, elements_or_badarg, pure};
use crate::exception::Exception;
use crate::native::NativeModule;

/// What this file registers.
pub(crate) const EXTERNAL: NativeModule = NativeModule::new(
    "erlang",
    &[
        pure!("term_to_binary", 1, term_to_binary),
        pure!("term_to_binary", 2, term_to_binary),
        pure!("term_to_iovec", 1, term_to_iovec),
        pure!("term_to_iovec", 2, term_to_iovec),
        pure!("binary_to_term", 1, binary_to_term),
        pure!("binary_to_term", 2, binary_to_term),
        pure!("external_size", 1, external_size),
        pure!("external_size", 2, external_size),
    ],
);

fn encode_options(options: Option<&Term>) -> Result<EncodeOptions, Exception> {
    let mut chosen = EncodeOptions::default();
    let Some(options) = options else {
        return Ok(chosen);
    };
    for option in elements_or_badarg(options)? {
        match option.as_tuple() {
            Some([name, value]) => match (atom_text(name), value.as_i64()) {
                (Some("minor_version"), Some(version @ 0..=2)) => {
                    chosen.minor_version = version as u8
                }
                (Some("compressed"), Some(level @ 0..=9)) => chosen.compressed = Some(level as u8),
                _ => return Err(badarg()),
            },
            _ => match atom_text(&option) {
                Some("compressed") => chosen.compressed = Some(6),
                Some("deterministic" | "local") => {}
                _ => return Err(badarg()),
            },
        }
    }
    Ok(chosen)
}

fn encoded(args: &[Term]) -> Result<bytes::Bytes, Exception> {
    etf::encode(&args[0], &encode_options(args.get(1))?).map_err(|_| badarg())
}

fn term_to_binary(args: &[Term]) -> Answer {
    Ok(Term::binary(encoded(args)?))
}

fn term_to_iovec(args: &[Term]) -> Answer {
    Ok(Term::list([Term::binary(encoded(args)?)]))
}

fn external_size(args: &[Term]) -> Answer {
    Ok(Term::from(encoded(args)?.len()))
}

fn binary_to_term(args: &[Term]) -> Answer {
    let encoded = binary(&args[0]).ok_or_else(badarg)?.to_bytes();
    let (mut limits, mut used) = (DecodeLimits::default(), false);
    if let Some(options) = args.get(1) {
        for option in elements_or_badarg(options)? {
            match atom_text(&option) {
                Some("safe") => limits = DecodeLimits::safe(),
                Some("used") => used = true,
                _ => return Err(badarg()),
            }
        }
    }
    let (term, size) = etf::decode_prefix(&encoded, &limits).map_err(|_| badarg())?;
    Ok(if used {
        Term::tuple([term, Term::from(size)])
    } else {
        term
    })
}
