#!/usr/bin/env escript
main(_) ->
    P = open_port({spawn, "sh -c 'while read l; do case $l in q) exit 9;; *) echo got:$l;; esac; done'"}, [{line, 64}, exit_status, stderr_to_stdout]),
    L = loop(P, ["one", "two", "q", "three"], []),
    io:format("~p~n", [L]),
    io:format("~p~n", [try port_command(P, "x") of true -> sent catch error:badarg -> closed end]),
    [io:format("~s ", [atom_to_list(A)]) || A <- [a, 'B c', 'é']], io:nl(),
    io:put_chars(["done", $\n]),
    io:fwrite("~*s|~-*s|~*.*.0f|~n", [6, "ab", 6, "cd", 8, 2, 3.14159]),
    io:format("~ts~n", [lists:map(fun(C) -> C + 1 end, "HAL")]),
    io:format("~p~n", [erlang:localtime() > {{2020, 1, 1}, {0, 0, 0}}]),
    io:format("~p~n", [string:split("a=b=c", "=")]),
    io:format("~p~n", [re:run("foo123", "([a-z]+)(?<num>[0-9]+)", [{capture, [num], list}])]),
    io:format("~p~n", [re:replace("aXbXc", "X", "<&>", [global, {return, binary}])]),
    erlang:halt(length(L)).
loop(P, [C | Cs], Acc) ->
    catch port_command(P, [C, "\n"]),
    receive
        {P, {data, {eol, D}}} -> loop(P, Cs, [D | Acc]);
        {P, {exit_status, S}} -> lists:reverse([{status, S} | Acc])
    after 3000 -> timeout
    end;
loop(_, [], Acc) -> lists:reverse(Acc).
