//! At most one format says yes to any bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sekisho_event::formats::FORMATS;

fuzz_target!(|bytes: &[u8]| {
    for whole in [false, true] {
        let yes = FORMATS.iter().filter(|f| f.recognises(bytes, whole));
        let names: Vec<&str> = yes.map(|f| f.name()).collect();
        assert!(names.len() <= 1, "{names:?}");
    }
});
