//! What a message allocates must not rise. The counts are exact: a change that lowers
//! one lowers its bound here too.
//!
//! One test, for the allocator counts what all threads do.

use portwright_bench::allocations::{self, CountingAllocator};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn no_message_allocates_more_than_it_did() {
    let mut risen = Vec::new();
    let mut check = |name: &str, bound: f64, count: fn() -> f64| {
        let count = count();
        // A vector that grows once in a while is no allocation of a message.
        if count > bound + 0.01 {
            risen.push(format!("{name}: {count:.3}, was at most {bound}"));
        }
    };
    check("round trip of 64 B", 1.0, allocations::round_trip);
    check(
        "packet round trip of 64 B",
        2.0,
        allocations::packet_round_trip,
    );
    check("process message", 0.0, allocations::process_message);
    check("driver echo", 0.0, allocations::driver_echo);
    assert!(risen.is_empty(), "{risen:#?}");
}
