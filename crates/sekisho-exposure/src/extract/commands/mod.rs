//! Command lines and scripts: what archivers, copiers, uploaders, dumpers and
//! their like were asked to do, with which sources and targets.
//!
//! What is read is what was *asked for*: variables are not resolved, wildcards
//! stay, and whether it succeeded is not known. A program that was given
//! another name is known only where its arguments give it away.

mod calls;
mod credentials;
mod files;
mod network;
mod persist;
mod powershell;
mod words;

use calls::Call;
use words::Shell;

use crate::limits::{COMMAND_LINE_BYTES_MAX, OBJECTS_PER_RECORD_MAX};

/// How deep commands in commands are read (`cmd /c "powershell -enc …"`).
pub const DEPTH_MAX: usize = 5;

/// What a command asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Put the sources into an archive, the target.
    Archive,
    /// Copy the sources to the target.
    Copy,
    /// Move them.
    Move,
    /// Send the sources to a service outside, by its address.
    Upload,
    /// Get the target from there.
    Download,
    /// Read the sources.
    Read,
    /// List what is in the sources.
    List,
    /// Write the targets.
    Write,
    /// Remove the sources.
    Delete,
    /// List the directory of accounts, into the targets.
    ListDirectory,
    /// Take credentials, into the targets.
    Credentials(Store),
    /// Make a credential that nobody issued (a golden ticket, a SAML token).
    Forge,
    /// Set something up to run later: [`Asked::name`] is its label, the first
    /// source its command.
    Persist,
    /// Take such a thing away.
    Unpersist,
    /// Make the account [`Asked::name`].
    AddAccount,
    /// Give it a new password.
    SetPassword,
    /// Put the account into the group that is the first target.
    AddMember,
    /// Open a session on the host it names, as the account
    /// [`Asked::name`] where one is named.
    Connect,
    /// Empty the log [`Asked::name`], or all of them.
    ClearLog,
    /// Stop recording what [`Asked::name`] says.
    StopLog,
}

/// Where credentials are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Store {
    /// Memory of the system's authority: everybody with a session.
    Memory,
    /// The accounts of the host itself.
    Local,
    /// The directory: everybody in the domain.
    Directory,
    /// What a user saved: browsers, vaults.
    Saved,
    /// Keys that sign others' tokens, certificates with their keys.
    Keys,
    /// Tickets of accounts: of those that the command names.
    Tickets,
}

/// One thing that a command asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What.
    pub verb: Verb,
    /// From what: paths as they were written.
    pub sources: Vec<String>,
    /// Into what.
    pub targets: Vec<String>,
    /// The address of a service.
    pub url: Option<String>,
    /// Name of the account, the log, the thing set up.
    pub name: Option<String>,
    /// The host it is to happen on, where that is another.
    pub on: Option<String>,
}

impl Asked {
    fn of(verb: Verb) -> Self {
        let (sources, targets) = (Vec::new(), Vec::new());
        Self { verb, sources, targets, url: None, name: None, on: None }
    }

    fn from(mut self, sources: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.sources.extend(sources.into_iter().map(Into::into).filter(|s: &String| !s.is_empty()));
        self
    }

    fn to(mut self, targets: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.targets.extend(targets.into_iter().map(Into::into).filter(|t: &String| !t.is_empty()));
        self
    }

    fn at(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    fn on(mut self, host: impl Into<String>) -> Self {
        self.on = Some(host.into());
        self
    }
}

/// What a command line or script of Windows asks for.
#[must_use]
pub fn read(command: &str) -> Vec<Asked> {
    let mut found = Found::default();
    found.text(command, Shell::Windows, 0);
    found.asked
}

/// The same of a command line of a Unix shell.
#[must_use]
pub fn read_unix(command: &str) -> Vec<Asked> {
    let mut found = Found::default();
    found.text(command, Shell::Unix, 0);
    found.asked
}

/// The same of a program and its arguments, each as it was given.
#[must_use]
pub fn read_arguments(arguments: &[&str]) -> Vec<Asked> {
    let mut found = Found::default();
    let words: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
    found.call(&Call::of_words(words, Shell::Unix), 0);
    found.asked
}

/// What was found so far.
#[derive(Debug, Default)]
pub(in crate::extract) struct Found {
    asked: Vec<Asked>,
}

impl Found {
    fn push(&mut self, mut asked: Asked) {
        if self.asked.len() >= OBJECTS_PER_RECORD_MAX {
            return;
        }
        asked.sources.truncate(OBJECTS_PER_RECORD_MAX);
        asked.targets.truncate(OBJECTS_PER_RECORD_MAX);
        if self.asked.contains(&asked) {
            return;
        }
        // Whatever is done to a store of credentials, it is taken.
        if matches!(asked.verb, Verb::Archive | Verb::Copy | Verb::Move | Verb::Upload | Verb::Read)
        {
            let store = asked.sources.iter().find_map(|path| credentials::store_of(path));
            if let Some(store) = store {
                let taken = Asked::of(Verb::Credentials(store)).to(asked.targets.clone());
                self.asked.push(taken);
            }
        }
        // A copy to a drive of the other end of a screen leaves the network.
        let outside = asked.targets.iter().find(|target| network::is_outside(target));
        if let Some(url) = outside.cloned().filter(|_| asked.verb != Verb::Upload) {
            let sources = asked.sources.clone();
            self.asked.push(Asked::of(Verb::Upload).from(sources).at(url));
        }
        self.asked.push(asked);
    }

    /// Reads a text of commands.
    fn text(&mut self, text: &str, shell: Shell, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        let mut end = text.len().min(COMMAND_LINE_BYTES_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = text.get(..end).unwrap_or_default();
        credentials::by_words(text, self);
        if shell == Shell::Windows {
            powershell::methods(text, self);
        }
        let mut before = self.asked.len();
        for call in words::split(text, shell) {
            let piped = call.piped;
            let start = self.asked.len();
            self.call(&call, depth);
            if piped {
                network::sent_by_pipe(&mut self.asked, before, start);
            }
            before = start;
        }
    }

    /// Reads one command.
    fn call(&mut self, call: &Call, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        if let Some(inner) = call.inner() {
            return match inner {
                calls::Inner::Text(text) => self.text(&text, call.shell, depth + 1),
                calls::Inner::Call(inner) => self.call(&inner, depth + 1),
                calls::Inner::On(host, text) => {
                    let start = self.asked.len();
                    self.push(Asked::of(Verb::Connect).on(host.clone()));
                    self.text(&text, call.shell, depth + 1);
                    for asked in self.asked.iter_mut().skip(start) {
                        asked.on.get_or_insert_with(|| host.clone());
                    }
                }
            };
        }
        credentials::read(call, self);
        files::read(call, self);
        network::read(call, self);
        persist::read(call, self);
        powershell::read(call, self);
        self.redirected(call);
    }

    /// Where the output of a command goes.
    fn redirected(&mut self, call: &Call) {
        for path in &call.output {
            if !network::is_socket(path, call.shell) {
                self.push(Asked::of(Verb::Write).to([path.clone()]));
                continue;
            }
            let last = self.asked.iter().rev().find(|asked| asked.verb == Verb::Read);
            let sources = last.map(|asked| asked.sources.clone()).unwrap_or_default();
            let address = path.trim_start_matches("/dev/").replacen('/', "://", 1);
            self.push(Asked::of(Verb::Upload).from(sources).at(address));
        }
    }
}

#[cfg(test)]
mod tests;
