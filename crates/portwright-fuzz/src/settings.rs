//! The arguments of `open_port/2`.

use bytes::Bytes;
use portwright::{PortName, PortSettings, Term};
use portwright_term::etf::{DecodeLimits, VERSION, decode};
use portwright_term::text::parse_term;

/// Any term, in the external format or as text, is a name or settings or a typed error.
pub fn port_settings(data: &[u8]) {
    let term = if data.first() == Some(&VERSION) {
        let limits = DecodeLimits {
            max_inflated: 1 << 16,
            ..DecodeLimits::default()
        };
        decode(&Bytes::copy_from_slice(data), &limits).ok()
    } else {
        parse_term(&String::from_utf8_lossy(data)).ok()
    };
    let Some(term) = term else {
        return;
    };
    name(&term);
    settings(&term);
    // A pair is both arguments.
    if let Some([first, second]) = term.as_tuple() {
        name(first);
        settings(second);
    }
    // A setting alone is a list of one.
    settings(&Term::list([term]));
}

fn name(term: &Term) {
    match PortName::from_term(term) {
        Ok(name) => assert_eq!(PortName::from_term(term).ok(), Some(name)),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn settings(term: &Term) {
    match PortSettings::from_term(term) {
        Ok(settings) => assert_eq!(PortSettings::from_term(term).ok(), Some(settings)),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
