#!/usr/bin/env escript
%% Tells what OTP makes of texts: their tokens, and the term they mean.
%%
%% Usage: syntax.escript Corpus Results
%%
%% Corpus: texts in UTF-8, each behind its length. Results: per text its tokens
%% as lines, and the term in external format or nothing, each behind its length.
-mode(compile).

main([Corpus, Results]) ->
    {ok, Bytes} = file:read_file(Corpus),
    ok = file:write_file(Results, answers(Bytes)).

answers(<<>>) ->
    [];
answers(<<N:32, Text:N/binary, Rest/binary>>) ->
    String = unicode:characters_to_list(Text),
    {Shown, Term} =
        case erl_scan:string(String, {1, 1}) of
            {ok, Tokens, _} ->
                {[shown(Token) || Token <- Tokens], term(Tokens)};
            {error, {{Line, Column}, erl_scan, Why}, _} ->
                {io_lib:format("error ~w:~w ~ts~n", [Line, Column, erl_scan:format_error(Why)]), <<>>}
        end,
    [field(unicode:characters_to_binary(Shown)), field(Term) | answers(Rest)].

shown({Category, {Line, Column}}) ->
    io_lib:format("~ts ~w:~w~n", [atom_to_list(Category), Line, Column]);
shown({Category, {Line, Column}, Symbol}) ->
    io_lib:format("~ts ~w:~w ~tw~n", [atom_to_list(Category), Line, Column, Symbol]).

term(Tokens) ->
    WithStop = case lists:keymember(dot, 1, Tokens) of
                   true -> Tokens;
                   false -> Tokens ++ [{dot, {1, 1}}]
               end,
    try erl_parse:parse_term(WithStop) of
        {ok, Term} -> term_to_binary(Term);
        {error, _} -> <<>>
    catch
        %% Some texts crash the parser of OTP.
        _:_ -> <<>>
    end.

field(Bytes) ->
    [<<(byte_size(Bytes)):32>>, Bytes].
