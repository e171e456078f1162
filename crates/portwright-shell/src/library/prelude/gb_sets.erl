%% gb_sets(3): {Size, Tree}, a tree being nil or {Element, Smaller, Bigger}; the trees of gb_trees.erl without values.
-module(gb_sets).
-export([empty/0, new/0, is_empty/1, size/1, singleton/1, is_member/2, is_element/2, insert/2, add/2, add_element/2,
         delete/2, delete_any/2, del_element/2, balance/1, to_list/1, from_list/1, from_ordset/1, smallest/1,
         largest/1, take_smallest/1, take_largest/1, union/2, union/1, intersection/2, intersection/1, is_disjoint/2,
         subtract/2, difference/2, is_subset/2, is_set/1, filter/2, fold/3, iterator/1, iterator_from/2, next/1]).

empty() -> {0, nil}.

new() -> empty().

is_empty({0, nil}) -> true;
is_empty(_) -> false.

size({Size, _}) -> Size.

singleton(Element) -> {1, {Element, nil, nil}}.

is_member(Element, {_, T}) -> is_member_1(Element, T).

is_member_1(Element, {E, Smaller, _}) when Element < E -> is_member_1(Element, Smaller);
is_member_1(Element, {E, _, Bigger}) when Element > E -> is_member_1(Element, Bigger);
is_member_1(_, {_, _, _}) -> true;
is_member_1(_, nil) -> false.

is_element(Element, Set) -> is_member(Element, Set).

insert(Element, {Size, T}) ->
    New = Size + 1,
    {New, insert_1(Element, T, New * New)}.

insert_1(Element, {E, Smaller, Bigger}, S) when Element < E ->
    case insert_1(Element, Smaller, S div 2) of
        {T, H, N} when is_integer(H) -> grown({E, T, Bigger}, H, N, Bigger);
        T -> {E, T, Bigger}
    end;
insert_1(Element, {E, Smaller, Bigger}, S) when Element > E ->
    case insert_1(Element, Bigger, S div 2) of
        {T, H, N} when is_integer(H) -> grown({E, Smaller, T}, H, N, Smaller);
        T -> {E, Smaller, T}
    end;
insert_1(Element, nil, 0) -> {{Element, nil, nil}, 1, 1};
insert_1(Element, nil, _) -> {Element, nil, nil};
insert_1(Element, _, _) -> error({key_exists, Element}).

grown(T, H1, S1, Other) ->
    {H2, S2} = count(Other),
    H = 2 * max(H1, H2),
    Size = S1 + S2 + 1,
    if
        H > Size * Size -> build(elements(T, []), Size);
        true -> {T, H, Size}
    end.

count({_, nil, nil}) -> {1, 1};
count({_, Smaller, Bigger}) ->
    {H1, S1} = count(Smaller),
    {H2, S2} = count(Bigger),
    {2 * max(H1, H2), S1 + S2 + 1};
count(nil) -> {1, 0}.

build(List, Size) ->
    {T, []} = build_1(List, Size),
    T.

build_1(List, Size) when Size > 1 ->
    Rest = Size - 1,
    S2 = Rest div 2,
    {T1, [Element | Rest1]} = build_1(List, Rest - S2),
    {T2, Rest2} = build_1(Rest1, S2),
    {{Element, T1, T2}, Rest2};
build_1([Element | Rest], 1) -> {{Element, nil, nil}, Rest};
build_1(Rest, 0) -> {nil, Rest}.

elements({E, Smaller, Bigger}, Tail) -> elements(Smaller, [E | elements(Bigger, Tail)]);
elements(nil, Tail) -> Tail.

add(Element, Set) ->
    case is_member(Element, Set) of
        true -> Set;
        false -> insert(Element, Set)
    end.

add_element(Element, Set) -> add(Element, Set).

delete(Element, {Size, T}) -> {Size - 1, delete_1(Element, T)}.

delete_1(Element, {E, Smaller, Bigger}) when Element < E -> {E, delete_1(Element, Smaller), Bigger};
delete_1(Element, {E, Smaller, Bigger}) when Element > E -> {E, Smaller, delete_1(Element, Bigger)};
delete_1(_, {_, Smaller, Bigger}) -> joined(Smaller, Bigger).

joined(Smaller, nil) -> Smaller;
joined(nil, Bigger) -> Bigger;
joined(Smaller, Bigger) ->
    {E, Rest} = take_smallest_1(Bigger),
    {E, Smaller, Rest}.

delete_any(Element, Set) ->
    case is_member(Element, Set) of
        true -> delete(Element, Set);
        false -> Set
    end.

del_element(Element, Set) -> delete_any(Element, Set).

balance({Size, T}) -> {Size, build(elements(T, []), Size)}.

to_list({_, T}) -> elements(T, []).

from_list(List) -> from_ordset(ordsets:from_list(List)).

from_ordset(List) ->
    Size = length(List),
    {Size, build(List, Size)}.

smallest({_, T}) -> smallest_1(T).

smallest_1({E, nil, _}) -> E;
smallest_1({_, Smaller, _}) -> smallest_1(Smaller).

largest({_, T}) -> largest_1(T).

largest_1({E, _, nil}) -> E;
largest_1({_, _, Bigger}) -> largest_1(Bigger).

take_smallest({Size, T}) ->
    {E, Rest} = take_smallest_1(T),
    {E, {Size - 1, Rest}}.

take_smallest_1({E, nil, Bigger}) -> {E, Bigger};
take_smallest_1({E, Smaller, Bigger}) ->
    {E1, Rest} = take_smallest_1(Smaller),
    {E1, {E, Rest, Bigger}}.

take_largest({Size, T}) ->
    {E, Rest} = take_largest_1(T),
    {E, {Size - 1, Rest}}.

take_largest_1({E, Smaller, nil}) -> {E, Smaller};
take_largest_1({E, Smaller, Bigger}) ->
    {E1, Rest} = take_largest_1(Bigger),
    {E1, {E, Smaller, Rest}}.

%% A set that is much smaller than the other is inserted into it; else a new tree is built.
union({N1, T1}, {N2, T2}) when N2 < N1 -> union(elements(T2, []), N2, {N1, T1});
union({N1, T1}, {N2, T2}) -> union(elements(T1, []), N1, {N2, T2}).

union(List, N, Set) ->
    case comparable(N, Set) of
        true -> merged(ordsets:union(List, to_list(Set)));
        false -> lists:foldl(fun add/2, Set, List)
    end.

%% Whether going through both sets is less work than looking up the N elements of one in the other.
comparable(N, {Size, _}) -> Size < 10 orelse Size < N * round(1.46 * math:log(Size)).

%% What comes of going through both sets is built from its end.
merged(List) ->
    Size = length(List),
    {T, []} = merged_1(lists:reverse(List), Size),
    {Size, T}.

merged_1(List, Size) when Size > 1 ->
    Rest = Size - 1,
    S2 = Rest div 2,
    {T2, [Element | Rest1]} = merged_1(List, Rest - S2),
    {T1, Rest2} = merged_1(Rest1, S2),
    {{Element, T1, T2}, Rest2};
merged_1([Element | Rest], 1) -> {{Element, nil, nil}, Rest};
merged_1(Rest, 0) -> {nil, Rest}.

union([Set | Sets]) -> lists:foldl(fun(Other, All) -> union(All, Other) end, Set, Sets);
union([]) -> empty().

intersection({N1, _} = S1, {N2, _} = S2) when N2 < N1 -> intersection(to_list(S2), N2, S1);
intersection({N1, _} = S1, S2) -> intersection(to_list(S1), N1, S2).

intersection(List, N, Set) ->
    case comparable(N, Set) of
        true -> merged(ordsets:intersection(List, to_list(Set)));
        false -> merged([E || E <- List, is_member(E, Set)])
    end.

intersection([Set | Sets]) -> lists:foldl(fun(Other, Common) -> intersection(Common, Other) end, Set, Sets).

is_disjoint(S1, S2) -> ordsets:is_disjoint(to_list(S1), to_list(S2)).

subtract({N, _} = S1, S2) ->
    case comparable(N, S2) of
        true -> merged(ordsets:subtract(to_list(S1), to_list(S2)));
        false -> merged([E || E <- to_list(S1), not is_member(E, S2)])
    end.

difference(S1, S2) -> subtract(S1, S2).

is_subset(S1, S2) -> ordsets:is_subset(to_list(S1), to_list(S2)).

is_set({0, nil}) -> true;
is_set({Size, {_, _, _}}) when is_integer(Size), Size >= 0 -> true;
is_set(_) -> false.

filter(F, Set) when is_function(F, 1) -> from_ordset([E || E <- to_list(Set), F(E)]).

fold(F, Acc, {_, T}) when is_function(F, 2) -> lists:foldl(F, Acc, elements(T, [])).

%% An iterator is the stack of trees whose root comes next.
iterator({_, T}) -> descend(T, []).

descend({_, nil, _} = T, Stack) -> [T | Stack];
descend({_, Smaller, _} = T, Stack) -> descend(Smaller, [T | Stack]);
descend(nil, Stack) -> Stack.

iterator_from(Element, {_, T}) -> from(Element, T, []).

from(Element, {E, _, Bigger}, Stack) when E < Element -> from(Element, Bigger, Stack);
from(_, {_, nil, _} = T, Stack) -> [T | Stack];
from(Element, {_, Smaller, _} = T, Stack) -> from(Element, Smaller, [T | Stack]);
from(_, nil, Stack) -> Stack.

next([{E, _, Bigger} | Stack]) -> {E, descend(Bigger, Stack)};
next([]) -> none.
