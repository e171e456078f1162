//! Scripts and modules: forms, macros, records, faults with line and column.

use std::sync::Arc;

use portwright::Node;
use portwright_shell::{Captured, EvalError, Evaluator, Mode, Program, System};
use portwright_term::{Atom, Term};

fn parse(text: &str) -> Result<Program, String> {
    Program::parse(text, "script", Atom::literal("script")).map_err(|faults| {
        faults
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<String>>()
            .join("; ")
    })
}

/// What `main([])` of the script gives, as text.
fn run(text: &str) -> String {
    let program = match parse(text) {
        Ok(program) => program,
        Err(faults) => return faults,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    runtime.block_on(async {
        let node = Node::new();
        let system = Arc::new(System::new(node.clone(), Arc::new(Captured::default())));
        system.set_reports_errors(false);
        program.load(&system);
        let mut evaluator = Evaluator::in_process(node.attach(), system, Mode::File);
        let main = Atom::literal("main");
        match evaluator
            .apply(program.module(), main, vec![Term::Nil])
            .await
        {
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

#[track_caller]
fn check(text: &str, expect: &str) {
    assert_eq!(run(text), expect, "{text}");
}

#[test]
fn functions_call_each_other_and_themselves() {
    check(
        "main(_) -> {even(10), length(up(3, []))}.\n\
         even(0) -> true; even(N) -> odd(N - 1).\n\
         odd(0) -> false; odd(N) -> even(N - 1).\n\
         up(0, A) -> A; up(N, A) -> up(N - 1, [N | A]).\n",
        "{true,3}",
    );
}

#[test]
fn a_first_line_for_the_system_is_skipped_and_lines_still_count() {
    check("#!/usr/bin/env escript\n%%! -smp\nmain(_) -> ?LINE.\n", "3");
}

#[test]
fn macros_stand_for_constants_and_take_arguments() {
    check(
        "-define(A, 1).\n-define(B, (?A + 1)).\n-define(ADD(X, Y), X + Y).\n\
         -ifdef(A).\n-define(C, yes).\n-else.\n-define(C, no).\n-endif.\n\
         main(_) -> {?A, ?B, ?ADD(?B, 5), ?C, ?MODULE, ?FILE}.\n",
        "{1,2,7,yes,script,\"script\"}",
    );
    check("main(_) -> ?NO.\n", "1:13: undefined macro 'NO'");
    check(
        "-define(A, ?A).\nmain(_) -> ?A.\n",
        "2:13: circular macro 'A'",
    );
    check(
        "-define(A, 1).\n-define(A, 2).\nmain(_) -> ?A.\n",
        "2:9: redefining macro 'A'",
    );
}

#[test]
fn a_macro_that_doubles_is_stopped() {
    let mut text = "-define(M0, 1, 1).\n".to_owned();
    for level in 1..60 {
        text.push_str(&format!("-define(M{level}, ?M{0}, ?M{0}).\n", level - 1));
    }
    text.push_str("main(_) -> [?M59].\n");
    let faults = parse(&text).expect_err("the macro is too big");
    assert!(faults.contains("grows without end"), "{faults}");
}

// Results measured on OTP 25.
#[test]
fn records_are_made_read_updated_and_matched() {
    let head = "-record(r, {a = 1, b, c = [] :: list()}).\n";
    let check = |body: &str, expect: &str| check(&format!("{head}main(_) -> {body}.\n"), expect);
    check("#r{}", "{r,1,undefined,[]}");
    check("#r{b = 2, _ = x}", "{r,x,2,x}");
    check(
        "R = #r{b = 2}, {R#r.a, R#r.b, R#r{a = 5}#r.a, #r.b}",
        "{1,2,5,3}",
    );
    check("#r{b = B} = #r{b = 7}, B", "7");
    check("case {r, 1} of #r{} -> yes; _ -> no end", "no");
    check("is_record(#r{}, r)", "true");
    check(
        "F = fun(X) when is_record(X, r) -> yes; (_) -> no end, [F(#r{}), F({r})]",
        "[yes,no]",
    );
    check(
        "F = fun(X) when X#r.a > 0 -> yes; (_) -> no end, [F(#r{}), F({r}), F(1)]",
        "[yes,no,no]",
    );
    check("#r{z = 1}", "2:15: field z undefined in record r");
    check("#s{}", "2:12: record s undefined");
    check(
        "#r{a = 1, a = 2}",
        "2:22: field a already defined in record r",
    );
    check("X = {foo}, X#r.a", "error:{badrecord,{foo}}");
}

#[test]
fn imports_and_own_module_calls_find_their_functions() {
    check(
        "-import(lists, [reverse/1]).\nmain(_) -> reverse([1, 2]).\n",
        "[2,1]",
    );
    check("main(_) -> ?MODULE:help(1).\nhelp(X) -> X + 1.\n", "2");
    check(
        "-module(m).\n-export([main/1, f/1]).\nmain(_) -> {m:f(1), (catch m:g(1)) =:= x}.\n\
         f(X) -> g(X).\ng(X) -> X.\n",
        "{1,false}",
    );
    check("main(_) -> F = fun help/1, F(2).\nhelp(X) -> X * 2.\n", "4");
    check(
        "main(_) -> S = self(), spawn(?MODULE, child, [S]), receive X -> X after 5000 -> no end.\n\
         child(S) -> S ! hello.\n",
        "hello",
    );
}

#[test]
fn faults_are_told_with_line_and_column() {
    check("main(_) -> X.\n", "1:12: variable 'X' is unbound");
    check("main(_) -> foo(1).\n", "1:12: function foo/1 undefined");
    check("main(_) ->\n  fo (, 1).\n", "2:7: syntax error before: ','");
    check(
        "main(_) -> 1.\nmain(_) -> 2.\n",
        "2:1: function main/1 already defined",
    );
    check("main(_) -> 1;\nmain(_, _) -> 2.\n", "2:1: head mismatch");
    check("main(_) -> 1;\nother(_) -> 2.\n", "2:1: head mismatch");
    check(
        "-nosuch(1).\nmain(_) -> 1.\n",
        "1:1: the attribute -nosuch is not supported in scripts here",
    );
    check(
        "-export([f/1]).\nmain(_) -> 1.\n",
        "1:1: function f/1 undefined",
    );
    check(
        "main(X) -> case X of [] -> A = 1; _ -> ok end, A.\n",
        "1:48: variable 'A' unsafe in 'case' (line 1, column 12)",
    );
    check(
        "main(_) -> Y.\nf() -> Z.\n",
        "1:12: variable 'Y' is unbound; 2:8: variable 'Z' is unbound",
    );
}

#[test]
fn exceptions_carry_the_functions_of_the_script() {
    check(
        "main(_) -> try f(1) catch error:badarith:S -> [{M, F, A} || {M, F, A, _} <- S] end.\n\
         f(X) -> g(X) + 1.\n\
         g(X) -> X + a + 1.\n",
        "[{erlang,'+',[1,a]},{script,g,1},{script,f,1},{script,main,1}]",
    );
    check(
        "main(_) ->\n  try f(1)\n  catch error:function_clause:[H | _] -> H end.\nf(2) -> ok.\n",
        "3:31: syntax error before: '['",
    );
    check(
        "main(_) ->\n  try f(1)\n  catch error:function_clause:S -> hd(S) end.\n\nf(2) -> ok.\n",
        "{script,f,[1],[{file,\"script\"},{line,5}]}",
    );
}
