//! `~p` and `~30p` of real terms, as OTP 25 writes them.
//!
//! The oracle compares far more, but needs an OTP; these rows do not.

use portwright_term::text::{format_p, parse_term};

#[track_caller]
fn check(text: &str, wide: &str, narrow: &str) {
    let term = parse_term(text).expect("the row is a term");
    assert_eq!(format_p(&term, 1, 80), wide);
    assert_eq!(format_p(&term, 1, 30), narrow);
}

#[test]
fn list_of_tagged_tuples() {
    check(
        r##"[{name,"a rather long string that takes some room"},{size,123456789},{list,[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18]}]"##,
        r##"[{name,"a rather long string that takes some room"},
 {size,123456789},
 {list,[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18]}]"##,
        r##"[{name,"a rather long string that takes some room"},
 {size,123456789},
 {list,[1,2,3,4,5,6,7,8,9,
        10,11,12,13,14,15,
        16,17,18]}]"##,
    );
}

#[test]
fn nested_error_reason() {
    check(
        r##"{error,{badarg,[{erlang,binary_to_term,[<<131,116,0,0,0,2,97,1,97,1,97,1,97,2>>],[]},{shell,apply_fun,3,[{file,"shell.erl"},{line,904}]}]}}"##,
        r##"{error,{badarg,[{erlang,binary_to_term,
                        [<<131,116,0,0,0,2,97,1,97,1,97,1,97,2>>],
                        []},
                {shell,apply_fun,3,[{file,"shell.erl"},{line,904}]}]}}"##,
        r##"{error,
 {badarg,
  [{erlang,binary_to_term,
    [<<131,116,0,0,0,2,97,1,
       97,1,97,1,97,2>>],
    []},
   {shell,apply_fun,3,
    [{file,"shell.erl"},
     {line,904}]}]}}"##,
    );
}

#[test]
fn map_with_broken_values() {
    check(
        r##"#{a_rather_long_key_number_one => "the first value is a string",another_key => [1,2,3],{tuple,key} => #{inner => map,with => [some,more,atoms,in,it]}}"##,
        r##"#{a_rather_long_key_number_one => "the first value is a string",
  another_key => [1,2,3],
  {tuple,key} => #{inner => map,with => [some,more,atoms,in,it]}}"##,
        r##"#{a_rather_long_key_number_one =>
      "the first value is a string",
  another_key => [1,2,3],
  {tuple,key} =>
      #{inner => map,
        with =>
            [some,more,
             atoms,in,it]}}"##,
    );
}

#[test]
fn numbers_of_a_bitstring() {
    check(
        r##"<<1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44:7>>"##,
        r##"<<1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,
  29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44:7>>"##,
        r##"<<1,2,3,4,5,6,7,8,9,10,11,12,
  13,14,15,16,17,18,19,20,21,
  22,23,24,25,26,27,28,29,30,
  31,32,33,34,35,36,37,38,39,
  40,41,42,43,44:7>>"##,
    );
}

#[test]
fn tags_too_long_to_align_with() {
    check(
        r##"{a_very_long_tag_that_leaves_hardly_any_room_for_its_elements_on_a_line,{another_very_long_tag_that_is_nested_in_it,[first,second]},third}"##,
        r##"{a_very_long_tag_that_leaves_hardly_any_room_for_its_elements_on_a_line,
    {another_very_long_tag_that_is_nested_in_it,[first,second]},
    third}"##,
        r##"{a_very_long_tag_that_leaves_hardly_any_room_for_its_elements_on_a_line,
    {another_very_long_tag_that_is_nested_in_it,
        [first,second]},
    third}"##,
    );
}

#[test]
fn improper_list_on_one_line() {
    check(r##"[a,b|c]"##, r##"[a,b|c]"##, r##"[a,b|c]"##);
}

#[test]
fn improper_list_on_several_lines() {
    check(
        r##"[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb,ccccccccccccccccccccccccc|ddddddddddddddddddddd]"##,
        r##"[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb,
 ccccccccccccccccccccccccc|ddddddddddddddddddddd]"##,
        r##"[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,
 bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb,
 ccccccccccccccccccccccccc|
 ddddddddddddddddddddd]"##,
    );
}

#[test]
fn every_kind_of_word() {
    check(
        r##"{1,2.5,"str",'Quoted atom',<<"bin">>,[],{},#{}}"##,
        r##"{1,2.5,"str",'Quoted atom',<<"bin">>,[],{},#{}}"##,
        r##"{1,2.5,"str",'Quoted atom',
 <<"bin">>,[],{},#{}}"##,
    );
}

#[test]
fn strings_of_several_encodings() {
    check(
        r##"["caf\x{e9}",<<"caf\x{e9}">>,<<"caf\x{e9}"/utf8>>,"\x{263a}",[0,1],<<0>>]"##,
        r##"["café",<<"café">>,<<"cafÃ©">>,[9786],[0,1],<<0>>]"##,
        r##"["café",<<"café">>,
 <<"cafÃ©">>,
 [9786],
 [0,1],
 <<0>>]"##,
    );
}
