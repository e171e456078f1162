#!/usr/bin/env escript
%% gb_sets and array as they are inside.

random(N) ->
    S = (get(seed) * 1103515245 + 12345) band 16#7fffffff,
    put(seed, S),
    ((S bsr 8) rem N) + 1.

show(Term) -> io:format("~0p~n", [Term]).

sets() ->
    G = lists:foldl(
        fun(I, S) ->
            K = random(120),
            S1 = case random(5) of
                1 -> gb_sets:del_element(K, S);
                2 -> gb_sets:add(K, S);
                _ -> gb_sets:add_element({I rem 90}, S)
            end,
            case I rem 50 of
                0 -> show(S1);
                _ -> ok
            end,
            S1
        end,
        gb_sets:new(),
        lists:seq(1, 600)
    ),
    show(gb_sets:balance(G)),
    Half = gb_sets:from_list(lists:seq(1, 50)),
    [show(X) || X <- [gb_sets:union(G, gb_sets:from_list([1, 2, 3])), gb_sets:union(Half, G),
                      gb_sets:union([G, gb_sets:from_list([500]), gb_sets:from_list([600, 1])]),
                      gb_sets:intersection(G, Half), gb_sets:subtract(G, Half), gb_sets:subtract(Half, G),
                      gb_sets:intersection([G, Half, gb_sets:from_list([20, 21])])]],
    [show(X) || X <- [gb_sets:take_smallest(G), gb_sets:take_largest(G), gb_sets:iterator(G), gb_sets:smallest(G),
                      gb_sets:next(gb_sets:iterator(G)), gb_sets:iterator_from(20, G), gb_sets:largest(G)]],
    show(gb_sets:filter(fun(X) -> erlang:is_integer(X) end, G)),
    show(gb_sets:fold(fun(X, A) -> [X | A] end, [], G)),
    show([gb_sets:is_disjoint(G, G), gb_sets:is_set(G), gb_sets:is_subset(Half, G), gb_sets:is_empty(gb_sets:new())]).

arrays() ->
    Options = [[], 10, 11, 100, 101, [{size, 5}], [{size, 5}, {fixed, false}], [{default, 0}], fixed, [fixed, {size, 3}],
               [{size, 1000}, {fixed, true}, {default, x}]],
    [show(array:new(O)) || O <- Options],
    A = lists:foldl(
        fun(I, A0) ->
            A1 = array:set(random(random(1500)), I, A0),
            case I rem 20 of
                0 -> show(A1);
                _ -> ok
            end,
            A1
        end,
        array:new(),
        lists:seq(1, 100)
    ),
    [show(X) || X <- [array:size(A), array:sparse_size(A), array:sparse_to_list(A), array:to_list(A),
                      array:sparse_to_orddict(A), array:get(7, A), array:get(100000, A)]],
    [show(X) || X <- [array:resize(5, A), array:resize(5000, A), array:resize(A), array:fix(A),
                      array:relax(array:fix(A)), array:reset(5, A), array:reset(0, A)]],
    show(array:map(fun(I, X) -> {I, X} end, A)),
    show(array:sparse_map(fun(I, X) -> {I, X} end, A)),
    show(array:foldl(fun(I, X, Acc) -> [{I, X} | Acc] end, [], A)),
    show(array:sparse_foldr(fun(I, X, Acc) -> [{I, X} | Acc] end, [], A)),
    [show(array:from_list(lists:seq(1, N))) || N <- [0, 1, 10, 11, 99, 100, 101, 250]],
    [show(X) || X <- [array:from_list([a, b], z), array:from_orddict([{1, a}, {5, b}, {25, c}]),
                      array:from_orddict([{1, a}, {130, d}], q), array:from_orddict([{1001, a}]),
                      array:to_orddict(array:from_list([a, b])),
                      array:set(5, x, array:resize(5, array:from_list(lists:seq(1, 20)))),
                      array:resize(50, array:fix(array:from_list([1, 2])))]].

main(_) ->
    put(seed, 11),
    sets(),
    arrays(),
    M = #{a => 1, b => 2, c => 3},
    show([maps:iterator(M), maps:next(maps:iterator(M)), maps:fold(fun(K, V, Acc) -> [{K, V} | Acc] end, [], M)]).
