//! `zlib(3)` in one call each, and `zip:unzip/1,2`.

use std::fs;
use std::io::{self, Cursor, Read, Write};
use std::path::{Component, Path, PathBuf};

use flate2::Compression;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use portwright_term::Term;
use zip::ZipArchive;

use super::argument::{
    Answer, atom, badarg, binary, binary_term, elements_or_badarg, error_tuple, io_bytes, is_atom,
    ok_tuple, pure,
};
use super::path::{path, path_term};
use super::posix;
use crate::exception::Exception;
use crate::native::NativeModule;

/// Compression in one call.
pub(crate) const ZLIB: NativeModule = NativeModule::new(
    "zlib",
    &[
        pure!("compress", 1, compress),
        pure!("uncompress", 1, uncompress),
        pure!("zip", 1, deflate),
        pure!("unzip", 1, inflate),
        pure!("gzip", 1, gzip),
        pure!("gunzip", 1, gunzip),
    ],
);

/// Archives.
pub(crate) const ZIP: NativeModule = NativeModule::new(
    "zip",
    &[
        pure!("unzip", 1, unzip_archive),
        pure!("unzip", 2, unzip_archive),
        pure!("extract", 1, unzip_archive),
        pure!("extract", 2, unzip_archive),
    ],
);

fn data(term: &Term) -> Result<Vec<u8>, Exception> {
    io_bytes(term).ok_or_else(badarg)
}

fn made(result: io::Result<Vec<u8>>) -> Answer {
    result
        .map(binary_term)
        .map_err(|_| Exception::error(atom("data_error")))
}

/// What a compressed input may inflate to: a bound against bombs.
const MAX_INFLATED: u64 = 4 << 30;

fn inflated(reader: impl Read) -> Answer {
    let mut all = Vec::new();
    let read = reader.take(MAX_INFLATED + 1).read_to_end(&mut all);
    match read {
        Ok(n) if n as u64 > MAX_INFLATED => Err(Exception::system_limit()),
        Ok(_) => Ok(binary_term(all)),
        Err(_) => Err(Exception::error(atom("data_error"))),
    }
}

fn compress(args: &[Term]) -> Answer {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    made(
        encoder
            .write_all(&data(&args[0])?)
            .and_then(|()| encoder.finish()),
    )
}

fn uncompress(args: &[Term]) -> Answer {
    inflated(ZlibDecoder::new(data(&args[0])?.as_slice()))
}

fn deflate(args: &[Term]) -> Answer {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    made(
        encoder
            .write_all(&data(&args[0])?)
            .and_then(|()| encoder.finish()),
    )
}

fn inflate(args: &[Term]) -> Answer {
    inflated(DeflateDecoder::new(data(&args[0])?.as_slice()))
}

fn gzip(args: &[Term]) -> Answer {
    // 3 is Unix; the time stays 0, as in OTP.
    let mut encoder: GzEncoder<Vec<u8>> = flate2::GzBuilder::new()
        .operating_system(3)
        .write(Vec::new(), Compression::default());
    made(
        encoder
            .write_all(&data(&args[0])?)
            .and_then(|()| encoder.finish()),
    )
}

fn gunzip(args: &[Term]) -> Answer {
    inflated(MultiGzDecoder::new(data(&args[0])?.as_slice()))
}

/// A name inside of an archive that stays inside of the target directory.
fn safe_name(name: &str) -> Option<PathBuf> {
    let path = Path::new(name);
    path.components()
        .all(|c| matches!(c, Component::Normal(_) | Component::CurDir))
        .then(|| path.to_path_buf())
}

/// `{ok, [{Name, Binary}]}` with `memory`, else the files are written and their names returned.
fn unzip_archive(args: &[Term]) -> Answer {
    let (mut in_memory, mut directory, mut wanted) = (false, PathBuf::new(), None::<Vec<String>>);
    if let Some(options) = args.get(1) {
        for option in elements_or_badarg(options)? {
            if is_atom(&option, "memory") {
                in_memory = true;
            } else if let Some([name, value]) = option.as_tuple() {
                if is_atom(name, "cwd") {
                    directory = path(value).ok_or_else(badarg)?;
                } else if is_atom(name, "file_list") {
                    let names = elements_or_badarg(value)?;
                    wanted = Some(
                        names
                            .iter()
                            .map(|n| n.to_text().ok_or_else(badarg))
                            .collect::<Result<_, _>>()?,
                    );
                }
            } else if !["keep_old_files", "verbose", "cooked"]
                .iter()
                .any(|known| is_atom(&option, known))
            {
                return Err(badarg());
            }
        }
    }
    let bytes = match binary(&args[0]) {
        Some(bytes) => bytes.to_bytes(),
        None => match path(&args[0]).ok_or_else(badarg).map(fs::read)? {
            Ok(bytes) => bytes.into(),
            Err(error) => return Ok(error_tuple(posix::reason(&error))),
        },
    };
    let Ok(mut archive) = ZipArchive::new(Cursor::new(bytes)) else {
        return Ok(error_tuple(atom("bad_eocd")));
    };
    let mut answer = Vec::new();
    for index in 0..archive.len() {
        let Ok(entry) = archive.by_index(index) else {
            return Ok(error_tuple(atom("bad_central_directory")));
        };
        let Ok(name) = entry.name().map(|name| name.into_owned()) else {
            return Ok(error_tuple(atom("bad_central_directory")));
        };
        if wanted
            .as_ref()
            .is_some_and(|wanted| !wanted.contains(&name))
        {
            continue;
        }
        let Some(relative) = safe_name(&name) else {
            continue;
        };
        let target = directory.join(relative);
        let is_directory = entry.is_dir();
        let mut content = Vec::new();
        // A wrong checksum ends in an error here.
        if entry.take(MAX_INFLATED).read_to_end(&mut content).is_err() {
            return Ok(error_tuple(Term::tuple([
                atom("bad_crc"),
                Term::string(&name),
            ])));
        }
        if in_memory {
            if !is_directory {
                let shown = if directory.as_os_str().is_empty() {
                    Term::string(&name)
                } else {
                    path_term(&target)
                };
                answer.push(Term::tuple([shown, binary_term(content)]));
            }
            continue;
        }
        let written = if is_directory {
            fs::create_dir_all(&target)
        } else {
            target
                .parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| fs::write(&target, content))
        };
        if let Err(error) = written {
            return Ok(error_tuple(posix::reason(&error)));
        }
        answer.push(path_term(&target));
    }
    Ok(ok_tuple(Term::list(answer)))
}
