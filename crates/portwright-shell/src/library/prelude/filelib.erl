%% filelib(3): what calls funs.
-module(filelib).
-export([fold_files/5]).

fold_files(Folder, Expression, Recursive, Fun, Acc) ->
    {ok, Compiled} = re:compile(Expression, [unicode]),
    fold(Folder, Compiled, Recursive, Fun, Acc).

fold(Folder, Expression, Recursive, Fun, Acc) ->
    case file:list_dir(Folder) of
        {ok, Names} ->
            lists:foldl(
                fun(Name, Now) ->
                    Path = filename:join(Folder, Name),
                    case filelib:is_regular(Path) of
                        true ->
                            case re:run(Name, Expression, [{capture, none}]) of
                                match -> Fun(Path, Now);
                                nomatch -> Now
                            end;
                        false when Recursive ->
                            case filelib:is_dir(Path) of
                                true -> fold(Path, Expression, Recursive, Fun, Now);
                                false -> Now
                            end;
                        false -> Now
                    end
                end,
                Acc,
                lists:sort(Names)
            );
        {error, _} -> Acc
    end.
