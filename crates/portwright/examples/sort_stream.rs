//! A program as a pair of streams: its input is closed while its output is read on.
//!
//! `cargo run -p portwright --example sort_stream`

use std::error::Error;

use portwright::{Node, PortMessage, PortName, PortSettings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let node = Node::new();
    let settings = PortSettings::new().args(["-n"]).line(80);
    let (mut input, mut events) = node.open(PortName::executable("sort"), settings)?.split();
    for number in [31, 4, 15, 9, 26] {
        input.send(format!("{number}\n")).await?; // waits while sort does not read
    }
    input.close().await?; // sort sees the end of its input
    while let Some(event) = events.next().await {
        if let PortMessage::Line(data) = event? {
            println!("{}", String::from_utf8_lossy(&data));
        }
    }
    Ok(())
}
