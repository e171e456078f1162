%% timer(3). Timers are processes of their own, which end with the process that they belong to.
-module(timer).
-export([sleep/1, tc/1, tc/2, tc/3, send_after/2, send_after/3, send_interval/2, send_interval/3, apply_after/4,
         apply_interval/4, exit_after/2, exit_after/3, kill_after/1, kill_after/2, cancel/1, now_diff/2, seconds/1,
         minutes/1, hours/1, hms/3, start/0]).

start() -> ok.

sleep(Time) ->
    receive
    after Time -> ok
    end.

tc(F) ->
    T1 = erlang:monotonic_time(),
    Value = F(),
    {elapsed(T1), Value}.

tc(F, Args) ->
    T1 = erlang:monotonic_time(),
    Value = apply(F, Args),
    {elapsed(T1), Value}.

tc(M, F, Args) ->
    T1 = erlang:monotonic_time(),
    Value = apply(M, F, Args),
    {elapsed(T1), Value}.

elapsed(T1) -> erlang:convert_time_unit(erlang:monotonic_time() - T1, native, microsecond).

send_after(Time, Message) -> send_after(Time, self(), Message).

send_after(0, Dest, Message) ->
    case is_destination(Dest) of
        true -> _ = (catch Dest ! Message), {ok, {instant, make_ref()}};
        false -> {error, badarg}
    end;
send_after(Time, Dest, Message) when is_integer(Time), Time > 0, is_pid(Dest) ->
    {ok, {send_local, erlang:send_after(Time, Dest, Message)}};
send_after(Time, Dest, Message) when is_integer(Time), Time > 0 ->
    case is_destination(Dest) of
        true -> once(Time, fun() -> catch Dest ! Message end);
        false -> {error, badarg}
    end;
send_after(_, _, _) -> {error, badarg}.

is_destination({Name, Node}) -> is_atom(Name) andalso is_atom(Node);
is_destination(Dest) -> is_pid(Dest) orelse is_atom(Dest).

apply_after(0, M, F, Args) when is_atom(M), is_atom(F), is_list(Args) ->
    _ = spawn(M, F, Args),
    {ok, {instant, make_ref()}};
apply_after(Time, M, F, Args) when is_integer(Time), Time > 0, is_atom(M), is_atom(F), is_list(Args) ->
    once(Time, fun() -> apply(M, F, Args) end);
apply_after(_, _, _, _) -> {error, badarg}.

exit_after(Time, Reason) -> exit_after(Time, self(), Reason).

exit_after(Time, Pid, Reason) -> apply_after(Time, erlang, exit, [Pid, Reason]).

kill_after(Time) -> kill_after(Time, self()).

kill_after(Time, Pid) -> exit_after(Time, Pid, kill).

send_interval(Time, Message) -> send_interval(Time, self(), Message).

send_interval(Time, Dest, Message) when is_integer(Time), Time >= 0 ->
    Owner = case is_pid(Dest) of true -> Dest; false -> self() end,
    case is_destination(Dest) of
        true -> repeat(Time, Owner, fun() -> catch Dest ! Message end);
        false -> {error, badarg}
    end;
send_interval(_, _, _) -> {error, badarg}.

apply_interval(Time, M, F, Args) when is_integer(Time), Time >= 0, is_atom(M), is_atom(F), is_list(Args) ->
    repeat(Time, self(), fun() -> spawn(M, F, Args) end);
apply_interval(_, _, _, _) -> {error, badarg}.

once(Time, Action) ->
    {ok, {once, worker(fun() -> receive stop -> ok after Time -> Action() end end)}}.

repeat(Time, Owner, Action) ->
    {ok, {interval, worker(fun() -> every(Time, erlang:monitor(process, Owner), Action) end)}}.

every(Time, Ref, Action) ->
    receive
        stop -> ok;
        {'DOWN', Ref, _, _, _} -> ok
    after Time -> Action(), every(Time, Ref, Action)
    end.

%% A process, by the alias through which it is told to stop.
worker(Work) ->
    {Owner, Tag} = {self(), make_ref()},
    _ = spawn(fun() -> Owner ! {Tag, erlang:alias()}, Work() end),
    receive {Tag, Alias} -> Alias end.

cancel({send_local, Ref}) when is_reference(Ref) -> _ = erlang:cancel_timer(Ref), {ok, cancel};
cancel({instant, Ref}) when is_reference(Ref) -> {ok, cancel};
cancel({Kind, Ref}) when is_reference(Ref), Kind =:= once orelse Kind =:= interval -> Ref ! stop, {ok, cancel};
cancel(_) -> {error, badarg}.

now_diff({A2, B2, C2}, {A1, B1, C1}) -> ((A2 - A1) * 1000000 + B2 - B1) * 1000000 + C2 - C1.

seconds(S) -> 1000 * S.

minutes(M) -> 1000 * 60 * M.

hours(H) -> 1000 * 60 * 60 * H.

hms(H, M, S) -> hours(H) + minutes(M) + seconds(S).
