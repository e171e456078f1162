//! Running cases on Portwright.

use std::fs::File;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use portwright::Node;
use portwright_shell::{Captured, EvalError, Evaluator, Mode, System};
use portwright_term::{Atom, Term};

use crate::case::Case;
use crate::names;
use crate::{Error, chain};

/// The funs that cases find bound.
pub(crate) const PRELUDE: &str = include_str!("prelude.erl.txt");

/// Longest time for a case.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// What a case gave.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) result: String,
    /// What it or its programs printed.
    pub(crate) log: String,
}

/// Runs cases, several at a time; their answers in the order of the cases.
pub(crate) fn run(cases: &[&Case], jobs: usize, folder: &Path) -> Result<Vec<Answer>, Error> {
    chain::each(cases, jobs, |index| one(cases[index], index, folder))
}

fn one(case: &Case, index: usize, folder: &Path) -> Result<Answer, Error> {
    let path = |kind: &str| folder.join(format!("ours-{index}.{kind}"));
    let (code, result, log) = (path("code"), path("result"), path("log"));
    std::fs::write(&code, &case.code).map_err(|error| Error::file(&code, error))?;
    // Left by an earlier attempt.
    let _ = std::fs::remove_file(&result);
    let output = File::create(&log).map_err(|error| Error::file(&log, error))?;
    let errors = output
        .try_clone()
        .map_err(|error| Error::file(&log, error))?;
    let program = std::env::current_exe().map_err(|error| Error::file("ourselves", error))?;
    let mut command = Command::new(&program);
    command
        .arg("worker")
        .args((!case.traps_exits()).then_some("--notrap"))
        .args([&code, &result])
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors);
    let ended = wait(&mut command).map_err(|source| Error::Program {
        program: program.display().to_string(),
        source,
        hint: "is it still there?",
    })?;
    let log = String::from_utf8_lossy(&std::fs::read(&log).unwrap_or_default()).into_owned();
    let result = match (ended, std::fs::read_to_string(&result)) {
        (Some(status), Ok(result)) if status.success() => result,
        (Some(status), _) => format!("the evaluator ended: {status}"),
        (None, _) => format!("no result after {} seconds", LIMIT.as_secs()),
    };
    Ok(Answer { result, log })
}

/// Runs a program for [`LIMIT`] at most; `None` when it had to be killed.
fn wait(command: &mut Command) -> std::io::Result<Option<ExitStatus>> {
    let mut child = command.spawn()?;
    let start = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() > LIMIT {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// The other side of [`run`]: evaluates the expressions in one file and writes the
/// text of their value into another.
pub(crate) fn work(code: &Path, result: &Path, trap_exits: bool) -> Result<(), Error> {
    let text = std::fs::read_to_string(code).map_err(|error| Error::file(code, error))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::file("the threads of the evaluator", error))?;
    let value = runtime.block_on(evaluate(&text, trap_exits));
    std::fs::write(result, value).map_err(|error| Error::file(result, error))?;
    // What the case left behind, such as processes that wait for ever, is not waited for.
    std::process::exit(0);
}

async fn evaluate(text: &str, trap_exits: bool) -> String {
    let system = Arc::new(System::new(Node::new(), Arc::new(Captured::default())));
    let process = system.node().attach();
    process.trap_exit(trap_exits);
    let mut evaluator = Evaluator::in_process(process, system, Mode::File);
    if let Err(error) = evaluator.evaluate(PRELUDE).await {
        return format!("the prelude fails: {error}");
    }
    let outcome = evaluator.evaluate(text).await;
    let mut variables = vec![("Self".to_owned(), Term::Pid(evaluator.call().pid()))];
    let bound = evaluator.bindings().sorted();
    variables.extend(
        bound
            .into_iter()
            .map(|(name, value)| (name.as_str().to_owned(), value)),
    );
    match outcome {
        Ok(value) => names::named(&value, &variables),
        Err(EvalError::Raised(exception)) if exception.is_uncatchable() => {
            let reason = names::named(exception.reason(), &variables);
            format!("owner process terminated with reason {reason}")
        }
        Err(EvalError::Raised(exception)) => {
            let class = Term::Atom(exception.class().atom());
            let tag = Term::Atom(Atom::literal("exception"));
            let raised = Term::tuple([tag, class, exception.reason().clone()]);
            names::named(&raised, &variables)
        }
        Err(EvalError::Halted(status)) => format!("halted with status {status}"),
        Err(error) => format!("error in the case: {error}"),
    }
}
