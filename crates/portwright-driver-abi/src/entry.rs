//! The description of a driver, and the function of a library that returns it.

use core::ffi::{CStr, c_char, c_int, c_uint, c_void};
use core::mem::offset_of;
use core::ptr;

use crate::{
    ERL_DRV_EXTENDED_MAJOR_VERSION, ERL_DRV_EXTENDED_MARKER, ERL_DRV_EXTENDED_MINOR_VERSION,
    ErlDrvData, ErlDrvEvent, ErlDrvMonitor, ErlDrvPort, ErlDrvSSizeT, ErlDrvSizeT,
    ErlDrvThreadData, ErlIOVec,
};

/// What a library's [`driver_init`](DRIVER_INIT_SYMBOLS) is: it returns the entry, or null when it cannot.
///
/// The entry stays the library's, valid until the library is unloaded.
pub type DriverInit = unsafe extern "C" fn() -> *mut ErlDrvEntry;

/// Names under which a loader looks for the [`DriverInit`] of a library, in this order.
pub const DRIVER_INIT_SYMBOLS: [&CStr; 2] = [c"driver_init", c"_driver_init"];

/// Size in bytes of an entry whose version is below 3.2: it ends before
/// [`emergency_close`](ErlDrvEntry::emergency_close).
pub const ENTRY_SIZE_BEFORE_3_2: usize = offset_of!(ErlDrvEntry, emergency_close);

/// Name, callbacks and version of a driver.
///
/// Any callback may be null (`None`). Host and driver agree that, except for `init`, `finish`, `stop_select` and
/// `emergency_close`, callbacks run one at a time: per port with
/// [`ERL_DRV_FLAG_USE_PORT_LOCKING`](crate::ERL_DRV_FLAG_USE_PORT_LOCKING), else per driver.
///
/// An entry of version below 3.2 is [`ENTRY_SIZE_BEFORE_3_2`] bytes long. So a host reads the version through a raw
/// pointer before it makes a reference or a copy of the whole.
///
/// # Source
///
/// driver_entry(3); [`start`](Self::start)'s third argument and the NULL cases measured on OTP 25.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ErlDrvEntry {
    /// Called after loading. A result other than 0 refuses the load, and `finish` is not called.
    pub init: Option<unsafe extern "C" fn() -> c_int>,

    /// Called by `open_port/2` with the whole command, NUL terminated and valid during the call.
    ///
    /// Returns the port's data or [`ERL_DRV_ERROR_GENERAL`](crate::ERL_DRV_ERROR_GENERAL), `_ERRNO`, `_BADARG`. Without
    /// it the port opens with null as its data. (The emulator passes its own drivers a third argument, which the
    /// header hides from others.)
    pub start: Option<unsafe extern "C" fn(port: ErlDrvPort, command: *mut c_char) -> ErlDrvData>,

    /// Called last, when the port has ended; frees the port's data.
    pub stop: Option<unsafe extern "C" fn(drv_data: ErlDrvData)>,

    /// Called with `len` bytes of a command, valid during the call, when there is no `outputv`.
    pub output:
        Option<unsafe extern "C" fn(drv_data: ErlDrvData, buf: *mut c_char, len: ErlDrvSizeT)>,

    /// Called when an event selected with [`ERL_DRV_READ`](crate::ERL_DRV_READ) can be read.
    pub ready_input: Option<unsafe extern "C" fn(drv_data: ErlDrvData, event: ErlDrvEvent)>,

    /// Called when an event selected with [`ERL_DRV_WRITE`](crate::ERL_DRV_WRITE) can be written.
    pub ready_output: Option<unsafe extern "C" fn(drv_data: ErlDrvData, event: ErlDrvEvent)>,

    /// Name of the driver, NUL terminated.
    pub driver_name: *mut c_char,

    /// Called before the library is unloaded.
    pub finish: Option<unsafe extern "C" fn()>,

    /// Reserved for the host.
    pub handle: *mut c_void,

    /// Called by `port_control/3` with `len` bytes. Returns the length of the reply in bytes, or below 0 for `badarg`.
    ///
    /// The reply goes to `*rbuf`, which has room for `rlen` bytes, or to memory from `driver_alloc` (or a binary, see
    /// [`PORT_CONTROL_FLAG_BINARY`](crate::PORT_CONTROL_FLAG_BINARY)) that the driver puts into `*rbuf`.
    pub control: Option<
        unsafe extern "C" fn(
            drv_data: ErlDrvData,
            command: c_uint,
            buf: *mut c_char,
            len: ErlDrvSizeT,
            rbuf: *mut *mut c_char,
            rlen: ErlDrvSizeT,
        ) -> ErlDrvSSizeT,
    >,

    /// Called when the port's timer has run out.
    pub timeout: Option<unsafe extern "C" fn(drv_data: ErlDrvData)>,

    /// Called with a command as a vector, valid during the call; preferred to `output`.
    pub outputv: Option<unsafe extern "C" fn(drv_data: ErlDrvData, ev: *mut ErlIOVec)>,

    /// Called when an async job is done; the payload is the driver's again.
    pub ready_async:
        Option<unsafe extern "C" fn(drv_data: ErlDrvData, thread_data: ErlDrvThreadData)>,

    /// Called when the port is to close while its queue is not empty; the port ends once the queue is.
    pub flush: Option<unsafe extern "C" fn(drv_data: ErlDrvData)>,

    /// Called by `port_call/3` with a term in external format, `len` bytes. Returns the length of the reply, also in
    /// external format, in bytes; anything that is no term is `badarg`.
    ///
    /// `*rbuf` is as in `control`; `*flags` is 0 and may be set to
    /// [`DRIVER_CALL_KEEP_BUFFER`](crate::DRIVER_CALL_KEEP_BUFFER).
    pub call: Option<
        unsafe extern "C" fn(
            drv_data: ErlDrvData,
            command: c_uint,
            buf: *mut c_char,
            len: ErlDrvSizeT,
            rbuf: *mut *mut c_char,
            rlen: ErlDrvSizeT,
            flags: *mut c_uint,
        ) -> ErlDrvSSizeT,
    >,

    /// Never called.
    pub unused_event_callback: Option<unsafe extern "C" fn()>,

    /// [`ERL_DRV_EXTENDED_MARKER`].
    pub extended_marker: c_int,

    /// [`ERL_DRV_EXTENDED_MAJOR_VERSION`] of the header that the driver was compiled with.
    pub major_version: c_int,

    /// [`ERL_DRV_EXTENDED_MINOR_VERSION`] of the header that the driver was compiled with.
    pub minor_version: c_int,

    /// `ERL_DRV_FLAG_*`, see [`flags`](crate::flags).
    pub driver_flags: c_int,

    /// Reserved for the host.
    pub handle2: *mut c_void,

    /// Called when a monitored process has ended; the monitor is gone afterwards. Without it no monitor can be made.
    pub process_exit:
        Option<unsafe extern "C" fn(drv_data: ErlDrvData, monitor: *mut ErlDrvMonitor)>,

    /// Called when an event is no longer in use and may be closed. No lock is held, and the port may be gone.
    pub stop_select: Option<unsafe extern "C" fn(event: ErlDrvEvent, reserved: *mut c_void)>,

    /// Called for each port when the system goes down in a crash. Exists only in entries of version 3.2 and above.
    pub emergency_close: Option<unsafe extern "C" fn(drv_data: ErlDrvData)>,
}

impl ErlDrvEntry {
    /// An entry without name and callbacks that carries the marker and version of this crate.
    ///
    /// # Examples
    ///
    /// ```
    /// use portwright_driver_abi::{ERL_DRV_FLAG_USE_PORT_LOCKING, ErlDrvEntry};
    ///
    /// let entry = ErlDrvEntry {
    ///     driver_name: c"upper".as_ptr().cast_mut(),
    ///     driver_flags: ERL_DRV_FLAG_USE_PORT_LOCKING,
    ///     ..ErlDrvEntry::EMPTY
    /// };
    /// assert_eq!((entry.major_version, entry.minor_version), (3, 3));
    /// assert!(entry.start.is_none());
    /// ```
    pub const EMPTY: ErlDrvEntry = ErlDrvEntry {
        init: None,
        start: None,
        stop: None,
        output: None,
        ready_input: None,
        ready_output: None,
        driver_name: ptr::null_mut(),
        finish: None,
        handle: ptr::null_mut(),
        control: None,
        timeout: None,
        outputv: None,
        ready_async: None,
        flush: None,
        call: None,
        unused_event_callback: None,
        extended_marker: ERL_DRV_EXTENDED_MARKER,
        major_version: ERL_DRV_EXTENDED_MAJOR_VERSION,
        minor_version: ERL_DRV_EXTENDED_MINOR_VERSION,
        driver_flags: 0,
        handle2: ptr::null_mut(),
        process_exit: None,
        stop_select: None,
        emergency_close: None,
    };
}

#[cfg(all(unix, target_pointer_width = "64"))]
const _: () = {
    assert!(size_of::<ErlDrvEntry>() == 176);
    assert!(align_of::<ErlDrvEntry>() == 8);
    assert!(ENTRY_SIZE_BEFORE_3_2 == 168);
    assert!(offset_of!(ErlDrvEntry, init) == 0);
    assert!(offset_of!(ErlDrvEntry, start) == 8);
    assert!(offset_of!(ErlDrvEntry, stop) == 16);
    assert!(offset_of!(ErlDrvEntry, output) == 24);
    assert!(offset_of!(ErlDrvEntry, ready_input) == 32);
    assert!(offset_of!(ErlDrvEntry, ready_output) == 40);
    assert!(offset_of!(ErlDrvEntry, driver_name) == 48);
    assert!(offset_of!(ErlDrvEntry, finish) == 56);
    assert!(offset_of!(ErlDrvEntry, handle) == 64);
    assert!(offset_of!(ErlDrvEntry, control) == 72);
    assert!(offset_of!(ErlDrvEntry, timeout) == 80);
    assert!(offset_of!(ErlDrvEntry, outputv) == 88);
    assert!(offset_of!(ErlDrvEntry, ready_async) == 96);
    assert!(offset_of!(ErlDrvEntry, flush) == 104);
    assert!(offset_of!(ErlDrvEntry, call) == 112);
    assert!(offset_of!(ErlDrvEntry, unused_event_callback) == 120);
    assert!(offset_of!(ErlDrvEntry, extended_marker) == 128);
    assert!(offset_of!(ErlDrvEntry, major_version) == 132);
    assert!(offset_of!(ErlDrvEntry, minor_version) == 136);
    assert!(offset_of!(ErlDrvEntry, driver_flags) == 140);
    assert!(offset_of!(ErlDrvEntry, handle2) == 144);
    assert!(offset_of!(ErlDrvEntry, process_exit) == 152);
    assert!(offset_of!(ErlDrvEntry, stop_select) == 160);
    assert!(offset_of!(ErlDrvEntry, emergency_close) == 168);
};
