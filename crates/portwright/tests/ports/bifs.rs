//! The built-in functions for ports.

use portwright::{Node, Term};

use crate::owner::{Owner, eventually, no_port};

const NORMAL: &str = "{'EXIT',P,normal}";

// P-500.
#[test]
fn functions_take_ports_or_registered_names() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[]");
    owner.check(&[
        ("register(cat,P)", "true"),
        ("port_command(cat,\"a\")", "true"),
        ("port_command(cat,\"b\",[])", "true"),
        ("port_info(cat,connected)", "{connected,Me}"),
        ("port_info(cat,registered_name)", "{registered_name,cat}"),
        ("port_connect(cat,Me)", "true"),
        ("port_set_data(cat,{my,data})", "true"),
        ("port_get_data(cat)", "{my,data}"),
        ("port_control(cat,1,\"x\")", "error badarg"),
        ("port_call(cat,1,x)", "error badarg"),
        ("port_close(cat)", "true"),
        ("port_close(cat)", "error badarg"),
        ("port_command(cat,\"a\")", "error badarg"),
        ("port_info(cat)", "undefined"),
        ("port_info(cat,nonsense)", "undefined"),
    ]);
}

// P-500: links and exit signals want the port itself.
#[test]
fn links_monitors_and_signals_take_no_names() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[]");
    owner.check(&[
        ("register(cat,P)", "true"),
        ("link(cat)", "error badarg"),
        ("unlink(cat)", "error badarg"),
        ("exit(cat,kill)", "error badarg"),
        ("port_to_list(cat)", "error badarg"),
    ]);
}

// P-501.
#[test]
fn port_command_checks_options_then_port_then_force_then_data() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[]");
    owner.bind("Gone", Term::Port(no_port(&owner.node)));
    owner.check(&[
        ("port_command(Gone,bad,nonsense)", "error badarg"),
        ("port_command(Gone,bad,[force])", "error badarg"),
        ("port_command(P,bad,[force])", "error notsup"),
        ("port_command(P,\"x\",[force])", "error notsup"),
        ("port_command(P,bad,[nosuspend])", "error badarg"),
        ("port_command(P,\"x\",[nonsense])", "error badarg"),
        ("port_command(P,\"x\",[nosuspend|force])", "error badarg"),
        ("port_command(P,\"x\",[nosuspend])", "true"),
        ("port_command(P,\"y\",[])", "true"),
        ("port_command(17,\"y\")", "error badarg"),
    ]);
    let notes = |text: &str| {
        let arguments = owner.term(text).to_vec().unwrap();
        portwright::bif::port_command(&owner.me, &arguments)
            .unwrap_err()
            .notes
    };
    assert_eq!(notes("[P,\"x\",nonsense]"), [(3, "not a list".into())]);
    assert_eq!(notes("[P,bad]"), [(2, "not an iodata term".into())]);
    assert_eq!(notes("[17,\"x\"]"), [(1, "not a port".into())]);
    assert_eq!(notes("[Gone,\"x\"]"), []);
}

// P-502, P-977: no badsig, no answer, no question who the owner is.
#[test]
fn functions_differ_from_messages() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[]");
    let mut other = owner.other();
    other.check(&[
        ("port_command(P,bad)", "error badarg"),
        ("port_command(P,\"by other\")", "true"),
    ]);
    assert_eq!(owner.next(), "{P,{data,\"by other\"}}");
    other.check(&[
        ("port_connect(P,Me)", "true"),
        ("port_connect(P,Owner)", "true"),
        ("port_close(P)", "true"),
    ]);
    assert_eq!(owner.next(), NORMAL);
    assert_eq!(other.next(), NORMAL, "port_connect has linked it");
    owner.nothing_more();
    other.nothing_more();
}

// P-503.
#[test]
fn true_says_that_the_port_has_taken_it() {
    let mut owner = Owner::new();
    owner.idle("[]");
    owner.bind("Data", Term::binary(vec![0; 1_000_000]));
    owner.check(&[
        ("port_command(P,Data)", "true"),
        ("port_info(P,output)", "{output,1000000}"),
    ]);
}

// P-504: many times, because it is about what is there when the call returns.
#[test]
fn a_linked_caller_has_the_exit_when_a_function_returns() {
    for _ in 0..100 {
        let mut owner = Owner::new();
        owner.open("{spawn,\"cat\"}", "[]");
        owner.check(&[("port_close(P)", "true")]);
        let message = owner.me.try_receive().expect("it is there");
        assert_eq!(owner.show(&message.to_term()), NORMAL);
    }
    for call in [
        "port_command(P,\"x\")",
        "port_info(P)",
        "port_info(P,links)",
        "port_get_data(P)",
        "port_control(P,1,[])",
    ] {
        let mut owner = Owner::new();
        owner.open("{spawn,\"true\"}", "[]");
        // Until the function says that the port is gone.
        eventually("the port is gone", || {
            let value = owner.eval(call);
            (value == "error badarg" && !call.starts_with("port_control"))
                || (value == "undefined" && call.starts_with("port_info"))
                || (call.starts_with("port_control") && owner.eval("port_info(P)") == "undefined")
        });
        let message = owner.me.try_receive();
        let message = message.unwrap_or_else(|| panic!("{call}: no EXIT"));
        assert!(
            ["{'EXIT',P,normal}", "{'EXIT',P,epipe}"].contains(&&*owner.show(&message.to_term())),
            "{call}: {message}"
        );
    }
}

// P-506.
#[test]
fn port_connect_wants_a_living_process_and_links_it_once() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[]");
    let new = owner.other();
    let dead = owner.other();
    owner.bind("New", Term::Pid(new.pid()));
    owner.bind("Dead", Term::Pid(dead.pid()));
    drop(dead);
    owner.check(&[
        ("port_connect(P,Dead)", "error badarg"),
        ("port_connect(P,me)", "error badarg"),
        ("port_connect(P,P)", "error badarg"),
        ("port_connect(17,Me)", "error badarg"),
        ("port_info(P,connected)", "{connected,Me}"),
        ("port_connect(P,New)", "true"),
        ("port_connect(P,New)", "true"),
        ("port_info(P,connected)", "{connected,New}"),
        ("port_info(P,links)", "{links,[Me,New]}"),
    ]);
    owner.nothing_more();
}

// P-507, P-509.
#[test]
fn port_info_lists_what_is_known() {
    let mut owner = Owner::new();
    let port = owner.open("{spawn,\"cat\"}", "[]");
    let (id, os_pid) = (port.info().unwrap().id, port.os_pid().unwrap());
    let rest = format!(
        "{{name,\"cat\"}},{{links,[Me]}},{{id,{id}}},{{connected,Me}},{{input,0}},{{output,0}},{{os_pid,{os_pid}}}]"
    );
    owner.check(&[
        ("port_info(P)", &format!("[{rest}")),
        ("register(cat,P)", "true"),
        ("port_info(P)", &format!("[{{registered_name,cat}},{rest}")),
        ("port_info(17)", "error badarg"),
        ("port_info(\"P\")", "error badarg"),
    ]);
}

// P-508.
#[test]
fn port_info_has_these_items() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[{parallelism,true}]");
    owner.check(&[
        ("port_info(P,registered_name)", "[]"),
        ("port_info(P,connected)", "{connected,Me}"),
        ("port_info(P,links)", "{links,[Me]}"),
        ("port_info(P,name)", "{name,\"cat\"}"),
        ("port_info(P,input)", "{input,0}"),
        ("port_info(P,output)", "{output,0}"),
        ("port_info(P,queue_size)", "{queue_size,0}"),
        ("port_info(P,monitors)", "{monitors,[]}"),
        ("port_info(P,monitored_by)", "{monitored_by,[]}"),
        ("port_info(P,parallelism)", "{parallelism,true}"),
        ("port_info(P,locking)", "{locking,port_level}"),
        ("port_info(P,nonsense)", "error badarg"),
        ("port_info(P,17)", "error badarg"),
    ]);
    let memory = owner
        .term("P")
        .as_port()
        .and_then(|id| owner.node.port(id))
        .unwrap()
        .info()
        .unwrap()
        .memory;
    assert!(memory > 0);
    owner.bind_to("R1", "monitor(port,P)");
    owner.bind_to("R2", "monitor(port,P)");
    owner.check(&[("port_info(P,monitored_by)", "{monitored_by,[Me,Me]}")]);
    // What is not taken by the system yet is queued, and counts as output at once.
    let mut owner = Owner::new();
    owner.idle("[]");
    owner.bind("Data", Term::binary(vec![0; 100_000]));
    owner.check(&[
        ("port_command(P,Data)", "true"),
        ("port_info(P,output)", "{output,100000}"),
    ]);
    let size = owner.eval("port_info(P,queue_size)");
    let size: usize = size
        .trim_start_matches("{queue_size,")
        .trim_end_matches('}')
        .parse()
        .unwrap();
    assert!((1..=100_000 - 4096).contains(&size), "{size}");
}

// P-509, P-051.
#[test]
fn the_name_of_a_port_is_what_was_opened() {
    let mut owner = Owner::new();
    for (name, settings, shown) in [
        ("{spawn,\"cat -u  -\"}", "[]", "cat -u  -"),
        ("{spawn,<<\"cat\">>}", "[]", "cat"),
        (
            "{spawn_executable,\"/bin/cat\"}",
            "[{args,[\"-u\"]},{arg0,\"dog\"}]",
            "/bin/cat",
        ),
        ("{fd,0,1}", "[out]", "0/1"),
    ] {
        owner.open(name, settings);
        owner.check(&[("port_info(P,name)", &format!("{{name,\"{shown}\"}}"))]);
    }
    owner.check(&[("port_info(P,os_pid)", "{os_pid,undefined}")]);
}

// P-510, P-950.
#[test]
fn list_to_port_reads_what_port_to_list_writes() {
    let mut owner = Owner::new();
    let port = owner.open("{spawn,\"cat\"}", "[]");
    let text = format!("#Port<0.{}>", port.id().id());
    assert_eq!(port.to_string(), text);
    owner.check(&[
        ("port_to_list(P)", "\"P\""),
        (&format!("list_to_port(\"{text}\")"), "P"),
        (
            &format!("list_to_port(\"#Port<0.000{}>\")", port.id().id()),
            "P",
        ),
        ("list_to_port(\"#Port<1.5>\")", "error badarg"),
        ("list_to_port(\"#Port<0.5> \")", "error badarg"),
        ("list_to_port(\"#Port<0.>\")", "error badarg"),
        ("list_to_port(\"#Port<0.-5>\")", "error badarg"),
        ("list_to_port(\"\")", "error badarg"),
        ("list_to_port(atom)", "error badarg"),
        ("port_to_list(Me)", "error badarg"),
        ("port_info(Nothing)", "undefined"),
    ]);
    // A port that never was is a port all the same.
    owner.bind("Never", Term::Port(no_port(&owner.node)));
    owner.check(&[
        ("port_info(Never)", "undefined"),
        ("port_close(Never)", "error badarg"),
    ]);
}

// P-511.
#[test]
fn ports_share_names_with_processes() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[]");
    owner.open_as("Q", "{spawn,\"cat\"}", "[]");
    owner.check(&[
        ("register(cat,P)", "true"),
        ("whereis(cat)", "P"),
        ("register(cat,Q)", "error badarg"),
        ("register(cat,Me)", "error badarg"),
        ("register(dog,P)", "error badarg"),
        ("register(undefined,Q)", "error badarg"),
        ("unregister(cat)", "true"),
        ("unregister(cat)", "error badarg"),
        ("whereis(cat)", "undefined"),
        ("register(dog,P)", "true"),
        ("port_close(P)", "true"),
        ("whereis(dog)", "undefined"),
        ("register(bird,P)", "error badarg"),
        ("register(dog,Q)", "true"),
    ]);
}

// P-511: the name is free as soon as the port is closing.
#[test]
fn a_closing_port_has_no_name() {
    let mut owner = Owner::new();
    let port = owner.idle("[]");
    owner.bind("Data", Term::binary(vec![0; 1_000_000]));
    owner.check(&[
        ("register(slow,P)", "true"),
        ("port_command(P,Data)", "true"),
        ("port_close(P)", "true"),
        ("whereis(slow)", "undefined"),
        ("register(slow,Me)", "true"),
    ]);
    assert!(!port.is_open() && !port.is_gone());
}

// P-512.
#[test]
fn functions_for_processes_refuse_ports() {
    let mut owner = Owner::new();
    let port = owner.open("{spawn,\"cat\"}", "[]");
    owner.check(&[
        ("is_process_alive(P)", "error badarg"),
        ("process_info(P)", "error badarg"),
        ("is_process_alive(Me)", "true"),
    ]);
    assert_eq!(port.id().node(), owner.node.name());
}

// P-001, P-005, P-705: port data is a table, not a signal; nothing is there at first.
#[test]
fn any_term_can_be_attached_to_a_port() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[]");
    owner.check(&[
        ("port_get_data(P)", "undefined"),
        ("port_set_data(P,{any,[\"term\"]})", "true"),
        ("port_get_data(P)", "{any,[\"term\"]}"),
        ("port_close(P)", "true"),
        ("port_get_data(P)", "error badarg"),
        ("port_set_data(P,x)", "error badarg"),
        ("port_get_data(17)", "error badarg"),
    ]);
}

// P-900, P-902: which ports there are; a new node has none.
#[test]
fn ports_lists_open_and_closing_ports() {
    let mut owner = Owner::new();
    owner.check(&[("ports()", "[]")]);
    owner.open_as("A", "{spawn,\"cat\"}", "[]");
    let idle = owner.open_as("B", "{spawn,\"sleep 600\"}", "[]");
    owner.end_program(&idle);
    owner.open_as("C", "{spawn,\"cat\"}", "[]");
    owner.bind("Data", Term::binary(vec![0; 1_000_000]));
    owner.check(&[
        ("ports()", "[A,B,C]"),
        ("port_command(B,Data)", "true"),
        ("port_close(B)", "true"),
        ("ports()", "[A,B,C]"),
        ("port_close(A)", "true"),
        ("ports()", "[B,C]"),
    ]);
    assert_eq!(Node::new().ports(), []);
}

// P-951, P-952: ports among other terms, and outside.
#[test]
fn ports_have_a_place_among_terms_and_an_external_format() {
    let mut owner = Owner::new();
    owner.open_as("A", "{spawn,\"cat\"}", "[]");
    owner.open_as("B", "{spawn,\"cat\"}", "[]");
    let reference = Term::Reference(owner.node.make_reference());
    owner.bind("R", reference);
    let sorted = ["1", "atom", "R", "A", "B", "Me", "{}", "[]", "<<>>"];
    let terms: Vec<Term> = sorted.iter().map(|text| owner.term(text)).collect();
    let mut mixed = terms.clone();
    mixed.reverse();
    mixed.sort();
    assert_eq!(mixed, terms);
    let port = owner.term("A");
    let encoded = portwright::term::etf::encode(&port, &Default::default()).unwrap();
    // 131, then NEW_PORT_EXT or V4_PORT_EXT.
    assert_eq!(encoded[0], 131);
    assert!([89, 120].contains(&encoded[1]), "{}", encoded[1]);
    assert_eq!(
        portwright::term::etf::decode(&encoded, &Default::default()).unwrap(),
        port
    );
}
