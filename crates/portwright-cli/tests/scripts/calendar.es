#!/usr/bin/env escript
main(_) ->
    io:format("~s~n", [calendar:system_time_to_rfc3339(0, [{offset, "Z"}])]),
    io:format("~s~n", [calendar:system_time_to_rfc3339(1553000000123, [{offset, "+02:30"}, {unit, millisecond}])]),
    io:format("~s~n", [calendar:system_time_to_rfc3339(1553000000123456, [{offset, -3600}, {unit, microsecond}, {time_designator, $\s}])]),
    io:format("~s~n", [calendar:system_time_to_rfc3339(1553000000)]),
    io:format("~p~n", [calendar:rfc3339_to_system_time("2018-02-01T16:17:58.012+01:00", [{unit, nanosecond}])]),
    io:format("~p~n", [calendar:rfc3339_to_system_time("2018-02-01T15:18:02Z")]),
    io:format("~p~n", [array:to_list(array:set(3, x, array:from_list([a, b])))]),
    A = array:set(1, q, array:new([{size, 3}, {default, 0}])),
    io:format("~p~n", [[array:size(A), array:get(2, A), array:is_fix(A), array:sparse_to_list(A), array:foldl(fun(I, V, Acc) -> [{I, V} | Acc] end, [], A), array:to_orddict(array:resize(5, A)), array:size(array:set(10, x, array:new())), array:get(99, array:new()), catch element(1, catch array:get(9, A)), array:map(fun(I, _) -> I end, A) =:= x]]),
    T = ets:new(t, [bag]), ets:insert(T, [{a, 1, x}, {a, 2, y}, {b, 3, x}]),
    io:format("~p~n", [[lists:sort(ets:match(T, {'$2', '$1', x})), lists:sort(ets:match_object(T, {a, '_', '_'})), lists:sort(ets:select(T, [{{'$1', '$2', '_'}, [{'>=', '$2', 2}], [{{'$2', '$1', {const, c}}}]}, {{a, '_', '$3'}, [], ['$3', '$$']}])), ets:select_count(T, [{{'_', '$1', '_'}, [{'orelse', {'<', '$1', 2}, {'=:=', {'rem', '$1', 3}, 0}}], [true]}]), ets:select_delete(T, [{{a, '_', '_'}, [], [true]}]), ets:tab2list(T), ets:match_delete(T, '_'), ets:tab2list(T), (catch ets:select(T, foo)) =/= []]]),
    io:format("~p~n", [lists:sort(filelib:fold_files("/etc", "^host.*$", false, fun(F, Acc) -> [F | Acc] end, []))]),
    io:format("~w~n", [begin rand:seed(exsss, 5), [rand:uniform(6), rand:uniform(1 bsl 40), rand:uniform()] end]),
    {V, S} = rand:uniform_s(10, rand:seed_s(exsss, {4, 5, 6})), {W, _} = rand:uniform_s(S), io:format("~w ~w~n", [V, W]).
