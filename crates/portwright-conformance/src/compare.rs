//! Comparing results with what was expected.

use std::path::Path;

use crate::Error;
use crate::case::{Case, Item};
use crate::known::Known;
use crate::otp;
use crate::ours::{self, Answer};

/// How often a case that differs is run again, alone: its own timeouts are by the
/// clock, and on a machine that does much else they may strike too early.
const SECOND_TRIES: usize = 2;

/// Runs all cases and prints those that differ. Whether none did.
pub(crate) fn compare(items: &[Item], jobs: usize, against_otp: bool) -> Result<bool, Error> {
    let cases: Vec<&Case> = items.iter().filter_map(Item::case).collect();
    let folder = tempfile::tempdir().map_err(|error| Error::file(std::env::temp_dir(), error))?;
    let known = Known::read()?;
    let mut rows = Vec::new();
    let theirs = match against_otp {
        true => Some(otp::run(&cases, jobs, folder.path())?),
        false => None,
    };
    for (index, ours) in ours::run(&cases, jobs, folder.path())?
        .into_iter()
        .enumerate()
    {
        rows.push(Row {
            case: cases[index],
            ours,
            otp: theirs.as_ref().map(|results| results[index].clone()),
        });
    }
    for row in &mut rows {
        row.try_again(folder.path())?;
    }
    let mut tally = Tally::default();
    for row in &rows {
        tally.count(row, &known);
    }
    if tally.known > 0 {
        println!("{} differ as documented", tally.known);
    }
    if against_otp {
        println!(
            "OTP: {} as recorded, {} not",
            tally.otp_as_recorded, tally.otp_not_as_recorded
        );
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    Ok(tally.failed == 0)
}

struct Row<'a> {
    case: &'a Case,
    ours: Answer,
    otp: Option<String>,
}

impl Row<'_> {
    /// Whether our result is the recorded one and that of the OTP that was asked.
    fn agrees(&self) -> bool {
        let recorded = self.case.result.as_ref();
        recorded.is_none_or(|expected| *expected == self.ours.result)
            && self.otp.as_ref().is_none_or(|otp| *otp == self.ours.result)
            && (recorded.is_some() || self.otp.is_some())
    }

    /// Runs what differs again, and says so when that made it agree. A difference that is
    /// known may be one that shows on a busy machine only.
    fn try_again(&mut self, folder: &Path) -> Result<(), Error> {
        let first = self.ours.result.clone();
        for _ in 0..SECOND_TRIES {
            if self.agrees() {
                break;
            }
            let expected = self.case.result.as_ref();
            if let (Some(otp), Some(expected)) = (&mut self.otp, expected)
                && otp != expected
            {
                *otp = otp::run(&[self.case], 1, folder)?.remove(0);
            }
            self.ours = ours::run(&[self.case], 1, folder)?.remove(0);
            if self.agrees() {
                println!(
                    "{}: agreed only when run again, alone; at first: {first}",
                    self.case.id
                );
            }
        }
        Ok(())
    }

    fn print(&self, why: &str) {
        let case = self.case;
        println!("{} {}: {why}", case.id, case.title);
        println!("  code     {}", case.code);
        if let Some(expected) = &case.result {
            println!("  expected {expected}");
        }
        if let Some(otp) = &self.otp {
            println!("  OTP      {otp}");
        }
        println!("  got      {}", self.ours.result);
        for line in self.ours.log.lines().take(12) {
            println!("  printed  {line}");
        }
    }
}

#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    known: usize,
    otp_as_recorded: usize,
    otp_not_as_recorded: usize,
}

impl Tally {
    fn count(&mut self, row: &Row<'_>, known: &Known) {
        match (&row.otp, &row.case.result) {
            (Some(otp), Some(recorded)) if otp == recorded => self.otp_as_recorded += 1,
            (Some(_), Some(_)) => self.otp_not_as_recorded += 1,
            _ => {}
        }
        if row.agrees() {
            self.passed += 1;
        } else if let Some(reason) = known.reason(row.case, &row.ours.result) {
            self.known += 1;
            row.print(&format!("documented difference: {reason}"));
        } else {
            self.failed += 1;
            row.print("differs");
        }
    }
}
