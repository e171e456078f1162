//! Internet addresses as terms.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use portwright_term::Term;

use crate::library::argument::atom_text;

/// `{127,0,0,1}`, eight numbers for IPv6, or `loopback` and `any`.
pub(super) fn ip(term: &Term) -> Option<IpAddr> {
    if let Some(parts) = term.as_tuple() {
        let numbers: Vec<u16> = parts
            .iter()
            .map(|p| p.as_i64().and_then(|n| u16::try_from(n).ok()))
            .collect::<Option<_>>()?;
        return match numbers.as_slice() {
            [_, _, _, _] => {
                let bytes: Vec<u8> = numbers
                    .iter()
                    .map(|n| u8::try_from(*n).ok())
                    .collect::<Option<_>>()?;
                Some(IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?))
            }
            _ => Some(IpAddr::from(<[u16; 8]>::try_from(numbers).ok()?)),
        };
    }
    match atom_text(term)? {
        "loopback" => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        "any" => Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        _ => None,
    }
}

/// A host to connect to: an address, or a name to look up.
pub(super) fn host(term: &Term) -> Option<String> {
    if let Some(ip) = ip(term) {
        return Some(ip.to_string());
    }
    match term {
        Term::Atom(a) => Some(a.as_str().to_string()),
        _ => term.to_text().filter(|name| !name.is_empty()),
    }
}

/// An address as a tuple of numbers.
pub(super) fn ip_term(ip: IpAddr) -> Term {
    match ip {
        IpAddr::V4(ip) => Term::tuple(ip.octets().map(|b| Term::from(u32::from(b)))),
        IpAddr::V6(ip) => Term::tuple(ip.segments().map(|s| Term::from(u32::from(s)))),
    }
}

/// `{Ip, Port}`.
pub(super) fn socket_term(address: SocketAddr) -> Term {
    Term::tuple([ip_term(address.ip()), Term::from(u32::from(address.port()))])
}

/// The text of an address tuple.
pub(super) fn ntoa(term: &Term) -> Option<String> {
    term.as_tuple()?;
    Some(ip(term)?.to_string())
}

/// An address from its text; only the dotted form with four numbers, and IPv6.
pub(super) fn parse(text: &str, v4: bool, v6: bool) -> Option<Term> {
    if v4 && let Ok(ip) = text.parse::<Ipv4Addr>() {
        return Some(ip_term(IpAddr::V4(ip)));
    }
    if v6 && let Ok(ip) = text.parse::<Ipv6Addr>() {
        return Some(ip_term(IpAddr::V6(ip)));
    }
    None
}
