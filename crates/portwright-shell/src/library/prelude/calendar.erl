%% calendar(3): the Gregorian calendar from year 0 on.
-module(calendar).
-export([rfc3339_to_system_time/1, rfc3339_to_system_time/2, system_time_to_rfc3339/1, system_time_to_rfc3339/2]).
-export([date_to_gregorian_days/1, date_to_gregorian_days/3, datetime_to_gregorian_seconds/1, day_of_the_week/1,
         day_of_the_week/3, gregorian_days_to_date/1, gregorian_seconds_to_datetime/1, is_leap_year/1,
         last_day_of_the_month/2, local_time/0, universal_time/0, local_time_to_universal_time/1,
         local_time_to_universal_time_dst/1, universal_time_to_local_time/1, now_to_datetime/1,
         now_to_universal_time/1, now_to_local_time/1, seconds_to_daystime/1, seconds_to_time/1, time_difference/2,
         time_to_seconds/1, valid_date/1, valid_date/3, iso_week_number/1, system_time_to_universal_time/2,
         system_time_to_local_time/2]).

is_leap_year(Y) when is_integer(Y), Y >= 0 ->
    (Y rem 4 =:= 0 andalso Y rem 100 =/= 0) orelse Y rem 400 =:= 0.

last_day_of_the_month(Y, M) when is_integer(Y), Y >= 0, M =:= 2 ->
    case is_leap_year(Y) of
        true -> 29;
        false -> 28
    end;
last_day_of_the_month(Y, M) when is_integer(Y), Y >= 0, M =:= 4 orelse M =:= 6 orelse M =:= 9 orelse M =:= 11 -> 30;
last_day_of_the_month(Y, M) when is_integer(Y), Y >= 0, is_integer(M), M > 0, M < 13 -> 31.

date_to_gregorian_days({Y, M, D}) -> date_to_gregorian_days(Y, M, D).

date_to_gregorian_days(Y, M, D) when is_integer(D), D > 0 ->
    Last = last_day_of_the_month(Y, M),
    if
        D =< Last -> days_before_year(Y) + days_before_month(Y, M) + D - 1
    end.

days_before_year(0) -> 0;
days_before_year(Y) -> (Y - 1) * 365 + (Y - 1) div 4 - (Y - 1) div 100 + (Y - 1) div 400 + 366.

days_before_month(Y, M) -> lists:sum([last_day_of_the_month(Y, N) || N <- lists:seq(1, M - 1)]).

gregorian_days_to_date(Days) when Days >= 0 ->
    Y = year_of(Days, max(0, Days * 400 div 146097 - 1)),
    month_of(Y, 1, Days - days_before_year(Y)).

year_of(Days, Y) ->
    case days_before_year(Y + 1) > Days of
        true -> Y;
        false -> year_of(Days, Y + 1)
    end.

month_of(Y, M, Day) ->
    Last = last_day_of_the_month(Y, M),
    if
        Day < Last -> {Y, M, Day + 1};
        true -> month_of(Y, M + 1, Day - Last)
    end.

datetime_to_gregorian_seconds({Date, Time}) -> date_to_gregorian_days(Date) * 86400 + time_to_seconds(Time).

gregorian_seconds_to_datetime(Secs) when is_integer(Secs), Secs >= 0 ->
    {gregorian_days_to_date(Secs div 86400), seconds_to_time(Secs rem 86400)}.

day_of_the_week({Y, M, D}) -> day_of_the_week(Y, M, D).

day_of_the_week(Y, M, D) -> (date_to_gregorian_days(Y, M, D) + 5) rem 7 + 1.

iso_week_number({Y, _, _} = Date) ->
    Days = date_to_gregorian_days(Date),
    Start = first_week(Y),
    Next = first_week(Y + 1),
    if
        Days < Start -> {Y - 1, (Days - first_week(Y - 1)) div 7 + 1};
        Days >= Next -> {Y + 1, 1};
        true -> {Y, (Days - Start) div 7 + 1}
    end.

%% The Monday of the week that holds the fourth of January.
first_week(Y) ->
    Fourth = date_to_gregorian_days(Y, 1, 4),
    Fourth - (day_of_the_week(Y, 1, 4) - 1).

local_time() -> erlang:localtime().

universal_time() -> erlang:universaltime().

local_time_to_universal_time(DateTime) -> erlang:localtime_to_universaltime(DateTime).

local_time_to_universal_time_dst(DateTime) ->
    Utc1 = erlang:localtime_to_universaltime(DateTime, true),
    Utc2 = erlang:localtime_to_universaltime(DateTime, false),
    case Utc1 of
        Utc2 -> [Utc1];
        _ -> lists:sort([Utc1, Utc2])
    end.

universal_time_to_local_time(DateTime) -> erlang:universaltime_to_localtime(DateTime).

now_to_datetime({MSec, Sec, _}) -> system_time_to_universal_time(MSec * 1000000 + Sec, second).

now_to_universal_time(Now) -> now_to_datetime(Now).

now_to_local_time({MSec, Sec, _}) -> system_time_to_local_time(MSec * 1000000 + Sec, second).

system_time_to_universal_time(Time, Unit) ->
    gregorian_seconds_to_datetime(erlang:convert_time_unit(Time, Unit, second) + 62167219200).

system_time_to_local_time(Time, Unit) ->
    erlang:universaltime_to_localtime(system_time_to_universal_time(Time, Unit)).

time_to_seconds({H, Mi, S}) when is_integer(H), is_integer(Mi), is_integer(S) -> H * 3600 + Mi * 60 + S.

seconds_to_time(Secs) when Secs >= 0, Secs < 86400 ->
    {Secs div 3600, Secs rem 3600 div 60, Secs rem 60}.

seconds_to_daystime(Secs) ->
    Days0 = Secs div 86400,
    Rest0 = Secs rem 86400,
    if
        Rest0 < 0 -> {Days0 - 1, seconds_to_time(Rest0 + 86400)};
        true -> {Days0, seconds_to_time(Rest0)}
    end.

time_difference(T1, T2) ->
    seconds_to_daystime(datetime_to_gregorian_seconds(T2) - datetime_to_gregorian_seconds(T1)).

valid_date({Y, M, D}) -> valid_date(Y, M, D).

valid_date(Y, M, D) when is_integer(Y), is_integer(M), is_integer(D) ->
    Y >= 0 andalso M > 0 andalso M < 13 andalso D > 0 andalso D =< last_day_of_the_month(Y, M).

system_time_to_rfc3339(Time) -> system_time_to_rfc3339(Time, []).

system_time_to_rfc3339(Time, Options) ->
    Unit = proplists:get_value(unit, Options, second),
    Factor = erlang:convert_time_unit(1, second, Unit),
    Seconds = floor_div(Time, Factor),
    Offset =
        case proplists:get_value(offset, Options, "") of
            Number when is_integer(Number) -> floor_div(Number, Factor);
            Text -> Text
        end,
    {Shift, Zone} = zone(Offset, Seconds),
    {{Y, Mo, D}, {H, Mi, S}} = system_time_to_universal_time(Seconds + Shift, second),
    Fraction =
        case length(integer_to_list(Factor)) - 1 of
            0 -> "";
            Digits -> io_lib:format(".~*.10.0B", [Digits, Time - Seconds * Factor])
        end,
    Designator = proplists:get_value(time_designator, Options, $T),
    lists:flatten(
        io_lib:format("~4.10.0B-~2.10.0B-~2.10.0B~c~2.10.0B:~2.10.0B:~2.10.0B~s~s", [
            Y, Mo, D, Designator, H, Mi, S, Fraction, Zone
        ])
    ).

%% The seconds that an offset adds to universal time, and how it is written.
zone("Z", _) -> {0, "Z"};
zone("", Seconds) ->
    Universal = system_time_to_universal_time(Seconds, second),
    Local = universal_time_to_local_time(Universal),
    zone(datetime_to_gregorian_seconds(Local) - datetime_to_gregorian_seconds(Universal), Seconds);
zone(Shift, _) when is_integer(Shift) ->
    Sign =
        if
            Shift < 0 -> $-;
            true -> $+
        end,
    Minutes = abs(Shift) div 60,
    {Shift, io_lib:format("~c~2.10.0B:~2.10.0B", [Sign, Minutes div 60, Minutes rem 60])};
zone([_ | _] = Zone, _) -> {zone_seconds(Zone), Zone}.

zone_seconds([Letter]) when Letter =:= $Z; Letter =:= $z -> 0;
zone_seconds([Sign, H1, H2, $:, M1, M2]) ->
    Seconds = list_to_integer([H1, H2]) * 3600 + list_to_integer([M1, M2]) * 60,
    case Sign of
        $+ -> Seconds;
        $- -> -Seconds
    end.

rfc3339_to_system_time(Text) -> rfc3339_to_system_time(Text, []).

rfc3339_to_system_time(Text, Options) ->
    Unit = proplists:get_value(unit, Options, second),
    Factor = erlang:convert_time_unit(1, second, Unit),
    Pattern = "^(\\d{4})-(\\d\\d)-(\\d\\d)[Tt ](\\d\\d):(\\d\\d):(\\d\\d)(\\.\\d+)?([Zz]|[+-]\\d\\d:\\d\\d)$",
    {match, Parts} = re:run(Text, Pattern, [{capture, all_but_first, list}]),
    {Numbers, [Fraction, Zone]} = lists:split(6, Parts),
    [Y, Mo, D, H, Mi, S] = [list_to_integer(Number) || Number <- Numbers],
    Seconds =
        datetime_to_gregorian_seconds({{Y, Mo, D}, {H, Mi, S}}) -
            datetime_to_gregorian_seconds({{1970, 1, 1}, {0, 0, 0}}) - zone_seconds(Zone),
    Seconds * Factor + fraction(Fraction, Factor).

fraction("", _) -> 0;
fraction([$. | Digits], Factor) -> list_to_integer(Digits) * Factor div pow10(length(Digits)).

pow10(0) -> 1;
pow10(N) -> 10 * pow10(N - 1).

floor_div(A, B) when A >= 0 -> A div B;
floor_div(A, B) -> -((B - 1 - A) div B).
