//! `setuid_drv` of yaws: all of its work is done in `start`, by output that arrives before the port is open.

use std::path::{Path, PathBuf};

use portwright::{PortName, PortSettings};

use crate::support::{Bench, root, skip};

fn directory() -> Option<PathBuf> {
    let lib = root().join("usr/lib");
    let found = std::fs::read_dir(&lib)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("yaws-"))
        .flat_map(|entry| ["priv/lib", "priv"].map(|rest| entry.path().join(rest)))
        .find(|directory: &PathBuf| Path::new(directory).join("setuid_drv.so").exists());
    if found.is_none() {
        skip(&format!(
            "there is no yaws with setuid_drv.so in {}",
            lib.display()
        ));
    }
    found
}

#[test]
fn answers_come_from_start_as_lists() {
    let Some(directory) = directory() else { return };
    let mut bench = Bench::load(&directory, "setuid_drv");
    // Lists although the port asks for binaries: its settings count from the end of `start` on.
    // Our own number, from the kernel's file about us.
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let uid = status
        .lines()
        .find_map(|line| line.strip_prefix("Uid:"))
        .unwrap();
    let uid = uid.split_whitespace().next().unwrap();
    for (command, expect) in [
        ("setuid_drv g", format!("ok {uid}")),
        ("setuid_drv n0", "ok root".into()),
        ("setuid_drv hroot", "ok /root".into()),
    ] {
        let port = bench.open(command);
        assert_eq!(
            bench.message(),
            format!("{{{port},{{data,\"{expect}\"}}}}"),
            "{command}"
        );
        // No output, control or call: a command is lost, the others are refused.
        bench.me.command_blocking(&port, "ignored").unwrap();
        assert!(bench.me.control(&port, 1, "").is_err());
        bench.me.close(&port).unwrap();
        assert_eq!(bench.message(), format!("{{'EXIT',{port},normal}}"));
    }
    for command in ["setuid_drv", "setuid_drv unosuchuserxyz", "setuid_drv x"] {
        let error = bench
            .me
            .open_port(PortName::driver(command), PortSettings::new())
            .unwrap_err();
        assert_eq!(error.reason().to_string(), "einval", "{command}");
    }
}
