//! Which characters classes such as `\w` and `[:alpha:]` mean.
//!
//! Without the option `ucp` they are those of Latin-1, whatever the subject:
//! OTP has PCRE's tables made for that. Measured with OTP 25, character by character.

/// The inside of a set for `\w`.
pub(super) fn word(ucp: bool) -> &'static str {
    if ucp {
        "\\p{L}\\p{N}_"
    } else {
        "0-9A-Z_a-z\\x{aa}\\x{b5}\\x{ba}\\x{c0}-\\x{d6}\\x{d8}-\\x{f6}\\x{f8}-\\x{ff}"
    }
}

/// The inside of a set for `\s`.
pub(super) fn space(ucp: bool) -> &'static str {
    if ucp {
        "\\p{Z}\\t-\\r\\x{85}"
    } else {
        "\\t-\\r "
    }
}

/// The inside of a set for `\d`.
pub(super) fn digit(ucp: bool) -> &'static str {
    if ucp { "\\p{Nd}" } else { "0-9" }
}

/// The inside of a set for `[:name:]`.
pub(super) fn posix(name: &str, ucp: bool) -> Option<&'static str> {
    let found = match name {
        "alpha" if ucp => "\\p{L}",
        "upper" if ucp => "\\p{Lu}",
        "lower" if ucp => "\\p{Ll}",
        "alnum" if ucp => "\\p{L}\\p{N}",
        "word" | "space" | "digit" => match name {
            "word" => word(ucp),
            "space" => space(ucp),
            _ => digit(ucp),
        },
        "alpha" => "A-Za-z\\x{aa}\\x{b5}\\x{ba}\\x{c0}-\\x{d6}\\x{d8}-\\x{f6}\\x{f8}-\\x{ff}",
        "upper" => "A-Z\\x{c0}-\\x{d6}\\x{d8}-\\x{de}",
        "lower" => "a-z\\x{aa}\\x{b5}\\x{ba}\\x{df}-\\x{f6}\\x{f8}-\\x{ff}",
        "alnum" => "0-9A-Za-z\\x{aa}\\x{b5}\\x{ba}\\x{c0}-\\x{d6}\\x{d8}-\\x{f6}\\x{f8}-\\x{ff}",
        "punct" => {
            "\\x{21}-\\x{2f}\\x{3a}-\\x{40}\\x{5b}-\\x{60}\\x{7b}-\\x{7e}\\x{a0}-\\x{a9}\\x{ab}-\\x{b4}\\x{b6}-\\x{b9}\\x{bb}-\\x{bf}\\x{d7}\\x{f7}"
        }
        "graph" => "\\x{21}-\\x{7e}\\x{a0}-\\x{ff}",
        "print" => "\\x{20}-\\x{7e}\\x{a0}-\\x{ff}",
        "blank" => "\\t ",
        "cntrl" => "\\x{0}-\\x{1f}\\x{7f}-\\x{9f}",
        "xdigit" => "0-9A-Fa-f",
        "ascii" => "\\x{0}-\\x{ff}",
        _ => return None,
    };
    Some(found)
}
