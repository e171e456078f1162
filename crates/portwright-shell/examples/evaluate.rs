//! Evaluates the expressions given as arguments, each in a process of its own,
//! and prints their values, or how the shell would show what went wrong.
//!
//! `cargo run -p portwright-shell --example evaluate -- 'lists:seq(1, 3).'`

use std::sync::Arc;

use portwright::Node;
use portwright_shell::{EvalError, Evaluator, Mode, Standard, System};

fn main() {
    let node = Node::new();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    runtime.block_on(async {
        for text in std::env::args().skip(1) {
            let system = Arc::new(System::new(node.clone(), Arc::new(Standard)));
            let mut evaluator = Evaluator::in_process(node.attach(), system, Mode::Shell);
            match evaluator.evaluate(&text).await {
                Ok(value) => println!("{value}"),
                Err(EvalError::Raised(exception)) => println!("{exception:?}"),
                Err(error) => println!("{error}"),
            }
        }
    });
}
