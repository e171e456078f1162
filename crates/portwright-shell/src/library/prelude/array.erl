%% array(3): a record of size, growth, default and the entries that were set, by index.
-module(array).
-export([new/0, new/1, new/2, is_array/1, size/1, default/1, is_fix/1, fix/1, relax/1, get/2, set/3, reset/2,
         resize/1, resize/2, to_list/1, sparse_to_list/1, from_list/1, from_list/2, to_orddict/1,
         sparse_to_orddict/1, from_orddict/1, from_orddict/2, map/2, sparse_map/2, foldl/3, foldr/3,
         sparse_foldl/3, sparse_foldr/3, sparse_size/1]).

-record(array, {size = 0, max = 0, default, entries = #{}}).

%% `max` is 0 for an array of fixed size, as in OTP; here it says nothing else.

new() -> new([]).

new(Size) when is_integer(Size), Size >= 0 -> new([{size, Size}, {fixed, true}]);
new(Options) -> options(list(Options), #array{max = 10}, undefined).

new(Size, Options) when is_integer(Size), Size >= 0 ->
    options(list(Options), #array{size = Size, max = 0}, undefined);
new(_, _) -> error(badarg).

list(Options) when is_list(Options) -> Options;
list(Option) -> [Option].

options([], A, _) -> A;
options([fixed | Rest], A, Was) -> options(Rest, A#array{max = 0}, Was);
options([{fixed, true} | Rest], A, Was) -> options(Rest, A#array{max = 0}, Was);
options([{fixed, false} | Rest], A, Was) -> options(Rest, A#array{max = 10}, Was);
options([{default, Value} | Rest], A, Was) -> options(Rest, A#array{default = Value}, Was);
options([{size, Size} | Rest], A, _) when is_integer(Size), Size >= 0 ->
    options(Rest, A#array{size = Size, max = 0}, Size);
options([Size | Rest], A, _) when is_integer(Size), Size >= 0 ->
    options(Rest, A#array{size = Size, max = 0}, Size);
options(_, _, _) -> error(badarg).

is_array(#array{}) -> true;
is_array(_) -> false.

size(#array{size = Size}) -> Size;
size(_) -> error(badarg).

default(#array{default = Value}) -> Value;
default(_) -> error(badarg).

is_fix(#array{max = 0}) -> true;
is_fix(#array{}) -> false.

fix(#array{} = A) -> A#array{max = 0}.

relax(#array{} = A) -> A#array{max = 10}.

get(I, #array{size = Size, max = Max, default = Value, entries = Entries}) when is_integer(I), I >= 0 ->
    if
        I < Size -> maps:get(I, Entries, Value);
        Max > 0 -> Value;
        true -> error(badarg)
    end;
get(_, _) -> error(badarg).

set(I, Value, #array{size = Size, max = Max, entries = Entries} = A) when is_integer(I), I >= 0 ->
    if
        I < Size -> A#array{entries = Entries#{I => Value}};
        Max > 0 -> A#array{size = I + 1, entries = Entries#{I => Value}};
        true -> error(badarg)
    end;
set(_, _, _) -> error(badarg).

reset(I, #array{size = Size, max = Max, entries = Entries} = A) when is_integer(I), I >= 0 ->
    if
        I < Size -> A#array{entries = maps:remove(I, Entries)};
        Max > 0 -> A;
        true -> error(badarg)
    end;
reset(_, _) -> error(badarg).

resize(#array{} = A) -> resize(sparse_size(A), A).

resize(Size, #array{entries = Entries} = A) when is_integer(Size), Size >= 0 ->
    A#array{size = Size, entries = maps:filter(fun(I, _) -> I < Size end, Entries)};
resize(_, _) -> error(badarg).

sparse_size(#array{} = A) ->
    case lists:reverse(sparse_to_orddict(A)) of
        [{I, _} | _] -> I + 1;
        [] -> 0
    end.

to_list(A) -> [Value || {_, Value} <- to_orddict(A)].

sparse_to_list(A) -> [Value || {_, Value} <- sparse_to_orddict(A)].

to_orddict(#array{size = Size, default = Value, entries = Entries}) ->
    [{I, maps:get(I, Entries, Value)} || I <- lists:seq(0, Size - 1)];
to_orddict(_) -> error(badarg).

sparse_to_orddict(#array{default = Default, entries = Entries}) ->
    lists:keysort(1, [Entry || {_, Value} = Entry <- maps:to_list(Entries), Value =/= Default]);
sparse_to_orddict(_) -> error(badarg).

from_list(List) -> from_list(List, undefined).

from_list(List, Default) when is_list(List) ->
    from_orddict(lists:zip(lists:seq(0, length(List) - 1), List), Default);
from_list(_, _) -> error(badarg).

from_orddict(Entries) -> from_orddict(Entries, undefined).

from_orddict([], Default) -> new({default, Default});
from_orddict(Entries, Default) ->
    {Last, _} = lists:last(Entries),
    #array{size = Last + 1, max = 10, default = Default, entries = maps:from_list(Entries)}.

map(Fun, #array{} = A) when is_function(Fun, 2) ->
    A#array{entries = maps:from_list([{I, Fun(I, Value)} || {I, Value} <- to_orddict(A)])};
map(_, _) -> error(badarg).

sparse_map(Fun, #array{} = A) when is_function(Fun, 2) ->
    A#array{entries = maps:from_list([{I, Fun(I, Value)} || {I, Value} <- sparse_to_orddict(A)])};
sparse_map(_, _) -> error(badarg).

foldl(Fun, Acc, A) when is_function(Fun, 3) -> fold(Fun, Acc, to_orddict(A));
foldl(_, _, _) -> error(badarg).

foldr(Fun, Acc, A) when is_function(Fun, 3) -> fold(Fun, Acc, lists:reverse(to_orddict(A)));
foldr(_, _, _) -> error(badarg).

sparse_foldl(Fun, Acc, A) when is_function(Fun, 3) -> fold(Fun, Acc, sparse_to_orddict(A));
sparse_foldl(_, _, _) -> error(badarg).

sparse_foldr(Fun, Acc, A) when is_function(Fun, 3) -> fold(Fun, Acc, lists:reverse(sparse_to_orddict(A)));
sparse_foldr(_, _, _) -> error(badarg).

fold(_, Acc, []) -> Acc;
fold(Fun, Acc, [{I, Value} | Rest]) -> fold(Fun, Fun(I, Value, Acc), Rest).
