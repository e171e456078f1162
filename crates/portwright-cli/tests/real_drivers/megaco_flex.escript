#!/usr/bin/env escript
%% Both scanners of erlang-megaco: one lock for all ports of the driver, and one for each. The tokens go to the caller.
main([_Folder]) ->
    process_flag(trap_exit, true),
    [Lib | _] = filelib:wildcard("/usr/lib/erlang/lib/megaco-*/priv/lib"),
    [driver(Lib, Name) || Name <- ["megaco_flex_scanner_drv", "megaco_flex_scanner_drv_mt"]].

driver(Lib, Name) ->
    io:format("== ~s~n", [Name]),
    show(load, erl_ddll:load_driver(Lib, Name)),
    Port = open_port({spawn, Name}, [binary]),
    show(short, scan(Port, "!/1 [10.0.0.1]:2944 P=1{C=-{SC=ROOT{SV{MT=RS}}}}")),
    show(lines, scan(Port, <<"MEGACO/1\n<mg.example.org>\nReply = 7 {\n  Context = 3 { Modify = line/4 }\n}\n">>)),
    show(digits, scan(Port, "!/1 m T=2{C=4{MF=a{DM=plan{T:10,(1xxx|[2-4]x.)}}}}")),
    show(local, scan(Port, "!/1 m T=2{C=4{A=a{M{L{\nv=0\nc=IN IP4 10.0.0.2\n}}}}}")),
    show(error, scan(Port, "!/1 m T=2{C=4{A=a{M{L{\nv=0\nc=\n}}}}}")),
    show(empty, scan(Port, "")),
    Me = self(),
    spawn(fun() -> Me ! {scanned, scan(Port, "!/1 asked-by-another")} end),
    show(another, receive {scanned, Tokens} -> Tokens; {tokens, _, _} -> sent_to_the_owner after 5000 -> timeout end),
    %% Long enough for several rounds of driver_realloc.
    Long = ["!/1 m T=1{C=1{", lists:join($,, [["S=root/", integer_to_list(N)] || N <- lists:seq(1, 2000)]), "}}"],
    {tokens, Many, Line} = scan(Port, Long),
    show(long, {length(Many), Line, erlang:phash2(Many)}),
    true = port_command(Port, "anything"),
    show(command, receive {'EXIT', Port, Reason} -> Reason after 5000 -> timeout end),
    show(unload, erl_ddll:unload_driver(Name)).

scan(Port, Text) ->
    case port_control(Port, $s, Text) of
        [] -> receive {tokens, _, _} = Tokens -> Tokens after 5000 -> timeout end;
        Error -> {refused, Error}
    end.

show(What, Value) -> io:format("~p: ~0p~n", [What, Value]).
