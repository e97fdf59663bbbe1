//! Input that wants to stop a run, hide other records or eat memory. Beside
//! each of them lie good logs, which must be found all the same; and each is
//! counted and named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]
#![allow(clippy::indexing_slicing, clippy::print_stderr, reason = "it is a test")]

mod common;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::{
    Examined, GOOD_RULE, Ground, PEAK_KIB_MAX, data, good_line, good_lines, gzip, slow, zip, zstd,
};

/// Longest time that a hostile input may take, in the unhurried test build.
const TIME_MAX: Duration = Duration::from_secs(60);

/// A ground with a good log before and one behind all others.
fn guarded() -> Ground {
    let ground = Ground::new();
    ground.log("0_before.jsonl", good_lines("BEFORE", 3));
    ground.log("zz_behind.jsonl", good_lines("BEHIND", 3));
    ground
}

/// Examines, and checks what must hold whatever lies among the logs.
fn examined(ground: &Ground) -> Examined {
    let threads: &[&str] = &["--threads", "2"];
    let examined = ground.examine(threads).done();
    assert_eq!(examined.good("0_before.jsonl"), [1, 2, 3]);
    assert_eq!(examined.good("zz_behind.jsonl"), [1, 2, 3]);
    let ran = &examined.ran;
    assert!(ran.peak_kib < PEAK_KIB_MAX, "took {} KiB", ran.peak_kib);
    assert!(ran.took < TIME_MAX, "took {:?}", ran.took);
    examined
}

/// Asserts that a problem with this source says this.
fn named(examined: &Examined, path_part: &str, text: &str) {
    let problems = examined.problems(path_part);
    assert!(problems.iter().any(|p| p.contains(text)), "{path_part}: {text}: {problems:#?}");
}

/// Bytes that look like noise, the same ones each time.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..count).map(|_| next()).collect()
}

// ---- files that are no logs ----

#[test]
fn empty_files_are_named() {
    let ground = guarded();
    for name in ["empty", "empty.evtx", "empty.json", "empty.log.gz"] {
        ground.log(name, "");
    }
    ground.log("inner.jsonl.gz", gzip(b""));
    let examined = examined(&ground);
    for name in ["logs/empty", "empty.evtx", "empty.json", "empty.log.gz", "inner.jsonl.gz"] {
        named(&examined, name, "empty");
    }
}

#[test]
fn random_bytes_are_named() {
    let ground = guarded();
    ground.log("noise", noise(1 << 20));
    ground.log("noise.jsonl", noise(5 << 20));
    for (name, magic) in [
        ("noise.evtx", &b"ElfFile\0"[..]),
        ("noise.gz", b"\x1f\x8b\x08\x00"),
        ("noise.zst", b"\x28\xb5\x2f\xfd"),
        ("noise.zip", b"PK\x03\x04"),
        ("noise.brace", b"{\""),
        ("noise.zeek", b"#separator \\x09\n"),
    ] {
        ground.log(name, [magic, &noise(300_000)].concat());
    }
    let examined = examined(&ground);
    for name in ["noise.jsonl", "noise.evtx", "noise.gz", "noise.zst", "noise.zip", "noise.brace"] {
        assert!(!examined.problems(name).is_empty(), "{name} is not named");
    }
    assert!(!examined.problems("noise.zeek").is_empty(), "noise.zeek is not named");
    assert!(!examined.problems("logs/noise").is_empty(), "noise is not named");
}

// ---- EVTX ----

/// A rule that every Windows event fires.
const EVERY: &str = "title: every\nid: every\nlogsource:\n  product: windows\n\
                     detection:\n  a:\n    EventID|exists: true\n  condition: a\n";

/// An EVTX file of the collection with at least this many bytes.
fn some_evtx(bytes_min: u64) -> Option<Vec<u8>> {
    fn all(folder: &Path, out: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                all(&path, out);
            } else if path.extension().is_some_and(|e| e == "evtx") {
                out.push(path);
            }
        }
    }
    let mut files = Vec::new();
    all(&data("evtx")?, &mut files);
    files.sort_by_key(|path| (fs::metadata(path).unwrap().len(), path.clone()));
    let large = files.iter().find(|path| fs::metadata(path).unwrap().len() >= bytes_min);
    Some(fs::read(large.unwrap()).unwrap())
}

/// Offsets of the records of a file that `examine` found with [`EVERY`].
fn offsets(examined: &Examined, name: &str) -> Vec<u64> {
    let detections = examined.detections();
    let here = detections.iter().filter(|d| d["source"]["path"].as_str().unwrap().ends_with(name));
    here.map(|d| d["source"]["offset"].as_u64().unwrap()).collect()
}

/// Examines an EVTX file cut at these places: what must hold of each part.
fn check_cuts(cuts: &[usize], whole: &[u8]) {
    let ground = Ground::new();
    ground.rule("every.yml", EVERY);
    ground.log("whole.evtx", whole);
    for &cut in cuts {
        ground.log(&format!("cut_{cut}.evtx"), &whole[..cut]);
    }
    ground.log("zz_behind.jsonl", good_lines("BEHIND", 3));
    let examined = ground.examine_with_rules(&[]).done();
    let all = offsets(&examined, "whole.evtx");
    assert!(all.len() > 100, "{} records", all.len());
    assert_eq!(offsets(&examined, "zz_behind.jsonl").len(), 3);
    for &cut in cuts {
        let name = format!("cut_{cut}.evtx");
        assert!(!examined.problems(&name).is_empty(), "{name} is not named");
        let end = |offset: u64| {
            let at = usize::try_from(offset).unwrap();
            at + u32::from_le_bytes(whole[at + 4..at + 8].try_into().unwrap()) as usize
        };
        let before: Vec<u64> = all.iter().copied().filter(|&offset| end(offset) <= cut).collect();
        assert_eq!(offsets(&examined, &name), before, "{name}");
    }
}

/// Where the first chunk of an EVTX file ends.
const CHUNK_END: usize = 4096 + (1 << 16);

#[test]
fn a_cut_evtx_file_keeps_the_records_before_the_cut() {
    let Some(whole) = some_evtx(1 << 18) else { return };
    check_cuts(&[1, 8, 100, 4095, 4096 + 512, 4096 + 20_000, CHUNK_END + 7_777], &whole);
}

#[test]
fn an_evtx_file_cut_between_chunks_is_named() {
    let Some(whole) = some_evtx(1 << 18) else { return };
    check_cuts(&[4096, CHUNK_END], &whole);
}

#[test]
fn damage_within_an_evtx_file_costs_its_place_only() {
    let Some(whole) = some_evtx(1 << 19) else { return };
    let ground = guarded();
    ground.rule("every.yml", EVERY);
    ground.log("whole.evtx", &whole);
    let chunk = 1 << 16;
    let mut damaged = whole.clone();
    damaged[4096 + chunk..4096 + chunk + 40_000].copy_from_slice(&noise(40_000));
    ground.log("damaged.evtx", &damaged);
    let examined = ground.examine_with_rules(&[]).done();
    assert!(!examined.problems("damaged.evtx").is_empty());
    let elsewhere = |name: &str| {
        let inside = |at: &u64| (4096 + chunk as u64..4096 + 2 * chunk as u64).contains(at);
        offsets(&examined, name).into_iter().filter(|at| !inside(at)).collect::<Vec<_>>()
    };
    assert_eq!(elsewhere("damaged.evtx"), elsewhere("whole.evtx"));
}

// ---- JSON ----

/// Writes good lines around a record of this many bytes.
fn long_line(path: &Path, bytes: usize) {
    let mut file = std::io::BufWriter::new(fs::File::create(path).unwrap());
    file.write_all(good_line("LONG", 1).as_bytes()).unwrap();
    file.write_all(b"{\"Channel\":\"Security\",\"EventID\":1102,\"Message\":\"").unwrap();
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..bytes >> 20 {
        file.write_all(&piece).unwrap();
    }
    file.write_all(b"\"}\n").unwrap();
    file.write_all(good_line("LONG", 2).as_bytes()).unwrap();
    file.flush().unwrap();
}

fn check_long_line(bytes: usize) {
    let ground = guarded();
    long_line(&ground.logs().join("long.jsonl"), bytes);
    let examined = examined(&ground);
    assert_eq!(examined.good("long.jsonl"), [1, 2]);
    named(&examined, "long.jsonl", "record longer than");
    assert_eq!(examined.problems("long.jsonl").len(), 1);
}

#[test]
fn a_very_long_line_is_skipped_and_named() {
    check_long_line(64 << 20);
}

#[test]
fn a_line_of_a_gigabyte_is_skipped_and_named() {
    if slow() {
        check_long_line(1 << 30);
    }
}

#[test]
fn a_long_line_without_an_end_takes_no_memory() {
    let ground = guarded();
    for (name, start) in [
        ("open.json", "{\"a\":\""),
        ("open_array.json", "[{\"a\":[1,"),
        (
            "open.log",
            "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#fields\tts\tuid\n#types\ttime\tstring\n",
        ),
    ] {
        let mut bytes = start.as_bytes().to_vec();
        bytes.resize(80 << 20, b'1');
        ground.log(name, bytes);
    }
    let examined = examined(&ground);
    for name in ["open.json", "open_array.json", "open.log"] {
        assert!(!examined.problems(name).is_empty(), "{name} is not named");
    }
}

#[test]
fn nesting_without_end_is_named_and_its_neighbours_are_read() {
    let ground = guarded();
    for depth in [10_000, 1_000_000] {
        let objects = format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        let arrays = format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        let open = "{\"a\":".repeat(depth);
        for (name, record) in [("objects", objects), ("arrays", arrays), ("open", open)] {
            let lines = format!("{}{record}\n{}", good_line(name, 1), good_line(name, 2));
            ground.log(&format!("{name}_{depth}.jsonl"), lines);
        }
    }
    let examined = examined(&ground);
    for depth in [10_000, 1_000_000] {
        for name in ["objects", "arrays", "open"] {
            let file = format!("{name}_{depth}.jsonl");
            assert_eq!(examined.good(&file), [1, 2], "{file}");
            assert!(!examined.problems(&file).is_empty(), "{file} is not named");
        }
    }
}

#[test]
fn a_document_that_is_only_brackets_is_named() {
    let ground = guarded();
    ground.log("brackets.json", "[".repeat(2_000_000));
    ground.log("closed.json", format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)));
    let examined = examined(&ground);
    assert!(!examined.problems("brackets.json").is_empty());
    // Arrays without a record in them: nothing is lost.
    assert_eq!(examined.run_json()["records"], 6);
}

#[test]
fn bytes_that_are_not_utf_8_lose_nothing() {
    let ground = guarded();
    let mut bytes = good_line("BYTES", 1).into_bytes();
    bytes.extend_from_slice(b"{\"Channel\":\"Security\",\"EventID\":1102,\"EventRecordID\":2,");
    bytes
        .extend_from_slice(b"\"Hostname\":\"BYTES\",\"SubjectUserName\":\"k\xff\xfe\xc0\xafm\"}\n");
    bytes.extend_from_slice(good_line("BYTES", 3).as_bytes());
    ground.log("bytes.jsonl", bytes);
    let examined = examined(&ground);
    let problems = examined.problems("bytes.jsonl");
    let good = examined.good("bytes.jsonl");
    assert_eq!((good.first(), good.last()), (Some(&1), Some(&3)));
    // Either it is read with its bad bytes replaced, or it is named; never neither.
    assert!(good.contains(&2) || !problems.is_empty(), "{good:?} {problems:?}");
    assert!(std::str::from_utf8(&examined.bytes("detections.jsonl")).is_ok());
}

#[test]
fn broken_lines_cost_themselves_only() {
    let ground = guarded();
    let broken = [
        "{\"a\":}",
        "{\"a\":1",
        "\"a\":1}",
        "{",
        "}",
        "[",
        "]",
        "nonsense",
        "{\"a\":\"\\u12\"}",
        "{\"a\":1e}",
        "\u{0}\u{0}\u{0}",
        "{\"a\":\"\u{1}\"}",
        "{\"\\ud800\":1}",
        "{\"a\" 1}",
    ];
    for (at, line) in broken.iter().enumerate() {
        let text = format!("{}{line}\n{}", good_line("B", 1), good_line("B", 2));
        ground.log(&format!("broken_{at}.jsonl"), text);
    }
    let examined = examined(&ground);
    for (at, line) in broken.iter().enumerate() {
        let name = format!("broken_{at}.jsonl");
        assert_eq!(examined.good(&name), [1, 2], "{line:?}: {:?}", examined.problems(&name));
    }
}

#[test]
fn a_record_of_very_many_fields_is_bounded() {
    let ground = guarded();
    let fields: Vec<String> = (0..300_000).map(|n| format!("\"field{n}\":{n}")).collect();
    let lines = format!("{}{{{}}}\n{}", good_line("M", 1), fields.join(","), good_line("M", 2));
    ground.log("many.jsonl", lines);
    // New names in every record.
    let names: String = (0..200_000).map(|n| format!("{{\"name{n}\":1,\"b\":{n}}}\n")).collect();
    ground.log("names.jsonl", names);
    let examined = examined(&ground);
    assert_eq!(examined.good("many.jsonl"), [1, 2]);
    assert!(!examined.problems("many.jsonl").is_empty());
}

// ---- things that expand ----

/// A deflate stream of `piece` repeated, without compressing it each time.
fn deflate_repeated(piece: &[u8], times: usize) -> Vec<u8> {
    let mut once = Vec::with_capacity(piece.len() / 50 + 4096);
    let mut deflate = flate2::Compress::new(flate2::Compression::best(), false);
    deflate.compress_vec(piece, &mut once, flate2::FlushCompress::Full).unwrap();
    assert_eq!(deflate.total_in(), piece.len() as u64);
    let mut all = once.repeat(times);
    all.extend_from_slice(&[3, 0]); // an empty last block
    all
}

fn gzip_bomb(piece: &[u8], times: usize) -> Vec<u8> {
    let mut out = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    out.extend_from_slice(&deflate_repeated(piece, times));
    out.extend_from_slice(&[0; 8]); // never reached: its sum would be wrong
    out
}

/// An archive whose one member is `stream`, which unpacks to `bytes`.
fn zip_bomb(name: &str, stream: &[u8], bytes: u64) -> Vec<u8> {
    let size = |n: u64| u32::try_from(n).unwrap().to_le_bytes();
    let about = |out: &mut Vec<u8>| {
        out.extend_from_slice(&[20, 0, 0, 0, 8, 0, 0, 0, 0x21, 0, 0, 0, 0, 0]);
        out.extend_from_slice(&size(stream.len() as u64));
        out.extend_from_slice(&size(bytes));
        out.extend_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
        out.extend_from_slice(&[0, 0]);
    };
    let mut out = b"PK\x03\x04".to_vec();
    about(&mut out);
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(stream);
    let directory = out.len();
    out.extend_from_slice(b"PK\x01\x02\x14\0");
    about(&mut out);
    out.extend_from_slice(&[0; 14]);
    out.extend_from_slice(name.as_bytes());
    let directory_bytes = out.len() - directory;
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    out.extend_from_slice(&size(directory_bytes as u64));
    out.extend_from_slice(&size(directory as u64));
    out.extend_from_slice(&[0, 0]);
    out
}

#[test]
fn bombs_of_zeros_end_at_once() {
    let ground = guarded();
    let (zeros, times) = (vec![0; 16 << 20], 200);
    let bytes = (zeros.len() * times) as u64;
    ground.log("bomb.gz", gzip_bomb(&zeros, times));
    ground.log("bomb.zip", zip_bomb("zeros.jsonl", &deflate_repeated(&zeros, times), bytes));
    ground.log("bomb.zst", zstd(&zeros).repeat(times));
    let examined = examined(&ground);
    for name in ["bomb.gz", "bomb.zip", "bomb.zst"] {
        assert!(!examined.problems(name).is_empty(), "{name} is not named");
    }
}

/// Good records first, then gigabytes that no record ends in.
#[test]
fn bombs_behind_good_records_are_cut_off() {
    let ground = guarded();
    let start = good_lines("BOMB", 2) + "{\"EventTime\":\"";
    let mut bomb = gzip(start.as_bytes());
    bomb.extend_from_slice(&gzip_bomb(&[0; 16 << 20], 200));
    ground.log("bomb.jsonl.gz", bomb);
    let examined = examined(&ground);
    assert_eq!(examined.good("bomb.jsonl.gz"), [1, 2]);
    named(&examined, "bomb.jsonl.gz", "expands to more than");
}

#[test]
fn bombs_of_valid_records_are_cut_off() {
    if !slow() {
        return;
    }
    let ground = guarded();
    let line = "{\"a\":1,\"message\":\"all is well\"}\n";
    let piece = line.repeat((16 << 20) / line.len());
    ground.log("bomb.jsonl.gz", gzip_bomb(piece.as_bytes(), 200));
    let stream = deflate_repeated(piece.as_bytes(), 200);
    ground.log("bomb.zip", zip_bomb("bomb.jsonl", &stream, (piece.len() * 200) as u64));
    let examined = ground.examine(&["--threads", "2"]).done();
    assert_eq!(examined.good("zz_behind.jsonl"), [1, 2, 3]);
    assert!(examined.ran.peak_kib < PEAK_KIB_MAX, "took {} KiB", examined.ran.peak_kib);
    named(&examined, "bomb.jsonl.gz", "expands to more than");
    named(&examined, "bomb.zip", "expands to more than");
}

#[test]
fn a_zstd_frame_that_asks_for_a_huge_window_is_refused() {
    let ground = guarded();
    // Frame header with a window of 2 GiB, then noise.
    ground.log("window.zst", [b"\x28\xb5\x2f\xfd\x00\xa8", &noise(1000)[..]].concat());
    named(&examined(&ground), "window.zst", "");
}

/// An archive within this many others, each in a folder of its own.
fn nested(depth: usize, innermost: &[u8]) -> Vec<u8> {
    (0..depth).fold(innermost.to_vec(), |inner, _| zip(&[("in/in.zip", &inner)]))
}

#[test]
fn archives_nested_too_deeply_are_named() {
    let ground = guarded();
    let lines = good_lines("IN", 2);
    let log = zip(&[("log.jsonl", lines.as_bytes())]);
    ground.log("deep.zip", nested(7, &log));
    ground.log("deeper.zip", nested(8, &log));
    let examined = examined(&ground);
    let path = format!("deep.zip{}!log.jsonl", "!in/in.zip".repeat(7));
    assert_eq!(examined.good(&path), [1, 2]);
    named(&examined, "deeper.zip", "archives nested too deeply; at most 8");
    assert!(examined.good("deeper.zip").is_empty());
}

/// Many members that all are the same stretch of the file, an archive again
/// and again, and so on: their number grows by the power of the depth.
#[test]
fn an_archive_that_multiplies_is_cut_off() {
    let ground = guarded();
    let zeros = vec![0; 1 << 20];
    let names: Vec<String> = (0..30).map(|n| format!("{n:02}.zip")).collect();
    let mut bomb = zip(&[("zeros.jsonl", &zeros)]);
    for _ in 0..6 {
        let members: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), &bomb[..])).collect();
        bomb = zip(&members);
    }
    ground.log("bomb.zip", bomb);
    let examined = examined(&ground);
    let problems = examined.problems("bomb.zip");
    let limited = |p: &String| p.contains("expands to more") || p.contains("too many");
    assert!(problems.iter().any(limited), "{:?}", problems.last());
}

/// A member whose directory lies about its size, in both directions.
#[test]
fn lies_about_sizes_are_named_and_cost_nothing() {
    let ground = guarded();
    let lines = good_lines("LIE", 20);
    let mut deflated = Vec::with_capacity(1 << 16);
    let mut deflate = flate2::Compress::new(flate2::Compression::best(), false);
    deflate.compress_vec(lines.as_bytes(), &mut deflated, flate2::FlushCompress::Finish).unwrap();
    ground.log("less.zip", zip_bomb("less.jsonl", &deflated, 3));
    ground.log("more.zip", zip_bomb("more.jsonl", &deflated, 4_000_000_000));
    let examined = examined(&ground);
    for name in ["less.zip!less.jsonl", "more.zip!more.jsonl"] {
        named(&examined, name, "and its archive says");
        assert_eq!(examined.good(name).len(), 20, "{name}");
    }
}

#[test]
fn encrypted_members_are_named() {
    let ground = guarded();
    let lines = good_lines("SEEN", 2);
    let mut bytes = zip(&[("a.jsonl", lines.as_bytes()), ("b.jsonl", lines.as_bytes())]);
    // The flag in the directory's record of the first member.
    let at = bytes.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    bytes[at + 8] |= 1;
    ground.log("locked.zip", bytes);
    let examined = examined(&ground);
    named(&examined, "locked.zip!a.jsonl", "encrypted; unpack it with its password");
    assert_eq!(examined.good("locked.zip!b.jsonl"), [1, 2]);
}

#[test]
fn an_absurd_number_of_members_is_cut_off() {
    let ground = guarded();
    let mut directory = Vec::new();
    for n in 0..260_000_u32 {
        directory.extend_from_slice(b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\x21\0");
        directory.extend_from_slice(&[0; 12]);
        directory.extend_from_slice(&[6, 0, 0, 0]);
        directory.extend_from_slice(&[0; 14]);
        directory.extend_from_slice(format!("{n:06}").as_bytes());
    }
    let size = u32::try_from(directory.len()).unwrap().to_le_bytes();
    let mut bytes = [&b"PK\x03\x04"[..], &[0; 26], &directory].concat();
    bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff");
    bytes.extend_from_slice(&[&size[..], &30_u32.to_le_bytes(), &[0, 0]].concat());
    ground.log("many.zip", bytes);
    named(&examined(&ground), "many.zip", "archive has too many members");
}

#[test]
fn what_is_packed_in_ways_that_are_not_read_is_named() {
    let ground = guarded();
    ground.log("a.xz", [b"\xfd7zXZ\0", &noise(100)[..]].concat());
    ground.log("b.7z", [b"7z\xbc\xaf\x27\x1c", &noise(100)[..]].concat());
    let examined = examined(&ground);
    named(&examined, "a.xz", "compressed with xz, which is not read; plain, gzip");
    named(&examined, "b.7z", "a 7z archive, which is not read");
}

#[test]
fn a_broken_archive_is_named() {
    let ground = guarded();
    let lines = good_lines("ZIP", 50);
    let whole = zip(&[("a.jsonl", lines.as_bytes()), ("b.jsonl", lines.as_bytes())]);
    ground.log("no_directory.zip", &whole[..whole.len() / 2]);
    let mut noisy = whole.clone();
    let end = noisy.len();
    noisy[end - 60..end - 22].copy_from_slice(&noise(38));
    ground.log("noisy_directory.zip", &noisy);
    // The member's bytes are damaged, the directory is whole.
    let mut damaged = whole.clone();
    damaged[60..80].copy_from_slice(&noise(20));
    ground.log("damaged_member.zip", &damaged);
    let examined = examined(&ground);
    for name in ["no_directory.zip", "noisy_directory.zip", "damaged_member.zip!a.jsonl"] {
        assert!(!examined.problems(name).is_empty(), "{name} is not named");
    }
    assert_eq!(examined.good("damaged_member.zip!b.jsonl").len(), 50);
}

#[test]
fn a_cut_stream_keeps_the_records_before_the_cut() {
    let ground = guarded();
    // Records that do not compress to nothing.
    let filler =
        |id: u64| noise(300 + id as usize).iter().map(|b| format!("{b:x}")).collect::<String>();
    let lines: String =
        (1..=2_000).map(|id| good_line("CUT", id).replace("kim", &filler(id % 50))).collect();
    for (name, packed) in
        [("cut.jsonl.gz", gzip(lines.as_bytes())), ("cut.jsonl.zst", zstd(lines.as_bytes()))]
    {
        ground.log(name, &packed[..packed.len() / 2]);
    }
    let examined = examined(&ground);
    for name in ["cut.jsonl.gz", "cut.jsonl.zst"] {
        let good = examined.good(name);
        eprintln!("{name}: {} records before the cut", good.len());
        assert!(good.len() > 500, "{name}: {} records", good.len());
        assert!((1..).zip(&good).all(|(n, &id)| n == id), "{name}");
        assert!(!examined.problems(name).is_empty(), "{name} is not named");
    }
}

// ---- the file system ----

#[cfg(unix)]
mod file_system {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::process::Command;

    use super::*;

    #[test]
    fn loops_of_links_end() {
        let ground = guarded();
        ground.log("folder/in.jsonl", good_lines("IN", 2));
        symlink(ground.logs(), ground.logs().join("folder/up")).unwrap();
        symlink("self", ground.logs().join("self")).unwrap();
        symlink(ground.logs().join("folder"), ground.logs().join("again")).unwrap();
        let examined = examined(&ground);
        // Whichever way it was reached by, once.
        assert_eq!(examined.good("in.jsonl"), [1, 2]);
        named(&examined, "again/up", "already read");
        named(&examined, "logs/folder", "already read");
        assert!(!examined.problems("logs/self").is_empty());
    }

    #[test]
    fn dangling_links_are_named() {
        let ground = guarded();
        symlink("nowhere", ground.logs().join("dangling.evtx")).unwrap();
        named(&examined(&ground), "dangling.evtx", "No such file");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let ground = guarded();
        let file = ground.log("locked.jsonl", good_lines("L", 1));
        let inner = ground.log("locked/in.jsonl", good_lines("M", 1));
        let folder = inner.parent().unwrap();
        for path in [file.as_path(), folder] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
        }
        let readable = fs::read(&file).is_ok();
        let examined = examined(&ground);
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
        if readable {
            eprintln!("skipped: this user may read everything");
            return;
        }
        named(&examined, "locked.jsonl", "ermission denied");
        named(&examined, "logs/locked", "ermission denied");
    }

    #[test]
    fn pipes_and_devices_are_named_and_not_waited_for() {
        let ground = guarded();
        let pipe = ground.logs().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        symlink("/dev/zero", ground.logs().join("device")).unwrap();
        let named_here = [ground.logs(), PathBuf::from("/dev/zero"), pipe];
        let examined = ground.examine_paths(&named_here, &[]).done();
        assert_eq!(examined.good("zz_behind.jsonl"), [1, 2, 3]);
        for path in ["logs/pipe", "logs/device", "/dev/zero"] {
            named(&examined, path, "neither a file nor a folder");
        }
    }

    #[test]
    fn a_pipe_among_the_rules_is_not_waited_for() {
        let ground = guarded();
        ground.rule("every.yml", EVERY);
        let pipe = ground.path("rules/pipe.yml");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        symlink("/dev/zero", ground.path("rules/device.yml")).unwrap();
        symlink(ground.path("rules"), ground.path("rules/loop")).unwrap();
        symlink("every.yml", ground.path("rules/same.yml")).unwrap();
        symlink("nowhere", ground.path("rules/gone.yml")).unwrap();
        let every = ground.path("rules/every.yml");
        let examined = ground.examine_with_rules(&["--rules", every.to_str().unwrap()]).done();
        assert_eq!(examined.detections().len(), 6);
        let rules = &examined.run_json()["rules"];
        let (rejected, notes) = (rules["rejected"].to_string(), rules["notes"].to_string());
        for name in ["pipe.yml", "device.yml", "gone.yml"] {
            assert!(rejected.contains(name), "{name}: {rejected}");
        }
        for name in ["rules/loop", "same.yml", "every.yml"] {
            assert!(notes.contains(name), "{name}: {notes}");
        }
    }

    #[test]
    fn names_that_are_not_utf_8_are_read() {
        use std::os::unix::ffi::OsStrExt as _;
        let ground = guarded();
        let name = std::ffi::OsStr::from_bytes(b"odd\xff\n\"name.jsonl");
        fs::write(ground.logs().join(name), good_lines("ODD", 2)).unwrap();
        assert_eq!(examined(&ground).good("name.jsonl"), [1, 2]);
    }
}

// ---- the same thing twice ----

#[test]
fn the_same_bytes_under_two_names_are_read_once_and_said() {
    let ground = guarded();
    let lines = good_lines("SAME", 4);
    ground.log("a_first.jsonl", &lines);
    ground.log("b_second.jsonl", &lines);
    let large: String = (0..60_000).map(|n| good_line("LARGE", n)).collect();
    ground.log("c_large.jsonl", &large);
    ground.log("d_large.jsonl", &large);
    let examined = examined(&ground);
    assert_eq!(examined.good("a_first.jsonl").len(), 4);
    assert_eq!(examined.good("c_large.jsonl").len(), 60_000);
    for (again, first) in [("b_second", "a_first"), ("d_large", "c_large")] {
        assert_eq!(examined.good(&format!("{again}.jsonl")).len(), 0);
        let run = examined.run_json();
        let sources = run["sources"].as_array().unwrap();
        let source = sources.iter().find(|s| s["path"].as_str().unwrap().contains(again)).unwrap();
        assert!(source["duplicate_of"].as_str().unwrap().contains(first), "{source}");
    }
    assert_eq!(examined.run_json()["records"], 60_010);
    assert!(examined.text("report.html").contains("b_second.jsonl"));
}

#[test]
fn a_file_named_twice_is_read_once() {
    let ground = guarded();
    let file = ground.log("twice.jsonl", good_lines("TWICE", 2));
    let other = ground.logs().join("../logs/./twice.jsonl");
    let paths = [file.clone(), ground.logs(), file, other, ground.logs()];
    let examined = ground.examine_paths(&paths, &[]).done();
    assert_eq!(examined.good("twice.jsonl"), [1, 2]);
    assert_eq!(examined.good("zz_behind.jsonl"), [1, 2, 3]);
}

#[test]
fn a_path_that_is_not_there_is_named_and_the_rest_is_read() {
    let ground = guarded();
    let examined = ground.examine_paths(&[ground.logs(), ground.path("nowhere")], &[]).done();
    assert_eq!(examined.good("0_before.jsonl"), [1, 2, 3]);
    named(&examined, "nowhere", "No such file");
}

// ---- rules ----

/// Rules that want to stop or to swamp whoever loads them.
fn hostile_rules() -> Vec<(&'static str, Vec<u8>)> {
    let rule = |detection: &str| {
        format!(
            "title: t\nlogsource:\n  product: windows\ndetection:\n{detection}\n  condition: a\n"
        )
        .into_bytes()
    };
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let last = format!("*a{}", n - 1);
        laughs.push_str(&format!("a{n}: &a{n} [{}]\n", vec![last; 10].join(", ")));
    }
    laughs
        .push_str("title: t\nlogsource: {product: windows}\ndetection: {a: *a11, condition: a}\n");
    let regex = |text: &str| rule(&format!("  a:\n    CommandLine|re: '{text}'"));
    let values: String = (0..400_000).map(|n| format!("\n      - v{n}")).collect();
    vec![
        ("laughs.yml", laughs.into_bytes()),
        ("deep.yml", format!("title: {}{}", "[".repeat(100_000), "]".repeat(100_000)).into_bytes()),
        ("deep_map.yml", format!("title: {}", "{a: ".repeat(100_000)).into_bytes()),
        ("deep_block.yml", (0..3_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect::<String>().into_bytes()),
        ("deep_condition.yml", rule(&format!("  a:\n    EventID: 1\n  condition: {}a{}", "(".repeat(100_000), ")".repeat(100_000)))),
        ("nots.yml", format!("title: t\nlogsource:\n  product: windows\ndetection:\n  a:\n    EventID: 1\n  condition: {}a\n", "not ".repeat(100_000)).into_bytes()),
        ("huge_regex.yml", regex(&"a?b".repeat(1_700_000))),
        ("squared_regex.yml", regex("(a{1000}){1000}")),
        ("unicode_regex.yml", regex("(\\w{1000}){100}")),
        ("nested_regex.yml", regex(&format!("{}a{}", "(".repeat(5_000), ")".repeat(5_000)))),
        ("bad_regex.yml", regex("(((")),
        ("values.yml", rule(&format!("  a:\n    CommandLine|contains:{values}"))),
        ("windash.yml", rule(&format!("  a:\n    CommandLine|windash|contains: '{}'", " -a".repeat(100)))),
        ("twice.yml", rule("  a:\n    EventID: 1\n  a:\n    EventID: 2")),
        ("binary.yml", noise(100_000)),
        ("zeros.yml", vec![0; 100_000]),
        ("no_text.yml", b"title: \xff\xfe\n".to_vec()),
        ("list.yml", b"- a\n- b\n".to_vec()),
        ("self.yml", b"&a [*a]\n".to_vec()),
        ("tag.yml", b"!!python/object/apply:os.system ['true']\n".to_vec()),
    ]
}

#[test]
fn hostile_rules_do_not_harm_good_ones() {
    let ground = guarded();
    ground.rule("a_good.yml", EVERY.replace("every", "first"));
    ground.rule("zz_good.yml", EVERY.replace("every", "last"));
    let rules = hostile_rules();
    for (name, text) in &rules {
        ground.rule(name, text);
    }
    // Good rules in one file with a bad one.
    ground.rule(
        "mixed.yml",
        format!(
            "{}---\ntitle: [\n---\n{}",
            EVERY.replace("every", "mixed1"),
            EVERY.replace("every", "mixed2")
        ),
    );
    let examined = ground.examine_with_rules(&["--threads", "2"]).done();
    let fired = examined.titles();
    for title in ["first", "last", "mixed1"] {
        assert_eq!(fired.iter().filter(|t| *t == title).count(), 6, "{title}");
    }
    let (ran, run) = (&examined.ran, examined.run_json());
    assert!(ran.peak_kib < PEAK_KIB_MAX, "took {} KiB", ran.peak_kib);
    assert!(ran.took < TIME_MAX, "took {:?}", ran.took);
    let rejected = run["rules"]["rejected"].as_array().unwrap();
    let noted = run["rules"]["notes"].as_array().unwrap();
    for (name, _) in &rules {
        let about = |list: &[serde_json::Value]| {
            list.iter().any(|r| r["file"].as_str().unwrap().ends_with(name))
        };
        // Limits may allow some of them; those must at least do no harm.
        let allowed = ["nots.yml", "nested_regex.yml", "values.yml", "windash.yml"];
        assert!(about(rejected) || about(noted) || allowed.contains(name), "{name} is not named");
    }
    assert!(rejected.iter().all(|r| !r["reason"].as_str().unwrap().is_empty()));
}

#[test]
fn only_hostile_rules_fail_with_a_hint() {
    let ground = guarded();
    ground.rule("bad.yml", noise(1000));
    let examined = ground.examine_with_rules(&[]);
    assert_eq!(examined.ran.code, Some(2));
    assert!(examined.ran.stderr.contains("bad.yml: not UTF-8"), "{}", examined.ran.stderr);
}

#[test]
fn the_good_rule_is_the_one_in_the_pack() {
    let ground = guarded();
    let examined = ground.examine(&["--id", GOOD_RULE]).done();
    assert_eq!(examined.rule_ids().len(), 6);
}
