//! Differences from OTP that are meant: see `docs/differences.md`.

use portwright_term::Term;
use portwright_term::text::parse_terms;

use crate::Error;
use crate::case::Case;

const FILE: &str = include_str!("../cases/differences.term");

/// Cases that may give another result than OTP, with that result and the reason.
pub(crate) struct Known(Vec<[String; 3]>);

impl Known {
    pub(crate) fn read() -> Result<Known, Error> {
        let entry = |term: &Term| -> Option<[String; 3]> {
            let [tag, code, result, reason] = term.as_tuple()? else {
                return None;
            };
            (tag.as_atom()?.as_str() == "d").then_some(())?;
            Some([code.to_text()?, result.to_text()?, reason.to_text()?])
        };
        let format = |why: String| Error::Format {
            file: "cases/differences.term".into(),
            why,
        };
        let terms = parse_terms(FILE).map_err(|error| format(error.to_string()))?;
        let entries = terms
            .iter()
            .map(|term| entry(term).ok_or_else(|| format(format!("no difference: {term}"))));
        entries.collect::<Result<_, _>>().map(Known)
    }

    /// Why this case may give this result.
    pub(crate) fn reason(&self, case: &Case, result: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|[code, known, _]| *code == case.code && known == result)
            .map(|[_, _, reason]| reason.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_well_formed() {
        assert!(Known::read().is_ok());
    }
}
