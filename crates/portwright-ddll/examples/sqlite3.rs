//! Talks with SQLite through a driver that was compiled for Erlang: `sqlite3_drv` of the Debian package erlang-p1-sqlite3.
//!
//! ```text
//! cargo run -p portwright-ddll --example sqlite3 [FOLDER_OF_THE_DRIVER]
//! ```

use std::error::Error;
use std::path::PathBuf;

use portwright::{Node, Port, PortName, PortSettings, Process, Term};
use portwright_ddll::{DriverFile, NodeExt};

/// An operation of this driver's `control`: a statement as text.
const STATEMENT: u32 = 2;
/// Another: several statements.
const SCRIPT: u32 = 12;

fn main() -> Result<(), Box<dyn Error>> {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from).or_else(find) else {
        println!("no sqlite3_drv.so: install erlang-p1-sqlite3, or name the driver's folder");
        return Ok(());
    };

    // What the file tells, before any of its code runs here.
    let file = DriverFile::read(folder.join("sqlite3_drv.so"))?;
    println!("calls {}", file.functions.join(", "));

    let node = Node::new();
    node.ddll().load(&folder, "sqlite3_drv")?;
    let mut me = node.attach();
    let db = me.open_port(
        PortName::driver("sqlite3_drv :memory:"),
        PortSettings::new().binary(),
    )?;
    // The driver says from `start` that the database is open.
    println!("open: {}", answer(&mut me, &db)?);

    let script = "create table fruit (name text, count integer);
                  insert into fruit values ('apple', 3), ('plum', 12);";
    println!("script: {}", ask(&mut me, &db, SCRIPT, script)?);
    let select = "select name, count from fruit where count > 5;";
    let result = ask(&mut me, &db, STATEMENT, select)?;
    println!("select: {result}");
    println!("rows: {}", rows(&result).unwrap_or(&Term::Nil));
    let mistake = ask(&mut me, &db, STATEMENT, "selekt 1;")?;
    println!("mistake: {mistake}");

    me.close(&db)?;
    node.ddll().unload("sqlite3_drv")?;
    Ok(())
}

/// `port_control/3`, whose answer of this driver is a message.
fn ask(
    me: &mut Process,
    db: &Port,
    operation: u32,
    text: &'static str,
) -> Result<Term, Box<dyn Error>> {
    me.control(db, operation, text)?;
    answer(me, db)
}

/// The next `{Port,Answer}`.
fn answer(me: &mut Process, db: &Port) -> Result<Term, Box<dyn Error>> {
    let message = me.receive_blocking().ok_or("the process was ended")?;
    let term = message.to_term();
    match term.as_tuple() {
        Some([Term::Port(from), answer]) if *from == db.id() => Ok(answer.clone()),
        _ => Err(format!("{term} is no answer").into()),
    }
}

/// `Rows` of `[{columns,_},{rows,Rows}]`.
fn rows(result: &Term) -> Option<&Term> {
    let Term::List(list) = result else {
        return None;
    };
    list.iter().find_map(|pair| match pair.as_tuple() {
        Some([Term::Atom(tag), rows]) if tag.as_str() == "rows" => Some(rows),
        _ => None,
    })
}

/// Where Debian puts the driver.
fn find() -> Option<PathBuf> {
    let applications = std::fs::read_dir("/usr/lib/erlang/lib").ok()?;
    let mut folders = applications
        .flatten()
        .map(|entry| entry.path().join("priv"));
    folders.find(|folder| folder.join("sqlite3_drv.so").exists())
}
