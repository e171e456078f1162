//! `gen_tcp(3)` and what scripts ask of `inet(3)`: sockets on top of tokio's.
//!
//! A socket is the tuple `{'$inet', gen_tcp_socket, {Pid, Reference}}`, the
//! shape of OTP's sockets with the `socket` backend. It closes when its owner
//! ends.

mod address;
mod functions;
mod packet;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portwright::Node;
use portwright_term::{Atom, Pid, Reference, Term};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use self::packet::{Framing, Incoming};
use super::argument::{atom, atom_text, binary_term, count, is_atom};
use super::posix;
use crate::native::Call;

pub(crate) use functions::{GEN_TCP, INET};

/// When data becomes messages.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Active {
    Never,
    Once,
    Always,
}

/// The options of a socket that change while it lives.
#[derive(Clone, Copy)]
struct Mode {
    active: Active,
    binary: bool,
    framing: Framing,
    /// The end of what the other side sends is the end of both directions.
    exit_on_close: bool,
    owner: Pid,
}

enum Kind {
    Listener(TcpListener),
    Stream {
        reader: tokio::sync::Mutex<(OwnedReadHalf, Incoming)>,
        writer: tokio::sync::Mutex<OwnedWriteHalf>,
        peer: Option<SocketAddr>,
    },
    /// A stream that the other side has closed, and `exit_on_close` this one with it.
    Ended,
}

struct Socket {
    /// The descriptors; gone when the socket is closed, so that closing takes
    /// effect before `close/1` returns.
    kind: Mutex<Option<Arc<Kind>>>,
    local: Option<SocketAddr>,
    mode: Mutex<Mode>,
    /// Woken when the mode changes or the socket closes.
    changed: Notify,
}

impl Socket {
    fn kind(&self) -> Option<Arc<Kind>> {
        self.kind
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn mode(&self) -> Mode {
        *self.mode.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_mode(&self, change: impl FnOnce(&mut Mode)) {
        change(&mut self.mode.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_waiters();
    }

    fn is_closed(&self) -> bool {
        self.kind().is_none()
    }

    fn close(&self) {
        let kind = self
            .kind
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(kind);
        self.changed.notify_waiters();
    }

    /// The other side has sent all: closes this one too, if it is to be.
    fn end(&self) {
        if !self.mode().exit_on_close {
            return;
        }
        let mut kind = self.kind.lock().unwrap_or_else(PoisonError::into_inner);
        let old = kind.is_some().then(|| kind.replace(Arc::new(Kind::Ended)));
        drop(kind);
        drop(old);
    }

    fn has_ended(&self) -> bool {
        matches!(self.kind().as_deref(), Some(Kind::Ended))
    }

    /// Waits until the socket is closed on this side.
    async fn until_closed(&self) {
        loop {
            let changed = self.changed.notified();
            if self.is_closed() {
                return;
            }
            changed.await;
        }
    }

    fn data(&self, bytes: Vec<u8>) -> Term {
        if self.mode().binary {
            binary_term(bytes)
        } else {
            Term::bytes_list(&bytes)
        }
    }

    /// One packet, or with raw framing `length` bytes (0: what there is).
    async fn receive(&self, length: usize) -> io::Result<Vec<u8>> {
        let kind = self.kind();
        let Some(Kind::Stream { reader, .. }) = kind.as_deref() else {
            return Err(io::Error::from(rustix::io::Errno::NOTCONN));
        };
        let mut reader = reader.lock().await;
        let (half, incoming) = &mut *reader;
        loop {
            let framing = self.mode().framing;
            if let Some(packet) = incoming.take(framing, length) {
                return Ok(packet);
            }
            // Cancel safe: bytes are in the buffer or still in the kernel.
            if half.read_buf(&mut incoming.bytes).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
            }
        }
    }

    async fn send(&self, bytes: &[u8]) -> io::Result<()> {
        let kind = self.kind();
        let Some(Kind::Stream { writer, .. }) = kind.as_deref() else {
            return Err(io::Error::from(rustix::io::Errno::NOTCONN));
        };
        let header = self.mode().framing.header(bytes.len())?;
        let mut writer = writer.lock().await;
        if !header.is_empty() {
            writer.write_all(&header).await?;
        }
        writer.write_all(bytes).await
    }
}

/// All sockets of a node.
#[derive(Default)]
struct Sockets(Mutex<HashMap<Reference, Arc<Socket>>>);

impl Sockets {
    fn lock(&self) -> MutexGuard<'_, HashMap<Reference, Arc<Socket>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, term: &Term) -> Option<Arc<Socket>> {
        self.lock().get(reference(term)?).cloned()
    }

    fn remove(&self, reference: &Reference) -> bool {
        let removed = self.lock().remove(reference);
        removed.inspect(|socket| socket.close()).is_some()
    }
}

/// The reference inside of a socket's term.
fn reference(term: &Term) -> Option<&Reference> {
    let [tag, module, identity] = term.as_tuple()? else {
        return None;
    };
    match identity.as_tuple()? {
        [_, reference] if is_atom(tag, "$inet") && is_atom(module, "gen_tcp_socket") => {
            reference.as_reference()
        }
        _ => None,
    }
}

/// Adds a socket to the node and starts what goes with it.
fn register(call: &Call, kind: Kind, local: Option<SocketAddr>, mode: Mode) -> Term {
    let node = call.system().node().clone();
    let reference = node.make_reference();
    let is_stream = matches!(kind, Kind::Stream { .. });
    let socket = Arc::new(Socket {
        kind: Mutex::new(Some(Arc::new(kind))),
        local,
        mode: Mutex::new(mode),
        changed: Notify::new(),
    });
    let sockets = call.system().shared::<Sockets>();
    sockets.lock().insert(reference.clone(), socket.clone());
    let identity = Term::tuple([Term::Pid(call.pid()), Term::Reference(reference.clone())]);
    let term = Term::tuple([
        Term::Atom(Atom::literal("$inet")),
        atom("gen_tcp_socket"),
        identity,
    ]);
    if is_stream {
        tokio::spawn(deliver(
            node.clone(),
            sockets.clone(),
            socket.clone(),
            reference.clone(),
            term.clone(),
        ));
    }
    tokio::spawn(close_with_owner(node, sockets, socket, reference));
    term
}

/// Sends what arrives to the owner for as long as the socket is active.
async fn deliver(
    node: Node,
    sockets: Arc<Sockets>,
    socket: Arc<Socket>,
    reference: Reference,
    term: Term,
) {
    loop {
        let changed = socket.changed.notified();
        let mode = socket.mode();
        if socket.is_closed() {
            return;
        }
        if mode.active == Active::Never {
            changed.await;
            continue;
        }
        let result = tokio::select! {
            result = socket.receive(0) => result,
            () = changed => continue,
        };
        match result {
            Ok(bytes) => {
                let message = Term::tuple([atom("tcp"), term.clone(), socket.data(bytes)]);
                if mode.active == Active::Once {
                    socket.set_mode(|mode| mode.active = Active::Never);
                }
                let _ = node.send(socket.mode().owner, message);
            }
            Err(error) => {
                sockets.remove(&reference);
                if error.kind() != io::ErrorKind::UnexpectedEof {
                    let reason = posix::reason(&error);
                    let _ = node.send(
                        mode.owner,
                        Term::tuple([atom("tcp_error"), term.clone(), reason]),
                    );
                }
                let _ = node.send(mode.owner, Term::tuple([atom("tcp_closed"), term]));
                return;
            }
        }
    }
}

/// Closes a socket when its owner ends.
async fn close_with_owner(
    node: Node,
    sockets: Arc<Sockets>,
    socket: Arc<Socket>,
    reference: Reference,
) {
    loop {
        let owner = socket.mode().owner;
        let mut watcher = node.attach();
        if watcher.monitor(owner).is_err() {
            break;
        }
        let changed = socket.changed.notified();
        if socket.is_closed() {
            return;
        }
        tokio::select! {
            _ = watcher.receive() => {
                if socket.mode().owner == owner {
                    break;
                }
            }
            () = changed => {}
        }
        if socket.is_closed() {
            return;
        }
    }
    sockets.remove(&reference);
}

/// The options of `listen/2` and `connect/3`.
struct Options {
    mode: Mode,
    ip: Option<std::net::IpAddr>,
    port: u16,
    backlog: u32,
    reuse: bool,
}

impl Options {
    fn read(call: &Call, options: &Term) -> Option<Options> {
        let mode = Mode {
            active: Active::Always,
            binary: false,
            framing: Framing::Raw,
            exit_on_close: true,
            owner: call.pid(),
        };
        let mut all = Options {
            mode,
            ip: None,
            port: 0,
            backlog: 5,
            reuse: false,
        };
        for option in options.to_vec()? {
            match option.as_tuple() {
                Some([name, value]) if is_atom(name, "ip") || is_atom(name, "ifaddr") => {
                    all.ip = Some(address::ip(value)?);
                }
                Some([name, value]) if is_atom(name, "port") => {
                    all.port = u16::try_from(count(value)?).ok()?
                }
                Some([name, value]) if is_atom(name, "backlog") => {
                    all.backlog = u32::try_from(count(value)?).ok()?
                }
                Some([name, value]) if is_atom(name, "reuseaddr") => {
                    all.reuse = is_atom(value, "true")
                }
                _ => set(&mut all.mode, &option)?,
            }
        }
        Some(all)
    }
}

/// Applies one option that may change while the socket lives; `None` for unknown ones.
fn set(mode: &mut Mode, option: &Term) -> Option<()> {
    match option.as_tuple() {
        None => match atom_text(option)? {
            "binary" => mode.binary = true,
            "list" => mode.binary = false,
            "inet" | "inet6" => {}
            _ => return None,
        },
        Some([name, value]) => match atom_text(name)? {
            "active" => {
                mode.active = match atom_text(value)? {
                    "true" => Active::Always,
                    "once" => Active::Once,
                    "false" => Active::Never,
                    _ => return None,
                }
            }
            "mode" => mode.binary = is_atom(value, "binary"),
            "packet" => mode.framing = Framing::read(value)?,
            "exit_on_close" => mode.exit_on_close = is_atom(value, "true"),
            // Accepted; the kernel's defaults serve loopback connections.
            "nodelay" | "keepalive" | "delay_send" | "send_timeout" | "send_timeout_close"
            | "recbuf" | "sndbuf" | "buffer" | "packet_size" | "linger" | "high_watermark"
            | "low_watermark" | "show_econnreset" | "reuseaddr" | "backlog" => {}
            _ => return None,
        },
        Some(_) => return None,
    }
    Some(())
}

/// Makes a stream a socket.
fn adopt(call: &Call, stream: TcpStream, mode: Mode) -> Term {
    let (local, peer) = (stream.local_addr().ok(), stream.peer_addr().ok());
    // Small writes leave at once: programs that answer line by line depend on it.
    let _ = stream.set_nodelay(true);
    let (reader, writer) = stream.into_split();
    let kind = Kind::Stream {
        reader: tokio::sync::Mutex::new((reader, Incoming::default())),
        writer: tokio::sync::Mutex::new(writer),
        peer,
    };
    register(call, kind, local, mode)
}
