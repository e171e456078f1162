//! A run: every peer of every line, interleaved.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::line::{LINES, Line, PEERS, find};
use crate::report;
use crate::sample::Sample;
use crate::workshop::Workshop;

/// What a run is asked for.
pub(crate) struct Wanted {
    pub(crate) lines: Vec<String>,
    pub(crate) peers: Vec<String>,
    pub(crate) rounds: Option<usize>,
    pub(crate) json: Option<PathBuf>,
}

/// What one peer reached on one line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) rounds: usize,
    /// The median of the processor time a message.
    pub(crate) cpu_ns: Option<f64>,
}

impl Spread {
    /// `None` without samples.
    pub(crate) fn of(samples: &[Sample]) -> Option<Self> {
        let mut values: Vec<f64> = samples.iter().map(|sample| sample.value).collect();
        let mut cpu: Vec<f64> = samples.iter().filter_map(|sample| sample.cpu_ns).collect();
        Some(Self {
            median: median(&mut values)?,
            min: *values.first()?,
            max: *values.last()?,
            rounds: samples.len(),
            cpu_ns: median(&mut cpu),
        })
    }
}

/// Sorts, and takes the middle.
fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values.get(middle).copied()
    } else {
        Some((values.get(middle.checked_sub(1)?)? + values.get(middle)?) / 2.0)
    }
}

/// The results of one line.
pub(crate) struct Outcome {
    pub(crate) line: &'static Line,
    /// By peer, in the order of the line.
    pub(crate) spreads: Vec<(&'static str, Spread)>,
    /// Peers that gave nothing, and why.
    pub(crate) missing: Vec<(&'static str, String)>,
}

impl Outcome {
    pub(crate) fn median(&self, peer: &str) -> Option<f64> {
        let (_, spread) = self.spreads.iter().find(|(name, _)| *name == peer)?;
        Some(spread.median)
    }

    pub(crate) fn met(&self) -> Option<bool> {
        (self.line.met)(&|peer| self.median(peer))
    }
}

pub(crate) fn run(wanted: &Wanted) -> Result<(), String> {
    let lines: Vec<&'static Line> = if wanted.lines.is_empty() {
        LINES.iter().collect()
    } else {
        wanted
            .lines
            .iter()
            .map(|name| find(name))
            .collect::<Result<_, _>>()?
    };
    if let Some(stranger) = wanted.peers.iter().find(|peer| !is_peer(peer)) {
        return Err(format!("there is no peer {stranger:?}; --list names them"));
    }
    let workshop = Workshop::enter()?;
    report::begin(&workshop.missing);
    let outcomes = measure(&lines, wanted, &workshop)?;
    report::end(&outcomes);
    if let Some(path) = &wanted.json {
        let text = format!("{:#}\n", report::to_json(&outcomes));
        std::fs::write(path, text)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    Ok(())
}

fn is_peer(name: &str) -> bool {
    PEERS.iter().any(|(peer, _)| *peer == name)
}

/// The samples of one line so far.
struct Series {
    line: &'static Line,
    rounds: usize,
    peers: Vec<&'static str>,
    samples: BTreeMap<&'static str, Vec<Sample>>,
    missing: Vec<(&'static str, String)>,
}

impl Series {
    fn new(line: &'static Line, wanted: &Wanted) -> Self {
        let chosen = |peer: &str| wanted.peers.is_empty() || wanted.peers.iter().any(|p| p == peer);
        let peers = line.peers.iter().copied();
        Self {
            line,
            rounds: wanted.rounds.unwrap_or(line.rounds).max(1),
            peers: peers.filter(|peer| chosen(peer)).collect(),
            samples: BTreeMap::new(),
            missing: Vec::new(),
        }
    }

    fn measure_round(&mut self, round: usize, workshop: &Workshop) -> Result<(), String> {
        for &peer in &self.peers {
            if self.missing.iter().any(|(gone, _)| *gone == peer) {
                continue;
            }
            report::progress(self.line, peer, round, self.rounds);
            match measure_once(self.line, peer, workshop)? {
                Ok(sample) => self.samples.entry(peer).or_default().push(sample),
                Err(why) => self.missing.push((peer, why)),
            }
        }
        Ok(())
    }

    fn end(self) -> Outcome {
        let spread_of = |peer: &'static str| Some((peer, Spread::of(self.samples.get(peer)?)?));
        Outcome {
            line: self.line,
            spreads: self.peers.iter().copied().filter_map(spread_of).collect(),
            missing: self.missing,
        }
    }
}

/// A B C A B C ..., the rounds of every line spread evenly over the whole run: what changes
/// while we measure changes for all peers, and a bad minute of the machine takes some rounds of
/// each line and not all rounds of one.
fn measure(
    lines: &[&'static Line],
    wanted: &Wanted,
    workshop: &Workshop,
) -> Result<Vec<Outcome>, String> {
    let mut series: Vec<Series> = lines.iter().map(|line| Series::new(line, wanted)).collect();
    let rounds: Vec<usize> = series.iter().map(|series| series.rounds).collect();
    for (line, round) in spread_evenly(&rounds) {
        series[line].measure_round(round, workshop)?;
    }
    report::progress_is_over();
    let outcomes: Vec<Outcome> = series.into_iter().map(Series::end).collect();
    outcomes.iter().for_each(report::print);
    Ok(outcomes)
}

/// In which order lines of so many rounds are measured: pairs of a line and its round.
fn spread_evenly(rounds: &[usize]) -> Vec<(usize, usize)> {
    let of_line = |(line, &rounds): (usize, &usize)| {
        // Each round stands in the middle of its share of the run.
        (0..rounds).map(move |round| ((2 * round + 1) as f64 / (2 * rounds) as f64, line, round))
    };
    let mut places: Vec<_> = rounds.iter().enumerate().flat_map(of_line).collect();
    // The sort is stable: of rounds at the same place the first line comes first.
    places.sort_by(|(first, ..), (second, ..)| first.total_cmp(second));
    places
        .into_iter()
        .map(|(_, line, round)| (line, round))
        .collect()
}

/// The environment of everything that is measured, beside `PATH` and `HOME`: what a service has.
///
/// The BEAM copies its environment for each port that it opens and we ours for each program, so
/// that the same line had another figure in another shell: `driver-open` of the BEAM takes 1.6 us
/// with nothing but `PATH` and `HOME`, 4.2 in a shell's 1.3 KiB and 7.0 under cargo.
const ENVIRONMENT: [(&str, &str); 4] = [
    ("LANG", "C.UTF-8"),
    ("LOGNAME", "bench"),
    ("SHELL", "/bin/sh"),
    ("USER", "bench"),
];

fn give_environment(command: &mut Command) {
    let kept = ["HOME", "PATH"];
    command.env_clear().envs(ENVIRONMENT).envs(
        kept.into_iter()
            .filter_map(|name| Some((name, std::env::var_os(name)?))),
    );
}

/// One process, one figure; the inner error says why a peer has none.
fn measure_once(
    line: &Line,
    peer: &str,
    workshop: &Workshop,
) -> Result<Result<Sample, String>, String> {
    let program =
        std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let mut command = Command::new(program);
    give_environment(&mut command);
    workshop.show_to(&mut command);
    let output = command
        .args(["measure", line.name, peer])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run this program again: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    if output.status.success()
        && let Some(sample) = Sample::parse(&said)
    {
        return Ok(Ok(sample));
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let why = complaint
        .lines()
        .find(|line| !line.is_empty())
        .unwrap_or("it said nothing");
    Ok(Err(why.trim_start_matches("bench: ").to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rounds_of_every_line_are_spread_over_the_whole_run() {
        assert_eq!(
            spread_evenly(&[3, 1, 6, 3]),
            [
                (2, 0),
                (0, 0),
                (3, 0),
                (2, 1),
                (2, 2),
                (0, 1),
                (1, 0),
                (3, 1),
                (2, 3),
                (2, 4),
                (0, 2),
                (3, 2),
                (2, 5),
            ]
        );
        assert_eq!(spread_evenly(&[2]), [(0, 0), (0, 1)]);
        assert_eq!(spread_evenly(&[]), []);
    }

    #[test]
    fn what_is_measured_has_the_same_environment_in_every_shell() {
        let mut command = Command::new("env");
        command.env("OF_THE_SHELL", "1");
        give_environment(&mut command);
        let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let mut names: Vec<&str> = text
            .lines()
            .filter_map(|line| Some(line.split_once('=')?.0))
            .collect();
        names.sort_unstable();
        let mut expect = vec!["HOME", "LANG", "LOGNAME", "PATH", "SHELL", "USER"];
        expect.retain(|name| *name != "HOME" || std::env::var_os("HOME").is_some());
        assert_eq!(names, expect);
    }

    #[track_caller]
    fn check(values: &[f64], expect: Option<(f64, f64, f64)>) {
        let samples: Vec<Sample> = values.iter().copied().map(Sample::of).collect();
        let spread = Spread::of(&samples);
        assert_eq!(spread.map(|s| (s.median, s.min, s.max)), expect);
    }

    #[test]
    fn a_spread_has_the_middle_and_both_ends() {
        check(&[], None);
        check(&[3.0], Some((3.0, 3.0, 3.0)));
        check(&[9.0, 1.0, 2.0], Some((2.0, 1.0, 9.0)));
        check(&[4.0, 1.0, 2.0, 9.0], Some((3.0, 1.0, 9.0)));
    }
}
