%% sets(3): version 1, the default of OTP 25, is the table of dict.erl with elements in place of entries; version 2 is
%% a map with the elements as keys.
-module(sets).
-export([new/0, new/1, is_set/1, size/1, is_empty/1, to_list/1, from_list/1, from_list/2, is_element/2, add_element/2,
         del_element/2, union/2, union/1, intersection/2, intersection/1, is_disjoint/2, subtract/2, is_subset/2,
         fold/3, filter/2]).

-record(set, {size = 0, n = 16, maxn = 16, bso = 8, exp_size = 80, con_size = 48, empty, segs}).

new() ->
    Segment = erlang:make_tuple(16, []),
    #set{empty = Segment, segs = {Segment}}.

new(Options) ->
    case proplists:get_value(version, Options, 1) of
        1 -> new();
        2 -> #{};
        Other -> error({case_clause, Other})
    end.

from_list(List) -> from_list(List, []).

from_list(List, Options) ->
    case new(Options) of
        #{} -> maps:from_keys(List, []);
        Set -> lists:foldl(fun(Element, S) -> add_element(Element, S) end, Set, List)
    end.

is_set(#{}) -> true;
is_set(#set{}) -> true;
is_set(_) -> false.

size(#{} = Set) -> map_size(Set);
size(#set{size = Size}) -> Size.

is_empty(#{} = Set) -> map_size(Set) =:= 0;
is_empty(#set{size = Size}) -> Size =:= 0.

to_list(#{} = Set) -> maps:keys(Set);
to_list(#set{} = Set) -> lists:reverse(elements(Set)).

is_element(Element, #{} = Set) -> is_map_key(Element, Set);
is_element(Element, #set{} = Set) -> lists:member(Element, bucket(slot(Element, Set), Set#set.segs)).

add_element(Element, #{} = Set) -> Set#{Element => []};
add_element(Element, #set{} = Set) ->
    Slot = slot(Element, Set),
    Bucket = bucket(Slot, Set#set.segs),
    case lists:member(Element, Bucket) of
        true -> Set;
        false -> grow(put_bucket(Slot, [Element | Bucket], Set))
    end.

del_element(Element, #{} = Set) -> maps:remove(Element, Set);
del_element(Element, #set{} = Set) ->
    Slot = slot(Element, Set),
    Bucket = bucket(Slot, Set#set.segs),
    case lists:member(Element, Bucket) of
        true -> shrink(put_bucket(Slot, lists:delete(Element, Bucket), Set), 1);
        false -> Set
    end.

union(#{} = S1, #{} = S2) -> maps:merge(S1, S2);
union(S1, S2) ->
    case ?MODULE:size(S1) < ?MODULE:size(S2) of
        true -> fold(fun add_element/2, S2, S1);
        false -> fold(fun add_element/2, S1, S2)
    end.

union([S1, S2 | Sets]) -> union([union(S1, S2) | Sets]);
union([S]) -> S;
union([]) -> new().

intersection(#{} = S1, #{} = S2) -> maps:with(maps:keys(S1), S2);
intersection(S1, S2) ->
    case ?MODULE:size(S1) < ?MODULE:size(S2) of
        true -> filter(fun(Element) -> is_element(Element, S2) end, S1);
        false -> filter(fun(Element) -> is_element(Element, S1) end, S2)
    end.

intersection([S1, S2 | Sets]) -> intersection([intersection(S1, S2) | Sets]);
intersection([S]) -> S.

is_disjoint(S1, S2) ->
    case ?MODULE:size(S1) < ?MODULE:size(S2) of
        true -> fold(fun(Element, Apart) -> Apart andalso not is_element(Element, S2) end, true, S1);
        false -> fold(fun(Element, Apart) -> Apart andalso not is_element(Element, S1) end, true, S2)
    end.

subtract(#{} = S1, #{} = S2) -> maps:without(maps:keys(S2), S1);
subtract(S1, S2) -> filter(fun(Element) -> not is_element(Element, S2) end, S1).

is_subset(S1, S2) ->
    case ?MODULE:size(S1) > ?MODULE:size(S2) of
        true -> false;
        false -> fold(fun(Element, Within) -> Within andalso is_element(Element, S2) end, true, S1)
    end.

fold(F, Acc, #{} = Set) when is_function(F, 2) -> lists:foldl(F, Acc, maps:keys(Set));
fold(F, Acc, #set{} = Set) when is_function(F, 2) -> lists:foldl(F, Acc, elements(Set)).

filter(F, #{} = Set) when is_function(F, 1) -> maps:from_keys(lists:filter(F, maps:keys(Set)), []);
filter(F, #set{segs = Segments} = Set) when is_function(F, 1) ->
    Turned = fun(Bucket) -> lists:reverse(lists:filter(F, Bucket)) end,
    Left = [list_to_tuple([Turned(Bucket) || Bucket <- tuple_to_list(S)]) || S <- tuple_to_list(Segments)],
    Filtered = Set#set{segs = list_to_tuple(Left)},
    shrink(Filtered, Set#set.size - length(elements(Filtered))).

%% The last bucket comes first.
elements(Set) ->
    lists:append(lists:reverse([Bucket || Segment <- tuple_to_list(Set#set.segs), Bucket <- tuple_to_list(Segment)])).

%% As in dict.erl.
slot(Element, Set) ->
    case erlang:phash(Element, Set#set.maxn) of
        Slot when Slot > Set#set.n -> Slot - Set#set.bso;
        Slot -> Slot
    end.

bucket(Slot, Segments) -> element((Slot - 1) rem 16 + 1, element((Slot - 1) div 16 + 1, Segments)).

put_bucket(Slot, Bucket, #set{segs = Segments} = Set) ->
    At = (Slot - 1) div 16 + 1,
    Set#set{segs = setelement(At, Segments, setelement((Slot - 1) rem 16 + 1, element(At, Segments), Bucket))}.

grow(#set{size = Size, exp_size = Limit} = Set) when Size < Limit -> Set#set{size = Size + 1};
grow(#set{n = Max, maxn = Max, bso = Bso, empty = Empty, segs = Segments} = Set) ->
    More = lists:duplicate(tuple_size(Segments), Empty),
    split(Set#set{maxn = 2 * Max, bso = 2 * Bso, segs = list_to_tuple(tuple_to_list(Segments) ++ More)});
grow(Set) -> split(Set).

split(#set{size = Size, n = N, maxn = Max, bso = Bso} = Set) ->
    New = N + 1,
    Buddy = New - Bso,
    {Stay, Go} = lists:partition(fun(E) -> erlang:phash(E, Max) =:= Buddy end, bucket(Buddy, Set#set.segs)),
    Split = put_bucket(New, Go, put_bucket(Buddy, Stay, Set)),
    Split#set{size = Size + 1, n = New, exp_size = 5 * New, con_size = 3 * New}.

shrink(#set{size = Size, n = N, con_size = Limit, bso = Bso} = Set, Less) when Size - Less < Limit, N > 16 ->
    Both = bucket(N - Bso, Set#set.segs) ++ bucket(N, Set#set.segs),
    Joined = put_bucket(N, [], put_bucket(N - Bso, Both, Set)),
    Left = N - 1,
    halve(Joined#set{size = Size - Less, n = Left, exp_size = 5 * Left, con_size = 3 * Left});
shrink(#set{size = Size} = Set, Less) -> Set#set{size = Size - Less}.

halve(#set{n = Bso, maxn = Max, bso = Bso, segs = Segments} = Set) ->
    Kept = lists:sublist(tuple_to_list(Segments), tuple_size(Segments) div 2),
    Set#set{maxn = Max div 2, bso = Bso div 2, segs = list_to_tuple(Kept)};
halve(Set) -> Set.
