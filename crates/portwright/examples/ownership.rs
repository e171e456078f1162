//! Every port has an owner, and ends with it. Links and monitors tell who ended, and why.
//!
//! `cargo run -p portwright --example ownership`

use std::error::Error;

use portwright::{Message, Node, PortName, PortSettings, Term};

fn main() -> Result<(), Box<dyn Error>> {
    let node = Node::new();
    let mut me = node.attach();
    let parent = me.pid();

    // A process of its own opens a port and fails. Its port ends with it: `cat` sees the end of
    // its input and exits.
    let child = node.spawn(async move |mut child| {
        let port = child
            .open_port(PortName::executable("cat"), PortSettings::new())
            .expect("cat can be started");
        let _ = child.send(parent, port.id());
        child.receive().await; // until we have set up a monitor
        Err::<(), _>(Term::atom("out_of_ideas"))
    });
    let Some(Message::Term(port)) = me.receive_blocking() else {
        return Err("no port".into());
    };
    let port = port.as_port().ok_or("no port")?;
    let monitors = [me.monitor(child)?, me.monitor(port)?];
    me.send(child, Term::atom("go_on"))?;
    for monitor in &monitors {
        // Selective receive: whichever comes first, this one is wanted now.
        let is_ours = |message: &Message| matches!(message, Message::Down(down) if down.reference == *monitor);
        if let Some(message) = me.receive_match_blocking(is_ours) {
            println!("{message}");
        }
    }
    Ok(())
}
