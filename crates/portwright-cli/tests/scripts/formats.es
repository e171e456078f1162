#!/usr/bin/env escript
%% Formats and arguments made up, the same ones in each run: the deep list of each answer, or the error.

random(N) ->
    S = (get(seed) * 1103515245 + 12345) band 16#7fffffff,
    put(seed, S),
    ((S bsr 8) rem N) + 1.

pick(Tuple) -> element(random(tuple_size(Tuple)), Tuple).

leaf() ->
    pick({1, -5, 0, 123456789, 1.5, -0.0, 1.0e20, a, 'A b', "abc", "", [], {}, <<>>, <<"abc">>, <<1, 2, 3>>, <<1:3>>,
          [1, 2, 3], "\x{e9}x", [8364, 97], <<"\x{20ac}"/utf8>>, #{}, true, fun lists:map/2, $x, [a | b], "a\nb\"",
          '\x{e9}', '\x{20ac}', <<255, 254>>, 1 bsl 70, "long string of some forty characters here",
          a_rather_long_atom_name_here}).

value(0) -> leaf();
value(D) ->
    case random(8) of
        1 -> [value(D - 1) || _ <- lists:seq(1, random(5))];
        2 -> list_to_tuple([value(D - 1) || _ <- lists:seq(1, random(5))]);
        3 -> maps:from_list([{value(D - 1), value(D - 1)} || _ <- lists:seq(1, random(4))]);
        4 -> {pick({ok, error, tag, a_rather_long_atom_name_here}), value(D - 1)};
        5 -> [{pick({key, k2, k3}), value(D - 1)} || _ <- lists:seq(1, random(4))];
        6 -> [value(D - 1) | value(D - 1)];
        _ -> leaf()
    end.

width() ->
    case random(4) of
        1 -> integer_to_list(random(30));
        2 -> "-" ++ integer_to_list(random(30));
        _ -> ""
    end.

precision() ->
    case random(4) of
        1 -> {"." ++ integer_to_list(random(20)), []};
        2 ->
            {Pad, Given} = pick({{"x", []}, {"*", [$0]}, {"_", []}}),
            {"." ++ integer_to_list(random(12)) ++ "." ++ Pad, Given};
        _ -> {"", []}
    end.

directive() ->
    Control = pick({"p", "p", "p", "w", "w", "s", "s", "P", "W", "b", "B", "#", "+", "x", "X", "c", "f", "e", "g", "i",
                    "n", "~"}),
    {Precision, Given} = precision(),
    {"~" ++ width() ++ Precision ++ pick({"", "", "", "t", "l", "tl"}) ++ Control, Given ++ arguments(Control)}.

arguments("n") -> [];
arguments("~") -> [];
arguments("x") -> [number(), pick({"0x", 'pre', ""})];
arguments("X") -> [number(), "0x"];
arguments(C) when C =:= "P"; C =:= "W" -> [value(3), random(12) - 2];
arguments(C) when C =:= "b"; C =:= "B"; C =:= "#"; C =:= "+" -> [number()];
arguments("c") -> [pick({0, 5, 97, 233, 8364, a})];
arguments(C) when C =:= "f"; C =:= "e"; C =:= "g" -> [pick({0.0, 1.5, -3.14159, 1.0e10, 1.0e-10, 123456.789, 2})];
arguments("s") ->
    [pick({"abc", abc, <<"bin">>, ["a", <<"b">> | "c"], "\x{e9}", [8364], <<"\x{20ac}"/utf8>>, <<255>>, "", 5,
           ["x", [$y, "z"]], [<<255>>, "a"]})];
arguments(_) -> [value(3)].

number() -> pick({0, 5, -255, 97, 1 bsl 65, a}).

main(_) ->
    put(seed, 5),
    [one() || _ <- lists:seq(1, 800)].

one() ->
    Directives = [directive() || _ <- lists:seq(1, random(3))],
    Format = lists:flatten([[pick({"", "ab ", "\t", "x\n"}), D] || {D, _} <- Directives]),
    Arguments = lists:append([Given || {_, Given} <- Directives]),
    Answer =
        try
            io_lib:format(Format, Arguments)
        catch
            Class:Reason -> {Class, Reason}
        end,
    io:format("~0p ~0p~n~w~n", [Format, Arguments, Answer]).
