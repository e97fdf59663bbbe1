//! Any text as a command line or script, of Windows or of a Unix shell, or as
//! the arguments of a program: what it asks for is within limits, and no more
//! than the text has.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sekisho_exposure::extract::commands::{Asked, read, read_arguments, read_unix};
use sekisho_exposure::limits::OBJECTS_PER_RECORD_MAX;

fn look(asked: &[Asked]) {
    // With each thing may come what follows of it.
    assert!(asked.len() <= OBJECTS_PER_RECORD_MAX + 2, "{} things", asked.len());
    for one in asked {
        assert!(one.sources.len() <= OBJECTS_PER_RECORD_MAX);
        assert!(one.targets.len() <= OBJECTS_PER_RECORD_MAX);
        assert!(one.sources.iter().chain(&one.targets).all(|text| !text.is_empty()), "{one:?}");
    }
}

fuzz_target!(|text: &str| {
    let windows = read(text);
    look(&windows);
    assert_eq!(read(text), windows);
    look(&read_unix(text));
    let arguments: Vec<&str> = text.split('\0').flat_map(|part| part.split('\n')).collect();
    look(&read_arguments(&arguments));
});
