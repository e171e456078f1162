//! The functions of `gen_tcp` and `inet`.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use portwright_term::Term;
use tokio::net::{TcpSocket, TcpStream};

use super::{Active, Kind, Options, Socket, Sockets, address, adopt, reference, register, set};
use crate::exception::Exception;
use crate::library::argument::{
    Answer, atom, badarg, char_list, count, error_tuple, io_bytes, is_atom, ok, ok_tuple, pure,
};
use crate::library::{os, posix};
use crate::native::{Call, Native, NativeFuture, NativeModule};

/// `gen_tcp(3)`.
pub(crate) const GEN_TCP: NativeModule = NativeModule::new(
    "gen_tcp",
    &[
        Native::waiting("listen", 2, listen),
        Native::waiting("accept", 1, accept),
        Native::waiting("accept", 2, accept),
        Native::waiting("connect", 3, connect),
        Native::waiting("connect", 4, connect),
        Native::waiting("send", 2, send),
        Native::waiting("recv", 2, recv),
        Native::waiting("recv", 3, recv),
        Native::new("close", 1, close),
        Native::waiting("shutdown", 2, shutdown),
        Native::new("controlling_process", 2, controlling_process),
    ],
);

/// `inet(3)`.
pub(crate) const INET: NativeModule = NativeModule::new(
    "inet",
    &[
        Native::new("port", 1, port),
        Native::new("sockname", 1, sockname),
        Native::new("peername", 1, peername),
        Native::new("setopts", 2, setopts),
        Native::new("close", 1, close),
        pure!("gethostname", 0, gethostname),
        pure!("ntoa", 1, ntoa),
        pure!("parse_address", 1, parse_address),
        pure!("parse_ipv4_address", 1, parse_ipv4_address),
        pure!("parse_ipv6_address", 1, parse_ipv6_address),
    ],
);

fn failed(error: &io::Error) -> Term {
    error_tuple(match error.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::ConnectionReset => atom("closed"),
        _ => posix::reason(error),
    })
}

/// A time argument: milliseconds, or `infinity`.
fn time(term: Option<&Term>) -> Result<Option<Duration>, Exception> {
    match term {
        None => Ok(None),
        Some(term) if is_atom(term, "infinity") => Ok(None),
        Some(term) => Ok(Some(Duration::from_millis(
            count(term).ok_or_else(badarg)? as u64
        ))),
    }
}

/// Waits for an answer, at most this long.
async fn within<T>(
    limit: Option<Duration>,
    answer: impl Future<Output = Result<T, Term>>,
) -> Result<T, Term> {
    match limit {
        None => answer.await,
        Some(limit) => match tokio::time::timeout(limit, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(error_tuple(atom("timeout"))),
        },
    }
}

fn socket(call: &Call, term: &Term) -> Option<std::sync::Arc<Socket>> {
    call.system().shared::<Sockets>().get(term)
}

fn closed() -> Term {
    error_tuple(atom("closed"))
}

/// Bad arguments end the caller, as OTP's `exit(badarg)` does.
fn exit_badarg() -> Exception {
    Exception::exit(atom("badarg"))
}

fn listen<'a>(call: &'a mut Call, args: &'a [Term]) -> NativeFuture<'a> {
    Box::pin(async move {
        let options = Options::read(call, &args[1]).ok_or_else(exit_badarg)?;
        let port = count(&args[0])
            .and_then(|p| u16::try_from(p).ok())
            .ok_or_else(exit_badarg)?;
        let ip = options.ip.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let opened = || {
            let socket = if ip.is_ipv4() {
                TcpSocket::new_v4()
            } else {
                TcpSocket::new_v6()
            }?;
            socket.set_reuseaddr(options.reuse)?;
            socket.bind(SocketAddr::new(ip, port))?;
            socket.listen(options.backlog)
        };
        Ok(match opened() {
            Ok(listener) => {
                let local = listener.local_addr().ok();
                ok_tuple(register(
                    call,
                    Kind::Listener(listener),
                    local,
                    options.mode,
                ))
            }
            Err(error) => failed(&error),
        })
    })
}

fn accept<'a>(call: &'a mut Call, args: &'a [Term]) -> NativeFuture<'a> {
    Box::pin(async move {
        let limit = time(args.get(1))?;
        let Some(listener) = socket(call, &args[0]) else {
            return Ok(closed());
        };
        let waited = async {
            let kind = listener.kind();
            let Some(Kind::Listener(inner)) = kind.as_deref() else {
                return Err(error_tuple(atom("einval")));
            };
            tokio::select! {
                accepted = inner.accept() => accepted.map_err(|error| failed(&error)),
                () = listener.until_closed() => Err(closed()),
            }
        };
        Ok(match within(limit, waited).await {
            Ok((stream, _)) => {
                let mode = super::Mode {
                    owner: call.pid(),
                    ..listener.mode()
                };
                ok_tuple(adopt(call, stream, mode))
            }
            Err(error) => error,
        })
    })
}

fn connect<'a>(call: &'a mut Call, args: &'a [Term]) -> NativeFuture<'a> {
    Box::pin(async move {
        let options = Options::read(call, &args[2]).ok_or_else(exit_badarg)?;
        let limit = time(args.get(3))?;
        let port = count(&args[1])
            .and_then(|p| u16::try_from(p).ok())
            .ok_or_else(exit_badarg)?;
        let host = address::host(&args[0]).ok_or_else(exit_badarg)?;
        let connected = async {
            TcpStream::connect((host.as_str(), port))
                .await
                .map_err(|error| match error.raw_os_error() {
                    Some(_) => failed(&error),
                    // What no system error stands behind is a name that was not found.
                    None => error_tuple(atom("nxdomain")),
                })
        };
        Ok(match within(limit, connected).await {
            Ok(stream) => ok_tuple(adopt(call, stream, options.mode)),
            Err(error) => error,
        })
    })
}

fn send<'a>(call: &'a mut Call, args: &'a [Term]) -> NativeFuture<'a> {
    Box::pin(async move {
        let Some(bytes) = io_bytes(&args[1]) else {
            return Ok(error_tuple(atom("einval")));
        };
        let Some(socket) = socket(call, &args[0]) else {
            return Ok(closed());
        };
        if socket.has_ended() {
            return Ok(closed());
        }
        Ok(tokio::select! {
            sent = socket.send(&bytes) => match sent {
                Ok(()) => ok(),
                Err(error) => failed(&error),
            },
            () = socket.until_closed() => closed(),
        })
    })
}

fn recv<'a>(call: &'a mut Call, args: &'a [Term]) -> NativeFuture<'a> {
    Box::pin(async move {
        let length = count(&args[1]).ok_or_else(badarg)?;
        let limit = time(args.get(2))?;
        let Some(socket) = socket(call, &args[0]) else {
            return Ok(closed());
        };
        if socket.mode().active != Active::Never {
            return Ok(error_tuple(atom("einval")));
        }
        let received = async {
            tokio::select! {
                received = socket.receive(length) => match received {
                    Ok(bytes) => Ok(ok_tuple(socket.data(bytes))),
                    Err(error) => {
                        if error.kind() == io::ErrorKind::UnexpectedEof {
                            socket.end();
                        }
                        Err(failed(&error))
                    }
                },
                () = socket.until_closed() => Err(closed()),
            }
        };
        Ok(within(limit, received).await.unwrap_or_else(|error| error))
    })
}

fn close(call: &mut Call, args: &[Term]) -> Answer {
    let reference = reference(&args[0]).ok_or_else(crate::library::argument::function_clause)?;
    call.system().shared::<Sockets>().remove(reference);
    Ok(ok())
}

fn shutdown<'a>(call: &'a mut Call, args: &'a [Term]) -> NativeFuture<'a> {
    Box::pin(async move {
        let Some(socket) = socket(call, &args[0]) else {
            return Ok(closed());
        };
        let kind = socket.kind();
        let Some(Kind::Stream { writer, .. }) = kind.as_deref() else {
            return Ok(error_tuple(atom("enotconn")));
        };
        if is_atom(&args[1], "read") {
            return Ok(ok());
        }
        let mut writer = writer.lock().await;
        Ok(
            match tokio::io::AsyncWriteExt::shutdown(&mut *writer).await {
                Ok(()) => ok(),
                Err(error) => failed(&error),
            },
        )
    })
}

fn controlling_process(call: &mut Call, args: &[Term]) -> Answer {
    let owner = args[1].as_pid().ok_or_else(badarg)?;
    let Some(socket) = socket(call, &args[0]) else {
        return Ok(closed());
    };
    if socket.mode().owner != call.pid() {
        return Ok(error_tuple(atom("not_owner")));
    }
    if !call.system().node().is_alive(owner) {
        return Ok(error_tuple(atom("badarg")));
    }
    socket.set_mode(|mode| mode.owner = owner);
    Ok(ok())
}

fn name(
    call: &Call,
    term: &Term,
    which: impl FnOnce(&Socket) -> Option<SocketAddr>,
) -> Result<SocketAddr, Term> {
    let socket = socket(call, term).ok_or_else(|| error_tuple(atom("einval")))?;
    which(&socket).ok_or_else(|| error_tuple(atom("enotconn")))
}

fn port(call: &mut Call, args: &[Term]) -> Answer {
    Ok(match name(call, &args[0], |socket| socket.local) {
        Ok(address) => ok_tuple(Term::from(u32::from(address.port()))),
        Err(error) => error,
    })
}

fn sockname(call: &mut Call, args: &[Term]) -> Answer {
    Ok(match name(call, &args[0], |socket| socket.local) {
        Ok(local) => ok_tuple(address::socket_term(local)),
        Err(error) => error,
    })
}

fn peername(call: &mut Call, args: &[Term]) -> Answer {
    let peer = |socket: &Socket| match socket.kind().as_deref() {
        Some(Kind::Stream { peer, .. }) => *peer,
        _ => None,
    };
    Ok(match name(call, &args[0], peer) {
        Ok(peer) => ok_tuple(address::socket_term(peer)),
        Err(error) => error,
    })
}

fn setopts(call: &mut Call, args: &[Term]) -> Answer {
    let Some(socket) = socket(call, &args[0]) else {
        return Ok(error_tuple(atom("einval")));
    };
    let Some(options) = args[1].to_vec() else {
        return Ok(error_tuple(atom("einval")));
    };
    let mut mode = socket.mode();
    for option in &options {
        if set(&mut mode, option).is_none() {
            return Ok(error_tuple(atom("einval")));
        }
    }
    socket.set_mode(|old| *old = mode);
    Ok(ok())
}

fn gethostname(_: &[Term]) -> Answer {
    Ok(ok_tuple(char_list(&os::host_name())))
}

fn ntoa(args: &[Term]) -> Answer {
    Ok(
        address::ntoa(&args[0])
            .map_or_else(|| error_tuple(atom("einval")), |text| char_list(&text)),
    )
}

fn parsed(term: &Term, v4: bool, v6: bool) -> Answer {
    let found = term
        .to_text()
        .and_then(|text| address::parse(&text, v4, v6));
    Ok(found.map_or_else(|| error_tuple(atom("einval")), ok_tuple))
}

fn parse_address(args: &[Term]) -> Answer {
    parsed(&args[0], true, true)
}

fn parse_ipv4_address(args: &[Term]) -> Answer {
    parsed(&args[0], true, false)
}

fn parse_ipv6_address(args: &[Term]) -> Answer {
    parsed(&args[0], false, true)
}
