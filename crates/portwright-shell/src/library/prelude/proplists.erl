%% proplists(3): lists of {Key, Value} and of atoms that stand for {Atom, true}.
-module(proplists).
-export([append_values/2, compact/1, delete/2, expand/2, from_map/1, get_all_values/2, get_bool/2, get_keys/1,
         get_value/2, get_value/3, is_defined/2, lookup/2, lookup_all/2, normalize/2, property/1, property/2, split/2,
         substitute_aliases/2, substitute_negations/2, to_map/1, to_map/2, unfold/1]).

property({Key, true}) when is_atom(Key) -> Key;
property(Property) -> Property.

property(Key, true) when is_atom(Key) -> Key;
property(Key, Value) -> {Key, Value}.

unfold([P | Ps]) when is_atom(P) -> [{P, true} | unfold(Ps)];
unfold([P | Ps]) -> [P | unfold(Ps)];
unfold([]) -> [].

compact(List) -> [property(P) || P <- List].

lookup(Key, [P | Ps]) ->
    if
        is_atom(P), P =:= Key -> {Key, true};
        tuple_size(P) >= 1, element(1, P) =:= Key -> P;
        true -> lookup(Key, Ps)
    end;
lookup(_, []) -> none.

lookup_all(Key, [P | Ps]) ->
    if
        is_atom(P), P =:= Key -> [{Key, true} | lookup_all(Key, Ps)];
        tuple_size(P) >= 1, element(1, P) =:= Key -> [P | lookup_all(Key, Ps)];
        true -> lookup_all(Key, Ps)
    end;
lookup_all(_, []) -> [].

is_defined(Key, [P | Ps]) ->
    if
        is_atom(P), P =:= Key -> true;
        tuple_size(P) >= 1, element(1, P) =:= Key -> true;
        true -> is_defined(Key, Ps)
    end;
is_defined(_, []) -> false.

get_value(Key, List) -> get_value(Key, List, undefined).

get_value(Key, [P | Ps], Default) ->
    if
        is_atom(P), P =:= Key -> true;
        tuple_size(P) >= 1, element(1, P) =:= Key ->
            case P of
                {_, Value} -> Value;
                _ -> Default
            end;
        true -> get_value(Key, Ps, Default)
    end;
get_value(_, [], Default) -> Default.

get_all_values(Key, [P | Ps]) ->
    if
        is_atom(P), P =:= Key -> [true | get_all_values(Key, Ps)];
        tuple_size(P) >= 1, element(1, P) =:= Key ->
            case P of
                {_, Value} -> [Value | get_all_values(Key, Ps)];
                _ -> get_all_values(Key, Ps)
            end;
        true -> get_all_values(Key, Ps)
    end;
get_all_values(_, []) -> [].

append_values(Key, [P | Ps]) ->
    if
        is_atom(P), P =:= Key -> [true | append_values(Key, Ps)];
        tuple_size(P) >= 1, element(1, P) =:= Key ->
            case P of
                {_, Value} when is_list(Value) -> Value ++ append_values(Key, Ps);
                {_, Value} -> [Value | append_values(Key, Ps)];
                _ -> append_values(Key, Ps)
            end;
        true -> append_values(Key, Ps)
    end;
append_values(_, []) -> [].

get_bool(Key, [P | Ps]) ->
    if
        is_atom(P), P =:= Key -> true;
        tuple_size(P) >= 1, element(1, P) =:= Key ->
            case P of
                {_, true} -> true;
                _ -> false
            end;
        true -> get_bool(Key, Ps)
    end;
get_bool(_, []) -> false.

%% OTP returns the keys in the order of sets:to_list/1; so do we.
get_keys(List) -> sets:to_list(keys(List, sets:new())).

keys([P | Ps], Keys) ->
    if
        is_atom(P) -> keys(Ps, sets:add_element(P, Keys));
        tuple_size(P) >= 1 -> keys(Ps, sets:add_element(element(1, P), Keys));
        true -> keys(Ps, Keys)
    end;
keys([], Keys) -> Keys.

delete(Key, [P | Ps]) ->
    if
        is_atom(P), P =:= Key -> delete(Key, Ps);
        tuple_size(P) >= 1, element(1, P) =:= Key -> delete(Key, Ps);
        true -> [P | delete(Key, Ps)]
    end;
delete(_, []) -> [].

substitute_aliases(As, Props) -> [substitute_alias(As, P) || P <- Props].

substitute_alias([{Key, New} | As], P) ->
    if
        is_atom(P), P =:= Key -> property(New, true);
        tuple_size(P) >= 1, element(1, P) =:= Key -> property(setelement(1, P, New));
        true -> substitute_alias(As, P)
    end;
substitute_alias([], P) -> P.

substitute_negations(As, Props) -> [substitute_negation(As, P) || P <- Props].

substitute_negation([{Key, New} | As], P) ->
    if
        is_atom(P), P =:= Key -> property(New, false);
        tuple_size(P) >= 1, element(1, P) =:= Key ->
            case P of
                {_, true} -> property(New, false);
                {_, false} -> property(New, true);
                _ -> property(New, true)
            end;
        true -> substitute_negation(As, P)
    end;
substitute_negation([], P) -> P.

expand(Es, Ps) when is_list(Ps) -> expand_all(Es, compact(Ps)).

expand_all([{P, L} | Es], Props) ->
    expand_all(Es, expand_one(property(P), L, Props));
expand_all([], Props) -> Props.

%% The first entry equal to P is replaced, unless another entry with its key stands before it. Later entries with
%% its key go.
expand_one(P, L, [H | T] = Props) ->
    Key = key_of(P),
    case key_of(H) of
        Key when H =:= P -> L ++ [E || E <- T, key_of(E) =/= Key];
        Key -> Props;
        _ -> [H | expand_one(P, L, T)]
    end;
expand_one(_, _, []) -> [].

key_of(P) when is_tuple(P), tuple_size(P) >= 1 -> element(1, P);
key_of(P) -> P.

normalize(L, [{aliases, As} | Xs]) -> normalize(substitute_aliases(As, L), Xs);
normalize(L, [{expand, Es} | Xs]) -> normalize(expand(Es, L), Xs);
normalize(L, [{negations, Ns} | Xs]) -> normalize(substitute_negations(Ns, L), Xs);
normalize(L, []) -> compact(L).

split(List, Keys) ->
    {Lists, Rest} = split(List, maps:from_list([{K, []} || K <- Keys]), []),
    {[lists:reverse(maps:get(K, Lists)) || K <- Keys], lists:reverse(Rest)}.

split([P | Ps], Found, Rest) ->
    Key = key_of(P),
    case Found of
        #{Key := L} -> split(Ps, Found#{Key := [P | L]}, Rest);
        _ -> split(Ps, Found, [P | Rest])
    end;
split([], Found, Rest) -> {Found, Rest}.

to_map(List) ->
    lists:foldr(fun({K, V}, M) -> M#{K => V};
                   (K, M) when is_atom(K) -> M#{K => true};
                   (_, M) -> M
                end, #{}, List).

to_map(List, Stages) -> to_map(apply_stages(List, Stages)).

apply_stages(L, [{aliases, As} | Xs]) -> apply_stages(substitute_aliases(As, L), Xs);
apply_stages(L, [{expand, Es} | Xs]) -> apply_stages(expand(Es, L), Xs);
apply_stages(L, [{negations, Ns} | Xs]) -> apply_stages(substitute_negations(Ns, L), Xs);
apply_stages(L, []) -> L.

from_map(Map) -> maps:to_list(Map).
