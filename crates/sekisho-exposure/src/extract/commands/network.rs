//! Programs that send files away or fetch them, and that open sessions on
//! other hosts.

use super::calls::Call;
use super::words::Shell;
use super::{Asked, Found, Verb};

pub(super) fn read(call: &Call, found: &mut Found) {
    match call.program.as_str() {
        "curl" if !call.is_cmdlet() => curl(call, found),
        "wget" if !call.is_cmdlet() => wget(call, found),
        "scp" | "pscp" | "rsync" | "rclone" | "azcopy" | "sftp" | "psftp" => between(call, found),
        "aws" | "gsutil" | "s3cmd" | "gcloud" | "s5cmd" | "mc" | "b2" => bucket(call, found),
        "az" => azure(call, found),
        "mega-put" | "megaput" | "megacopy" => mega(call, found),
        "bitsadmin" => bitsadmin(call, found),
        "certutil" => certutil(call, found),
        "ftp" | "tftp" | "lftp" => ftp(call, found),
        "winscp" => winscp(call, found),
        "nc" | "ncat" | "netcat" | "socat" => netcat(call, found),
        "net" | "net1" => net(call, found),
        "mstsc" => desktop(call, found),
        "cmdkey" => saved(call, found),
        "plink" => {
            let host =
                call.plain_but(&["-i", "-P", "-l", "-pw", "-L", "-R", "-D"]).into_iter().next();
            if let Some(host) = host {
                found.push(Asked::of(Verb::Connect).on(host.rsplit('@').next().unwrap_or(&host)));
            }
        }
        _ => {}
    }
}

/// Whether an argument is an address of a service, or a place on another host
/// in the manner of `scp` and `rclone`: `user@host:path`, `remote:path`.
pub(super) fn is_remote(arg: &str) -> bool {
    if arg.contains("://") {
        return true;
    }
    let Some((before, after)) = arg.split_once(':') else { return false };
    (before.len() > 1 || after.starts_with(':')) && !before.contains(['\\', '/', ' ', '%', '$'])
}

fn is_url(arg: &str) -> bool {
    let folded = arg.to_ascii_lowercase();
    ["http://", "https://", "ftp://", "ftps://", "sftp://", "smb://", "scp://"]
        .iter()
        .any(|scheme| folded.starts_with(scheme))
}

/// A share that is not one of a host of the network: the drives of who sits at
/// the other end of remote desktop, or a web folder.
pub(super) fn is_outside(path: &str) -> bool {
    let folded = path.to_ascii_lowercase();
    let Some(rest) = folded.strip_prefix("\\\\") else { return false };
    let host = rest.split('\\').next().unwrap_or(rest);
    host == "tsclient" || host.contains('@') || rest.contains("\\davwwwroot")
}

fn upload(sources: Vec<String>, url: Option<String>, found: &mut Found) {
    let asked = Asked::of(Verb::Upload).from(sources);
    match url {
        Some(url) => found.push(asked.at(url)),
        None if asked.sources.is_empty() => {}
        None => found.push(asked),
    }
}

fn download(url: Option<String>, targets: Vec<String>, found: &mut Found) {
    if let Some(url) = url {
        found.push(Asked::of(Verb::Download).to(targets).at(url));
    }
}

/// The first argument that looks like an address, else the first that has a
/// point and is no option's value.
fn address(call: &Call, taking: &[&str]) -> Option<String> {
    let plain = call.plain_but(taking);
    let url = plain
        .iter()
        .find(|arg| is_url(arg))
        .or_else(|| plain.iter().find(|arg| arg.contains('.') && !arg.contains(['\\', '@'])));
    url.cloned()
}

/// Options of `curl` that take a value.
const CURL_TAKING: &[&str] = &[
    "-T",
    "--upload-file",
    "-F",
    "--form",
    "-d",
    "--data",
    "--data-binary",
    "--data-raw",
    "--data-urlencode",
    "--data-ascii",
    "-o",
    "--output",
    "-H",
    "--header",
    "-u",
    "--user",
    "-x",
    "--proxy",
    "-A",
    "--user-agent",
    "-X",
    "--request",
    "-b",
    "-c",
    "-e",
    "-m",
    "-E",
    "--cacert",
    "--cert",
    "--key",
    "--max-time",
    "--connect-timeout",
    "-K",
    "--resolve",
    "-w",
];

fn curl(call: &Call, found: &mut Found) {
    let args: Vec<String> = call.args().collect();
    let mut sources = Vec::new();
    for (at, arg) in args.iter().enumerate() {
        let glued = ["-T", "-F", "-d"].iter().find_map(|short| {
            arg.strip_prefix(short).filter(|rest| !rest.is_empty()).map(|rest| (*short, rest))
        });
        let long = arg.split_once('=').filter(|(name, _)| name.starts_with("--"));
        let next = args.get(at + 1).map_or("", String::as_str);
        let (name, value) = long.or(glued).unwrap_or((arg, next));
        sources.extend(sent(name, value).map(str::to_owned));
    }
    let url = call.value(&["url"]).or_else(|| address(call, CURL_TAKING));
    // `-` is what comes through the pipe.
    let piped = sources.iter().any(|source| source == "-" || source == ".");
    sources.retain(|source| source != "-");
    if !sources.is_empty() || piped {
        sources.extend(call.input.iter().cloned());
        return upload(sources, url, found);
    }
    let mut targets = call.values(&["output"]);
    let pairs = args.iter().zip(args.iter().skip(1));
    targets.extend(pairs.filter(|(a, _)| *a == "-o").map(|(_, b)| b.clone()));
    download(url, targets, found);
}

/// The file that an option of `curl` sends.
fn sent<'t>(option: &str, value: &'t str) -> Option<&'t str> {
    match option {
        "-T" | "--upload-file" => Some(value),
        "-F" | "--form" => {
            let (_, value) = value.split_once('=')?;
            let file = value.strip_prefix(['@', '<'])?;
            Some(file.split(';').next().unwrap_or(file).trim_matches('"'))
        }
        "-d" | "--data" | "--data-binary" | "--data-raw" | "--data-ascii" | "--data-urlencode" => {
            let (before, file) = value.rsplit_once('@')?;
            (!before.contains(['=', '{', ' '])).then_some(file)
        }
        _ => None,
    }
}

fn wget(call: &Call, found: &mut Found) {
    let url = address(call, &["-O", "-o", "-P", "-U", "--header", "--user", "--password"]);
    let sources = call.values(&["post-file", "body-file"]);
    if sources.is_empty() {
        return download(url, call.values(&["O", "output-document"]), found);
    }
    upload(sources, url, found);
}

/// Options of programs between hosts that take a value.
const BETWEEN_TAKING: &[&str] = &[
    "-i",
    "-P",
    "-p",
    "-l",
    "-o",
    "-F",
    "-S",
    "-c",
    "-e",
    "-pw",
    "-b",
    "--rsh",
    "--config",
    "--transfers",
    "--include",
    "--exclude",
    "--exclude-from",
    "--files-from",
    "--max-age",
    "--min-age",
    "--bwlimit",
    "--port",
    "--drive-chunk-size",
    "--log-file",
    "--checkers",
];

/// The same of `rsync`.
const RSYNC_TAKING: &[&str] = &[
    "-e",
    "--rsh",
    "--exclude",
    "--include",
    "--files-from",
    "--port",
    "--password-file",
    "--bwlimit",
];

/// Programs with sources and a target, of which one is elsewhere.
fn between(call: &Call, found: &mut Found) {
    let taking: Vec<&str> = match call.program.as_str() {
        // Here this is a switch.
        "scp" | "pscp" => BETWEEN_TAKING.iter().copied().filter(|o| *o != "-p").collect(),
        "rsync" => RSYNC_TAKING.to_vec(),
        "azcopy" => vec![],
        _ => BETWEEN_TAKING.to_vec(),
    };
    let mut plain = call.plain_but(&taking);
    if call.is(&["rclone", "azcopy"]) {
        const ACTS: &[&str] = &["copy", "sync", "move", "copyto", "moveto", "cp"];
        let Some(at) = plain.iter().position(|arg| ACTS.contains(&arg.as_str())) else { return };
        plain.drain(..=at);
    }
    let (Some(target), sources) = (plain.pop(), plain) else { return };
    if sources.is_empty() {
        // `sftp user@host`: what it sends, it is told later.
        let host = target.split(':').next().unwrap_or(&target);
        let host = host.rsplit('@').next().unwrap_or(host);
        if call.is(&["sftp", "psftp"]) {
            found.push(Asked::of(Verb::Connect).on(host));
        }
        return;
    }
    if is_remote(&target) {
        return upload(sources, Some(target), found);
    }
    match sources.iter().find(|source| is_remote(source)) {
        Some(url) => download(Some(url.clone()), vec![target], found),
        None => found.push(Asked::of(Verb::Copy).from(sources).to([target])),
    }
}

/// `aws s3 cp a s3://b/c`, `gsutil cp a gs://b`, `aws s3api put-object --body a`.
fn bucket(call: &Call, found: &mut Found) {
    let args: Vec<String> = call.args().collect();
    const ACTS: &[&str] =
        &["cp", "sync", "mv", "put", "upload-file", "upload_file", "rsync", "mirror"];
    if args.iter().any(|arg| arg == "put-object" || arg == "upload-part") {
        let url = call.value(&["bucket"]).map(|bucket| format!("s3://{bucket}"));
        return upload(call.values(&["body"]), url, found);
    }
    let Some(at) = args.iter().position(|arg| ACTS.contains(&arg.as_str())) else { return };
    let rest: Vec<String> =
        args.into_iter().skip(at + 1).filter(|arg| !arg.starts_with('-')).collect();
    let Some(remote) = rest.iter().position(|arg| arg.contains("://")) else { return };
    let url = rest.get(remote).cloned();
    if remote == 0 {
        return download(url, rest.into_iter().skip(1).collect(), found);
    }
    upload(rest.into_iter().take(remote).collect(), url, found);
}

fn azure(call: &Call, found: &mut Found) {
    let args: Vec<String> = call.args().collect();
    let has = |word: &str| args.iter().any(|arg| arg == word);
    if !has("storage") {
        return;
    }
    let account = call.value(&["account-name"]).unwrap_or_default();
    let container = call.values(&["container-name", "c", "d", "destination", "share-name", "s"]);
    let url = format!("azure://{account}/{}", container.first().map_or("", String::as_str));
    let files = call.values(&["file", "f", "source"]);
    if has("upload") || has("upload-batch") {
        upload(files, Some(url), found);
    } else if has("download") || has("download-batch") {
        download(Some(url), files, found);
    }
}

fn mega(call: &Call, found: &mut Found) {
    let sources = call.plain_but(&["-u", "-p", "--path", "--username", "--password"]);
    upload(sources, Some("https://mega.nz".to_owned()), found);
}

/// `bitsadmin /transfer job [/upload] [/priority …] remote local`.
fn bitsadmin(call: &Call, found: &mut Found) {
    let args: Vec<String> = call.args().collect();
    let Some(at) = args.iter().position(|arg| is_url(arg)) else { return };
    let (url, local) = (args.get(at).cloned(), args.get(at + 1).cloned());
    if call.has(&["upload"]) || call.has(&["setreplyfilename"]) {
        upload(local.into_iter().collect(), url, found);
    } else {
        download(url, local.into_iter().collect(), found);
    }
}

fn certutil(call: &Call, found: &mut Found) {
    let plain = call.plain();
    if call.has(&["urlcache", "verifyctl", "url"]) {
        let url = plain.iter().find(|arg| is_url(arg)).cloned();
        let target = plain.into_iter().filter(|arg| !is_url(arg)).collect();
        return download(url, target, found);
    }
    if call.has(&["encode", "decode", "encodehex", "decodehex"]) {
        let (source, target) = (plain.first().cloned(), plain.get(1).cloned());
        if source.is_some() {
            found.push(Asked::of(Verb::Copy).from(source).to(target));
        }
    }
}

fn ftp(call: &Call, found: &mut Found) {
    let plain = call.plain();
    if call.is(&["tftp"]) {
        let [host, act, file, ..] = plain.as_slice() else { return };
        let url = Some(format!("tftp://{host}"));
        return match act.eq_ignore_ascii_case("put") {
            true => upload(vec![file.clone()], url, found),
            false => download(url, vec![file.clone()], found),
        };
    }
    // What a script file says is not here: it may send anything.
    let host = plain.into_iter().next();
    if host.is_some() || call.has(&["s"]) {
        upload(Vec::new(), Some(format!("ftp://{}", host.unwrap_or_default())), found);
    }
}

/// `winscp /command "open sftp://…" "put C:\a"`.
fn winscp(call: &Call, found: &mut Found) {
    let args: Vec<String> = call.args().collect();
    let url = args.iter().find_map(|arg| {
        let words = arg.split(' ').map(|word| word.trim_matches('"'));
        words.into_iter().find(|word| word.contains("://")).map(str::to_owned)
    });
    for arg in &args {
        let (act, rest) = arg.split_once(' ').unwrap_or((arg, ""));
        let rest = rest.trim();
        let rest = rest.split(" -").next().unwrap_or(rest);
        let first = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next().unwrap_or(quoted),
            None => rest.split(' ').next().unwrap_or(rest),
        };
        match act.to_ascii_lowercase().as_str() {
            "put" | "mput" | "synchronize" => upload(vec![first.to_owned()], url.clone(), found),
            "get" | "mget" => download(url.clone(), Vec::new(), found),
            _ => {}
        }
    }
}

/// What goes in through a redirection goes out to the other end.
fn netcat(call: &Call, found: &mut Found) {
    let plain = call.plain_but(&["-p", "-s", "-w", "-e", "-c", "-i"]);
    let host = plain.first().map(|host| match plain.get(1) {
        Some(port) => format!("tcp://{host}:{port}"),
        None => format!("tcp://{host}"),
    });
    if call.has(&["l", "lvp", "lp", "lvnp", "nlvp"]) || host.is_none() {
        return;
    }
    if !call.input.is_empty() || call.piped {
        upload(call.input.clone(), host, found);
    }
}

/// `net use * \\host\share /user:name`.
fn net(call: &Call, found: &mut Found) {
    let args: Vec<String> = call.args().collect();
    if !args.first().is_some_and(|act| act.eq_ignore_ascii_case("use"))
        || call.has(&["delete", "d"])
    {
        return;
    }
    let share = args.iter().find_map(|arg| arg.strip_prefix("\\\\"));
    let Some(host) = share.and_then(|share| share.split('\\').next()) else { return };
    let mut asked = Asked::of(Verb::Connect).on(host);
    asked.name = call.value(&["user", "u"]);
    found.push(asked);
}

fn desktop(call: &Call, found: &mut Found) {
    if let Some(host) = call.value(&["v"]) {
        found.push(Asked::of(Verb::Connect).on(host.split(':').next().unwrap_or(&host)));
    }
}

fn saved(call: &Call, found: &mut Found) {
    let host = call.value(&["add", "generic"]);
    if let (Some(host), Some(user)) = (host, call.value(&["user", "u"])) {
        let host = host.rsplit('/').next().unwrap_or(&host).to_owned();
        found.push(Asked::of(Verb::Connect).on(host).named(user));
    }
}

/// What the command before gave out is what an uploader that reads a pipe
/// sends: its sources become the uploader's. `before` is where the asked of
/// that command begin, `start` those of the uploader.
pub(super) fn sent_by_pipe(asked: &mut [Asked], before: usize, start: usize) {
    let (first, second) = asked.split_at_mut(start.min(asked.len()));
    let given = first.get(before..).unwrap_or_default();
    let sources: Vec<String> = given
        .iter()
        .filter(|asked| matches!(asked.verb, Verb::Read | Verb::Archive | Verb::Copy))
        .filter(|asked| asked.targets.is_empty())
        .flat_map(|asked| asked.sources.iter().cloned())
        .collect();
    for asked in second {
        if asked.verb == Verb::Upload && asked.sources.is_empty() {
            asked.sources.clone_from(&sources);
        }
    }
}

/// Whether a shell's own redirection leads to another host.
pub(super) fn is_socket(path: &str, shell: Shell) -> bool {
    shell == Shell::Unix && (path.starts_with("/dev/tcp/") || path.starts_with("/dev/udp/"))
}
