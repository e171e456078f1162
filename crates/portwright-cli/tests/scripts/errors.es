#!/usr/bin/env escript
-import(lists, [map/2, sum/1]).
-compile(export_all).
-define(SQ(X), ((X) * (X))).
-define(LOG(F, A), io:format("[~p:~p] " ++ F ++ "~n", [?FUNCTION_NAME, ?LINE | A])).
main(_) ->
    ?LOG("sum ~p", [sum(map(fun(X) -> ?SQ(X) end, [1, 2, 3]))]),
    F = fun(N) -> fact(N) end,
    ?LOG("~p ~p", [fact(20), (fun G(0) -> 1; G(N) -> N * G(N - 1) end)(5)]),
    try deep(3) catch throw:{deep, X} -> ?LOG("caught ~p", [X]) end,
    R = (catch deep2()),
    ?LOG("~p", [element(1, R)]),
    X2 = if length("abc") > 2 -> long; true -> short end,
    ?LOG("~p", [X2]),
    {A, _} = {B, _} = {1, 2},
    ?LOG("~p", [[A, B]]),
    M = #{a => 1}, M2 = M#{a := 2, b => 3},
    ?LOG("~p ~p", [M2, maps:get(c, M2, none)]),
    try M#{zz := 1} catch error:E -> ?LOG("~p", [E]) end,
    try maps:get(q, M) catch error:E2 -> ?LOG("~p", [E2]) end,
    ?LOG("~p", [begin Y = 3, Y * Y end]),
    ?LOG("~p", [[Z || {ok, Z} <- [{ok, 1}, error, {ok, 2}]]]),
    ?LOG("~s", [<<"bin">>]),
    ?LOG("~p", [is_function(F, 1) andalso not is_function(F, 2)]).
fact(0) -> 1;
fact(N) when N > 0 -> N * fact(N - 1).
deep(0) -> throw({deep, bottom});
deep(N) -> deep(N - 1), ok.
deep2() -> error({my, error}).
