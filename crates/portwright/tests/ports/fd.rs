//! Ports on descriptors that are open already.

use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};

use portwright::{OpenError, PortName, PortSettings};

use crate::owner::{Owner, eventually};

const NORMAL: &str = "{'EXIT',P,normal}";

/// A pipe: what is read, what is written.
fn pipe() -> (std::io::PipeReader, std::io::PipeWriter) {
    std::io::pipe().unwrap()
}

/// A number that no open descriptor has, and that is in range.
fn unused() -> i32 {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile)
        .current
        .unwrap();
    i32::try_from(limit.min(1 << 20)).unwrap() - 1
}

// P-050.
#[test]
fn numbers_have_to_be_in_range_where_they_are_used() {
    let owner = Owner::new();
    let mut owner = owner;
    let limit = unused() + 1;
    owner.check(&[
        ("open_port({fd,-1,1},[])", "error einval"),
        ("open_port({fd,0,-1},[])", "error einval"),
        ("open_port({fd,-1,1},[in])", "error einval"),
        ("open_port({fd,0,1000000000000},[])", "error einval"),
        (
            &format!("open_port({{fd,0,{limit}}},[out])"),
            "error einval",
        ),
        ("open_port({fd,123456789012345678901,1},[])", "error badarg"),
    ]);
    // The one that is not used is not looked at.
    owner.open("{fd,-1,1}", "[out]");
    owner.open("{fd,-17,1}", "[out]");
    let error = owner
        .me
        .open_port(PortName::fd(-1, 1), PortSettings::new())
        .unwrap_err();
    assert!(matches!(error, OpenError::Driver { .. }), "{error:?}");
}

// P-051, P-052, P-053, P-054.
#[test]
fn a_pair_of_descriptors_is_a_port() {
    let (input, mut feed) = pipe();
    let (mut drain, output) = pipe();
    let mut owner = Owner::new();
    let name = format!("{{fd,{},{}}}", input.as_raw_fd(), output.as_raw_fd());
    owner.open(&name, "[]");
    owner.check(&[
        (
            "port_info(P,name)",
            &format!("{{name,\"{}/{}\"}}", input.as_raw_fd(), output.as_raw_fd()),
        ),
        ("port_info(P,os_pid)", "{os_pid,undefined}"),
        ("port_command(P,\"out\")", "true"),
    ]);
    feed.write_all(b"in").unwrap();
    assert_eq!(owner.next(), "{P,{data,\"in\"}}");
    let mut bytes = [0; 3];
    drain.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"out");
    // Closing leaves the descriptors; a new port can use them.
    owner.check(&[("port_close(P)", "true")]);
    assert_eq!(owner.next(), NORMAL);
    owner.open(&name, "[{packet,2},binary,eof]");
    owner.check(&[("port_command(P,\"packed\")", "true")]);
    let mut bytes = [0; 8];
    drain.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"\0\x06packed");
    feed.write_all(b"\0\x02ab\0\x01").unwrap();
    assert_eq!(owner.next(), "{P,{data,<<\"ab\">>}}");
    drop(feed);
    assert_eq!(owner.next(), "{P,eof}");
    owner.check(&[("port_command(P,\"\")", "true")]);
    let mut bytes = [0; 2];
    drain.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"\0\0");
}

// P-054.
#[test]
fn the_end_of_the_input_ends_the_port_and_flushes_a_line() {
    let (input, mut feed) = pipe();
    let mut owner = Owner::new();
    owner.open(&format!("{{fd,{},1}}", input.as_raw_fd()), "[in,{line,10}]");
    feed.write_all(b"line\nrest").unwrap();
    drop(feed);
    assert_eq!(
        owner.through(NORMAL),
        [
            "{P,{data,{eol,\"line\"}}}",
            "{P,{data,{noeol,\"rest\"}}}",
            NORMAL
        ]
    );
    // P-053: it is still ours.
    let mut input = input;
    assert_eq!(input.read(&mut [0; 1]).unwrap(), 0);
}

// P-055.
#[test]
fn descriptors_that_are_not_open() {
    let number = unused();
    let mut owner = Owner::new();
    owner.open(&format!("{{fd,0,{number}}}"), "[out]");
    owner.check(&[("port_command(P,\"x\")", "true")]);
    assert_eq!(owner.next(), "{'EXIT',P,ebadf}");
    let port = owner.open(&format!("{{fd,{number},1}}"), "[in]");
    owner.check(&[("port_info(P,connected)", "{connected,Me}")]);
    assert!(port.is_open());
    owner.nothing_more();
    owner.check(&[("port_close(P)", "true")]);
    assert_eq!(owner.next(), NORMAL);
}

// P-056: output is written before the port is gone, and a reader that is slow holds
// nobody up but the port.
#[test]
fn output_is_flushed_before_the_port_is_gone() {
    let (mut drain, output) = pipe();
    let mut owner = Owner::new();
    let port = owner.open(&format!("{{fd,0,{}}}", output.as_raw_fd()), "[out]");
    owner.bind("Data", portwright::Term::binary(vec![b'x'; 1_000_000]));
    owner.check(&[
        ("port_command(P,Data)", "true"),
        ("send(P,{Me,close})", "{Me,close}"),
    ]);
    assert_eq!(owner.next(), NORMAL);
    owner.nothing_more();
    let mut bytes = vec![0; 1_000_000];
    drain.read_exact(&mut bytes).unwrap();
    assert_eq!(owner.next(), "{P,closed}");
    assert!(port.is_gone());
    assert!(bytes.iter().all(|byte| *byte == b'x'));
}

// P-056: the descriptor itself stays blocking for those who share it.
#[test]
fn descriptors_keep_their_flags() {
    let (drain, output) = pipe();
    let before = rustix::fs::fcntl_getfl(&output).unwrap();
    let mut owner = Owner::new();
    owner.open(
        &format!("{{fd,{},{}}}", drain.as_raw_fd(), output.as_raw_fd()),
        "[]",
    );
    owner.check(&[("port_command(P,\"x\")", "true")]);
    assert_eq!(owner.next(), "{P,{data,\"x\"}}");
    assert_eq!(rustix::fs::fcntl_getfl(&output).unwrap(), before);
}

// A regular file is always ready: it is read to its end.
#[test]
fn a_file_is_read_to_its_end() {
    let folder = crate::alone::Folder::new("file");
    let path = folder.file("data", &"0123456789".repeat(20_000), 0o644);
    let file = std::fs::File::open(path).unwrap();
    let mut owner = Owner::new();
    let port = owner.open(&format!("{{fd,{},1}}", file.as_raw_fd()), "[in,binary,eof]");
    assert_eq!(owner.bytes(200_000).len(), 200_000);
    assert_eq!(owner.next(), "{P,eof}");
    assert!(port.is_open());
}

// Both directions over one descriptor.
#[test]
fn a_socket_is_both() {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let mut theirs = theirs;
    let fd: OwnedFd = ours.into();
    let mut owner = Owner::new();
    let port = owner.open(&format!("{{fd,{0},{0}}}", fd.as_raw_fd()), "[]");
    theirs.write_all(b"ping").unwrap();
    assert_eq!(owner.next(), "{P,{data,\"ping\"}}");
    owner.check(&[("port_command(P,\"pong\")", "true")]);
    let mut bytes = [0; 4];
    theirs.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"pong");
    drop(theirs);
    assert_eq!(owner.next(), NORMAL);
    eventually("the port is gone", || port.is_gone());
}
