%% erlang(3): functions that call others.
-module(erlang).
-export([fun_info/1, hibernate/3]).

fun_info(Fun) ->
    case erlang:fun_info(Fun, type) of
        {type, external} -> [erlang:fun_info(Fun, Item) || Item <- [module, name, arity, env, type]];
        {type, local} ->
            Items = [pid, module, new_index, new_uniq, index, uniq, name, arity, env, type],
            [erlang:fun_info(Fun, Item) || Item <- Items]
    end.

%% Memory is not given back while the process waits, and nothing of what called this goes on.
hibernate(Module, Function, Arguments) ->
    apply(Module, Function, Arguments),
    exit(normal).
