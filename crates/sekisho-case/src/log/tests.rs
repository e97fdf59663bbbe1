//! Logs that grow, fail at every step, and are damaged in every place.

use std::collections::BTreeMap;
use std::fs;

use super::*;
use crate::cosignature::cosign;
use crate::durable::FaultyDisk;
use crate::key::SigningKey;
use crate::limits::ENTRY_BYTES_MAX;
use crate::merkle::{Tree, verify_consistency, verify_inclusion};

const ORIGIN: &str = "example.com/owner/case/0123456789abcdef";

fn key() -> SigningKey {
    SigningKey::from_seed("example.com/owner", [7; 32]).unwrap()
}

fn owner() -> VerifyingKey {
    key().with_name(ORIGIN).unwrap().verifying_key()
}

fn entry(index: u64) -> Vec<u8> {
    format!("{{\"type\":\"test\",\"number\":{index}}}").into_bytes()
}

fn tree(size: u64) -> Tree {
    Tree::new((0..size).map(|index| leaf_hash(&entry(index))).collect())
}

fn append(writer: &mut LogWriter, until: u64) -> Result<(), LogError> {
    while writer.size() < until {
        let index = writer.size();
        assert_eq!(writer.append(&entry(index))?, index);
    }
    Ok(())
}

/// A log that was published at each of these sizes.
fn log_of(folder: &Path, sizes: &[u64]) -> Log {
    let mut writer = Log::create(folder, &owner()).unwrap();
    for size in sizes {
        append(&mut writer, *size).unwrap();
        writer.publish(&key()).unwrap();
    }
    drop(writer);
    Log::open(folder).unwrap()
}

fn assert_is_whole(log: &Log) {
    let size = log.size();
    assert_eq!(log.root(), tree(size).root());
    assert_eq!(log.verify(&owner()).unwrap().size, size);
    let check = log.check_all().unwrap();
    assert!(check.is_sound() && check.entries == size, "{check:?}");
    let entries: Result<Vec<_>, _> = log.entries(0..u64::MAX).collect();
    let expected: Vec<_> = (0..size).map(|index| (index, entry(index))).collect();
    assert_eq!(entries.unwrap(), expected);
}

/// All files of a folder by name.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut open, mut out) = (vec![folder.to_owned()], BTreeMap::new());
    while let Some(path) = open.pop() {
        for found in fs::read_dir(path).unwrap() {
            let path = found.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                out.insert(name, fs::read(path).unwrap());
            }
        }
    }
    out
}

#[test]
fn a_log_is_written_and_read() {
    for size in [0, 1, 255, 256, 257, 512, 1_000] {
        let folder = tempfile::tempdir().unwrap();
        assert_is_whole(&log_of(&folder.path().join("new/case"), &[size]));
    }
}

#[test]
fn how_it_grew_does_not_matter() {
    let [a, b] = [1, 2].map(|_| tempfile::tempdir().unwrap());
    assert_is_whole(&log_of(a.path(), &[0, 3, 200, 255, 256, 300, 511, 520]));
    let mut writer = Log::create(b.path(), &owner()).unwrap();
    append(&mut writer, 520).unwrap();
    writer.publish(&key()).unwrap();
    drop(writer);
    let (mut stepwise, at_once) = (files(a.path()), files(b.path()));
    // The partial tiles of older checkpoints are kept until there is a full one.
    stepwise.retain(|name, _| name != "tile/1/000.p/1");
    assert_eq!(stepwise, at_once);
}

#[test]
fn a_log_goes_on_after_it_was_closed() {
    let folder = tempfile::tempdir().unwrap();
    log_of(folder.path(), &[1]);
    for until in [2, 256, 257, 700] {
        let mut writer = Log::open_for_writing(folder.path(), &owner()).unwrap();
        append(&mut writer, until).unwrap();
        writer.publish(&key()).unwrap();
        drop(writer);
        assert_is_whole(&Log::open(folder.path()).unwrap());
    }
}

#[test]
fn proofs_of_a_log_are_those_of_its_tree() {
    let folder = tempfile::tempdir().unwrap();
    let log = log_of(folder.path(), &[700]);
    for size in [1, 2, 255, 256, 257, 512, 513, 700] {
        let tree = tree(size);
        assert_eq!(log.root_at(size).unwrap(), tree.root());
        for index in [0, 1, 100, 255, 256, 511, 512, 699].into_iter().filter(|n| *n < size) {
            let proof = log.inclusion(index, size).unwrap();
            assert_eq!(Some(&proof), tree.inclusion(index).as_ref());
            let leaf = log.leaf(index).unwrap();
            assert_eq!(verify_inclusion(&leaf, index, size, &proof, &tree.root()), Ok(()));
        }
        let proof = log.consistency(size, 700).unwrap();
        let (old, new) = (tree.root(), log.root());
        assert_eq!(verify_consistency(size, &old, 700, &new, &proof), Ok(()));
    }
    assert_eq!(log.consistency(0, 700).unwrap(), []);
    assert_eq!(log.root_at(0).unwrap(), crate::merkle::empty_root());
    for beyond in [
        log.entry(700).map(|_| ()),
        log.leaf(u64::MAX).map(|_| ()),
        log.root_at(701).map(|_| ()),
        log.inclusion(5, 5).map(|_| ()),
        log.inclusion(5, 701).map(|_| ()),
        log.consistency(6, 5).map(|_| ()),
        log.consistency(5, 701).map(|_| ()),
    ] {
        assert!(matches!(beyond, Err(LogError::Beyond { .. })), "{beyond:?}");
    }
}

#[test]
fn an_older_state_can_still_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let old = log_of(folder.path(), &[100]);
    let mut writer = Log::open_for_writing(folder.path(), &owner()).unwrap();
    for until in [200, 400] {
        append(&mut writer, until).unwrap();
        writer.publish(&key()).unwrap();
        let old = Log::at(folder.path(), old.checkpoint().clone());
        assert_is_whole(&old);
    }
    assert!(!files(folder.path()).contains_key("tile/0/000.p/100"), "a full one took its place");
}

#[test]
fn readers_see_only_what_is_published() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Log::create(folder.path(), &owner()).unwrap();
    append(&mut writer, 300).unwrap();
    assert!(matches!(Log::open(folder.path()), Err(LogError::NotPublished { .. })));
    assert!(matches!(writer.log(), Err(LogError::NotPublished { .. })));
    writer.publish(&key()).unwrap();
    append(&mut writer, 600).unwrap();
    let log = Log::open(folder.path()).unwrap();
    assert_eq!(log.size(), 300);
    assert_is_whole(&log);
    assert_is_whole(&writer.log().unwrap());
}

#[test]
fn there_is_one_writer() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Log::create(folder.path(), &owner()).unwrap();
    let second = Log::create(folder.path(), &owner()).unwrap_err();
    assert!(matches!(second, LogError::Locked { .. }), "{second}");
    writer.publish(&key()).unwrap();
    let second = Log::open_for_writing(folder.path(), &owner()).unwrap_err();
    assert!(second.to_string().contains("another process is writing"), "{second}");
    drop(writer);
    let exists = Log::create(folder.path(), &owner()).unwrap_err();
    assert!(matches!(exists, LogError::Exists { .. }), "{exists}");
    Log::open_for_writing(folder.path(), &owner()).unwrap();
}

#[test]
fn only_the_owner_writes() {
    let folder = tempfile::tempdir().unwrap();
    log_of(folder.path(), &[5]);
    let stranger = SigningKey::from_seed(ORIGIN, [8; 32]).unwrap();
    let refused = Log::open_for_writing(folder.path(), &stranger.verifying_key()).unwrap_err();
    assert!(matches!(refused, LogError::Unsigned { .. }), "{refused}");
    let mut writer = Log::open_for_writing(folder.path(), &owner()).unwrap();
    append(&mut writer, 6).unwrap();
    let refused = writer.publish(&stranger).unwrap_err();
    assert!(matches!(refused, LogError::OtherKey { .. }), "{refused}");
    writer.publish(&key()).unwrap();
}

#[test]
fn an_entry_can_only_be_so_long() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Log::create(folder.path(), &owner()).unwrap();
    assert!(matches!(writer.append(&[0; ENTRY_BYTES_MAX + 1]), Err(LogError::Entry(_))));
    assert_eq!(writer.append(&[0; ENTRY_BYTES_MAX]).unwrap(), 0);
    assert_eq!(writer.append(b"").unwrap(), 1);
    writer.publish(&key()).unwrap();
    let log = writer.log().unwrap();
    assert_eq!(log.entry(0).unwrap().len(), ENTRY_BYTES_MAX);
    assert_eq!(log.entry(1).unwrap(), b"");
}

#[test]
fn a_witness_adds_its_signature() {
    let folder = tempfile::tempdir().unwrap();
    log_of(folder.path(), &[5]);
    let witness = SigningKey::from_seed("witness.example/w", [9; 32]).unwrap();
    let mut writer = Log::open_for_writing(folder.path(), &owner()).unwrap();
    let text = writer.published().unwrap().note().text().to_owned();
    let good = cosign(&witness, &text, 1).unwrap();
    let wrong = cosign(&witness, "another\n", 1).unwrap();
    assert!(writer.add_signature(wrong, &witness.cosigner_key()).is_err());
    writer.add_signature(good, &witness.cosigner_key()).unwrap();
    drop(writer);
    let log = Log::open(folder.path()).unwrap();
    assert_eq!(log.checkpoint().note().verify(&witness.cosigner_key()), Ok(Some(1)));
    assert_is_whole(&log);
}

/// Grows a log from 250 to 600 entries with a publication between, on a disk
/// that fails after some steps; says which sizes may be published then.
fn grow_on(disk: FaultyDisk, folder: &Path) -> (Result<(), LogError>, [u64; 2]) {
    let mut sizes = [250, 250];
    let run = || {
        let mut writer = LogWriter::open_on(Arc::new(disk), folder, &owner())?;
        for until in [300, 600] {
            append(&mut writer, until)?;
            sizes[1] = until;
            writer.publish(&key())?;
            sizes[0] = until;
        }
        Ok(())
    };
    (run(), sizes)
}

#[test]
fn whatever_step_fails_the_log_is_whole_and_goes_on() {
    let mut failures = 0;
    for steps in 0.. {
        let folder = tempfile::tempdir().unwrap();
        log_of(folder.path(), &[250]);
        let (done, [before, after]) = grow_on(FaultyDisk::after(steps), folder.path());
        let log = Log::open(folder.path()).unwrap();
        assert!(log.size() == before || log.size() == after, "{} after {steps}", log.size());
        assert_is_whole(&log);
        // And once more, failing while what was left over is tidied up.
        for again in 0..4 {
            let _ = grow_on(FaultyDisk::after(again), folder.path());
        }
        let mut writer = Log::open_for_writing(folder.path(), &owner()).unwrap();
        assert!(writer.size() >= log.size(), "nothing that was published is lost");
        append(&mut writer, 700).unwrap();
        writer.publish(&key()).unwrap();
        drop(writer);
        assert_is_whole(&Log::open(folder.path()).unwrap());
        assert!(!folder.path().join(CHECKPOINT_NEXT).exists());
        let unfinished = |name: &String| name.ends_with(crate::durable::UNFINISHED);
        assert_eq!(files(folder.path()).keys().find(|name| unfinished(name)), None);
        if done.is_ok() {
            break;
        }
        failures += 1;
    }
    assert!(failures > 40, "only {failures} steps could fail");
}

#[test]
fn a_first_publication_that_fails_leaves_nothing() {
    for steps in 0.. {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("case");
        let disk = Arc::new(FaultyDisk::after(steps));
        let done = LogWriter::create_on(disk, &path, &owner()).and_then(|mut writer| {
            append(&mut writer, 300)?;
            writer.publish(&key()).map(|_| ())
        });
        let anew = match Log::create(&path, &owner()) {
            Err(LogError::Exists { .. }) => Log::open_for_writing(&path, &owner()),
            anew => anew,
        };
        let mut anew = anew.unwrap();
        append(&mut anew, 310).unwrap();
        anew.publish(&key()).unwrap();
        assert_is_whole(&anew.log().unwrap());
        if done.is_ok() {
            break;
        }
    }
}

#[test]
fn after_a_failure_a_writer_does_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    log_of(folder.path(), &[5]);
    let disk = Arc::new(FaultyDisk::after(1));
    let mut writer = LogWriter::open_on(disk, folder.path(), &owner()).unwrap();
    append(&mut writer, 6).unwrap();
    assert!(matches!(writer.publish(&key()), Err(LogError::Disk(_))));
    assert!(matches!(writer.publish(&key()), Err(LogError::Failed)));
    assert!(matches!(writer.append(b""), Err(LogError::Failed)));
    assert_eq!(writer.published().unwrap().unverified().size, 5);
}

#[test]
fn what_was_signed_is_published() {
    let folder = tempfile::tempdir().unwrap();
    log_of(folder.path(), &[5]);
    let (next, path) = (folder.path().join(CHECKPOINT_NEXT), folder.path().join(CHECKPOINT));
    let old = fs::read(&path).unwrap();
    let mut writer = Log::open_for_writing(folder.path(), &owner()).unwrap();
    append(&mut writer, 9).unwrap();
    writer.publish(&key()).unwrap();
    drop(writer);
    // As if it had been cut off before the renaming.
    let new = fs::read(&path).unwrap();
    fs::write(&next, &new).unwrap();
    fs::write(&path, &old).unwrap();
    assert_eq!(Log::open(folder.path()).unwrap().size(), 5);
    let writer = Log::open_for_writing(folder.path(), &owner()).unwrap();
    assert_eq!((writer.size(), writer.log().unwrap().size()), (9, 9));
    drop(writer);
    assert!(!next.exists());
    assert_is_whole(&Log::open(folder.path()).unwrap());

    // One that is cut off, or signed by somebody else, is nothing.
    let stranger = SigningKey::from_seed(ORIGIN, [8; 32]).unwrap();
    let forged = Checkpoint::new(ORIGIN, 10, Hash([1; 32]));
    let forged = SignedCheckpoint::sign(&forged, &stranger).unwrap().to_bytes();
    for bytes in [&new[..new.len() - 1], &new[..40], b"", &forged] {
        fs::write(&next, bytes).unwrap();
        assert_eq!(Log::open_for_writing(folder.path(), &owner()).unwrap().size(), 9);
        assert!(!next.exists());
    }

    // One that says something else is evidence, and is not touched.
    let own = key().with_name(ORIGIN).unwrap();
    for size in [5, 9] {
        let fork = Checkpoint::new(ORIGIN, size, Hash([1; 32]));
        let fork = SignedCheckpoint::sign(&fork, &own).unwrap().to_bytes();
        fs::write(&next, &fork).unwrap();
        let refused = Log::open_for_writing(folder.path(), &owner()).unwrap_err();
        assert!(matches!(refused, LogError::Contradiction { .. }), "{refused}");
        assert_eq!(fs::read(&next).unwrap(), fork);
    }
}

#[test]
fn what_is_no_tile_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    log_of(folder.path(), &[300]);
    let kept = ["tile/notes.txt", "tile/0/000", "other"];
    let left_over = ["tile/0/009", "tile/entries/001.p/200", "tile/0/000.unfinished"];
    for name in kept.iter().chain(&left_over) {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if !path.exists() {
            fs::write(path, b"x").unwrap();
        }
    }
    Log::open_for_writing(folder.path(), &owner()).unwrap();
    let files = files(folder.path());
    assert!(kept.iter().all(|name| files.contains_key(*name)), "{:?}", files.keys());
    assert!(!left_over.iter().any(|name| files.contains_key(*name)), "{:?}", files.keys());
}

/// The places that a check names after one byte of a file was changed.
fn after_damage(log: &Log, name: &str, at: usize) -> Vec<Place> {
    let path = log.folder.join(name);
    let good = fs::read(&path).unwrap();
    let mut bad = good.clone();
    bad[at] ^= 1;
    fs::write(&path, &bad).unwrap();
    let check = Log::open(&log.folder).unwrap().check_all().unwrap();
    assert_eq!(check.more, 0);
    fs::write(&path, &good).unwrap();
    check.damages.into_iter().map(|damage| damage.place).collect()
}

#[test]
fn damage_is_found_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let log = log_of(folder.path(), &[700]);
    let tile = |name: &str| name.parse::<Tile>().unwrap();
    // The first byte after the length of an entry, in a full and in a partial
    // bundle.
    assert_eq!(after_damage(&log, "tile/entries/000", 2), [Place::Entry(0)]);
    assert_eq!(after_damage(&log, "tile/entries/001", 2), [Place::Entry(256)]);
    assert_eq!(after_damage(&log, "tile/entries/002.p/188", 2), [Place::Entry(512)]);
    for (name, width) in [("tile/0/000", 256), ("tile/0/002.p/188", 188), ("tile/1/000.p/2", 2)] {
        for at in [0, width / 2, width - 1] {
            let expected = [Place::Hash(tile(name), u16::try_from(at).unwrap())];
            assert_eq!(after_damage(&log, name, at * 32 + 5), expected, "{name}");
        }
    }
    // A length: the bundle cannot be taken apart any more, or not all of it.
    let places = after_damage(&log, "tile/entries/000", 0);
    assert_eq!(places, [Place::Tile(tile("tile/entries/000"))]);
}

#[test]
fn damage_of_one_place_leaves_the_others_readable() {
    let folder = tempfile::tempdir().unwrap();
    log_of(folder.path(), &[700]);
    let path = folder.path().join("tile/entries/000");
    let mut bytes = fs::read(&path).unwrap();
    bytes[2] ^= 1;
    fs::write(&path, bytes).unwrap();
    fs::remove_file(folder.path().join("tile/entries/001")).unwrap();
    let log = Log::open(folder.path()).unwrap();
    let read: Vec<_> = log.entries(0..700).collect();
    assert_eq!(read.len(), 256 + 1 + 188);
    let wrong: Vec<_> = read.iter().filter_map(|entry| entry.as_ref().err()).collect();
    assert!(matches!(wrong[..], [LogError::Damaged(_), LogError::Damaged(_)]), "{wrong:?}");
    assert!(matches!(log.entry(0), Err(LogError::Damaged(Damage { place: Place::Entry(0), .. }))));
    assert_eq!(log.entry(1).unwrap(), entry(1));
    assert!(matches!(log.entry(256), Err(LogError::Damaged(_))));
    let check = log.check_all().unwrap();
    let places: Vec<_> = check.damages.iter().map(|damage| damage.place).collect();
    let missing = "tile/entries/001".parse().unwrap();
    assert_eq!(places, [Place::Entry(0), Place::Tile(missing)]);
}

#[test]
fn what_is_added_to_a_tile_or_taken_from_it_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let log = log_of(folder.path(), &[700]);
    for (name, good) in files(folder.path()) {
        let Ok(tile) = name.parse::<Tile>() else { continue };
        let one = if tile.kind == TileKind::Entries { vec![0, 1, 7] } else { vec![7; 32] };
        let longer = [good.as_slice(), &one].concat();
        for bad in [&longer, &good[..good.len() - one.len()], &[]] {
            fs::write(folder.path().join(&name), bad).unwrap();
            let check = Log::open(folder.path()).unwrap().check_all().unwrap();
            let places: Vec<_> = check.damages.iter().map(|damage| damage.place).collect();
            assert_eq!(places, [Place::Tile(tile)], "{name}");
        }
        fs::write(folder.path().join(&name), &good).unwrap();
    }
    assert_is_whole(&log);
}

#[test]
fn every_byte_of_a_log_counts() {
    let folder = tempfile::tempdir().unwrap();
    let log = log_of(folder.path(), &[300]);
    for (name, bytes) in files(folder.path()) {
        for at in (0..bytes.len()).step_by(97).filter(|_| name.starts_with("tile")) {
            assert_ne!(after_damage(&log, &name, at), [], "{name} at {at}");
        }
    }
    assert_is_whole(&log);
}

#[test]
fn a_root_that_fits_nothing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let log = log_of(folder.path(), &[300]);
    let forged = Checkpoint::new(ORIGIN, 300, Hash([1; 32]));
    let own = key().with_name(ORIGIN).unwrap();
    let forged = Log::at(&log.folder, SignedCheckpoint::sign(&forged, &own).unwrap());
    let check = forged.check_all().unwrap();
    assert_eq!(check.damages.iter().map(|d| d.place).collect::<Vec<_>>(), [Place::Root]);
    assert!(matches!(forged.entry(299), Err(LogError::Damaged(_))));
    assert!(matches!(forged.entry(0), Err(LogError::Damaged(_))));
}
