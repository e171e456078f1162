#!/usr/bin/env escript
-record(opts, {verbose = false :: boolean(), n = 1 :: integer(), files = [] :: [string()]}).
main(Args) ->
    O = parse(Args ++ ["-v", "-n", "3", "a.txt", "--", "-x"], #opts{}),
    io:format("~p~n", [O]),
    io:format("~p ~p~n", [O#opts.n, record_info(fields, opts)]),
    io:format("~p~n", [is_record(O, opts)]),
    #opts{files = [F | _]} = O,
    io:format("~s~n", [F]),
    O2 = O#opts{n = O#opts.n * 2},
    io:format("~p ~p~n", [O2, #opts{_ = z}]).
parse(["-v" | T], O) -> parse(T, O#opts{verbose = true});
parse(["-n", N | T], O) -> parse(T, O#opts{n = list_to_integer(N)});
parse(["--" | T], O) -> O#opts{files = O#opts.files ++ T};
parse([F | T], #opts{files = Fs} = O) -> parse(T, O#opts{files = Fs ++ [F]});
parse([], O) -> O.
