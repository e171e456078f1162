#!/usr/bin/env escript
%% dict and sets as they are inside: every table is printed, with the order of its entries.
-compile([{nowarn_deprecated_function, [{erlang, phash, 2}]}]).

random(N) ->
    S = (get(seed) * 1103515245 + 12345) band 16#7fffffff,
    put(seed, S),
    ((S bsr 8) rem N) + 1.

keys() ->
    {0, 1, 2, -1, 255, 256, 65536, 1 bsl 40, 1 bsl 70, -(1 bsl 70), a, b, c, foo, "abc", [], [a], [1, a], [a | b], {},
     {a}, {a, 1}, {1, 2, 3}, 1.5, -0.0, 2.5e10, <<>>, <<"abc">>, <<1:3>>, #{a => 1}, #{}, "a long string with more",
     fun lists:map/2, [[1], [2]], [256, 1], [1 | 2], {[], "x"}, <<1, 2, 3, 4:6>>}.

key() ->
    case random(3) of
        1 -> element(random(tuple_size(keys())), keys());
        2 -> random(2000);
        3 -> {k, random(500)}
    end.

show(Term) -> io:format("~0p~n", [Term]).

changed(1, K, _, D) -> dict:erase(K, D);
changed(2, K, I, D) -> dict:append(K, I, dict:erase(K, D));
changed(3, K, I, D) -> dict:update(K, fun(_) -> I end, I, D);
changed(_, K, I, D) -> dict:store(K, I, D).

main(_) ->
    [show({K, erlang:phash(K, 1 bsl 32), erlang:phash(K, 10)}) || K <- tuple_to_list(keys())],
    put(seed, 7),
    D = lists:foldl(
        fun(I, D0) ->
            K = key(),
            D1 = changed(random(6), K, I, D0),
            case I rem 200 of
                0 -> show(D1), show(dict:to_list(D1));
                _ -> ok
            end,
            D1
        end,
        dict:new(),
        lists:seq(1, 1000)
    ),
    show(dict:filter(fun(K, _) -> erlang:phash2(K) rem 3 =:= 0 end, D)),
    show(dict:map(fun(K, V) -> {K, V} end, D)),
    Few = lists:foldl(fun(K, A) -> dict:erase(K, A) end, D, lists:sublist(dict:fetch_keys(D), 300)),
    show(Few),
    show(dict:merge(fun(_, A, B) -> {A, B} end, D, Few)),
    show(dict:merge(fun(_, A, B) -> {A, B} end, Few, D)),
    show(dict:fold(fun(K, _, A) -> [K | A] end, [], Few)),
    show([dict:take(zz, Few), dict:take(hd(dict:fetch_keys(Few)), Few), dict:size(D), dict:find(a, D)]),
    S = lists:foldl(
        fun(I, S0) ->
            K = key(),
            S1 = case random(4) of
                1 -> sets:del_element(K, S0);
                _ -> sets:add_element(K, S0)
            end,
            case I rem 200 of
                0 -> show(S1), show(sets:to_list(S1));
                _ -> ok
            end,
            S1
        end,
        sets:new(),
        lists:seq(1, 1000)
    ),
    T = sets:from_list(lists:seq(1, 300)),
    [show(X) || X <- [sets:union(S, T), sets:intersection(S, T), sets:subtract(S, T), sets:subtract(T, S)]],
    show({sets:is_subset(T, S), sets:is_disjoint(T, S), sets:is_subset(sets:from_list([1]), T)}),
    show(sets:filter(fun(X) -> erlang:is_integer(X) end, S)),
    show(sets:fold(fun(X, A) -> [X | A] end, [], S)),
    V2 = sets:from_list([a, b, 1], [{version, 2}]),
    show([V2, sets:union(V2, T), sets:to_list(V2), sets:union([V2, V2]), sets:intersection(V2, sets:from_list([1])),
          sets:subtract(V2, sets:from_list([1])), sets:new([{version, 2}])]).
