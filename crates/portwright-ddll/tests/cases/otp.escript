#!/usr/bin/env escript
%%! +S 4
%% A driver that waits in a callback keeps a scheduler: background processes have one of their own. A port task that
%% waits for it keeps another, perhaps ours, as soon as we wait for anything: `do` runs steps without printing between.
%% Runs case files on the real emulator and prints each step with what came of it.
%% Usage: otp.escript BUILT WORK FILE...    BUILT has VARIANT/VARIANT.so; see ../swiss.rs for the steps.
-mode(compile).
-export([main/1, log/2]).
main([Built, Work | Files]) ->
    io:setopts([{encoding, unicode}]),
    %% Nothing is printed; `logged` looks for what was reported.
    ets:new(reports, [named_table, public, bag]),
    logger:remove_handler(default),
    ok = logger:add_handler(reports, ?MODULE, #{}),
    lists:foreach(fun(File) -> file(File, Built, Work) end, Files),
    %% What was printed is written by another process; a port that lingers would keep a halt that flushes.
    _ = io:columns(), timer:sleep(300),
    halt(0, [{flush, false}]).

log(#{msg := Message}, _) ->
    Text = case Message of {string, S} -> S; {report, R} -> io_lib:format("~p", [R]); {F, A} -> io_lib:format(F, A) end,
    ets:insert(reports, {report, lists:flatten(io_lib:format("~ts", [Text]))}).

file(File, Built, Work) ->
    {ok, Bin} = file:read_file(File),
    Lines = string:split(unicode:characters_to_list(Bin), "\n", all),
    cases(Lines, [], Built, Work, 1).

cases([], Case, Built, Work, N) -> run(lists:reverse(Case), Built, Work, N);
cases(["case " ++ _ = L | Rest], Case, Built, Work, N) ->
    run(lists:reverse(Case), Built, Work, N),
    cases(Rest, [L], Built, Work, N + 1);
cases([L | Rest], Case, Built, Work, N) -> cases(Rest, [L | Case], Built, Work, N).

run([], _, _, _) -> ok;
run(["case " ++ Head | Steps], Built, Work, N) ->
    [_, Variant | _] = string:lexemes(Head, " "),
    io:format("case ~ts~n", [Head]),
    Dir = filename:join(Work, integer_to_list(N)),
    ets:delete_all_objects(reports),
    {P, R} = on(1, fun() ->
        process_flag(trap_exit, true),
        put(dir, Dir), put(built, Built), put(driver, Variant),
        case Variant of
            "-" -> filelib:ensure_dir(filename:join(Dir, "x"));
            _ -> copy(Variant, Dir), ok = erl_ddll:load(Dir, Variant)
        end,
        lists:foreach(fun line/1, Steps)
    end, [monitor]),
    receive {'DOWN', R, process, P, Why} -> Why =:= normal orelse io:format("CASE ENDED ~p~n", [Why]) end,
    %% A port that lingers for ever would keep the driver.
    catch erl_ddll:try_unload(Variant, [kill_ports]), catch erl_ddll:try_unload("swissp", [kill_ports]),
    gone(Variant, 200), gone("swissp", 200);
run(Other, _, _, _) -> lists:foreach(fun(L) -> io:format("~ts~n", [L]) end, trim(Other)).

on(Scheduler, Fun, Options) -> spawn_opt(Fun, [{scheduler, Scheduler} | Options]).

trim(L) -> case lists:last(L) of "" -> lists:droplast(L); _ -> L end.

gone(_, 0) -> ok;
gone(V, N) -> {ok, L} = erl_ddll:loaded_drivers(), case lists:member(V, L) of true -> timer:sleep(10), gone(V, N - 1); false -> ok end.

copy(Variant, Dir) ->
    To = filename:join(Dir, Variant ++ ".so"),
    filelib:ensure_dir(To),
    file:delete(To),
    {ok, _} = file:copy(filename:join([get(built), Variant, Variant ++ ".so"]), To).

line("") -> io:format("~n");
line("#" ++ _ = L) -> io:format("~ts~n", [L]);
line(L) ->
    [Step | _] = string:split(L, " => "),
    Result = try step(Step) catch error:E -> "error " ++ show(E); exit:E -> "exit " ++ show(E) end,
    io:format("~ts => ~ts~n", [Step, Result]).

step("other " ++ S) -> in_other(S);
step("otherasync " ++ S) -> get(other) ! {step, spawn(fun() -> ok end), S, get()}, "ok";
step("do " ++ S) -> lists:join(" ", [step(One) || One <- string:split(S, " && ", all)]);
step("otherbg " ++ S) -> in_other("sleep 0"), get(other) ! {step, spawn(fun() -> ok end), S, get()}, "ok";
step("bg " ++ S) ->
    Me = self(), Dict = get(),
    Pid = on(2, fun() -> [put(K, V) || {K, V} <- Dict, K =/= bg], put(main, Me), R = try step(S) catch error:E -> "error " ++ show(E) end, Me ! {bg, self(), R} end, []),
    put(bg, case get(bg) of undefined -> []; L -> L end ++ [Pid]), "ok";
step("join") -> [Pid | Rest] = get(bg), put(bg, Rest), receive {bg, Pid, R} -> R after 5000 -> "timeout" end;
%% The newest background process, or the other one, waits for a busy port.
step("suspended") -> suspended(lists:last(get(bg)), 500);
step("othersuspended") -> suspended(get(other), 500);
step("watch") -> in_other("sleep 0"), monitor(process, get(other)), "ok";
step("tell " ++ M) -> self() ! term(M), "ok";
step("times " ++ Rest) -> {W, N} = first(Rest), times(W, list_to_integer(N), 500);
step("mark " ++ Name) -> ok = file:write_file(filename:join(get(dir), get(driver) ++ ".so." ++ Name), ""), "ok";
step("logged " ++ What) -> logged(What, 500);
step("notlogged " ++ What) -> timer:sleep(50), show(logged(What, 1) =:= "timeout");
step("otherdie " ++ W) ->
    exit(get(other), term(W)), R = monitor(process, get(other)), receive {'DOWN', R, _, _, _} -> ok end, erase(other), "ok";
step("open " ++ Rest) ->
    {Name, Args} = first(Rest),
    P = apply(erlang, open_port, term(Args)), put({name, Name}, P), put({port, P}, Name), "ok";
step("name " ++ Rest) ->   %% the newest port gets a name
    P = lists:last(lists:sort(erlang:ports())), put({name, Rest}, P), put({port, P}, Rest), "ok";
step("ctl " ++ Rest) -> {N, S} = first(Rest), text(port_control(port(N), 1, unicode:characters_to_list(S)));
step("ctlraw " ++ Rest) -> {N, A} = first(Rest), R = apply(erlang, port_control, [port(N) | term(A)]), put(reply, R), show(R);
step("call " ++ Rest) -> {N, A} = first(Rest), show(apply(erlang, port_call, [port(N) | term(A)]));
step("cmd " ++ Rest) -> {N, A} = first(Rest), show(apply(erlang, port_command, [port(N) | term(A)]));
step("close " ++ N) -> show(port_close(port(N)));
step("connect " ++ Rest) -> {N, A} = first(Rest), show(port_connect(port(N), term(A)));
step("send " ++ Rest) -> {N, A} = first(Rest), port(N) ! {self(), term(A)}, "ok";
step("sendopt " ++ Rest) -> {N, A} = first(Rest), [M, O] = term(A), show(erlang:send(port(N), {self(), M}, O));
step("sendraw " ++ Rest) -> {N, A} = first(Rest), port(N) ! term(A), "ok";
step("exit " ++ Rest) -> {N, A} = first(Rest), exit(port(N), term(A)), "ok";
step("unlink " ++ N) -> unlink(port(N)), "ok";
step("link " ++ N) -> link(port(N)), "ok";
step("monitor " ++ N) -> monitor(port, port(N)), "ok";
step("register " ++ Rest) -> {N, A} = first(Rest), register(term(A), port(N)), "ok";
step("info " ++ Rest) -> {N, I} = first(Rest), show(erlang:port_info(port(N), term(I)));
step("isport " ++ N) -> show(lists:member(port(N), erlang:ports()));
step("trap " ++ B) -> process_flag(trap_exit, term(B)), "ok";
step("sleep " ++ N) -> timer:sleep(list_to_integer(N)), "ok";
step("msg") -> receive M when M =:= {}; element(1, M) =/= bg; not is_tuple(M) -> show(M) after 5000 -> "none" end;
step("msgs " ++ N) -> lists:join(" ", [step("msg") || _ <- lists:seq(1, list_to_integer(N))]);
step("tally " ++ N) ->
    All = [receive M when is_tuple(M) -> element(1, M) after 5000 -> none end || _ <- lists:seq(1, list_to_integer(N))],
    lists:join(" ", [io_lib:format("~p ~p", [K, length([ok || X <- All, X =:= K])]) || K <- lists:usort(All)]);
step("size") -> receive {_, {data, D}} when is_list(D) -> show(iolist_size(D)); {_, {data, D}} -> show(byte_size(D)) after 5000 -> "none" end;
step("nomsg") -> receive M when M =:= {}; element(1, M) =/= bg; not is_tuple(M) -> show(M) after 60 -> "none" end;
step("log") -> Text = log(), Old = seen(), put(log, length(Text)),
    lists:join(" | ", string:lexemes(string:slice(Text, Old), "\n"));
step("logset") -> lists:join(" | ", lists:sort(string:lexemes(log(), "\n")));
step("wait " ++ What) -> wait(What, 500);
step("driver " ++ D) -> put(driver, D), erase(log), "ok";
step("copy " ++ Rest) -> case string:lexemes(Rest, " ") of [V] -> copy(V, get(dir)); [V, Sub] -> copy(V, filename:join(get(dir), Sub)) end, "ok";
step("junk " ++ Rest) -> file:write_file(filename:join(get(dir), Rest ++ ".so"), "12345678"), "ok";
step("putenv " ++ Rest) -> {K, V} = first(Rest), os:putenv(K, V), "ok";
step("ddll " ++ Rest) -> {F, A} = first(Rest), show(apply(erl_ddll, list_to_atom(F), term(A)));
step("ddllinfo " ++ Rest) -> {N, A} = first(Rest), show(erl_ddll:info(N, term(A)));
step("loaderror " ++ Rest) -> {error, E} = apply(erl_ddll, load, term(Rest)), show(case E of {open_error, _} -> lists:last(string:split(erl_ddll:format_error(E), ": ", all)); _ -> E end);
step("isloaded " ++ N) -> {ok, L} = erl_ddll:loaded_drivers(), show(lists:member(N, L));
step("unloaded " ++ N) -> gone(N, 300), step("isloaded " ++ N).

in_other(S) ->
    Other = case get(other) of
        undefined ->
            Dict = get(), Main = self(),
            O = spawn(fun() -> process_flag(trap_exit, false), [put(K, V) || {K, V} <- Dict], put(main, Main), monitor(process, Main), serve() end),
            put(other, O), O;
        O -> O
    end,
    Other ! {step, self(), S, get()},
    receive {step_result, R} -> R after 5000 -> "timeout" end.
serve() -> receive {step, From, S, Dict} ->
    [put(K, V) || {{name, _} = K, V} <- Dict], [put(K, V) || {{port, _} = K, V} <- Dict],
    R = try step(S) catch error:E -> "error " ++ show(E) end, From ! {step_result, R}, serve(); {'DOWN', _, process, _, _} -> ok end.

log() -> case file:read_file(filename:join(get(dir), get(driver) ++ ".so.log")) of {ok, B} -> unicode:characters_to_list(B); _ -> "" end.
suspended(_, 0) -> "timeout";
suspended(P, N) -> case process_info(P, status) of {status, suspended} -> "ok"; _ -> timer:sleep(10), suspended(P, N - 1) end.
times(_, _, 0) -> "timeout";
times(W, Wanted, N) ->
    Lines = [L || L <- string:lexemes(log(), "\n"), lists:prefix(W, L)],
    if length(Lines) >= Wanted -> "ok"; true -> timer:sleep(10), times(W, Wanted, N - 1) end.
logged(_, 0) -> "timeout";
logged(W, N) -> case [ok || {_, T} <- ets:lookup(reports, report), string:find(T, W) =/= nomatch] of [] -> timer:sleep(10), logged(W, N - 1); _ -> "ok" end.
wait(_, 0) -> "timeout";
wait(W, N) -> case [L || L <- string:lexemes(string:slice(log(), seen()), "\n"), lists:prefix(W, L)] of [] -> timer:sleep(10), wait(W, N - 1); _ -> "ok" end.
seen() -> case get(log) of undefined -> 0; N -> N end.
first(S) -> case string:split(S, " ") of [A, B] -> {A, B}; [A] -> {A, ""} end.
port(N) -> case get({name, N}) of undefined -> list_to_atom(N); P -> P end.
text(L) when is_list(L) -> L;
text(B) when is_binary(B) -> "bin:" ++ binary_to_list(B).
term(S) ->
    {ok, T, _} = erl_scan:string(unicode:characters_to_list(S) ++ "."), {ok, X} = erl_parse:parse_exprs(T), {value, V, _} = erl_eval:exprs(X, []), subst(V).
subst('DIR') -> get(dir);
subst('DIR2') -> filename:join(get(dir), "two");
subst('SELF') -> case get(main) of undefined -> self(); Main -> Main end;
subst('OTHER') -> get(other);
subst('P') -> port("P");
subst('Q') -> port("Q");
%% A part of a larger binary, at a byte and within one.
subst('PART') -> binary:part(binary:copy(<<"v">>, 200), 10, 100);
subst('SHIFTED') -> <<_:3, Bits:800/bitstring, _/bitstring>> = binary:copy(<<"v">>, 200), <<Shifted:100/binary>> = Bits, Shifted;
%% The evaluator leaves parts of larger binaries.
subst(B) when is_binary(B) -> binary:copy(B);
subst(A) when is_atom(A) -> case atom_to_list(A) of "B" ++ [D | _] = N when D >= $0, D =< $9 -> binary:copy(<<"v">>, list_to_integer(tl(N))); _ -> A end;
subst(T) when is_tuple(T) -> list_to_tuple([subst(X) || X <- tuple_to_list(T)]);
subst([H | T]) -> [subst(H) | subst(T)];
subst(X) -> X.
show(T) -> lists:flatten(io_lib:format("~0tp", [mask(T)])).
mask(P) when is_port(P) -> case get({port, P}) of undefined -> 'PORT'; N -> list_to_atom(N) end;
mask(P) when is_pid(P) -> case {self(), get(other), get(main)} of {P, _, _} -> 'SELF'; {_, P, _} -> 'OTHER'; {_, _, P} -> 'MAIN'; _ -> 'PID' end;
mask(R) when is_reference(R) -> 'REF';
mask(F) when is_function(F) -> 'FUN';
mask(T) when is_tuple(T) -> list_to_tuple([mask(X) || X <- tuple_to_list(T)]);
mask([H | T]) -> [mask(H) | mask(T)];
mask(M) when map_size(M) > 32 -> {'MAP', map_size(M)};
mask(M) when is_map(M) -> maps:from_list([{mask(K), mask(V)} || {K, V} <- maps:to_list(M)]);
mask(X) -> X.
