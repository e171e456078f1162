//! Calls from a list of functions: `module:function kind kind ...`.

/// Values of each kind that arguments may have. The first letter of a kind in
/// the list chooses the row.
const KINDS: &[(&str, &[&str])] = &[
    ("int", &["0", "1", "2", "3", "-1", "7", "255", "100"]),
    (
        "big",
        &[
            "16#ffffffff",
            "123456789012345678901234567890",
            "-5",
            "0",
            "1 bsl 64",
        ],
    ),
    (
        "num",
        &[
            "0",
            "1",
            "-2",
            "1.5",
            "-0.5",
            "3.0e10",
            "12345678901234567890",
        ],
    ),
    (
        "float",
        &[
            "0.0", "1.5", "-2.25", "1.0e22", "123.456", "1.0e-7", "0.1", "1.0e15",
        ],
    ),
    (
        "atom",
        &["a", "ok", "'hello world'", "undefined", "true", "[]"],
    ),
    ("bool", &["true", "false"]),
    (
        "list",
        &[
            "[]",
            "[a]",
            "[a,b,c]",
            "[3,1,2]",
            "[1,1.0,2,1]",
            "[c,a,b,a]",
            "[[1],[2,3]]",
            "[{b,2},{a,1}]",
            "\"abc\"",
        ],
    ),
    (
        "deep",
        &[
            "[]",
            "[[1],[2,[3]],4]",
            "[a,[b|[]],[[]]]",
            "\"abc\"",
            "[[a,b],c]",
        ],
    ),
    (
        "pairs",
        &[
            "[]",
            "[{a,1}]",
            "[{a,1},{b,2}]",
            "[{b,2},{a,1},{a,3}]",
            "[a,{b,2}]",
            "[{1,a},{1.0,b}]",
        ],
    ),
    (
        "string",
        &[
            "\"\"",
            "\"abc\"",
            "\"hello world\"",
            "\" a b \"",
            "\"a,b,,c\"",
            "\"12\"",
            "\"x=y=z\"",
            "[228,246]",
        ],
    ),
    ("sep", &["\",\"", "\" \"", "\"=\"", "\"b\"", "\"lo\""]),
    (
        "chars",
        &[
            "\"abc\"",
            "\"\"",
            "<<\"abc\">>",
            "<<\"Hello World\">>",
            "\"a,b\"",
            "[\"ab\",\"cd\"]",
            "<<\"a b\">>",
        ],
    ),
    (
        "bin",
        &[
            "<<>>",
            "<<\"abc\">>",
            "<<\"hello\">>",
            "<<1,2,3>>",
            "<<255>>",
            "<<\"a,b,c\">>",
        ],
    ),
    (
        "pat",
        &[
            "<<\"a\">>",
            "<<\",\">>",
            "<<\"l\">>",
            "[<<\"a\">>,<<\"b\">>]",
            "<<\"lo\">>",
        ],
    ),
    ("tuple", &["{}", "{a}", "{a,b,c}", "{1,{2}}"]),
    (
        "map",
        &["#{}", "#{a => 1}", "#{a => 1,b => 2}", "#{1 => x,1.0 => y}"],
    ),
    (
        "io",
        &[
            "\"abc\"",
            "<<\"abc\">>",
            "[\"a\",<<\"b\">>,$c]",
            "[]",
            "[1,2|<<3>>]",
        ],
    ),
    (
        "name",
        &[
            "\"/a/b/c.erl\"",
            "\"a\"",
            "\"a/b\"",
            "\"/\"",
            "\"\"",
            "<<\"a/b.c\">>",
            "'x.y'",
            "\".rc\"",
            "\"a.b/c\"",
        ],
    ),
    ("fun0", &["fun() -> 1 end"]),
    (
        "fun1",
        &[
            "fun(X) -> X end",
            "fun(X) -> {X} end",
            "fun(_) -> true end",
            "fun(X) -> X =:= a end",
            "fun erlang:is_atom/1",
        ],
    ),
    (
        "pred",
        &[
            "fun(X) -> X =:= a end",
            "fun(_) -> true end",
            "fun erlang:is_list/1",
            "fun(X) -> X > 1 end",
        ],
    ),
    (
        "fun2",
        &[
            "fun(A, B) -> {A,B} end",
            "fun(A, B) -> A =< B end",
            "fun(A, _) -> A end",
        ],
    ),
    (
        "kv",
        &[
            "fun(_, V) -> V end",
            "fun(K, V) -> K =:= V end",
            "fun(_, _) -> true end",
        ],
    ),
    (
        "fun3",
        &["fun(A, B, C) -> {A,B,C} end", "fun(_, _, A) -> A end"],
    ),
    (
        "any",
        &[
            "a",
            "1",
            "1.0",
            "\"ab\"",
            "<<\"ab\">>",
            "{a,1}",
            "[]",
            "[a|b]",
            "#{}",
            "-1",
            "fun(X) -> X end",
            "[1,b]",
            "12345678901234567890",
        ],
    ),
];

/// A generator of numbers that gives the same ones in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

fn values(kind: &str) -> &'static [&'static str] {
    let row = KINDS.iter().find(|(name, _)| *name == kind);
    row.unwrap_or_else(|| panic!("no kind of argument is called {kind}"))
        .1
}

/// `each` calls for every function of the list, without repeats.
pub(crate) fn calls(spec: &str, each: usize) -> Vec<String> {
    let mut numbers = Numbers(1);
    let mut all: Vec<String> = Vec::new();
    for line in spec
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('%'))
    {
        let mut words = line.split_whitespace();
        let function = words.next().unwrap_or_default();
        let kinds: Vec<&str> = words.collect();
        let from = all.len();
        for _ in 0..each {
            let arguments: Vec<&str> = kinds
                .iter()
                .map(|kind| {
                    // One argument in eight is anything at all.
                    let row = values(if numbers.below(8) == 0 { "any" } else { kind });
                    row[numbers.below(row.len())]
                })
                .collect();
            // How a closure hashes and is encoded is the evaluator's own affair.
            if (function.contains("phash2") || function.contains("term_to_binary"))
                && arguments.iter().any(|a| a.starts_with("fun("))
            {
                continue;
            }
            let call = format!("{function}({}).", arguments.join(","));
            if !all[from..].contains(&call) {
                all.push(call);
            }
        }
    }
    all
}
