%% dict(3): a linear hash table (Larson, "Dynamic Hash Tables", 1988) with OTP's record, hash function and loads, so
%% that entries are listed in OTP's order and a dictionary that is printed looks as there.
%% Buckets are numbered from 1 and lie in segments of 16. `n` of them are used, `maxn` is the range of the hash, and
%% a key whose bucket is not used yet is in the one `bso` before it. A bucket is a list of [Key | Value].
-module(dict).
-export([new/0, is_key/2, to_list/1, from_list/1, size/1, is_empty/1, fetch/2, find/2, fetch_keys/1, erase/2, take/2,
         store/3, append/3, append_list/3, update/3, update/4, update_counter/3, fold/3, map/2, filter/2, merge/3]).

-record(dict, {size = 0, n = 16, maxn = 16, bso = 8, exp_size = 80, con_size = 48, empty, segs}).

new() ->
    Segment = erlang:make_tuple(16, []),
    #dict{empty = Segment, segs = {Segment}}.

size(#dict{size = Size}) when is_integer(Size), Size >= 0 -> Size.

is_empty(Dict) -> Dict#dict.size =:= 0.

from_list(Pairs) -> lists:foldl(fun({Key, Value}, Dict) -> store(Key, Value, Dict) end, new(), Pairs).

to_list(Dict) -> fold(fun(Key, Value, List) -> [{Key, Value} | List] end, [], Dict).

fetch_keys(Dict) -> fold(fun(Key, _, List) -> [Key | List] end, [], Dict).

is_key(Key, Dict) -> found(Key, Dict) =/= false.

find(Key, Dict) ->
    case found(Key, Dict) of
        [_ | Value] -> {ok, Value};
        false -> error
    end.

fetch(Key, Dict) ->
    case found(Key, Dict) of
        [_ | Value] -> Value;
        false -> error(badarg, [Key, Dict])
    end.

found(Key, Dict) -> in_bucket(Key, bucket(slot(Key, Dict), Dict#dict.segs)).

in_bucket(Key, [[Key | _] = Entry | _]) -> Entry;
in_bucket(Key, [_ | Rest]) -> in_bucket(Key, Rest);
in_bucket(_, []) -> false.

store(Key, Value, Dict) -> change(Key, fun(_) -> Value end, Value, Dict).

append(Key, Value, Dict) -> change(Key, fun(Old) -> Old ++ [Value] end, [Value], Dict).

append_list(Key, Values, Dict) -> change(Key, fun(Old) -> Old ++ Values end, Values, Dict).

update_counter(Key, Increment, Dict) when is_number(Increment) ->
    change(Key, fun(Old) -> Old + Increment end, Increment, Dict).

update(Key, F, Dict) ->
    case found(Key, Dict) of
        [_ | Old] -> store(Key, F(Old), Dict);
        false -> error(badarg, [Key, F, Dict])
    end.

update(Key, F, Value, Dict) ->
    case found(Key, Dict) of
        [_ | Old] -> store(Key, F(Old), Dict);
        false when is_function(F, 1) -> store(Key, Value, Dict);
        false -> error(function_clause)
    end.

erase(Key, Dict) ->
    case take(Key, Dict) of
        {_, Rest} -> Rest;
        error -> shrink(Dict, 0)
    end.

take(Key, Dict) ->
    Slot = slot(Key, Dict),
    Bucket = bucket(Slot, Dict#dict.segs),
    case in_bucket(Key, Bucket) of
        [_ | Value] = Entry -> {Value, shrink(put_bucket(Slot, Bucket -- [Entry], Dict), 1)};
        false -> error
    end.

%% F makes the new value of a key that is there; another one is added with Value.
change(Key, F, Value, Dict) ->
    Slot = slot(Key, Dict),
    Bucket = bucket(Slot, Dict#dict.segs),
    case in_bucket(Key, Bucket) of
        [_ | Old] ->
            New = [Key | F(Old)],
            put_bucket(Slot, [if hd(Entry) =:= Key -> New; true -> Entry end || Entry <- Bucket], Dict);
        false ->
            grow(put_bucket(Slot, Bucket ++ [[Key | Value]], Dict))
    end.

fold(F, Acc, Dict) when is_function(F, 3) ->
    lists:foldl(fun([Key | Value], A) -> F(Key, Value, A) end, Acc, entries(Dict));
fold(_, _, Dict) ->
    _ = Dict#dict.size,
    error(function_clause).

%% The last bucket comes first.
entries(Dict) ->
    lists:append(lists:reverse([Bucket || Segment <- tuple_to_list(Dict#dict.segs), Bucket <- tuple_to_list(Segment)])).

map(F, Dict) when is_function(F, 2) -> buckets(fun(Bucket) -> [[K | F(K, V)] || [K | V] <- Bucket] end, Dict);
map(_, Dict) ->
    _ = Dict#dict.size,
    error(function_clause).

filter(F, Dict) when is_function(F, 2) ->
    Left = buckets(fun(Bucket) -> [Entry || [K | V] = Entry <- Bucket, kept(F(K, V))] end, Dict),
    shrink(Left, Dict#dict.size - length(entries(Left)));
filter(_, Dict) ->
    _ = Dict#dict.size,
    error(function_clause).

kept(true) -> true;
kept(false) -> false;
kept(Other) -> error({case_clause, Other}).

buckets(F, Dict) ->
    Segments = [list_to_tuple([F(Bucket) || Bucket <- tuple_to_list(Segment)]) || Segment <- tuple_to_list(Dict#dict.segs)],
    Dict#dict{segs = list_to_tuple(Segments)}.

merge(F, D1, D2) when D1#dict.size < D2#dict.size ->
    fold(fun(K, V1, D) -> update(K, fun(V2) -> F(K, V1, V2) end, V1, D) end, D2, D1);
merge(F, D1, D2) ->
    fold(fun(K, V2, D) -> update(K, fun(V1) -> F(K, V1, V2) end, V2, D) end, D1, D2).

slot(Key, Dict) ->
    case erlang:phash(Key, Dict#dict.maxn) of
        Slot when Slot > Dict#dict.n -> Slot - Dict#dict.bso;
        Slot -> Slot
    end.

bucket(Slot, Segments) -> element((Slot - 1) rem 16 + 1, element((Slot - 1) div 16 + 1, Segments)).

put_bucket(Slot, Bucket, #dict{segs = Segments} = Dict) ->
    At = (Slot - 1) div 16 + 1,
    Dict#dict{segs = setelement(At, Segments, setelement((Slot - 1) rem 16 + 1, element(At, Segments), Bucket))}.

%% One key more: when the load is too high, one more bucket is used, which takes its share from its buddy.
grow(#dict{size = Size, exp_size = Limit} = Dict) when Size < Limit -> Dict#dict{size = Size + 1};
grow(#dict{n = Max, maxn = Max, bso = Bso, empty = Empty, segs = Segments} = Dict) ->
    More = lists:duplicate(tuple_size(Segments), Empty),
    split(Dict#dict{maxn = 2 * Max, bso = 2 * Bso, segs = list_to_tuple(tuple_to_list(Segments) ++ More)});
grow(Dict) -> split(Dict).

split(#dict{size = Size, n = N, maxn = Max, bso = Bso} = Dict) ->
    New = N + 1,
    Buddy = New - Bso,
    {Stay, Go} = lists:partition(fun([Key | _]) -> erlang:phash(Key, Max) =:= Buddy end, bucket(Buddy, Dict#dict.segs)),
    Split = put_bucket(New, Go, put_bucket(Buddy, Stay, Dict)),
    Split#dict{size = Size + 1, n = New, exp_size = 5 * New, con_size = 3 * New}.

%% Some keys less: when the load is too low, the last bucket goes back into its buddy.
shrink(#dict{size = Size, n = N, con_size = Limit, bso = Bso} = Dict, Less) when Size - Less < Limit, N > 16 ->
    Both = bucket(N - Bso, Dict#dict.segs) ++ bucket(N, Dict#dict.segs),
    Joined = put_bucket(N, [], put_bucket(N - Bso, Both, Dict)),
    Left = N - 1,
    halve(Joined#dict{size = Size - Less, n = Left, exp_size = 5 * Left, con_size = 3 * Left});
shrink(#dict{size = Size} = Dict, Less) -> Dict#dict{size = Size - Less}.

halve(#dict{n = Bso, maxn = Max, bso = Bso, segs = Segments} = Dict) ->
    Kept = lists:sublist(tuple_to_list(Segments), tuple_size(Segments) div 2),
    Dict#dict{maxn = Max div 2, bso = Bso div 2, segs = list_to_tuple(Kept)};
halve(Dict) -> Dict.
