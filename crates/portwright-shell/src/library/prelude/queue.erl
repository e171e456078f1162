%% queue(3): {Rear, Front}, the rear reversed. The front is empty only when the queue has at most one element,
%% and the rear likewise, so that both ends are at hand.
-module(queue).
-export([new/0, is_queue/1, is_empty/1, len/1, to_list/1, from_list/1, member/2, in/2, in_r/2, out/1, out_r/1, get/1,
         get_r/1, peek/1, peek_r/1, drop/1, drop_r/1, reverse/1, join/2, split/2, filter/2, filtermap/2, fold/3, any/2,
         all/2, delete/2, delete_r/2, delete_with/2, delete_with_r/2, cons/2, head/1, tail/1, snoc/2, last/1,
         daeh/1, init/1, liat/1, lait/1]).

new() -> {[], []}.

is_queue({R, F}) when is_list(R), is_list(F) -> true;
is_queue(_) -> false.

is_empty({[], []}) -> true;
is_empty({R, F}) when is_list(R), is_list(F) -> false;
is_empty(_) -> error(badarg).

len({R, F}) when is_list(R), is_list(F) -> length(R) + length(F);
len(_) -> error(badarg).

to_list({R, F}) when is_list(R), is_list(F) -> F ++ lists:reverse(R);
to_list(_) -> error(badarg).

from_list(L) when is_list(L) -> front_to_rear(L);
from_list(_) -> error(badarg).

member(X, {R, F}) when is_list(R), is_list(F) -> lists:member(X, R) orelse lists:member(X, F);
member(_, _) -> error(badarg).

in(X, {[_] = R, []}) -> {[X], R};
in(X, {R, F}) when is_list(R), is_list(F) -> {[X | R], F};
in(_, _) -> error(badarg).

in_r(X, {[], [_] = F}) -> {F, [X]};
in_r(X, {R, F}) when is_list(R), is_list(F) -> {R, [X | F]};
in_r(_, _) -> error(badarg).

out({[], []} = Q) -> {empty, Q};
out({[H], []}) -> {{value, H}, {[], []}};
out({[Y | R], []}) ->
    [H | F] = lists:reverse(R),
    {{value, H}, {[Y], F}};
out({R, [H]}) when is_list(R) -> {{value, H}, rear_to_front(R)};
out({R, [H | F]}) when is_list(R) -> {{value, H}, {R, F}};
out(_) -> error(badarg).

out_r({[], []} = Q) -> {empty, Q};
out_r({[], [H]}) -> {{value, H}, {[], []}};
out_r({[], [Y | F]}) ->
    [H | R] = lists:reverse(F),
    {{value, H}, {R, [Y]}};
out_r({[H], F}) when is_list(F) -> {{value, H}, front_to_rear(F)};
out_r({[H | R], F}) when is_list(F) -> {{value, H}, {R, F}};
out_r(_) -> error(badarg).

%% Half of one side goes to the other.
rear_to_front([]) -> {[], []};
rear_to_front([X]) -> {[], [X]};
rear_to_front([X, Y]) -> {[X], [Y]};
rear_to_front(List) ->
    {R, F} = lists:split(length(List) div 2, List),
    {R, lists:reverse(F)}.

front_to_rear([]) -> {[], []};
front_to_rear([X]) -> {[X], []};
front_to_rear([X, Y]) -> {[Y], [X]};
front_to_rear(List) ->
    {F, R} = lists:split(length(List) div 2, List),
    {lists:reverse(R), F}.

get({[], []}) -> error(empty);
get({R, [H | _]}) when is_list(R) -> H;
get({[H], []}) -> H;
get({[_ | R], []}) -> lists:last(R);
get(_) -> error(badarg).

get_r({[], []}) -> error(empty);
get_r({[H | _], F}) when is_list(F) -> H;
get_r({[], [H]}) -> H;
get_r({[], [_ | F]}) -> lists:last(F);
get_r(_) -> error(badarg).

peek({[], []}) -> empty;
peek(Q) -> {value, get(Q)}.

peek_r({[], []}) -> empty;
peek_r(Q) -> {value, get_r(Q)}.

drop(Q) ->
    case out(Q) of
        {empty, _} -> error(empty);
        {{value, _}, Rest} -> Rest
    end.

drop_r(Q) ->
    case out_r(Q) of
        {empty, _} -> error(empty);
        {{value, _}, Rest} -> Rest
    end.

reverse({R, F}) when is_list(R), is_list(F) -> {F, R};
reverse(_) -> error(badarg).

join({R, F} = Q, {[], []}) when is_list(R), is_list(F) -> Q;
join({[], []}, {R, F} = Q) when is_list(R), is_list(F) -> Q;
join({R1, F1}, {R2, F2}) when is_list(R1), is_list(F1), is_list(R2), is_list(F2) ->
    {R2, F1 ++ lists:reverse(R1, F2)};
join(_, _) -> error(badarg).

split(N, {R, F} = Q) when is_integer(N), N >= 0, is_list(R), is_list(F) ->
    List = to_list(Q),
    case N =< length(List) of
        true ->
            {L1, L2} = lists:split(N, List),
            case length(F) of
                N -> {front_to_rear(L1), rear_to_front(lists:reverse(L2))};
                _ -> {from_list(L1), from_list(L2)}
            end;
        false -> error(badarg)
    end;
split(_, _) -> error(badarg).

filter(Fun, {R, F}) when is_function(Fun, 1), is_list(R), is_list(F) ->
    Keep = fun(X) ->
                   case Fun(X) of
                       true -> [X];
                       false -> [];
                       L when is_list(L) -> L
                   end
           end,
    Front = lists:flatmap(Keep, F),
    rejoined(lists:reverse(lists:flatmap(Keep, lists:reverse(R))), Front);
filter(_, _) -> error(badarg).

%% Neither side is left empty beside a longer one.
rejoined([], F) -> front_to_rear(F);
rejoined(R, []) -> rear_to_front(R);
rejoined(R, F) -> {R, F}.

filtermap(Fun, {R, F} = Q) when is_function(Fun, 1), is_list(R), is_list(F) ->
    from_list(lists:filtermap(Fun, to_list(Q)));
filtermap(_, _) -> error(badarg).

fold(Fun, Acc, {R, F}) when is_function(Fun, 2), is_list(R), is_list(F) ->
    lists:foldr(Fun, lists:foldl(Fun, Acc, F), R);
fold(_, _, _) -> error(badarg).

any(Pred, {R, F}) when is_function(Pred, 1), is_list(R), is_list(F) -> lists:any(Pred, F) orelse lists:any(Pred, R);
any(_, _) -> error(badarg).

all(Pred, {R, F}) when is_function(Pred, 1), is_list(R), is_list(F) -> lists:all(Pred, F) andalso lists:all(Pred, R);
all(_, _) -> error(badarg).

delete(X, {R, F} = Q) when is_list(R), is_list(F) ->
    case lists:member(X, F) of
        true -> rejoined(R, lists:delete(X, F));
        false ->
            case lists:member(X, R) of
                true -> rejoined(lists:reverse(lists:delete(X, lists:reverse(R))), F);
                false -> Q
            end
    end;
delete(_, _) -> error(badarg).

delete_r(X, Q) -> reverse(delete(X, reverse(Q))).

delete_with(Pred, Q) when is_function(Pred, 1) ->
    case [X || X <- to_list(Q), Pred(X)] of
        [X | _] -> delete(X, Q);
        [] -> Q
    end;
delete_with(_, _) -> error(badarg).

delete_with_r(Pred, Q) -> reverse(delete_with(Pred, reverse(Q))).

cons(X, Q) -> in_r(X, Q).

head({[], []}) -> error(empty);
head(Q) -> get(Q).

tail(Q) -> drop(Q).

snoc(Q, X) -> in(X, Q).

daeh(Q) -> get_r(Q).

last(Q) -> get_r(Q).

liat(Q) -> drop_r(Q).

lait(Q) -> drop_r(Q).

init(Q) -> drop_r(Q).
