//! A port and everything that it says, printed as Erlang prints it.
//!
//! `cargo run -p portwright --example hello_port`

use portwright::{Message, Node, OpenError, PortName, PortSettings};

fn main() -> Result<(), OpenError> {
    let node = Node::new();
    let mut me = node.attach(); // this thread is a process now, like <0.1.0>
    me.trap_exit(true); // the ends of ports are messages to it
    me.open_port(
        PortName::spawn("sh -c 'echo hello; exit 3'"),
        PortSettings::new().binary().exit_status(),
    )?;
    while let Some(message) = me.receive_blocking() {
        println!("{message}");
        if matches!(message, Message::Exit { .. }) {
            break;
        }
    }
    Ok(())
}
