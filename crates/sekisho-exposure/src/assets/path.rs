//! Paths, however they are written, as lists of components.

/// Where a path begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Root {
    /// `C:\`
    Drive,
    /// A Windows volume of which the letter is not said (`\Device\…`, `\x`).
    AnyDrive,
    /// `/`
    Unix,
    /// Not said: a bare name, a relative path, a path below a variable.
    Unknown,
}

/// A path taken apart. `parts` are without root, except that a drive is the
/// first of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parsed<'a> {
    /// Host and share of a UNC path.
    pub(super) unc: Option<(&'a str, &'a str)>,
    pub(super) root: Root,
    pub(super) parts: Vec<&'a str>,
}

fn is_separator(c: char) -> bool {
    c == '/' || c == '\\'
}

/// The text behind a prefix, without regard to case or to the kind of slash.
fn behind<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    let same = head
        .chars()
        .zip(prefix.chars())
        .all(|(a, b)| a.eq_ignore_ascii_case(&b) || (is_separator(a) && is_separator(b)));
    same.then_some(rest)
}

/// Takes a path apart.
pub(super) fn parse(text: &str) -> Parsed<'_> {
    let text = text.trim().trim_matches('"');
    if let Some(rest) = behind(text, "file://") {
        let rest = behind(rest, "localhost").unwrap_or(rest);
        return match rest.strip_prefix('/') {
            Some(local) if is_drive(local.trim_start_matches('/')) => {
                rooted(local.trim_start_matches('/'))
            }
            Some(_) => rooted(rest),
            None => unc(rest),
        };
    }
    for scheme in ["smb://", "cifs://"] {
        if let Some(rest) = behind(text, scheme) {
            return unc(rest);
        }
    }
    for prefix in ["\\\\?\\", "\\\\.\\", "\\??\\"] {
        if let Some(rest) = behind(text, prefix) {
            return object_manager(rest);
        }
    }
    if let Some(rest) = behind(text, "\\device\\") {
        return device(rest);
    }
    match behind(text, "\\\\") {
        Some(rest) => unc(rest),
        None => rooted(text),
    }
}

/// What follows `\\?\`.
fn object_manager(rest: &str) -> Parsed<'_> {
    if let Some(rest) = behind(rest, "unc\\") {
        return unc(rest);
    }
    if let Some(rest) = behind(rest, "globalroot\\device\\") {
        return device(rest);
    }
    if is_drive(rest) {
        return rooted(rest);
    }
    // `Volume{…}\path`, `HarddiskVolume3\path`
    let path = rest.split_once(is_separator).map_or("", |(_, path)| path);
    local(Root::AnyDrive, &[], path)
}

/// What follows `\Device\`.
fn device(rest: &str) -> Parsed<'_> {
    let (first, path) = rest.split_once(is_separator).unwrap_or((rest, ""));
    if first.eq_ignore_ascii_case("mup") || first.eq_ignore_ascii_case("lanmanredirector") {
        let mut path = path;
        while path.starts_with(';') {
            path = path.split_once(is_separator).map_or("", |(_, rest)| rest);
        }
        return unc(path);
    }
    let root =
        if behind(first, "harddiskvolume").is_some() { Root::AnyDrive } else { Root::Unknown };
    local(root, &[], path)
}

fn unc(rest: &str) -> Parsed<'_> {
    let mut parts = rest.split(is_separator).filter(|part| !part.is_empty());
    let host = parts.next().unwrap_or_default();
    // `\\host@SSL\DavWWWRoot\…`
    let host = host.split('@').next().unwrap_or_default();
    let share = parts.next().unwrap_or_default();
    let mut parsed = local(Root::Unknown, &[], "");
    parsed.parts = components(parts);
    strip_stream(&mut parsed.parts);
    parsed.unc = Some((host, share));
    parsed
}

fn is_drive(text: &str) -> bool {
    let mut chars = text.chars();
    let letter = chars.next().is_some_and(|c| c.is_ascii_alphabetic());
    letter && chars.next() == Some(':') && chars.next().is_none_or(is_separator)
}

fn rooted(text: &str) -> Parsed<'_> {
    if is_drive(text) {
        let (drive, path) = text.split_at_checked(2).unwrap_or((text, ""));
        return local(Root::Drive, &[drive], path);
    }
    for (prefix, below) in
        [("\\systemroot", "windows"), ("%systemroot%", "windows"), ("%windir%", "windows")]
    {
        if let Some(path) = behind(text, prefix) {
            return local(Root::AnyDrive, &[below], path);
        }
    }
    if let Some(path) = behind(text, "%systemdrive%") {
        return local(Root::AnyDrive, &[], path);
    }
    if text.starts_with('/') {
        return local(Root::Unix, &[], text);
    }
    if text.starts_with('\\') {
        return local(Root::AnyDrive, &[], text);
    }
    let (first, path) = text.split_once(is_separator).unwrap_or((text, ""));
    let variable = first.starts_with(['%', '$', '~']) && !first.contains(' ');
    local(Root::Unknown, &[], if variable && !path.is_empty() { path } else { text })
}

fn local<'a>(root: Root, head: &[&'a str], path: &'a str) -> Parsed<'a> {
    let mut parts = head.to_vec();
    parts.extend(components(path.split(is_separator)));
    if root != Root::Unix {
        strip_stream(&mut parts);
    }
    Parsed { unc: None, root, parts }
}

/// The components of a path below something.
pub(super) fn components_of(path: &str) -> Vec<&str> {
    let mut parts = components(path.split(is_separator));
    strip_stream(&mut parts);
    parts
}

/// Without empty ones and `.`; `..` takes the one before it away. Names of
/// earlier versions in a share (`@GMT-…`) are dropped.
fn components<'a>(parts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    for part in parts {
        match part {
            "" | "." => {}
            ".." => {
                found.pop();
            }
            version if behind(version, "@gmt-").is_some() => {}
            part => found.push(part),
        }
    }
    found
}

/// `name:stream:$DATA` is the file `name`.
fn strip_stream(parts: &mut [&str]) {
    if let Some(last) = parts.last_mut() {
        match last.find(':') {
            Some(at) if at > 0 && !is_drive(last) => *last = last.get(..at).unwrap_or(last),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, root: Root, parts: &[&str]) {
        let parsed = parse(text);
        assert_eq!((parsed.root, parsed.parts.as_slice()), (root, parts), "{text}");
        assert_eq!(parsed.unc, None, "{text}");
    }

    #[test]
    fn local_paths() {
        for text in [
            "C:\\Plans\\a.txt",
            "C:/Plans/a.txt",
            "C:\\\\Plans\\.\\x\\..\\a.txt",
            "\\??\\C:\\Plans\\a.txt",
            "\\\\?\\C:\\Plans\\a.txt",
            "\\\\.\\C:\\Plans\\a.txt",
            "\"C:\\Plans\\a.txt\"",
            "file:///C:/Plans/a.txt",
            "C:\\Plans\\a.txt:Zone.Identifier",
            "C:\\Plans\\a.txt::$DATA",
        ] {
            check(text, Root::Drive, &["C:", "Plans", "a.txt"]);
        }
        check("/srv//plans/./a:b", Root::Unix, &["srv", "plans", "a:b"]);
        check("file:///srv/plans", Root::Unix, &["srv", "plans"]);
        check("C:", Root::Drive, &["C:"]);
        check("C:\\", Root::Drive, &["C:"]);
        check("a.txt", Root::Unknown, &["a.txt"]);
        check("..\\a.txt", Root::Unknown, &["a.txt"]);
        check("%TEMP%\\a.txt", Root::Unknown, &["a.txt"]);
        check("~/a.txt", Root::Unknown, &["a.txt"]);
        check("%windir%\\ntds", Root::AnyDrive, &["windows", "ntds"]);
        check("", Root::Unknown, &[]);
    }

    #[test]
    fn volumes_without_a_letter() {
        for text in [
            "\\Device\\HarddiskVolume3\\Plans\\a.txt",
            "\\\\?\\GLOBALROOT\\Device\\HarddiskVolumeShadowCopy1\\Plans\\a.txt",
            "\\\\?\\Volume{00000000-0000-0000-0000-000000000000}\\Plans\\a.txt",
            "\\Plans\\a.txt",
        ] {
            check(text, Root::AnyDrive, &["Plans", "a.txt"]);
        }
    }

    #[test]
    fn shares() {
        for text in [
            "\\\\FS01\\Plans\\x\\a.txt",
            "//FS01/Plans/x/a.txt",
            "\\\\?\\UNC\\FS01\\Plans\\x\\a.txt",
            "\\??\\UNC\\FS01\\Plans\\x\\a.txt",
            "\\Device\\Mup\\FS01\\Plans\\x\\a.txt",
            "\\Device\\Mup\\;LanmanRedirector\\;Z:0\\FS01\\Plans\\x\\a.txt",
            "smb://FS01/Plans/x/a.txt",
            "file://FS01/Plans/x/a.txt",
            "\\\\FS01\\Plans\\@GMT-2024.01.01-00.00.00\\x\\a.txt",
        ] {
            let parsed = parse(text);
            assert_eq!(parsed.unc, Some(("FS01", "Plans")), "{text}");
            assert_eq!(parsed.parts, ["x", "a.txt"], "{text}");
        }
    }
}
