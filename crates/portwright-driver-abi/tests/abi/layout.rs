//! Sizes, offsets, field types and constants, compared with a C program that includes the header.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::mem::offset_of;

use portwright_driver_abi::*;

use crate::otp::Otp;
use crate::spelling::spell_field;

/// One number that both sides know.
pub(crate) struct Row {
    /// The C expression for it.
    pub(crate) c: String,
    /// What Rust says.
    pub(crate) rust: i128,
}

/// Numbers to print from C, and claims for the C compiler to check.
#[derive(Default)]
struct Layout {
    rows: Vec<Row>,
    claims: Vec<String>,
}

impl Layout {
    fn row(&mut self, c: String, rust: usize) {
        self.rows.push(Row {
            c,
            rust: rust as i128,
        });
    }

    /// Claims that a field has the type that C spells so.
    fn field_type(&mut self, owner: &str, field: &str, spelled: &str) {
        self.claims.push(format!(
            "_Static_assert(__builtin_types_compatible_p(__typeof__((({owner} *)0)->{field}), {spelled}), \
             \"{owner}.{field} is not {spelled}\");"
        ));
    }
}

/// Adds size, offsets and field types of a struct. The pattern fails to compile when a field is missing here.
macro_rules! structure {
    ($layout:ident, $name:ident { $($field:ident),* $(,)? }) => {
        let _ = |value: &$name| { let $name { $($field: _),* } = value; };
        let name = stringify!($name);
        $layout.row(format!("sizeof({name})"), size_of::<$name>());
        $layout.row(format!("_Alignof({name})"), align_of::<$name>());
        $(
            let field = stringify!($field);
            $layout.row(format!("offsetof({name}, {field})"), offset_of!($name, $field));
            $layout.field_type(name, field, &spell_field(|value: &$name| &value.$field));
        )*
    };
}

fn layout() -> Layout {
    let mut layout = Layout::default();
    structure!(
        layout,
        ErlDrvEntry {
            init,
            start,
            stop,
            output,
            ready_input,
            ready_output,
            driver_name,
            finish,
            handle,
            control,
            timeout,
            outputv,
            ready_async,
            flush,
            call,
            unused_event_callback,
            extended_marker,
            major_version,
            minor_version,
            driver_flags,
            handle2,
            process_exit,
            stop_select,
            emergency_close,
        }
    );
    structure!(layout, SysIOVec { iov_base, iov_len });
    structure!(
        layout,
        ErlIOVec {
            vsize,
            size,
            iov,
            binv
        }
    );
    structure!(
        layout,
        ErlDrvSysInfo {
            driver_major_version,
            driver_minor_version,
            erts_version,
            otp_release,
            thread_support,
            smp_support,
            async_threads,
            scheduler_threads,
            nif_major_version,
            nif_minor_version,
            dirty_scheduler_support,
        }
    );
    structure!(layout, ErlDrvMonitor { data });
    structure!(
        layout,
        ErlDrvNowData {
            megasecs,
            secs,
            microsecs
        }
    );
    structure!(
        layout,
        ErlDrvThreadOpts {
            suggested_stack_size
        }
    );

    // No `sizeof`: the C struct ends in an array of 1 that stands for any number of bytes.
    let _ = |ErlDrvBinary {
                 orig_size: _,
                 orig_bytes: _,
             }: &ErlDrvBinary| {};
    layout.row("_Alignof(ErlDrvBinary)".into(), align_of::<ErlDrvBinary>());
    layout.row(
        "offsetof(ErlDrvBinary, orig_size)".into(),
        offset_of!(ErlDrvBinary, orig_size),
    );
    layout.row(
        "offsetof(ErlDrvBinary, orig_bytes)".into(),
        offset_of!(ErlDrvBinary, orig_bytes),
    );
    layout.row(
        "offsetof(ErlDrvBinary, orig_bytes)".into(),
        ERL_DRV_BINARY_BYTES_OFFSET,
    );
    layout.row(
        "sizeof(((ErlDrvBinary *)0)->orig_bytes[0])".into(),
        size_of::<core::ffi::c_char>(),
    );
    layout.field_type(
        "ErlDrvBinary",
        "orig_size",
        &spell_field(|value: &ErlDrvBinary| &value.orig_size),
    );

    layout.row(
        "offsetof(ErlDrvEntry, emergency_close)".into(),
        ENTRY_SIZE_BEFORE_3_2,
    );
    for (name, size, align) in scalars() {
        layout.row(format!("sizeof({name})"), size);
        layout.row(format!("_Alignof({name})"), align);
    }
    layout
}

macro_rules! sizes {
    ($($name:ident),* $(,)?) => { vec![$((stringify!($name), size_of::<$name>(), align_of::<$name>())),*] };
}

/// Names, sizes and alignments of the types that are not structs.
fn scalars() -> Vec<(&'static str, usize, usize)> {
    sizes![
        ErlDrvUInt64,
        ErlDrvSInt64,
        ErlDrvUInt,
        ErlDrvSInt,
        ErlDrvTermData,
        ErlDrvSizeT,
        ErlDrvSSizeT,
        ErlDrvData,
        ErlDrvEvent,
        ErlDrvPort,
        ErlDrvThreadData,
        ErlDrvTime,
        ErlDrvTimeUnit,
        ErlDrvTid,
        ErlDrvTSDKey,
        ErlDrvPDL,
    ]
}

/// The structs of [`layout`], and those that are only known by pointer.
const STRUCTS: [&str; 11] = [
    "ErlDrvEntry",
    "SysIOVec",
    "ErlIOVec",
    "ErlDrvSysInfo",
    "ErlDrvMonitor",
    "ErlDrvNowData",
    "ErlDrvThreadOpts",
    "ErlDrvBinary",
    "ErlDrvMutex",
    "ErlDrvCond",
    "ErlDrvRWLock",
];

/// Every type name that is compared.
pub(crate) fn type_names() -> Vec<&'static str> {
    scalars()
        .into_iter()
        .map(|row| row.0)
        .chain(STRUCTS)
        .collect()
}

macro_rules! values {
    ($($name:ident)*) => { [$(Row { c: stringify!($name).into(), rust: $name as i128 }),*] };
}

/// Every constant of the header. Numbers that are negative in Rust are so in C.
pub(crate) fn constants() -> Vec<Row> {
    let mut rows: Vec<Row> = values![
        ERL_DRV_READ ERL_DRV_WRITE ERL_DRV_USE ERL_DRV_USE_NO_CALLBACK DO_READ DO_WRITE
        ERL_DRV_EXTENDED_MAJOR_VERSION ERL_DRV_EXTENDED_MINOR_VERSION ERL_DRV_MIN_REQUIRED_MAJOR_VERSION_ON_LOAD
        PORT_CONTROL_FLAG_BINARY PORT_CONTROL_FLAG_HEAVY PORT_FLAG_BINARY PORT_FLAG_LINE
        ERL_DRV_FLAG_USE_PORT_LOCKING ERL_DRV_FLAG_SOFT_BUSY ERL_DRV_FLAG_NO_BUSY_MSGQ ERL_DRV_FLAG_USE_INIT_ACK
        ERL_DRV_TIME_ERROR
        ERL_DRV_BUSY_MSGQ_DISABLED ERL_DRV_BUSY_MSGQ_READ_ONLY ERL_DRV_BUSY_MSGQ_LIM_MAX ERL_DRV_BUSY_MSGQ_LIM_MIN
        DRIVER_CALL_KEEP_BUFFER
        ERL_DRV_NIL ERL_DRV_ATOM ERL_DRV_INT ERL_DRV_PORT ERL_DRV_BINARY ERL_DRV_STRING ERL_DRV_TUPLE ERL_DRV_LIST
        ERL_DRV_STRING_CONS ERL_DRV_PID ERL_DRV_FLOAT ERL_DRV_EXT2TERM ERL_DRV_UINT ERL_DRV_BUF2BINARY ERL_DRV_INT64
        ERL_DRV_UINT64 ERL_DRV_MAP
    ]
    .into();
    for (name, unit) in [
        ("ERL_DRV_SEC", ERL_DRV_SEC),
        ("ERL_DRV_MSEC", ERL_DRV_MSEC),
        ("ERL_DRV_USEC", ERL_DRV_USEC),
        ("ERL_DRV_NSEC", ERL_DRV_NSEC),
    ] {
        rows.push(Row {
            c: name.into(),
            rust: unit.0.into(),
        });
    }
    for (name, data) in [
        ("ERL_DRV_ERROR_GENERAL", ERL_DRV_ERROR_GENERAL),
        ("ERL_DRV_ERROR_ERRNO", ERL_DRV_ERROR_ERRNO),
        ("ERL_DRV_ERROR_BADARG", ERL_DRV_ERROR_BADARG),
    ] {
        // A pointer has no sign in Rust; in C it is converted through `unsigned long` below.
        rows.push(Row {
            c: name.into(),
            rust: data.addr() as i128,
        });
    }
    rows.push(Row {
        c: "(int)ERL_DRV_EXTENDED_MARKER".into(),
        rust: ERL_DRV_EXTENDED_MARKER.into(),
    });
    rows.push(Row {
        c: "(ErlDrvPort)-1".into(),
        rust: INVALID_PORT.addr() as i128,
    });
    rows
}

/// A program that prints one line per row: index and value.
fn program(layout: &Layout, rows: &[&Row]) -> String {
    let mut source = String::from(
        "#include <erl_driver.h>\n#include <stddef.h>\n#include <stdio.h>\n\
         /* Prints a number with the sign that its own type gives it. */\n\
         #define PRINT(index, x) _Generic((x), \\\n\
         int: printf(\"%d %ld\\n\", index, (long)(x)), \\\n\
         long: printf(\"%d %ld\\n\", index, (long)(x)), \\\n\
         default: printf(\"%d %lu\\n\", index, (unsigned long)(x)))\n",
    );
    for claim in &layout.claims {
        writeln!(source, "{claim}").expect("strings take any text");
    }
    source.push_str("int main(void) {\n");
    for (index, row) in rows.iter().enumerate() {
        writeln!(source, "    PRINT({index}, {});", row.c).expect("strings take any text");
    }
    source.push_str("    return 0;\n}\n");
    source
}

#[test]
fn layouts_and_constants_are_those_of_the_header() {
    let Some(otp) = Otp::find("layouts_and_constants_are_those_of_the_header") else {
        return;
    };
    let (layout, constants) = (layout(), constants());
    let rows: Vec<&Row> = layout.rows.iter().chain(&constants).collect();
    let printed = otp.run_program("layout", &program(&layout, &rows), &[]);
    let measured: BTreeMap<usize, i128> = printed
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(index, value)| {
            (
                index.parse().expect("an index"),
                value.parse().expect("a number"),
            )
        })
        .collect();
    assert_eq!(
        measured.len(),
        rows.len(),
        "the program printed:\n{printed}"
    );
    let differences: Vec<String> = rows
        .iter()
        .zip(measured.values())
        .filter(|(row, c)| row.rust != **c)
        .map(|(row, c)| format!("{}: {} in Rust, {c} in C", row.c, row.rust))
        .collect();
    assert_eq!(differences, [""; 0]);
}

/// With `HAVE_SYS_UIO_H` the header takes the system's `struct iovec`: same places, though `iov_base` is `void *`.
#[test]
fn a_buffer_is_laid_out_as_struct_iovec() {
    let Some(otp) = Otp::find("a_buffer_is_laid_out_as_struct_iovec") else {
        return;
    };
    let source = "#include <erl_driver.h>\n#include <stddef.h>\n#include <stdio.h>\n#include <sys/uio.h>\n\
        _Static_assert(__builtin_types_compatible_p(SysIOVec, struct iovec), \"another type\");\n\
        int main(void) {\n    printf(\"%zu %zu %zu\", sizeof(SysIOVec), offsetof(SysIOVec, iov_base), \
        offsetof(SysIOVec, iov_len));\n    return 0;\n}\n";
    let printed = otp.run_program("iovec", source, &["-DHAVE_SYS_UIO_H"]);
    let rust = [
        size_of::<SysIOVec>(),
        offset_of!(SysIOVec, iov_base),
        offset_of!(SysIOVec, iov_len),
    ];
    assert_eq!(printed, rust.map(|number| number.to_string()).join(" "));
}
