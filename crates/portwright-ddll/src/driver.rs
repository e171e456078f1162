//! A compiled driver as a [`Driver`]: one method per callback of driver_entry(3).
#![allow(unsafe_code, reason = "calls the functions of the driver's entry")]

use std::any::Any;
use std::cell::Cell;
use std::ffi::{c_char, c_int, c_uint};
use std::mem::MaybeUninit;
use std::os::fd::RawFd;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use portwright::{Node, Port, Term};
use portwright_driver::{
    BadArgument, Driver, DriverEntry, Interest, MonitorId, PortContext, PortOperations, Reply,
    ReplyRoom, Select, StartError,
};
use portwright_driver_abi::{
    DRIVER_CALL_KEEP_BUFFER, ERL_DRV_ERROR_BADARG, ERL_DRV_ERROR_ERRNO, ERL_DRV_ERROR_GENERAL,
    ERL_DRV_FLAG_USE_INIT_ACK, ErlDrvBinary, ErlDrvData,
};
use portwright_term::{IoVec, etf};

use crate::async_job::Payload;
use crate::binary::BinaryRef;
use crate::context;
use crate::instance::Instance;
use crate::loaded::{LoadedDriver, Use};
use crate::memory;
use crate::monitor;
use crate::vector::Vector;

/// Room that `call` gets for its reply (D-G16).
const CALL_ROOM: usize = 255;

/// A port of a compiled driver, as the core drives it.
///
/// # Duties towards C
///
/// All callbacks go through [`CompiledDriver::enter`] or are called in [`start`]. What driver_entry(3) asks for:
///
/// 1. *The data is what `start` returned, and `stop` has not been called.* `enter` looks at `stopped`, which is set before
///    `stop` is called, wherever that happens.
/// 2. *One callback at a time.* The core calls a [`Driver`] under the turn that the driver's flags ask for.
/// 3. *The code is mapped.* `_use` keeps the library open; it is dropped after the last callback.
/// 4. *Buffers are valid, writable where the header has no `const`, and only borrowed.* Each method makes its own.
pub(crate) struct CompiledDriver {
    instance: Arc<Instance>,
    _use: Use,
}

/// The entry under which a node lists the driver.
pub(crate) fn entry(driver: &Arc<LoadedDriver>) -> DriverEntry {
    let loaded = Arc::clone(driver);
    DriverEntry::new(&*driver.name, driver.flags(), move |port, command| {
        start(&loaded, port, command)
    })
}

fn start(
    driver: &Arc<LoadedDriver>,
    context: &PortContext<'_>,
    command: &[u8],
) -> Result<Box<dyn Driver>, StartError> {
    // A driver that is being unloaded is as good as unknown (L-4.8).
    let in_use = driver.begin_use(true).ok_or(StartError::BadArgument)?;
    let port = Port::of(context).ok_or(StartError::General)?;
    if command.contains(&0) {
        return Err(StartError::BadArgument);
    }
    let instance = Instance::add(port, Arc::clone(driver), ptr::null_mut());
    instance.starting.store(true, Ordering::Release);
    let (data, errno) = match driver.entry.start {
        None => (ptr::null_mut(), 0),
        Some(start) => with_copy(command, |command| {
            context::enter(&instance, context, || {
                // SAFETY: the library is open (`in_use`); the handle is in the table; the copy is NUL terminated, ours
                // alone and writable. `errno` is read before anything else can change it.
                unsafe {
                    *libc::__errno_location() = 0;
                    let data = start(instance.handle.as_port(), command);
                    (data, *libc::__errno_location())
                }
            })
        }),
    };
    instance.starting.store(false, Ordering::Release);
    let refused = match data {
        // Ended by itself inside `start`: OTP crashes; here it is a start failure (driver_abi.md 4.2).
        _ if instance.is_dead() => Some(StartError::General),
        ERL_DRV_ERROR_GENERAL => Some(StartError::General),
        ERL_DRV_ERROR_ERRNO => Some(StartError::Errno(errno)),
        ERL_DRV_ERROR_BADARG => Some(StartError::BadArgument),
        _ => None,
    };
    if let Some(error) = refused {
        instance.stopped.store(true, Ordering::Release);
        instance.remove();
        return Err(error);
    }
    instance.set_data(data);
    if driver.has_flag(ERL_DRV_FLAG_USE_INIT_ACK) {
        instance.ack_pending.store(true, Ordering::Release);
    }
    Ok(Box::new(CompiledDriver {
        instance,
        _use: in_use,
    }))
}

impl CompiledDriver {
    /// A port that `driver_create_port` has made: `start` is not called.
    pub(crate) fn unstarted(instance: Arc<Instance>, in_use: Use) -> Self {
        Self {
            instance,
            _use: in_use,
        }
    }

    fn entry(&self) -> &portwright_driver_abi::ErlDrvEntry {
        &self.instance.driver.entry
    }

    /// Runs `call` as a callback of this port; `None` when `stop` has been called.
    fn enter<R>(&self, port: &PortContext<'_>, call: impl FnOnce(ErlDrvData) -> R) -> Option<R> {
        let stopped = self.instance.stopped.load(Ordering::Acquire);
        (!stopped).then(|| context::enter(&self.instance, port, || call(self.instance.data())))
    }
}

/// Calls the driver's `stop`, unless that was done before.
pub(crate) fn call_stop(instance: &Arc<Instance>, operations: &dyn PortOperations) {
    if instance.stopped.swap(true, Ordering::AcqRel) {
        return;
    }
    // The monitors of a port that closes are gone (D-L9).
    if let Some(rare) = instance.existing() {
        rare.monitors.lock().clear();
    }
    if let Some(stop) = instance.driver.entry.stop {
        context::enter(instance, &PortContext::new(operations), || {
            // SAFETY: duties 1 to 3 of `CompiledDriver`; `stopped` was false and is set, so this is the only call.
            unsafe { stop(instance.data()) }
        });
    }
}

/// Calls `emergency_close` of all open ports of a driver that has it, and no callback of theirs afterwards.
pub(crate) fn emergency_close(driver: &Arc<LoadedDriver>) {
    let Some(emergency_close) = driver.entry.emergency_close else {
        return;
    };
    let Some(_in_use) = driver.begin_use(false) else {
        return;
    };
    for instance in Instance::of_driver(driver) {
        if !instance.stopped.swap(true, Ordering::AcqRel) {
            // SAFETY: `_in_use` keeps the library open. `stopped` was false and is set, so `stop` neither has run nor
            // will: the data is alive. That another callback of the port may be running is what driver_entry(3) tells
            // drivers to expect of this one alone.
            unsafe { emergency_close(instance.data()) };
        }
    }
}

impl Driver for CompiledDriver {
    fn start(_: &PortContext<'_>, _: &[u8]) -> Result<Self, StartError> {
        // Ports are started by `start` above, which knows what was loaded.
        Err(StartError::General)
    }

    fn stop(&mut self, port: &PortContext<'_>) {
        call_stop(&self.instance, port.operations());
        crate::selected::abandon(&self.instance, port.operations());
        self.instance.remove();
    }

    fn outputv(&mut self, port: &PortContext<'_>, data: IoVec) {
        if let Some(outputv) = self.entry().outputv {
            let Some(mut vector) = Vector::of(&data) else {
                tracing::error!(port = %port.id(), "no memory for a command; it is dropped");
                return;
            };
            self.enter(port, |driver_data| {
                // SAFETY: duties 1 to 4; the vector lives until the end of the method.
                unsafe { outputv(driver_data, vector.as_mut_ptr()) }
            });
        } else if let Some(output) = self.entry().output {
            let pass = |copy| {
                self.enter(port, |driver_data| {
                    // SAFETY: duties 1 to 4; the buffer is the copy's alone and has `len` bytes.
                    unsafe { output(driver_data, copy, data.len()) }
                })
            };
            match data.pieces() {
                [only] => with_copy(only, pass),
                pieces => with_joined(pieces, data.len(), pass),
            };
        }
    }

    fn control(
        &mut self,
        port: &PortContext<'_>,
        operation: u32,
        data: &[u8],
    ) -> Result<Reply, BadArgument> {
        let mut room = ReplyRoom::new();
        self.control_into(port, operation, data, &mut room)?;
        Ok(room.into_reply())
    }

    fn control_into(
        &mut self,
        port: &PortContext<'_>,
        operation: u32,
        data: &[u8],
        room: &mut ReplyRoom,
    ) -> Result<(), BadArgument> {
        let control = self.entry().control.ok_or(BadArgument)?;
        let given = room.as_mut_ptr().cast::<c_char>();
        let mut reply = given;
        let len = with_copy(data, |argument| {
            self.enter(port, |driver_data| {
                // SAFETY: duties 1 to 4; `reply` points to `ReplyRoom::LEN` bytes and more.
                unsafe {
                    control(
                        driver_data,
                        operation,
                        argument,
                        data.len(),
                        &raw mut reply,
                        ReplyRoom::LEN,
                    )
                }
            })
        })
        .ok_or(BadArgument)?;
        let len = usize::try_from(len).map_err(|_| BadArgument)?;
        let is_binary = self.instance.controls_in_binaries.load(Ordering::Relaxed);
        if reply == given {
            room.put_written(len, is_binary);
        } else {
            // SAFETY: the driver has replaced `*rbuf`, with what the flag `is_binary` stands for.
            room.put(unsafe { replaced_reply(reply, len, is_binary) });
        }
        Ok(())
    }

    fn call(
        &mut self,
        port: &PortContext<'_>,
        operation: u32,
        mut argument: Term,
    ) -> Result<Term, BadArgument> {
        self.call_in_place(port, operation, &mut argument)?;
        Ok(argument)
    }

    fn call_in_place(
        &mut self,
        port: &PortContext<'_>,
        operation: u32,
        term: &mut Term,
    ) -> Result<(), BadArgument> {
        let call = self.entry().call.ok_or(BadArgument)?;
        let mut encoded = Encoded::take();
        etf::encode_into(&mut encoded.0, term, &etf::EncodeOptions::default())
            .map_err(|_| BadArgument)?;
        let mut room = Aligned([0u8; 256]);
        let given = room.0.as_mut_ptr().cast::<c_char>();
        let mut reply = given;
        let mut flags: c_uint = 0;
        let len = self
            .enter(port, |driver_data| {
                // SAFETY: duties 1 to 4; `reply` points to 255 bytes and more.
                unsafe {
                    call(
                        driver_data,
                        operation,
                        encoded.0.as_mut_ptr().cast(),
                        encoded.0.len(),
                        &raw mut reply,
                        CALL_ROOM,
                        &raw mut flags,
                    )
                }
            })
            .ok_or(BadArgument)?;
        let len = usize::try_from(len).unwrap_or(0);
        if reply == given {
            return term_of_reply(term, &room.0[..len.min(CALL_ROOM)]);
        }
        if reply.is_null() {
            return Err(BadArgument);
        }
        // SAFETY: a replaced `*rbuf` is `len` bytes that stay until we free them, which the flag forbids for
        // memory that is not from `driver_alloc`.
        unsafe {
            let outcome = term_of_reply(term, std::slice::from_raw_parts(reply.cast(), len));
            if flags & DRIVER_CALL_KEEP_BUFFER == 0 {
                memory::free(reply.cast());
            }
            outcome
        }
    }

    fn ready_input(&mut self, port: &PortContext<'_>, fd: RawFd) {
        let Some(ready_input) = self.entry().ready_input else {
            return self.not_implemented(port, fd, Interest::READ, "ready_input");
        };
        self.enter(port, |data| {
            // SAFETY: duties 1 to 3; the event is what the driver selected.
            unsafe { ready_input(data, crate::selected::event(fd)) }
        });
    }

    fn ready_output(&mut self, port: &PortContext<'_>, fd: RawFd) {
        let Some(ready_output) = self.entry().ready_output else {
            return self.not_implemented(port, fd, Interest::WRITE, "ready_output");
        };
        self.enter(port, |data| {
            // SAFETY: duties 1 to 3; the event is what the driver selected.
            unsafe { ready_output(data, crate::selected::event(fd)) }
        });
    }

    fn timeout(&mut self, port: &PortContext<'_>) {
        if let Some(timeout) = self.entry().timeout {
            self.enter(port, |data| {
                // SAFETY: duties 1 to 3.
                unsafe { timeout(data) }
            });
        }
    }

    fn ready_async(&mut self, port: &PortContext<'_>, result: Box<dyn Any + Send>) {
        let Ok(payload) = result.downcast::<Payload>() else {
            return;
        };
        // Without the callback the payload is dropped, which frees it (D-K7).
        if let Some(ready_async) = self.entry().ready_async {
            let (data, _job) = payload.take();
            self.enter(port, |driver_data| {
                // SAFETY: duties 1 to 3; the payload is the driver's own and handed over once.
                unsafe { ready_async(driver_data, data.0.cast()) }
            });
        }
    }

    fn process_exit(&mut self, port: &PortContext<'_>, fired: MonitorId) {
        if let Some(process_exit) = self.entry().process_exit {
            let mut own = monitor::write(self.instance.id(), fired);
            self.enter(port, |data| {
                // SAFETY: duties 1 to 4.
                unsafe { process_exit(data, &raw mut own) }
            });
        }
        self.instance
            .rare()
            .monitors
            .lock()
            .retain(|(known, _)| *known != fired);
    }

    fn flush(&mut self, port: &PortContext<'_>) {
        if let Some(rare) = self.instance.existing() {
            rare.monitors.lock().clear();
        }
        if let Some(flush) = self.entry().flush {
            self.enter(port, |data| {
                // SAFETY: duties 1 to 3.
                unsafe { flush(data) }
            });
        }
    }
}

impl CompiledDriver {
    fn not_implemented(&self, port: &PortContext<'_>, fd: c_int, interest: Interest, name: &str) {
        tracing::error!(
            port = %port.id(), driver = self.instance.driver.name, fd,
            "the driver does not implement the {name}() callback!"
        );
        port.select(fd, interest, Select::Off);
    }
}

/// Makes `term` what a driver has answered to `call`. OTP takes no compressed term here (D-G17); what follows the term
/// does not matter (D-G18).
fn term_of_reply(term: &mut Term, bytes: &[u8]) -> Result<(), BadArgument> {
    const COMPRESSED: u8 = 80;
    if bytes.get(1) == Some(&COMPRESSED) {
        return Err(BadArgument);
    }
    etf::decode_borrowed_into(term, bytes, &etf::DecodeLimits::default())
        .map(|_| ())
        .map_err(|_| BadArgument)
}

/// A term in the external format, in memory that the thread keeps for the next one.
struct Encoded(Vec<u8>);

/// What a thread keeps of that at most.
const KEPT: usize = 16 * 1024;

thread_local! {
    static ENCODED: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl Encoded {
    /// A call within a call finds nothing kept, and makes do with new memory.
    fn take() -> Self {
        Self(ENCODED.try_with(Cell::take).unwrap_or_default())
    }
}

impl Drop for Encoded {
    fn drop(&mut self) {
        let mut memory = std::mem::take(&mut self.0);
        if memory.capacity() <= KEPT {
            memory.clear();
            // A thread that is ending may be past its thread-local values.
            let _ = ENCODED.try_with(|kept| kept.set(memory));
        }
    }
}

/// The reply of a driver that has replaced `*rbuf` (driver_entry(3), `control`).
///
/// # Safety
///
/// `reply` is null, or else: with `is_binary` a binary from `driver_alloc_binary` of which the driver gives one
/// reference away, without it a block of `len` bytes from `driver_alloc` that it gives away.
#[inline(never)]
unsafe fn replaced_reply(reply: *mut c_char, len: usize, is_binary: bool) -> Reply {
    let Some(reply) = NonNull::new(reply) else {
        return Reply::empty();
    };
    if is_binary {
        // SAFETY: as this function's own.
        let binary = unsafe { BinaryRef::from_raw(reply.cast::<ErlDrvBinary>()) };
        let len = binary.len();
        return Reply::binary(binary.into_binary(0, len).unwrap_or_default());
    }
    // SAFETY: as this function's own.
    unsafe {
        let copy = Reply::list_from_slice(std::slice::from_raw_parts(reply.as_ptr().cast(), len));
        memory::free(reply.as_ptr().cast());
        copy
    }
}

/// Up to this size what a driver gets is copied to the stack.
const SHORT: usize = 256;

/// Calls `call` with a copy of `bytes` that a driver may scribble on, and one spare byte, as drivers like to terminate
/// what they get.
#[inline]
fn with_copy<R>(bytes: &[u8], call: impl FnOnce(*mut c_char) -> R) -> R {
    let len = bytes.len();
    if len >= SHORT {
        return with_joined(&[bytes], len, call);
    }
    let mut copy = MaybeUninit::<Aligned<[u8; SHORT]>>::uninit();
    let start = copy.as_mut_ptr().cast::<u8>();
    // SAFETY: `len` is below the array's size, so that there is room for the bytes and one more; the array is ours alone.
    unsafe {
        ptr::copy_nonoverlapping(bytes.as_ptr(), start, len);
        start.add(len).write(0);
    }
    call(start.cast())
}

/// As [`with_copy`], of all `pieces`, which have `len` bytes together.
fn with_joined<R>(
    pieces: &[impl AsRef<[u8]>],
    len: usize,
    call: impl FnOnce(*mut c_char) -> R,
) -> R {
    let mut copy = Vec::with_capacity(len + 1);
    for piece in pieces {
        copy.extend_from_slice(piece.as_ref());
    }
    copy.push(0);
    call(copy.as_mut_ptr().cast())
}

/// Aligned as memory from `driver_alloc` would be, and better: short data that lies in two lines of the processor's cache
/// takes a fourth more time to pass on.
#[repr(align(64))]
struct Aligned<T>(T);

/// Lists a driver with its node.
pub(crate) fn register(
    node: &Node,
    driver: &Arc<LoadedDriver>,
) -> Result<(), portwright::RegisterDriverError> {
    node.add_driver(entry(driver))
}
