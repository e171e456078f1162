//! portwright-cli
fn main() {}
