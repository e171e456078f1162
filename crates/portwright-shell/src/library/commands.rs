//! The commands of the shell: functions that are called without a module there.
//!
//! What they remember of the conversation is the [`Transcript`], which all
//! processes of a system share. `f(X)`, `v(N)` and `e(N)` are about the text and
//! not about values: [`crate::shell::prepare`] turns them into something that can
//! be called.

use portwright::Registered;
use portwright_term::{Atom, Pid, Term};

use super::argument::{Answer, function_clause, ok};
use super::posix;
use crate::evaluator::Bindings;
use crate::native::{Call, Native, NativeModule};
use crate::shell::Transcript;
use crate::system::Stream;

/// What this file registers.
pub(crate) const COMMANDS: NativeModule = NativeModule::new(
    "shell_default",
    &[
        Native::new("b", 0, bindings),
        Native::new("catch_exception", 1, catch_exception),
        Native::new("cd", 1, change_directory),
        Native::new("f", 0, forget_all),
        Native::new("f", 1, forget),
        Native::new("flush", 0, flush),
        Native::new("h", 0, history),
        Native::new("help", 0, help),
        Native::new("history", 1, |call, args| {
            keep(call, &args[0], Kept::Commands)
        }),
        Native::new("i", 0, processes),
        Native::new("ls", 0, |call, _| list_directory(call, ".")),
        Native::new("ls", 1, |call, args| list_directory(call, &text(&args[0])?)),
        Native::new("pid", 3, pid),
        Native::new("pwd", 0, working_directory),
        Native::new("q", 0, quit),
        Native::new("results", 1, |call, args| {
            keep(call, &args[0], Kept::Results)
        }),
        Native::new("v", 1, value),
    ],
);

const HELP: &str = "\
** variables and earlier expressions **
b()        -- display all variable bindings
e(N)       -- repeat the expression in query <N>
f()        -- forget all variable bindings
f(X)       -- forget the binding of variable X
h()        -- history
v(N)       -- use the value of query <N>; v(-1) is the last one
history(N) -- set how many previous commands to keep
results(N) -- set how many previous command results to keep
catch_exception(B) -- whether an exception leaves the evaluator and its ports alive
** processes, ports and files **
flush()    -- print and forget the messages of the shell
i()        -- information about processes and ports
pid(X,Y,Z) -- convert X,Y,Z to a Pid
cd(Dir)    -- change working directory
ls()       -- list files in the current directory
ls(Dir)    -- list files in directory <Dir>
pwd()      -- print working directory
help()     -- this text
q()        -- quit - shorthand for init:stop()
** ports **
P = open_port({spawn,\"cat\"},[binary]).   P ! {self(),{command,\"hello\"}}.
port_command(P, \"hello\").   flush().   erlang:port_info(P).   port_close(P).
** keys **
Tab completes functions, variables and port settings. Ctrl-C interrupts an
expression or clears the line. Ctrl-D ends. An error ends the evaluator and its
ports; variables stay.
";

fn print(call: &mut Call, text: &str) {
    let unicode = call.system().unicode_output();
    let bytes = super::io::encoded(text, unicode);
    // Nobody is there to see it any more; the write has halted the system then.
    let _ = call.system().write(Stream::Output, &bytes);
}

fn text(term: &Term) -> Result<String, crate::exception::Exception> {
    match term {
        Term::Atom(name) => Ok(name.as_str().to_owned()),
        _ => super::argument::chardata(term).ok_or_else(function_clause),
    }
}

/// `b()`: each variable with its value.
fn bindings(call: &mut Call, _: &[Term]) -> Answer {
    let show = call.system().shared::<Transcript>().show();
    let mut lines = String::new();
    for (name, value) in call.local::<Bindings>().sorted() {
        let start = format!("{} = ", name.as_str());
        let value = show.value(&value, start.chars().count() + 1);
        lines.push_str(&format!("{start}{value}\n"));
    }
    print(call, &lines);
    Ok(ok())
}

fn forget_all(call: &mut Call, _: &[Term]) -> Answer {
    call.local::<Bindings>().clear();
    Ok(ok())
}

/// `f(X)`, which arrives as `f({var,'X'})`.
fn forget(call: &mut Call, args: &[Term]) -> Answer {
    match args[0].as_tuple() {
        Some([Term::Atom(tag), Term::Atom(name)]) if tag.as_str() == "var" => {
            call.local::<Bindings>().forget(*name);
            Ok(ok())
        }
        _ => Err(function_clause()),
    }
}

/// `flush()`: P-953.
fn flush(call: &mut Call, _: &[Term]) -> Answer {
    call.process().rescan();
    while let Some(message) = call.process().try_receive() {
        let text = portwright_term::text::format_p(&message.to_term(), 11, 80);
        print(call, &format!("Shell got {text}\n"));
    }
    Ok(ok())
}

/// `h()`: the commands and their values.
fn history(call: &mut Call, _: &[Term]) -> Answer {
    let text = call.system().shared::<Transcript>().history();
    print(call, &text);
    Ok(ok())
}

fn help(call: &mut Call, _: &[Term]) -> Answer {
    print(call, HELP);
    Ok(Term::boolean(true))
}

enum Kept {
    Commands,
    Results,
}

/// `history(N)` and `results(N)`: the number before.
fn keep(call: &mut Call, number: &Term, what: Kept) -> Answer {
    let number = number.as_usize().ok_or_else(function_clause)?;
    let transcript = call.system().shared::<Transcript>();
    let before = match what {
        Kept::Commands => transcript.keep_commands(number),
        Kept::Results => transcript.keep_results(number),
    };
    Ok(Term::from(before))
}

fn catch_exception(call: &mut Call, args: &[Term]) -> Answer {
    let wanted = match args[0].as_atom().map(|atom| atom.as_str()) {
        Some("true") => true,
        Some("false") => false,
        _ => return Err(function_clause()),
    };
    let before = call
        .system()
        .shared::<Transcript>()
        .catch_exceptions(wanted);
    Ok(Term::boolean(before))
}

/// `v(N)`, when the text held something else than a number.
fn value(call: &mut Call, args: &[Term]) -> Answer {
    let number = args[0].as_i64().ok_or_else(function_clause)?;
    call.system()
        .shared::<Transcript>()
        .value(number)
        .ok_or_else(function_clause)
}

/// `i()`: a line for each process, then one for each port.
fn processes(call: &mut Call, _: &[Term]) -> Answer {
    let node = call.system().node().clone();
    let own = call.process_ref();
    let mut names: Vec<(Registered, Atom)> = Vec::new();
    for name in node.registered() {
        if let Some(who) = own.whereis(name) {
            names.push((who, name));
        }
    }
    let name_of = |who: Registered| {
        names
            .iter()
            .find(|(known, _)| *known == who)
            .map_or("", |(_, name)| name.as_str())
    };
    let mut rows = vec![["Pid".to_owned(), "Registered".to_owned(), String::new()]];
    for pid in node.processes() {
        let name = name_of(Registered::Process(pid)).to_owned();
        rows.push([Term::Pid(pid).to_string(), name, String::new()]);
    }
    rows.push(["Port", "Registered", "Name"].map(str::to_owned));
    for port in node.ports() {
        let name = name_of(Registered::Port(port)).to_owned();
        let opened = own.port_info(port).map_or(String::new(), |info| {
            String::from_utf8_lossy(&info.name).into_owned()
        });
        rows.push([Term::Port(port).to_string(), name, opened]);
    }
    let mut lines = String::new();
    for [who, name, opened] in rows {
        lines.push_str(format!("{who:<16}{name:<22}{opened}").trim_end());
        lines.push('\n');
    }
    print(call, &lines);
    Ok(ok())
}

/// `pid(X,Y,Z)`: only pids of this node can be made.
fn pid(call: &mut Call, args: &[Term]) -> Answer {
    let part = |index: usize| {
        args[index]
            .as_usize()
            .and_then(|part| u32::try_from(part).ok())
            .ok_or_else(function_clause)
    };
    let (zero, number, serial) = (part(0)?, part(1)?, part(2)?);
    if zero != 0 {
        return Err(function_clause());
    }
    let node = call.system().node().name();
    Ok(Term::Pid(Pid::new(
        node,
        number,
        serial,
        call.pid().creation(),
    )))
}

fn quit(call: &mut Call, _: &[Term]) -> Answer {
    call.system().stop(0);
    Ok(ok())
}

fn working_directory(call: &mut Call, _: &[Term]) -> Answer {
    let line = match std::env::current_dir() {
        Ok(directory) => format!("{}\n", directory.display()),
        Err(error) => format!("Could not read the current directory: {error}\n"),
    };
    print(call, &line);
    Ok(ok())
}

fn change_directory(call: &mut Call, args: &[Term]) -> Answer {
    // As in OTP, what is shown tells whether it worked.
    if let Ok(directory) = text(&args[0]) {
        let _ = std::env::set_current_dir(directory);
    }
    working_directory(call, &[])
}

/// `ls()`: the names in rows of less than 80 characters, in columns of one width.
fn list_directory(call: &mut Call, directory: &str) -> Answer {
    const LONGEST: usize = 40;
    const ROW: usize = 80;
    let names: Result<Vec<String>, std::io::Error> = std::fs::read_dir(directory).and_then(|all| {
        all.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
            .collect()
    });
    let mut names = match names {
        Ok(names) => names,
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
            vec![directory.to_owned()]
        }
        Err(error) => {
            let reason = posix::reason(&error);
            print(call, &format!("{}\n", super::file::error_text(&reason)));
            return Ok(ok());
        }
    };
    names.sort();
    let length = |name: &String| name.chars().count();
    let width = 5 + names.iter().map(length).max().unwrap_or(0).min(LONGEST);
    let mut lines = String::new();
    let mut column = 0;
    for name in &names {
        if column > 0 && column + width >= ROW {
            lines.push('\n');
            column = 0;
        }
        // A name that is too long is cut, as by the `~-*ts` that OTP prints it with.
        let shown: String = name.chars().take(width).collect();
        lines.push_str(&format!("{shown:<width$}"));
        column += width;
    }
    if !names.is_empty() {
        lines.push('\n');
    }
    print(call, &lines);
    Ok(ok())
}
