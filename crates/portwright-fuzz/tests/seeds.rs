//! The seeds of the fuzz targets, and all inputs that once failed, as tests.

use std::path::Path;

/// Calls `check` with every file of `fuzz/seeds/<target>`, on a stack of ordinary size.
#[track_caller]
fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/seeds")
        .join(target);
    let entries = std::fs::read_dir(&folder).expect("the target has a folder of seeds");
    let mut count = 0;
    for path in entries.map(|entry| entry.expect("it is readable").path()) {
        let data = std::fs::read(&path).expect("a seed is readable");
        println!("{} ({} bytes)", path.display(), data.len());
        check(&data);
        count += 1;
    }
    assert!(count > 0, "{target} has no seeds");
}

macro_rules! targets {
    ($($target:ident),* $(,)?) => {
        $(
            #[test]
            fn $target() {
                replay(stringify!($target), portwright_fuzz::$target);
            }
        )*
    };
}

targets! {
    etf_decode,
    etf_safe,
    iolist_gather,
    port_settings,
    scan,
    shell_parse,
    text_parse,
}
