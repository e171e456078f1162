#!/usr/bin/env escript
%% sdl_driver of erlang-esdl, without a screen (SDL_VIDEODRIVER=dummy). The driver has a thread of its own, which answers
%% some requests with driver_send_term; the others answer with binaries.
main([Folder]) ->
    process_flag(trap_exit, true),
    [Priv | _] = filelib:wildcard("/usr/lib/erlang/lib/esdl-*/priv"),
    show(load, erl_ddll:load_driver(Priv, "sdl_driver")),
    Port = open_port({spawn, "sdl_driver"}, [binary]),
    Ask = fun(Operation, Data) -> port_control(Port, Operation, Data) end,
    show(init, Ask(21, <<16#20:32/native>>)),
    show(video, Ask(31, "")),
    show(mode_ok, {Ask(34, <<40:16, 30:16, 32:16, 0:32>>), result()}),
    show(set_mode, Ask(36, <<40:16, 30:16, 32:16, 0:32>>)),
    Screen = result(),
    show(screen, is_integer(Screen) andalso Screen =/= 0),
    Surface = <<Screen:64/native>>,
    <<_:96, Width:32, Height:32, Pitch:16, _/binary>> = Ask(71, Surface),
    show(size, {Width, Height, Pitch}),
    <<Colour:32>> = Ask(41, [Surface, 1, 2, 3]),
    show(colour, Colour),
    show(fill, Ask(59, <<Surface/binary, Colour:32, 1, 3:16, 4:16, 5:16, 6:16>>)),
    Painted = fun() -> length([C || <<C:32>> <= Ask(74, <<Surface/binary, 0:16, 0:16, 40:16, 30:16>>), C =:= Colour]) end,
    show(painted, Painted()),
    File = filename:join(Folder, "picture.bmp"),
    show(save, Ask(51, [Surface, File, 0])),
    {ok, <<"BM", _:16/binary, W:32/little, H:32/little, _/binary>>} = file:read_file(File),
    show(saved, {W, H}),
    <<Picture:64/native>> = Ask(49, [File, 0]),
    show(loaded, Picture =/= 0),
    show(missing, {Ask(303, [Folder, "/no-such.png", 0]), Ask(23, "") =/= <<>>}),
    <<Status, _/binary>> = Ask(56, <<Picture:64/native, Surface/binary, 3, 3:16, 4:16, 5:16, 6:16, 20:16, 20:16, 5:16, 6:16>>),
    show(blit, {Status, Painted()}),
    show(caption, Ask(61, ["title", 0, "icon", 0])),
    show(pump, Ask(101, "")),
    show(poll, {Ask(103, ""), is_binary(result())}),
    show(mouse, Ask(111, "")),
    show(keys, [Ask(123, <<Key:16>>) || Key <- [$x, 13, 27]]),
    %% Operation 184 writes into binaries that were commands before: the sender's own, if longer than 64 bytes.
    Long = binary:copy(<<"-">>, 70),
    true = port_command(Port, Long),
    show(write, Ask(184, <<"overwritten">>)),
    show(written, binary_part(Long, 0, 15)),
    show(free, Ask(45, <<Picture:64/native>>)),
    true = port_close(Port),
    show(ended, receive {'EXIT', Port, Why} -> Why after 5000 -> timeout end),
    show(unload, erl_ddll:unload_driver("sdl_driver")).

result() -> receive {'_esdl_result_', Result} -> Result after 5000 -> timeout end.

show(What, Value) -> io:format("~p: ~0p~n", [What, Value]).
