#!/usr/bin/env escript
%% trace_file_drv of erlang-runtime-tools: each segment of a command becomes a record of the file, so the file shows the
%% segments that outputv sees.
-mode(compile).

main([Folder]) ->
    process_flag(trap_exit, true),
    [Lib | _] = filelib:wildcard("/usr/lib/erlang/lib/runtime_tools-*/priv/lib"),
    show(load, erl_ddll:load_driver(Lib, "trace_file_drv")),
    File = filename:join(Folder, "trace"),
    Port = open_port({spawn, "trace_file_drv n " ++ File}, [eof]),
    Binary = fun(Size) -> binary:copy(<<$v>>, Size) end,
    Commands = ["plain", [Binary(64), "x"], [Binary(65), "x"], ["x", Binary(65), "y"], [Binary(300), Binary(301)],
                [binary:part(Binary(1000), 10, 30), "x"], [], lists:duplicate(5000, $l), [[["a"] | <<"b">>] | <<"c">>]],
    [true = port_command(Port, Command) || Command <- Commands],
    show(flush, port_control(Port, $f, "")),
    {ok, Bytes} = file:read_file(File),
    show(records, records(Bytes)),
    show(unknown, catch_reason(fun() -> port_control(Port, $x, "") end)),
    true = port_command(Port, "left in the buffer"),
    close(Port),
    {ok, All} = file:read_file(File),
    show(last, binary_part(All, byte_size(All), -18)),
    %% Files that take turns: a new one when a size is reached.
    Wrap = lists:flatten(io_lib:format("trace_file_drv w 60 2 0 ~b n ~s", [length(File), File ++ ".part"])),
    Turning = open_port({spawn, Wrap}, [eof]),
    [begin port_command(Turning, integer_to_list(N * 1111111111)), port_control(Turning, $f, "") end || N <- lists:seq(1, 9)],
    close(Turning),
    show(parts, [{filename:basename(Part), filelib:file_size(Part)} || Part <- lists:sort(filelib:wildcard(File ++ "*.part"))]),
    Opens = ["trace_file_drv n " ++ Folder ++ "/no/such/folder", "trace_file_drv", "trace_file_drv n " ++ Folder],
    show(refused, [catch_reason(fun() -> open_port({spawn, Open}, []) end) || Open <- Opens]),
    Full = open_port({spawn, "trace_file_drv n /dev/full"}, [eof]),
    true = port_command(Full, "there is no room"),
    show(full, port_control(Full, $f, "")),
    show(ended, receive {'EXIT', Full, Reason} -> Reason after 5000 -> timeout end),
    show(unload, erl_ddll:unload_driver("trace_file_drv")).

records(<<0, Size:32, _:Size/binary, Rest/binary>>) -> [Size | records(Rest)];
records(<<>>) -> [].

catch_reason(F) -> try F() catch error:Reason -> Reason end.

close(Port) -> true = port_close(Port), receive {'EXIT', Port, normal} -> ok end.

show(What, Value) -> io:format("~p: ~0p~n", [What, Value]).
