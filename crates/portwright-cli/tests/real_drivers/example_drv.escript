#!/usr/bin/env escript
%% The driver of the interoperability tutorial (erlang-doc: port_driver.c and complex.c), compiled here.
main([Folder]) ->
    process_flag(trap_exit, true),
    Tutorial = "/usr/share/doc/erlang-doc/doc/tutorial",
    Sources = [[" ", filename:join(Tutorial, File)] || File <- ["complex.c", "port_driver.c"]],
    Library = filename:join(Folder, "example_drv.so"),
    "" = os:cmd(lists:flatten(["cc -w -shared -fPIC -I/usr/lib/erlang/usr/include -I", Tutorial, " -o ", Library, Sources])),
    show(load, erl_ddll:load(Folder, "example_drv")),
    Port = open_port({spawn, "example_drv"}, []),
    show(foo, [ask(Port, [1, N]) || N <- [0, 41, 255]]),
    show(bar, [ask(Port, <<2, N>>) || N <- [0, 21, 127]]),
    Port ! {self(), {command, [1, 1]}},
    show(message, answer(Port)),
    Binary = open_port({spawn_driver, "example_drv"}, [binary]),
    show(binary, ask(Binary, [2, 4])),
    show(name, erlang:port_info(Port, name)),
    show(control, try port_control(Port, 1, "") catch error:Why -> Why end),
    show(stays, erl_ddll:try_unload("example_drv", [])),
    show(info, erl_ddll:info("example_drv", port_count)),
    show(back, erl_ddll:load(Folder, "example_drv")),
    Port ! {self(), close},
    show(closed, receive {Port, closed} -> closed after 5000 -> timeout end),
    true = port_close(Binary),
    show(ends, [receive {'EXIT', P, Reason} -> Reason after 5000 -> timeout end || P <- [Port, Binary]]),
    show(unload, erl_ddll:unload_driver("example_drv")),
    show(none, try open_port({spawn_driver, "example_drv"}, []) catch error:What -> What end).

ask(Port, Command) -> true = port_command(Port, Command), answer(Port).

answer(Port) -> receive {Port, {data, Data}} -> Data after 5000 -> timeout end.

show(What, Value) -> io:format("~p: ~w~n", [What, Value]).
