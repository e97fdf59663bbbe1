//! Any bytes are of some format or of none, and asking breaks nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sekisho_event::formats::recognise;

fuzz_target!(|bytes: &[u8]| {
    for whole in [false, true] {
        std::hint::black_box(recognise(bytes, whole));
    }
});
