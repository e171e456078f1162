%% erlang(3): functions that call others.
-module(erlang).
-export([hibernate/3]).

%% Memory is not given back while the process waits, and nothing of what called this goes on.
hibernate(Module, Function, Arguments) ->
    apply(Module, Function, Arguments),
    exit(normal).
