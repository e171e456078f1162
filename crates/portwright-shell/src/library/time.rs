//! Time: `monotonic_time`, `system_time`, `localtime` and what turns one unit into another.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use chrono::{
    DateTime, Datelike, Local, LocalResult, NaiveDate, NaiveDateTime, TimeZone, Timelike, Utc,
};
use num_bigint::BigInt;
use num_integer::Integer;
use portwright_term::Term;

use super::argument::{Answer, atom_text, badarg, is_atom, pure};
use super::number;
use crate::exception::Exception;
use crate::native::NativeModule;

/// What this file registers.
pub(crate) const TIME: NativeModule = NativeModule::new(
    "erlang",
    &[
        pure!("monotonic_time", 0, monotonic_time),
        pure!("monotonic_time", 1, monotonic_time),
        pure!("system_time", 0, system_time),
        pure!("system_time", 1, system_time),
        pure!("time_offset", 0, time_offset),
        pure!("time_offset", 1, time_offset),
        pure!("convert_time_unit", 3, convert_time_unit),
        pure!("timestamp", 0, timestamp),
        pure!("now", 0, now),
        pure!("unique_integer", 0, unique_integer),
        pure!("unique_integer", 1, unique_integer),
        pure!("localtime", 0, localtime),
        pure!("universaltime", 0, universaltime),
        pure!("date", 0, date),
        pure!("time", 0, time),
        pure!("localtime_to_universaltime", 1, localtime_to_universaltime),
        pure!("localtime_to_universaltime", 2, localtime_to_universaltime),
        pure!("universaltime_to_localtime", 1, universaltime_to_localtime),
        pure!("posixtime_to_universaltime", 1, posixtime_to_universaltime),
        pure!("universaltime_to_posixtime", 1, universaltime_to_posixtime),
    ],
);

/// `os:system_time/0,1`, `os:timestamp/0`, `os:perf_counter/0,1`.
pub(crate) const OS_TIME: NativeModule = NativeModule::new(
    "os",
    &[
        pure!("system_time", 0, system_time),
        pure!("system_time", 1, system_time),
        pure!("timestamp", 0, timestamp),
        pure!("perf_counter", 0, monotonic_time),
        pure!("perf_counter", 1, monotonic_time),
    ],
);

/// Monotonic time starts here; a negative start as in OTP, so that nobody takes it for a wall clock.
const MONOTONIC_START: i64 = -576_460_752_303_423_488;

static STARTED: LazyLock<(Instant, i64)> = LazyLock::new(|| (Instant::now(), wall_clock()));

fn wall_clock() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Nanoseconds on the monotonic clock.
fn monotonic_nanoseconds() -> i64 {
    let passed = i64::try_from(STARTED.0.elapsed().as_nanos()).unwrap_or(i64::MAX);
    MONOTONIC_START.saturating_add(passed)
}

/// How many of a unit are in one second. The native unit is the nanosecond.
fn per_second(unit: &Term) -> Result<BigInt, Exception> {
    if let Some(n) = number::big(unit).filter(|n| n.sign() == num_bigint::Sign::Plus) {
        return Ok(n);
    }
    Ok(BigInt::from(match atom_text(unit) {
        Some("second" | "seconds") => 1,
        Some("millisecond" | "milli_seconds") => 1000,
        Some("microsecond" | "micro_seconds") => 1_000_000,
        Some("nanosecond" | "nano_seconds" | "native" | "perf_counter") => 1_000_000_000,
        _ => return Err(badarg()),
    }))
}

/// Nanoseconds in the unit of the argument at `at`, rounded down.
fn in_unit(nanoseconds: i64, unit: Option<&Term>) -> Answer {
    match unit {
        None => Ok(Term::from(nanoseconds)),
        Some(unit) => Ok(convert(
            &BigInt::from(nanoseconds),
            &BigInt::from(1_000_000_000),
            &per_second(unit)?,
        )),
    }
}

fn convert(value: &BigInt, from: &BigInt, to: &BigInt) -> Term {
    Term::from((value * to).div_floor(from))
}

fn monotonic_time(args: &[Term]) -> Answer {
    in_unit(monotonic_nanoseconds(), args.first())
}

fn system_time(args: &[Term]) -> Answer {
    in_unit(wall_clock(), args.first())
}

fn time_offset(args: &[Term]) -> Answer {
    in_unit(STARTED.1 - MONOTONIC_START, args.first())
}

fn convert_time_unit(args: &[Term]) -> Answer {
    let value = number::big(&args[0]).ok_or_else(badarg)?;
    Ok(convert(
        &value,
        &per_second(&args[1])?,
        &per_second(&args[2])?,
    ))
}

/// `{MegaSeconds, Seconds, MicroSeconds}`.
fn triple(microseconds: i64) -> Term {
    Term::tuple([
        Term::from(microseconds / 1_000_000_000_000),
        Term::from(microseconds / 1_000_000 % 1_000_000),
        Term::from(microseconds % 1_000_000),
    ])
}

fn timestamp(_: &[Term]) -> Answer {
    Ok(triple(wall_clock() / 1000))
}

/// The last answer of `now/0`: it is never given twice.
static LAST_NOW: AtomicI64 = AtomicI64::new(0);

fn now(_: &[Term]) -> Answer {
    let clock = wall_clock() / 1000;
    let last = LAST_NOW.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
        Some(clock.max(last + 1))
    });
    Ok(triple(clock.max(last.unwrap_or(0) + 1)))
}

/// One counter serves monotonic and other unique integers.
static UNIQUE: AtomicI64 = AtomicI64::new(1);

fn unique_integer(args: &[Term]) -> Answer {
    let mut positive = false;
    if let Some(options) = args.first() {
        for option in super::argument::elements_or_badarg(options)? {
            match atom_text(&option) {
                Some("positive") => positive = true,
                Some("monotonic") => {}
                _ => return Err(badarg()),
            }
        }
    }
    let next = UNIQUE.fetch_add(1, Ordering::Relaxed);
    Ok(Term::from(if positive {
        next
    } else {
        next + MONOTONIC_START
    }))
}

/// `{{Y, M, D}, {H, Mi, S}}`.
pub(crate) fn date_time(at: &impl DateAndTime) -> Term {
    Term::tuple([date_term(at), time_term(at)])
}

/// A day and a time of day, local or not.
pub(crate) trait DateAndTime: Datelike + Timelike {}
impl<T: Datelike + Timelike> DateAndTime for T {}

fn date_term(at: &impl Datelike) -> Term {
    Term::tuple([
        Term::from(at.year()),
        Term::from(at.month()),
        Term::from(at.day()),
    ])
}

fn time_term(at: &impl Timelike) -> Term {
    Term::tuple([
        Term::from(at.hour()),
        Term::from(at.minute()),
        Term::from(at.second()),
    ])
}

fn localtime(_: &[Term]) -> Answer {
    Ok(date_time(&Local::now()))
}

fn universaltime(_: &[Term]) -> Answer {
    Ok(date_time(&Utc::now()))
}

fn date(_: &[Term]) -> Answer {
    Ok(date_term(&Local::now()))
}

fn time(_: &[Term]) -> Answer {
    Ok(time_term(&Local::now()))
}

/// Reads `{{Y, M, D}, {H, Mi, S}}`.
fn read_date_time(term: &Term) -> Option<NaiveDateTime> {
    let [date, time] = term.as_tuple()? else {
        return None;
    };
    let [year, month, day] = date.as_tuple()? else {
        return None;
    };
    let [hour, minute, second] = time.as_tuple()? else {
        return None;
    };
    let small = |t: &Term| t.as_i64().and_then(|n| u32::try_from(n).ok());
    NaiveDate::from_ymd_opt(
        i32::try_from(year.as_i64()?).ok()?,
        small(month)?,
        small(day)?,
    )?
    .and_hms_opt(small(hour)?, small(minute)?, small(second)?)
}

fn localtime_to_universaltime(args: &[Term]) -> Answer {
    let local = read_date_time(&args[0]).ok_or_else(badarg)?;
    let latest = match args.get(1) {
        None => false,
        Some(dst) if is_atom(dst, "true") => false,
        Some(dst) if is_atom(dst, "false") => true,
        Some(dst) if is_atom(dst, "undefined") => false,
        Some(_) => return Err(badarg()),
    };
    let at = match Local.from_local_datetime(&local) {
        LocalResult::Single(at) => at,
        LocalResult::Ambiguous(early, late) => {
            if latest {
                late
            } else {
                early
            }
        }
        LocalResult::None => return Err(badarg()),
    };
    Ok(date_time(&at.with_timezone(&Utc)))
}

fn universaltime_to_localtime(args: &[Term]) -> Answer {
    let utc = read_date_time(&args[0]).ok_or_else(badarg)?;
    Ok(date_time(&Local.from_utc_datetime(&utc)))
}

fn posixtime_to_universaltime(args: &[Term]) -> Answer {
    let seconds = args[0].as_i64().ok_or_else(badarg)?;
    let at: DateTime<Utc> = DateTime::from_timestamp(seconds, 0).ok_or_else(badarg)?;
    Ok(date_time(&at))
}

fn universaltime_to_posixtime(args: &[Term]) -> Answer {
    let utc = read_date_time(&args[0]).ok_or_else(badarg)?;
    Ok(Term::from(utc.and_utc().timestamp()))
}

/// A moment as local time, for file times.
pub(crate) fn local_moment(at: SystemTime) -> Term {
    date_time(&DateTime::<Local>::from(at))
}

/// A moment as universal time.
pub(crate) fn universal_moment(at: SystemTime) -> Term {
    date_time(&DateTime::<Utc>::from(at))
}

/// A moment in seconds since 1970.
pub(crate) fn posix_moment(at: SystemTime) -> Term {
    Term::from(DateTime::<Utc>::from(at).timestamp())
}

/// The monotonic time at which the clock was first read.
pub(crate) fn start() -> Term {
    LazyLock::force(&STARTED);
    Term::from(MONOTONIC_START)
}
