//! Programs that copy, pack, read, list and remove files.

use super::calls::Call;
use super::network::is_remote;
use super::words::Shell;
use super::{Asked, Found, Verb};

pub(super) fn read(call: &Call, found: &mut Found) {
    match call.program.as_str() {
        "copy" | "move" | "xcopy" | "cp" | "mv" | "install" => copy(call, found),
        "robocopy" => robocopy(call, found),
        "esentutl" => esentutl(call, found),
        "dd" => dd(call, found),
        "expand" | "extrac32" | "extract" => two(call, Verb::Copy, found),
        "makecab" | "diantz" => makecab(call, found),
        "7z" | "7za" | "7zr" | "7zz" | "7zg" | "7-zip" | "rar" | "winrar" | "unrar" => {
            packer(call, found)
        }
        "zip" => zip(call, found),
        "tar" | "gtar" | "bsdtar" => tar(call, found),
        "gzip" | "bzip2" | "xz" | "zstd" | "compress" | "lz4" => squeezer(call, found),
        "wbadmin" => backup(call, found),
        "type" | "more" | "less" | "head" | "tail" | "strings" | "xxd" | "hexdump" | "od"
        | "base64" | "notepad" | "notepad++" | "wordpad" | "winword" | "excel" | "powerpnt"
        | "acrord32" | "acrobat" | "mspaint" | "vi" | "vim" | "nano" | "emacs" | "cat" | "tac"
        | "nl" => {
            reader(call, found);
        }
        "findstr" | "find" | "grep" | "egrep" | "zgrep" | "rg" | "awk" | "sed" => {
            searcher(call, found)
        }
        "openssl" | "gpg" | "gpg2" => sealer(call, found),
        "dir" | "ls" | "tree" | "where" | "du" | "stat" | "icacls" | "cacls" | "attrib" => {
            lister(call, found)
        }
        "del" | "erase" | "rd" | "rmdir" | "rm" | "unlink" | "shred" | "sdelete" | "sdelete64"
        | "wipe" | "srm" => remover(call, found),
        "mysqldump" | "pg_dump" | "pg_dumpall" | "mongodump" | "bcp" => dumper(call, found),
        _ => disguised(call, found),
    }
}

fn not_empty(asked: Asked, found: &mut Found) {
    if !asked.sources.is_empty() || !asked.targets.is_empty() {
        found.push(asked);
    }
}

/// The last argument is the target, the others are sources.
fn copy(call: &Call, found: &mut Found) {
    let verb = if call.is(&["move", "mv"]) { Verb::Move } else { Verb::Copy };
    let mut plain = call.plain();
    // `cp -t folder a b`.
    if let Some(folder) =
        call.value(&["t", "target-directory"]).filter(|_| call.shell == Shell::Unix)
    {
        plain.retain(|arg| *arg != folder);
        return not_empty(Asked::of(verb).from(plain).to([folder]), found);
    }
    let target = if plain.len() > 1 { plain.pop() } else { None };
    // `copy /b a+b c`.
    let joined = call.is(&["copy"]);
    let sources = plain.iter().flat_map(|source| match joined {
        true => source.split('+').map(str::to_owned).collect::<Vec<_>>(),
        false => vec![source.clone()],
    });
    let asked = Asked::of(verb).from(sources).to(target);
    if !asked.sources.is_empty() {
        found.push(asked);
    }
}

fn two(call: &Call, verb: Verb, found: &mut Found) {
    let plain = call.plain();
    let (source, target) = (plain.first().cloned(), plain.get(1).cloned());
    if source.is_some() {
        found.push(Asked::of(verb).from(source).to(target));
    }
}

fn robocopy(call: &Call, found: &mut Found) {
    let plain = call.plain();
    let [source, target, files @ ..] = plain.as_slice() else { return };
    let moves = call.has(&["mov", "move"]);
    let folder = source.trim_end_matches('\\');
    let files = files.iter().filter(|file| !file.bytes().all(|b| b.is_ascii_digit()));
    let mut sources: Vec<String> = files.map(|file| format!("{folder}\\{file}")).collect();
    if sources.is_empty() {
        sources.push(source.clone());
    }
    let verb = if moves { Verb::Move } else { Verb::Copy };
    found.push(Asked::of(verb).from(sources).to([target.clone()]));
}

/// `esentutl /y source [/vss] /d target`.
fn esentutl(call: &Call, found: &mut Found) {
    let Some(source) = call.value(&["y"]) else { return };
    found.push(Asked::of(Verb::Copy).from([source]).to(call.value(&["d"])));
}

fn dd(call: &Call, found: &mut Found) {
    let part = |name: &str| call.args().find_map(|arg| arg.strip_prefix(name).map(str::to_owned));
    let (source, target) = (part("if="), part("of="));
    if source.is_some() || target.is_some() {
        found.push(Asked::of(Verb::Copy).from(source).to(target));
    }
}

fn makecab(call: &Call, found: &mut Found) {
    if call.has(&["f"]) {
        return;
    }
    two(call, Verb::Archive, found);
}

/// Letters with which an archiver adds to an archive.
const ADDS: &[&str] = &["a", "u", "m", "mf", "d"];

/// `7z a [options] archive sources`, `rar a -hp… archive sources`.
fn packer(call: &Call, found: &mut Found) {
    let options =
        |arg: &String| arg.starts_with('-') || (call.is(&["winrar"]) && call.is_option(arg));
    let plain: Vec<String> = call.args().filter(|arg| !options(arg)).collect();
    let [letter, archive, sources @ ..] = plain.as_slice() else { return };
    let letter = letter.to_ascii_lowercase();
    match letter.as_str() {
        "a" | "u" | "m" | "mf" => {
            found
                .push(Asked::of(Verb::Archive).from(sources.iter().cloned()).to([archive.clone()]));
        }
        "e" | "x" => found.push(Asked::of(Verb::Read).from([archive.clone()])),
        _ => {}
    }
}

/// An archiver under another name, known by how it was called.
fn disguised(call: &Call, found: &mut Found) {
    const ENDINGS: &[&str] = &[".7z", ".zip", ".rar", ".cab", ".tar", ".gz", ".tgz"];
    let Some(first) = call.arg(0) else { return };
    let packs = ADDS.contains(&first.to_ascii_lowercase().as_str());
    let archive = |arg: &String| {
        let arg = arg.to_ascii_lowercase();
        ENDINGS.iter().any(|ending| arg.ends_with(ending))
    };
    let password =
        |arg: &String| arg.starts_with("-hp") || arg.starts_with("-p") || arg.starts_with("-v");
    let plain = call.plain();
    if packs
        && (plain.get(1).is_some_and(archive)
            || (plain.len() > 2 && call.args().any(|a| password(&a))))
    {
        packer(call, found);
    }
}

fn zip(call: &Call, found: &mut Found) {
    let mut plain = call.plain_but(&["-P", "-x", "-i", "-b", "-s", "-t", "-tt", "-n"]);
    if plain.is_empty() {
        return;
    }
    let archive = plain.remove(0);
    found.push(Asked::of(Verb::Archive).from(plain).to([archive].into_iter().filter(|a| a != "-")));
}

/// `tar czf archive -C folder sources`.
fn tar(call: &Call, found: &mut Found) {
    let args: Vec<String> = call.args().collect();
    let bundle = |at: usize, arg: &str| {
        let bare = at == 0 && !arg.starts_with('-');
        let letters = arg.strip_prefix('-').unwrap_or(arg);
        (bare || (arg.starts_with('-') && !arg.starts_with("--")))
            && !letters.is_empty()
            && letters.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let (mut makes, mut archive, mut folder) = (false, None, None);
    let mut sources = Vec::new();
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        at += 1;
        if bundle(at - 1, arg) {
            makes |= arg.contains(['c', 'r', 'u', 'A']);
            let next = args.get(at).cloned();
            if arg.ends_with('f') {
                archive = next;
                at += 1;
            } else if arg.ends_with('C') {
                folder = next;
                at += 1;
            } else if arg.ends_with(['X', 'T', 'I', 'b']) {
                at += 1;
            }
            continue;
        }
        match arg.strip_prefix("--").map(|long| long.split_once('=').unwrap_or((long, ""))) {
            Some(("create" | "append" | "update", _)) => makes = true,
            Some(("file", value)) => archive = Some(value.to_owned()),
            Some(("directory", value)) => folder = Some(value.to_owned()),
            Some(_) => {}
            None => sources.push(arg.clone()),
        }
    }
    if !makes {
        return;
    }
    if let Some(folder) = &folder {
        let base = folder.trim_end_matches(['/', '\\']);
        let slash = if folder.contains('\\') { '\\' } else { '/' };
        for source in &mut sources {
            *source = match source.as_str() {
                "." => folder.clone(),
                part if part.starts_with('/') || part.contains(':') => part.to_owned(),
                part => format!("{base}{slash}{}", part.trim_start_matches("./")),
            };
        }
    }
    let archive = archive.filter(|archive| archive != "-");
    found.push(Asked::of(Verb::Archive).from(sources).to(archive));
}

fn squeezer(call: &Call, found: &mut Found) {
    if call.has(&["d", "decompress", "l", "t", "dc"]) {
        return;
    }
    let sources = call.plain();
    let targets: Vec<String> =
        sources.iter().map(|source| format!("{source}.{}", ending(call))).collect();
    not_empty(Asked::of(Verb::Archive).from(sources).to(targets), found);
}

fn ending(call: &Call) -> &'static str {
    match call.program.as_str() {
        "gzip" => "gz",
        "bzip2" => "bz2",
        "xz" => "xz",
        "zstd" => "zst",
        "lz4" => "lz4",
        _ => "Z",
    }
}

fn backup(call: &Call, found: &mut Found) {
    let sources = call.values(&["include"]);
    let sources = sources.iter().flat_map(|list| list.split(','));
    let asked = Asked::of(Verb::Archive).from(sources).to(call.value(&["backuptarget"]));
    if !asked.sources.is_empty() {
        found.push(asked);
    }
}

fn reader(call: &Call, found: &mut Found) {
    let sources = call.plain_but(&["-n", "-c", "-w"]).into_iter().chain(call.input.iter().cloned());
    let asked = Asked::of(Verb::Read).from(sources);
    if !asked.sources.is_empty() {
        found.push(asked);
    }
}

/// Programs that look for a text in files. The first argument is the text.
fn searcher(call: &Call, found: &mut Found) {
    // The `find` of Unix lists; that of Windows reads.
    if call.program == "find" && call.shell == Shell::Unix {
        let folders = call.args().take_while(|arg| !arg.starts_with('-') && arg != "(");
        return not_empty(Asked::of(Verb::List).from(folders), found);
    }
    let mut plain = call.plain();
    let given = call.values(&["c", "g", "e", "f"]);
    let texts = call.shell == Shell::Windows && !given.is_empty();
    if !texts && !plain.is_empty() {
        plain.remove(0);
    }
    not_empty(Asked::of(Verb::Read).from(plain), found);
}

/// Programs that encrypt: what they read, and where to.
fn sealer(call: &Call, found: &mut Found) {
    let source = call.value(&["in"]).or_else(|| match call.program.as_str() {
        "openssl" => None,
        _ => call.plain_but(&["-o", "-r", "--recipient", "--output", "--passphrase"]).pop(),
    });
    let target = call.value(&["out", "o", "output"]);
    let asked = Asked::of(Verb::Archive).from(source).to(target);
    if !asked.sources.is_empty() {
        found.push(asked);
    }
}

fn lister(call: &Call, found: &mut Found) {
    let mut sources = call.plain();
    if call.is(&["where"]) {
        sources = call.value(&["r"]).into_iter().collect();
    }
    not_empty(Asked::of(Verb::List).from(sources), found);
}

fn remover(call: &Call, found: &mut Found) {
    let sources = call.plain_but(&["-n", "-p", "--iterations", "-size"]);
    let sources = sources.into_iter().filter(|s| !s.bytes().all(|b| b.is_ascii_digit()));
    not_empty(Asked::of(Verb::Delete).from(sources), found);
}

/// A database as a file.
fn dumper(call: &Call, found: &mut Found) {
    let target = call
        .value(&["f", "file", "result-file", "o", "out", "archive"])
        .or_else(|| call.output.first().cloned());
    let target = target.or_else(|| {
        let args: Vec<String> = call.args().collect();
        let at = args.iter().position(|a| matches!(a.as_str(), "out" | "queryout"))?;
        args.get(at + 1).cloned()
    });
    let source = call.plain().into_iter().rfind(|arg| !is_remote(arg));
    let asked = Asked::of(Verb::Archive).from(source).to(target);
    if !asked.targets.is_empty() {
        found.push(asked);
    }
}
