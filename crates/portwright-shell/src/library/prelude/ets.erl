%% ets(3): what looks at objects with funs, patterns and match specifications.
-module(ets).
-export([foldl/3, foldr/3, match/2, match_object/2, match_delete/2, select/2, select_count/2, select_delete/2,
         select_reverse/2, match_spec_compile/1, match_spec_run/2, is_compiled_ms/1, test_ms/2]).

%% In OTP the first thing that these do is a call of safe_fixtable/2.
foldl(Fun, Acc, Table) ->
    checked(Table, safe_fixtable, [Table, true]),
    lists:foldl(Fun, Acc, ets:tab2list(Table)).

foldr(Fun, Acc, Table) ->
    checked(Table, safe_fixtable, [Table, true]),
    lists:foldr(Fun, Acc, ets:tab2list(Table)).

match(Table, Pattern) ->
    checked(Table, match, [Table, Pattern]),
    select(Table, [{Pattern, [], ['$$']}]).

match_object(Table, Pattern) ->
    checked(Table, match_object, [Table, Pattern]),
    select(Table, [{Pattern, [], ['$_']}]).

match_delete(Table, Pattern) ->
    checked(Table, match_delete, [Table, Pattern]),
    select_delete(Table, [{Pattern, [], [true]}]),
    true.

select(Table, Spec) -> selected(Table, select, Spec).

selected(Table, Function, Spec) ->
    checked(Table, Function, [Table, Spec]),
    match_spec_run(ets:tab2list(Table), specification(Spec, Function, [Table, Spec])).

checked(Table, Function, Arguments) ->
    case ets:info(Table, size) of
        undefined -> refuse(Function, Arguments, id);
        _ -> ok
    end.

specification(Spec, Function, Arguments) ->
    try
        match_spec_compile(Spec)
    catch
        error:_ -> refuse(Function, Arguments, none)
    end.

refuse(Function, Arguments, Cause) ->
    Info = [{error_info, #{cause => Cause, module => erl_stdlib_errors}}],
    erlang:raise(error, badarg, [{ets, Function, Arguments, Info}]).

select_reverse(Table, Spec) -> lists:reverse(selected(Table, select_reverse, Spec)).

select_count(Table, Spec) -> length([true || true <- selected(Table, select_count, Spec)]).

select_delete(Table, Spec) ->
    checked(Table, select_delete, [Table, Spec]),
    specification(Spec, select_delete, [Table, Spec]),
    Gone = [Object || Object <- ets:tab2list(Table), run(Spec, Object) =:= {ok, true}],
    [ets:delete_object(Table, Object) || Object <- Gone],
    length(Gone).

match_spec_compile(Spec) when is_list(Spec) ->
    case lists:all(fun({_, Guards, [_ | _]}) -> is_list(Guards); (_) -> false end, Spec) of
        true -> Spec;
        false -> error(badarg)
    end;
match_spec_compile(_) -> error(badarg).

is_compiled_ms(Spec) -> is_list(Spec).

match_spec_run(Objects, Spec) ->
    lists:flatmap(
        fun(Object) ->
            case run(Spec, Object) of
                {ok, Value} -> [Value];
                nomatch -> []
            end
        end,
        Objects
    ).

test_ms(Object, Spec) ->
    case run(match_spec_compile(Spec), Object) of
        {ok, Value} -> {ok, Value};
        nomatch -> {ok, false}
    end.

%% The value of the first clause that takes an object.
run([], _) -> nomatch;
run([{Pattern, Guards, Body} | Clauses], Object) ->
    case fits(Pattern, Object, #{'$_' => Object}) of
        {ok, Bound} ->
            case lists:all(fun(Guard) -> holds(Guard, Bound) end, Guards) of
                true -> {ok, lists:last([value(Part, Bound) || Part <- Body])};
                false -> run(Clauses, Object)
            end;
        nomatch -> run(Clauses, Object)
    end.

fits('_', _, Bound) -> {ok, Bound};
fits(Pattern, Term, Bound) when is_atom(Pattern) ->
    case is_variable(Pattern) of
        true ->
            case Bound of
                #{Pattern := Term} -> {ok, Bound};
                #{Pattern := _} -> nomatch;
                #{} -> {ok, Bound#{Pattern => Term}}
            end;
        false when Pattern =:= Term -> {ok, Bound};
        false -> nomatch
    end;
fits([P | Ps], [T | Ts], Bound) ->
    case fits(P, T, Bound) of
        {ok, More} -> fits(Ps, Ts, More);
        nomatch -> nomatch
    end;
fits(Pattern, Term, Bound) when is_tuple(Pattern), tuple_size(Pattern) =:= tuple_size(Term) ->
    fits(tuple_to_list(Pattern), tuple_to_list(Term), Bound);
fits(Pattern, Term, Bound) when is_map(Pattern), is_map(Term) ->
    maps:fold(
        fun
            (Key, Value, {ok, Now}) when is_map_key(Key, Term) -> fits(Value, map_get(Key, Term), Now);
            (_, _, _) -> nomatch
        end,
        {ok, Bound},
        Pattern
    );
fits(Term, Term, Bound) -> {ok, Bound};
fits(_, _, _) -> nomatch.

is_variable(Name) ->
    case atom_to_list(Name) of
        [$$, Digit | Digits] when Digit >= $0, Digit =< $9 ->
            lists:all(fun(C) -> C >= $0 andalso C =< $9 end, Digits);
        _ -> false
    end.

%% A guard that fails in itself does not hold.
holds(Guard, Bound) ->
    try value(Guard, Bound) =:= true
    catch _:_ -> false
    end.

value('$$', Bound) ->
    Names = [{list_to_integer(tl(atom_to_list(Name))), Value} || {Name, Value} <- maps:to_list(Bound), Name =/= '$_'],
    [Value || {_, Value} <- lists:keysort(1, Names)];
value(Name, Bound) when is_atom(Name), is_map_key(Name, Bound) -> map_get(Name, Bound);
value({const, Term}, _) -> Term;
value({Tuple}, Bound) when is_tuple(Tuple) ->
    list_to_tuple([value(Part, Bound) || Part <- tuple_to_list(Tuple)]);
value({'andalso', A, B}, Bound) -> value(A, Bound) andalso value(B, Bound);
value({'orelse', A, B}, Bound) -> value(A, Bound) orelse value(B, Bound);
value(Call, Bound) when is_tuple(Call), is_atom(element(1, Call)) ->
    [Function | Parts] = tuple_to_list(Call),
    apply(erlang, Function, [value(Part, Bound) || Part <- Parts]);
value([Head | Tail], Bound) -> [value(Head, Bound) | value(Tail, Bound)];
value(Map, Bound) when is_map(Map) ->
    maps:from_list([{value(K, Bound), value(V, Bound)} || {K, V} <- maps:to_list(Map)]);
value(Term, _) -> Term.
