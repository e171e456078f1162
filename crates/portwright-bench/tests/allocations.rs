//! What a message allocates must not rise. The counts are exact: a change that lowers
//! one lowers its bound here too.
//!
//! One test, for the allocator counts what all threads do.

use portwright_bench::allocations::{self, CountingAllocator};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Counts are taken as often, and the lowest holds.
const ATTEMPTS: usize = 5;

fn compiled(count: fn() -> Result<f64, String>) -> f64 {
    count().expect("the driver was compiled before")
}

#[test]
fn no_message_allocates_more_than_it_did() {
    let mut risen = Vec::new();
    let mut check = |name: &str, bound: f64, count: fn() -> f64| {
        // A vector that grows once in a while is no allocation of a message; nor is what it
        // takes to wake a thread that was interrupted, as happens where others are at work.
        let counts = (0..ATTEMPTS).map(|_| count());
        let count = counts.fold(f64::INFINITY, f64::min);
        if count > bound + 0.01 {
            risen.push(format!("{name}: {count:.3}, was at most {bound}"));
        }
    };
    check("round trip of 64 B", 0.0, allocations::round_trip);
    check(
        "packet round trip of 64 B",
        1.0,
        allocations::packet_round_trip,
    );
    check("process message", 0.0, allocations::process_message);
    check("driver echo", 0.0, allocations::driver_echo);
    match allocations::driver_control() {
        Ok(_) => {
            check("compiled driver's echo", 0.0, || {
                compiled(allocations::compiled_driver_echo)
            });
            check("control", 0.0, || compiled(allocations::driver_control));
            // The tuple that comes back.
            check("call", 1.0, || compiled(allocations::driver_call));
        }
        Err(why) => test_drivers::skip(&why),
    }
    assert!(risen.is_empty(), "{risen:#?}");
}
