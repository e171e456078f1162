#!/usr/bin/env escript
%% trace_ip_drv of erlang-runtime-tools: a server for one client. driver_select with its closing protocol, a queue, writes
%% that are continued. One port only: the driver reads memory that it has not written.
main([_Folder]) ->
    process_flag(trap_exit, true),
    [Lib | _] = filelib:wildcard("/usr/lib/erlang/lib/runtime_tools-*/priv/lib"),
    show(load, erl_ddll:load_driver(Lib, "trace_ip_drv")),
    show(refused, [try open_port({spawn, Command}, []) catch error:Reason -> Reason end || Command <- ["trace_ip_drv", "trace_ip_drv 0 x 2"]]),
    Port = open_port({spawn, "trace_ip_drv 0 3 2"}, [eof]),
    <<0, Tcp:16>> = port_control(Port, $p, ""),
    show(unknown, try port_control(Port, $q, "") catch error:What -> What end),
    %% Nobody is connected: three are queued, two are dropped and counted.
    [true = port_command(Port, [$a + N]) || N <- lists:seq(0, 4)],
    {ok, First} = gen_tcp:connect("127.0.0.1", Tcp, [binary, {active, false}]),
    show(queued, [record(First) || _ <- lists:seq(1, 4)]),
    true = port_command(Port, ["direct ", <<"data">>]),
    show(direct, record(First)),
    {ok, Second} = gen_tcp:connect("127.0.0.1", Tcp, [binary, {active, false}]),
    show(second, gen_tcp:recv(Second, 0, 5000)),
    Large = binary:copy(<<"0123456789abcdef">>, 250000),
    true = port_command(Port, Large),
    {data, Received} = record(First),
    show(large, {byte_size(Received), Received =:= Large}),
    ok = gen_tcp:send(First, "nobody reads this"),
    ok = gen_tcp:close(First),
    {Third, Next} = again(Port, Tcp),
    show(next, Next),
    true = port_close(Port),
    show(closed, to_the_end(Third)),
    show(ended, receive {'EXIT', Port, Why} -> Why after 5000 -> timeout end),
    show(unload, erl_ddll:unload_driver("trace_ip_drv")).

%% Until the driver has seen that the first client is gone, it closes others at once, and commands go nowhere.
again(Port, Tcp) ->
    {ok, Socket} = gen_tcp:connect("127.0.0.1", Tcp, [binary, {active, false}]),
    again(Port, Tcp, Socket).

again(Port, Tcp, Socket) ->
    true = port_command(Port, "for the next one"),
    case gen_tcp:recv(Socket, 5, 300) of
        {ok, <<0, Size:32>>} -> {ok, Data} = gen_tcp:recv(Socket, Size, 5000), {Socket, {data, Data}};
        {error, timeout} -> again(Port, Tcp, Socket);
        {error, _} -> gen_tcp:close(Socket), again(Port, Tcp)
    end.

to_the_end(Socket) ->
    case gen_tcp:recv(Socket, 0, 5000) of
        {ok, _} -> to_the_end(Socket);
        Error -> Error
    end.

record(Socket) ->
    case gen_tcp:recv(Socket, 5, 5000) of
        {ok, <<0, Size:32>>} -> {ok, Data} = gen_tcp:recv(Socket, Size, 20000), {data, Data};
        {ok, <<1, Dropped:32>>} -> {dropped, Dropped};
        Other -> Other
    end.

show(What, Value) -> io:format("~p: ~0p~n", [What, Value]).
