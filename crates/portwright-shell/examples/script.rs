//! Runs a script as `escript` does: `script FILE ARGUMENT...`.
//!
//! `cargo run -p portwright-shell --example script -- hello.escript world`

use std::process::ExitCode;
use std::sync::Arc;

use portwright::Node;
use portwright_shell::{EvalError, Evaluator, Mode, Program, Standard, System};
use portwright_term::{Atom, Term};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(file) = arguments.next() else {
        eprintln!("usage: script FILE ARGUMENT...");
        return ExitCode::from(2);
    };
    let arguments: Vec<String> = arguments.collect();
    let text = match std::fs::read(&file) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => {
            eprintln!("script: {file}: {error}");
            return ExitCode::from(2);
        }
    };
    let program = match Program::parse(&text, &file, Atom::literal("script")) {
        Ok(program) => program,
        Err(faults) => {
            for fault in faults {
                eprintln!("{file}:{fault}");
            }
            return ExitCode::from(127);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let status = runtime.block_on(async {
        let node = Node::new();
        let list = Term::list(arguments.iter().map(|argument| Term::string(argument)));
        let system = System::new(node.clone(), Arc::new(Standard)).with_script(file, arguments);
        let system = Arc::new(system);
        program.load(&system);
        let mut evaluator = Evaluator::in_process(node.attach(), system, Mode::File);
        let main = Atom::literal("main");
        match evaluator.apply(program.module(), main, vec![list]).await {
            Ok(_) => 0,
            Err(EvalError::Halted(status)) => status,
            Err(error) => {
                eprintln!("script: {error}");
                127
            }
        }
    });
    ExitCode::from(u8::try_from(status).unwrap_or(1))
}
