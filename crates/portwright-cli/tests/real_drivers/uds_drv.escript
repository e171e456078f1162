#!/usr/bin/env escript
%% uds_drv.c of erlang-examples, compiled here: sockets of the local machine by driver_select, the driver's queue, and every
%% kind of driver_failure. Its sockets live in /tmp/erlang.
main([Folder]) ->
    process_flag(trap_exit, true),
    [Source | _] = filelib:wildcard("/usr/lib/erlang/lib/kernel-*/examples/uds_dist/c_src/uds_drv.c"),
    "" = os:cmd("cc -w -shared -fPIC -I/usr/lib/erlang/usr/include -o " ++ filename:join(Folder, "uds_drv.so") ++ " " ++ Source),
    show(load, erl_ddll:load_driver(Folder, "uds_drv")),
    Name = "portwright_test_" ++ os:getpid(),
    Listener = open(),
    show(listen, ask(Listener, [$L | Name])),
    [0 | Number] = port_control(Listener, $N, ""),
    Server = open(),
    true = port_command(Server, [$A | Number]),
    Client = open(),
    show(not_yet, port_control(Client, $S, "")),
    show(connect, ask(Client, [$C | Name])),
    show(accept, answer(Server)),
    show(send, ask(Client, [$S | "one"])),
    show(receive_1, ask(Server, "R")),
    %% Asked for before it is there.
    true = port_command(Client, "R"),
    show(reply, ask(Server, [$S | "two"])),
    show(receive_2, answer(Client)),
    %% More than the socket takes: the rest waits in the driver's queue.
    Large = binary:copy(<<"port ">>, 400000),
    true = port_command(Client, [$S, Large]),
    <<0, _:32, Sent:32, Queued:32>> = list_to_binary(port_control(Client, $S, "")),
    show(queued, {Queued > 0, Sent + Queued}),
    [$R | Received] = ask(Server, "R"),
    show(large, {iolist_to_binary(Received) =:= Large, answer(Client)}),
    %% Modes: data flows without being asked for.
    show(modes, [port_control(Port, Mode, "") || Port <- [Client, Server], Mode <- [$I, $D]]),
    [true = port_command(Client, [0 | Word]) || Word <- ["a", "bc", "def"]],
    show(data, [answer(Server) || _ <- "123"]),
    show(tick, {port_control(Server, $T, ""), answer(Client)}),
    true = port_close(Server),
    show(ends, [reason(Server), reason(Client)]),
    show(taken, begin Taken = open(), port_command(Taken, [$L | Name]), reason(Taken) end),
    show(nobody, begin Nobody = open(), port_command(Nobody, [$C | Name ++ "_not"]), reason(Nobody) end),
    show(unconnected, begin Alone = open(), port_command(Alone, [$S | "x"]), reason(Alone) end),
    show(control, port_control(Listener, $D, "")),
    true = port_close(Listener),
    show(listener, reason(Listener)),
    show(unload, erl_ddll:unload_driver("uds_drv")),
    [file:delete(File) || File <- filelib:wildcard("/tmp/erlang/" ++ Name ++ "*")].

open() -> open_port({spawn, "uds_drv"}, []).

ask(Port, Command) -> true = port_command(Port, Command), answer(Port).

answer(Port) -> receive {Port, {data, Data}} -> Data; {'EXIT', Port, Reason} -> {exit, Reason} after 10000 -> timeout end.

reason(Port) -> receive {'EXIT', Port, Reason} -> Reason after 5000 -> timeout end.

show(What, Value) -> io:format("~p: ~0p~n", [What, Value]).
