#!/usr/bin/env escript
-define(MAGIC, 16#CAFE).
main(_) ->
    Packet = <<?MAGIC:16, 1:8, 5:32/little, "hello", 0:1, 1:7>>,
    io:format("~p~n", [Packet]),
    case Packet of
        <<?MAGIC:16/big, V, Len:32/little, Body:Len/binary, _:1, T:7>> -> io:format("v~p ~s ~p~n", [V, Body, T])
    end,
    io:format("~p~n", [<< <<(X*2)>> || <<X>> <= <<1,2,3>> >>]),
    io:format("~p~n", [[X || <<X:4>> <= <<16#12,16#34>>]]),
    io:format("~p~n", [<<1.5/float, -1:16/signed, "ä"/utf8, "a"/utf16>>]),
    io:format("~p~n", [binary:split(<<"a,b,c">>, <<",">>, [global])]),
    io:format("~p~n", [binary:matches(<<"abcabc">>, [<<"b">>, <<"ca">>])]),
    io:format("~p~n", [binary:replace(<<"abcabc">>, <<"b">>, <<"X">>, [global])]),
    io:format("~p~n", [[binary:part(<<"abcdef">>, 1, 3), binary:part(<<"abcdef">>, {6,-2}), binary:at(<<"abc">>,1), binary:first(<<"abc">>), binary:last(<<"abc">>), binary:bin_to_list(<<"abc">>), binary:list_to_bin([1,2]), binary:longest_common_prefix([<<"abc">>,<<"abd">>]), binary:longest_common_suffix([<<"xabc">>,<<"yabc">>]), binary:encode_unsigned(65536), binary:decode_unsigned(<<1,0,0>>), binary:decode_unsigned(<<1,0>>,little), binary:copy(<<"a">>,3), binary:match(<<"abc">>,<<"c">>), binary:encode_hex(<<1,255>>), binary:decode_hex(<<"01ff">>)]]),
    io:format("~p~n", [[base64:encode(<<"hello">>), base64:encode_to_string("hi"), base64:decode("aGVsbG8="), base64:decode_to_string(<<"aGk=">>)]]),
    io:format("~p~n", [[unicode:characters_to_binary("å€"), unicode:characters_to_list(<<195,165>>), unicode:characters_to_binary([<<"a">>,"b"], latin1, utf16), unicode:characters_to_nfc_list("e" ++ [16#301])]]),
    io:format("~p~n", [[erlang:crc32("abc"), erlang:adler32("abc"), erlang:md5("abc"), erlang:phash2({a,1}, 100)]]),
    <<A:3, B:5, Rest/bits>> = <<"xyz">>,
    io:format("~p~n", [{A, B, Rest, bit_size(Rest), is_bitstring(<<1:3>>)}]),
    io:format("~p~n", [iolist_to_binary([1, [2, <<3>>], "abc"])]),
    io:format("~p~n", [list_to_binary(io_lib:format("~.3f", [math:pi()]))]),
    io:format("~p~n", [term_to_binary({a, [1,2], <<"b">>, #{x => 1.5}})]).
