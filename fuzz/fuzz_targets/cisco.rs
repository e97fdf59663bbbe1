//! Any bytes as a log of Cisco devices, in blocks of any size, also where nothing
//! recognises them as such.
#![no_main]

mod reading;

use libfuzzer_sys::fuzz_target;
use reading::{hints, read};
use sekisho_event::Format;
use sekisho_event::formats::cisco::{Cisco, cutter_of_size};

fuzz_target!(|bytes: &[u8]| {
    let whole = read(&Cisco, Cisco.cutter(hints("switch.log")), bytes, usize::MAX);
    for (size, slow) in [(1, 1), (16, 7), (64, usize::MAX)] {
        let cut = read(&Cisco, cutter_of_size(hints("switch.log"), size), bytes, slow);
        assert_eq!(whole.records, cut.records, "it depends on the size of blocks ({size})");
        assert_eq!(whole.times, cut.times, "times depend on the size of blocks ({size})");
    }
});
