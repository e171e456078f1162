#!/usr/bin/env escript
main(_) ->
    {ok, L} = gen_tcp:listen(0, [binary, {packet, line}, {active, false}, {reuseaddr, true}]),
    {ok, Port} = inet:port(L),
    spawn_link(fun() ->
        {ok, S} = gen_tcp:accept(L),
        {ok, Line} = gen_tcp:recv(S, 0, 2000),
        P = open_port({spawn, "tr a-z A-Z"}, [binary, {line, 100}]),
        port_command(P, Line), port_close(P),
        gen_tcp:send(S, string:uppercase(Line)),
        gen_tcp:close(S)
    end),
    {ok, C} = gen_tcp:connect({127,0,0,1}, Port, [binary, {packet, line}, {active, false}]),
    ok = gen_tcp:send(C, "hello\n"),
    io:format("~p~n", [gen_tcp:recv(C, 0, 2000)]),
    io:format("~p~n", [gen_tcp:recv(C, 0, 2000)]),
    io:format("~p~n", [gen_tcp:connect("localhost", 1, [], 500)]).
