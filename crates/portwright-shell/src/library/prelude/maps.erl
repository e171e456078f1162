%% The higher-order functions of maps(3). The rest is native: see library/maps.rs.
-module(maps).
-export([filter/2, filtermap/2, fold/3, foreach/2, groups_from_list/2, groups_from_list/3, intersect/2,
         intersect_with/3, iterator/1, map/2, merge_with/3, next/1, update_with/3, update_with/4, with/2, without/2]).

fold(F, Acc, Map) when is_function(F, 3) -> fold_pairs(F, Acc, pairs(Map));
fold(_, _, Map) -> wrong(Map).

fold_pairs(F, Acc, [{K, V} | T]) -> fold_pairs(F, F(K, V, Acc), T);
fold_pairs(_, Acc, []) -> Acc.

foreach(F, Map) when is_function(F, 2) -> each(F, pairs(Map));
foreach(_, Map) -> wrong(Map).

each(F, [{K, V} | T]) -> F(K, V), each(F, T);
each(_, []) -> ok.

map(F, Map) when is_function(F, 2) -> maps:from_list([{K, F(K, V)} || {K, V} <- pairs(Map)]);
map(_, Map) -> wrong(Map).

filter(Pred, Map) when is_function(Pred, 2) -> maps:from_list([P || {K, V} = P <- pairs(Map), kept(Pred(K, V))]);
filter(_, Map) -> wrong(Map).

kept(true) -> true;
kept(false) -> false;
kept(Other) -> error({case_clause, Other}).

filtermap(F, Map) when is_function(F, 2) -> maps:from_list(filtermap_pairs(F, pairs(Map)));
filtermap(_, Map) -> wrong(Map).

filtermap_pairs(F, [{K, V} | T]) ->
    case F(K, V) of
        true -> [{K, V} | filtermap_pairs(F, T)];
        {true, New} -> [{K, New} | filtermap_pairs(F, T)];
        false -> filtermap_pairs(F, T)
    end;
filtermap_pairs(_, []) -> [].

merge_with(Combine, M1, M2) when is_map(M1), is_map(M2), is_function(Combine, 3) ->
    fold_pairs(fun(K, V2, Acc) ->
                       case Acc of
                           #{K := V1} -> Acc#{K := Combine(K, V1, V2)};
                           _ -> Acc#{K => V2}
                       end
               end, M1, maps:to_list(M2));
merge_with(Combine, M1, M2) when is_function(Combine, 3) -> wrong_of(M1, M2);
merge_with(_, _, _) -> error(badarg).

intersect(M1, M2) when is_map(M1), is_map(M2) ->
    maps:from_list([P || {K, _} = P <- maps:to_list(M2), is_map_key(K, M1)]);
intersect(M1, M2) -> wrong_of(M1, M2).

intersect_with(Combine, M1, M2) when is_map(M1), is_map(M2), is_function(Combine, 3) ->
    maps:from_list([{K, Combine(K, V1, map_get(K, M2))} || {K, V1} <- maps:to_list(M1), is_map_key(K, M2)]);
intersect_with(Combine, M1, M2) when is_function(Combine, 3) -> wrong_of(M1, M2);
intersect_with(_, _, _) -> error(badarg).

groups_from_list(F, List) when is_function(F, 1), length(List) >= 0 -> groups(F, fun(V) -> V end, lists:reverse(List), #{});
groups_from_list(_, _) -> error(badarg).

groups_from_list(F, G, List) when is_function(F, 1), is_function(G, 1), length(List) >= 0 ->
    groups(F, G, lists:reverse(List), #{});
groups_from_list(_, _, _) -> error(badarg).

groups(F, G, [H | T], Groups) ->
    Key = F(H),
    Value = G(H),
    case Groups of
        #{Key := Values} -> groups(F, G, T, Groups#{Key := [Value | Values]});
        _ -> groups(F, G, T, Groups#{Key => [Value]})
    end;
groups(_, _, [], Groups) -> Groups.

update_with(Key, F, Map) when is_function(F, 1), is_map(Map) ->
    case Map of
        #{Key := Value} -> Map#{Key := F(Value)};
        _ -> error({badkey, Key})
    end;
update_with(_, _, Map) when is_map(Map) -> error(badarg);
update_with(_, _, Map) -> error({badmap, Map}).

update_with(Key, F, Init, Map) when is_function(F, 1), is_map(Map) ->
    case Map of
        #{Key := Value} -> Map#{Key := F(Value)};
        _ -> Map#{Key => Init}
    end;
update_with(_, _, _, Map) when is_map(Map) -> error(badarg);
update_with(_, _, _, Map) -> error({badmap, Map}).

with(Keys, Map) when is_list(Keys), is_map(Map) ->
    maps:from_list([{K, map_get(K, Map)} || K <- Keys, is_map_key(K, Map)]);
with(_, Map) when is_map(Map) -> error(badarg);
with(_, Map) -> error({badmap, Map}).

without(Keys, Map) when is_list(Keys), is_map(Map) ->
    lists:foldl(fun(K, M) -> maps:remove(K, M) end, Map, Keys);
without(_, Map) when is_map(Map) -> error(badarg);
without(_, Map) -> error({badmap, Map}).

%% An iterator is a place in a map, or {Key, Value, Iterator}, or none, as in OTP.
iterator(Map) when is_map(Map) -> [0 | Map];
iterator(Map) -> error({badmap, Map}).

next([0 | Map]) when is_map(Map) -> lists:foldr(fun({K, V}, Rest) -> {K, V, Rest} end, none, maps:to_list(Map));
next({_, _, _} = Pair) -> Pair;
next(none) -> none;
next(_) -> error(badarg).

pairs(Map) when is_map(Map) -> maps:to_list(Map);
pairs(Iterator) ->
    try next(Iterator) of
        Next -> iterated(Next)
    catch
        error:_ -> error({badmap, Iterator})
    end.

iterated({K, V, I}) -> [{K, V} | iterated(next(I))];
iterated(none) -> [].

wrong(_) -> error(badarg).

wrong_of(M1, M2) when is_map(M1) -> error({badmap, M2});
wrong_of(M1, _) -> error({badmap, M1}).
