//! Threads, mutexes, conditions, read-write locks, thread-specific data; on any thread.
//!
//! Names are NUL terminated, for debugging, and may be null. Results of type `c_int` are 0 or an `errno` number.
//! Misuse (null, unlocking what is not locked, an unknown key) has no error result: the emulator aborts.

use core::ffi::{c_char, c_int, c_void};

use crate::{ErlDrvCond, ErlDrvMutex, ErlDrvRWLock, ErlDrvTSDKey, ErlDrvThreadOpts, ErlDrvTid};

/// Makes a mutex; null when there is no memory.
pub type erl_drv_mutex_create = unsafe extern "C" fn(name: *mut c_char) -> *mut ErlDrvMutex;

/// Frees a mutex that nobody holds.
pub type erl_drv_mutex_destroy = unsafe extern "C" fn(mtx: *mut ErlDrvMutex);

/// Locks if nobody holds it: 0, or `EBUSY`.
pub type erl_drv_mutex_trylock = unsafe extern "C" fn(mtx: *mut ErlDrvMutex) -> c_int;

/// Locks; waits while somebody else holds it.
pub type erl_drv_mutex_lock = unsafe extern "C" fn(mtx: *mut ErlDrvMutex);

/// Unlocks, on the thread that locked.
pub type erl_drv_mutex_unlock = unsafe extern "C" fn(mtx: *mut ErlDrvMutex);

/// The name, `unknown` if it has none; null for null.
pub type erl_drv_mutex_name = unsafe extern "C" fn(mtx: *mut ErlDrvMutex) -> *mut c_char;

/// Makes a condition variable; null when there is no memory.
pub type erl_drv_cond_create = unsafe extern "C" fn(name: *mut c_char) -> *mut ErlDrvCond;

/// Frees a condition variable that nobody waits for.
pub type erl_drv_cond_destroy = unsafe extern "C" fn(cnd: *mut ErlDrvCond);

/// Wakes one waiting thread.
pub type erl_drv_cond_signal = unsafe extern "C" fn(cnd: *mut ErlDrvCond);

/// Wakes all waiting threads.
pub type erl_drv_cond_broadcast = unsafe extern "C" fn(cnd: *mut ErlDrvCond);

/// Unlocks the mutex, waits, locks it again. May return without having been woken.
pub type erl_drv_cond_wait = unsafe extern "C" fn(cnd: *mut ErlDrvCond, mtx: *mut ErlDrvMutex);

/// The name, `unknown` if it has none; null for null.
pub type erl_drv_cond_name = unsafe extern "C" fn(cnd: *mut ErlDrvCond) -> *mut c_char;

/// Makes a read-write lock; null when there is no memory.
pub type erl_drv_rwlock_create = unsafe extern "C" fn(name: *mut c_char) -> *mut ErlDrvRWLock;

/// Frees a read-write lock that nobody holds.
pub type erl_drv_rwlock_destroy = unsafe extern "C" fn(rwlck: *mut ErlDrvRWLock);

/// Locks for reading if no writer holds it: 0, or `EBUSY`.
pub type erl_drv_rwlock_tryrlock = unsafe extern "C" fn(rwlck: *mut ErlDrvRWLock) -> c_int;

/// Locks for reading.
pub type erl_drv_rwlock_rlock = unsafe extern "C" fn(rwlck: *mut ErlDrvRWLock);

/// Unlocks after reading.
pub type erl_drv_rwlock_runlock = unsafe extern "C" fn(rwlck: *mut ErlDrvRWLock);

/// Locks for writing if nobody holds it: 0, or `EBUSY`.
pub type erl_drv_rwlock_tryrwlock = unsafe extern "C" fn(rwlck: *mut ErlDrvRWLock) -> c_int;

/// Locks for writing.
pub type erl_drv_rwlock_rwlock = unsafe extern "C" fn(rwlck: *mut ErlDrvRWLock);

/// Unlocks after writing.
pub type erl_drv_rwlock_rwunlock = unsafe extern "C" fn(rwlck: *mut ErlDrvRWLock);

/// The name, `unknown` if it has none; null for null.
pub type erl_drv_rwlock_name = unsafe extern "C" fn(rwlck: *mut ErlDrvRWLock) -> *mut c_char;

/// Makes a key, to which every thread has null at first. 0, or `ENOMEM`.
pub type erl_drv_tsd_key_create =
    unsafe extern "C" fn(name: *mut c_char, key: *mut ErlDrvTSDKey) -> c_int;

/// Frees a key; every thread must have set it to null before.
pub type erl_drv_tsd_key_destroy = unsafe extern "C" fn(key: ErlDrvTSDKey);

/// Sets this thread's data.
pub type erl_drv_tsd_set = unsafe extern "C" fn(key: ErlDrvTSDKey, data: *mut c_void);

/// This thread's data, null when it has set none.
pub type erl_drv_tsd_get = unsafe extern "C" fn(key: ErlDrvTSDKey) -> *mut c_void;

/// Makes thread options with their defaults; null when there is no memory.
pub type erl_drv_thread_opts_create =
    unsafe extern "C" fn(name: *mut c_char) -> *mut ErlDrvThreadOpts;

/// Frees thread options.
pub type erl_drv_thread_opts_destroy = unsafe extern "C" fn(opts: *mut ErlDrvThreadOpts);

/// Starts `func(args)` on a new thread, which must be joined. Null `opts` mean defaults. 0, or an `errno` number.
pub type erl_drv_thread_create = unsafe extern "C" fn(
    name: *mut c_char,
    tid: *mut ErlDrvTid,
    func: Option<unsafe extern "C" fn(*mut c_void) -> *mut c_void>,
    args: *mut c_void,
    opts: *mut ErlDrvThreadOpts,
) -> c_int;

/// This thread; never null, also on threads that the host made.
pub type erl_drv_thread_self = unsafe extern "C" fn() -> ErlDrvTid;

/// Not 0 when both are the same thread.
pub type erl_drv_equal_tids = unsafe extern "C" fn(tid1: ErlDrvTid, tid2: ErlDrvTid) -> c_int;

/// Ends this thread, which must be one of [`erl_drv_thread_create`]; does not return.
pub type erl_drv_thread_exit = unsafe extern "C" fn(resp: *mut c_void);

/// Waits for a thread and frees it; its result goes to `*respp` unless that is null. 0, or an `errno` number.
pub type erl_drv_thread_join = unsafe extern "C" fn(ErlDrvTid, respp: *mut *mut c_void) -> c_int;

/// The name, `unknown` if it has none; null for null.
pub type erl_drv_thread_name = unsafe extern "C" fn(tid: ErlDrvTid) -> *mut c_char;
