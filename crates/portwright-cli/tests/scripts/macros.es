#!/usr/bin/env escript
-define(DEBUG, true).
-ifdef(DEBUG).
log(X) -> io:format("debug ~p~n", [X]).
-else.
log(_) -> ok.
-endif.
-ifndef(FOO).
-define(FOO(A,B), {A,B,??A}).
-endif.
main(_) -> log(?FOO(1+1,2)), io:format("~p ~s~n", [?LINE, filename:basename(?FILE)]), io:format("~p ~p~n", [?FUNCTION_NAME, ?FUNCTION_ARITY]).
