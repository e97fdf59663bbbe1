//! The keys of a user: finding, making, unlocking, changing.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use zeroize::Zeroizing;

use super::age_file::{self, NotOpened};
use super::guarded::{self, Access};
use super::home::Home;
use super::limits::{KEY_FILE_BYTES_MAX, KEY_LINE_BYTES_MAX, SMALL_FILE_BYTES_MAX};
use super::name::KeyName;
use super::passphrase::{
    self, NEW_PASSPHRASE_VARIABLE, Origin, PASSPHRASE_VARIABLE, Passphrase, Sources,
};
use super::private_line;
use super::public::PublicKey;
use super::{SigningKey, VerifyingKey};

/// The keys of a user, and what opens them.
#[derive(Clone, Debug)]
pub struct Keys {
    home: Home,
    sources: Sources,
}

/// Where a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file with the private key.
    pub file: PathBuf,
    /// The file with the public key.
    pub public: PathBuf,
    /// The name it must have, being in the home folder.
    name: Option<KeyName>,
}

/// How a private key lies on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Encrypted with a passphrase, which this tells the origin of.
    Passphrase(Origin),
    /// In clear, as was asked for.
    Clear,
}

/// A key that was made just now.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its public half.
    pub public: PublicKey,
    /// Where it is.
    pub file: PathBuf,
    /// How it is protected.
    pub protection: Protection,
    /// Whether it is now the one that is used where none is named.
    pub is_default: bool,
}

/// A line of the list of keys.
#[derive(Debug)]
pub struct Listed {
    /// The name of the key.
    pub name: KeyName,
    /// Whether it is the default.
    pub is_default: bool,
    /// Its public half, or why that cannot be told without unlocking it.
    pub public: Result<PublicKey>,
    /// Whether it lies there in clear, or why it would not be used.
    pub in_clear: Result<bool>,
}

impl Keys {
    /// The keys in the home folder that the environment names. A passphrase is taken from the
    /// descriptor, if one is given, else from where [`Sources`] says.
    ///
    /// # Errors
    ///
    /// If there is no home folder.
    pub fn from_environment(passphrase_descriptor: Option<u32>) -> Result<Self> {
        let sources = Sources { descriptor: passphrase_descriptor, variable: PASSPHRASE_VARIABLE };
        Ok(Self { home: Home::from_environment()?, sources })
    }

    /// The home folder.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The place of a key: a name, or the path of a file, which has a separator in it or ends in
    /// `.key` or `.pub`. It need not exist.
    ///
    /// # Errors
    ///
    /// If it is neither.
    pub fn place(&self, wanted: &str) -> Result<Place> {
        let is_path = wanted.contains(std::path::is_separator)
            || wanted.ends_with(".key")
            || wanted.ends_with(".pub");
        if !is_path {
            return Ok(self.place_of(wanted.parse()?));
        }
        let path = Path::new(wanted);
        let (file, public) = if wanted.ends_with(".pub") {
            (path.with_extension("key"), path.to_owned())
        } else {
            (path.to_owned(), public_beside(path))
        };
        Ok(Place { file, public, name: None })
    }

    fn place_of(&self, name: KeyName) -> Place {
        let file = self.home.key_file(&name);
        Place { public: public_beside(&file), file, name: Some(name) }
    }

    /// The names of all keys in the home folder, sorted.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub fn names(&self) -> Result<Vec<KeyName>> {
        let folder = self.home.keys();
        let reading = || format!("reading {}", folder.display());
        let entries = match fs::read_dir(&folder) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.with_context(reading)?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let file = entry.with_context(reading)?.file_name();
            let stem = file.to_str().and_then(|name| name.strip_suffix(".key"));
            names.extend(stem.and_then(|stem| stem.parse::<KeyName>().ok()));
        }
        names.sort_unstable();
        Ok(names)
    }

    /// The name of the key that is used where none is named, if there is one: what the file
    /// `default` says, else the only one.
    ///
    /// # Errors
    ///
    /// If there are several and none is the default.
    pub fn default_name(&self) -> Result<Option<KeyName>> {
        let file = self.home.default_file();
        if file.symlink_metadata().is_ok() {
            let bytes = guarded::read(&file, Access::Public, SMALL_FILE_BYTES_MAX)?;
            let reading = || format!("reading the name of the default key in {}", file.display());
            let text = std::str::from_utf8(&bytes).with_context(reading)?;
            return text.trim_end().parse().map(Some).with_context(reading);
        }
        let mut names = self.names()?;
        if names.len() > 1 {
            let names: Vec<&str> = names.iter().map(KeyName::as_str).collect();
            bail!(
                "there are several keys ({}) and none is the default: name one, or write its name \
                 into {}",
                names.join(", "),
                file.display()
            );
        }
        Ok(names.pop())
    }

    /// All keys in the home folder, in order of their names. Nothing is unlocked.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub fn list(&self) -> Result<Vec<Listed>> {
        let names = self.names()?;
        let default = self.default_name().unwrap_or(None);
        let listed = |name: KeyName| {
            let place = self.place_of(name.clone());
            Listed {
                is_default: default.as_ref() == Some(&name),
                public: PublicKey::read(&place.public),
                in_clear: self.read(&place).map(|bytes| is_clear(&bytes)),
                name,
            }
        };
        Ok(names.into_iter().map(listed).collect())
    }

    /// The place of the key whose public half this is, under whatever name.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub fn holder_of(&self, wanted: &VerifyingKey) -> Result<Option<Place>> {
        let holds = |listed: &Listed| {
            listed.public.as_ref().is_ok_and(|public| public.log.public() == wanted.public())
        };
        Ok(self.list()?.into_iter().find(holds).map(|listed| self.place_of(listed.name)))
    }

    /// Makes a key: in the home folder, or in a file elsewhere. The first one in the home folder
    /// becomes the default.
    ///
    /// # Errors
    ///
    /// If there is such a key already, there is no passphrase for it or a weak one, or it cannot
    /// be written.
    pub fn make(&self, name: &KeyName, elsewhere: Option<&Path>, in_clear: bool) -> Result<Made> {
        let file = elsewhere.map_or_else(|| self.home.key_file(name), Path::to_owned);
        refuse_existing(&file)?;
        let first = elsewhere.is_none() && self.names()?.is_empty();
        if elsewhere.is_none() {
            self.home.prepare()?;
        } else {
            guarded::check_folder(guarded::folder_of(&file), Access::Public)?;
        }
        let passphrase = if in_clear { None } else { Some(self.new_passphrase(name)?) };
        let key = SigningKey::generate(name.as_str())?;
        let mut made = write(&key, &file, passphrase.as_ref())?;
        made.is_default = first && self.make_default(name)?;
        Ok(made)
    }

    /// Makes a key default, if none is. Says whether it is now.
    fn make_default(&self, name: &KeyName) -> Result<bool> {
        let line = format!("{name}\n");
        guarded::create(&self.home.default_file(), line.as_bytes(), Access::Secret)
    }

    /// The passphrase for a key that a person makes.
    fn new_passphrase(&self, name: &KeyName) -> Result<Passphrase> {
        if let Some(passphrase) = self.sources.given_new()? {
            return Ok(passphrase);
        }
        if let Some(passphrase) = passphrase::generated(&self.home.passphrase_file())? {
            return Ok(passphrase);
        }
        if !passphrase::can_ask() {
            bail!(
                "there is no passphrase for the key {name}: give one with --passphrase-fd, in \
                 {PASSPHRASE_VARIABLE}, or at a terminal; or ask for --store-in-clear"
            );
        }
        passphrase::ask_new(&format!("the key {name}"))
    }

    /// The bytes of a key file that is fit for use.
    fn read(&self, place: &Place) -> Result<Zeroizing<Vec<u8>>> {
        let missing = place.file.symlink_metadata();
        if missing.is_err_and(|e| e.kind() == ErrorKind::NotFound) {
            let file = place.file.display();
            match &place.name {
                Some(name) => bail!(
                    "there is no key {name} (looked for {file}): `sekisho key list` shows those \
                     that there are; for a file write ./{name}"
                ),
                None => bail!("there is no key file {file}"),
            }
        }
        if place.name.is_some() {
            guarded::check_folder(&self.home.keys(), Access::Secret)?;
        }
        guarded::read(&place.file, Access::Secret, KEY_FILE_BYTES_MAX)
    }

    /// Whether a key lies on the disk in clear.
    ///
    /// # Errors
    ///
    /// If there is no such key, or it must not be used as it is.
    pub fn is_in_clear(&self, place: &Place) -> Result<bool> {
        self.read(place).map(|bytes| is_clear(&bytes))
    }

    /// The public half of a key: what lies beside it, else it is unlocked.
    ///
    /// # Errors
    ///
    /// As [`Self::unlock`], and if what lies beside it is damaged.
    pub fn public(&self, place: &Place) -> Result<PublicKey> {
        if place.public.symlink_metadata().is_ok() {
            return PublicKey::read(&place.public);
        }
        self.unlock(place).map(|key| PublicKey::of(&key))
    }

    /// A key, ready to sign.
    ///
    /// # Errors
    ///
    /// If there is no such key, others can read or write its file, it is damaged, there is no
    /// passphrase or a wrong one, or its public half beside it is another's.
    pub fn unlock(&self, place: &Place) -> Result<SigningKey> {
        let bytes = self.read(place)?;
        let (line, _) = self.open(place, &bytes)?;
        let opening = || format!("opening {}", place.file.display());
        let key = private_line::parse(&line).with_context(opening)?;
        let other = |expected: &&KeyName| expected.as_str() != key.name();
        if let Some(expected) = place.name.as_ref().filter(other) {
            let file = place.file.display();
            bail!("{file}: the key in it is called {}, not {expected}", key.name());
        }
        let public = &place.public;
        if public.symlink_metadata().is_ok() && PublicKey::read(public)? != PublicKey::of(&key) {
            bail!(
                "the public key in {} is not that of the private key in {}: one of them was \
                 exchanged; if it is the former, remove it",
                public.display(),
                place.file.display()
            );
        }
        Ok(key)
    }

    /// The private key line in a key file, and how it was protected.
    fn open(&self, place: &Place, bytes: &[u8]) -> Result<(Zeroizing<Vec<u8>>, Protection)> {
        if is_clear(bytes) {
            return Ok((Zeroizing::new(bytes.to_vec()), Protection::Clear));
        }
        let file = place.file.display();
        let open = |passphrase: &Passphrase| {
            let line = age_file::open(bytes, passphrase, KEY_LINE_BYTES_MAX)?;
            Ok((line, Protection::Passphrase(passphrase.origin().clone())))
        };
        let opening = |origin: &Origin| format!("opening {file} with {origin}");
        if let Some(given) = self.sources.given()? {
            return open(&given)
                .map_err(|e: NotOpened| anyhow::Error::new(e).context(opening(given.origin())));
        }
        if let Some(generated) = passphrase::generated(&self.home.passphrase_file())? {
            match open(&generated) {
                // It may have got a passphrase of its own.
                Err(NotOpened::NoMatch) => {}
                done => return done.with_context(|| opening(generated.origin())),
            }
        }
        if !passphrase::can_ask() {
            bail!(
                "there is no passphrase that opens {file}: give it with --passphrase-fd, in \
                 {PASSPHRASE_VARIABLE}, or at a terminal"
            );
        }
        let asked = passphrase::ask(&file.to_string())?;
        open(&asked).with_context(|| opening(asked.origin()))
    }

    /// Encrypts a key with a new passphrase, from a descriptor, from `SEKISHO_NEW_PASSPHRASE`
    /// or from a terminal. Says how it was protected before and is now.
    ///
    /// # Errors
    ///
    /// As [`Self::unlock`]; if there is no new passphrase, or a weak one; or if the file cannot be
    /// written, which then is as it was.
    pub fn change_passphrase(
        &self,
        place: &Place,
        new_descriptor: Option<u32>,
    ) -> Result<(Protection, Protection)> {
        if new_descriptor.is_some() && new_descriptor == self.sources.descriptor {
            bail!("the old and the new passphrase cannot come from one file descriptor");
        }
        let bytes = self.read(place)?;
        let (line, before) = self.open(place, &bytes)?;
        private_line::parse(&line).with_context(|| format!("opening {}", place.file.display()))?;
        let sources = Sources { descriptor: new_descriptor, variable: NEW_PASSPHRASE_VARIABLE };
        let passphrase = match sources.given_new()? {
            Some(passphrase) => passphrase,
            None if passphrase::can_ask() => {
                passphrase::ask_new(&place.file.display().to_string())?
            }
            None => bail!(
                "there is no new passphrase: give it with --new-passphrase-fd, in \
                 {NEW_PASSPHRASE_VARIABLE}, or at a terminal"
            ),
        };
        let sealed = age_file::seal(&line, &passphrase)?;
        guarded::replace(&place.file, &sealed, Access::Secret)?;
        Ok((before, Protection::Passphrase(passphrase.origin().clone())))
    }

    /// The key that a case is signed with: the one wanted (a name or a file), else the default;
    /// and if there is no key at all, one that is made now, of which `made` is told.
    ///
    /// # Errors
    ///
    /// As [`Self::unlock`] and [`Self::make`].
    pub fn owner_key(
        &self,
        wanted: Option<&str>,
        made: &mut dyn FnMut(&Made),
    ) -> Result<SigningKey> {
        if let Some(wanted) = wanted {
            return self.unlock(&self.place(wanted)?);
        }
        if let Some(name) = self.default_name()? {
            return self.unlock(&self.place_of(name));
        }
        let (key, first) = self.make_first()?;
        if first.is_default {
            made(&first);
            return Ok(key);
        }
        // Another process made one in the same moment, and its key counts; ours was never used.
        for file in [first.file.clone(), public_beside(&first.file)] {
            fs::remove_file(&file).with_context(|| format!("removing {}", file.display()))?;
        }
        let name = self.default_name()?.context("the default key is gone again")?;
        self.unlock(&self.place_of(name))
    }

    /// A key for somebody who has set up nothing and may not be there to be asked.
    fn make_first(&self) -> Result<(SigningKey, Made)> {
        self.home.prepare()?;
        let passphrase = match self.sources.given_new()? {
            Some(passphrase) => passphrase,
            None => passphrase::generate(&self.home.passphrase_file())?,
        };
        let unnamed = SigningKey::generate("owner")?;
        // Names must differ between people, and may not say who or where they are.
        let mark: String = PublicKey::of(&unnamed).fingerprint().chars().take(8).collect();
        let name: KeyName = format!("owner-{mark}").parse()?;
        let key = unnamed.with_name(name.as_str())?;
        let mut made = write(&key, &self.home.key_file(&name), Some(&passphrase))?;
        made.is_default = self.make_default(&name)?;
        Ok((key, made))
    }
}

fn is_clear(bytes: &[u8]) -> bool {
    bytes.starts_with(private_line::HEAD.as_bytes())
}

/// The file with the public half of the key in a file.
fn public_beside(file: &Path) -> PathBuf {
    if file.extension().is_some_and(|extension| extension == "key") {
        return file.with_extension("pub");
    }
    let mut name = file.as_os_str().to_owned();
    name.push(".pub");
    PathBuf::from(name)
}

fn refuse_existing(file: &Path) -> Result<()> {
    for path in [file, &public_beside(file)] {
        if path.symlink_metadata().is_ok() {
            bail!(
                "{} exists already, and no key is ever overwritten: choose another name",
                path.display()
            );
        }
    }
    Ok(())
}

/// Writes a new key and, beside it, its public half.
fn write(key: &SigningKey, file: &Path, passphrase: Option<&Passphrase>) -> Result<Made> {
    let line = private_line::format(key);
    let bytes = match passphrase {
        Some(passphrase) => Zeroizing::new(age_file::seal(line.as_bytes(), passphrase)?),
        None => Zeroizing::new(line.as_bytes().to_vec()),
    };
    if !guarded::create(file, &bytes, Access::Secret)? {
        refuse_existing(file)?;
    }
    let public = PublicKey::of(key);
    guarded::create(&public_beside(file), public.to_text().as_bytes(), Access::Public)?;
    let protection =
        passphrase.map_or(Protection::Clear, |p| Protection::Passphrase(p.origin().clone()));
    Ok(Made { public, file: file.to_owned(), protection, is_default: false })
}
