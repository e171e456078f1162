//! `portwright driver info`.

use std::process::Command;

use crate::{Directory, echo, portwright, text};

/// `(code, stdout, stderr)` for one file.
fn info(file: &str) -> (i32, String, String) {
    portwright(&["info", file], "")
}

#[test]
fn a_driver_is_described() {
    let Some(file) = echo(&[]) else { return };
    let (code, out, err) = info(text(&file));
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let line = |name: &str| {
        let mut lines = out.lines();
        let found = lines.find_map(|line| line.strip_prefix(name));
        found.unwrap_or_else(|| panic!("no {name} in {out}")).trim()
    };
    assert_eq!(line("name"), "echo");
    assert_eq!(line("version"), "3.3");
    assert_eq!(line("flags"), "USE_PORT_LOCKING SOFT_BUSY");
    assert_eq!(line("callbacks"), "start output control call");
    assert_eq!(
        line("functions"),
        "driver_exit driver_failure_atom driver_output"
    );
    assert_eq!(line("missing"), "none");
}

#[test]
fn programs_read_json() {
    let Some(file) = echo(&[]) else { return };
    let (code, out, _) = portwright(&["info", "--output", "json", text(&file)], "");
    assert_eq!(code, 0);
    let value: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(value["name"], "echo");
    assert_eq!(value["version"], "3.3");
    assert_eq!(value["supported"], true);
    assert_eq!(value["callbacks"][3], "call");
    assert_eq!(value["functions"][2], "driver_output");
    assert_eq!(value["missing"].as_array().unwrap().len(), 0);
}

#[test]
fn without_loading_only_the_file_is_told() {
    let Some(file) = echo(&[]) else { return };
    let (code, out, _) = portwright(&["info", "--no-load", text(&file)], "");
    assert_eq!(code, 0);
    assert!(out.contains("functions   driver_exit"), "{out}");
    assert!(!out.contains("callbacks"), "{out}");
}

#[test]
fn everything_that_is_missing_is_named() {
    let Some(file) = echo(&["UNRESOLVED"]) else {
        return;
    };
    let (code, out, err) = info(text(&file));
    assert_eq!(code, 1);
    assert!(
        out.contains("missing     nobody_has_this nor_this\n"),
        "{out}"
    );
    assert_eq!(
        err,
        format!(
            "portwright: {} cannot be loaded: nobody has `nobody_has_this`, `nor_this`; is a library not linked to \
             the driver, or is it made for another emulator?\n",
            text(&file)
        )
    );
}

#[test]
fn libraries_are_looked_for_where_the_dynamic_linker_would() {
    let folder = Directory::new("libraries");
    folder.file("own.c", b"int own(void) { return 1; }");
    let source = b"int own(void); void *driver_init(void) { return own() ? 0 : (void *)own; }";
    folder.file("needs.c", source);
    let compile = |arguments: &[&str]| {
        let mut command = Command::new("cc");
        command.args(["-shared", "-fPIC"]).args(arguments);
        command
            .current_dir(&folder.0)
            .status()
            .is_ok_and(|status| status.success())
    };
    let compiled = compile(&["-o", "libown.so", "own.c"])
        && compile(&[
            "-o",
            "needs.so",
            "needs.c",
            "-L.",
            "-lown",
            "-Wl,-rpath,$ORIGIN",
        ]);
    if !compiled {
        return test_drivers::skip("there is no C compiler");
    }
    let file = folder.0.join("needs.so");
    let no_load = || portwright(&["info", "--no-load", text(&file)], "");
    let (code, out, err) = no_load();
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("\nlibraries   libown.so"), "{out}");
    std::fs::remove_file(folder.0.join("libown.so")).unwrap();
    let (code, out, err) = no_load();
    assert_eq!(code, 1);
    assert!(out.contains("\nmissing     libown.so own\n"), "{out}");
    assert_eq!(
        err,
        format!(
            "portwright: {} cannot be loaded: it needs `libown.so`, which is not found; is a package not installed, \
             or a directory missing in LD_LIBRARY_PATH?\n",
            text(&file)
        )
    );
}

#[test]
fn versions_that_cannot_be_loaded_are_named() {
    let Ok(directory) = test_drivers::swiss("v4_0") else {
        return test_drivers::skip("no C compiler or no erl_driver.h");
    };
    let file = directory.join("v4_0.so");
    let (code, out, err) = info(text(&file));
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("name        v4_0\n"), "{out}");
    assert!(err.contains("version 4.0 of erl_driver.h"), "{err}");
}

#[test]
fn a_library_without_driver_init_is_no_driver() {
    // As people would type it: a library of the system, by its name.
    assert_eq!(
        info("libm.so.6"),
        (
            126,
            String::new(),
            "portwright: libm.so.6 is no Erlang driver: it has no driver_init (no_driver_init)\n"
                .into()
        )
    );
    let Ok(directory) = test_drivers::compile("nif", "void *nif_init(void) { return 0; }", &[])
    else {
        return test_drivers::skip("no C compiler or no erl_driver.h");
    };
    let (code, _, err) = info(text(&directory.join("nif.so")));
    assert_eq!(code, 126);
    let end = "(no_driver_init); it is a NIF library, which only the BEAM can load\n";
    assert!(err.ends_with(end), "{err}");
}

#[test]
fn files_that_are_no_shared_objects_are_told_apart() {
    let folder = Directory::new("info");
    let check = |name: &str, bytes: &[u8], why: &str| {
        let path = folder.file(name, bytes);
        let (code, out, err) = info(text(&path));
        assert_eq!((code, out.as_str()), (126, ""), "{name}: {err}");
        assert!(
            err.starts_with("portwright: ") && err.contains(why),
            "{name}: {err}"
        );
    };
    check("empty.so", b"", "it is no ELF file");
    check("text.so", b"#!/bin/sh\n", "it is no ELF file");
    check("short.so", b"\x7fELF\x02\x01\x01", "it is truncated");
    let (code, _, err) = info("no/such.so");
    assert_eq!(code, 127);
    assert_eq!(
        err,
        "portwright: cannot read no/such.so: no such file (enoent); is the path relative to another directory?\n"
    );
    let (code, _, err) = info(text(&folder.0));
    assert_eq!(code, 126);
    assert!(err.contains("it is no regular file"), "{err}");
    let Some(file) = echo(&[]) else { return };
    let whole = std::fs::read(file).unwrap();
    let changed = |at: usize, byte: u8| {
        let mut bytes = whole.clone();
        bytes[at] = byte;
        bytes
    };
    check("half.so", &whole[..whole.len() / 4], "it is truncated");
    check("i386.so", &changed(4, 1), "it is made for a 32-bit ");
    check("arm.so", &changed(18, 40), "it is made for a ARM machine");
    check("object.o", &changed(16, 1), "an object file");
}
