#!/usr/bin/env escript
%% supervise a flaky program, restart it with backoff
-define(MAX, 3).
-type count() :: non_neg_integer().
-spec main([string()]) -> ok.
main(_) ->
    process_flag(trap_exit, true),
    Sup = spawn_link(fun() -> supervise(0) end),
    receive {'EXIT', Sup, R} -> io:format("supervisor: ~p~n", [R]) end.

supervise(N) when N >= ?MAX -> exit({too_many_restarts, N});
supervise(N) ->
    Port = open_port({spawn_executable, os:find_executable("sh")},
                     [{args, ["-c", "echo start $N; exit $((N+1))"]}, {env, [{"N", integer_to_list(N)}]},
                      exit_status, {line, 100}, binary]),
    case collect(Port, []) of
        {0, Out} -> io:format("ok ~p~n", [Out]);
        {Code, Out} ->
            io:format(standard_error, "worker ~b failed with ~b~n", [N, Code]),
            io:format("~ts~n", [Out]),
            timer:sleep(10 bsl N),
            supervise(N + 1)
    end.

collect(Port, Acc) ->
    receive
        {Port, {data, {Flag, Line}}} when Flag =:= eol; Flag =:= noeol -> collect(Port, [Line | Acc]);
        {Port, {exit_status, S}} -> {S, lists:reverse(Acc)}
    after 5000 ->
        port_close(Port),
        erlang:error(timeout, [Port, Acc])
    end.
