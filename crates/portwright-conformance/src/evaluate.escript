#!/usr/bin/env escript
%%! -kernel logger_level none
%% Evaluates cases: FOLDER/N.code for each {N,TrapExits}. in the file LIST, one after
%% another; the text of each value goes to FOLDER/N.result.
-mode(compile).

main([Folder, List, Cwd, Limit]) ->
    {ok, Cases} = file:consult(List),
    {ok, Prelude} = file:read_file(filename:join(Folder, "prelude")),
    {value, _, Bindings} = erl_eval:exprs(parse(Prelude), erl_eval:new_bindings()),
    Environment = os:env(),
    lists:foreach(fun({Number, TrapExits}) ->
        File = filename:join(Folder, integer_to_list(Number)),
        ok = file:set_cwd(Cwd),
        {ok, Code} = file:read_file(File ++ ".code"),
        Text = run(Code, TrapExits, Bindings, list_to_integer(Limit)),
        restore(Environment),
        ok = file:write_file(File ++ ".part", unicode:characters_to_binary(Text)),
        ok = file:rename(File ++ ".part", File ++ ".result")
    end, Cases),
    halt(0, [{flush, false}]).

parse(Bytes) ->
    {ok, Tokens, _} = erl_scan:string(unicode:characters_to_list(Bytes)),
    {ok, Expressions} = erl_parse:parse_exprs(Tokens),
    Expressions.

%% All processes of a case have a group leader of their own, by which they are found.
run(Code, TrapExits, Bindings, Limit) ->
    Runner = self(),
    Real = group_leader(),
    Leader = spawn(fun() -> forward(Real) end),
    {Pid, Ref} = spawn_monitor(fun() ->
        group_leader(Leader, self()),
        process_flag(trap_exit, TrapExits),
        Runner ! {self(), evaluate(Code, Bindings)}
    end),
    Text = receive
        {Pid, Result} ->
            Result;
        {'DOWN', Ref, process, Pid, Reason} ->
            ["owner process terminated with reason ", named(Reason, Pid, [])]
    after Limit ->
        ["no result after ", integer_to_list(Limit div 1000), " seconds"]
    end,
    demonitor(Ref, [flush]),
    receive {Pid, _} -> ok after 0 -> ok end,
    erlang:system_monitor(undefined),
    [exit(P, kill) || P <- processes(), process_info(P, group_leader) =:= {group_leader, Leader}],
    exit(Leader, kill),
    Text.

forward(Real) ->
    receive Message -> Real ! Message end,
    forward(Real).

evaluate(Code, Bindings) ->
    try parse(Code) of
        Expressions ->
            try erl_eval:exprs(Expressions, Bindings) of
                {value, Value, After} -> named(Value, self(), After)
            catch
                Class:Reason -> named({exception, Class, Reason}, self(), [])
            end
    catch
        _:Error -> ["error in the case: ", io_lib:format("~0tp", [Error])]
    end.

%% The value's text with ports, pids and references named after variables.
named(Value, Self, Bindings) ->
    Names = [{Self, '$Self'} | [{V, list_to_atom([$$ | atom_to_list(N)])}
                                || {N, V} <- lists:sort(as_list(Bindings)),
                                   is_pid(V) orelse is_port(V) orelse is_reference(V)]],
    Text = lists:flatten(io_lib:format("~0tp", [rename(Value, Names)])),
    re:replace(Text, "'\\$(\\w+)'", "\\1", [global, unicode, {return, list}]).

as_list(Bindings) when is_map(Bindings) -> maps:to_list(Bindings);
as_list(Bindings) -> Bindings.

rename(T, Names) when is_pid(T); is_port(T); is_reference(T) ->
    case lists:keyfind(T, 1, Names) of
        {_, Name} -> Name;
        false when is_pid(T) -> '$PID';
        false when is_port(T) -> '$PORT';
        false -> '$REF'
    end;
rename([H | T], Names) -> [rename(H, Names) | rename(T, Names)];
rename(T, Names) when is_tuple(T) -> list_to_tuple([rename(E, Names) || E <- tuple_to_list(T)]);
rename(T, Names) when is_map(T) ->
    maps:from_list([{rename(K, Names), rename(V, Names)} || {K, V} <- maps:to_list(T)]);
rename(T, _) -> T.

restore(Before) ->
    [os:unsetenv(N) || {N, _} <- os:env() -- Before],
    [os:putenv(N, V) || {N, V} <- Before -- os:env()].
