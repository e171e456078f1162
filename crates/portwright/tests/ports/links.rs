//! Owners, links, monitors and exit signals.

use portwright::Term;

use crate::owner::{Owner, eventually, no_port};

const NORMAL: &str = "{'EXIT',P,normal}";

// P-002, P-003.
#[test]
fn the_opener_owns_the_port_and_is_linked() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[]");
    owner.check(&[
        ("port_info(P,connected)", "{connected,Me}"),
        ("port_info(P,links)", "{links,[Me]}"),
        ("process_info(Me,links)", "{links,[P]}"),
        ("unlink(P)", "true"),
        ("port_info(P,connected)", "{connected,Me}"),
        ("port_info(P,links)", "{links,[]}"),
        ("process_info(Me,links)", "{links,[]}"),
        ("port_command(P,\"x\")", "true"),
    ]);
    assert_eq!(
        owner.next(),
        "{P,{data,\"x\"}}",
        "data goes to the owner, linked or not"
    );
}

// P-600.
#[test]
fn links_are_a_set_and_unlink_leaves_mail() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[]");
    owner.check(&[
        ("link(P)", "true"),
        ("link(P)", "true"),
        ("port_info(P,links)", "{links,[Me]}"),
        ("unlink(P)", "true"),
        ("port_info(P,links)", "{links,[]}"),
        ("unlink(P)", "true"),
        ("link(P)", "true"),
        ("port_close(P)", "true"),
        ("unlink(P)", "true"),
    ]);
    assert_eq!(owner.next(), NORMAL);
    owner.nothing_more();
}

/// A watcher that is linked and monitors, and an owner that opens the port.
fn watched() -> (Owner, Owner) {
    let mut watcher = Owner::new();
    let mut owner = watcher.other();
    owner.open("{spawn,\"cat\"}", "[]");
    let port = owner.term("P");
    watcher.bind("P", port);
    watcher.check(&[("link(P)", "true")]);
    watcher.bind_to("R", "monitor(port,P)");
    (watcher, owner)
}

// P-601, P-602, P-856, P-607.
#[test]
fn the_end_of_linked_processes() {
    for (reason, expect) in [
        ("normal", "normal"),
        ("oops", "oops"),
        ("shutdown", "shutdown"),
        ("{a,\"b\"}", "{a,\"b\"}"),
    ] {
        let (mut watcher, owner) = watched();
        let term = owner.term(reason);
        owner.me.exit(term);
        assert_eq!(watcher.next(), format!("{{'EXIT',P,{expect}}}"));
        // P-611: `port`, also for a reason that is a compound term.
        assert_eq!(watcher.next(), format!("{{'DOWN',R,port,P,{expect}}}"));
    }
    // Dropping the handle is `normal`, kill is `killed`, a panic has a reason too.
    let (mut watcher, owner) = watched();
    drop(owner);
    assert_eq!(watcher.next(), NORMAL);
    let (mut watcher, owner) = watched();
    watcher.bind("Owner", Term::Pid(owner.pid()));
    watcher.check(&[("exit(Owner,kill)", "true")]);
    assert_eq!(watcher.next(), "{'EXIT',P,killed}");
    let (mut watcher, owner) = watched();
    let thread = std::thread::spawn(move || {
        let _owner = owner;
        panic!("on purpose");
    });
    assert!(thread.join().is_err());
    assert_eq!(watcher.next(), "{'EXIT',P,panic}");
}

// P-601: from one that is linked but not the owner, `normal` is nothing.
#[test]
fn the_normal_end_of_a_linked_stranger_is_nothing() {
    let mut owner = Owner::new();
    let port = owner.open("{spawn,\"cat\"}", "[]");
    let mut stranger = owner.other();
    stranger.check(&[("link(P)", "true")]);
    drop(stranger);
    owner.check(&[("port_info(P,links)", "{links,[Me]}")]);
    assert!(port.is_open());
    let mut stranger = owner.other();
    stranger.check(&[("link(P)", "true")]);
    stranger.me.exit(Term::atom("oops"));
    assert_eq!(owner.next(), "{'EXIT',P,oops}");
}

// P-603.
#[test]
fn an_owner_that_unlinked_and_died_leaves_the_port() {
    let mut owner = Owner::new();
    let mut first = owner.other();
    let port = first.open("{spawn,\"cat\"}", "[]");
    owner.bind("P", Term::Port(port.id()));
    owner.bind("First", Term::Pid(first.pid()));
    first.check(&[("unlink(P)", "true")]);
    drop(first);
    owner.check(&[
        ("port_info(P,connected)", "{connected,First}"),
        ("port_info(P,links)", "{links,[]}"),
        ("port_command(P,\"lost\")", "true"),
    ]);
    eventually("the echo was read", || port.info().unwrap().input == 4);
    owner.check(&[
        ("port_connect(P,Me)", "true"),
        ("port_command(P,\"kept\")", "true"),
    ]);
    assert_eq!(owner.next(), "{P,{data,\"kept\"}}");
}

// P-604.
#[test]
fn after_port_connect_both_owners_are_linked() {
    let mut new = Owner::new();
    let mut old = new.other();
    let port = old.open("{spawn,\"cat\"}", "[]");
    new.bind("P", Term::Port(port.id()));
    new.bind("Old", Term::Pid(old.pid()));
    old.check(&[
        ("port_connect(P,Owner)", "true"),
        ("port_info(P,links)", "{links,[Me,Owner]}"),
    ]);
    old.nothing_more();
    drop(old);
    assert!(port.is_open(), "the old owner's normal end is nothing");
    new.check(&[("port_info(P,links)", "{links,[Me]}")]);

    let mut old = new.other();
    let port = old.open("{spawn,\"cat\"}", "[]");
    new.bind("P", Term::Port(port.id()));
    old.check(&[("port_connect(P,Owner)", "true")]);
    old.me.exit(Term::atom("oops"));
    assert_eq!(new.next(), "{'EXIT',P,oops}");
}

// P-605.
#[test]
fn after_a_connect_message_the_new_owner_is_not_linked() {
    let mut old = Owner::new();
    let port = old.open("{spawn,\"cat\"}", "[]");
    let new = old.other();
    old.bind("New", Term::Pid(new.pid()));
    old.eval("send(P,{Me,{connect,New}})");
    assert_eq!(old.next(), "{P,connected}");
    new.me.exit(Term::atom("oops"));
    old.check(&[("port_info(P,links)", "{links,[Me]}")]);
    assert!(port.is_open());
    old.nothing_more();
}

// P-606, P-854.
#[test]
fn exit_closes_a_port_whoever_sends_it() {
    for (reason, expect) in [
        ("normal", "normal"),
        ("kill", "killed"),
        ("oops", "oops"),
        ("{a,1}", "{a,1}"),
    ] {
        let mut owner = Owner::new();
        let port = owner.open("{spawn,\"cat\"}", "[]");
        owner.bind_to("R", "monitor(port,P)");
        let mut stranger = owner.other();
        stranger.check(&[
            (&format!("exit(P,{reason})"), "true"),
            (&format!("exit(P,{reason})"), "true"),
        ]);
        assert_eq!(owner.next(), format!("{{'EXIT',P,{expect}}}"));
        assert_eq!(owner.next(), format!("{{'DOWN',R,port,P,{expect}}}"));
        assert!(port.is_gone());
        owner.nothing_more();
        stranger.nothing_more();
    }
}

// P-608, and the table of section 0.
#[test]
fn linking_to_a_port_that_is_gone_is_noproc() {
    let mut owner = Owner::new();
    owner.bind("P", Term::Port(no_port(&owner.node)));
    owner.check(&[("link(P)", "true")]);
    assert_eq!(owner.next(), "{'EXIT',P,noproc}");
    owner.check(&[
        ("unlink(P)", "true"),
        ("exit(P,kill)", "true"),
        ("process_info(Me,links)", "{links,[]}"),
    ]);
    let mut calm = owner.other().not_trapping();
    calm.check(&[
        ("link(P)", "error noproc"),
        ("is_process_alive(Me)", "true"),
    ]);
}

// P-609.
#[test]
fn monitors_fire_once() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[]");
    owner.bind("Never", Term::Port(no_port(&owner.node)));
    owner.check(&[("register(cat,P)", "true"), ("register(me,Me)", "true")]);
    owner.bind_to("R1", "monitor(port,P)");
    owner.bind_to("R2", "monitor(port,cat)");
    owner.bind_to("R3", "monitor(port,{cat,nonode@nohost})");
    owner.check(&[("unlink(P)", "true"), ("exit(P,oops)", "true")]);
    let mut messages = [owner.next(), owner.next(), owner.next()];
    messages.sort();
    assert_eq!(
        messages,
        [
            "{'DOWN',R1,port,P,oops}",
            "{'DOWN',R2,port,{cat,nonode@nohost},oops}",
            "{'DOWN',R3,port,{cat,nonode@nohost},oops}"
        ]
    );
    for (target, object) in [
        ("port,Never", "port,Never"),
        ("port,P", "port,P"),
        ("port,nobody", "port,{nobody,nonode@nohost}"),
        ("port,me", "port,{me,nonode@nohost}"),
    ] {
        owner.bind_to("R", &format!("monitor({target})"));
        assert_eq!(owner.next(), format!("{{'DOWN',R,{object},noproc}}"));
    }
    owner.open("{spawn,\"cat\"}", "[]");
    owner.check(&[("register(cat,P)", "true")]);
    owner.bind_to("R", "monitor(process,cat)");
    assert_eq!(
        owner.next(),
        "{'DOWN',R,process,{cat,nonode@nohost},noproc}"
    );
    owner.check(&[
        ("monitor(port,Me)", "error badarg"),
        ("monitor(process,P)", "error badarg"),
        ("monitor(nonsense,P)", "error badarg"),
        ("monitor(port,17)", "error badarg"),
        ("monitor(port,{cat,other@node})", "error badarg"),
    ]);
    owner.nothing_more();
}

// P-610.
#[test]
fn exit_comes_before_down_and_down_before_closed() {
    for _ in 0..50 {
        let mut owner = Owner::new();
        owner.open("{spawn,\"cat\"}", "[]");
        owner.bind_to("R", "monitor(port,P)");
        owner.eval("send(P,{Me,close})");
        assert_eq!(
            owner.through("{P,closed}"),
            [NORMAL, "{'DOWN',R,port,P,normal}", "{P,closed}"]
        );
    }
}

// P-611.
#[test]
fn down_says_port_whatever_the_reason() {
    for reason in [
        "atom",
        "17",
        "{a,b}",
        "\"text\"",
        "1.5",
        "<<\"binary\">>",
        "123456789012345678901",
        "Me",
    ] {
        let mut owner = Owner::new();
        owner.open("{spawn,\"cat\"}", "[]");
        owner.bind_to("R", "monitor(port,P)");
        owner.check(&[
            ("unlink(P)", "true"),
            (&format!("exit(P,{reason})"), "true"),
        ]);
        assert_eq!(owner.next(), format!("{{'DOWN',R,port,P,{reason}}}"));
    }
}

// P-612.
#[test]
fn monitors_do_not_link_and_can_be_taken_back() {
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[]");
    let mut watcher = owner.other();
    owner.check(&[("register(cat,P)", "true")]);
    watcher.bind_to("R1", "monitor(port,P)");
    watcher.bind_to("R2", "monitor(port,cat)");
    watcher.bind_to("R3", "monitor(port,P,[{tag,gone}])");
    watcher.check(&[
        ("process_info(Me,links)", "{links,[]}"),
        (
            "process_info(Me,monitors)",
            "{monitors,[{port,P},{port,{cat,nonode@nohost}},{port,P}]}",
        ),
        ("demonitor(R1)", "true"),
        ("demonitor(R2,[flush,info])", "true"),
        ("demonitor(R2,[flush,info])", "false"),
        ("port_info(P,monitored_by)", "{monitored_by,[Me]}"),
        ("port_close(P)", "true"),
    ]);
    assert_eq!(watcher.next(), "{gone,R3,port,P,normal}");
    watcher.bind_to("R", "monitor(port,P)");
    watcher.check(&[("demonitor(R,[flush])", "true")]);
    watcher.nothing_more();
}
