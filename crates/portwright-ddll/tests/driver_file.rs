//! What files tell before they are loaded, and files that lie.

use std::path::PathBuf;

use portwright::Node;
use portwright_ddll::{DdllError, DriverFile, DriverFileError, ElfError, NodeExt};

/// A driver's bytes, and a folder for spoiled copies of it.
fn driver(test: &str) -> Option<(Vec<u8>, PathBuf)> {
    match test_drivers::swiss("swissp") {
        Ok(directory) => {
            let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
            std::fs::create_dir_all(&folder).unwrap();
            let bytes = std::fs::read(directory.join("swissp.so")).unwrap();
            Some((bytes, folder))
        }
        Err(why) => {
            test_drivers::skip(&why);
            None
        }
    }
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_an_error_and_the_host_goes_on() {
    let Some((bytes, folder)) = driver("cut-off") else {
        return;
    };
    let node = Node::new();
    let file = folder.join("swissp.so");
    let mut refused = 0;
    for step in 0..64 {
        let len = bytes.len() * step / 64;
        std::fs::write(&file, &bytes[..len]).unwrap();
        let read = DriverFile::read(&file);
        match node.ddll().load(&folder, "swissp") {
            // What is cut off at the end are names for debuggers, which nobody loads.
            Ok(()) => node.ddll().unload("swissp").unwrap(),
            Err(error) => {
                assert!(
                    matches!(
                        &error,
                        DdllError::Open { .. } | DdllError::NoDriverInit { .. }
                    ),
                    "{len} of {} bytes: {error}",
                    bytes.len()
                );
                refused += 1;
            }
        }
        if len < bytes.len() / 8 {
            assert!(read.is_err(), "{len} bytes are no driver");
        }
    }
    assert!(refused > 8, "{refused} of 64 were refused");
}

#[test]
fn the_error_of_a_truncated_file_is_that_of_the_dynamic_linker() {
    let Some((bytes, folder)) = driver("truncated") else {
        return;
    };
    let file = folder.join("swissp.so");
    std::fs::write(&file, &bytes[..4097]).unwrap();
    let error = Node::new().ddll().load(&folder, "swissp").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("file too short; is it a complete shared object"),
        "{error}"
    );
    let DriverFileError::Elf { source, .. } = DriverFile::read(&file).unwrap_err() else {
        panic!("another error");
    };
    assert!(
        matches!(source, ElfError::Truncated { length: 4097, .. }),
        "{source}"
    );
}

#[test]
fn spoiled_headers_and_tables_are_read_without_panic() {
    let Some((bytes, folder)) = driver("spoiled") else {
        return;
    };
    let file = folder.join("spoiled.so");
    // A generator that needs no crate and repeats itself from run to run.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut errors = 0;
    for _ in 0..400 {
        let mut spoiled = bytes.clone();
        // Headers lie at the beginning, the tables that matter in the first pages.
        for _ in 0..1 + random() % 8 {
            let within = if random() % 2 == 0 { 1024 } else { 8192 };
            let at = (random() % within) as usize;
            if let Some(byte) = spoiled.get_mut(at) {
                *byte = random().to_le_bytes()[0];
            }
        }
        std::fs::write(&file, &spoiled).unwrap();
        errors += usize::from(DriverFile::read(&file).is_err());
    }
    assert!(errors > 0, "nothing that was spoiled was noticed");
}
