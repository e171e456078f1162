#!/usr/bin/env escript
main(_) ->
    io:format("~p~n", [io:get_chars("", 3)]),
    io:format("~p~n", [io:get_line("")]),
    io:format("~p~n", [io:get_chars("", 20)]),
    io:format("~p~n", [io:get_chars("", 1)]).
