//! Public test vectors: proofs of RFC 6962 trees, Ed25519 signatures, and a
//! whole log with each of its checkpoints.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may fail, and says when it has no data"
)]

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sekisho_case::Hash;
use sekisho_case::checkpoint::SignedCheckpoint;
use sekisho_case::key::{Algorithm, VerifyingKey};
use sekisho_case::log::Log;
use sekisho_case::merkle::{
    leaf_hash, root_of, verify_consistency, verify_inclusion, verify_subtree_consistency,
    verify_subtree_inclusion,
};
use sekisho_case::tile::{Tile, parse_entries, parse_hashes};
use serde_json::Value;

fn vectors(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("SEKISHO_TEST_DATA").map_or(beside, PathBuf::from);
    let path = data.join("vectors").join(name);
    if !path.exists() {
        eprintln!("skipped: no test data");
        return None;
    }
    Some(path)
}

fn json_files(folder: &Path, out: &mut Vec<PathBuf>) {
    for found in fs::read_dir(folder).unwrap() {
        let path = found.unwrap().path();
        if path.is_dir() {
            json_files(&path, out);
        } else {
            out.push(path);
        }
    }
}

/// A root or leaf hash. Some cases ask only whether two roots are the same, and
/// have words in their place; others have none. Such a word is turned into the
/// hash that stands for it, so that what is equal stays so.
fn hash(value: &Value) -> Option<Hash> {
    let bytes = STANDARD.decode(value.as_str().unwrap()).unwrap();
    if bytes.is_empty() { None } else { Hash::from_slice(&bytes).or(Some(Hash::of(&bytes))) }
}

/// Whether a case holds; what cannot be read does not.
fn holds(kind: &str, case: &Value) -> Option<()> {
    let number = |name: &str| case[name].as_u64();
    let none = Vec::new();
    let proof: Option<Vec<Hash>> = case["proof"]
        .as_array()
        .unwrap_or(&none)
        .iter()
        .map(|hash| Hash::from_base64(hash.as_str().unwrap()).ok())
        .collect();
    let proof = proof?;
    let range = || Some((number("start")?, number("end")?));
    let done = match kind {
        "inclusion" => {
            let (leaf, root) = (hash(&case["leafHash"])?, hash(&case["root"])?);
            verify_inclusion(&leaf, number("leafIdx")?, number("treeSize")?, &proof, &root)
        }
        "consistency" => {
            let (old, new) = (hash(&case["root1"])?, hash(&case["root2"])?);
            verify_consistency(number("size1")?, &old, number("size2")?, &new, &proof)
        }
        "subtreeinclusion" => {
            let (leaf, root) = (hash(&case["leafHash"])?, hash(&case["root"])?);
            verify_subtree_inclusion(&leaf, number("leafIdx")?, range()?, &proof, &root)
        }
        "subtreeconsistency" => {
            let (old, new) = (hash(&case["root1"])?, hash(&case["root2"])?);
            verify_subtree_consistency(range()?, &old, number("size")?, &new, &proof)
        }
        kind => panic!("{kind} is a kind of case that this test does not know"),
    };
    done.ok()
}

#[test]
fn all_proofs_are_decided_as_they_state() {
    let Some(folder) = vectors("rfc6962") else { return };
    let mut files = Vec::new();
    json_files(&folder, &mut files);
    let (mut good, mut bad) = (0, 0);
    for path in &files {
        let kind = path.strip_prefix(&folder).unwrap().iter().next().unwrap().to_str().unwrap();
        let case: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let expected = !case["wantErr"].as_bool().unwrap();
        assert_eq!(holds(kind, &case).is_some(), expected, "{}", path.display());
        *if expected { &mut good } else { &mut bad } += 1;
    }
    assert_eq!((files.len(), good + bad), (518, 518));
    assert!(good >= 30, "only {good} cases hold");
}

#[test]
fn all_signatures_are_decided_as_they_state() {
    let Some(path) = vectors("wycheproof_ed25519.json") else { return };
    let all: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let hex = |value: &Value| -> Vec<u8> {
        let text = value.as_str().unwrap();
        (0..text.len() / 2).map(|n| u8::from_str_radix(&text[n * 2..][..2], 16).unwrap()).collect()
    };
    let (mut tests, mut valid) = (0, 0);
    for group in all["testGroups"].as_array().unwrap() {
        let public: [u8; 32] = hex(&group["publicKey"]["pk"]).try_into().unwrap();
        let key = VerifyingKey::new("vectors", Algorithm::Ed25519, &public).unwrap();
        for test in group["tests"].as_array().unwrap() {
            let expected = match test["result"].as_str().unwrap() {
                "valid" => true,
                "invalid" => false,
                other => panic!("a result that is neither: {other}"),
            };
            let found = key.verify_bytes(&hex(&test["msg"]), &hex(&test["sig"]));
            assert_eq!(found.is_ok(), expected, "{test}");
            tests += 1;
            valid += u32::from(expected);
        }
    }
    assert_eq!((tests, valid), (151, 88));
    assert_eq!(all["numberOfTests"].as_u64(), Some(tests));
}

const KEY: &str = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";

#[test]
fn each_checkpoint_of_the_log_holds() {
    let Some(folder) = vectors("tlog") else { return };
    let key: VerifyingKey = KEY.parse().unwrap();
    let read = |name: &str| SignedCheckpoint::parse(&fs::read(folder.join(name)).unwrap()).unwrap();
    let mut heads = Vec::new();
    for size in 0..16u64 {
        let signed = read(&format!("checkpoint.{size}"));
        let head = signed.verify(&key).unwrap().clone();
        assert_eq!((head.size, head.to_string().as_str()), (size, signed.note().text()));
        let bytes = fs::read(folder.join(format!("checkpoint.{size}"))).unwrap();
        assert_eq!(signed.to_bytes(), bytes, "what is read is written the same");
        let stored = |kind: &str| {
            fs::read(folder.join(format!("tile/{kind}/000.p/{size}"))).unwrap_or_default()
        };
        let (entries, hashes) = (stored("entries"), stored("0"));
        let entries = parse_entries(&entries).unwrap();
        let leaves: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
        assert_eq!(leaves.len() as u64, size);
        if size > 0 {
            assert_eq!(parse_hashes(&hashes).unwrap(), leaves);
        }
        assert_eq!(root_of(&leaves), head.root);
        heads.push((signed, head));
    }
    assert_eq!(read("checkpoint"), heads[15].0);
    let log = Log::open(&folder).unwrap();
    for (old_signed, old) in &heads {
        let check = Log::at(&folder, old_signed.clone()).check_all().unwrap();
        assert!(check.is_sound() && check.entries == old.size, "{check:?}");
        assert_eq!(log.root_at(old.size).unwrap(), old.root);
        for (_, new) in heads.iter().filter(|(_, new)| old.size > 0 && new.size >= old.size) {
            let proof = log.consistency(old.size, new.size).unwrap();
            let done = verify_consistency(old.size, &old.root, new.size, &new.root, &proof);
            assert_eq!(done, Ok(()), "{} to {}", old.size, new.size);
        }
        for index in 0..old.size {
            let (leaf, proof) = (log.leaf(index).unwrap(), log.inclusion(index, old.size).unwrap());
            assert_eq!(verify_inclusion(&leaf, index, old.size, &proof, &old.root), Ok(()));
        }
    }
}

#[test]
fn each_tile_of_the_log_has_a_name_that_is_known() {
    let Some(folder) = vectors("tlog") else { return };
    let mut files = Vec::new();
    json_files(&folder.join("tile"), &mut files);
    for path in &files {
        let name = path.strip_prefix(&folder).unwrap().to_str().unwrap();
        assert_eq!(name.parse::<Tile>().unwrap().to_string(), name);
    }
    assert!(files.len() >= 28);
}
