//! What a source is, is told from its bytes: the first format of the list that
//! knows them.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail, and says what it skipped"
)]

use std::path::{Path, PathBuf};

use sekisho_event::formats::recognise;

/// How many bytes of a source are looked at.
const START_BYTES: usize = 64 << 10;

/// The name of the format.
fn of(start: &[u8], whole: bool) -> Option<&'static str> {
    recognise(start, whole).map(|f| f.name())
}

fn dice(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % below.max(1)
    }
}

fn files() -> Vec<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("SEKISHO_TEST_DATA").map_or(beside, PathBuf::from);
    if !data.is_dir() {
        println!("skipped: no test data");
        return Vec::new();
    }
    let (mut open, mut found) = (vec![data], Vec::new());
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn a_file_of_the_test_data_is_of_one_format() {
    let mut dice = dice(3);
    for path in files() {
        let mut bytes = std::fs::read(&path).unwrap();
        let size = bytes.len();
        bytes.truncate(START_BYTES);
        let format = of(&bytes, size <= START_BYTES);
        let in_log = |part: &str| path.components().any(|c| c.as_os_str() == part);
        let expected = match path.extension().and_then(|e| e.to_str()) {
            Some("evtx") => Some("evtx"),
            Some("raw") if in_log("cisco") => Some("cisco"),
            Some("yml") => None,
            _ => format,
        };
        assert_eq!(format, expected, "{}", path.display());
        for _ in 0..3 {
            let from = dice(bytes.len());
            let len = dice(bytes.len() - from + 1);
            of(&bytes[..len], dice(2) == 0);
            of(&bytes[from..from + len], dice(2) == 0);
        }
    }
}

#[test]
fn pieces_of_all_formats_break_nothing() {
    const PIECES: [&[u8]; 25] = [
        b"ElfFile\0",
        b"#separator \\x09\n",
        b"#fields\tts\tuid\n",
        b"#fields ",
        b"1: *Feb 17 13:40:03.673: %SYS-5-CONFIG_I: x\n",
        b"%SYS-5-CONFIG_I: x",
        b"Log Buffer (8192 bytes):\n",
        b"{\"message\":\"",
        b"{\"a\":1}",
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"",
        b":",
        b",",
        b"\n",
        b"\r\n",
        b" ",
        b"\t",
        b"\0",
        b"\xEF\xBB\xBF",
        b"\xFF\xFE",
        b"\xFE\xFF",
        b"text",
    ];
    let mut dice = dice(9);
    let mut told = [0; 2];
    for _ in 0..200_000 {
        let mut bytes = Vec::new();
        for _ in 0..=dice(8) {
            bytes.extend_from_slice(PIECES[dice(PIECES.len())]);
        }
        if dice(3) == 0 {
            let at = dice(bytes.len());
            bytes[at] = u8::try_from(dice(256)).unwrap();
        }
        bytes.truncate(dice(bytes.len() + 20));
        told[usize::from(of(&bytes, dice(2) == 0).is_some())] += 1;
    }
    assert!(told.iter().all(|&n| n > 10_000), "{told:?}");
}

#[test]
fn random_bytes_are_of_no_format() {
    let mut dice = dice(1);
    let mut told = 0;
    for _ in 0..20_000 {
        let bytes: Vec<u8> = (0..dice(60)).map(|_| u8::try_from(dice(256)).unwrap()).collect();
        told += usize::from(of(&bytes, true).is_some());
    }
    assert!(told < 2_000, "{told}");
}
