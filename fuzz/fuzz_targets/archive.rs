//! Any bytes as a file of evidence: an archive, archives within it, something
//! compressed. Every source in it is found and read, up to some bytes.
#![no_main]

use std::io::Read as _;
use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sekisho::sources::open::with_source;
use sekisho::sources::walk::Inventory;

/// How much is read of each source, and of how many.
const READ_BYTES_MAX: u64 = 64 << 10;
const SOURCES_MAX: usize = 200;

static FILE: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("fuzz-archive-{}", std::process::id())));

fuzz_target!(|bytes: &[u8]| {
    std::fs::write(&*FILE, bytes).expect("the temporary file can be written");
    let inventory = Inventory::of(&[FILE.clone()]);
    assert_eq!(inventory.files.len(), 1);
    for source in inventory.sources.iter().take(SOURCES_MAX) {
        let mut out = Vec::new();
        // What cannot be read is an error, and nothing else.
        let _ = with_source(source, |input| input.take(READ_BYTES_MAX).read_to_end(&mut out));
        assert!(out.len() as u64 <= READ_BYTES_MAX);
    }
});
