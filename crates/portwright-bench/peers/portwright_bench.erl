%% The BEAM's side of each line. One virtual machine measures one line once and
%% prints the sample.
-module(portwright_bench).
-export([main/1]).

-define(SMALL, 64).
-define(LARGE, 65536).
-define(DRIVER, "portwright_bench_drv").

main([Name, CountText, Folder]) ->
    Count = list_to_integer(CountText),
    put(folder, Folder),
    {Value, Cpu} = measure(list_to_atom(Name), Count),
    io:format("{\"value\":~w,\"cpu_ns\":~w}~n", [float(Value), Cpu]),
    halt(0, [{flush, true}]).

measure('round-trip', Count) -> round_trips(Count, []);
measure('round-trip-free', Count) -> round_trips(Count, []);
measure('round-trip-packet', Count) -> round_trips(Count, [{packet, 4}]);
measure(throughput, Count) -> throughput(Count);
measure('throughput-free', Count) -> throughput(Count);
measure(packets, Count) -> packets(Count);
measure(start, Count) ->
    starts(Count div 10),
    timed([], Count, fun() -> starts(Count) end, fun microseconds/2);
measure('start-64', Count) ->
    timed([], Count, fun() -> starts_at_once(64, Count div 64) end, fun per_second/2);
measure('driver-echo', Count) ->
    Port = open_driver(),
    Data = data(?SMALL),
    echoes(Port, Data, Count div 10),
    timed([], Count, fun() -> echoes(Port, Data, Count) end, fun nanoseconds/2);
measure('driver-control', Count) ->
    Port = open_driver(),
    Data = data(?SMALL),
    controls(Port, Data, Count div 10),
    timed([], Count, fun() -> controls(Port, Data, Count) end, fun nanoseconds/2);
measure('driver-call', Count) ->
    Port = open_driver(),
    Term = {a, data(?SMALL)},
    calls(Port, Term, Count div 10),
    timed([], Count, fun() -> calls(Port, Term, Count) end, fun nanoseconds/2);
measure('driver-open', Count) ->
    load_driver(),
    {Value, Cpu, _} = timed_with([], Count, fun() -> open_many(Count) end, fun nanoseconds/2),
    {Value, Cpu};
measure('driver-close', Count) ->
    load_driver(),
    Ports = open_many(Count),
    timed([], Count, fun() -> close_many(Ports) end, fun nanoseconds/2);
measure('driver-memory', Count) ->
    load_driver(),
    erlang:garbage_collect(),
    Before = resident(),
    Ports = open_many(Count),
    Grown = resident() - Before,
    Count = length(Ports),
    {Grown / Count, null};
measure('send-term', Count) ->
    Port = open_driver(),
    Each = Count div 4,
    {Value, Cpu} = timed([], 4 * Each,
        fun() ->
            port_control(Port, 2, <<Each:32>>),
            terms(4 * Each)
        end, fun millions/2),
    {Value, Cpu};
measure(message, Count) -> messages(Count div 2, []);
measure('message-threads', Count) ->
    %% One scheduler for each of the two.
    Self = self(),
    spawn_opt(fun() -> Self ! {result, messages(Count div 2, [{scheduler, 2}])} end,
        [link, {scheduler, 1}]),
    receive {result, Result} -> Result end;
measure(memory, Count) ->
    talk_once(),
    erlang:garbage_collect(),
    Before = resident(),
    Ports = [talk_once() || _ <- lists:seq(1, Count)],
    Grown = resident() - Before,
    true = lists:all(fun(Port) -> erlang:port_info(Port) =/= undefined end, Ports),
    {Grown / Count, null};
measure('slow-reader', Seconds) -> slow_reader(Seconds).

%% Programs

cat(Options) ->
    open_port({spawn_executable, "/bin/cat"}, [binary, use_stdio | Options]).

round_trips(Count, Options) ->
    Port = cat(Options),
    Data = data(?SMALL),
    echoes(Port, Data, Count div 10),
    {os_pid, Pid} = erlang:port_info(Port, os_pid),
    timed([Pid], Count, fun() -> echoes(Port, Data, Count) end, fun microseconds/2).

echoes(_, _, 0) -> ok;
echoes(Port, Data, Count) ->
    port_command(Port, Data),
    bytes(Port, ?SMALL),
    echoes(Port, Data, Count - 1).

bytes(_, 0) -> ok;
bytes(Port, Left) ->
    receive {Port, {data, Data}} -> bytes(Port, Left - byte_size(Data)) end.

%% A sender of its own: it is the one that is suspended while the port is busy.
throughput(Writes) ->
    Port = cat([]),
    Data = data(?LARGE),
    {os_pid, Pid} = erlang:port_info(Port, os_pid),
    timed([Pid], Writes,
        fun() ->
            spawn_link(fun() -> commands(Port, Data, Writes) end),
            bytes(Port, Writes * ?LARGE)
        end,
        fun(Time, _) -> Writes * ?LARGE / 1048576 / (Time / 1.0e9) end).

packets(Count) ->
    Port = cat([{packet, 4}]),
    Data = data(?SMALL),
    {os_pid, Pid} = erlang:port_info(Port, os_pid),
    timed([Pid], Count,
        fun() ->
            spawn_link(fun() -> commands(Port, Data, Count) end),
            bytes(Port, Count * ?SMALL)
        end, fun millions/2).

commands(_, _, 0) -> ok;
commands(Port, Data, Count) ->
    port_command(Port, Data),
    commands(Port, Data, Count - 1).

starts(0) -> ok;
starts(Count) ->
    Port = open_port({spawn_executable, "/bin/true"}, [exit_status]),
    receive {Port, {exit_status, 0}} -> ok end,
    starts(Count - 1).

starts_at_once(Processes, Each) ->
    Monitors = [spawn_monitor(fun() -> starts(Each) end) || _ <- lists:seq(1, Processes)],
    [receive {'DOWN', Monitor, process, _, normal} -> ok end || {_, Monitor} <- Monitors],
    ok.

talk_once() ->
    Port = cat([]),
    echoes(Port, data(?SMALL), 1),
    Port.

%% The mailbox of a slow reader grows without bound: we stop before memory does, and
%% what is printed then is how far it came.
slow_reader(Seconds) ->
    Port = open_port({spawn, "yes"}, [binary]),
    Start = erlang:monotonic_time(millisecond),
    slow_reader(Port, Start, Seconds * 1000, resident(), undefined).

slow_reader(Port, Start, Whole, Base, First) ->
    receive {Port, {data, _}} -> ok end,
    receive after 10 -> ok end,
    Elapsed = erlang:monotonic_time(millisecond) - Start,
    Now = resident(),
    Enough = Now - Base > 2 bsl 30,
    if
        Enough, First =:= undefined -> {(Now - Base) / 1024, null};
        Enough; Elapsed >= Whole -> {(Now - First) / 1024, null};
        Elapsed >= Whole div 6, First =:= undefined ->
            slow_reader(Port, Start, Whole, Base, Now);
        true -> slow_reader(Port, Start, Whole, Base, First)
    end.

%% Drivers

load_driver() ->
    ok = erl_ddll:load_driver(get(folder), ?DRIVER).

open_driver() ->
    load_driver(),
    open_port({spawn_driver, ?DRIVER}, [binary]).

controls(_, _, 0) -> ok;
controls(Port, Data, Count) ->
    <<_:?SMALL/binary>> = port_control(Port, 1, Data),
    controls(Port, Data, Count - 1).

calls(_, _, 0) -> ok;
calls(Port, Term, Count) ->
    {a, _} = erlang:port_call(Port, 1, Term),
    calls(Port, Term, Count - 1).

open_many(Count) -> open_many(Count, []).

open_many(0, Ports) -> Ports;
open_many(Count, Ports) ->
    open_many(Count - 1, [open_port({spawn_driver, ?DRIVER}, [binary]) | Ports]).

close_many([]) -> ok;
close_many([Port | Ports]) ->
    port_close(Port),
    close_many(Ports).

terms(0) -> ok;
terms(Count) ->
    receive {term, 1, 2, 3, 4, 5, 6, 7, 8} -> terms(Count - 1) end.

%% Messages

messages(RoundTrips, SpawnOptions) ->
    Me = self(),
    Answerer = spawn_opt(fun() -> answer(Me) end, [link | SpawnOptions]),
    Data = data(?SMALL),
    ask(Answerer, Data, RoundTrips div 10),
    timed([], 2 * RoundTrips, fun() -> ask(Answerer, Data, RoundTrips) end,
        fun nanoseconds/2).

answer(Asker) ->
    receive Message -> Asker ! Message end,
    answer(Asker).

ask(_, _, 0) -> ok;
ask(Answerer, Data, Count) ->
    Answerer ! Data,
    receive <<_:?SMALL/binary>> -> ok end,
    ask(Answerer, Data, Count - 1).

%% Measuring

data(Size) -> binary:copy(<<"x">>, Size).

timed(Programs, Count, Run, Unit) ->
    {Value, Cpu, _} = timed_with(Programs, Count, Run, Unit),
    {Value, Cpu}.

timed_with(Programs, Count, Run, Unit) ->
    Cpu = cpu_time(Programs),
    Start = erlang:monotonic_time(nanosecond),
    Result = Run(),
    Time = erlang:monotonic_time(nanosecond) - Start,
    Used = cpu_time(Programs) - Cpu,
    {Unit(Time, Count), Used / Count, Result}.

nanoseconds(Time, Count) -> Time / Count.
microseconds(Time, Count) -> Time / Count / 1000.
per_second(Time, Count) -> Count / (Time / 1.0e9).
millions(Time, Count) -> per_second(Time, Count) / 1.0e6.

%% Processor time of this virtual machine and of programs, in nanoseconds.
cpu_time(Programs) ->
    Threads = filelib:wildcard("/proc/self/task/*/schedstat"),
    Files = Threads ++ ["/proc/" ++ integer_to_list(Pid) ++ "/schedstat" || Pid <- Programs],
    lists:sum([first_number(File) || File <- Files]).

first_number(File) ->
    case file:read_file(File) of
        {ok, Text} -> binary_to_integer(hd(binary:split(Text, <<" ">>)));
        {error, _} -> 0
    end.

resident() ->
    {ok, Status} = file:read_file("/proc/self/status"),
    {match, [Text]} = re:run(Status, "VmRSS:\\s+(\\d+)", [{capture, all_but_first, list}]),
    list_to_integer(Text) * 1024.
