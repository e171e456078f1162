//! Who is measured.

pub(crate) mod beam;

mod driver;
mod message;
mod ours;
mod raw;
mod slow_reader;
mod tokio_process;

use crate::sample::Sample;

/// Bytes of a small message.
const SMALL: usize = 64;

/// Bytes of a large write.
const LARGE: usize = 65_536;

/// How many programs run at once in the line that starts many.
const AT_ONCE: usize = 64;

/// Resident memory in the line that starts programs from a large host.
const RESIDENT_BYTES: usize = 4 << 30;

/// The limit on descriptors there.
const MANY_DESCRIPTORS: u64 = 1_000_000;

/// What is sent before the clock starts.
fn warm_up(count: u64) -> u64 {
    count / 10
}

/// Makes this process as large as a host may be; what is returned keeps it so.
fn make_large() -> Vec<u8> {
    crate::host::raise_descriptor_limit(MANY_DESCRIPTORS);
    // Not zeros, which the kernel would hand out untouched.
    vec![1; RESIDENT_BYTES]
}

/// Measures one peer on one line.
pub(crate) fn measure(line: &str, peer: &str, count: u64) -> Result<Sample, String> {
    let sample = match (line, peer) {
        ("slow-reader", peer) => slow_reader::measure(peer, count),
        ("message" | "message-threads", peer) => message::measure(line, peer, count),
        (line, peer) if line.starts_with("driver-") || line == "send-term" => {
            return driver::measure(line, peer, count);
        }
        (line, "raw") => raw::measure(line, count, &raw::Way::default()),
        (line, "raw_1mib") => {
            let way = raw::Way {
                pipe_bytes: Some(1 << 20),
                ..raw::Way::default()
            };
            raw::measure(line, count, &way)
        }
        (line, "raw_session") => {
            let way = raw::Way {
                own_session: true,
                ..raw::Way::default()
            };
            raw::measure(line, count, &way)
        }
        (line, "raw_epoll") => {
            let way = raw::Way {
                own_session: true,
                polls: true,
                ..raw::Way::default()
            };
            raw::measure(line, count, &way)
        }
        (line, "tokio") => tokio_process::measure(line, count),
        (line, "tokio_session") => tokio_process::measure_in_session(line, count),
        (line, "portwright") => ours::measure(line, count),
        (line, "portwright_async") => ours::measure_async(line, count),
        _ => None,
    };
    sample.ok_or_else(|| format!("{peer} is not measured on the line {line}"))
}
