//! The rules of this house that no compiler checks: short functions, no dead
//! files, no leftovers, documents that name only what exists, and crates that
//! stay away from what their row in the README says they never touch.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail; it reads nothing but this repository"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Longest function, in lines, from `fn` to its closing bracket.
const FUNCTION_LINES_MAX: usize = 70;

/// Functions that may be longer, as `file: name`, each for a reason.
const LONGER_FUNCTIONS: &[&str] = &[];

/// Crates that are pure: given bytes and events, no files, no clock.
const PURE_CRATES: &[&str] = &["sekisho-event", "sekisho-sigma", "sekisho-exposure"];

/// What no pure crate may depend on, however far down.
const FORBIDDEN_CRATES: &[&str] = &[
    "anyhow",
    "async-std",
    "axum",
    "clap",
    "crossbeam",
    "ctrlc",
    "futures",
    "hyper",
    "indicatif",
    "mio",
    "rayon",
    "reqwest",
    "rustls",
    "smol",
    "socket2",
    "tokio",
    "ureq",
];

/// What no pure crate may say in its own code.
const FORBIDDEN_IN_PURE: &[&str] = &[
    "std::fs",
    "std::env",
    "std::thread",
    "std::process",
    "std::os",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "ToSocketAddrs",
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "Utc::now",
    "Local::now",
    "TimeZone::system",
    "println!",
    "print!",
    "dbg!",
    "File::open",
    "env!",
];

fn root() -> PathBuf {
    // As cargo says now, not as it said when this was built.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
    Path::new(&package).join("../..").canonicalize().unwrap()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The path as it is written in documents: from the root, with slashes.
fn shown(path: &Path) -> String {
    let root = root();
    path.strip_prefix(&root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// All files below a folder, in order; what is built or hidden is left out.
fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !path.is_dir() {
            out.push(path);
        } else if !name.starts_with('.') && !["target", "corpus", "artifacts"].contains(&&*name) {
            files(&path, out);
        }
    }
}

fn is(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|e| e == extension)
}

fn files_below(folders: &[&str], extension: &str) -> Vec<PathBuf> {
    let mut out = Vec::new();
    folders.iter().for_each(|folder| files(&root().join(folder), &mut out));
    out.retain(|path| is(path, extension));
    out
}

fn rust_files() -> Vec<PathBuf> {
    let out = files_below(&["crates", "xtask", "fuzz", "bench"], "rs");
    assert!(out.len() > 50, "the sources are not where this test looks for them");
    out
}

/// Fails with all that is wrong, if anything is.
fn nothing(what: &str, wrong: &[String]) {
    assert!(wrong.is_empty(), "{what}:\n  {}", wrong.join("\n  "));
}

/// Rust code with everything that is no code (comments, the insides of texts)
/// turned to blanks, byte by byte, so that lines and positions stay.
fn code_only(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    while out.len() < bytes.len() {
        let at = out.len();
        let end = at + not_code(&bytes[at..], at.checked_sub(1).map(|n| bytes[n])).max(1);
        match end - at {
            1 => out.push(bytes[at]),
            _ => out.extend(bytes[at..end].iter().map(|&b| if b == b'\n' { b } else { b' ' })),
        }
    }
    String::from_utf8(out).unwrap()
}

/// How many bytes from here on are a comment, a text or a character; 0 if this
/// is code.
fn not_code(rest: &[u8], before: Option<u8>) -> usize {
    let up_to = |end: &[u8], from: usize| {
        let found = rest[from..].windows(end.len()).position(|w| w == end);
        found.map_or(rest.len(), |n| from + n + end.len())
    };
    let in_word = before.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
    match rest {
        [b'/', b'/', ..] => up_to(b"\n", 2) - usize::from(rest.contains(&b'\n')),
        [b'/', b'*', ..] => up_to(b"*/", 2),
        [b'"', ..] => quoted(rest, b'"'),
        [b'\'', b'\\', ..] => quoted(rest, b'\''),
        [b'\'', ..] => {
            // A character, or a lifetime.
            let text = String::from_utf8_lossy(&rest[1..rest.len().min(6)]).into_owned();
            let width = text.chars().next().map_or(0, char::len_utf8);
            if rest.get(1 + width) == Some(&b'\'') { width + 2 } else { 0 }
        }
        [b'r', b'"' | b'#', ..] if !in_word || before == Some(b'b') => {
            let hashes = rest[1..].iter().take_while(|&&b| b == b'#').count();
            if rest.get(1 + hashes) != Some(&b'"') {
                return 0;
            }
            up_to(&[b"\"".as_slice(), &b"#".repeat(hashes)].concat(), 2 + hashes)
        }
        _ => 0,
    }
}

fn quoted(rest: &[u8], mark: u8) -> usize {
    let mut at = 1;
    while let Some(&b) = rest.get(at) {
        match b {
            b'\\' => at += 2,
            _ if b == mark => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// Where the block that opens at or after `from` ends, or the statement.
fn end_of_item(code: &str, from: usize) -> usize {
    let mut depth = 0usize;
    let mut brackets = 0usize;
    for (at, b) in code.bytes().enumerate().skip(from) {
        match b {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets = brackets.saturating_sub(1),
            b'{' => depth += 1,
            b'}' if depth == 1 => return at + 1,
            b'}' => depth = depth.saturating_sub(1),
            b';' if depth == 0 && brackets == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

/// Code without the items that are only there for tests.
fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    while let Some(at) = out.find("#[cfg(test)]") {
        let end = end_of_item(&out, at + "#[cfg(test)]".len());
        let blank =
            out[at..end].chars().map(|c| if c == '\n' { c } else { ' ' }).collect::<String>();
        out.replace_range(at..end, &blank);
    }
    out
}

/// Positions after a word, where it stands alone.
fn after_word<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let letter = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    code.match_indices(word).filter_map(move |(at, _)| {
        let (bytes, end) = (code.as_bytes(), at + word.len());
        let alone =
            !letter(at.checked_sub(1).and_then(|n| bytes.get(n))) && !letter(bytes.get(end));
        alone.then_some(end)
    })
}

fn name_at(code: &str, from: usize) -> &str {
    let rest = code[from..].trim_start();
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    &rest[..end]
}

#[test]
fn functions_are_short() {
    let mut wrong = Vec::new();
    for path in rust_files() {
        let code = code_only(&read(&path));
        for at in after_word(&code, "fn") {
            let (name, end) = (name_at(&code, at), end_of_item(&code, at));
            let lines = code[at..end].lines().count();
            let who = format!("{}: {name}", shown(&path));
            if !name.is_empty()
                && lines > FUNCTION_LINES_MAX
                && !LONGER_FUNCTIONS.contains(&who.as_str())
            {
                wrong.push(format!("{who} has {lines} lines"));
            }
        }
    }
    nothing("functions longer than 70 lines", &wrong);
}

#[test]
fn modules_say_why_they_are_there() {
    let silent = |path: &PathBuf| !read(path).starts_with("//!");
    let wrong: Vec<String> =
        rust_files().into_iter().filter(silent).map(|path| shown(&path)).collect();
    nothing("files that do not begin with //!", &wrong);
}

#[test]
fn nothing_is_left_over() {
    // Put together, so that this file does not name them.
    let marks =
        [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["HA", "CK"]].map(|parts| parts.concat());
    let calls = [["db", "g!"], ["to", "do!"], ["unimplemen", "ted!"]].map(|parts| parts.concat());
    let mut wrong = Vec::new();
    for path in rust_files() {
        let text = read(&path);
        let code = code_only(&text);
        let marked = marks.iter().filter(|mark| after_word(&text, mark).next().is_some());
        let called = calls.iter().filter(|call| code.contains(call.as_str()));
        wrong.extend(marked.chain(called).map(|what| format!("{}: {what}", shown(&path))));
    }
    nothing("leftover markers", &wrong);
}

/// The files of the modules that a file declares.
fn submodules(path: &Path) -> Vec<PathBuf> {
    let code = code_only(&read(path));
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let parent = path.parent().unwrap();
    let is_root = ["lib", "main", "mod"].contains(&&*stem)
        || ["tests", "benches", "examples", "fuzz_targets", "bin"]
            .iter()
            .any(|folder| parent.ends_with(folder));
    let folder = if is_root { parent.to_owned() } else { parent.join(&stem) };
    after_word(&code, "mod")
        .filter(|&at| code[at..].trim_start()[name_at(&code, at).len()..].starts_with(';'))
        .flat_map(|at| {
            let name = name_at(&code, at);
            [folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs")]
        })
        .collect()
}

/// Whether cargo builds a file without being told of it by another one.
fn is_target(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let holder = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    match &*holder {
        "src" => ["lib.rs", "main.rs"].contains(&&*name),
        "tests" | "benches" | "examples" | "fuzz_targets" | "bin" => true,
        _ => name == "build.rs",
    }
}

#[test]
fn every_file_is_used() {
    let all = rust_files();
    let mut used: BTreeSet<PathBuf> = BTreeSet::new();
    let mut next: Vec<PathBuf> = all.iter().filter(|path| is_target(path)).cloned().collect();
    while let Some(path) = next.pop() {
        if path.exists() && used.insert(path.clone()) {
            next.extend(submodules(&path));
        }
    }
    let mut wrong: Vec<String> =
        all.iter().filter(|path| !used.contains(*path)).map(|path| shown(path)).collect();
    let sources: String = all.iter().map(|path| read(path)).collect();
    let mut beside = Vec::new();
    for krate in ["-event", "-sigma", "-store", "-exposure", "-case", ""] {
        for folder in ["src", "data"] {
            let krate = format!("sekisho{krate}");
            files(&root().join("crates").join(krate).join(folder), &mut beside);
        }
    }
    for path in beside.iter().filter(|path| !is(path, "rs")) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !sources.contains(&format!("{name}\"")) {
            wrong.push(shown(path));
        }
    }
    nothing("files that nothing refers to", &wrong);
}

/// What stands between backquotes outside of code blocks, and link targets.
fn names_in(document: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut fenced = false;
    for line in document.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            names.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
            let links = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
            names.extend(links.filter(|l| !l.contains("://")).map(|l| {
                let file = l.split('#').next().unwrap_or_default();
                if file.is_empty() { ".".to_owned() } else { format!("./{file}") }
            }));
        }
    }
    names
}

/// Whether a name in a document is meant as a path of this repository.
fn is_path(name: &str) -> bool {
    const TOP: &[&str] = &["crates/", "docs/", "xtask/", "fuzz/", "bench/", ".ci/", "./"];
    const ENDINGS: &[&str] = &[".rs", ".toml", ".md", ".tsv"];
    !name.contains(char::is_whitespace)
        && !name.contains(['*', '<', '…', ':'])
        && !name.starts_with('.') | name.starts_with("./") | name.starts_with(".ci/")
        && (TOP.iter().any(|top| name.starts_with(top))
            || ENDINGS.iter().any(|ending| name.ends_with(ending)))
}

fn documents() -> Vec<PathBuf> {
    let mut out = files_below(&["docs"], "md");
    let at_root = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    out.extend(at_root.filter(|path| is(path, "md")));
    out.sort();
    out
}

#[test]
fn documents_name_only_what_exists() {
    for must in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"] {
        assert!(root().join(must).is_file(), "{must} is missing");
    }
    let mut wrong = Vec::new();
    let mut found = 0;
    for path in documents() {
        for name in names_in(&read(&path)).into_iter().filter(|name| is_path(name)) {
            found += 1;
            let beside = path.parent().unwrap().join(&name);
            if !root().join(&name).exists() && !beside.exists() {
                wrong.push(format!("{}: {name}", shown(&path)));
            }
        }
    }
    nothing("paths that do not exist", &wrong);
    assert!(found > 30, "only {found} paths were found in the documents");
}

#[test]
fn documents_name_no_machine() {
    let places = ["/work/", "/tmp/", "/home/", "/root/", "/Users/", "C:\\Users\\"];
    let mut wrong = Vec::new();
    for path in documents() {
        let text = read(&path);
        let named = places.iter().filter(|place| text.contains(**place));
        wrong.extend(named.map(|place| format!("{}: {place}", shown(&path))));
    }
    nothing("documents that name a place on one machine", &wrong);
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(std::env::var_os("CARGO").unwrap())
        .args(arguments)
        .arg("--offline")
        .current_dir(root())
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {}: {complaint}", arguments.join(" "));
    String::from_utf8(output.stdout).unwrap()
}

/// Name and first cells of each row of the README's table of crates.
fn crate_table() -> Vec<[String; 3]> {
    let readme = read(&root().join("README.md"));
    let rows = readme.lines().skip_while(|line| !line.starts_with("| crate |")).skip(2);
    rows.take_while(|line| line.starts_with('|'))
        .map(|line| {
            let mut cells = line.trim_matches('|').split(" | ").map(str::trim);
            let mut cell = || cells.next().unwrap_or_default().to_owned();
            [cell().trim_matches('`').to_owned(), cell(), cell()]
        })
        .collect()
}

#[test]
fn the_crate_table_is_true() {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version", "1"])).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let members: BTreeSet<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    let table = crate_table();
    let named: BTreeSet<&str> = table.iter().map(|[name, ..]| name.as_str()).collect();
    assert_eq!(named, members, "README's crate table and the workspace differ");
    let manifest = read(&root().join("Cargo.toml"));
    let place = |name: &str| {
        let found = manifest.find(&format!("/{name}\"")).or(manifest.find(&format!("\"{name}\"")));
        found.unwrap_or_else(|| panic!("{name} is not in the workspace's list of members"))
    };
    assert!(table.is_sorted_by_key(|[name, ..]| place(name)), "rows in the order of Cargo.toml");
    for package in packages {
        let dependencies = package["dependencies"].as_array().unwrap();
        let on_top = dependencies.iter().any(|d| d["name"] == "sekisho");
        let ships = package["name"] != "xtask";
        assert!(!(on_top && ships), "{} depends on sekisho", package["name"]);
    }
    let empty = |row: &&[String; 3]| row.iter().any(String::is_empty);
    assert_eq!(table.iter().find(empty), None, "a row with an empty cell");
}

#[test]
fn pure_crates_depend_on_nothing_impure() {
    let mut wrong = Vec::new();
    for krate in PURE_CRATES {
        let tree = cargo(&["tree", "-p", krate, "-e", "normal,build", "--prefix", "none"]);
        let names: BTreeSet<&str> =
            tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
        assert!(names.contains(krate), "{krate} is not in its own tree");
        let found = FORBIDDEN_CRATES.iter().filter(|name| names.contains(*name));
        wrong.extend(found.map(|name| format!("{krate}: {name}")));
        let above =
            ["sekisho", "sekisho-case", "sekisho-exposure", "sekisho-sigma", "sekisho-store"];
        let found = above.iter().filter(|name| *name != krate && names.contains(*name));
        wrong.extend(found.map(|name| format!("{krate} knows {name}")));
    }
    nothing("dependencies that the crate table rules out", &wrong);
}

/// What the partner who audits `sekisho-case` must not find in its tree,
/// beside what no pure crate has: readers of logs, and all of our own crates.
const FORBIDDEN_IN_CASE: &[&str] = &[
    "arrow-array",
    "evtx",
    "parquet",
    "sekisho",
    "sekisho-event",
    "sekisho-sigma",
    "sekisho-store",
    "socket2",
    "ureq",
];

#[test]
fn the_case_reads_no_log_and_knows_no_network() {
    let tree = cargo(&["tree", "-p", "sekisho-case", "-e", "normal,build", "--prefix", "none"]);
    let names: BTreeSet<&str> =
        tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains("sekisho-case") && names.contains("ed25519-dalek"), "{tree}");
    let wrong: Vec<String> = FORBIDDEN_CRATES
        .iter()
        .chain(FORBIDDEN_IN_CASE)
        .filter(|name| names.contains(*name))
        .map(|name| format!("sekisho-case: {name}"))
        .collect();
    nothing("dependencies that the crate table rules out", &wrong);
    let mut sources = Vec::new();
    files(&root().join("crates/sekisho-case/src"), &mut sources);
    let asks = |path: &PathBuf| {
        let code = without_tests(&code_only(&read(path)));
        let found = ["std::net", "std::env", "std::process", "println!", "SystemTime::now"]
            .into_iter()
            .filter(|what| code.contains(what));
        found.map(|what| format!("{}: {what}", shown(path))).collect::<Vec<_>>()
    };
    let wrong: Vec<String> = sources.iter().filter(|path| is(path, "rs")).flat_map(asks).collect();
    nothing("what the case may not ask", &wrong);
}

#[test]
fn the_store_neither_signs_nor_judges() {
    let tree = cargo(&["tree", "-p", "sekisho-store", "-e", "normal,build", "--prefix", "none"]);
    let names: BTreeSet<&str> =
        tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains("sekisho-store") && names.contains("parquet"), "{tree}");
    let wrong: Vec<&str> = ["sekisho", "sekisho-case", "sekisho-sigma", "ed25519-dalek", "tokio"]
        .into_iter()
        .filter(|name| names.contains(name))
        .collect();
    assert!(wrong.is_empty(), "sekisho-store depends on {wrong:?}");
}

/// Whether a file is there only for tests.
fn is_of_tests(path: &Path) -> bool {
    path.ends_with("tests.rs") || path.ends_with("test_support.rs")
}

#[test]
fn pure_crates_ask_nobody() {
    let mut wrong = Vec::new();
    for krate in PURE_CRATES {
        let mut sources = Vec::new();
        files(&root().join("crates").join(krate).join("src"), &mut sources);
        assert!(sources.len() > 5, "{krate} is not where this test looks for it");
        for path in sources.iter().filter(|path| is(path, "rs") && !is_of_tests(path)) {
            let code = without_tests(&code_only(&read(path)));
            let found = FORBIDDEN_IN_PURE.iter().filter(|what| code.contains(**what));
            wrong.extend(found.map(|what| format!("{}: {what}", shown(path))));
            for group in ["fs", "env", "thread", "process"] {
                let imported = code.match_indices("use std::{").any(|(at, _)| {
                    let list = &code[at..end_of_item(&code, at)];
                    after_word(list, group).next().is_some()
                });
                if imported {
                    wrong.push(format!("{}: std::{group}", shown(path)));
                }
            }
        }
    }
    nothing("pure crates that touch the world", &wrong);
}

#[test]
fn this_test_reads_code() {
    let code =
        code_only("let a = \"fn x() {\"; // fn y() {\nlet c = '{'; let d: &'a str = r#\"}\"#;\n");
    assert!(!code.contains("fn") && !code.contains('{') && !code.contains('}'), "{code}");
    assert!(code.contains("&'a str") && code.lines().count() == 2, "{code}");
    let code = "fn a() { b(); }\n#[cfg(test)]\nmod tests { fn c() {} }\nfn d() {}";
    assert!(!without_tests(code).contains("fn c") && without_tests(code).contains("fn d"));
    assert_eq!(names_in("see `src/a.rs` and [b](docs/b.md#x)"), ["src/a.rs", "./docs/b.md"]);
}
