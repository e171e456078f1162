//! Where in `erl_eval` OTP 25 would be while it evaluates a part of an expression.
//!
//! OTP interprets what is typed, so its stack traces show functions of its
//! interpreter. Here expressions are compiled; the compiler notes which
//! instructions belong to which part, and traces show what OTP's would.
//! Every number below is a line of OTP 25.2.3, found by raising exceptions there.

/// A function of OTP with the line it is at.
pub(crate) type Entry = (&'static str, &'static str, u8, u32);

const EXPR_LIST: Entry = ("erl_eval", "expr_list", 7, 961);

const fn expr(line: u32) -> Entry {
    ("erl_eval", "expr", 6, line)
}

const fn try_clauses(line: u32) -> Entry {
    ("erl_eval", "try_clauses", 10, line)
}

/// A part of an expression whose value the interpreter waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    TupleElement,
    ListHead,
    /// An element that is not the first.
    LaterHead,
    ListTail,
    LeftOperand,
    RightOperand,
    Operand,
    AndAlsoLeft,
    AndAlsoRight,
    OrElseLeft,
    OrElseRight,
    BifArgument,
    RemoteArgument,
    RemoteModule,
    RemoteFunction,
    /// An argument of a function that the shell has to find.
    ShellArgument,
    FunArgument,
    CalledFun,
    /// One of several expressions, not the last.
    Statement,
    Matched,
    Caught,
    TryBody,
    TryOf,
    CatchClause,
    After,
    CaseSubject,
    Timeout,
    MapBase,
    MapKey,
    MapValue,
    NewMap,
    MapUpdate,
    BitsValue,
    BitsSize,
    ListGenerator,
    BinaryGenerator,
    /// Within a generator's loop.
    ListLoop,
    BinaryLoop,
    Filter,
    ListElement,
    ListComprehension,
    BitsGenerator,
    BitsBinaryGenerator,
    BitsElement,
    BitsComprehension,
}

impl Part {
    /// What a trace shows of the interpreter, the innermost first.
    pub(crate) fn entries(self) -> &'static [Entry] {
        match self {
            Part::TupleElement => const { &[EXPR_LIST, expr(290)] },
            Part::ListHead => const { &[expr(282)] },
            Part::LaterHead => const { &[expr(282), expr(283)] },
            Part::ListTail => const { &[expr(283)] },
            Part::LeftOperand => const { &[expr(537)] },
            Part::RightOperand => const { &[expr(538)] },
            Part::Operand => const { &[expr(514)] },
            Part::AndAlsoLeft => const { &[expr(517)] },
            Part::AndAlsoRight => const { &[expr(520)] },
            Part::OrElseLeft => const { &[expr(527)] },
            Part::OrElseRight => const { &[expr(531)] },
            Part::BifArgument => const { &[EXPR_LIST, expr(465)] },
            Part::RemoteArgument => const { &[EXPR_LIST, expr(454)] },
            Part::RemoteModule => const { &[expr(452)] },
            Part::RemoteFunction => const { &[expr(453)] },
            Part::ShellArgument => {
                const {
                    &[
                        EXPR_LIST,
                        ("shell", "local_func", 7, 1051),
                        ("erl_eval", "local_func", 8, 649),
                    ]
                }
            }
            Part::FunArgument => const { &[EXPR_LIST, expr(472)] },
            Part::CalledFun => const { &[expr(471)] },
            Part::Statement => const { &[("erl_eval", "exprs", 6, 136)] },
            Part::Matched => const { &[expr(492)] },
            Part::Caught => const { &[expr(480)] },
            Part::TryBody => const { &[try_clauses(987)] },
            Part::TryOf => const { &[try_clauses(993)] },
            Part::CatchClause => const { &[try_clauses(1004)] },
            Part::After => const { &[try_clauses(1012)] },
            Part::CaseSubject => const { &[expr(323)] },
            Part::Timeout => const { &[expr(330)] },
            Part::MapBase => const { &[expr(303)] },
            Part::MapKey => const { &[("erl_eval", "eval_map_fields", 6, 855)] },
            Part::MapValue => const { &[("erl_eval", "eval_map_fields", 6, 856)] },
            Part::NewMap => const { &[expr(313)] },
            Part::MapUpdate => const { &[expr(304)] },
            Part::BitsValue => {
                const {
                    &[
                        ("eval_bits", "eval_field", 5, 106),
                        ("eval_bits", "expr_grp1", 6, 71),
                        ("eval_bits", "expr_grp", 5, 67),
                        expr(543),
                    ]
                }
            }
            Part::BitsSize => {
                const {
                    &[
                        ("eval_bits", "eval_field", 5, 109),
                        ("eval_bits", "expr_grp1", 6, 71),
                        ("eval_bits", "expr_grp", 5, 67),
                        expr(543),
                    ]
                }
            }
            Part::ListGenerator => const { &[("erl_eval", "eval_lc1", 7, 764)] },
            Part::BinaryGenerator => const { &[("erl_eval", "eval_lc1", 7, 768)] },
            Part::ListLoop => const { &[("erl_eval", "eval_generate", 8, 804)] },
            Part::BinaryLoop => const { &[("erl_eval", "eval_b_generate", 8, 821)] },
            Part::Filter => const { &[("erl_eval", "eval_filter", 7, 839)] },
            Part::ListElement => const { &[("erl_eval", "eval_lc1", 7, 775)] },
            Part::ListComprehension => const { &[("erl_eval", "eval_lc", 7, 761)] },
            Part::BitsGenerator => const { &[("erl_eval", "eval_bc1", 7, 790)] },
            Part::BitsBinaryGenerator => const { &[("erl_eval", "eval_bc1", 7, 786)] },
            Part::BitsElement => const { &[("erl_eval", "eval_bc1", 7, 797)] },
            Part::BitsComprehension => const { &[("erl_eval", "eval_bc", 7, 783)] },
        }
    }

    /// Whether the interpreter does with what this part ends with as it would without
    /// the part: it does not come back from the end of a fun, even in a clause of `try`.
    pub(crate) fn ends_with_a_jump(self) -> bool {
        matches!(self, Part::TryOf | Part::CatchClause)
    }
}

/// Called by the interpreter for a value that it waits for.
pub(crate) const CALL: Entry = ("erl_eval", "do_apply", 7, 744);

/// The same by way of the shell.
pub(crate) const CALL_OF_SHELL: Entry = ("erl_eval", "do_apply", 7, 748);

/// Called by the interpreter for a value that nobody waits for. Most functions take its
/// place; those that only raise an exception leave no entry of their own instead.
pub(crate) const LAST_CALL: Entry = ("erl_eval", "do_apply", 7, 742);

/// What stands below everything typed at a prompt.
pub(crate) const SHELL: [Entry; 3] = [
    ("shell", "exprs", 7, 691),
    ("shell", "eval_exprs", 7, 647),
    ("shell", "eval_loop", 3, 632),
];

/// Where the interpreter itself raises an error, by the tag of its reason.
pub(crate) fn raising(tag: &str, named: bool) -> &'static [Entry] {
    match tag {
        "badmatch" => const { &[expr(496)] },
        "case_clause" => const { &[("erl_eval", "case_clauses", 8, 1041)] },
        "if_clause" => const { &[("erl_eval", "if_clauses", 7, 980)] },
        "try_clause" => const { &[try_clauses(995)] },
        "function_clause" if named => const { &[("erl_eval", "eval_named_fun", 10, 918)] },
        "function_clause" => const { &[("erl_eval", "eval_fun", 8, 898)] },
        "badarity" => const { &[("erl_eval", "do_apply", 6, 714)] },
        "badfun" => const { &[("shell", "apply_fun", 3, 914)] },
        "shell_undef" => {
            const {
                &[
                    ("shell", "shell_undef", 2, 1079),
                    ("erl_eval", "local_func", 8, 649),
                ]
            }
        }
        "timeout_value" => const { &[("erl_eval", "receive_clauses", 8, 1055)] },
        "bad_generator" => const { &[("erl_eval", "eval_generate", 8, 812)] },
        "bad_filter" => const { &[("erl_eval", "eval_filter", 7, 843)] },
        _ => &[],
    }
}
