//! Any text as `assets.toml`, and lines behind a zero byte as things that were
//! touched: nothing is dropped in silence, ids are unique, and the index finds
//! of each thing what each asset finds by itself.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use sekisho_exposure::activity::Object;
use sekisho_exposure::assets::{Assets, Fit, View};
use sekisho_exposure::estate::{Declared, Estate};
use sekisho_exposure::extract::Extraction;
use sekisho_exposure::names::{Name, Names};

/// Most things that are asked for in one run.
const THINGS_MAX: usize = 8;

/// Longest declaration that things are asked of, in bytes: each is compared
/// with each place.
const ASKED_BYTES_MAX: usize = 4096;

/// A text as a thing of every kind.
fn objects(text: &str, names: &mut Names) -> Vec<Object> {
    let (head, rest) = text.split_once(' ').unwrap_or(("fs01", text));
    let host = names.host(head);
    let [share, id, local] = [head, rest, r"D:\Plans"].map(|text| names.of(text));
    let account = names.account(rest, None).unwrap_or(id);
    vec![
        Object::File { host, path: id },
        Object::File { host: None, path: id },
        Object::Shared { host, share, path: id, local: Some(local) },
        Object::Shared { host: None, share, path: id, local: None },
        Object::Mail { mailbox: share, folder: Some(id), message: None },
        Object::Mail { mailbox: id, folder: None, message: Some(share) },
        Object::Bucket { bucket: share, key: Some(id) },
        Object::Bucket { bucket: id, key: None },
        Object::Site { url: id },
        Object::Secret { id },
        Object::Snapshot { id },
        Object::Credential { account },
        Object::Registry { host, key: id },
        Object::Directory { realm: id },
        Object::Other { service: share, id },
    ]
}

fn declared(text: &str, names: &mut Names) -> Option<Assets> {
    let (assets, notices) = match Assets::parse(text, names) {
        Ok(read) => read,
        Err(why) => {
            assert!(!why.is_empty());
            return None;
        }
    };
    let lines = text.matches('\n').count() + 1;
    let mut ids = BTreeSet::new();
    for asset in &assets.all {
        assert!(ids.insert(&asset.id), "the id {:?} comes twice", asset.id);
        assert!((1..=lines).contains(&asset.line));
        assert!(!asset.complete() || asset.usable());
        // What cannot be read has a word said of it.
        assert!(asset.unread == 0 || !notices.is_empty());
    }
    assert!(notices.iter().all(|notice| notice.text.starts_with("line ") || notices.len() > 1000));
    Some(assets)
}

fn ask(assets: &Assets, object: &Object, view: &View<'_>) {
    let index = assets.index(view);
    for whole in [false, true] {
        let found = index.find(object, whole, view);
        assert!(found.is_sorted_by(|a, b| a.asset < b.asset));
        for (number, asset) in assets.all.iter().enumerate() {
            let own = asset.matches(object, whole, view);
            let own = (own.fit != Fit::No).then_some(own);
            let indexed = found.iter().find(|f| f.asset == number).map(|f| f.found);
            assert_eq!(indexed, own, "{:?} {object:?} {whole}", asset.locations);
        }
    }
}

fuzz_target!(|text: &str| {
    let (text, things) = text.split_once('\0').unwrap_or((text, "fs01 D:\\Plans\\a.docx"));
    let mut names = Names::default();
    let Some(assets) = declared(text, &mut names) else { return };
    if text.len() > ASKED_BYTES_MAX || things.len() > ASKED_BYTES_MAX {
        return;
    }
    let things = things.lines().take(THINGS_MAX);
    let things: Vec<Object> = things.flat_map(|thing| objects(thing, &mut names)).collect();
    // With and without a folder that is known to be shared.
    for estate in ["", "[[host]]\nname = 'FS01'\nshares = { Plans = 'D:\\Plans' }\n"] {
        let mut extraction = Extraction::default();
        extraction.names = names;
        let (estate, _) = Declared::parse(estate, &mut extraction.names).expect("TOML");
        let estate = Estate::learn(&estate, &extraction);
        names = extraction.names;
        let hosts = |host: Name| estate.canonical_always(host);
        let view = View { names: &names, hosts: &hosts, shares: estate.shares() };
        things.iter().for_each(|object| ask(&assets, object, &view));
    }
});
