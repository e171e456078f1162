#!/usr/bin/env escript
%% Tells what OTP makes of a corpus of terms.
%%
%% Usage: terms.escript Corpus Results
%%
%% Corpus: per term its encoding, our own text of it (empty when it has no
%% syntax), a depth, a column and a line length; every field behind its length.
%% Results: per term the fields that answer/1 lists, in the same form.
-mode(compile).

main([Corpus, Results]) ->
    {ok, Bytes} = file:read_file(Corpus),
    Records = records(Bytes, []),
    Terms = [binary_to_term(Encoded) || {Encoded, _, _, _, _} <- Records],
    Nexts = tl(Terms) ++ [hd(Terms)],
    Answers = [answer(R) || R <- lists:zip3(Terms, Nexts, Records)],
    ok = file:write_file(Results, Answers).

records(<<>>, Done) ->
    lists:reverse(Done);
records(<<N:32, Encoded:N/binary, M:32, Text:M/binary, Depth:32, Column:32, Line:32,
          Rest/binary>>, Done) ->
    records(Rest, [{Encoded, Text, Depth, Column, Line} | Done]).

answer({Term, Next, {_, Text, Depth, Column, Line}}) ->
    [field(term_to_binary(Term)),
     field(term_to_binary(Term, [{minor_version, 2}])),
     text("~w", [Term]),
     text("~tw", [Term]),
     text("~p", [Term]),
     text("~tp", [Term]),
     text("~0p", [Term]),
     text("~0tp", [Term]),
     text("~*.*tp", [Line, Column, Term]),
     text("~P", [Term, Depth]),
     text("~tP", [Term, Depth]),
     text("~W", [Term, Depth]),
     text("~lp", [Term]),
     %% As the shell prints results.
     text("~ts", [io_lib_pretty:print(Term, [{column, Column}, {line_length, Line}, {depth, 30},
                                             {line_max_chars, 60}, {encoding, unicode}])]),
     field(parsed(Text, Term)),
     field(compared(Term, Next))].

field(Bytes) ->
    [<<(byte_size(Bytes)):32>>, Bytes].

text(Format, Arguments) ->
    field(unicode:characters_to_binary(io_lib:format(Format, Arguments))).

parsed(<<>>, _) ->
    <<"same">>;
parsed(Text, Term) ->
    String = unicode:characters_to_list(Text) ++ ".",
    case erl_scan:string(String) of
        {ok, Tokens, _} ->
            case erl_parse:parse_term(Tokens) of
                {ok, Term} -> <<"same">>;
                {ok, Other} -> unicode:characters_to_binary(io_lib:format("other: ~tw", [Other]));
                Error -> unicode:characters_to_binary(io_lib:format("~tp", [Error]))
            end;
        Error ->
            unicode:characters_to_binary(io_lib:format("~tp", [Error]))
    end.

compared(A, B) ->
    << <<(case Is of true -> $1; false -> $0 end)>>
       || Is <- [A < B, A == B, A =:= B, #{A => x} < #{B => x}] >>.
