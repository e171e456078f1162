//! What hostile or runaway text can do: nothing to the host.

use std::sync::Arc;
use std::time::{Duration, Instant};

use portwright::Node;
use portwright_shell::{Captured, EvalError, Evaluator, Mode, StackLimit, Stream, System};
use portwright_term::Term;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be made")
}

fn evaluator(node: &Node) -> (Evaluator, Arc<System>) {
    let limit = StackLimit {
        calls: 100_000,
        values: 1_000_000,
    };
    let system = System::new(node.clone(), Arc::new(Captured::default())).with_stack_limit(limit);
    let system = Arc::new(system);
    system.set_reports_errors(false);
    (
        Evaluator::in_process(node.attach(), system.clone(), Mode::Shell),
        system,
    )
}

fn evaluate(text: &str) -> String {
    runtime().block_on(async {
        let (mut evaluator, _) = evaluator(&Node::new());
        match evaluator.evaluate(text).await {
            Ok(value) => value.to_string(),
            Err(EvalError::Raised(exception)) => {
                format!(
                    "{}:{}",
                    exception.class().atom().as_str(),
                    exception.reason()
                )
            }
            Err(error) => error.to_string(),
        }
    })
}

#[test]
fn runaway_recursion_is_system_limit_and_can_be_caught() {
    let run = "F = fun F(N) -> 1 + F(N + 1) end, ";
    assert_eq!(evaluate(&format!("{run} F(0).")), "error:system_limit");
    assert_eq!(
        evaluate(&format!("{run} try F(0) catch error:R -> R end.")),
        "system_limit"
    );
    let child = "{P, R} = spawn_monitor(fun() -> F(0) end), \
                 receive {'DOWN', R, process, P, {X, _}} -> X end.";
    assert_eq!(evaluate(&format!("{run} {child}")), "system_limit");
}

#[test]
fn tail_calls_need_no_memory() {
    assert_eq!(
        evaluate("F = fun F(0) -> done; F(N) -> F(N - 1) end, F(1000000)."),
        "done"
    );
    let mutual = "F = fun F(0, _) -> done; F(N, G) -> G(N - 1, F) end, \
                  G = fun G(0, _) -> done; G(N, H) -> H(N - 1, G) end, F(500000, G).";
    assert_eq!(evaluate(mutual), "done");
    let case = "F = fun F(N) -> case N of 0 -> done; _ -> if true -> begin F(N - 1) end end end \
                end, F(500000).";
    assert_eq!(evaluate(case), "done");
    let apply = "F = fun F(0) -> done; F(N) -> apply(F, [N - 1]) end, F(300000).";
    assert_eq!(evaluate(apply), "done");
    let receive =
        "F = fun F(0) -> done; F(N) -> self() ! N, receive N -> F(N - 1) end end, F(200000).";
    assert_eq!(evaluate(receive), "done");
}

#[test]
fn deep_nesting_is_a_value_or_a_fault_and_never_the_end() {
    for depth in [100, 1_000, 3_000, 20_000] {
        for (open, inner, close) in [
            ("[", "", "]"),
            ("{", "", "}"),
            ("(", "1", ")"),
            ("- ", "1", ""),
            ("catch ", "1", ""),
            ("begin ", "1", " end"),
            ("fun() -> ", "1", " end"),
            ("#{a => ", "1", "}"),
            ("case 1 of 1 -> ", "1", " end"),
            ("[X || X <- ", "[1]", "]"),
            ("<<(", "1", ")>>"),
            ("1 + ", "1", ""),
            ("\"a\" ++ ", "\"\"", ""),
            ("try ", "1", " after ok end"),
            ("not ", "true", ""),
        ] {
            let text = format!("{}{inner}{}.", open.repeat(depth), close.repeat(depth));
            let answer = evaluate(&text);
            assert!(!answer.is_empty(), "{open} {depth}");
            if depth == 20_000 {
                assert!(answer.contains("nested deeper"), "{open}: {answer:.100}");
            }
        }
        // Trees that lean to the left.
        let sum = format!("1{}.", " + 1".repeat(depth));
        let answer = evaluate(&sum);
        if depth < 3_500 {
            assert_eq!(answer, (depth + 1).to_string());
        } else {
            assert!(answer.contains("nested deeper"), "{answer}");
        }
    }
}

#[test]
fn chains_of_funs_are_released_without_recursion() {
    let text = "F = fun F(0, A) -> A; F(N, A) -> F(N - 1, fun() -> A end) end, \
                is_function(F(1000000, x)).";
    assert_eq!(evaluate(text), "true");
    let text = "F = fun F(0, A) -> A; F(N, A) -> F(N - 1, [fun() -> {A} end]) end, \
                is_list(F(300000, x)).";
    assert_eq!(evaluate(text), "true");
}

#[test]
fn announced_sizes_allocate_nothing() {
    assert_eq!(evaluate("<<0:99999999999999>>."), "error:system_limit");
    assert_eq!(evaluate("N = 1 bsl 70, <<0:N>>."), "error:system_limit");
    assert_eq!(evaluate("1 bsl (1 bsl 60)."), "error:system_limit");
    assert_eq!(
        evaluate("<<X:99999999999/binary>> = <<1>>."),
        "error:{badmatch,<<1>>}"
    );
    assert_eq!(
        evaluate("N = 1 bsl 90, <<X:N>> = <<1>>."),
        "error:{badmatch,<<1>>}"
    );
}

#[test]
fn an_endless_loop_can_be_killed_and_others_run_meanwhile() {
    runtime().block_on(async {
        let node = Node::new();
        let (mut evaluator, _) = evaluator(&node);
        let started = Instant::now();
        let text = "L = fun L() -> L() end, \
                    Ps = [spawn(L) || _ <- lists:seq(1, 4)], \
                    receive after 50 -> ok end, \
                    Rs = [monitor(process, P) || P <- Ps], \
                    [exit(P, kill) || P <- Ps], \
                    [receive {'DOWN', R, process, _, X} -> X after 5000 -> alive end || R <- Rs].";
        let value = evaluator
            .evaluate(text)
            .await
            .expect("the loops are killed");
        assert_eq!(value.to_string(), "[killed,killed,killed,killed]");
        assert!(started.elapsed() < Duration::from_secs(20));
    });
}

#[test]
fn dropping_the_future_stops_an_endless_expression() {
    runtime().block_on(async {
        let (mut evaluator, _) = evaluator(&Node::new());
        let endless = evaluator.evaluate("F = fun F() -> F() end, F().");
        assert!(
            tokio::time::timeout(Duration::from_millis(100), endless)
                .await
                .is_err()
        );
        let value = evaluator.evaluate("1 + 1.").await.expect("it goes on");
        assert_eq!(value, Term::from(2_i64));
    });
}

#[test]
fn halt_ends_the_evaluation_from_any_process() {
    runtime().block_on(async {
        let (mut evaluator, system) = evaluator(&Node::new());
        let text = "spawn(fun() -> halt(3) end), receive after infinity -> ok end.";
        let status = tokio::select! {
            status = system.wait_halted() => status,
            // Whichever of the two hears of it first.
            result = evaluator.evaluate(text) => match result {
                Err(EvalError::Halted(status)) => status,
                other => panic!("{other:?}"),
            },
        };
        assert_eq!(status, 3);
        let (mut evaluator, _) = self::evaluator(&Node::new());
        let result = evaluator
            .evaluate("try halt(4) catch _:_ -> caught after ok end.")
            .await;
        assert!(matches!(result, Err(EvalError::Halted(4))), "{result:?}");
    });
}

#[test]
fn a_closed_pipe_ends_quietly() {
    struct Closed;
    impl portwright_shell::Output for Closed {
        fn write(&self, _: Stream, _: &[u8]) -> std::io::Result<()> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
    }
    runtime().block_on(async {
        let node = Node::new();
        let system = Arc::new(System::new(node.clone(), Arc::new(Closed)));
        let mut evaluator = Evaluator::in_process(node.attach(), system, Mode::Shell);
        let loops = "F = fun F() -> io:format(\"x~n\"), F() end, F().";
        let result = evaluator.evaluate(loops).await;
        assert!(matches!(result, Err(EvalError::Halted(0))), "{result:?}");
    });
}

#[test]
fn twenty_thousand_processes_pass_a_message_round() {
    let text = "Me = self(), \
        Next = lists:foldl(fun(_, N) -> spawn(fun() -> receive X -> N ! X end end) end, Me, \
                           lists:seq(1, 20000)), \
        Next ! token, receive token -> done after 30000 -> lost end.";
    assert_eq!(evaluate(text), "done");
}
