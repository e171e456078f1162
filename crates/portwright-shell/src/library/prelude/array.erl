%% array(3): a tree of tuples with OTP's shape, so that an array that is printed looks as there: a leaf has ten values,
%% a node ten subtrees and behind them how many values each has room for. What was never set is no tuple but the
%% number of values that it has room for.
-module(array).
-export([new/0, new/1, new/2, is_array/1, size/1, default/1, is_fix/1, fix/1, relax/1, get/2, set/3, reset/2,
         resize/1, resize/2, to_list/1, sparse_to_list/1, from_list/1, from_list/2, to_orddict/1,
         sparse_to_orddict/1, from_orddict/1, from_orddict/2, map/2, sparse_map/2, foldl/3, foldr/3,
         sparse_foldl/3, sparse_foldr/3, sparse_size/1]).

-record(array, {size, max, default, elements}).

%% `max` is what the tree has room for, and 0 for an array of fixed size.

new() -> new([]).

new(Size) when is_integer(Size), Size >= 0 -> made(Size, true, undefined);
new(Options) -> options(list(Options), 0, false, undefined).

new(Size, Options) when is_integer(Size), Size >= 0 -> options(list(Options), Size, true, undefined);
new(_, _) -> error(badarg).

list(Options) when is_list(Options) -> Options;
list(Option) -> [Option].

options([], Size, Fixed, Default) -> made(Size, Fixed, Default);
options([fixed | Rest], Size, _, Default) -> options(Rest, Size, true, Default);
options([{fixed, Fixed} | Rest], Size, _, Default) when is_boolean(Fixed) -> options(Rest, Size, Fixed, Default);
options([{default, Default} | Rest], Size, Fixed, _) -> options(Rest, Size, Fixed, Default);
options([{size, Size} | Rest], _, _, Default) when is_integer(Size), Size >= 0 -> options(Rest, Size, true, Default);
options([Size | Rest], _, _, Default) when is_integer(Size), Size >= 0 -> options(Rest, Size, true, Default);
options(_, _, _, _) -> error(badarg).

made(Size, Fixed, Default) ->
    Room = room(Size - 1, 10),
    Max = if Fixed -> 0; true -> Room end,
    #array{size = Size, max = Max, default = Default, elements = Room}.

%% The least room, from Room on, that has index I.
room(I, Room) when I >= Room -> room(I, Room * 10);
room(_, Room) -> Room.

is_array(#array{size = Size, max = Max}) when is_integer(Size), is_integer(Max) -> true;
is_array(_) -> false.

size(#array{size = Size}) -> Size;
size(_) -> error(badarg).

default(#array{default = Value}) -> Value;
default(_) -> error(badarg).

is_fix(#array{max = 0}) -> true;
is_fix(#array{}) -> false.

fix(#array{} = A) -> A#array{max = 0}.

relax(#array{size = Size} = A) -> A#array{max = room(Size - 1, 10)}.

get(I, #array{size = Size, max = Max, default = Default, elements = Tree}) when is_integer(I), I >= 0 ->
    if
        I < Size -> value(I, Tree, Default);
        Max > 0 -> Default;
        true -> error(badarg)
    end;
get(_, _) -> error(badarg).

value(_, Room, Default) when is_integer(Room) -> Default;
value(I, Leaf, _) when tuple_size(Leaf) =:= 10 -> element(I + 1, Leaf);
value(I, Node, Default) ->
    Room = element(11, Node),
    value(I rem Room, element(I div Room + 1, Node), Default).

set(I, Value, #array{size = Size, max = Max, default = Default, elements = Tree} = A) when is_integer(I), I >= 0 ->
    if
        I < Size -> A#array{elements = put_value(I, Value, Tree, Default)};
        I < Max -> A#array{size = I + 1, elements = put_value(I, Value, Tree, Default)};
        Max > 0 ->
            {More, NewMax} = grown(I, Tree, Max),
            A#array{size = I + 1, max = NewMax, elements = put_value(I, Value, More, Default)};
        true -> error(badarg)
    end;
set(_, _, _) -> error(badarg).

put_value(I, Value, Tree, Default) when is_integer(Tree) -> put_value(I, Value, unfolded(Tree, Default), Default);
put_value(I, Value, Leaf, _) when tuple_size(Leaf) =:= 10 -> setelement(I + 1, Leaf, Value);
put_value(I, Value, Node, Default) ->
    Room = element(11, Node),
    At = I div Room + 1,
    setelement(At, Node, put_value(I rem Room, Value, element(At, Node), Default)).

unfolded(10, Default) -> erlang:make_tuple(10, Default);
unfolded(Room, _) -> erlang:make_tuple(11, Room div 10).

%% A tree with room for index I.
grown(I, Tree, _) when is_integer(Tree) ->
    Room = room(I, Tree),
    {Room, Room};
grown(I, Tree, Max) when I >= Max -> grown(I, setelement(1, erlang:make_tuple(11, Max), Tree), Max * 10);
grown(_, Tree, Max) -> {Tree, Max}.

reset(I, #array{size = Size, max = Max, default = Default} = A) when is_integer(I), I >= 0 ->
    if
        I < Size ->
            case get(I, A) of
                Default -> A;
                _ -> set(I, Default, A)
            end;
        Max > 0 -> A;
        true -> error(badarg)
    end;
reset(_, _) -> error(badarg).

resize(#array{} = A) -> resize(sparse_size(A), A);
resize(_) -> error(badarg).

resize(Size, #array{size = Was, max = Max, elements = Tree} = A) when is_integer(Size), Size > Was ->
    Room = if Max > 0 -> Max; true -> room(Was - 1, 10) end,
    {More, NewMax} = grown(Size - 1, Tree, Room),
    A#array{size = Size, max = if Max > 0 -> NewMax; true -> 0 end, elements = More};
resize(Size, #array{} = A) when is_integer(Size), Size >= 0 -> A#array{size = Size};
resize(_, _) -> error(badarg).

sparse_size(#array{} = A) ->
    case lists:reverse(sparse_to_orddict(A)) of
        [{I, _} | _] -> I + 1;
        [] -> 0
    end;
sparse_size(_) -> error(badarg).

to_list(A) -> [Value || {_, Value} <- to_orddict(A)].

sparse_to_list(A) -> [Value || {_, Value} <- sparse_to_orddict(A)].

to_orddict(#array{size = Size, default = Default, elements = Tree}) -> filled(0, Size, entries(Tree, 0), Default);
to_orddict(_) -> error(badarg).

filled(Size, Size, _, _) -> [];
filled(I, Size, [{I, _} = Entry | Rest], Default) -> [Entry | filled(I + 1, Size, Rest, Default)];
filled(I, Size, Rest, Default) -> [{I, Default} | filled(I + 1, Size, Rest, Default)].

sparse_to_orddict(#array{size = Size, default = Default, elements = Tree}) ->
    [Entry || {I, Value} = Entry <- entries(Tree, 0), I < Size, Value =/= Default];
sparse_to_orddict(_) -> error(badarg).

%% What stands in leaves, with its index.
entries(Room, _) when is_integer(Room) -> [];
entries(Leaf, First) when tuple_size(Leaf) =:= 10 ->
    lists:zip(lists:seq(First, First + 9), tuple_to_list(Leaf));
entries(Node, First) ->
    Room = element(11, Node),
    lists:append([entries(element(I + 1, Node), First + I * Room) || I <- lists:seq(0, 9)]).

from_list(List) -> from_list(List, undefined).

from_list([], Default) -> new({default, Default});
from_list(List, Default) when is_list(List) ->
    try length(List) of
        Size ->
            {Tree, Max} = nodes(leaves(List, Default), 10),
            #array{size = Size, max = Max, default = Default, elements = Tree}
    catch
        error:_ -> error(badarg)
    end;
from_list(_, _) -> error(badarg).

leaves([], _) -> [];
leaves(List, Default) ->
    {Values, Rest} = lists:split(min(10, length(List)), List),
    [list_to_tuple(Values ++ lists:duplicate(10 - length(Values), Default)) | leaves(Rest, Default)].

nodes([Tree], Max) -> {Tree, Max};
nodes(Trees, Room) -> nodes(gathered(Trees, Room), Room * 10).

gathered([], _) -> [];
gathered(Trees, Room) ->
    {Ten, Rest} = lists:split(min(10, length(Trees)), Trees),
    [list_to_tuple(Ten ++ lists:duplicate(11 - length(Ten), Room)) | gathered(Rest, Room)].

from_orddict(Entries) -> from_orddict(Entries, undefined).

from_orddict([], Default) -> new({default, Default});
from_orddict(Entries, Default) when is_list(Entries) ->
    try lists:foldl(fun({I, Value}, A) when I >= A#array.size -> set(I, Value, A) end, new({default, Default}), Entries)
    catch
        error:_ -> error(badarg)
    end;
from_orddict(_, _) -> error(badarg).

map(Fun, #array{size = Size, default = Default, elements = Tree} = A) when is_function(Fun, 2) ->
    A#array{elements = mapped(fun(I, Value) when I < Size -> Fun(I, Value); (_, Value) -> Value end,
                              fun(Room, First) -> if First < Size -> unfolded(Room, Default); true -> Room end end, Tree, 0)};
map(_, _) -> error(badarg).

sparse_map(Fun, #array{size = Size, default = Default, elements = Tree} = A) when is_function(Fun, 2) ->
    A#array{elements = mapped(fun(I, Value) when I < Size, Value =/= Default -> Fun(I, Value); (_, Value) -> Value end,
                              fun(Room, _) -> Room end, Tree, 0)};
sparse_map(_, _) -> error(badarg).

mapped(Fun, Unfold, Room, First) when is_integer(Room) ->
    case Unfold(Room, First) of
        Room -> Room;
        Tree -> mapped(Fun, Unfold, Tree, First)
    end;
mapped(Fun, _, Leaf, First) when tuple_size(Leaf) =:= 10 ->
    list_to_tuple([Fun(First + I, element(I + 1, Leaf)) || I <- lists:seq(0, 9)]);
mapped(Fun, Unfold, Node, First) ->
    Room = element(11, Node),
    Trees = [mapped(Fun, Unfold, element(I + 1, Node), First + I * Room) || I <- lists:seq(0, 9)],
    list_to_tuple(Trees ++ [Room]).

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
