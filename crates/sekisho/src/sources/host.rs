//! The host that a path names: where collectors and people put the logs of a
//! machine into a folder or an archive with its name. Only what a path says
//! for sure counts; where it does not, the host stays unknown.

/// Systems in the names that UAC gives to its archives.
const UAC_SYSTEMS: &[&str] = &[
    "aix",
    "android",
    "esxi",
    "freebsd",
    "linux",
    "macos",
    "netbsd",
    "netscaler",
    "openbsd",
    "solaris",
];

/// Folders that stand at the root of a machine's file system, or of what is
/// collected of it.
const ROOTS: &[&[&str]] = &[
    &["private", "var", "log"],
    &["var", "log"],
    &["windows", "system32"],
    &["c", "windows"],
    &["inetpub", "logs"],
    &["winevt", "logs"],
];

/// Folders between the root of a file system and the folder of its machine.
const BETWEEN: &[&str] = &[
    "[root]",
    "root",
    "rootfs",
    "uploads",
    "auto",
    "ntfs",
    "lazy_ntfs",
    "file",
    "data",
    "fs",
    "filesystem",
    "live_response",
    "private",
    "windows",
    "system32",
];

/// Words that make a name one that no machine has, wherever they stand in it.
const NEVER: &[&str] = &[
    "archive",
    "artifact",
    "artifacts",
    "backup",
    "backups",
    "case",
    "cases",
    "collected",
    "collection",
    "collections",
    "customer",
    "dataset",
    "downloads",
    "evidence",
    "export",
    "exports",
    "extracted",
    "forensic",
    "forensics",
    "incident",
    "incidents",
    "investigation",
    "kape",
    "logs",
    "memory",
    "sample",
    "samples",
    "triage",
    "uac",
    "unpacked",
    "unzipped",
    "velociraptor",
    "zip",
];

/// Words of which no name of a machine consists alone.
const GENERIC: &[&str] = &[
    "a",
    "acquired",
    "acquisition",
    "all",
    "b",
    "bsd",
    "c",
    "copy",
    "cylr",
    "d",
    "data",
    "diff",
    "dir",
    "disk",
    "documents",
    "dump",
    "e",
    "eventlogs",
    "events",
    "evtx",
    "f",
    "file",
    "files",
    "fixtures",
    "folder",
    "fs",
    "full",
    "g",
    "home",
    "image",
    "images",
    "img",
    "in",
    "input",
    "ir",
    "job",
    "local",
    "log",
    "media",
    "merged",
    "mnt",
    "mount",
    "mounted",
    "mounts",
    "my",
    "new",
    "ntfs",
    "of",
    "old",
    "opt",
    "os",
    "out",
    "output",
    "part",
    "partition",
    "private",
    "raw",
    "result",
    "results",
    "root",
    "rootfs",
    "shadow",
    "share",
    "shared",
    "snapshot",
    "srv",
    "storage",
    "sys",
    "system",
    "t",
    "temp",
    "test",
    "tests",
    "the",
    "tmp",
    "tz",
    "unknown",
    "upload",
    "uploads",
    "upper",
    "user",
    "users",
    "usr",
    "var",
    "varlog",
    "vol",
    "volume",
    "vss",
    "winevt",
    "work",
    "z",
];

/// Words that are the name of a machine only with a number (`server7`).
const GENERIC_UNNUMBERED: &[&str] = &[
    "client",
    "clients",
    "desktop",
    "endpoint",
    "endpoints",
    "host",
    "hosts",
    "linux",
    "mac",
    "machine",
    "machines",
    "macos",
    "node",
    "server",
    "servers",
    "target",
    "targets",
    "unix",
    "vm",
    "vms",
    "win",
    "windows",
    "workstation",
    "workstations",
];

/// Folders below `var/log` that have a folder for each machine that sends.
const RECEIVED: &[&str] = &["remote", "hosts", "remote-hosts", "rsyslog", "clients"];

/// The host that a path names, if it says so for sure.
#[must_use]
pub fn of_path(path: &str) -> Option<String> {
    let decoded = percent_decoded(path);
    let mut segments: Vec<&str> = decoded.split(['/', '\\', '!']).collect();
    segments.retain(|segment| !segment.is_empty() && *segment != ".");
    let lower: Vec<String> = segments.iter().map(|segment| segment.to_lowercase()).collect();
    let sender = received(&segments, &lower);
    let collector = || segments.iter().rev().find_map(|segment| by_collector(segment));
    let root = || {
        let starts = (0..lower.len()).rev().filter(|&at| is_root(&lower, at));
        starts.filter_map(|at| before(&segments, &lower, at)).next()
    };
    sender.or_else(collector).or_else(root).map(str::to_owned)
}

/// `C%3A` as `C:`.
fn percent_decoded(path: &str) -> String {
    let mut out = path.to_owned();
    for (coded, plain) in [("%3A", ":"), ("%3a", ":"), ("%5C", "\\"), ("%5c", "\\")] {
        if out.contains(coded) {
            out = out.replace(coded, plain);
        }
    }
    out
}

fn is_root(lower: &[String], at: usize) -> bool {
    let rest = lower.get(at..).unwrap_or_default();
    ROOTS.iter().any(|root| {
        // The last one is the file itself.
        rest.len() > root.len()
            && rest.iter().zip(*root).all(|(a, b)| a.trim_end_matches(':') == *b)
    })
}

/// The machine whose file system begins here.
fn before<'a>(segments: &[&'a str], lower: &[String], at: usize) -> Option<&'a str> {
    let between = |name: &str| {
        let drive = name.trim_end_matches(':');
        BETWEEN.contains(&name)
            || (drive.len() == 1 && drive.bytes().all(|b| b.is_ascii_alphabetic()))
            || name.starts_with("\\\\.\\")
            || name == "."
    };
    let mut candidates = segments.iter().zip(lower).take(at).rev();
    let (name, _) = candidates.find(|(_, lower)| !between(lower))?;
    plausible(without_ending(name))
}

/// `var/log/remote/HOST/messages`.
fn received<'a>(segments: &[&'a str], lower: &[String]) -> Option<&'a str> {
    let at = lower.windows(3).rposition(|w| match w {
        [var, log, below] => var == "var" && log == "log" && RECEIVED.contains(&below.as_str()),
        _ => false,
    })?;
    // The last one is the file itself.
    (at + 4 < segments.len()).then(|| segments.get(at + 3).and_then(|name| plausible(name)))?
}

/// The machine in a name as collectors make it: `Collection-HOST-2024-03-01T…`
/// of Velociraptor, `uac-HOST-linux-20240301…` of UAC.
fn by_collector(name: &str) -> Option<&str> {
    let name = without_ending(name);
    if let Some(rest) = name.strip_prefix("Collection-") {
        let (start, _, _) = super::dates::days_in(rest).into_iter().next()?;
        return machine(rest.get(..start)?.strip_suffix('-')?);
    }
    let rest = name.strip_prefix("uac-")?;
    let (rest, digits) = rest.rsplit_once('-')?;
    let (host, system) = rest.rsplit_once('-')?;
    let dated = digits.len() >= 8 && digits.bytes().all(|b| b.is_ascii_digit());
    if dated && UAC_SYSTEMS.contains(&system) { machine(host) } else { None }
}

fn without_ending(name: &str) -> &str {
    let mut name = name;
    for ending in [".gz", ".zst", ".tar", ".tgz", ".zip"] {
        name = name.strip_suffix(ending).unwrap_or(name);
    }
    name
}

/// A name that a machine may have.
fn machine(name: &str) -> Option<&str> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let address = || name.parse::<std::net::IpAddr>().is_ok();
    let lettered = name.bytes().any(|b| b.is_ascii_alphabetic());
    let begins = name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    (name.len() <= 253 && begins && name.bytes().all(fits) && (lettered || address()))
        .then_some(name)
}

/// A name that a machine may have, and that folders of other things have not.
fn plausible(name: &str) -> Option<&str> {
    let name = machine(name)?;
    let lower = name.to_lowercase();
    let words = || lower.split(['-', '_', '.']);
    let letters = |word: &str| word.replace(|c: char| c.is_ascii_digit(), "");
    let address = name.parse::<std::net::IpAddr>().is_ok();
    let never = words().any(|word| NEVER.contains(&letters(word).as_str()));
    let generic = words().all(|word| {
        let letters = letters(word);
        letters.is_empty()
            || GENERIC.contains(&letters.as_str())
            || GENERIC_UNNUMBERED.contains(&word)
    });
    (address || !(never || generic)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::of_path;

    #[test]
    fn hosts_that_a_path_names() {
        for (path, host) in [
            ("triage/web01/var/log/auth.log", "web01"),
            ("triage/web01/[root]/var/log/auth.log", "web01"),
            ("mac7/private/var/log/system.log", "mac7"),
            ("out/uac-db-02-linux-20240301120000.tar.gz![root]/var/log/syslog", "db-02"),
            ("uac-db-02.example.org-macos-20240301120000/x/log", "db-02.example.org"),
            (
                "Collection-DESKTOP-A1-2024-03-01T12_00_00Z.zip!uploads/auto/C%3A/Windows/System32/\
                 winevt/Logs/Security.evtx",
                "DESKTOP-A1",
            ),
            ("Collection-srv_1-2024-03-01T12_00_00_Z.zip!results/x.json", "srv_1"),
            ("kape/WS07/C/Windows/System32/winevt/Logs/Security.evtx", "WS07"),
            ("kape/WS07/C:/inetpub/logs/LogFiles/W3SVC1/u_ex240301.log", "WS07"),
            ("DC01/uploads/ntfs/%5C%5C.%5CC%3A/Windows/System32/winevt/Logs/x.evtx", "DC01"),
            ("DC01\\Windows\\System32\\config\\x.log", "DC01"),
            ("DC01/winevt/Logs/Security.evtx", "DC01"),
            ("server7/winevt/Logs/Security.evtx", "server7"),
            ("logs.zip!DC01/winevt/Logs/Security.evtx", "DC01"),
            ("DC01.zip!C/Windows/System32/winevt/Logs/Security.evtx", "DC01"),
            ("DC01.tar.gz!var/log/messages", "DC01"),
            ("loghost/var/log/remote/web01/access.log", "web01"),
            ("/var/log/remote/10.1.2.3/access.log", "10.1.2.3"),
            ("evidence/10.1.2.3/var/log/access.log", "10.1.2.3"),
        ] {
            assert_eq!(of_path(path).as_deref(), Some(host), "{path}");
        }
    }

    #[test]
    fn names_that_are_no_hosts() {
        for path in [
            "",
            "auth.log",
            "web01/auth.log",
            "/var/log/auth.log",
            "logs/var/log/auth.log",
            "evidence/[root]/var/log/auth.log",
            "/tmp/.tmpAbC/logs/var/log/auth.log",
            "case-web/var/log/auth.log",
            "2024-03-01/var/log/auth.log",
            "2024-03-01T120000Z/C/Windows/System32/winevt/Logs/x.evtx",
            "servers/C/Windows/System32/winevt/Logs/x.evtx",
            "disk1/C/Windows/System32/winevt/Logs/x.evtx",
            "linux_logs.zip!var/log/auth.log",
            "C/Windows/System32/winevt/Logs/x.evtx",
            "C:\\Windows\\System32\\winevt\\Logs\\x.evtx",
            "winevt/Logs/x.evtx",
            "web01/var/log",
            "Collection-2024/x",
            "Collection--2024-03-01T/x",
            "uac-linux-20240301/x",
            "a b/var/log/x",
            "/var/log/remote/messages",
        ] {
            assert_eq!(of_path(path), None, "{path}");
        }
    }
}
