%% The higher-order and the rarer functions of lists(3). What is hot or flat is native: see library/lists.rs.
%% Clauses are guarded as OTP guards them, so that wrong arguments end in the same error.
-module(lists).
-export([all/2, any/2, dropwhile/2, enumerate/1, enumerate/2, filter/2, filtermap/2, flatmap/2, foldl/3, foldr/3,
         foreach/2, join/2, keydelete/3, keymap/3, keymerge/3, keyreplace/4, keystore/4, keytake/3, map/2, mapfoldl/3,
         mapfoldr/3, merge/1, merge/2, merge/3, merge3/3, partition/2, rkeymerge/3, rmerge/2, rmerge/3, rmerge3/3,
         rukeymerge/3, rumerge/2, rumerge/3, rumerge3/3, search/2, sort/2, splitwith/2, takewhile/2, ukeymerge/3,
         umerge/1, umerge/2, umerge/3, umerge3/3, uniq/1, uniq/2, unzip/1, unzip3/1, usort/2, zf/2, zip/2, zip3/3,
         zipwith/3, zipwith3/4]).

all(Pred, List) when is_function(Pred, 1) ->
    case List of
        [Hd | Tail] ->
            case Pred(Hd) of
                true -> all_rest(Pred, Tail);
                false -> false
            end;
        [] -> true
    end.

all_rest(Pred, [Hd | Tail]) ->
    case Pred(Hd) of
        true -> all_rest(Pred, Tail);
        false -> false
    end;
all_rest(_, []) -> true.

any(Pred, List) when is_function(Pred, 1) ->
    case List of
        [Hd | Tail] ->
            case Pred(Hd) of
                false -> any_rest(Pred, Tail);
                true -> true
            end;
        [] -> false
    end.

any_rest(Pred, [Hd | Tail]) ->
    case Pred(Hd) of
        false -> any_rest(Pred, Tail);
        true -> true
    end;
any_rest(_, []) -> false.

map(F, List) when is_function(F, 1) ->
    case List of
        [Hd | Tail] -> [F(Hd) | map_rest(F, Tail)];
        [] -> []
    end.

map_rest(F, [Hd | Tail]) -> [F(Hd) | map_rest(F, Tail)];
map_rest(_, []) -> [].

flatmap(F, List) when is_function(F, 1) -> flatmap_rest(F, List).

flatmap_rest(F, [Hd | Tail]) -> F(Hd) ++ flatmap_rest(F, Tail);
flatmap_rest(_, []) -> [].

foldl(F, Acc, List) when is_function(F, 2) ->
    case List of
        [Hd | Tail] -> fold_rest(F, F(Hd, Acc), Tail);
        [] -> Acc
    end.

fold_rest(F, Acc, [Hd | Tail]) -> fold_rest(F, F(Hd, Acc), Tail);
fold_rest(_, Acc, []) -> Acc.

foldr(F, Acc, List) when is_function(F, 2) ->
    fold_rest(F, Acc, lists:reverse(List)).

foreach(F, List) when is_function(F, 1) -> foreach_rest(F, List).

foreach_rest(F, [Hd | Tail]) -> F(Hd), foreach_rest(F, Tail);
foreach_rest(_, []) -> ok.

filter(Pred, List) when is_function(Pred, 1) ->
    [E || E <- List, Pred(E)].

partition(Pred, List) when is_function(Pred, 1) -> partition(Pred, List, [], []).

partition(Pred, [H | T], As, Bs) ->
    case Pred(H) of
        true -> partition(Pred, T, [H | As], Bs);
        false -> partition(Pred, T, As, [H | Bs])
    end;
partition(_, [], As, Bs) ->
    {lists:reverse(As), lists:reverse(Bs)}.

filtermap(F, [Hd | Tail]) when is_function(F, 1) ->
    case F(Hd) of
        true -> [Hd | filtermap(F, Tail)];
        {true, Value} -> [Value | filtermap(F, Tail)];
        false -> filtermap(F, Tail)
    end;
filtermap(F, []) when is_function(F, 1) -> [].

zf(F, List) -> filtermap(F, List).

mapfoldl(F, Acc, List) when is_function(F, 2) -> mapfoldl(F, Acc, List, []).

mapfoldl(F, Acc0, [Hd | Tail], Done) ->
    {R, Acc} = F(Hd, Acc0),
    mapfoldl(F, Acc, Tail, [R | Done]);
mapfoldl(_, Acc, [], Done) -> {lists:reverse(Done), Acc}.

mapfoldr(F, Acc, List) when is_function(F, 2) -> mapfoldr(F, Acc, lists:reverse(List), []).

mapfoldr(F, Acc0, [Hd | Tail], Done) ->
    {R, Acc} = F(Hd, Acc0),
    mapfoldr(F, Acc, Tail, [R | Done]);
mapfoldr(_, Acc, [], Done) -> {Done, Acc}.

takewhile(Pred, [Hd | Tail]) when is_function(Pred, 1) ->
    case Pred(Hd) of
        true -> [Hd | takewhile(Pred, Tail)];
        false -> []
    end;
takewhile(Pred, []) when is_function(Pred, 1) -> [].

dropwhile(Pred, [Hd | Tail] = List) when is_function(Pred, 1) ->
    case Pred(Hd) of
        true -> dropwhile(Pred, Tail);
        false -> List
    end;
dropwhile(Pred, []) when is_function(Pred, 1) -> [].

search(Pred, [Hd | Tail]) when is_function(Pred, 1) ->
    case Pred(Hd) of
        true -> {value, Hd};
        false -> search(Pred, Tail)
    end;
search(Pred, []) when is_function(Pred, 1) -> false.

splitwith(Pred, List) when is_function(Pred, 1) -> splitwith(Pred, List, []).

splitwith(Pred, [Hd | Tail] = List, Taken) ->
    case Pred(Hd) of
        true -> splitwith(Pred, Tail, [Hd | Taken]);
        false -> {lists:reverse(Taken), List}
    end;
splitwith(_, [], Taken) -> {lists:reverse(Taken), []}.

join(_, []) -> [];
join(Sep, [H | T]) -> [H | join_rest(Sep, T)].

join_rest(_, []) -> [];
join_rest(Sep, [H | T]) -> [Sep, H | join_rest(Sep, T)].

enumerate(List) -> enumerate(1, List).

enumerate(Index, List) when is_integer(Index), is_list(List) -> enumerate_from(Index, List).

enumerate_from(Index, [H | T]) -> [{Index, H} | enumerate_from(Index + 1, T)];
enumerate_from(_, []) -> [].

uniq(List) -> uniq_by(fun(X) -> X end, List, #{}).

uniq(F, List) when is_function(F, 1) -> uniq_by(F, List, #{}).

uniq_by(F, [H | T], Seen) ->
    Key = F(H),
    case Seen of
        #{Key := _} -> uniq_by(F, T, Seen);
        _ -> [H | uniq_by(F, T, Seen#{Key => true})]
    end;
uniq_by(_, [], _) -> [].

%% Pairs and triples.

zip([X | Xs], [Y | Ys]) -> [{X, Y} | zip(Xs, Ys)];
zip([], []) -> [].

zip3([X | Xs], [Y | Ys], [Z | Zs]) -> [{X, Y, Z} | zip3(Xs, Ys, Zs)];
zip3([], [], []) -> [].

zipwith(F, [X | Xs], [Y | Ys]) -> [F(X, Y) | zipwith(F, Xs, Ys)];
zipwith(F, [], []) when is_function(F, 2) -> [].

zipwith3(F, [X | Xs], [Y | Ys], [Z | Zs]) -> [F(X, Y, Z) | zipwith3(F, Xs, Ys, Zs)];
zipwith3(F, [], [], []) when is_function(F, 3) -> [].

unzip(List) -> unzip(List, [], []).

unzip([{X, Y} | T], Xs, Ys) -> unzip(T, [X | Xs], [Y | Ys]);
unzip([], Xs, Ys) -> {lists:reverse(Xs), lists:reverse(Ys)}.

unzip3(List) -> unzip3(List, [], [], []).

unzip3([{X, Y, Z} | T], Xs, Ys, Zs) -> unzip3(T, [X | Xs], [Y | Ys], [Z | Zs]);
unzip3([], Xs, Ys, Zs) -> {lists:reverse(Xs), lists:reverse(Ys), lists:reverse(Zs)}.

%% Lists of tuples.

keydelete(Key, N, List) when is_integer(N), N > 0 -> keydelete_rest(Key, N, List).

keydelete_rest(Key, N, [H | T]) when element(N, H) == Key -> T;
keydelete_rest(Key, N, [H | T]) -> [H | keydelete_rest(Key, N, T)];
keydelete_rest(_, _, []) -> [].

keyreplace(Key, N, List, New) when is_integer(N), N > 0, is_tuple(New) -> keyreplace_rest(Key, N, List, New).

keyreplace_rest(Key, Pos, [Tup | Tail], New) when element(Pos, Tup) == Key -> [New | Tail];
keyreplace_rest(Key, Pos, [H | T], New) -> [H | keyreplace_rest(Key, Pos, T, New)];
keyreplace_rest(_, _, [], _) -> [].

keystore(Key, N, List, New) when is_integer(N), N > 0, is_tuple(New) -> keystore_rest(Key, N, List, New).

keystore_rest(Key, N, [H | T], New) when element(N, H) == Key -> [New | T];
keystore_rest(Key, N, [H | T], New) -> [H | keystore_rest(Key, N, T, New)];
keystore_rest(_, _, [], New) -> [New].

keytake(Key, N, List) when is_integer(N), N > 0 -> keytake(Key, N, List, []).

keytake(Key, N, [H | T], Before) when element(N, H) == Key -> {value, H, lists:reverse(Before, T)};
keytake(Key, N, [H | T], Before) -> keytake(Key, N, T, [H | Before]);
keytake(_, _, [], _) -> false.

keymap(F, Index, [Tup | Tail]) ->
    [setelement(Index, Tup, F(element(Index, Tup))) | keymap(F, Index, Tail)];
keymap(F, Index, []) when is_integer(Index), Index >= 1, is_function(F, 1) -> [].

%% Sorting by a fun: a stable merge sort. LessOrEqual(A, B) is false when B belongs before A.

sort(LessOrEqual, []) when is_function(LessOrEqual, 2) -> [];
sort(LessOrEqual, [_] = List) when is_function(LessOrEqual, 2) -> List;
sort(LessOrEqual, [_, _ | _] = List) -> sort_n(LessOrEqual, counted(List, 0), List).

counted([_ | T], N) -> counted(T, N + 1);
counted([], N) -> N.

sort_n(_, 1, [E | _]) -> [E];
sort_n(LessOrEqual, N, List) ->
    Half = (N + 1) div 2,
    merge_by(LessOrEqual, sort_n(LessOrEqual, Half, List), sort_n(LessOrEqual, N - Half, lists:nthtail(Half, List)), []).

merge_by(LessOrEqual, [A | As] = Left, [B | Bs] = Right, Done) ->
    case LessOrEqual(A, B) of
        true -> merge_by(LessOrEqual, As, Right, [A | Done]);
        false -> merge_by(LessOrEqual, Left, Bs, [B | Done])
    end;
merge_by(_, [], Right, Done) -> lists:reverse(Done, Right);
merge_by(_, Left, [], Done) -> lists:reverse(Done, Left).

usort(LessOrEqual, []) when is_function(LessOrEqual, 2) -> [];
usort(LessOrEqual, [_] = List) when is_function(LessOrEqual, 2) -> List;
usort(LessOrEqual, [_, _ | _] = List) when is_function(LessOrEqual, 2) -> usort_n(LessOrEqual, counted(List, 0), List).

usort_n(_, 1, [E | _]) -> [E];
usort_n(LessOrEqual, N, List) ->
    Half = (N + 1) div 2,
    umerge_by(LessOrEqual, usort_n(LessOrEqual, Half, List), usort_n(LessOrEqual, N - Half, lists:nthtail(Half, List)), []).

%% Of equal elements the one from the left list stays.
umerge_by(LessOrEqual, [A | As] = Left, [B | Bs] = Right, Done) ->
    case LessOrEqual(A, B) of
        true ->
            case LessOrEqual(B, A) of
                true -> umerge_by(LessOrEqual, As, [A | Bs], Done);
                false -> umerge_by(LessOrEqual, As, Right, [A | Done])
            end;
        false -> umerge_by(LessOrEqual, Left, Bs, [B | Done])
    end;
umerge_by(_, [], Right, Done) -> lists:reverse(Done, Right);
umerge_by(_, Left, [], Done) -> lists:reverse(Done, Left).

%% Merging of sorted lists.

merge(Lists) -> merge_all(Lists, fun lists:merge/2).

umerge(Lists) -> merge_all(Lists, fun lists:umerge/2).

merge_all([], _) -> [];
merge_all([L], _) -> L;
merge_all([L1, L2 | T], Merge) -> merge_all([Merge(L1, L2) | T], Merge).

merge(L1, L2) -> merge(fun(A, B) -> A =< B end, L1, L2).

merge(LessOrEqual, L1, L2) when is_function(LessOrEqual, 2), is_list(L1), is_list(L2) ->
    merge_by(LessOrEqual, L1, L2, []).

merge3(L1, L2, L3) -> merge(merge(L1, L2), L3).

umerge(L1, L2) -> umerge(fun(A, B) -> A =< B end, L1, L2).

umerge(LessOrEqual, L1, L2) when is_function(LessOrEqual, 2), is_list(L1), is_list(L2) ->
    umerge_by(LessOrEqual, L1, L2, []).

umerge3(L1, L2, L3) -> umerge(umerge(L1, L2), L3).

rmerge(L1, L2) -> rmerge(fun(A, B) -> A =< B end, L1, L2).

rmerge(LessOrEqual, L1, L2) when is_function(LessOrEqual, 2), is_list(L1), is_list(L2) ->
    lists:reverse(merge_by(LessOrEqual, lists:reverse(L1), lists:reverse(L2), [])).

rmerge3(L1, L2, L3) -> rmerge(rmerge(L1, L2), L3).

rumerge(L1, L2) -> rumerge(fun(A, B) -> A =< B end, L1, L2).

rumerge(LessOrEqual, L1, L2) when is_function(LessOrEqual, 2), is_list(L1), is_list(L2) ->
    lists:reverse(umerge_by(LessOrEqual, lists:reverse(L1), lists:reverse(L2), [])).

rumerge3(L1, L2, L3) -> rumerge(rumerge(L1, L2), L3).

keymerge(Index, L1, L2) when is_integer(Index), Index > 0, is_list(L1), is_list(L2) ->
    merge_by(by_key(Index), L1, L2, []).

ukeymerge(Index, L1, L2) when is_integer(Index), Index > 0, is_list(L1), is_list(L2) ->
    umerge_by(by_key(Index), L1, L2, []).

rkeymerge(Index, L1, L2) when is_integer(Index), Index > 0, is_list(L1), is_list(L2) ->
    lists:reverse(merge_by(by_key(Index), lists:reverse(L1), lists:reverse(L2), [])).

rukeymerge(Index, L1, L2) when is_integer(Index), Index > 0, is_list(L1), is_list(L2) ->
    lists:reverse(umerge_by(by_key(Index), lists:reverse(L1), lists:reverse(L2), [])).

by_key(Index) -> fun(A, B) -> element(Index, A) =< element(Index, B) end.
