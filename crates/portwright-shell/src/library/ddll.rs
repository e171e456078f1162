//! `erl_ddll(3)`: compiled drivers, on top of `portwright_ddll::bif`.

use portwright::bif::BifError;
use portwright_ddll::bif::{self, Loading};

use super::ports::raised;
use crate::native::{Native, NativeFuture, NativeModule};

/// A function of `portwright_ddll::bif` as a table entry.
macro_rules! now {
    ($name:literal, $arity:literal, $function:path) => {
        Native::new($name, $arity, |call, args| {
            $function(call.process(), args).map_err(raised)
        })
    };
}

/// The same for a function that may have to wait until ports are closed.
macro_rules! loading {
    ($name:literal, $function:path) => {
        Native::waiting($name, 2, |call, args| {
            let begun = $function(call.process(), args);
            finish(begun)
        })
    };
}

/// What this file registers.
pub(crate) const ERL_DDLL: NativeModule = NativeModule::new(
    "erl_ddll",
    &[
        now!("demonitor", 1, bif::demonitor),
        now!("format_error", 1, bif::format_error),
        now!("info", 0, bif::info),
        now!("info", 1, bif::info),
        now!("info", 2, bif::info),
        loading!("load", bif::load),
        loading!("load_driver", bif::load_driver),
        now!("loaded_drivers", 0, bif::loaded_drivers),
        now!("monitor", 2, bif::monitor),
        loading!("reload", bif::reload),
        loading!("reload_driver", bif::reload_driver),
        now!("start", 0, bif::start),
        now!("stop", 0, bif::stop),
        now!("try_load", 3, bif::try_load),
        now!("try_unload", 2, bif::try_unload),
        now!("unload", 1, bif::unload),
        now!("unload_driver", 1, bif::unload_driver),
    ],
);

fn finish<'a>(begun: Result<Loading, BifError>) -> NativeFuture<'a> {
    Box::pin(async move {
        match begun.map_err(raised)? {
            Loading::Done(answer) => Ok(answer),
            Loading::Wait(rest) => Ok(rest.await),
        }
    })
}
