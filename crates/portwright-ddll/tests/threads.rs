//! Terms that a driver's own threads send: none is lost, and each thread's arrive in its order.

use std::time::Duration;

use portwright::{Node, PortName, PortSettings, Received};
use portwright_ddll::NodeExt;

/// Terms of each of the four threads.
const COUNT: usize = 25_000;

#[test]
fn four_threads_send_and_nothing_is_lost_or_overtaken() {
    let directory = match test_drivers::blast(COUNT) {
        Ok(directory) => directory,
        Err(why) => return test_drivers::skip(&why),
    };
    let node = Node::new();
    node.ddll().load(&directory, "blast").unwrap();
    let mut me = node.attach();
    let port = me
        .open_port(PortName::driver("blast"), PortSettings::new())
        .unwrap();
    let mut next = [0; 4];
    for _ in 0..4 * COUNT {
        let message = match me.receive_timeout_blocking(Duration::from_secs(20)) {
            Received::Message(message) => message.to_term(),
            other => panic!("{other:?} after {next:?}"),
        };
        let pair = message.as_tuple().unwrap();
        let (thread, number) = (pair[0].as_usize().unwrap(), pair[1].as_usize().unwrap());
        assert_eq!(number, next[thread], "thread {thread}");
        next[thread] += 1;
    }
    assert_eq!(next, [COUNT; 4]);
    // Joins the threads; every send has returned 1.
    assert_eq!(me.control(&port, 0, "").unwrap().bytes(), b"y");
}
