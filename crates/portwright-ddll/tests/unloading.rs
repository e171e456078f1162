//! A driver that is unloaded is gone: its code is unmapped, and nothing of the process grows.

use portwright::{Node, PortName, PortSettings};
use portwright_ddll::Ddll;

fn maps() -> String {
    std::fs::read_to_string("/proc/self/maps").unwrap()
}

/// Memory in KiB that the process has.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn cycles_of_load_open_use_close_unload_leave_nothing() {
    let directory = match test_drivers::swiss("swissp") {
        Ok(directory) => directory,
        Err(why) => return test_drivers::skip(&why),
    };
    let node = Node::new();
    let me = node.attach();
    me.trap_exit(true);
    let ddll = Ddll::of_process(&me);
    let cycle = || {
        ddll.load(&directory, "swissp").unwrap();
        let port = me
            .open_port(PortName::driver("swissp"), PortSettings::new())
            .unwrap();
        let reply = me.control(&port, 1, "enq abc; deqall").unwrap();
        assert_eq!(reply.bytes(), b"0 0");
        // Closed after the driver has lost its last user: the port keeps it until then.
        ddll.unload("swissp").unwrap();
        assert!(maps().contains("swissp.so"));
        me.close(&port).unwrap();
    };
    cycle();
    let (mappings, open, memory) = (maps().lines().count(), descriptors(), resident());
    for _ in 0..300 {
        cycle();
    }
    assert!(!maps().contains("swissp.so"), "the driver is still mapped");
    assert!(node.drivers().is_empty() && node.ports().is_empty());
    // Threads of the test harness may come and go; sanitizers keep memory of their own.
    let preloaded = std::env::var("LD_PRELOAD").unwrap_or_default();
    let sanitized = preloaded.contains("valgrind")
        || cfg!(any(
            portwright_address_sanitizer,
            portwright_thread_sanitizer
        ));
    assert!(
        sanitized || maps().lines().count() <= mappings + 8,
        "{mappings} mappings became {}",
        maps().lines().count()
    );
    // The driver's image alone has more than four pages, and its ports leave 100 KiB.
    assert!(
        sanitized || resident() <= memory + 300 * 4,
        "{memory} KiB became {}",
        resident()
    );
    assert!(
        descriptors() <= open,
        "{open} descriptors became {}",
        descriptors()
    );
}
