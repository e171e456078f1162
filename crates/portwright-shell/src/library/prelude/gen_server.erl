%% gen_server(3): servers whose callbacks are the functions of a script. Without reports, `sys` and distribution.
-module(gen_server).
-export([start/3, start/4, start_link/3, start_link/4, start_monitor/3, start_monitor/4, stop/1, stop/3, call/2, call/3,
         cast/2, reply/2]).

start(Module, Args, _) -> begun(nolink, none, Module, Args).

start(Name, Module, Args, _) -> begun(nolink, Name, Module, Args).

start_link(Module, Args, _) -> begun(link, none, Module, Args).

start_link(Name, Module, Args, _) -> begun(link, Name, Module, Args).

start_monitor(Module, Args, _) -> monitored(begun(nolink, none, Module, Args)).

start_monitor(Name, Module, Args, _) -> monitored(begun(nolink, Name, Module, Args)).

monitored({ok, Pid}) -> {ok, {Pid, monitor(process, Pid)}};
monitored(Other) -> Other.

%% What the new process says, or why it ended before it said it.
begun(Link, Name, Module, Args) ->
    Starter = self(),
    Tag = make_ref(),
    Begin = fun() -> initialize(Starter, Tag, Link, Name, Module, Args) end,
    {Pid, Monitor} =
        case Link of
            link -> spawn_opt(Begin, [link, monitor]);
            nolink -> spawn_monitor(Begin)
        end,
    receive
        {Tag, {ok, Pid}} ->
            demonitor(Monitor, [flush]),
            {ok, Pid};
        {Tag, Other} ->
            receive {'DOWN', Monitor, process, Pid, _} -> ok end,
            forget(Pid),
            Other;
        {'DOWN', Monitor, process, Pid, Reason} ->
            forget(Pid),
            {error, Reason}
    end.

%% The exit signal of a server that did not begin is part of the answer.
forget(Pid) ->
    receive {'EXIT', Pid, _} -> ok
    after 0 -> ok
    end.

initialize(Starter, Tag, Link, Name, Module, Args) ->
    case named(Name) of
        true ->
            Parent =
                case Link of
                    link -> Starter;
                    nolink -> self()
                end,
            case protected(fun() -> Module:init(Args) end) of
                {value, {ok, State}} -> ready(Starter, Tag, Parent, Module, State, infinity);
                {value, {ok, State, Next}} -> ready(Starter, Tag, Parent, Module, State, Next);
                {value, {stop, Reason}} -> failed(Starter, Tag, Name, {error, Reason}, Reason);
                {value, ignore} -> failed(Starter, Tag, Name, ignore, normal);
                {value, Other} ->
                    Reason = {bad_return_value, Other},
                    failed(Starter, Tag, Name, {error, Reason}, Reason);
                {ended, Reason} -> failed(Starter, Tag, Name, {error, Reason}, Reason)
            end;
        {false, Pid} ->
            Starter ! {Tag, {error, {already_started, Pid}}},
            unlink(Starter),
            exit(normal)
    end.

named({local, Name}) ->
    try register(Name, self())
    catch error:badarg -> {false, whereis(Name)}
    end;
named(none) -> true.

ready(Starter, Tag, Parent, Module, State, Next) ->
    Starter ! {Tag, {ok, self()}},
    put('$ancestors', [Parent]),
    next(Parent, Module, State, Next).

failed(Starter, Tag, Name, Answer, Reason) ->
    case Name of
        {local, Registered} -> unregister(Registered);
        none -> ok
    end,
    Starter ! {Tag, Answer},
    exit(Reason).

%% A throw in a callback is its value.
protected(Callback) ->
    try {value, Callback()}
    catch
        throw:Value -> {value, Value};
        error:Reason:Stack -> {ended, {Reason, Stack}};
        exit:Reason -> {ended, Reason}
    end.

next(Parent, Module, State, {continue, What}) ->
    handled(Parent, Module, State, none, protected(fun() -> Module:handle_continue(What, State) end));
next(Parent, Module, State, hibernate) -> loop(Parent, Module, State, infinity);
next(Parent, Module, State, Timeout) -> loop(Parent, Module, State, Timeout).

loop(Parent, Module, State, Timeout) ->
    receive
        {'EXIT', Parent, Reason} when Parent =/= self() -> ended(Module, State, Reason);
        {'$gen_call', From, Request} ->
            Called = protected(fun() -> Module:handle_call(Request, From, State) end),
            handled(Parent, Module, State, From, Called);
        {'$gen_cast', Request} ->
            handled(Parent, Module, State, none, protected(fun() -> Module:handle_cast(Request, State) end));
        {'$gen_stop', From, Reason} ->
            stopped(Module, State, Reason, fun() -> reply(From, ok) end);
        Message -> informed(Parent, Module, State, Message)
    after Timeout -> informed(Parent, Module, State, timeout)
    end.

informed(Parent, Module, State, Message) ->
    handled(Parent, Module, State, none, protected(fun() -> Module:handle_info(Message, State) end)).

handled(Parent, Module, _, From, {value, {reply, Answer, State}}) when From =/= none ->
    reply(From, Answer),
    loop(Parent, Module, State, infinity);
handled(Parent, Module, _, From, {value, {reply, Answer, State, Next}}) when From =/= none ->
    reply(From, Answer),
    next(Parent, Module, State, Next);
handled(Parent, Module, _, _, {value, {noreply, State}}) -> loop(Parent, Module, State, infinity);
handled(Parent, Module, _, _, {value, {noreply, State, Next}}) -> next(Parent, Module, State, Next);
handled(_, Module, _, From, {value, {stop, Reason, Answer, State}}) when From =/= none ->
    stopped(Module, State, Reason, fun() -> reply(From, Answer) end);
handled(_, Module, _, _, {value, {stop, Reason, State}}) -> ended(Module, State, Reason);
handled(_, Module, State, _, {value, Other}) -> ended(Module, State, {bad_return_value, Other});
handled(_, Module, State, _, {ended, Reason}) -> ended(Module, State, Reason).

ended(Module, State, Reason) -> stopped(Module, State, Reason, fun() -> ok end).

stopped(Module, State, Reason, Answer) ->
    case erlang:function_exported(Module, terminate, 2) of
        true ->
            case protected(fun() -> Module:terminate(Reason, State) end) of
                {value, _} -> ok;
                {ended, Other} -> exit(Other)
            end;
        false -> ok
    end,
    Answer(),
    exit(Reason).

reply({Pid, Tag}, Answer) ->
    Pid ! {Tag, Answer},
    ok.

cast(Server, Request) ->
    try
        Server ! {'$gen_cast', Request},
        ok
    catch
        error:_ -> ok
    end.

call(Server, Request) -> asked(Server, Request, 5000, [Server, Request]).

call(Server, Request, Timeout) -> asked(Server, Request, Timeout, [Server, Request, Timeout]).

asked(Server, Request, Timeout, Args) ->
    case ask(Server, fun(From) -> {'$gen_call', From, Request} end, Timeout) of
        {ok, Answer} -> Answer;
        {error, Reason} -> exit({Reason, {?MODULE, call, Args}})
    end.

stop(Server) -> stop(Server, normal, infinity).

stop(Server, Reason, Timeout) ->
    Monitor = monitor(process, Server),
    Server ! {'$gen_stop', {self(), make_ref()}, Reason},
    receive
        {'DOWN', Monitor, _, _, Reason} -> ok;
        {'DOWN', Monitor, _, _, Other} -> exit(Other)
    after Timeout ->
        demonitor(Monitor, [flush]),
        exit(timeout)
    end.

ask(Server, _, _) when Server =:= self() -> {error, calling_self};
ask(Server, Message, Timeout) ->
    Monitor = monitor(process, Server),
    try Server ! Message({self(), Monitor})
    catch error:badarg -> ok
    end,
    receive
        {Monitor, Answer} ->
            demonitor(Monitor, [flush]),
            {ok, Answer};
        {'DOWN', Monitor, _, _, Reason} -> {error, Reason}
    after Timeout ->
        demonitor(Monitor, [flush]),
        {error, timeout}
    end.
