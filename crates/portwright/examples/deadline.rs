//! One call: run a program with a deadline, keep what it printed. When the call returns, the
//! whole process group of the program is gone.
//!
//! `cargo run -p portwright --example deadline`

use std::time::Duration;

use portwright::{RunError, RunStatus};

fn main() -> Result<(), RunError> {
    let end = portwright::run("sh")
        .args(["-c", "echo working; echo slowly >&2; sleep 1000 | cat"])
        .deadline(Duration::from_millis(300))
        .keep_at_most(1 << 20)
        .blocking()?;
    match end.status {
        RunStatus::Exited(code) => println!("it exited with {code}"),
        RunStatus::Signalled(signal) => println!("signal {signal} ended it"),
        RunStatus::Deadline { killed } => println!("it took too long (killed: {killed})"),
    }
    print!("stdout: {}", String::from_utf8_lossy(&end.stdout));
    print!("stderr: {}", String::from_utf8_lossy(&end.stderr));
    Ok(())
}
