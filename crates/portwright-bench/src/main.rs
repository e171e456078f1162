//! `bench`: every line beside its peers, see `docs/performance.md`.

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    portwright_bench::main()
}
