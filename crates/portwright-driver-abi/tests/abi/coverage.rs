//! Nothing of the header is missing: its constants and its types are all compared.

use crate::functions::types_of;
use crate::layout::{constants, type_names};
use crate::otp::Otp;

/// Prefixes of the constants of the interface. Others in the header belong to the C language or to NIFs.
const PREFIXES: [&str; 5] = [
    "ERL_DRV_",
    "PORT_CONTROL_FLAG_",
    "PORT_FLAG_",
    "DRIVER_",
    "DO_",
];

/// Macros that are no constants: an attribute for the C compiler.
const NO_CONSTANTS: [&str; 1] = ["ERL_DRV_DEPRECATED_FUNC"];

/// Types that the header takes from `erl_drv_nif.h`.
const SHARED_WITH_NIFS: [&str; 4] = [
    "ErlDrvSysInfo",
    "ErlDrvThreadOpts",
    "ErlDrvMonitor",
    "SysIOVec",
];

#[test]
fn every_constant_of_the_header_is_compared() {
    let Some(otp) = Otp::find("every_constant_of_the_header_is_compared") else {
        return;
    };
    let compared = constants();
    let macros = otp.macros_of_header();
    let names: Vec<&str> = macros
        .lines()
        .filter_map(|line| line.strip_prefix("#define ")?.split_whitespace().next())
        .filter(|name| PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
        .filter(|name| !name.contains('(') && !NO_CONSTANTS.contains(name))
        .collect();
    assert!(names.contains(&"ERL_DRV_READ"), "{names:?}");
    let missing: Vec<&&str> = names
        .iter()
        .filter(|name| {
            !compared
                .iter()
                .any(|row| row.c.trim_start_matches("(int)") == **name)
        })
        .collect();
    assert_eq!(missing, [&""; 0]);
}

#[test]
fn every_type_of_the_header_is_compared() {
    let Some(otp) = Otp::find("every_type_of_the_header_is_compared") else {
        return;
    };
    let compared = type_names();
    let own = types_of(&otp, "erl_driver.h");
    let shared = types_of(&otp, "erl_drv_nif.h");
    for name in SHARED_WITH_NIFS {
        assert!(
            shared.iter().any(|known| known == name),
            "{name} is not in {shared:?}"
        );
        assert!(compared.contains(&name), "{name} is not compared");
    }
    assert!(!own.is_empty());
    let missing: Vec<&String> = own
        .iter()
        .filter(|name| !compared.contains(&name.as_str()))
        .collect();
    assert_eq!(missing, [""; 0]);
    let unknown: Vec<&&str> = compared
        .iter()
        .filter(|name| !own.iter().chain(&shared).any(|known| known == **name))
        .collect();
    assert_eq!(unknown, [&""; 0]);
}
