//! The lines of the table: what is measured, by whom, and what we want.

/// Which figures are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Better {
    Lower,
    Higher,
}

impl Better {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Lower => "lower",
            Self::Higher => "higher",
        }
    }
}

/// A median, for the goals to look at.
pub(crate) type Medians<'a> = &'a dyn Fn(&str) -> Option<f64>;

/// Rounds, unless a line says otherwise: so many that a machine's slow minute does not reach
/// the median.
const ROUNDS: usize = 15;

/// Rounds of lines whose single figures differ by half and more, by which thread the
/// scheduler prefers or, for `driver-close`, by which pages 50,000 ports were given.
const UNSTEADY_ROUNDS: usize = 45;

/// Rounds of the line that counts the memory of a driver's ports, which is the same each time.
const MEMORY_ROUNDS: usize = 7;

/// One line of the table.
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) better: Better,
    /// The whole conversation on one processor.
    pub(crate) pinned: bool,
    /// How many messages (writes, programs, ports ...) one measurement has.
    pub(crate) count: u64,
    /// Rounds unless told otherwise.
    pub(crate) rounds: usize,
    /// In the order in which they are measured.
    pub(crate) peers: &'static [&'static str],
    /// In words.
    pub(crate) goal: &'static str,
    /// `None` when a peer that the goal is about was not measured.
    pub(crate) met: fn(Medians<'_>) -> Option<bool>,
}

impl Line {
    /// Whether a tenth of the messages is sent before the clock starts. A stream is
    /// measured from its first byte on.
    pub(crate) fn warms_up(&self) -> bool {
        !(self.name.starts_with("throughput") || matches!(self.name, "packets" | "start-64"))
    }
}

/// The peers, and which face of them is measured where there are several.
pub(crate) const PEERS: &[(&str, &str)] = &[
    ("raw", "blocking read, write and posix_spawn, nothing else"),
    ("raw_1mib", "the same with pipes of 1 MiB"),
    (
        "raw_session",
        "raw with the program in a session of its own and with pipes, as OTP and Portwright have it",
    ),
    (
        "raw_epoll",
        "that with epoll_wait before each read, the least for whoever has several programs",
    ),
    (
        "tokio",
        "tokio::process; length-delimited codec for packets",
    ),
    (
        "tokio_session",
        "tokio with the program in a session of its own",
    ),
    (
        "beam",
        "Erlang/OTP as installed, a compiled module, a fresh VM each time",
    ),
    (
        "portwright",
        "the blocking face of a process, unless the line says otherwise",
    ),
    (
        "portwright_async",
        "the asynchronous face on a current_thread runtime that handles the node's events",
    ),
    (
        "portwright_rust",
        "the same driver in Rust, registered statically",
    ),
];

const CONVERSATION: &[&str] = &[
    "raw",
    "raw_session",
    "raw_epoll",
    "tokio",
    "tokio_session",
    "beam",
    "portwright",
    "portwright_async",
];
const DRIVER: &[&str] = &["raw", "beam", "portwright", "portwright_rust"];
const DRIVER_OPEN: &[&str] = &["beam", "portwright", "portwright_rust"];

fn at_most(median: Medians<'_>, limit: f64) -> Option<bool> {
    Some(median("portwright")? <= limit)
}

/// Not above `factor` times what the peer needs.
fn within(median: Medians<'_>, peer: &str, factor: f64) -> Option<bool> {
    at_most(median, factor * median(peer)?)
}

/// At least `factor` times what the peer reaches.
fn beyond(median: Medians<'_>, peer: &str, factor: f64) -> Option<bool> {
    Some(median("portwright")? >= factor * median(peer)?)
}

fn both(first: Option<bool>, second: Option<bool>) -> Option<bool> {
    Some(first? && second?)
}

pub(crate) fn find(name: &str) -> Result<&'static Line, String> {
    LINES
        .iter()
        .find(|line| line.name == name)
        .ok_or_else(|| format!("there is no line {name:?}; --list names them"))
}

pub(crate) const LINES: &[Line] = &[
    Line {
        name: "round-trip",
        title: "round trip of 64 B through cat, one CPU",
        unit: "us",
        better: Better::Lower,
        pinned: true,
        count: 100_000,
        rounds: ROUNDS,
        peers: CONVERSATION,
        goal: "at most 1.15 x raw, and not slower than tokio",
        met: |median| both(within(median, "raw", 1.15), within(median, "tokio", 1.0)),
    },
    Line {
        name: "round-trip-packet",
        title: "the same with {packet,4}",
        unit: "us",
        better: Better::Lower,
        pinned: true,
        count: 100_000,
        rounds: ROUNDS,
        peers: CONVERSATION,
        goal: "at most 1.2 x raw",
        met: |median| within(median, "raw", 1.2),
    },
    Line {
        name: "round-trip-free",
        title: "round trip of 64 B through cat, free",
        unit: "us",
        better: Better::Lower,
        pinned: false,
        count: 10_000,
        rounds: UNSTEADY_ROUNDS,
        peers: CONVERSATION,
        goal: "not slower than raw",
        met: |median| within(median, "raw", 1.0),
    },
    Line {
        name: "throughput",
        title: "1 GiB in 64 KiB writes through cat and back, one CPU",
        unit: "MiB/s",
        better: Better::Higher,
        pinned: true,
        count: 16_384,
        rounds: ROUNDS,
        peers: &["raw", "raw_session", "tokio", "beam", "portwright"],
        goal: "at least 0.97 x raw",
        met: |median| beyond(median, "raw", 0.97),
    },
    Line {
        name: "throughput-free",
        title: "1 GiB in 64 KiB writes through cat and back, free",
        unit: "MiB/s",
        better: Better::Higher,
        pinned: false,
        count: 16_384,
        rounds: UNSTEADY_ROUNDS,
        peers: &["raw", "raw_1mib", "tokio", "beam", "portwright"],
        goal: "at least 2.5 x raw with its default pipe",
        met: |median| beyond(median, "raw", 2.5),
    },
    Line {
        name: "packets",
        title: "500,000 packets of 64 B pipelined through cat, {packet,4}, one CPU",
        unit: "M/s",
        better: Better::Higher,
        pinned: true,
        count: 500_000,
        rounds: ROUNDS,
        peers: &["tokio", "beam", "portwright"],
        goal: "at least 8 M/s from plain commands, each its own message at the owner",
        met: |median| Some(median("portwright")? >= 8.0),
    },
    Line {
        name: "start",
        title: "start /bin/true, wait for its status",
        unit: "us",
        better: Better::Lower,
        pinned: false,
        count: 500,
        rounds: ROUNDS,
        peers: &["raw", "raw_session", "tokio", "beam", "portwright"],
        goal: "at most 1.05 x raw",
        met: |median| within(median, "raw", 1.05),
    },
    Line {
        name: "start-large",
        title: "the same with 4 GiB resident and a descriptor limit of 1,000,000",
        unit: "us",
        better: Better::Lower,
        pinned: false,
        count: 500,
        rounds: ROUNDS,
        peers: &["raw", "raw_session", "tokio", "portwright"],
        goal: "at most 1.05 x raw, which is not slowed down either",
        met: |median| within(median, "raw", 1.05),
    },
    Line {
        name: "start-64",
        title: "start /bin/true, 64 at a time, free",
        unit: "/s",
        better: Better::Higher,
        pinned: false,
        count: 2_000,
        rounds: ROUNDS,
        peers: &["raw", "tokio", "beam", "portwright"],
        goal: "at least 1.4 x BEAM",
        met: |median| beyond(median, "beam", 1.4),
    },
    Line {
        name: "driver-echo",
        title: "loaded C driver: command, echo by driver_output, received by the owner, 64 B, one CPU",
        unit: "ns",
        better: Better::Lower,
        pinned: true,
        count: 2_000_000,
        rounds: ROUNDS,
        peers: DRIVER,
        goal: "at most 60 ns",
        met: |median| at_most(median, 60.0),
    },
    Line {
        name: "driver-control",
        title: "port_control of a loaded C driver, 64 B in and out as binaries, one CPU",
        unit: "ns",
        better: Better::Lower,
        pinned: true,
        count: 2_000_000,
        rounds: ROUNDS,
        peers: DRIVER,
        goal: "at most 25 ns",
        met: |median| at_most(median, 25.0),
    },
    Line {
        name: "driver-call",
        title: "port_call of a loaded C driver with {a,Bin64}, one CPU",
        unit: "ns",
        better: Better::Lower,
        pinned: true,
        count: 1_000_000,
        rounds: ROUNDS,
        peers: DRIVER_OPEN,
        goal: "at most 70 ns",
        met: |median| at_most(median, 70.0),
    },
    Line {
        name: "driver-open",
        title: "open a port of a loaded driver, up to 50,000 alive, one CPU",
        unit: "ns",
        better: Better::Lower,
        pinned: true,
        count: 50_000,
        rounds: ROUNDS,
        peers: DRIVER_OPEN,
        goal: "at most 1,000 ns",
        met: |median| at_most(median, 1_000.0),
    },
    Line {
        name: "driver-close",
        title: "close a port of a loaded driver, 50,000 alive and fewer, one CPU",
        unit: "ns",
        better: Better::Lower,
        pinned: true,
        count: 50_000,
        rounds: UNSTEADY_ROUNDS,
        peers: DRIVER_OPEN,
        goal: "at most 500 ns",
        met: |median| at_most(median, 500.0),
    },
    Line {
        name: "driver-memory",
        title: "memory of a port of a loaded driver, 50,000 alive",
        unit: "B",
        better: Better::Lower,
        pinned: true,
        count: 50_000,
        rounds: MEMORY_ROUNDS,
        peers: DRIVER_OPEN,
        goal: "at most 500 B",
        met: |median| at_most(median, 500.0),
    },
    Line {
        name: "send-term",
        title: "driver_send_term from four threads to one owner, terms of 10 words",
        unit: "M/s",
        better: Better::Higher,
        pinned: false,
        count: 2_000_000,
        rounds: UNSTEADY_ROUNDS,
        peers: &["beam", "portwright", "portwright_rust"],
        goal: "at least 3 x BEAM",
        met: |median| beyond(median, "beam", 3.0),
    },
    Line {
        name: "message",
        title: "process to process message, 64 B binary, ping-pong in one thread",
        unit: "ns",
        better: Better::Lower,
        pinned: true,
        count: 2_000_000,
        rounds: ROUNDS,
        peers: &["tokio", "beam", "portwright"],
        goal: "not slower than tokio's channels, and 3 x BEAM",
        met: |median| {
            both(
                within(median, "tokio", 1.0),
                within(median, "beam", 1.0 / 3.0),
            )
        },
    },
    Line {
        name: "message-threads",
        title: "process to process message, 64 B binary, ping-pong across two threads",
        unit: "ns",
        better: Better::Lower,
        pinned: false,
        count: 50_000,
        rounds: UNSTEADY_ROUNDS,
        peers: &["tokio", "beam", "portwright"],
        goal: "not slower than tokio's channels",
        met: |median| within(median, "tokio", 1.0),
    },
    Line {
        name: "memory",
        title: "memory of the host with 2,000 live programs, per port",
        unit: "B",
        better: Better::Lower,
        pinned: false,
        count: 2_000,
        rounds: ROUNDS,
        peers: &["tokio", "beam", "portwright"],
        goal: "at most 4 KiB, and less than tokio",
        met: |median| both(at_most(median, 4096.0), within(median, "tokio", 1.0)),
    },
    Line {
        name: "slow-reader",
        title: "growth from 10 s to 60 s of a slow reader of a program that writes without end, Stream face",
        unit: "KiB",
        better: Better::Lower,
        pinned: false,
        count: 60,
        rounds: 1,
        peers: &["tokio", "beam", "portwright"],
        goal: "at most 1 MiB",
        met: |median| at_most(median, 1024.0),
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_peers_are_known() {
        let names: HashSet<_> = LINES.iter().map(|line| line.name).collect();
        assert_eq!(names.len(), LINES.len());
        for line in LINES {
            assert!(line.peers.contains(&"portwright"), "{}", line.name);
            for peer in line.peers {
                assert!(PEERS.iter().any(|(known, _)| known == peer), "{peer}");
            }
        }
    }

    #[test]
    fn a_goal_needs_the_peers_that_it_is_about() {
        let met = find("round-trip").unwrap().met;
        let medians = |portwright: f64, tokio: Option<f64>| {
            move |peer: &str| match peer {
                "raw" => Some(2.0),
                "tokio" => tokio,
                "portwright" => Some(portwright),
                _ => None,
            }
        };
        assert_eq!(met(&medians(2.2, Some(2.5))), Some(true));
        assert_eq!(met(&medians(2.2, Some(2.1))), Some(false));
        assert_eq!(met(&medians(2.4, Some(2.5))), Some(false));
        assert_eq!(met(&medians(2.2, None)), None);
        assert!(find("no-such-line").is_err());
    }
}
