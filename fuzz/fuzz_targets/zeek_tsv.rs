//! Any bytes as a Zeek log, in blocks of any size, also where nothing
//! recognises them as such.
#![no_main]

mod reading;

use libfuzzer_sys::fuzz_target;
use reading::{hints, read};
use sekisho_event::Format;
use sekisho_event::formats::zeek_tsv::{ZeekTsv, cutter_of_size};

fuzz_target!(|bytes: &[u8]| {
    let whole = read(&ZeekTsv, ZeekTsv.cutter(hints("conn.log")), bytes, usize::MAX);
    for (size, slow) in [(1, 1), (16, 7), (64, usize::MAX)] {
        let cut = read(&ZeekTsv, cutter_of_size(hints("conn.log"), size), bytes, slow);
        assert_eq!(whole.records, cut.records, "it depends on the size of blocks ({size})");
        assert_eq!(whole.times, cut.times, "times depend on the size of blocks ({size})");
    }
});
