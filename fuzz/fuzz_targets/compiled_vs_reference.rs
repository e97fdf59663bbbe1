//! Bytes become rules and events (by the generator of the property tests);
//! the compiled engine and the reference must agree on them.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/sekisho-sigma/tests/common/compare.rs"]
#[allow(dead_code, reason = "the property tests use more of it")]
mod compare;
#[path = "../../crates/sekisho-sigma/tests/common/generate.rs"]
#[allow(dead_code, reason = "the property tests use more of it")]
mod generate;
#[path = "../../crates/sekisho-sigma/tests/common/late.rs"]
#[allow(dead_code, reason = "the property tests use more of it")]
mod late;

fuzz_target!(|bytes: &[u8]| {
    let scene = generate::scene(bytes);
    if let Err(why) = compare::compare(&scene, false) {
        panic!("{why}\n{}", scene.rules.join("\n"));
    }
});
