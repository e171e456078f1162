//! How C spells a Rust type of the interface, found from the type itself.
//!
//! So what is compared with the header is what the Rust compiler sees, not a text next to it. `usize` and `u64` are
//! both `unsigned long` on the platforms of this test, as are the typedefs of the header that they stand for.

use std::ffi::{c_char, c_void};

use portwright_driver_abi::*;

/// A type that a C declaration can name.
pub(crate) trait Spell {
    /// The declaration of `declarator` (a name with its stars, or nothing) as something of this type.
    fn declare(declarator: &str) -> String;

    /// The type without a name.
    fn spell() -> String {
        Self::declare("")
    }
}

/// The C spelling of the type that a field accessor returns.
pub(crate) fn spell_field<S, F: Spell>(_field: impl Fn(&S) -> &F) -> String {
    F::spell()
}

macro_rules! plain {
    ($($rust:ty => $c:literal,)*) => {$(
        impl Spell for $rust {
            fn declare(declarator: &str) -> String {
                format!("{} {declarator}", $c)
            }
        }
    )*};
}

plain! {
    () => "void",
    c_void => "void",
    c_char => "char",
    i32 => "int",
    u32 => "unsigned int",
    i64 => "long",
    u64 => "unsigned long",
    isize => "long",
    usize => "unsigned long",
    _erl_drv_data => "struct _erl_drv_data",
    _erl_drv_event => "struct _erl_drv_event",
    _erl_drv_port => "struct _erl_drv_port",
    erl_drv_port_data_lock => "struct erl_drv_port_data_lock",
    ErlDrvTid_ => "struct ErlDrvTid_",
    ErlDrvMutex => "struct ErlDrvMutex_",
    ErlDrvCond => "struct ErlDrvCond_",
    ErlDrvRWLock => "struct ErlDrvRWLock_",
    ErlDrvThreadOpts => "ErlDrvThreadOpts",
    ErlDrvTimeUnit => "ErlDrvTimeUnit",
    ErlDrvNowData => "ErlDrvNowData",
    ErlDrvBinary => "struct erl_drv_binary",
    ErlDrvEntry => "struct erl_drv_entry",
    ErlDrvMonitor => "ErlDrvMonitor",
    ErlDrvSysInfo => "ErlDrvSysInfo",
    ErlIOVec => "struct erl_io_vec",
    SysIOVec => "SysIOVec",
}

impl<T: Spell> Spell for *mut T {
    fn declare(declarator: &str) -> String {
        T::declare(&format!("*{declarator}"))
    }
}

impl<T: Spell> Spell for *const T {
    fn declare(declarator: &str) -> String {
        T::declare(&format!("const *{declarator}"))
    }
}

impl<const N: usize> Spell for [u8; N] {
    fn declare(declarator: &str) -> String {
        format!("unsigned char {declarator}[{N}]")
    }
}

/// C functions, which a Rust signature names by pointer.
pub(crate) trait SpellFunction {
    /// The declaration of a function (not a pointer) of this type.
    fn declare_function(name: &str) -> String;
}

macro_rules! function {
    ($($parameter:ident)*) => {
        impl<R: Spell, $($parameter: Spell),*> SpellFunction for unsafe extern "C" fn($($parameter),*) -> R {
            fn declare_function(name: &str) -> String {
                let parameters: &[String] = &[$($parameter::spell()),*];
                let parameters = if parameters.is_empty() { "void".into() } else { parameters.join(", ") };
                R::declare(&format!("{name}({parameters})"))
            }
        }

        impl<R: Spell, $($parameter: Spell),*> Spell for Option<unsafe extern "C" fn($($parameter),*) -> R> {
            fn declare(declarator: &str) -> String {
                <unsafe extern "C" fn($($parameter),*) -> R>::declare_function(&format!("(*{declarator})"))
            }
        }
    };
}

function!();
function!(A);
function!(A B);
function!(A B C);
function!(A B C D);
function!(A B C D E);
function!(A B C D E F);
function!(A B C D E F G);

#[test]
fn declarations_are_spelled_as_c_reads_them() {
    assert_eq!(<*const *mut c_char>::declare("x"), "char *const *x");
    assert_eq!(<*mut *mut c_void>::spell(), "void **");
    type Callback = Option<unsafe extern "C" fn(*mut c_void) -> *mut c_void>;
    assert_eq!(Callback::declare("x"), "void *(*x)(void *)");
    assert_eq!(
        <unsafe extern "C" fn() -> i32>::declare_function("f"),
        "int f(void)"
    );
}
