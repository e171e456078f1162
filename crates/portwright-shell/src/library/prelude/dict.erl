%% dict(3): maps underneath; keys are listed in their order, which is not OTP's.
-module(dict).
-export([new/0, is_key/2, to_list/1, from_list/1, size/1, is_empty/1, fetch/2, find/2, fetch_keys/1, erase/2, take/2,
         store/3, append/3, append_list/3, update/3, update/4, update_counter/3, fold/3, map/2, filter/2, merge/3]).

new() -> {dict, #{}}.

is_key(Key, {dict, M}) -> is_map_key(Key, M).

to_list({dict, M}) -> maps:to_list(M).

from_list(Pairs) -> {dict, maps:from_list(Pairs)}.

size({dict, M}) -> map_size(M).

is_empty({dict, M}) -> map_size(M) =:= 0.

fetch(Key, {dict, M}) ->
    case M of
        #{Key := Value} -> Value;
        _ -> error(badarg)
    end.

find(Key, {dict, M}) -> maps:find(Key, M).

fetch_keys({dict, M}) -> maps:keys(M).

erase(Key, {dict, M}) -> {dict, maps:remove(Key, M)}.

take(Key, {dict, M}) ->
    case maps:take(Key, M) of
        {Value, Rest} -> {Value, {dict, Rest}};
        error -> error
    end.

store(Key, Value, {dict, M}) -> {dict, M#{Key => Value}}.

append(Key, Value, Dict) -> append_list(Key, [Value], Dict).

append_list(Key, Values, {dict, M}) ->
    case M of
        #{Key := Old} -> {dict, M#{Key := Old ++ Values}};
        _ -> {dict, M#{Key => Values}}
    end.

update(Key, F, {dict, M}) ->
    case M of
        #{Key := Value} -> {dict, M#{Key := F(Value)}};
        _ -> error(badarg)
    end.

update(Key, F, Init, {dict, M}) ->
    case M of
        #{Key := Value} -> {dict, M#{Key := F(Value)}};
        _ -> {dict, M#{Key => Init}}
    end.

update_counter(Key, Incr, Dict) when is_number(Incr) -> update(Key, fun(Old) -> Old + Incr end, Incr, Dict).

fold(F, Acc, {dict, M}) -> maps:fold(F, Acc, M).

map(F, {dict, M}) -> {dict, maps:map(F, M)}.

filter(F, {dict, M}) -> {dict, maps:filter(F, M)}.

merge(F, {dict, M1}, {dict, M2}) -> {dict, maps:merge_with(F, M1, M2)}.
