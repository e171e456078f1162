%% gb_trees(3): {Size, Tree}, a tree being nil or {Key, Value, Smaller, Bigger}, balanced by weight as it grows
%% (Andersson, "General Balanced Trees", 1999).
-module(gb_trees).
-export([empty/0, is_empty/1, size/1, lookup/2, is_defined/2, get/2, update/3, insert/3, enter/3, delete/2,
         delete_any/2, take/2, take_any/2, balance/1, keys/1, values/1, to_list/1, from_orddict/1, smallest/1,
         largest/1, take_smallest/1, take_largest/1, map/2, iterator/1, iterator_from/2, next/1]).

empty() -> {0, nil}.

is_empty({0, nil}) -> true;
is_empty(_) -> false.

size({Size, _}) when is_integer(Size), Size >= 0 -> Size.

lookup(Key, {_, T}) -> lookup_1(Key, T).

lookup_1(Key, {K, _, Smaller, _}) when Key < K -> lookup_1(Key, Smaller);
lookup_1(Key, {K, _, _, Bigger}) when Key > K -> lookup_1(Key, Bigger);
lookup_1(_, {_, Value, _, _}) -> {value, Value};
lookup_1(_, nil) -> none.

is_defined(Key, Tree) -> lookup(Key, Tree) =/= none.

get(Key, {_, T}) -> get_1(Key, T).

get_1(Key, {K, _, Smaller, _}) when Key < K -> get_1(Key, Smaller);
get_1(Key, {K, _, _, Bigger}) when Key > K -> get_1(Key, Bigger);
get_1(_, {_, Value, _, _}) -> Value.

update(Key, Value, {Size, T}) -> {Size, update_1(Key, Value, T)}.

update_1(Key, Value, {K, V, Smaller, Bigger}) when Key < K -> {K, V, update_1(Key, Value, Smaller), Bigger};
update_1(Key, Value, {K, V, Smaller, Bigger}) when Key > K -> {K, V, Smaller, update_1(Key, Value, Bigger)};
update_1(Key, Value, {_, _, Smaller, Bigger}) -> {Key, Value, Smaller, Bigger}.

insert(Key, Value, {Size, T}) when is_integer(Size) ->
    {Size + 1, insert_1(Key, Value, T, (Size + 1) * (Size + 1))}.

%% Below the depth that the size allows, the new leaf reports {Tree, Height, Weight} until a subtree is to be rebuilt.
insert_1(Key, Value, {K, V, Smaller, Bigger}, S) when Key < K ->
    case insert_1(Key, Value, Smaller, S div 2) of
        {T1, H1, S1} -> grown({K, V, T1, Bigger}, H1, S1, Bigger);
        T1 -> {K, V, T1, Bigger}
    end;
insert_1(Key, Value, {K, V, Smaller, Bigger}, S) when Key > K ->
    case insert_1(Key, Value, Bigger, S div 2) of
        {T1, H1, S1} -> grown({K, V, Smaller, T1}, H1, S1, Smaller);
        T1 -> {K, V, Smaller, T1}
    end;
insert_1(Key, Value, nil, 0) -> {{Key, Value, nil, nil}, 1, 1};
insert_1(Key, Value, nil, _) -> {Key, Value, nil, nil};
insert_1(Key, _, _, _) -> error({key_exists, Key}).

grown(T, H1, S1, Other) ->
    {H2, S2} = count(Other),
    H = 2 * max(H1, H2),
    SS = S1 + S2 + 1,
    P = SS * SS,
    if
        H > P -> balance_n(T, SS);
        true -> {T, H, SS}
    end.

count({_, _, nil, nil}) -> {1, 1};
count({_, _, Smaller, Bigger}) ->
    {H1, S1} = count(Smaller),
    {H2, S2} = count(Bigger),
    {2 * max(H1, H2), S1 + S2 + 1};
count(nil) -> {1, 0}.

enter(Key, Value, T) ->
    case is_defined(Key, T) of
        true -> update(Key, Value, T);
        false -> insert(Key, Value, T)
    end.

balance({Size, T}) -> {Size, balance_n(T, Size)}.

balance_n(T, Size) -> build(pairs(T, []), Size).

build(Pairs, Size) ->
    {T, []} = build_1(Pairs, Size),
    T.

build_1(Pairs, Size) when Size > 1 ->
    Rest = Size - 1,
    S2 = Rest div 2,
    S1 = Rest - S2,
    {T1, [{K, V} | Rest1]} = build_1(Pairs, S1),
    {T2, Rest2} = build_1(Rest1, S2),
    {{K, V, T1, T2}, Rest2};
build_1([{K, V} | Rest], 1) -> {{K, V, nil, nil}, Rest};
build_1(Rest, 0) -> {nil, Rest}.

pairs({K, V, Smaller, Bigger}, Tail) -> pairs(Smaller, [{K, V} | pairs(Bigger, Tail)]);
pairs(nil, Tail) -> Tail.

from_orddict(Pairs) ->
    Size = length(Pairs),
    {Size, build(Pairs, Size)}.

to_list({_, T}) -> pairs(T, []).

keys(Tree) -> [K || {K, _} <- to_list(Tree)].

values(Tree) -> [V || {_, V} <- to_list(Tree)].

delete_any(Key, Tree) ->
    case is_defined(Key, Tree) of
        true -> delete(Key, Tree);
        false -> Tree
    end.

delete(Key, {Size, T}) when is_integer(Size), Size >= 0 -> {Size - 1, delete_1(Key, T)}.

delete_1(Key, {K, V, Smaller, Bigger}) when Key < K -> {K, V, delete_1(Key, Smaller), Bigger};
delete_1(Key, {K, V, Smaller, Bigger}) when Key > K -> {K, V, Smaller, delete_1(Key, Bigger)};
delete_1(_, {_, _, Smaller, Bigger}) -> joined(Smaller, Bigger).

joined(Smaller, nil) -> Smaller;
joined(nil, Bigger) -> Bigger;
joined(Smaller, Bigger) ->
    {K, V, Rest} = take_smallest_1(Bigger),
    {K, V, Smaller, Rest}.

take(Key, Tree) -> {get(Key, Tree), delete(Key, Tree)}.

take_any(Key, Tree) ->
    case lookup(Key, Tree) of
        {value, Value} -> {Value, delete(Key, Tree)};
        none -> error
    end.

smallest({_, T}) -> smallest_1(T).

smallest_1({K, V, nil, _}) -> {K, V};
smallest_1({_, _, Smaller, _}) -> smallest_1(Smaller).

largest({_, T}) -> largest_1(T).

largest_1({K, V, _, nil}) -> {K, V};
largest_1({_, _, _, Bigger}) -> largest_1(Bigger).

take_smallest({Size, T}) when is_integer(Size), Size >= 0 ->
    {K, V, Rest} = take_smallest_1(T),
    {K, V, {Size - 1, Rest}}.

take_smallest_1({K, V, nil, Bigger}) -> {K, V, Bigger};
take_smallest_1({K, V, Smaller, Bigger}) ->
    {K1, V1, Rest} = take_smallest_1(Smaller),
    {K1, V1, {K, V, Rest, Bigger}}.

take_largest({Size, T}) when is_integer(Size), Size >= 0 ->
    {K, V, Rest} = take_largest_1(T),
    {K, V, {Size - 1, Rest}}.

take_largest_1({K, V, Smaller, nil}) -> {K, V, Smaller};
take_largest_1({K, V, Smaller, Bigger}) ->
    {K1, V1, Rest} = take_largest_1(Bigger),
    {K1, V1, {K, V, Smaller, Rest}}.

map(F, {Size, T}) when is_function(F, 2) -> {Size, map_1(F, T)}.

map_1(_, nil) -> nil;
map_1(F, {K, V, Smaller, Bigger}) -> {K, F(K, V), map_1(F, Smaller), map_1(F, Bigger)}.

%% An iterator is the stack of trees whose root comes next.
iterator({_, T}) -> descend(T, []).

descend({_, _, nil, _} = T, Stack) -> [T | Stack];
descend({_, _, Smaller, _} = T, Stack) -> descend(Smaller, [T | Stack]);
descend(nil, Stack) -> Stack.

iterator_from(Key, {_, T}) -> from(Key, T, []).

from(Key, {K, _, _, Bigger}, Stack) when K < Key -> from(Key, Bigger, Stack);
from(Key, {K, _, nil, _} = T, Stack) when K >= Key -> [T | Stack];
from(Key, {K, _, Smaller, _} = T, Stack) when K >= Key -> from(Key, Smaller, [T | Stack]);
from(_, nil, Stack) -> Stack.

next([{K, V, _, Bigger} | Stack]) -> {K, V, descend(Bigger, Stack)};
next([]) -> none.
