//! Passphrases: where they come from, and what a new one must be like. Never
//! from an argument, which everybody on a machine can read.

use std::fmt;
use std::fs::{self, File};
use std::io::{IsTerminal as _, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use age::secrecy::SecretString;
use anyhow::{Context as _, Result, bail};
use zeroize::Zeroizing;

use super::guarded::{self, Access};
use super::limits::{
    GENERATED_CHARACTERS, PASSPHRASE_BYTES_MAX, PASSPHRASE_CHARACTERS_MIN, PASSPHRASE_DISTINCT_MIN,
    SCRYPT_WORK_CHOSEN_LOG2, SCRYPT_WORK_GENERATED_LOG2, SMALL_FILE_BYTES_MAX,
};
use super::random;

/// The variable with the passphrase of a key.
pub const PASSPHRASE_VARIABLE: &str = "SEKISHO_PASSPHRASE";

/// The variable with a passphrase that is to replace another one.
pub const NEW_PASSPHRASE_VARIABLE: &str = "SEKISHO_NEW_PASSPHRASE";

/// The alphabet of RFC 4648's base32 in small letters: no character is taken for another.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Where a passphrase came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file descriptor.
    Descriptor(u32),
    /// A variable of the environment.
    Variable(&'static str),
    /// The generated one, in this file.
    Generated(PathBuf),
    /// A person at a terminal.
    Terminal,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Descriptor(n) => write!(f, "the passphrase from file descriptor {n}"),
            Self::Variable(name) => write!(f, "the passphrase from {name}"),
            Self::Generated(path) => write!(f, "the generated passphrase in {}", path.display()),
            Self::Terminal => f.write_str("the passphrase that was typed"),
        }
    }
}

/// A passphrase. It is wiped from memory when dropped, and never shown.
pub struct Passphrase {
    text: Zeroizing<String>,
    origin: Origin,
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Passphrase({:?})", self.origin)
    }
}

impl Passphrase {
    /// A checked passphrase.
    fn new(text: Zeroizing<String>, origin: Origin) -> Result<Self> {
        if text.is_empty() {
            bail!("{origin} is empty");
        }
        if text.len() > PASSPHRASE_BYTES_MAX {
            bail!("{origin} is too long: expected at most {PASSPHRASE_BYTES_MAX} bytes");
        }
        if text.chars().any(char::is_control) {
            bail!("{origin} has control characters in it: expected one line of text");
        }
        Ok(Self { text, origin })
    }

    #[cfg(test)]
    pub(super) fn for_test(text: &str) -> Self {
        Self { text: Zeroizing::new(text.to_owned()), origin: Origin::Terminal }
    }

    /// Where it came from.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    pub(super) fn to_age(&self) -> SecretString {
        SecretString::from(self.text.as_str())
    }

    /// How much work guessing shall cost.
    pub(super) fn work_log2(&self) -> u8 {
        match self.origin {
            Origin::Generated(_) => SCRYPT_WORK_GENERATED_LOG2,
            _ => SCRYPT_WORK_CHOSEN_LOG2,
        }
    }

    /// Refuses one that can be guessed, if it is to protect a key from now on.
    fn strong(self) -> Result<Self> {
        let mut distinct: Zeroizing<Vec<char>> = Zeroizing::new(self.text.chars().collect());
        let characters = distinct.len();
        distinct.sort_unstable();
        distinct.dedup();
        let different = distinct.len();
        if characters < PASSPHRASE_CHARACTERS_MIN || different < PASSPHRASE_DISTINCT_MIN {
            bail!(
                "{} is too weak: expected at least {PASSPHRASE_CHARACTERS_MIN} characters, of which \
                 {PASSPHRASE_DISTINCT_MIN} different ones, as whoever copies the key file can guess \
                 for ever; four or five words picked at random will do",
                self.origin
            );
        }
        Ok(self)
    }
}

/// From where a passphrase may be taken, in this order: descriptor, variable, the generated one,
/// a terminal.
#[derive(Clone, Debug)]
pub struct Sources {
    /// A file descriptor to read it from.
    pub descriptor: Option<u32>,
    /// The variable that may hold it.
    pub variable: &'static str,
}

impl Sources {
    /// What was given with the command, if anything.
    pub(super) fn given(&self) -> Result<Option<Passphrase>> {
        if let Some(n) = self.descriptor {
            return Ok(Some(from_descriptor(n)?));
        }
        let Some(value) = std::env::var_os(self.variable) else { return Ok(None) };
        let origin = Origin::Variable(self.variable);
        let Ok(text) = value.into_string() else { bail!("{origin} is no UTF-8 text") };
        Passphrase::new(Zeroizing::new(text), origin).map(Some)
    }

    /// As [`Self::given`], for a key that is made now.
    pub(super) fn given_new(&self) -> Result<Option<Passphrase>> {
        self.given()?.map(Passphrase::strong).transpose()
    }
}

/// The first line of what a descriptor gives.
fn from_descriptor(n: u32) -> Result<Passphrase> {
    let origin = Origin::Descriptor(n);
    let refuse_terminal = || {
        format!(
            "file descriptor {n} is a terminal, which would show what is typed; leave the flag out \
             to be asked"
        )
    };
    if n == 0 {
        let stdin = std::io::stdin();
        if stdin.is_terminal() {
            bail!(refuse_terminal());
        }
        return first_line(stdin.lock(), origin);
    }
    if !cfg!(unix) {
        bail!(
            "passphrases come from file descriptors only on Unix (but for 0); use \
             {PASSPHRASE_VARIABLE} here"
        );
    }
    let file = open_anew(n)?;
    if file.is_terminal() {
        bail!(refuse_terminal());
    }
    first_line(file, origin)
}

/// A descriptor that was inherited, as a file. It is opened anew by its name: to take it as it is
/// would ask for `unsafe`.
fn open_anew(n: u32) -> Result<File> {
    if n == 1 || n == 2 {
        bail!("file descriptor {n} is for what the program says; expected 0, or one from 3 on");
    }
    let opening = || {
        format!(
            "opening file descriptor {n} for the passphrase; expected a file or pipe that this user \
             may read, as in: --passphrase-fd 3 3<FILE"
        )
    };
    let mut file = File::open(format!("/dev/fd/{n}")).with_context(opening)?;
    // On Linux that begins a file from the start again; elsewhere the place is shared.
    if let Ok(info) = fs::read_to_string(format!("/proc/self/fdinfo/{n}")) {
        let (place, is_read) = place_in(&info).with_context(opening)?;
        if !is_read {
            bail!(
                "file descriptor {n} is open for writing: expected one to read the passphrase from"
            );
        }
        if file.metadata().with_context(opening)?.is_file() {
            file.seek(SeekFrom::Start(place)).with_context(opening)?;
        }
    }
    Ok(file)
}

/// Where a descriptor is in its file, and whether it may be read, as `/proc/self/fdinfo` says.
fn place_in(info: &str) -> Option<(u64, bool)> {
    const ACCESS: u32 = 3;
    const WRITE_ONLY: u32 = 1;
    let value = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let flags = u32::from_str_radix(value("flags:")?, 8).ok()?;
    Some((value("pos:")?.parse().ok()?, flags & ACCESS != WRITE_ONLY))
}

fn first_line(mut from: impl Read, origin: Origin) -> Result<Passphrase> {
    let limit = PASSPHRASE_BYTES_MAX + 3; // a line break, and one byte that is too many
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit));
    // Byte by byte: a buffer would keep a copy, and wait for more than the line.
    let mut byte = Zeroizing::new([0]);
    while bytes.len() < limit && !bytes.ends_with(b"\n") {
        match from.read(byte.as_mut_slice()) {
            Ok(0) => break,
            Ok(_) => bytes.extend_from_slice(byte.as_slice()),
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e).with_context(|| format!("reading {origin}")),
        }
    }
    let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let Ok(text) = std::str::from_utf8(line) else { bail!("{origin} is no UTF-8 text") };
    Passphrase::new(Zeroizing::new(text.to_owned()), origin)
}

/// Whether somebody is there to be asked.
pub(super) fn can_ask() -> bool {
    std::io::stdin().is_terminal()
}

/// Asks a person.
pub(super) fn ask(whose: &str) -> Result<Passphrase> {
    let text = rpassword::prompt_password(format!("Passphrase of {whose}: "))
        .context("asking for the passphrase")?;
    Passphrase::new(Zeroizing::new(text), Origin::Terminal)
}

/// Asks a person for a new one, twice, as it cannot be seen.
pub(super) fn ask_new(whose: &str) -> Result<Passphrase> {
    let text = rpassword::prompt_password(format!("New passphrase of {whose}: "))
        .context("asking for the passphrase")?;
    let passphrase = Passphrase::new(Zeroizing::new(text), Origin::Terminal)?.strong()?;
    let again = rpassword::prompt_password("The same again: ").map(Zeroizing::new);
    if *again.context("asking for the passphrase")? != *passphrase.text {
        bail!("the two passphrases differ: nothing was changed");
    }
    Ok(passphrase)
}

/// The passphrase that was generated before, if there is one.
pub(super) fn generated(path: &Path) -> Result<Option<Passphrase>> {
    if path.symlink_metadata().is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound) {
        return Ok(None);
    }
    let bytes = guarded::read(path, Access::Secret, SMALL_FILE_BYTES_MAX)?;
    first_line(bytes.as_slice(), Origin::Generated(path.to_owned())).map(Some)
}

/// The generated passphrase, made and kept in its file if there is none yet.
pub(super) fn generate(path: &Path) -> Result<Passphrase> {
    if let Some(passphrase) = generated(path)? {
        return Ok(passphrase);
    }
    let random: Zeroizing<[u8; GENERATED_CHARACTERS]> = Zeroizing::new(random()?);
    let mut line = Zeroizing::new(String::with_capacity(2 * GENERATED_CHARACTERS));
    for (at, byte) in random.iter().enumerate() {
        if at > 0 && at.is_multiple_of(4) {
            line.push('-');
        }
        // A byte's five low bits are as random as the byte.
        line.extend(BASE32.get(usize::from(byte & 31)).map(|&c| char::from(c)));
    }
    line.push('\n');
    guarded::create(path, line.as_bytes(), Access::Secret)?;
    // If another process was faster, its passphrase is the one that counts.
    generated(path)?.with_context(|| format!("{} is gone again", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Result<Passphrase> {
        Passphrase::new(Zeroizing::new(text.to_owned()), Origin::Terminal)
    }

    #[test]
    fn the_first_line_counts_and_only_text_passes() {
        let read = |bytes: &[u8]| first_line(bytes, Origin::Descriptor(3));
        for bytes in [&b"one two"[..], b"one two\n", b"one two\r\n", b"one two\nrest\n"] {
            assert_eq!(read(bytes).unwrap().text.as_str(), "one two");
        }
        let long = vec![b'x'; PASSPHRASE_BYTES_MAX + 1];
        assert!(read(&long[1..]).is_ok());
        for (bytes, why) in [
            (&b""[..], "is empty"),
            (b"\n", "is empty"),
            (b"\xff", "no UTF-8"),
            (b"a\x00b", "control characters"),
            (b"a\rb\n", "control characters"),
            (&long, "too long"),
        ] {
            let error = read(bytes).unwrap_err().to_string();
            assert!(error.contains(why) && error.contains("file descriptor 3"), "{error}");
        }
    }

    #[test]
    fn the_place_in_a_descriptor_is_told() {
        let info = |flags| format!("pos:\t31\nflags:\t{flags}\nmnt_id:\t29\nino:\t5\n");
        assert_eq!(place_in(&info("0100000")), Some((31, true)));
        assert_eq!(place_in(&info("0100002")), Some((31, true)));
        assert_eq!(place_in(&info("0100001")), Some((31, false)));
        assert_eq!(place_in("pos:\t31\n"), None);
    }

    #[test]
    fn a_new_passphrase_must_not_be_guessed() {
        for weak in ["password", "12345678901234", "aaaaaaaaaaaaaaaaaaaaaaaa", "abcabcabcabcabcabc"]
        {
            let error = typed(weak).unwrap().strong().unwrap_err().to_string();
            assert!(error.contains("too weak") && !error.contains(weak), "{error}");
        }
        for strong in ["lamp orbit cedar tuesday", "äöüßéèêç-àáâãå-"] {
            assert!(typed(strong).unwrap().strong().is_ok(), "{strong}");
        }
    }

    #[test]
    fn a_passphrase_is_never_shown() {
        let shown = format!("{:?}", typed("lamp orbit cedar").unwrap());
        assert!(!shown.contains("lamp"), "{shown}");
    }

    #[test]
    fn a_generated_passphrase_is_kept_and_is_long_enough() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        assert!(generated(&path).unwrap().is_none());
        let first = generate(&path).unwrap();
        assert_eq!(first.text.len(), GENERATED_CHARACTERS + GENERATED_CHARACTERS / 4 - 1);
        assert!(first.text.split('-').all(|group| group.len() == 4), "{}", first.text.as_str());
        assert_eq!(*generate(&path).unwrap().text, *first.text);
        let other = generate(&folder.path().join("other")).unwrap();
        assert_ne!(*other.text, *first.text);
        assert_eq!(first.work_log2(), SCRYPT_WORK_GENERATED_LOG2);
    }
}
