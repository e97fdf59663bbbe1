//! Any bytes as an EVTX file, also where nothing recognises them as one.
#![no_main]

mod reading;

use libfuzzer_sys::fuzz_target;
use reading::{hints, read};
use sekisho_event::Format;
use sekisho_event::formats::evtx::Evtx;

fuzz_target!(|bytes: &[u8]| {
    let fast = read(&Evtx, Evtx.cutter(hints("a.evtx")), bytes, usize::MAX);
    let slow = read(&Evtx, Evtx.cutter(hints("a.evtx")), bytes, 1_000);
    assert!(fast == slow, "it depends on how bytes arrive");
});
