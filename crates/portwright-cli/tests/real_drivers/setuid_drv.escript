#!/usr/bin/env escript
%% setuid_drv of erlang-yaws: everything happens in start, which also sends the answer.
main([_Folder]) ->
    process_flag(trap_exit, true),
    [Lib | _] = filelib:wildcard("/usr/lib/yaws-*/priv/lib"),
    show(load, erl_ddll:load_driver(Lib, "setuid_drv")),
    Own = string:trim(os:cmd("id -u")),
    Name = string:trim(os:cmd("id -un")),
    show(own, ask("g") =:= "ok " ++ Own),
    show(name, ask("n" ++ Own) =:= "ok " ++ Name),
    show(uid, ask("u" ++ Name) =:= "ok " ++ Own),
    show(home, ask("hroot")),
    show(nobody_has, ask("n987654321")),
    %% To become who one is needs no right.
    show(same, is_list(ask("s" ++ Name))),
    show(still, ask("g") =:= "ok " ++ Own),
    show(refused, [ask(Words) || Words <- ["uno-such-user", "x", ""]]),
    Port = open_port({spawn, "setuid_drv g"}, [binary]),
    show(list, receive {Port, {data, Data}} -> is_list(Data) after 5000 -> timeout end),
    show(command, port_command(Port, "is ignored")),
    show(control, try port_control(Port, 1, "") catch error:C -> C end),
    show(call, try erlang:port_call(Port, 1, t) catch error:D -> D end),
    true = port_close(Port),
    show(ended, receive {'EXIT', Port, Why} -> Why after 5000 -> timeout end),
    show(unload, erl_ddll:unload_driver("setuid_drv")).

ask(Words) ->
    try open_port({spawn, "setuid_drv " ++ Words}, []) of
        Port ->
            Answer = receive {Port, {data, Data}} -> Data after 5000 -> timeout end,
            true = port_close(Port),
            receive {'EXIT', Port, normal} -> Answer end
    catch
        error:Reason -> Reason
    end.

show(What, Value) -> io:format("~p: ~0p~n", [What, Value]).
