#!/usr/bin/env escript
%%! +Q 262144
%% Opens COUNT ports of the driver `echo` in FOLDER, hears from each, and closes them.
-mode(compile).

main([Folder, Text]) ->
    process_flag(trap_exit, true),
    Count = list_to_integer(Text),
    ok = erl_ddll:load(Folder, "echo"),
    _ = ports(1),
    Before = resident(),
    {OpenTime, Ports} = timer:tc(fun() -> ports(Count) end),
    erlang:garbage_collect(),
    After = resident(),
    {CloseTime, _} = timer:tc(fun() ->
        [true = port_close(Port) || Port <- Ports],
        [receive {'EXIT', Port, normal} -> ok end || Port <- Ports]
    end),
    io:format("~b ~b ~b~n", [(After - Before) * 1024 div Count, OpenTime div 1000, CloseTime div 1000]).

ports(Count) ->
    Ports = [open_port({spawn_driver, "echo"}, [binary]) || _ <- lists:seq(1, Count)],
    [receive {Port, {data, _}} -> ok end || Port <- Ports],
    Ports.

resident() ->
    {ok, Status} = file:open("/proc/self/status", [read]),
    Kib = resident(Status),
    file:close(Status),
    Kib.

resident(Status) ->
    case io:get_line(Status, "") of
        "VmRSS:" ++ Rest -> {ok, [Kib], _} = io_lib:fread("~d", Rest), Kib;
        _ -> resident(Status)
    end.
