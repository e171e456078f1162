//! `portwright driver info`: what a driver is and needs.

use std::io::{self, Write as _};

use portwright_ddll::{DriverDescription, DriverFile};

use crate::arguments::{DriverInfoArguments, InfoFormat};
use crate::complaint::{Failure, complain};
use crate::run::json::Object;

/// The driver is one, and cannot be loaded.
const INCOMPLETE: u8 = 1;

/// The width at which lists go on in the next line.
const WIDTH: usize = 100;
/// Where the second column begins.
const COLUMN: usize = 12;

/// Prints what is known about a driver.
pub(super) fn info(arguments: &DriverInfoArguments) -> Result<u8, Failure> {
    let path = super::find(&arguments.file);
    let file = super::read(&path).map_err(|failure| Failure {
        // In the words of whoever typed it.
        message: failure.message.replacen(
            &*path.to_string_lossy(),
            &arguments.file.to_string_lossy(),
            1,
        ),
        ..failure
    })?;
    let described = if arguments.no_load || !file.is_complete() {
        None
    } else {
        Some(file.describe().map_err(super::cannot_load)?)
    };
    let text = match arguments.output {
        InfoFormat::Text => text(&file, described.as_ref()).into_bytes(),
        InfoFormat::Json => json(&file, described.as_ref()),
    };
    let mut out = io::stdout().lock();
    match out.write_all(&text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            return Err(Failure::own(format!("cannot write the output: {error}")));
        }
        _ => {}
    }
    if let Some(missing) = super::missing(&file) {
        complain(&missing);
        return Ok(INCOMPLETE);
    }
    if let Some(description) = described.filter(|description| !description.is_supported) {
        complain(&format_args!(
            "{} cannot be loaded: {}",
            path.display(),
            version(&description)
        ));
        return Ok(INCOMPLETE);
    }
    Ok(0)
}

fn version(description: &DriverDescription) -> String {
    match description.version {
        None => {
            "it was compiled with an erl_driver.h from before version 1.0 of the interface".into()
        }
        Some((major, minor)) if description.is_supported => format!("{major}.{minor}"),
        Some((major, minor)) => {
            format!(
                "it is for version {major}.{minor} of erl_driver.h, and 2.x and 3.0 to 3.3 can be loaded"
            )
        }
    }
}

/// For people.
fn text(file: &DriverFile, description: Option<&DriverDescription>) -> String {
    let mut text = String::new();
    let mut line = |name: &str, words: &[&str]| {
        let mut column = COLUMN;
        text.push_str(&format!("{name:COLUMN$}"));
        for (index, word) in words.iter().enumerate() {
            if index > 0 && column + word.len() > WIDTH {
                text.push_str(&format!("\n{:COLUMN$}", ""));
                column = COLUMN;
            } else if index > 0 {
                text.push(' ');
            }
            text.push_str(word);
            column += word.len() + 1;
        }
        text.push('\n');
    };
    fn words(names: &[String]) -> Vec<&str> {
        if names.is_empty() {
            return vec!["none"];
        }
        names.iter().map(String::as_str).collect()
    }
    let or_none = |names: &[&'static str]| {
        if names.is_empty() {
            vec!["none"]
        } else {
            names.to_vec()
        }
    };
    line("file", &[&file.path.display().to_string()]);
    if let Some(description) = description {
        line("name", &[&description.name]);
        line("version", &[&version(description)]);
        if description.is_supported {
            line("flags", &or_none(&description.flags));
            line("callbacks", &or_none(&description.callbacks));
        }
    }
    line("functions", &words(&file.functions));
    let others = format!("{} other imports", file.other_imports.len());
    line("others", &[&others, "(--output json names them)"]);
    line("libraries", &words(&file.libraries));
    let missing = [&file.missing_libraries[..], &file.missing[..]].concat();
    line("missing", &words(&missing));
    text
}

/// For programs: one object, one line.
fn json(file: &DriverFile, description: Option<&DriverDescription>) -> Vec<u8> {
    let mut line = Vec::new();
    let mut object = Object::begin(&mut line);
    object.text("file", &file.path.to_string_lossy());
    if let Some(description) = description {
        object.text("name", &description.name);
        match description.version {
            Some((major, minor)) => object.text("version", &format!("{major}.{minor}")),
            None => object.raw("version", "null"),
        }
        object.raw(
            "supported",
            if description.is_supported {
                "true"
            } else {
                "false"
            },
        );
        object.texts("flags", &description.flags);
        object.texts("callbacks", &description.callbacks);
    }
    object.texts("functions", &file.functions);
    object.texts("others", &file.other_imports);
    object.texts("libraries", &file.libraries);
    object.texts("missing_libraries", &file.missing_libraries);
    object.texts("missing", &file.missing);
    object.end();
    line
}
