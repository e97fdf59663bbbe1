//! Keys at rest and `sekisho key`, as people and programs use them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]
#![allow(clippy::indexing_slicing, clippy::print_stderr, reason = "it is a test")]

mod common;

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{Ran, program, watch};
use serde_json::Value;
use tempfile::TempDir;

const GOOD: &str = "lamp orbit cedar tuesday";
const OTHER: &str = "quilt harbour ninety moss";

/// A home folder of its own for each test.
struct Home {
    folder: TempDir,
}

impl Home {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, part: &str) -> PathBuf {
        self.folder.path().join(part)
    }

    /// The program with this home and no passphrase from elsewhere.
    fn program(&self, args: &[&str]) -> Command {
        let mut command = program();
        command.env("SEKISHO_HOME", self.path("home")).current_dir(self.folder.path());
        command.env_remove("SEKISHO_PASSPHRASE").env_remove("SEKISHO_NEW_PASSPHRASE");
        command.args(args);
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        watch(&mut self.program(args))
    }

    fn run_with(&self, passphrase: &str, args: &[&str]) -> Ran {
        watch(self.program(args).env("SEKISHO_PASSPHRASE", passphrase))
    }

    /// Runs it with files as file descriptors 3 and 4.
    #[cfg(unix)]
    fn run_with_files(&self, three: &Path, four: &Path, args: &[&str]) -> Ran {
        let inner = self.program(args);
        let mut command = Command::new("sh");
        command.args(["-c", "exec 3<\"$1\" 4<\"$2\"; shift 2; exec \"$@\"", "sh"]);
        command.arg(three).arg(four).arg(inner.get_program()).args(args);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        watch(&mut command)
    }

    fn write(&self, part: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(part);
        fs::write(&path, bytes).unwrap();
        path
    }
}

impl Ran {
    /// Asserts that it was done, and gives what it said to programs.
    fn done(&self) -> &str {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        &self.stdout
    }

    /// Asserts that it failed in one line with these parts.
    fn failed(&self, parts: &[&str]) {
        assert_eq!(self.code, Some(2), "{}{}", self.stdout, self.stderr);
        assert!(self.stdout.is_empty(), "{}", self.stdout);
        assert!(self.stderr.starts_with("sekisho: "), "{}", self.stderr);
        assert_eq!(self.stderr.lines().count(), 1, "{}", self.stderr);
        for part in parts {
            assert!(self.stderr.contains(part), "{part:?} is not in: {}", self.stderr);
        }
        for secret in [GOOD, OTHER, "PRIVATE+KEY"] {
            assert!(!self.stderr.contains(secret), "{}", self.stderr);
        }
    }
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Shows a key without what lies beside it, so that it has to be unlocked.
fn unlock(home: &Home, passphrase: Option<&str>) -> Ran {
    let _ = fs::remove_file(home.path("home/keys/alice.pub"));
    match passphrase {
        Some(passphrase) => home.run_with(passphrase, &["key", "show", "alice"]),
        None => home.run(&["key", "show", "alice"]),
    }
}

#[test]
fn a_key_is_made_listed_and_shown() {
    let home = Home::new();
    let made = home.run_with(GOOD, &["key", "new", "alice"]);
    let public = made.done();
    assert!(made.stderr.contains("default key") && made.stderr.contains("SEKISHO_PASSPHRASE"));
    assert_eq!(public, fs::read_to_string(home.path("home/keys/alice.pub")).unwrap());
    let [log, cosigner] = public.lines().collect::<Vec<_>>()[..] else { panic!("{public}") };
    assert!(log.starts_with("alice+") && log.contains("+A") && cosigner.contains("+B"));

    // Neither asks for a passphrase.
    let shown: Value =
        serde_json::from_str(home.run(&["key", "show", "alice", "--format", "json"]).done())
            .unwrap();
    assert_eq!((&shown["log_key"], &shown["cosigner_key"]), (&log.into(), &cosigner.into()));
    assert_eq!((&shown["name"], &shown["stored"]), (&"alice".into(), &"encrypted".into()));
    assert_eq!(shown["fingerprint"].as_str().unwrap().len(), 64);
    assert_eq!(home.run(&["key", "show"]).done(), home.run(&["key", "show", "alice"]).done());

    home.run_with(GOOD, &["key", "new", "bob"]).done();
    let list = home.run(&["key", "list"]);
    let lines: Vec<&str> = list.done().lines().collect();
    assert!(lines[0].starts_with("* alice ") && lines[0].ends_with(log), "{lines:?}");
    assert!(lines[1].starts_with("  bob "), "{lines:?}");
    let list = home.run(&["key", "list", "--format", "json"]);
    let parsed: Vec<Value> =
        list.done().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&parsed[0]["default"], &parsed[1]["default"]), (&true.into(), &false.into()));

    // From the encrypted file comes the same as from what lies beside it.
    let before = home.run(&["key", "show", "alice"]);
    assert_eq!(unlock(&home, Some(GOOD)).done(), before.done());
}

#[test]
fn a_key_is_never_overwritten() {
    let home = Home::new();
    home.run_with(GOOD, &["key", "new", "alice"]).done();
    let before = fs::read(home.path("home/keys/alice.key")).unwrap();
    home.run_with(OTHER, &["key", "new", "alice"]).failed(&["exists already", "another name"]);
    home.run_with(OTHER, &["key", "new", "bob", "--out", "home/keys/alice.key"])
        .failed(&["exists already"]);
    assert_eq!(fs::read(home.path("home/keys/alice.key")).unwrap(), before);
}

#[test]
fn names_that_cannot_be_keys_are_refused() {
    let home = Home::new();
    for name in ["a+b", "a b", "../a", "", "con", "x.key"] {
        let ran = home.run_with(GOOD, &["key", "new", name]);
        assert_eq!(ran.code, Some(2), "{name}");
        assert!(ran.stderr.contains("expected 1 to 64 letters"), "{name}: {}", ran.stderr);
    }
    home.run(&["key", "show", "alice"]).failed(&["there is no key alice", "key list"]);
    home.run(&["key", "show"]).failed(&["there is no key yet", "key new"]);
    assert!(home.run(&["key", "list"]).done().is_empty());
}

#[test]
fn without_a_passphrase_nothing_is_made_and_nothing_opens() {
    let home = Home::new();
    home.run(&["key", "new", "alice"]).failed(&["no passphrase", "--passphrase-fd"]);
    home.run_with("short", &["key", "new", "alice"]).failed(&["too weak", "15 characters"]);
    home.run_with("", &["key", "new", "alice"]).failed(&["SEKISHO_PASSPHRASE is empty"]);
    assert!(home.run(&["key", "list"]).done().is_empty());
    home.run_with(GOOD, &["key", "new", "alice"]).done();
    unlock(&home, None).failed(&["no passphrase that opens", "alice.key"]);
    unlock(&home, Some(OTHER)).failed(&["SEKISHO_PASSPHRASE", "the passphrase is wrong"]);
    unlock(&home, Some(GOOD)).done();
}

#[test]
fn no_argument_takes_a_passphrase() {
    let home = Home::new();
    for args in [["key", "new", "alice", "--passphrase", GOOD], ["key", "new", "alice", GOOD, "-v"]]
    {
        assert_eq!(home.run(&args).code, Some(2));
    }
    assert!(home.run(&["key", "list"]).done().is_empty());
}

#[cfg(unix)]
#[test]
fn passphrases_come_from_file_descriptors() {
    let home = Home::new();
    let good = home.write("good", format!("{GOOD}\n"));
    let other = home.write("other", OTHER);
    let made = home.run_with_files(&good, &other, &["key", "new", "alice", "--passphrase-fd", "3"]);
    made.done();
    assert!(made.stderr.contains("file descriptor 3"));
    unlock(&home, Some(GOOD)).done();
    let _ = fs::remove_file(home.path("home/keys/alice.pub"));
    let show = ["key", "show", "alice", "--passphrase-fd", "4"];
    home.run_with_files(&good, &other, &show)
        .failed(&["from file descriptor 4", "the passphrase is wrong"]);
    home.run(&["key", "show", "alice", "--passphrase-fd", "9"])
        .failed(&["opening file descriptor 9"]);
    // Standard input is one as well.
    let mut command = home.program(&["key", "show", "alice", "--passphrase-fd", "0"]);
    command.stdin(fs::File::open(&good).unwrap());
    watch(&mut command).done();

    let both = ["key", "passphrase", "alice", "--passphrase-fd", "3", "--new-passphrase-fd", "3"];
    home.run_with_files(&good, &other, &both).failed(&["cannot come from one file descriptor"]);
    let both = ["key", "passphrase", "alice", "--passphrase-fd", "3", "--new-passphrase-fd", "4"];
    home.run_with_files(&good, &other, &both).done();
    unlock(&home, Some(GOOD)).failed(&["the passphrase is wrong"]);
    unlock(&home, Some(OTHER)).done();
    assert_eq!(mode(&home.path("home/keys/alice.key")), 0o600);
}

/// A file goes on where it was read to, and only what can be read rightly is taken.
#[cfg(target_os = "linux")]
#[test]
fn a_file_descriptor_is_read_from_where_it_is() {
    let home = Home::new();
    home.run_with(GOOD, &["key", "new", "alice"]).done();
    let _ = fs::remove_file(home.path("home/keys/alice.pub"));
    let two = home.write("two", format!("something read before\n{GOOD}\n"));
    let shell = |script: &str| {
        let inner = home.program(&[]);
        let mut command = Command::new("sh");
        command.arg("-c").arg(script).arg("sh").arg(inner.get_program()).arg(&two);
        command.current_dir(home.folder.path()).stdin(Stdio::null());
        command.env("SEKISHO_HOME", home.path("home")).env_remove("SEKISHO_PASSPHRASE");
        watch(&mut command)
    };
    shell("exec 3<\"$2\"; read first <&3; exec \"$1\" key show alice --passphrase-fd 3").done();
    shell("tail -n 1 \"$2\" | \"$1\" key show alice --passphrase-fd 3 3<&0").done();
    shell("exec 3>>\"$2\"; exec \"$1\" key show alice --passphrase-fd 3")
        .failed(&["file descriptor 3 is open for writing"]);
    shell("exec \"$1\" key show alice --passphrase-fd 2")
        .failed(&["file descriptor 2 is for what the program says"]);
    // One that cannot be opened anew.
    let mut command = home.program(&["key", "show", "alice", "--passphrase-fd", "3"]);
    let socket = std::os::unix::net::UnixStream::pair().unwrap();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "exec \"$@\" 3<&0", "sh"])
        .arg(command.get_program())
        .args(command.get_args());
    shell.env("SEKISHO_HOME", home.path("home")).env_remove("SEKISHO_PASSPHRASE");
    command = shell;
    watch(command.stdin(std::os::fd::OwnedFd::from(socket.0))).failed(&["expected a file or pipe"]);
}

/// The command line of a process is for all to see; while it waits for the passphrase, and after
/// it has it in its environment, it is not in there.
#[cfg(target_os = "linux")]
#[test]
fn a_passphrase_is_never_in_the_command_line() {
    use std::io::Write as _;
    let home = Home::new();
    let mut command = home.program(&["key", "new", "alice", "--passphrase-fd", "0"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.env("SEKISHO_PASSPHRASE", OTHER).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(GOOD.as_bytes()).unwrap();
    let line = loop {
        let line = fs::read(format!("/proc/{}/cmdline", child.id())).unwrap();
        // Empty for a moment, while the program is started.
        if !line.is_empty() {
            break String::from_utf8_lossy(&line).into_owned();
        }
    };
    assert!(line.contains("alice") && !line.contains("lamp") && !line.contains("quilt"), "{line}");
    drop(stdin);
    assert!(child.wait().unwrap().success());
    unlock(&home, Some(GOOD)).done();
}

#[cfg(unix)]
#[test]
fn files_are_for_nobody_else() {
    let home = Home::new();
    home.run_with(GOOD, &["key", "new", "alice"]).done();
    assert_eq!(mode(&home.path("home")), 0o700);
    assert_eq!(mode(&home.path("home/keys")), 0o700);
    assert_eq!(mode(&home.path("home/keys/alice.key")), 0o600);
    assert_eq!(mode(&home.path("home/keys/alice.pub")) & 0o022, 0);
    let left: Vec<_> = fs::read_dir(home.path("home/keys")).unwrap().collect();
    assert_eq!(left.len(), 2, "{left:?}");

    let file = home.path("home/keys/alice.key");
    for bits in [0o644, 0o640, 0o602] {
        set_mode(&file, bits);
        let command = format!("chmod 600 {}", file.display());
        unlock(&home, Some(GOOD)).failed(&["by others", &command]);
    }
    set_mode(&file, 0o600);
    set_mode(&home.path("home/keys"), 0o755);
    let command = format!("chmod 700 {}", home.path("home/keys").display());
    unlock(&home, Some(GOOD)).failed(&["by others", &command]);
    set_mode(&home.path("home/keys"), 0o700);
    unlock(&home, Some(GOOD)).done();

    fs::rename(&file, home.path("real")).unwrap();
    std::os::unix::fs::symlink(home.path("real"), &file).unwrap();
    unlock(&home, Some(GOOD)).failed(&["symbolic link"]);
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    unlock(&home, Some(GOOD)).failed(&["not a regular file"]);
    fs::remove_dir(&file).unwrap();
    home.write("home/keys/alice.key", vec![b'x'; 20 << 10]);
    set_mode(&file, 0o600);
    unlock(&home, Some(GOOD)).failed(&["too large"]);
}

#[cfg(unix)]
#[test]
fn a_damaged_file_is_refused_with_a_reason() {
    let home = Home::new();
    home.run_with(GOOD, &["key", "new", "alice"]).done();
    let file = home.path("home/keys/alice.key");
    let bytes = fs::read(&file).unwrap();
    let whole = bytes.trim_ascii_end().len();
    // Every cut is tried beside the code; here some, all the way through.
    for end in (0..whole).step_by(24).chain([whole - 1]) {
        fs::write(&file, &bytes[..end]).unwrap();
        unlock(&home, Some(GOOD)).failed(&["alice.key", "damaged"]);
    }
    fs::write(&file, &bytes[..whole]).unwrap();
    unlock(&home, Some(GOOD)).done();
    for content in ["", "PRIVATE+KEY+alice+00000000+AAAA", "PRIVATE+KEY+", "hello"] {
        fs::write(&file, content).unwrap();
        let ran = unlock(&home, Some(GOOD));
        assert_eq!(ran.code, Some(2), "{content}");
        assert!(ran.stderr.contains("expected"), "{}", ran.stderr);
    }
}

#[test]
fn a_key_that_was_exchanged_is_noticed() {
    let home = Home::new();
    for name in ["alice", "bob"] {
        home.run(&["key", "new", name, "--store-in-clear"]).done();
    }
    let [a, b] = ["home/keys/alice.key", "home/keys/bob.key"].map(|part| home.path(part));
    fs::copy(&b, &a).unwrap();
    let _ = fs::remove_file(home.path("home/keys/alice.pub"));
    home.run(&["key", "show", "alice"]).failed(&["the key in it is called bob, not alice"]);
    fs::write(home.path("home/keys/bob.pub"), "bob\n").unwrap();
    home.run(&["key", "show", "bob"]).failed(&["reading the public key", "two lines"]);
}

#[test]
fn in_clear_only_when_asked_for_in_words() {
    let home = Home::new();
    home.run_with(GOOD, &["key", "new", "alice"]).done();
    let sealed = fs::read_to_string(home.path("home/keys/alice.key")).unwrap();
    assert!(sealed.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"), "{sealed}");
    let made = home.run(&["key", "new", "bob", "--store-in-clear", "--out", "bob.key"]);
    made.done();
    assert!(made.stderr.contains("in clear: whoever can read it"), "{}", made.stderr);
    let clear = fs::read_to_string(home.path("bob.key")).unwrap();
    assert!(clear.starts_with("PRIVATE+KEY+bob+") && clear.lines().count() == 1);
    assert!(!made.stdout.contains("PRIVATE") && !made.stderr.contains("PRIVATE"));
    assert_eq!(fs::read_to_string(home.path("bob.pub")).unwrap(), made.stdout);
    let shown = home.run(&["key", "show", "./bob.key"]);
    assert!(shown.done().contains("(in clear)"), "{}", shown.stdout);
    assert_eq!(home.run(&["key", "show", "bob.pub"]).done(), shown.done().replace("./", ""));

    let mut command = home.program(&["key", "passphrase", "bob.key"]);
    let ran = watch(command.env("SEKISHO_NEW_PASSPHRASE", OTHER));
    ran.done();
    assert!(ran.stderr.contains("in clear"), "{}", ran.stderr);
    assert!(!fs::read_to_string(home.path("bob.key")).unwrap().contains("PRIVATE"));
    fs::remove_file(home.path("bob.pub")).unwrap();
    home.run_with(OTHER, &["key", "show", "bob.key"]).done();
}

/// The `age` command line, if there is one.
fn age() -> Option<&'static str> {
    let runs = |name: &&str| Command::new(name).arg("--version").output().is_ok();
    let found = ["rage", "age"].into_iter().find(runs);
    if found.is_none() {
        eprintln!("skipped: neither rage nor age is installed");
    }
    found
}

/// Another program opens our file and finds the line in it. `rage` and `age` ask at a terminal, of
/// which `script` makes one.
#[cfg(target_os = "linux")]
#[test]
fn another_program_opens_our_file() {
    let Some(age) = age() else { return };
    let home = Home::new();
    home.run_with(GOOD, &["key", "new", "alice"]).done();
    let file = home.path("home/keys/alice.key");
    let opened = home.path("opened");
    let line = format!("{age} -d -o '{}' '{}'", opened.display(), file.display());
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        eprintln!("skipped: no script command");
        return;
    };
    // What is typed before it is asked for would be lost; and some empty the
    // line once more when they have asked.
    let (mut typing, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut asked = Vec::new();
    while !asked.to_ascii_lowercase().ends_with(b"passphrase") {
        let mut byte = [0];
        screen.read_exact(&mut byte).unwrap();
        asked.extend(byte);
    }
    std::thread::sleep(Duration::from_millis(500));
    typing.write_all(format!("{GOOD}\n").as_bytes()).unwrap();
    drop(typing);
    screen.read_to_end(&mut asked).unwrap();
    assert!(child.wait().unwrap().success());
    let text = fs::read_to_string(opened).unwrap();
    assert!(text.starts_with("PRIVATE+KEY+alice+"), "{age} gave something else");
}
