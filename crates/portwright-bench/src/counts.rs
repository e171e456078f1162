//! `counts`: what a message costs in allocations and system calls.
//!
//! The counts of allocations are those that `tests/allocations.rs` holds; system
//! calls are counted by `strace` where that is installed.

#![forbid(unsafe_code)]

use portwright_bench::allocations::{self, CountingAllocator};
use portwright_bench::count_system_calls;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Lines on which messages are many enough to be counted one by one.
const LINES: &[&str] = &[
    "round-trip",
    "round-trip-packet",
    "throughput",
    "packets",
    "start",
];

fn main() {
    println!("allocations per message");
    type Kind = (&'static str, fn() -> f64);
    let kinds: [Kind; 4] = [
        ("round trip", allocations::round_trip),
        ("packet round trip", allocations::packet_round_trip),
        ("process message", allocations::process_message),
        ("driver echo", allocations::driver_echo),
    ];
    for (name, count) in kinds {
        println!("  {name:20} {:.3}", count());
    }
    type CompiledKind = (&'static str, fn() -> Result<f64, String>);
    let compiled: [CompiledKind; 3] = [
        ("compiled echo", allocations::compiled_driver_echo),
        ("control", allocations::driver_control),
        ("call", allocations::driver_call),
    ];
    for (name, count) in compiled {
        match count() {
            Ok(count) => println!("  {name:20} {count:.3}"),
            Err(why) => println!("  {name:20} {why}"),
        }
    }
    println!("system calls per message (per 64 KiB write, per program)");
    for line in LINES {
        for peer in ["raw", "tokio", "portwright"] {
            let shown = match count_system_calls(line, peer) {
                Ok(calls) => calls
                    .iter()
                    .map(|(name, count)| format!("{name} {count:.2}"))
                    .collect::<Vec<_>>()
                    .join(", "),
                Err(why) => why,
            };
            println!("  {line:20} {peer:12} {shown}");
        }
    }
}
