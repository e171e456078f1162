//! A worker program in packets: the host asks, the worker answers, each message has a
//! header of 4 bytes.
//!
//! `cargo run -p portwright --example packet_worker`

use std::error::Error;
use std::io::{self, Read, Write};

use portwright::{Message, Node, PortMessage, PortName, PortSettings};

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().nth(1).as_deref() == Some("worker") {
        return Ok(worker()?);
    }
    let node = Node::new();
    let mut me = node.attach();
    let port = me.open_port(
        PortName::file(std::env::current_exe()?),
        PortSettings::new().args(["worker"]).packet(4).exit_status(),
    )?;
    for question in ["stressed", "", "drawer"] {
        me.command_blocking(&port, question)?;
    }
    // The worker sees the end of its input and ends by itself.
    me.close_input(&port)?;
    while let Some(message) = me.receive_blocking() {
        match message {
            Message::Port {
                message: PortMessage::Data(answer),
                ..
            } => {
                println!("{}", String::from_utf8_lossy(&answer));
            }
            Message::Port {
                message: PortMessage::ExitStatus(status),
                ..
            } => {
                println!("the worker exited with {status}");
                break;
            }
            other => println!("{other}"),
        }
    }
    Ok(())
}

/// Reads packets and sends each back, reversed, until its input ends.
fn worker() -> io::Result<()> {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut header = [0; 4];
    while input.read_exact(&mut header).is_ok() {
        let mut data = Vec::new();
        input
            .by_ref()
            .take(u32::from_be_bytes(header).into())
            .read_to_end(&mut data)?;
        data.reverse();
        output.write_all(&header)?;
        output.write_all(&data)?;
        output.flush()?;
    }
    Ok(())
}
