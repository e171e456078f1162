#!/usr/bin/env escript
%% -*- erlang -*-
%%! -smp enable
-mode(compile).
-record(worker, {port, id, busy = false, jobs = [] :: list()}).
-define(WORKERS, 3).
-define(CMD(N), "sh -c 'while read x; do echo w" ++ integer_to_list(N) ++ ":$x; done'").

main(Args) ->
    N = case Args of [S] -> list_to_integer(S); [] -> ?WORKERS end,
    Ws = [start(I) || I <- lists:seq(1, N)],
    Jobs = [io_lib:format("job-~2..0b", [J]) || J <- lists:seq(1, 7)],
    Res = run(Ws, Jobs, []),
    lists:foreach(fun({Id, Line}) -> io:format("~p => ~ts~n", [Id, Line]) end, lists:sort(Res)),
    [stop(W) || W <- Ws],
    io:format("done ~B~n", [length(Res)]).

start(I) ->
    P = open_port({spawn, ?CMD(I)}, [{line, 80}, exit_status, use_stdio]),
    #worker{port = P, id = I}.

run([W | Ws], [J | Js], Acc) ->
    #worker{port = P, id = Id} = W,
    true = port_command(P, [J, $\n]),
    Line = receive {P, {data, {eol, L}}} -> L after 5000 -> error({timeout, Id}) end,
    W1 = W#worker{jobs = [J | W#worker.jobs]},
    run(Ws ++ [W1], Js, [{Id, Line} | Acc]);
run(_, [], Acc) -> Acc.

stop(#worker{port = P}) ->
    P ! {self(), close},
    receive {P, closed} -> ok after 1000 -> io:format("no close~n") end.
