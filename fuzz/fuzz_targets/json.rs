//! Any bytes as JSON, in blocks of any size, also where nothing recognises
//! them as such. Every record is given back as JSON.
#![no_main]

mod reading;

use libfuzzer_sys::fuzz_target;
use reading::{hints, read};
use sekisho_event::Format;
use sekisho_event::formats::json::{Json, cutter_of_size};

fuzz_target!(|bytes: &[u8]| {
    let whole = read(&Json, Json.cutter(hints("a.json")), bytes, usize::MAX);
    for (size, slow) in [(1, 1), (16, 7), (64, usize::MAX)] {
        let cut = read(&Json, cutter_of_size(hints("a.json"), size), bytes, slow);
        assert_eq!(whole.records, cut.records, "it depends on the size of blocks ({size})");
        assert_eq!(whole.times, cut.times, "times depend on the size of blocks ({size})");
    }
});
