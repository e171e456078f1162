#!/usr/bin/env escript
%%! -kernel logger_level none
%% Evaluates each line of a file with erl_eval, in a process of its own, and
%% prints one line for each: {ok,Value}, {Class,Reason}, {syntax,Text} ...
main([File]) ->
    ok = io:setopts([{encoding, unicode}]),
    {ok, Bytes} = file:read_file(File),
    Lines = string:split(unicode:characters_to_list(Bytes), "\n", all),
    [io:format("~0tp~n", [evaluate(Line)]) || Line <- Lines, wanted(Line)],
    halt(0).

wanted("") -> false;
wanted("%" ++ _) -> false;
wanted(_) -> true.

evaluate(Text) ->
    Self = self(),
    {Pid, Ref} = spawn_monitor(fun() -> Self ! {self(), run(Text)} end),
    receive
        {Pid, Result} -> demonitor(Ref, [flush]), Result;
        {'DOWN', Ref, process, Pid, Reason} -> {died, Reason}
    after 20000 -> exit(Pid, kill), timeout
    end.

run(Text) ->
    case erl_scan:string(Text, {1, 1}) of
        {ok, Tokens, _} ->
            case erl_parse:parse_exprs(Tokens) of
                {ok, Expressions} -> value(Expressions);
                {error, {_, Module, Info}} -> {syntax, lists:flatten(Module:format_error(Info))}
            end;
        {error, {_, Module, Info}, _} -> {syntax, lists:flatten(Module:format_error(Info))}
    end.

value(Expressions) ->
    try erl_eval:exprs(Expressions, erl_eval:new_bindings()) of
        {value, Value, _} -> {ok, Value}
    catch
        Class:Reason -> {Class, Reason}
    end.
