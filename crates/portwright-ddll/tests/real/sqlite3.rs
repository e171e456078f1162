//! `sqlite3_drv` of p1_sqlite3: jobs, terms of every kind, linked `-z now`. The script of driver_cases.md section P.

use portwright::Term;
use portwright_term::etf;

use crate::support::{Bench, directory_of};

fn encoded(text: &str) -> Vec<u8> {
    let term: Term = text.parse().unwrap();
    etf::encode(&term, &etf::EncodeOptions::default())
        .unwrap()
        .to_vec()
}

#[test]
fn statements_and_their_answers() {
    let Some(directory) = directory_of("p1_sqlite3", "priv", "sqlite3_drv") else {
        return;
    };
    let mut bench = Bench::load(&directory, "sqlite3_drv");
    let db = bench.open("sqlite3_drv :memory:");
    assert_eq!(bench.message(), format!("{{{db},ok}}"));
    let rows: &[(u32, Vec<u8>, &str)] = &[
        (
            2,
            b"create table t(id integer primary key, name text, w real, b blob);".into(),
            "ok",
        ),
        (
            2,
            b"insert into t(name,w,b) values('alice', 1.5, x'0001ff');".into(),
            "{rowid,1}",
        ),
        (14, Vec::new(), "1"),
        (
            4,
            encoded("{<<\"insert into t values(?,?,?,?)\">>,[7,<<\"x\">>,2.25,{blob,<<1,2,3>>}]}"),
            "{rowid,7}",
        ),
        (
            2,
            b"select * from t order by id;".into(),
            "[{columns,[\"id\",\"name\",\"w\",\"b\"]},{rows,[{1,<<\"alice\">>,1.5,{blob,<<0,1,255>>}},{7,<<\"x\">>,2.25,{blob,<<1,2,3>>}}]}]",
        ),
        (
            2,
            b"selekt 1;".into(),
            "{error,1,\"near \\\"selekt\\\": syntax error\"}",
        ),
        (
            5,
            b"select id from t where id >= ? order by id;".into(),
            "0",
        ),
        (6, encoded("{0,[2]}"), "ok"),
        (7, encoded("0"), "{7}"),
        (7, encoded("0"), "done"),
        (10, encoded("0"), "ok"),
    ];
    for (operation, data, expect) in rows {
        let answer = bench.ask(&db, *operation, data.clone());
        assert_eq!(
            answer,
            *expect,
            "operation {operation} {:?}",
            String::from_utf8_lossy(data)
        );
    }
    // A blob of 1 MiB and 20,000 rows in one term each.
    let blob = bench.ask(&db, 2, "select length(zeroblob(1048576)) as z;");
    assert_eq!(blob, "[{columns,[\"z\"]},{rows,[{1048576}]}]");
    let many = bench.ask(
        &db,
        2,
        "with recursive c(n) as (select 1 union all select n+1 from c where n<20000) select n from c;",
    );
    assert!(
        many.ends_with("{19999},{20000}]}]"),
        "{}",
        &many[many.len() - 60..]
    );
    bench.me.close(&db).unwrap();
    assert_eq!(bench.message(), format!("{{'EXIT',{db},normal}}"));
    bench.ddll.unload("sqlite3_drv").unwrap();
    assert!(bench.me.node().drivers().is_empty());
}

#[test]
fn two_ports_keep_their_order_and_a_bad_file_answers() {
    let Some(directory) = directory_of("p1_sqlite3", "priv", "sqlite3_drv") else {
        return;
    };
    let mut bench = Bench::load(&directory, "sqlite3_drv");
    let ports = [
        bench.open("sqlite3_drv :memory:"),
        bench.open("sqlite3_drv :memory:"),
    ];
    for _ in 0..2 {
        assert!(bench.message().ends_with(",ok}"));
    }
    for number in 1..=20 {
        for port in &ports {
            bench
                .me
                .control(port, 2, format!("select {number} as v;"))
                .unwrap();
        }
    }
    let mut seen = [Vec::new(), Vec::new()];
    for _ in 0..40 {
        let message = bench.term();
        let from = message.as_tuple().unwrap()[0].as_port().unwrap();
        let index = usize::from(from == ports[1].id());
        seen[index].push(message.as_tuple().unwrap()[1].to_string());
    }
    let expect: Vec<String> = (1..=20)
        .map(|number| format!("[{{columns,[\"v\"]}},{{rows,[{{{number}}}]}}]"))
        .collect();
    assert_eq!(seen, [expect.clone(), expect]);

    let bad = bench.open("sqlite3_drv /nonexistent/dir/x.db");
    assert_eq!(
        bench.message(),
        format!("{{{bad},{{error,14,\"unable to open database file\"}}}}")
    );
}
