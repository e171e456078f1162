//! One measurement, and the stopwatch that takes it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::host;

/// What one run of one peer on one line gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sample {
    /// In the unit of the line.
    pub(crate) value: f64,
    /// Processor time per message in nanoseconds, host and program together.
    pub(crate) cpu_ns: Option<f64>,
}

impl Sample {
    /// A figure without processor time.
    pub(crate) fn of(value: f64) -> Self {
        Self {
            value,
            cpu_ns: None,
        }
    }

    /// The line that a measuring process prints.
    pub(crate) fn to_json(self) -> Value {
        json!({"value": self.value, "cpu_ns": self.cpu_ns})
    }

    /// Reads what a measuring process printed: its last line.
    pub(crate) fn parse(output: &str) -> Option<Self> {
        let line = output.lines().rev().find(|line| line.starts_with('{'))?;
        let value: Value = serde_json::from_str(line).ok()?;
        Some(Self {
            value: value["value"].as_f64()?,
            cpu_ns: value["cpu_ns"].as_f64(),
        })
    }
}

/// Measures from its making to [`stop`](Self::stop).
pub(crate) struct Stopwatch {
    programs: Programs,
    cpu: Duration,
    started: Instant,
}

/// Whose processor time counts beside our own.
#[derive(Clone, Copy)]
enum Programs {
    Living(u32),
    Reaped,
    None,
}

impl Programs {
    fn cpu_time(self) -> Duration {
        let theirs = match self {
            Self::Living(os_pid) => host::cpu_time_of(os_pid),
            Self::Reaped => host::reaped_cpu_time(),
            Self::None => Duration::ZERO,
        };
        host::own_cpu_time() + theirs
    }
}

/// What a stopwatch has measured.
pub(crate) struct Lap {
    pub(crate) time: Duration,
    cpu: Duration,
}

impl Stopwatch {
    /// Nobody but ourselves works.
    pub(crate) fn start() -> Self {
        Self::with(Programs::None)
    }

    /// A living program works with us.
    pub(crate) fn start_with(os_pid: u32) -> Self {
        Self::with(Programs::Living(os_pid))
    }

    /// Programs come and go.
    pub(crate) fn start_with_reaped() -> Self {
        Self::with(Programs::Reaped)
    }

    fn with(programs: Programs) -> Self {
        let cpu = programs.cpu_time();
        Self {
            programs,
            cpu,
            started: Instant::now(),
        }
    }

    pub(crate) fn stop(self) -> Lap {
        let time = self.started.elapsed();
        Lap {
            time,
            cpu: self.programs.cpu_time().saturating_sub(self.cpu),
        }
    }
}

impl Lap {
    /// Nanoseconds a message.
    pub(crate) fn nanoseconds(&self, messages: u64) -> Sample {
        self.sample(self.time.as_nanos() as f64 / messages as f64, messages)
    }

    /// Microseconds a message.
    pub(crate) fn microseconds(&self, messages: u64) -> Sample {
        self.sample(
            self.time.as_nanos() as f64 / 1e3 / messages as f64,
            messages,
        )
    }

    /// Messages a second.
    pub(crate) fn per_second(&self, messages: u64) -> Sample {
        self.sample(messages as f64 / self.time.as_secs_f64(), messages)
    }

    /// Millions of messages a second.
    pub(crate) fn millions_per_second(&self, messages: u64) -> Sample {
        let mut sample = self.per_second(messages);
        sample.value /= 1e6;
        sample
    }

    /// MiB a second, for writes of `bytes` each.
    pub(crate) fn mebibytes_per_second(&self, writes: u64, bytes: usize) -> Sample {
        let mebibytes = writes as f64 * bytes as f64 / f64::from(1 << 20);
        self.sample(mebibytes / self.time.as_secs_f64(), writes)
    }

    fn sample(&self, value: f64, messages: u64) -> Sample {
        Sample {
            value,
            cpu_ns: Some(self.cpu.as_nanos() as f64 / messages as f64),
        }
    }
}
