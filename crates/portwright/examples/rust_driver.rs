//! A driver in Rust: a port without a program behind it.
//!
//! `cargo run -p portwright --example rust_driver`

use std::error::Error;

use portwright::driver::{BadArgument, Driver, PortContext, Reply, StartError};
use portwright::{Node, PortName, PortSettings, Term};

/// Sends back what it is sent in upper case, and counts.
struct Upper {
    commands: i64,
}

impl Driver for Upper {
    fn start(_: &PortContext<'_>, _command: &[u8]) -> Result<Self, StartError> {
        Ok(Self { commands: 0 })
    }

    fn output(&mut self, port: &PortContext<'_>, data: &[u8]) {
        self.commands += 1;
        port.output(data.to_ascii_uppercase());
    }

    fn control(
        &mut self,
        _: &PortContext<'_>,
        operation: u32,
        data: &[u8],
    ) -> Result<Reply, BadArgument> {
        match operation {
            1 => Ok(Reply::list(data.to_ascii_uppercase())),
            _ => Err(BadArgument),
        }
    }

    fn call(&mut self, _: &PortContext<'_>, _: u32, question: Term) -> Result<Term, BadArgument> {
        Ok(Term::tuple([question, Term::from(self.commands)]))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let node = Node::new();
    node.register_driver::<Upper>("upper")?;
    let mut me = node.attach();
    let port = me.open_port(PortName::spawn("upper"), PortSettings::new().binary())?;
    me.command_blocking(&port, "hello")?;
    if let Some(message) = me.receive_blocking() {
        println!("{message}");
    }
    println!("{}", me.control(&port, 1, "at once")?.to_term());
    println!("{}", me.call(&port, 0, Term::atom("commands"))?);
    if let Err(error) = me.control(&port, 2, "") {
        println!("{error}");
    }
    Ok(())
}
