%% gb_sets(3): the keys of a general balanced tree. The inside of a set is not that of OTP.
-module(gb_sets).
-export([empty/0, new/0, is_empty/1, size/1, singleton/1, is_member/2, is_element/2, insert/2, add/2, add_element/2,
         delete/2, delete_any/2, del_element/2, balance/1, to_list/1, from_list/1, from_ordset/1, smallest/1,
         largest/1, take_smallest/1, take_largest/1, union/2, union/1, intersection/2, intersection/1, is_disjoint/2,
         subtract/2, difference/2, is_subset/2, is_set/1, filter/2, fold/3, iterator/1, iterator_from/2, next/1]).

empty() -> gb_trees:empty().

new() -> empty().

is_empty(S) -> gb_trees:is_empty(S).

size(S) -> gb_trees:size(S).

singleton(E) -> insert(E, empty()).

is_member(E, S) -> gb_trees:is_defined(E, S).

is_element(E, S) -> is_member(E, S).

insert(E, S) -> gb_trees:insert(E, [], S).

add(E, S) -> gb_trees:enter(E, [], S).

add_element(E, S) -> add(E, S).

delete(E, S) -> gb_trees:delete(E, S).

delete_any(E, S) -> gb_trees:delete_any(E, S).

del_element(E, S) -> delete_any(E, S).

balance(S) -> gb_trees:balance(S).

to_list(S) -> gb_trees:keys(S).

from_list(L) -> from_ordset(ordsets:from_list(L)).

from_ordset(L) -> gb_trees:from_orddict([{E, []} || E <- L]).

smallest(S) ->
    {E, []} = gb_trees:smallest(S),
    E.

largest(S) ->
    {E, []} = gb_trees:largest(S),
    E.

take_smallest(S) ->
    {E, [], Rest} = gb_trees:take_smallest(S),
    {E, Rest}.

take_largest(S) ->
    {E, [], Rest} = gb_trees:take_largest(S),
    {E, Rest}.

union(S1, S2) -> from_ordset(ordsets:union(to_list(S1), to_list(S2))).

union(Sets) -> lists:foldl(fun(S, All) -> union(All, S) end, empty(), Sets).

intersection(S1, S2) -> from_ordset(ordsets:intersection(to_list(S1), to_list(S2))).

intersection([S]) -> S;
intersection([S1, S2 | Ss]) -> intersection([intersection(S1, S2) | Ss]).

is_disjoint(S1, S2) -> is_empty(intersection(S1, S2)).

subtract(S1, S2) -> from_ordset(ordsets:subtract(to_list(S1), to_list(S2))).

difference(S1, S2) -> subtract(S1, S2).

is_subset(S1, S2) -> ordsets:is_subset(to_list(S1), to_list(S2)).

is_set({N, nil}) when N =:= 0 -> true;
is_set({N, {_, _, _, _}}) when is_integer(N), N > 0 -> true;
is_set(_) -> false.

filter(F, S) -> from_ordset(lists:filter(F, to_list(S))).

fold(F, Acc, S) -> lists:foldl(F, Acc, to_list(S)).

iterator(S) -> gb_trees:iterator(S).

iterator_from(E, S) -> gb_trees:iterator_from(E, S).

next(I) ->
    case gb_trees:next(I) of
        {E, [], Rest} -> {E, Rest};
        none -> none
    end.
