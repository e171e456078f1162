%% filename(3) for Unix. Names are strings, deep lists, atoms or binaries; binaries give binaries.
-module(filename).
-export([absname/1, absname/2, append/2, basename/1, basename/2, dirname/1, extension/1, flatten/1, join/1, join/2,
         nativename/1, pathtype/1, rootname/1, rootname/2, split/1]).

flatten(Name) when is_binary(Name) -> Name;
flatten(Name) -> flat(Name, []).

flat([Head | Tail], Rest) when is_list(Head); is_atom(Head) -> flat(Head, flat(Tail, Rest));
flat([C | Tail], Rest) when is_integer(C), C >= 0 -> [C | flat(Tail, Rest)];
flat([], Rest) -> Rest;
flat(Atom, Rest) when is_atom(Atom) -> atom_to_list(Atom) ++ Rest.

%% Works on the flat name as a list and gives back the kind that came in.
with(Name, F) when is_binary(Name) -> list_to_binary(F(binary_to_list(Name)));
with(Name, F) -> F(flatten(Name)).

basename(Name) -> with(Name, fun base/1).

base(Name) ->
    case lists:reverse(Name) of
        [$/, $/ | _] -> [];
        [$/ | Rest] -> last_part(lists:reverse(Rest));
        _ -> last_part(Name)
    end.

last_part(Name) -> last_part(Name, Name).

last_part([$/ | Rest], _) -> last_part(Rest, Rest);
last_part([_ | Rest], Base) -> last_part(Rest, Base);
last_part([], Base) -> Base.

basename(Name, Ext) ->
    Extension = case Ext of
                    B when is_binary(B) -> binary_to_list(B);
                    _ -> flatten(Ext)
                end,
    with(Name, fun(N) ->
                       Base = base(N),
                       case lists:suffix(Extension, Base) of
                           true -> lists:sublist(Base, length(Base) - length(Extension));
                           false -> Base
                       end
               end).

dirname(Name) -> with(Name, fun directory/1).

directory(Name) ->
    case lists:member($/, Name) of
        false -> ".";
        true ->
            Reversed = lists:dropwhile(fun(C) -> C =/= $/ end, lists:reverse(Name)),
            case lists:dropwhile(fun(C) -> C =:= $/ end, Reversed) of
                [] -> "/";
                Rest -> lists:reverse(Rest)
            end
    end.

extension(Name) -> with(Name, fun(N) -> {_, Ext} = cut_extension(N), Ext end).

rootname(Name) -> with(Name, fun(N) -> {Root, _} = cut_extension(N), Root end).

%% A point that starts a name is an extension for rootname/1, but not behind a slash, and none for extension/1.
cut_extension(Name) ->
    Base = last_part(Name),
    Before = lists:sublist(Name, length(Name) - length(Base)),
    case lists:splitwith(fun(C) -> C =/= $. end, lists:reverse(Base)) of
        {_, []} -> {Name, []};
        {_, [$.]} when Before =/= [] -> {Name, []};
        {_, [$.]} -> {Before, []};
        {Ext, [$. | Root]} -> {Before ++ lists:reverse(Root), [$. | lists:reverse(Ext)]}
    end.

rootname(Name, Ext) ->
    Extension = case Ext of
                    B when is_binary(B) -> binary_to_list(B);
                    _ -> flatten(Ext)
                end,
    with(Name, fun(N) ->
                       case lists:suffix(Extension, N) of
                           true -> lists:sublist(N, length(N) - length(Extension));
                           false -> N
                       end
               end).

split(Name) when is_binary(Name) -> [list_to_binary(Part) || Part <- parts(binary_to_list(Name))];
split(Name) -> parts(flatten(Name)).

parts([$/ | Rest]) -> ["/" | string:tokens(Rest, "/")];
parts(Name) -> string:tokens(Name, "/").

join([Name]) when is_binary(Name) -> squeezed(Name);
join([Name]) -> squeezed(flatten(Name));
join([Name1, Name2 | Rest]) -> join([join(Name1, Name2) | Rest]).

join(Name1, Name2) when is_binary(Name1); is_binary(Name2) ->
    list_to_binary(joined(as_list(Name1), as_list(Name2)));
join(Name1, Name2) -> joined(flatten(Name1), flatten(Name2)).

as_list(Name) when is_binary(Name) -> binary_to_list(Name);
as_list(Name) -> flatten(Name).

joined(_, [$/ | _] = Name2) -> squeezed(Name2);
joined(Name1, []) -> squeezed(Name1);
joined(Name1, Name2) -> squeezed(Name1 ++ [$/ | Name2]).

squeezed(Name) when is_binary(Name) -> list_to_binary(squeezed(binary_to_list(Name)));
squeezed(Name) ->
    case squeeze(Name) of
        "/" -> "/";
        Squeezed -> strip_slashes(Squeezed)
    end.

squeeze([$/, $/ | Rest]) -> squeeze([$/ | Rest]);
squeeze([$/, $., $/ | Rest]) -> squeeze([$/ | Rest]);
squeeze([C | Rest]) -> [C | squeeze(Rest)];
squeeze([]) -> [].

strip_slashes(Name) -> lists:reverse(lists:dropwhile(fun(C) -> C =:= $/ end, lists:reverse(Name))).

append(Dir, Name) when is_binary(Dir); is_binary(Name) ->
    list_to_binary(as_list(Dir) ++ [$/ | as_list(Name)]);
append(Dir, Name) -> flatten(Dir) ++ [$/ | flatten(Name)].

pathtype(Name) when is_binary(Name) -> pathtype(binary_to_list(Name));
pathtype(Name) ->
    case flatten(Name) of
        [$/ | _] -> absolute;
        _ -> relative
    end.

nativename(Name) -> squeezed(flatten(Name)).

absname(Name) ->
    {ok, Cwd} = file:get_cwd(),
    absname(Name, Cwd).

absname(Name, Dir) ->
    case pathtype(Name) of
        absolute -> join([flatten(Name)]);
        relative ->
            case as_list(Name) of
                [] when is_binary(Name) -> unicode:characters_to_binary(join([flatten(Dir)]));
                [] -> join([flatten(Dir)]);
                _ -> join(flatten(Dir), flatten(Name))
            end
    end.
