//! Columns that name a program as services and scheduled tasks do: by a
//! command, which has arguments behind the program's path, perhaps quotes
//! around it, and the system's folder in one of several spellings.

/// Endings of what Windows runs.
const ENDINGS: [&str; 14] = [
    ".exe", ".dll", ".sys", ".com", ".bat", ".cmd", ".scr", ".ps1", ".vbs", ".js", ".wsf", ".hta",
    ".msi", ".cpl",
];

/// Ways to write the folder of the system, in lower case.
const SYSTEM: [&str; 6] = [
    "\\systemroot\\",
    "%systemroot%\\",
    "%windir%\\",
    "\\systemroot/",
    "%systemroot%/",
    "%windir%/",
];

/// Folders that are meant to be within that of the system where a path begins
/// with them.
const WITHIN: [&str; 3] = ["system32\\", "syswow64\\", "system32/"];

/// The path of the program that a command runs: what is in quotes; else what
/// is before the first blank behind an executable's ending; else what is
/// before the first blank.
pub(super) fn program(command: &str) -> &str {
    let command = command.trim();
    let path = match command.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').map_or(quoted, |(inside, _)| inside),
        None => unquoted(command),
    };
    ["\\??\\", "\\\\?\\", "\\\\.\\"].into_iter().find_map(|p| path.strip_prefix(p)).unwrap_or(path)
}

fn unquoted(command: &str) -> &str {
    let blanks = || command.match_indices(char::is_whitespace).map(|(at, _)| at);
    let starts = blanks().chain([command.len()]).map(|at| command.get(..at).unwrap_or_default());
    let mut starts = starts.filter(|start| ENDINGS.iter().any(|ending| ends_with(start, ending)));
    let first = || command.split(char::is_whitespace).next().unwrap_or_default();
    starts.next().unwrap_or_else(first)
}

fn ends_with(text: &str, ending: &str) -> bool {
    let at = text.len().checked_sub(ending.len());
    at.and_then(|at| text.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(ending))
}

/// Whether all of a command may be the path of a program all the same: nothing
/// but a blank ended what was taken of it.
pub(super) fn may_be_a_path(command: &str, program: &str) -> bool {
    let command = command.trim();
    program.len() != command.len()
        && command.starts_with(program)
        && !ENDINGS.iter().any(|ending| ends_with(program, ending))
}

/// The path with the system's folder written out, as nearly all machines have
/// it, where it begins with a name for that.
pub(super) fn written_out(path: &str) -> Option<String> {
    let begins = |start: &&&str| {
        path.get(..start.len()).is_some_and(|text| text.eq_ignore_ascii_case(start))
    };
    let rest = match SYSTEM.iter().find(begins) {
        Some(start) => path.get(start.len()..)?,
        None => WITHIN.iter().find(begins).map(|_| path)?,
    };
    Some(format!("C:\\Windows\\{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_of_a_command() {
        for (command, path) in [
            (r"C:\Temp\evil.exe", r"C:\Temp\evil.exe"),
            (r"C:\Temp\evil.exe -k netsvcs", r"C:\Temp\evil.exe"),
            (r"C:\Temp\evil.exe /svc", r"C:\Temp\evil.exe"),
            (r#""C:\Temp\evil.exe" -s"#, r"C:\Temp\evil.exe"),
            (r#" "C:\My Temp\evil" /svc "#, r"C:\My Temp\evil"),
            (r#""C:\Temp\evil.exe"#, r"C:\Temp\evil.exe"),
            (r"C:\Program Files\A B\Evil.EXE /x C:\b.exe", r"C:\Program Files\A B\Evil.EXE"),
            (r"C:\Temp\a.exe.d\b.exe -s", r"C:\Temp\a.exe.d\b.exe"),
            (r"\??\C:\Temp\evil.sys", r"C:\Temp\evil.sys"),
            (r#""\??\C:\Temp\evil.sys" x"#, r"C:\Temp\evil.sys"),
            (r"\\host\share\evil.bat 1", r"\\host\share\evil.bat"),
            ("/usr/bin/evil -d /etc/x", "/usr/bin/evil"),
            ("evil", "evil"),
            ("é.exe é", "é.exe"),
            ("", ""),
        ] {
            assert_eq!(program(command), path, "{command}");
        }
    }

    #[test]
    fn the_folder_of_the_system() {
        for (path, whole) in [
            (r"\SystemRoot\System32\drivers\e.sys", Some(r"C:\Windows\System32\drivers\e.sys")),
            (r"%systemroot%\e.exe", Some(r"C:\Windows\e.exe")),
            (r"%WinDir%\e.exe", Some(r"C:\Windows\e.exe")),
            (r"System32\drivers\e.sys", Some(r"C:\Windows\System32\drivers\e.sys")),
            (r"C:\system32\e.sys", None),
            ("éééééééé", None),
        ] {
            assert_eq!(written_out(path).as_deref(), whole, "{path}");
        }
    }
}
