//! Any bytes as a source of the format that `SEKISHO_FUZZ_FORMAT` names, in
//! blocks of any size, also where nothing recognises them as such. Every
//! record is given back as JSON.
#![no_main]

mod reading;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use reading::{hints, read};
use sekisho_event::Format;
use sekisho_event::formats::FORMATS;
use sekisho_event::limits::BLOCK_BYTES;

static FORMAT: LazyLock<&'static dyn Format> = LazyLock::new(|| {
    let wanted = std::env::var("SEKISHO_FUZZ_FORMAT").expect("SEKISHO_FUZZ_FORMAT is not set");
    let found = FORMATS.iter().copied().find(|format| format.name() == wanted);
    found.expect("SEKISHO_FUZZ_FORMAT names no format")
});

fuzz_target!(|bytes: &[u8]| {
    let format = *FORMAT;
    for whole in [false, true] {
        format.recognises(bytes, whole);
    }
    for name in ["a.log", "conn.log"] {
        let cutter = |size| format.cutter(hints(name), size);
        let whole = read(format, cutter(BLOCK_BYTES), bytes, usize::MAX);
        for (size, slow) in [(1, 1), (16, 7), (64, usize::MAX)] {
            let cut = read(format, cutter(size), bytes, slow);
            assert_eq!(whole.records, cut.records, "it depends on the size of blocks ({size})");
            assert_eq!(whole.times, cut.times, "times depend on the size of blocks ({size})");
        }
    }
});
