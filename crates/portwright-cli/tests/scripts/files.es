#!/usr/bin/env escript
main(_) ->
    Dir = filename:join("/tmp", "portwright_script_" ++ os:getpid()),
    ok = file:make_dir(Dir),
    F = filename:join(Dir, "a.txt"),
    ok = file:write_file(F, ["line1\n", <<"line2\n">>, "line3"]),
    ok = file:write_file(F, "\nmore", [append]),
    {ok, B} = file:read_file(F),
    io:format("~p~n", [binary:split(B, <<"\n">>, [global])]),
    {ok, Fd} = file:open(F, [read]),
    io:format("~p~n", [lines(Fd)]),
    file:close(Fd),
    {ok, Fd2} = file:open(F, [read, raw, binary]),
    io:format("~p ~p ~p ~p~n", [file:read(Fd2, 4), file:position(Fd2, {bof, 6}), file:read_line(Fd2), file:pread(Fd2, 0, 2)]),
    file:close(Fd2),
    {ok, Fd3} = file:open(F, [write]),
    io:format(Fd3, "{~p,~p}.~n", [a, "b"]),
    ok = io:put_chars(Fd3, "[1,2].\n"),
    ok = file:write(Fd3, "{c}.\n"),
    file:close(Fd3),
    io:format("~p~n", [file:consult(F)]),
    io:format("~p ~p~n", [filelib:file_size(F), filelib:is_regular(F)]),
    ok = file:rename(F, F ++ ".bak"),
    {ok, N} = file:copy(F ++ ".bak", F),
    io:format("~p ~p~n", [N, lists:sort([filename:basename(X) || X <- filelib:wildcard(Dir ++ "/*")])]),
    {ok, L} = file:list_dir(Dir),
    io:format("~p~n", [lists:sort(L)]),
    io:format("~p~n", [file:read_file("/no/such")]),
    io:format("~s~n", [file:format_error(enoent)]),
    io:format("~p~n", [[filename:basename("/a/b.erl", ".erl"), filename:dirname("/a/b"), filename:extension("a.tar.gz"), filename:rootname("a/b.c"), filename:join(["a", "b", "/c", "d"]), filename:absname("/x"), filename:split("/a/b"), filename:pathtype("a"), filename:absname("x","/y"), filename:nativename("a/b"), filename:flatten(["a",b])]]),
    ok = filelib:ensure_dir(Dir ++ "/x/y/z"),
    io:format("~p ~p~n", [filelib:is_dir(Dir ++ "/x/y"), filelib:is_file(Dir ++ "/x/y/z")]),
    {ok, Info} = file:read_file_info(F),
    io:format("~p ~p~n", [element(1, Info), element(3, Info)]),
    io:format("~p~n", [filelib:fold_files(Dir, ".*", true, fun(X, A) -> [filename:basename(X) | A] end, []) -- ["a.txt", "a.txt.bak"]]),
    ok = file:delete(F), ok = file:delete(F ++ ".bak"),
    io:format("~p~n", [file:del_dir(Dir)]),
    ok = file:del_dir_r(Dir),
    io:format("~p~n", [filelib:is_dir(Dir)]).

lines(Fd) ->
    case io:get_line(Fd, "") of
        eof -> [];
        L -> [string:trim(L, trailing, "\n") | lines(Fd)]
    end.
