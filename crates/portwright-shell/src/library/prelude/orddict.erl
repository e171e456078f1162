%% orddict(3): sorted lists of {Key, Value}.
-module(orddict).
-export([new/0, is_key/2, to_list/1, from_list/1, size/1, is_empty/1, fetch/2, find/2, fetch_keys/1, erase/2, take/2,
         store/3, append/3, append_list/3, update/3, update/4, update_counter/3, fold/3, map/2, filter/2, merge/3]).

new() -> [].

is_key(Key, [{K, _} | _]) when Key < K -> false;
is_key(Key, [{K, _} | Dict]) when Key > K -> is_key(Key, Dict);
is_key(_, [{_, _} | _]) -> true;
is_key(_, []) -> false.

to_list(Dict) -> Dict.

from_list([]) -> [];
from_list([{_, _}] = Pair) -> Pair;
from_list([{_, _} | _] = Pairs) -> lists:ukeysort(1, reversed(Pairs, [])).

%% The last of several pairs with one key stays.
reversed([{_, _} = Pair | T], Done) -> reversed(T, [Pair | Done]);
reversed([], Done) -> Done.

size(D) -> length(D).

is_empty([]) -> true;
is_empty([_ | _]) -> false.

fetch(Key, [{K, _} | D]) when Key > K -> fetch(Key, D);
fetch(Key, [{K, Value} | _]) when Key == K -> Value.

find(Key, [{K, _} | _]) when Key < K -> error;
find(Key, [{K, _} | D]) when Key > K -> find(Key, D);
find(_, [{_, Value} | _]) -> {ok, Value};
find(_, []) -> error.

fetch_keys(Dict) -> [K || {K, _} <- Dict].

erase(Key, [{K, _} = E | Dict]) when Key < K -> [E | Dict];
erase(Key, [{K, _} = E | Dict]) when Key > K -> [E | erase(Key, Dict)];
erase(_, [{_, _} | Dict]) -> Dict;
erase(_, []) -> [].

take(Key, Dict) ->
    case find(Key, Dict) of
        {ok, Value} -> {Value, erase(Key, Dict)};
        error -> error
    end.

store(Key, New, [{K, _} = E | Dict]) when Key < K -> [{Key, New}, E | Dict];
store(Key, New, [{K, _} = E | Dict]) when Key > K -> [E | store(Key, New, Dict)];
store(Key, New, [{_, _} | Dict]) -> [{Key, New} | Dict];
store(Key, New, []) -> [{Key, New}].

append(Key, New, Dict) -> append_list(Key, [New], Dict).

append_list(Key, News, Dict) ->
    case find(Key, Dict) of
        {ok, Old} -> store(Key, Old ++ News, Dict);
        error -> store(Key, News, Dict)
    end.

update(Key, Fun, [{K, _} = E | Dict]) when Key > K -> [E | update(Key, Fun, Dict)];
update(Key, Fun, [{K, Value} | Dict]) when Key == K -> [{Key, Fun(Value)} | Dict].

update(Key, Fun, Init, Dict) ->
    case find(Key, Dict) of
        {ok, Value} -> store(Key, Fun(Value), Dict);
        error -> store(Key, Init, Dict)
    end.

update_counter(Key, Incr, Dict) when is_number(Incr) -> update(Key, fun(Old) -> Old + Incr end, Incr, Dict).

fold(F, Acc, [{Key, Value} | D]) -> fold(F, F(Key, Value, Acc), D);
fold(F, Acc, []) when is_function(F, 3) -> Acc.

map(F, [{Key, Value} | D]) -> [{Key, F(Key, Value)} | map(F, D)];
map(F, []) when is_function(F, 2) -> [].

filter(F, [{Key, Value} = E | D]) ->
    case F(Key, Value) of
        true -> [E | filter(F, D)];
        false -> filter(F, D)
    end;
filter(F, []) when is_function(F, 2) -> [].

merge(F, [{K1, _} = E1 | D1], [{K2, _} = E2 | D2]) when K1 < K2 -> [E1 | merge(F, D1, [E2 | D2])];
merge(F, [{K1, _} = E1 | D1], [{K2, _} = E2 | D2]) when K1 > K2 -> [E2 | merge(F, [E1 | D1], D2)];
merge(F, [{K1, V1} | D1], [{_, V2} | D2]) -> [{K1, F(K1, V1, V2)} | merge(F, D1, D2)];
merge(F, [], D2) when is_function(F, 3) -> D2;
merge(F, D1, []) when is_function(F, 3) -> D1.
