#!/usr/bin/env escript
%% A server that owns a port, as -mode(compile) lets a script have one.
-mode(compile).
-behaviour(gen_server).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, handle_continue/2, terminate/2]).

-record(state, {port, waiting = queue:new(), lines = 0}).

main(_) ->
    process_flag(trap_exit, true),
    {ok, Pid} = gen_server:start_link({local, calculator}, ?MODULE, "sh -c 'while read a b; do echo $((a+b)); done'", []),
    io:format("~p~n", [gen_server:start_link({local, calculator}, ?MODULE, "cat", []) =:= {error, {already_started, Pid}}]),
    [io:format("~p + ~p = ~p~n", [A, B, gen_server:call(calculator, {add, A, B})]) || {A, B} <- [{1, 2}, {10, -3}, {0, 0}]],
    Self = self(),
    [spawn_link(fun() -> Self ! {N, gen_server:call(Pid, {add, N, N}, 10000)} end) || N <- [1, 2, 3]],
    io:format("~p~n", [[receive {N, Sum} -> Sum end || N <- [1, 2, 3]]]),
    ok = gen_server:cast(Pid, reset),
    io:format("~p~n", [gen_server:call(Pid, lines)]),
    io:format("~p~n", [element(1, element(2, catch gen_server:call(Pid, never, 20)))]),
    io:format("~p~n", [catch gen_server:call(nobody, x)]),
    io:format("~p~n", [gen_server:call(Pid, thrown)]),
    ok = gen_server:stop(Pid),
    receive {'EXIT', Pid, Reason} -> io:format("ended ~p~n", [Reason]) end,
    io:format("~p ~p~n", [gen_server:start_link(?MODULE, stop, []), gen_server:start(?MODULE, ignore, [])]),
    {ok, Idle} = gen_server:start(?MODULE, idle, []),
    Monitor = monitor(process, Idle),
    receive {'DOWN', Monitor, process, Idle, Why} -> io:format("idle ~p~n", [Why]) end,
    io:format("~p~n", [element(1, element(2, catch gen_server:call(Idle, x)))]).

init(stop) -> {stop, shutdown};
init(ignore) -> ignore;
init(idle) -> {ok, #state{}, 20};
init(Command) -> {ok, Command, {continue, open}}.

handle_continue(open, Command) ->
    {noreply, #state{port = open_port({spawn, Command}, [{line, 80}])}}.

handle_call({add, A, B}, From, #state{port = Port, waiting = Waiting} = State) ->
    port_command(Port, io_lib:format("~b ~b~n", [A, B])),
    {noreply, State#state{waiting = queue:in(From, Waiting)}};
handle_call(lines, _, #state{lines = Lines} = State) -> {reply, Lines, State};
handle_call(never, _, State) -> {noreply, State};
handle_call(thrown, _, State) -> throw({reply, caught, State}).

handle_cast(reset, State) -> {noreply, State#state{lines = 0}}.

handle_info(timeout, State) -> {stop, normal, State};
handle_info({Port, {data, {eol, Line}}}, #state{port = Port, waiting = Waiting, lines = Lines} = State) ->
    {{value, From}, Rest} = queue:out(Waiting),
    gen_server:reply(From, list_to_integer(Line)),
    {noreply, State#state{waiting = Rest, lines = Lines + 1}}.

terminate(Reason, #state{lines = Lines}) -> io:format("terminate ~p ~p~n", [Reason, Lines]).
