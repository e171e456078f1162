%% The functions of string(3) that are older than Unicode: they work on flat lists, element by element.
%% What works on grapheme clusters is native: see library/strings.rs.
-module(string).
-export([centre/2, centre/3, chars/2, chars/3, chr/2, concat/2, copies/2, cspan/2, join/2, left/2, left/3, len/1,
         rchr/2, right/2, right/3, rstr/2, span/2, str/2, strip/1, strip/2, strip/3, sub_string/2, sub_string/3,
         sub_word/2, sub_word/3, substr/2, substr/3, to_lower/1, to_upper/1, words/1, words/2]).

len(S) -> length(S).

concat(S1, S2) -> S1 ++ S2.

chr(S, C) when is_integer(C) -> chr(S, C, 1).

chr([C | _], C, I) -> I;
chr([_ | Cs], C, I) -> chr(Cs, C, I + 1);
chr([], _, _) -> 0.

rchr(S, C) when is_integer(C) -> rchr(S, C, 1, 0).

rchr([C | Cs], C, I, _) -> rchr(Cs, C, I + 1, I);
rchr([_ | Cs], C, I, Last) -> rchr(Cs, C, I + 1, Last);
rchr([], _, _, Last) -> Last.

str(S, Sub) when is_list(Sub) -> str(S, Sub, 1).

str([C | S], [C | Sub], I) ->
    case lists:prefix(Sub, S) of
        true -> I;
        false -> str(S, [C | Sub], I + 1)
    end;
str([_ | S], Sub, I) -> str(S, Sub, I + 1);
str([], _, _) -> 0.

rstr(S, Sub) when is_list(Sub) -> rstr(S, Sub, 1, 0).

rstr([C | S], [C | Sub], I, Last) ->
    case lists:prefix(Sub, S) of
        true -> rstr(S, [C | Sub], I + 1, I);
        false -> rstr(S, [C | Sub], I + 1, Last)
    end;
rstr([_ | S], Sub, I, Last) -> rstr(S, Sub, I + 1, Last);
rstr([], _, _, Last) -> Last.

span(S, Cs) when is_list(Cs) -> span(S, Cs, 0).

span([C | S], Cs, N) ->
    case lists:member(C, Cs) of
        true -> span(S, Cs, N + 1);
        false -> N
    end;
span([], _, N) -> N.

cspan(S, Cs) when is_list(Cs) -> cspan(S, Cs, 0).

cspan([C | S], Cs, N) ->
    case lists:member(C, Cs) of
        true -> N;
        false -> cspan(S, Cs, N + 1)
    end;
cspan([], _, N) -> N.

substr([], 1) -> [];
substr([C | S], 1) -> [C | S];
substr([_ | S], Start) when is_integer(Start), Start > 1 -> substr(S, Start - 1);
substr([], Start) when is_integer(Start), Start =:= 1 -> [].

substr(S, Start, Length) when is_integer(Length), Length >= 0 -> lists:sublist(substr_from(S, Start), Length).

substr_from(S, 1) when is_list(S) -> S;
substr_from([_ | S], Start) when is_integer(Start), Start > 1 -> substr_from(S, Start - 1).

sub_string(S, Start) -> substr(S, Start).

sub_string(S, Start, Stop) when is_integer(Start), is_integer(Stop) -> substr(S, Start, Stop - Start + 1).

chars(C, N) -> chars(C, N, []).

chars(C, N, Tail) when N > 0 -> chars(C, N - 1, [C | Tail]);
chars(C, 0, Tail) when is_integer(C) -> Tail.

copies(S, N) when is_list(S), is_integer(N), N >= 0 -> lists:append(lists:duplicate(N, S)).

words(S) -> words(S, $\s).

words(S, Sep) when is_integer(Sep) -> words_in(strip(S, both, Sep), Sep, 1).

words_in([C | S], C, N) -> words_in(strip(S, left, C), C, N + 1);
words_in([_ | S], C, N) -> words_in(S, C, N);
words_in([], _, N) -> N.

sub_word(S, I) -> sub_word(S, I, $\s).

sub_word(S, I, Sep) when is_integer(I), I > 0, is_integer(Sep) -> word_at(strip(S, left, Sep), Sep, 1, I).

word_at([], _, _, _) -> [];
word_at(S, Sep, N, N) -> lists:takewhile(fun(C) -> C =/= Sep end, S);
word_at(S, Sep, N, I) -> word_at(strip(lists:dropwhile(fun(C) -> C =/= Sep end, S), left, Sep), Sep, N + 1, I).

strip(S) -> strip(S, both).

strip(S, Where) -> strip(S, Where, $\s).

strip(S, right, C) -> strip_right(S, C);
strip(S, left, C) -> strip_left(S, C);
strip(S, both, C) -> strip_right(strip_left(S, C), C).

strip_left([C | S], C) -> strip_left(S, C);
strip_left([_ | _] = S, _) -> S;
strip_left([], _) -> [].

strip_right([C | S], C) ->
    case strip_right(S, C) of
        [] -> [];
        Rest -> [C | Rest]
    end;
strip_right([C | S], Strip) -> [C | strip_right(S, Strip)];
strip_right([], _) -> [].

left(S, N) when is_integer(N) -> left(S, N, $\s).

left(S, N, C) when is_integer(C) ->
    Length = length(S),
    if
        Length > N -> substr(S, 1, N);
        Length < N -> S ++ chars(C, N - Length);
        true -> S
    end.

right(S, N) when is_integer(N) -> right(S, N, $\s).

right(S, N, C) when is_integer(C) ->
    Length = length(S),
    if
        Length > N -> lists:nthtail(Length - N, S);
        Length < N -> chars(C, N - Length, S);
        true -> S
    end.

centre(S, N) when is_integer(N) -> centre(S, N, $\s).

centre(_, 0, C) when is_integer(C) -> [];
centre(S, N, C) when is_integer(C) ->
    Length = length(S),
    if
        Length > N -> substr(S, (Length - N) div 2 + 1, N);
        Length < N ->
            Pad = (N - Length) div 2,
            chars(C, Pad) ++ S ++ chars(C, N - Length - Pad);
        true -> S
    end.

to_lower(S) when is_list(S) -> [lower(C) || C <- S];
to_lower(C) when is_integer(C) -> lower(C).

to_upper(S) when is_list(S) -> [upper(C) || C <- S];
to_upper(C) when is_integer(C) -> upper(C).

lower(C) when is_integer(C), $A =< C, C =< $Z -> C + 32;
lower(C) when is_integer(C), 16#C0 =< C, C =< 16#DE, C =/= 16#D7 -> C + 32;
lower(C) -> C.

upper(C) when is_integer(C), $a =< C, C =< $z -> C - 32;
upper(C) when is_integer(C), 16#E0 =< C, C =< 16#FE, C =/= 16#F7 -> C - 32;
upper(C) -> C.

join([], Sep) when is_list(Sep) -> [];
join([H | T], Sep) -> H ++ lists:append([Sep ++ X || X <- T]).
