//! `trace_file_drv` and `trace_ip_drv` of runtime_tools: `outputv` and its segments, errors of `start` by `errno`, sockets by
//! `driver_select` with `stop_select`.

use std::io::Read as _;
use std::net::TcpStream;

use portwright::{IoVec, PortName, PortSettings};

use crate::support::{Bench, directory_of};

#[test]
fn records_are_the_segments_of_commands() {
    let Some(directory) = directory_of("runtime_tools", "priv/lib", "trace_file_drv") else {
        return;
    };
    let mut bench = Bench::load(&directory, "trace_file_drv");
    let path = std::env::temp_dir().join(format!("portwright-trace-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let port = bench.open(&format!("trace_file_drv n {}", path.display()));
    let big = |size: usize| bytes::Bytes::from(vec![b'v'; size]);
    let commands: [IoVec; 4] = [
        "hello".into(),
        ["a".into(), big(65), "b".into()].into_iter().collect(),
        [big(300), big(300)].into_iter().collect(),
        IoVec::new(),
    ];
    for command in commands {
        bench.me.command_blocking(&port, command).unwrap();
    }
    let reply = bench.me.control(&port, u32::from(b'f'), "").unwrap();
    assert_eq!(reply.to_term().to_string(), "[0]");
    assert!(bench.me.control(&port, u32::from(b'?'), "").is_err());
    let bytes = std::fs::read(&path).unwrap();
    let mut sizes = Vec::new();
    let mut rest = &bytes[..];
    while let [0, a, b, c, d, more @ ..] = rest {
        let size = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        sizes.push(size);
        rest = &more[size..];
    }
    assert_eq!((sizes, rest.len()), (vec![5, 1, 65, 1, 300, 300], 0));
    bench.me.close(&port).unwrap();
    assert_eq!(bench.message(), format!("{{'EXIT',{port},normal}}"));
    std::fs::remove_file(&path).unwrap();

    let refuse = |command: &str| {
        let name = PortName::driver(command);
        let error = bench.me.open_port(name, PortSettings::new()).unwrap_err();
        error.reason().to_string()
    };
    assert_eq!(
        refuse("trace_file_drv n /nonexistent/directory/file"),
        "enoent"
    );
    assert_eq!(refuse("trace_file_drv"), "badarg");
}

#[test]
fn a_client_gets_what_was_queued_and_what_follows() {
    let Some(directory) = directory_of("runtime_tools", "priv/lib", "trace_ip_drv") else {
        return;
    };
    let bench = Bench::load(&directory, "trace_ip_drv");
    let port = bench.open("trace_ip_drv 0 10 2");
    let reply = bench.me.control(&port, u32::from(b'p'), "").unwrap();
    let [0, high, low] = reply.bytes()[..] else {
        panic!("{reply:?}")
    };
    bench.me.command_blocking(&port, "queued").unwrap();
    let mut client = TcpStream::connect(("127.0.0.1", u16::from_be_bytes([high, low]))).unwrap();
    let mut read = |size: usize| {
        let mut bytes = vec![0; size];
        client.read_exact(&mut bytes).unwrap();
        bytes
    };
    assert_eq!(read(11), b"\0\0\0\0\x06queued");
    // More than a socket takes at once: the rest leaves by ready_output.
    let large = vec![b'x'; 8 << 20];
    bench.me.command_blocking(&port, large.clone()).unwrap();
    assert_eq!(read(5), [&[0][..], &(8u32 << 20).to_be_bytes()].concat());
    assert!(read(8 << 20) == large);
    bench.me.close(&port).unwrap();
    assert_eq!(
        client.read(&mut [0; 1]).unwrap(),
        0,
        "the client sees the end"
    );
}
