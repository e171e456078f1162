#!/usr/bin/env escript
%% sqlite3_drv of erlang-p1-sqlite3. Requests go by port_control/3 and are answered by jobs of driver_async, as
%% messages {Port,Answer} to the owner.
main([Folder]) ->
    process_flag(trap_exit, true),
    [Priv | _] = filelib:wildcard("/usr/lib/erlang/lib/p1_sqlite3-*/priv"),
    show(load, erl_ddll:load(Priv, "sqlite3_drv")),
    Memory = open(":memory:"),
    show(schema, ask(Memory, 2, "create table fruit (name text, weight real, count integer, picture blob);")),
    show(insert, ask(Memory, 2, "insert into fruit values ('apple', 0.25, 3, x'00ff'), ('plum', null, 9223372036854775807, null);")),
    show(bound, ask(Memory, 4, term_to_binary({<<"insert into fruit values (?, ?, ?, ?);">>, [<<"pear">>, 1.5, -7, {blob, <<1, 2, 3>>}]}))),
    show(named, ask(Memory, 4, term_to_binary({<<"select :a + :b as sum;">>, [{':a', 20}, {':b', 22}]}))),
    show(select, ask(Memory, 2, "select * from fruit order by name;")),
    show(changes, ask(Memory, 14, "")),
    show(mistake, ask(Memory, 2, "selekt 1;")),
    Statement = ask(Memory, 5, "select name, count from fruit where count > ? order by name;"),
    show(prepared, Statement),
    show(columns, ask(Memory, 11, term_to_binary(Statement))),
    show(bind, ask(Memory, 6, term_to_binary({Statement, [0]}))),
    Next = fun() -> ask(Memory, 7, term_to_binary(Statement)) end,
    show(rows, [Next(), Next(), Next()]),
    show(reset, ask(Memory, 8, term_to_binary(Statement))),
    show(again, Next()),
    show(finalize, ask(Memory, 10, term_to_binary(Statement))),
    show(gone, Next()),
    show(script, ask(Memory, 12, "create table t (n); insert into t values (1); select n + 1 as m from t; oops; select 2;")),
    show(unknown, {port_control(Memory, 99, ""), answered()}),
    %% A second port: jobs of one port keep their order.
    Other = open(filename:join(Folder, "fruit.db")),
    show(stored, [ask(Other, 2, "create table kept (v);"), ask(Other, 2, "insert into kept values ('still here');")]),
    [port_control(P, 2, ["select ", integer_to_list(N), " as n;"]) || N <- lists:seq(1, 10), P <- [Memory, Other]],
    show(order, [[number(P) || _ <- lists:seq(1, 10)] || P <- [Memory, Other]]),
    close(Other),
    Reopened = open(filename:join(Folder, "fruit.db")),
    show(reopened, ask(Reopened, 2, "select v from kept;")),
    show(large, begin
        ask(Reopened, 4, term_to_binary({<<"insert into kept values (?);">>, [{blob, binary:copy(<<42>>, 300000)}]})),
        [_, {rows, [{{blob, Blob}}]}] = ask(Reopened, 2, "select v from kept where length(v) > 1000;"),
        {byte_size(Blob), erlang:crc32(Blob)}
    end),
    close(Reopened),
    close(Memory),
    Bad = open_port({spawn, "sqlite3_drv /no/such/folder/x.db"}, [binary]),
    show(bad_file, receive {Bad, Answer} -> Answer after 5000 -> timeout end),
    close(Bad),
    show(unload, erl_ddll:unload("sqlite3_drv")).

open(File) ->
    Port = open_port({spawn, "sqlite3_drv " ++ File}, [binary]),
    receive {Port, ok} -> Port after 5000 -> exit({no_answer, File}) end.

ask(Port, Operation, Data) ->
    [] = port_control(Port, Operation, Data),
    receive {Port, Answer} -> Answer after 5000 -> timeout end.

number(Port) -> receive {Port, [_, {rows, [{N}]}]} -> N after 5000 -> timeout end.

answered() -> receive Answer -> setelement(1, Answer, port) after 5000 -> nothing end.

close(Port) -> true = port_close(Port), receive {'EXIT', Port, normal} -> ok end.

show(What, Value) -> io:format("~p: ~0p~n", [What, Value]).
