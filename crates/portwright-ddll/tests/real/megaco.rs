//! `megaco_flex_scanner_drv` of megaco, with driver-level and with port-level locking: large terms from inside `control`,
//! sent to the caller.

use portwright::Term;

use crate::support::{Bench, directory_of};

fn scan(driver: &str) {
    let Some(directory) = directory_of("megaco", "priv/lib", driver) else {
        return;
    };
    let mut bench = Bench::load(&directory, driver);
    let port = bench.open(driver);
    let reply = bench
        .me
        .control(
            &port,
            u32::from(b's'),
            "MEGACO/1 [124.124.124.222]:55555\n Reply=1",
        )
        .unwrap();
    assert_eq!(reply.to_term(), Term::Nil);
    assert_eq!(
        bench.message(),
        "{tokens,[{'SafeChars',1,\"megaco/1\"},{'LSBRKT',1},{'SafeChars',1,\"124.124.124.222\"},{'RSBRKT',1},{'COLON',1},{'SafeChars',1,\"55555\"},{'SEP',2},{'ReplyToken',2,\"reply\"},{'EQUAL',2},{'SafeChars',2,\"1\"},{endOfMessage,2}],2}"
    );
    // A term of tens of thousands of words.
    let long = format!("MEGACO/1 [1.1.1.1] {}", "Reply=1 ".repeat(3000));
    bench.me.control(&port, u32::from(b's'), long).unwrap();
    let message = bench.term();
    let tokens = message.as_tuple().unwrap()[1].to_vec().unwrap();
    assert_eq!(tokens.len(), 4 + 4 * 3000 + 1);

    bench.me.command_blocking(&port, "x").unwrap();
    assert_eq!(bench.message(), format!("{{'EXIT',{port},bad_usage}}"));
}

#[test]
fn tokens_with_one_lock_for_all_ports() {
    scan("megaco_flex_scanner_drv");
}

#[test]
fn tokens_with_a_lock_for_each_port() {
    scan("megaco_flex_scanner_drv_mt");
}
