//! The names of everything that a host exports.
//!
//! [`for_each_function!`](crate::for_each_function) is the one list; [`FUNCTIONS`] is made from it, and a host makes its
//! symbol table and its compile-time checks from it.

/// Hands the names of all functions that `erl_driver.h` declares to a macro.
///
/// `for_each_function!(check)` becomes `check! { driver_output driver_output2 ... }`, in the order of the header. Each
/// name is also a type in [`signatures`](crate::signatures).
///
/// # Examples
///
/// What a host writes, with its functions in a module `export`, to have all signatures compared, and to get a table
/// of addresses for its symbol table:
///
/// ```
/// use portwright_driver_abi::{FUNCTIONS, for_each_function, signatures};
/// # macro_rules! export {
/// #     ($($name:ident)*) => { mod export {$(
/// #         #[allow(non_upper_case_globals)]
/// #         pub const $name: portwright_driver_abi::signatures::$name =
/// #             unsafe { core::mem::transmute(exported as unsafe extern "C" fn()) };
/// #     )*
/// #         unsafe extern "C" fn exported() {}
/// #     } };
/// # }
/// # for_each_function!(export);
///
/// macro_rules! table {
///     ($($name:ident)*) => {
///         [$({
///             let function: signatures::$name = export::$name;
///             (stringify!($name), function as *const ())
///         }),*]
///     };
/// }
/// let table: [(&str, *const ()); 111] = for_each_function!(table);
/// assert!(table.iter().map(|row| row.0).eq(FUNCTIONS.iter().copied()));
/// ```
#[macro_export]
macro_rules! for_each_function {
    ($callback:ident) => {
        $callback! {
            erl_drv_busy_msgq_limits
            driver_select
            driver_output
            driver_output2
            driver_output_binary
            driver_outputv
            driver_vec_to_buf
            driver_set_timer
            driver_cancel_timer
            driver_read_timer
            erl_drv_consume_timeslice
            erl_errno_id
            driver_failure_eof
            driver_failure_atom
            driver_failure_posix
            driver_failure
            driver_exit
            driver_pdl_create
            driver_pdl_lock
            driver_pdl_unlock
            driver_pdl_get_refc
            driver_pdl_inc_refc
            driver_pdl_dec_refc
            driver_monitor_process
            driver_demonitor_process
            driver_get_monitored_process
            driver_compare_monitors
            set_busy_port
            set_port_control_flags
            get_port_flags
            driver_free_binary
            driver_alloc_binary
            driver_realloc_binary
            driver_binary_get_refc
            driver_binary_inc_refc
            driver_binary_dec_refc
            driver_free
            driver_alloc
            driver_realloc
            driver_enq
            driver_pushq
            driver_deq
            driver_sizeq
            driver_enq_bin
            driver_pushq_bin
            driver_peekqv
            driver_peekq
            driver_enqv
            driver_pushqv
            add_driver_entry
            remove_driver_entry
            driver_system_info
            erl_drv_mutex_destroy
            erl_drv_mutex_create
            erl_drv_mutex_trylock
            erl_drv_mutex_lock
            erl_drv_mutex_unlock
            erl_drv_cond_destroy
            erl_drv_cond_create
            erl_drv_cond_signal
            erl_drv_cond_broadcast
            erl_drv_cond_wait
            erl_drv_rwlock_destroy
            erl_drv_rwlock_create
            erl_drv_rwlock_tryrlock
            erl_drv_rwlock_rlock
            erl_drv_rwlock_runlock
            erl_drv_rwlock_tryrwlock
            erl_drv_rwlock_rwlock
            erl_drv_rwlock_rwunlock
            erl_drv_tsd_key_create
            erl_drv_tsd_key_destroy
            erl_drv_tsd_set
            erl_drv_tsd_get
            erl_drv_thread_opts_destroy
            erl_drv_thread_opts_create
            erl_drv_thread_create
            erl_drv_thread_self
            erl_drv_equal_tids
            erl_drv_thread_exit
            erl_drv_thread_join
            erl_drv_mutex_name
            erl_drv_cond_name
            erl_drv_rwlock_name
            erl_drv_thread_name
            null_func
            driver_mk_atom
            driver_mk_port
            driver_connected
            driver_caller
            driver_mk_term_nil
            driver_create_port
            driver_output_term
            driver_send_term
            erl_drv_output_term
            erl_drv_send_term
            driver_async_port_key
            driver_async
            driver_lock_driver
            driver_get_now
            erl_drv_monotonic_time
            erl_drv_time_offset
            erl_drv_convert_time_unit
            driver_dl_open
            driver_dl_sym
            driver_dl_close
            driver_dl_error
            erl_drv_putenv
            erl_drv_getenv
            erl_drv_init_ack
            erl_drv_set_os_pid
        }
    };
}

/// Hands the names in [`UNDECLARED_FUNCTIONS`] to a macro, as [`for_each_function!`](crate::for_each_function) does.
#[macro_export]
macro_rules! for_each_undeclared_function {
    ($callback:ident) => {
        $callback! {
            driver_report_exit
            erl_drv_port_control
            erl_drv_thr_init
        }
    };
}

/// Turns names into strings, and has the compiler look up the signature of each.
macro_rules! names {
    ($($name:ident)*) => {
        &[$({
            const _: Option<$crate::signatures::$name> = None;
            stringify!($name)
        }),*]
    };
}

/// The functions that `erl_driver.h` 3.3 declares and a host exports, in the order of the header.
///
/// One more is declared, outside the guards of the header: `dtrace_drvport_str`. The emulator itself does not export
/// it unless it was built with tracing (*measured on OTP 25*), so no driver can count on it, and it is not here.
pub const FUNCTIONS: &[&str] = crate::for_each_function!(names);

/// Functions that the emulator exports under names of the driver interface although no public header declares them.
///
/// Drivers may import those of the emulator's own drivers. `erl_drv_thr_init` belongs to the emulator's start-up and
/// does nothing useful later. *Measured on OTP 25.*
pub const UNDECLARED_FUNCTIONS: &[&str] = crate::for_each_undeclared_function!(names);

/// The data symbols that a host exports: [`driver_term_nil`](crate::signatures::driver_term_nil).
pub const DATA_SYMBOLS: &[&str] = &["driver_term_nil"];
