%% proc_lib(3): processes that tell those who started them when they are ready. They end without reports.
-module(proc_lib).
-export([spawn/1, spawn/3, spawn_link/1, spawn_link/3, spawn_opt/2, spawn_opt/4, start/3, start/4, start_link/3,
         start_link/4, init_ack/1, init_ack/2, hibernate/3, stop/1, stop/3]).

spawn(Fun) -> ?MODULE:spawn_opt(Fun, []).

spawn(Module, Function, Arguments) -> ?MODULE:spawn_opt(Module, Function, Arguments, []).

spawn_link(Fun) -> ?MODULE:spawn_opt(Fun, [link]).

spawn_link(Module, Function, Arguments) -> ?MODULE:spawn_opt(Module, Function, Arguments, [link]).

spawn_opt(Fun, Options) when is_function(Fun, 0) ->
    Parents = parents(),
    erlang:spawn_opt(fun() -> run(Parents, Fun) end, Options).

spawn_opt(Module, Function, Arguments, Options) ->
    Parents = parents(),
    erlang:spawn_opt(fun() -> run(Parents, fun() -> apply(Module, Function, Arguments) end) end, Options).

parents() ->
    Own = case process_info(self(), registered_name) of
        {registered_name, Name} -> Name;
        [] -> self()
    end,
    case get('$ancestors') of
        Before when is_list(Before) -> [Own | Before];
        _ -> [Own]
    end.

%% An error ends the process as an exit does.
run(Parents, Fun) ->
    put('$ancestors', Parents),
    try
        Fun()
    catch
        error:Reason:Trace -> exit({Reason, Trace});
        throw:Value:Trace -> exit({{nocatch, Value}, Trace})
    end.

start(Module, Function, Arguments) -> start(Module, Function, Arguments, infinity).

start(Module, Function, Arguments, Timeout) ->
    {Pid, Monitor} = ?MODULE:spawn_opt(Module, Function, Arguments, [monitor]),
    receive
        {ack, Pid, Answer} ->
            demonitor(Monitor, [flush]),
            Answer;
        {'DOWN', Monitor, process, Pid, Reason} -> {error, Reason}
    after Timeout ->
        demonitor(Monitor, [flush]),
        exit(Pid, kill),
        {error, timeout}
    end.

start_link(Module, Function, Arguments) -> start_link(Module, Function, Arguments, infinity).

start_link(Module, Function, Arguments, Timeout) ->
    Pid = ?MODULE:spawn_link(Module, Function, Arguments),
    receive
        {ack, Pid, Answer} -> Answer;
        {'EXIT', Pid, Reason} -> {error, Reason}
    after Timeout ->
        unlink(Pid),
        exit(Pid, kill),
        receive
            {'EXIT', Pid, _} -> ok
        after 0 -> ok
        end,
        {error, timeout}
    end.

init_ack(Answer) ->
    [Parent | _] = get('$ancestors'),
    init_ack(Parent, Answer).

init_ack(Parent, Answer) ->
    Parent ! {ack, self(), Answer},
    ok.

hibernate(Module, Function, Arguments) -> erlang:hibernate(Module, Function, Arguments).

stop(Process) -> stop(Process, normal, infinity).

stop(Process, Reason, Timeout) -> gen_server:stop(Process, Reason, Timeout).
