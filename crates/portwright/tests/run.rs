//! One call that runs a program to its end.

use std::future::IntoFuture;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use portwright::{Node, RunError, RunStatus, Term, run};

/// Far longer than any of the programs here takes.
const LONG: Duration = Duration::from_secs(60);

fn shell(script: &str) -> portwright::Run {
    run("sh").args(["-c", script])
}

/// How a call ends at its deadline, with a deadline that leaves the program the time to say
/// something: a machine may be so busy that many would pass before.
fn at_a_deadline(call: &portwright::Run) -> portwright::Finished {
    let mut deadline = Duration::from_millis(100);
    loop {
        let end = call.clone().deadline(deadline).blocking().unwrap();
        if !end.stdout.is_empty() {
            return end;
        }
        assert!(deadline < LONG, "it says nothing within {deadline:?}");
        deadline *= 2;
    }
}

fn is_alive(os_pid: i32) -> bool {
    // A zombie waits for its parent, which is not us: it is as good as gone.
    std::fs::read_to_string(format!("/proc/{os_pid}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .is_some_and(|rest| rest.starts_with(" Z"))
    })
}

/// Its pipes are closed a moment before it is gone: waits for that moment.
fn assert_ends(os_pid: i32) {
    let patience = Instant::now() + LONG;
    while is_alive(os_pid) {
        assert!(Instant::now() < patience, "{os_pid} lives on");
        std::thread::yield_now();
    }
}

#[test]
fn both_outputs_and_the_code_come_back() {
    let end = shell("echo out; echo err >&2; exit 3").blocking().unwrap();
    assert_eq!(end.status, RunStatus::Exited(3));
    assert_eq!(
        (&end.stdout[..], &end.stderr[..]),
        (&b"out\n"[..], &b"err\n"[..])
    );
    assert!(!end.truncated);
}

#[test]
fn a_signal_is_told_apart_from_a_code() {
    assert_eq!(
        shell("kill -9 $$").blocking().unwrap().status,
        RunStatus::Signalled(9)
    );
    assert_eq!(
        shell("exit 137").blocking().unwrap().status,
        RunStatus::Exited(137)
    );
}

#[test]
fn input_larger_than_any_pipe_goes_through() {
    let input = vec![b'x'; 5_000_000];
    let end = run("cat")
        .input(input.clone())
        .deadline(LONG)
        .blocking()
        .unwrap();
    assert_eq!(end.status, RunStatus::Exited(0));
    assert!(end.stdout == input, "{} bytes came back", end.stdout.len());
}

#[test]
fn a_program_that_reads_little_is_no_failure() {
    let input = vec![b'x'; 5_000_000];
    let end = run("head")
        .args(["-c", "3"])
        .input(input)
        .deadline(LONG)
        .blocking()
        .unwrap();
    assert_eq!(
        (end.status, &end.stdout[..]),
        (RunStatus::Exited(0), &b"xxx"[..])
    );
}

#[test]
fn what_is_beyond_the_limit_is_read_and_dropped() {
    let end = shell("head -c 3000000 /dev/zero; echo done >&2")
        .keep_at_most(1000)
        .deadline(LONG)
        .blocking()
        .unwrap();
    assert_eq!(end.status, RunStatus::Exited(0));
    assert_eq!((end.stdout.len(), end.truncated), (1000, true));
    assert_eq!(&end.stderr[..], b"done\n");
}

#[test]
fn at_the_deadline_the_whole_group_is_ended_and_the_output_kept() {
    let end = at_a_deadline(&shell("sleep 1000 & echo $!; wait").grace(LONG));
    assert_eq!(end.status, RunStatus::Deadline { killed: false });
    let grandchild = std::str::from_utf8(&end.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    assert_ends(grandchild);
}

#[test]
fn a_group_that_ignores_term_is_killed_after_the_grace() {
    let deaf = shell("trap '' TERM; echo ready; while :; do sleep 1000; done");
    let end = at_a_deadline(&deaf.grace(Duration::from_millis(200)));
    assert_eq!(end.status, RunStatus::Deadline { killed: true });
    assert_eq!(&end.stdout[..], b"ready\n");
}

#[test]
fn a_grandchild_that_holds_the_pipe_cannot_keep_the_call() {
    let started = Instant::now();
    let end = shell("sleep 1000 & echo $!; exit 0").blocking().unwrap();
    assert_eq!(end.status, RunStatus::Exited(0));
    let grandchild = std::str::from_utf8(&end.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    assert_ends(grandchild);
    assert!(started.elapsed() < LONG);
}

#[test]
fn a_grandchild_in_a_session_of_its_own_cannot_keep_it_either() {
    let started = Instant::now();
    // Told by itself, when it has its own session; then the pipe of `$()` is not held any more.
    let script = "exec 3>&1; echo $(setsid sh -c 'echo $$; exec sleep 1000 >&3' &)";
    let end = shell(script)
        .grace(Duration::from_millis(200))
        .blocking()
        .unwrap();
    assert_eq!(end.status, RunStatus::Exited(0));
    assert!(started.elapsed() < LONG);
    // It has left the group; tidying it up is ours.
    let escaped: i32 = std::str::from_utf8(&end.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(escaped).unwrap(),
        rustix::process::Signal::KILL,
    )
    .unwrap();
}

#[test]
fn what_is_left_behind_may_be_left_alone() {
    let end = shell("sleep 1000 >/dev/null 2>&1 & echo $!")
        .leave_group()
        .blocking()
        .unwrap();
    let daemon: i32 = std::str::from_utf8(&end.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    assert!(is_alive(daemon));
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(daemon).unwrap(),
        rustix::process::Signal::KILL,
    )
    .unwrap();
}

#[test]
fn a_missing_program_is_an_error_of_starting() {
    let error = run("./no-such-program").blocking().unwrap_err();
    assert!(
        error.to_string().contains("no such file (enoent)"),
        "{error}"
    );
    let error = run("/etc/passwd").blocking().unwrap_err();
    assert!(
        error.to_string().contains("permission denied (eacces)"),
        "{error}"
    );
}

#[tokio::test]
async fn dropping_the_call_kills_the_group() {
    let node = Node::new();
    let call = tokio::spawn(shell("exec sleep 1000").on(&node).into_future());
    let os_pid = loop {
        if let Some(os_pid) = node.ports().first().and_then(|id| node.port(*id)?.os_pid()) {
            break os_pid;
        }
        tokio::task::yield_now().await;
    };
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    while is_alive(os_pid as i32) {
        tokio::task::yield_now().await;
    }
}

// The whole node is open to its processes: one of them may close what is not its own.
#[tokio::test]
async fn a_port_that_somebody_else_closes_ends_the_call() {
    let node = Node::new();
    let call = tokio::spawn(shell("exec sleep 1000").on(&node).into_future());
    let port = loop {
        if let Some(port) = node.ports().first().and_then(|id| node.port(*id)) {
            break port;
        }
        tokio::task::yield_now().await;
    };
    let os_pid = port.os_pid().unwrap() as i32;
    node.exit_signal(port.id(), Term::atom("enough"));
    match tokio::time::timeout(LONG, call).await.unwrap().unwrap() {
        Err(RunError::Closed { reason }) => assert_eq!(reason.to_string(), "enough"),
        other => panic!("{other:?}"),
    }
    // It goes on; tidying it up is ours.
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(os_pid).unwrap(),
        rustix::process::Signal::KILL,
    )
    .unwrap();
}

// A task may be kept from running for as long as it likes.
#[test]
fn output_that_nobody_looks_at_is_held_back() {
    let folder = std::env::temp_dir().join(format!("portwright-run-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let node = Node::new();
    let count = folder.join("count");
    let script = "head -c 20000000 /dev/zero; echo done > \"$0\"; exec sleep 1000";
    let mut call = Box::pin(
        run("sh")
            .args(["-c", script])
            .arg(&count)
            .on(&node)
            .into_future(),
    );
    let mut context = Context::from_waker(Waker::noop());
    assert!(call.as_mut().poll(&mut context).is_pending());
    let port = node.port(node.ports()[0]).unwrap();
    let input = || port.info().unwrap().input;
    let patience = Instant::now() + LONG;
    while input() < 1024 * 1024 {
        assert!(Instant::now() < patience, "{} bytes", input());
        std::thread::yield_now();
    }
    // Whoever else uses the node has the poller go round, past what is left in the pipe.
    for _ in 0..50 {
        run("true").on(&node).blocking().unwrap();
    }
    assert!(input() < 2 * 1024 * 1024, "{} bytes", input());
    assert!(!count.exists(), "all of it was read");
    drop(call);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_grace_beyond_all_times_is_for_ever() {
    let end = shell("echo ready; exec sleep 1000")
        .deadline(Duration::from_millis(10))
        .grace(Duration::MAX)
        .blocking()
        .unwrap();
    assert_eq!(end.status, RunStatus::Deadline { killed: false });
}
