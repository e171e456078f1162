#!/usr/bin/env escript
main(_) ->
    Srv = spawn_link(fun() -> init("cat") end),
    process_flag(trap_exit, true),
    {ok, <<"hello">>} = call(Srv, {echo, <<"hello">>}),
    {ok, B} = call(Srv, {echo, binary:copy(<<"x">>, 70000)}),
    io:format("size ~w~n", [byte_size(B)]),
    {error, bad_request} = call(Srv, foo),
    io:format("~p~n", [catch call(Srv, crash)]),
    receive {'EXIT', Srv, R} -> io:format("exit ~p~n", [R]) after 5000 -> io:format("no exit~n") end.

init(Cmd) ->
    Port = open_port({spawn, Cmd}, [{packet, 4}, binary]),
    loop(#{port => Port, n => 0}).

loop(#{port := Port, n := N} = State) ->
    receive
        {call, {From, Ref}, {echo, Data}} ->
            port_command(Port, Data),
            receive {Port, {data, D}} -> From ! {Ref, {ok, D}} end,
            loop(State#{n := N + 1});
        {call, {From, Ref}, crash} ->
            From ! {Ref, {crashing, N}},
            exit(normal);
        {call, {From, Ref}, _} ->
            From ! {Ref, {error, bad_request}},
            loop(State)
    end.

call(Pid, Req) ->
    Ref = make_ref(),
    Pid ! {call, {self(), Ref}, Req},
    receive {Ref, Reply} -> Reply after 5000 -> exit(timeout) end.
