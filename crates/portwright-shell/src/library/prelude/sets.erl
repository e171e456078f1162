%% sets(3): maps with the elements as keys, which is version 2 of OTP's sets. Elements are listed in their order.
-module(sets).
-export([new/0, new/1, is_set/1, size/1, is_empty/1, to_list/1, from_list/1, from_list/2, is_element/2, add_element/2,
         del_element/2, union/2, union/1, intersection/2, intersection/1, is_disjoint/2, subtract/2, is_subset/2,
         fold/3, filter/2]).

new() -> #{}.

new(_) -> #{}.

is_set(S) -> is_map(S).

size(S) -> map_size(S).

is_empty(S) -> map_size(S) =:= 0.

to_list(S) -> maps:keys(S).

from_list(L) -> maps:from_keys(L, []).

from_list(L, _) -> maps:from_keys(L, []).

is_element(E, S) -> is_map_key(E, S).

add_element(E, S) -> S#{E => []}.

del_element(E, S) -> maps:remove(E, S).

union(S1, S2) -> maps:merge(S1, S2).

union([S1, S2 | Ss]) -> union([union(S1, S2) | Ss]);
union([S]) -> S;
union([]) -> new().

intersection(S1, S2) -> maps:with(maps:keys(S1), S2).

intersection([S1, S2 | Ss]) -> intersection([intersection(S1, S2) | Ss]);
intersection([S]) -> S.

is_disjoint(S1, S2) -> map_size(intersection(S1, S2)) =:= 0.

subtract(S1, S2) -> maps:without(maps:keys(S2), S1).

is_subset(S1, S2) -> map_size(subtract(S1, S2)) =:= 0.

fold(F, Acc, S) -> lists:foldl(F, Acc, maps:keys(S)).

filter(F, S) -> maps:from_keys(lists:filter(F, maps:keys(S)), []).
