//! One command: its program, options, arguments, and a command within it.

use super::powershell::decoded;
use super::words::{COMMA, Shell};

/// A command that was taken apart.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// File name of the program in lower case, without what the system adds.
    pub(super) program: String,
    /// Its arguments. [`COMMA`] stands for commas outside of quotes.
    pub(super) args: Vec<String>,
    /// Files that it reads from.
    pub(super) input: Vec<String>,
    /// Files that its output goes to.
    pub(super) output: Vec<String>,
    /// Gets what the command before it gives out.
    pub(super) piped: bool,
    pub(super) shell: Shell,
}

/// A command within a command.
pub(super) enum Inner {
    /// As text that is to be cut.
    Text(String),
    /// As words.
    Call(Box<Call>),
    /// On another host.
    On(String, String),
}

impl Call {
    pub(super) fn of_words(mut words: Vec<String>, shell: Shell) -> Self {
        // `$x = Get-Content …`, `& program`, `. script`, `@echo`.
        while words.len() > 2 && words.first().is_some_and(|w| w.starts_with('$')) {
            if words.get(1).map(String::as_str) != Some("=") {
                break;
            }
            words.drain(..2);
        }
        while words.len() > 1 && words.first().is_some_and(|w| matches!(w.as_str(), "&" | ".")) {
            words.remove(0);
        }
        let first = words.first().map_or("", String::as_str).trim_start_matches('@');
        let program = program(first);
        let args = words.into_iter().skip(1).collect();
        Self { program, args, input: Vec::new(), output: Vec::new(), piped: false, shell }
    }

    /// Whether the program is one of these.
    pub(super) fn is(&self, names: &[&str]) -> bool {
        names.contains(&self.program.as_str())
    }

    /// All arguments.
    pub(super) fn args(&self) -> impl Iterator<Item = String> + '_ {
        self.args.iter().map(|arg| plain(arg))
    }

    /// An argument.
    pub(super) fn arg(&self, at: usize) -> Option<String> {
        self.args.get(at).map(|arg| plain(arg))
    }

    /// Whether an argument is an option. Those of Windows may stand together:
    /// `/s/q`.
    pub(super) fn is_option(&self, arg: &str) -> bool {
        let slash = self.shell == Shell::Windows
            && arg.strip_prefix('/').is_some_and(|rest| {
                !rest.contains('/') || rest.split('/').all(|part| (1..=2).contains(&part.len()))
            });
        slash || (arg.len() > 1 && arg.starts_with('-'))
    }

    /// Arguments that are no options.
    pub(super) fn plain(&self) -> Vec<String> {
        self.args().filter(|arg| !self.is_option(arg)).collect()
    }

    /// The same without those that follow one of these options.
    pub(super) fn plain_but(&self, taking: &[&str]) -> Vec<String> {
        let mut plain = Vec::new();
        let mut skip = false;
        for arg in self.args() {
            if std::mem::take(&mut skip) {
                continue;
            }
            if self.is_option(&arg) {
                skip = taking.contains(&arg.as_str());
                continue;
            }
            plain.push(arg);
        }
        plain
    }

    /// Whether an option is there: its name after `-`, `--` or `/`, in any
    /// case.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.args.iter().any(|arg| {
            option(arg).is_some_and(|(name, _)| names.iter().any(|n| n.eq_ignore_ascii_case(name)))
        })
    }

    /// The values of an option: after it, or after a colon or `=` in it.
    pub(super) fn values(&self, names: &[&str]) -> Vec<String> {
        let mut values = Vec::new();
        let mut args = self.args.iter().peekable();
        while let Some(arg) = args.next() {
            let Some((name, value)) = option(arg) else { continue };
            if !names.iter().any(|n| n.eq_ignore_ascii_case(name)) {
                continue;
            }
            match (value, args.peek()) {
                (Some(value), _) => values.push(plain(value)),
                (None, Some(next)) => values.push(plain(next)),
                (None, None) => {}
            }
        }
        values
    }

    /// The first of them.
    pub(super) fn value(&self, names: &[&str]) -> Option<String> {
        self.values(names).into_iter().next()
    }

    /// The values of a parameter of a cmdlet, by its name or a beginning of it.
    pub(super) fn parameter(&self, names: &[&str]) -> Vec<String> {
        let mut args = self.args.iter().peekable();
        while let Some(arg) = args.next() {
            let Some((given, value)) = option(arg) else { continue };
            let fits = |name: &str| {
                !given.is_empty()
                    && name.get(..given.len()).is_some_and(|n| n.eq_ignore_ascii_case(given))
            };
            if !names.iter().any(|name| fits(name)) {
                continue;
            }
            let value = value.or_else(|| args.peek().map(|next| next.as_str()));
            return value.map(list).unwrap_or_default();
        }
        Vec::new()
    }

    /// Arguments of a cmdlet that no parameter names, each a list. Switches
    /// take no value; all other parameters do.
    pub(super) fn positional(&self) -> Vec<Vec<String>> {
        const SWITCHES: &[&str] = &[
            "recurse",
            "r",
            "force",
            "f",
            "verbose",
            "update",
            "passthru",
            "append",
            "noclobber",
            "confirm",
            "whatif",
            "container",
            "raw",
            "file",
            "directory",
            "hidden",
            "system",
            "name",
            "usebasicparsing",
            "usedefaultcredentials",
            "asjob",
            "wait",
            "skipcertificatecheck",
            "fo",
        ];
        let mut found = Vec::new();
        let mut skip = false;
        for arg in &self.args {
            if std::mem::take(&mut skip) {
                continue;
            }
            match option(arg).filter(|_| arg.starts_with('-')) {
                Some((name, None)) => {
                    skip = !SWITCHES.iter().any(|switch| switch.eq_ignore_ascii_case(name));
                }
                Some(_) => {}
                None => found.push(list(arg)),
            }
        }
        found
    }

    /// The words from here on, as one command.
    fn rest(&self, at: usize) -> Option<Inner> {
        let words: Vec<String> = self.args.iter().skip(at).cloned().collect();
        match words.as_slice() {
            [] => None,
            // In quotes: a text of its own.
            [only] if only.contains(' ') => Some(Inner::Text(plain(only))),
            _ => {
                let call = Self::of_words(words, self.shell);
                let (input, output) = (self.input.clone(), self.output.clone());
                Some(Inner::Call(Box::new(Self { input, output, piped: self.piped, ..call })))
            }
        }
    }

    /// The words from here on, as text that means the same when it is cut.
    fn rest_text(&self, at: usize) -> Option<String> {
        let words: Vec<&String> = self.args.iter().skip(at).collect();
        match words.as_slice() {
            [] => None,
            [only] => Some(plain(only)),
            _ => {
                let again = |word: &&String| {
                    let parts: Vec<String> = word.split(COMMA).map(again_quoted).collect();
                    parts.join(",")
                };
                Some(words.iter().map(again).collect::<Vec<_>>().join(" "))
            }
        }
    }

    /// Whether a program that a cmdlet has its name from is called as the
    /// cmdlet: by the whole name of a parameter.
    pub(super) fn is_cmdlet(&self) -> bool {
        self.shell == Shell::Windows
            && self.has(&[
                "Uri",
                "InFile",
                "OutFile",
                "Method",
                "UseBasicParsing",
                "Headers",
                "Body",
            ])
    }

    /// Position of the first argument that fits.
    fn find(&self, fits: impl Fn(&str) -> bool) -> Option<usize> {
        self.args.iter().position(|arg| fits(arg))
    }

    /// A command within this one.
    pub(super) fn inner(&self) -> Option<Inner> {
        match self.program.as_str() {
            "cmd" | "%comspec%" | "command" => {
                let at = self.find(|arg| {
                    arg.get(..2).is_some_and(|a| {
                        a.eq_ignore_ascii_case("/c") || a.eq_ignore_ascii_case("/k")
                    })
                })?;
                // `/csomething`.
                match self.args.get(at).and_then(|arg| arg.get(2..)).filter(|rest| !rest.is_empty())
                {
                    Some(glued) => {
                        let text =
                            format!("{glued} {}", self.rest_text(at + 1).unwrap_or_default());
                        Some(Inner::Text(text))
                    }
                    None => self.rest(at + 1),
                }
            }
            "powershell" | "pwsh" => self.inner_powershell(),
            "sh" | "bash" | "zsh" | "dash" | "ksh" | "ash" => {
                let at = self.find(|arg| {
                    arg.strip_prefix('-').is_some_and(|a| !a.starts_with('-') && a.contains('c'))
                })?;
                self.arg(at + 1).map(Inner::Text)
            }
            "sudo" | "doas" | "nohup" | "env" | "time" | "timeout" | "nice" | "ionice"
            | "setsid" | "stdbuf" | "xargs" | "exec" | "busybox" | "proxychains"
            | "proxychains4" => {
                let at = self.after_options(&["-u", "-g", "-n", "-I", "-d", "-c"])?;
                self.rest(at)
            }
            "start" | "call" | "start-process" | "saps" | "invoke-expression" | "iex" | "runas" => {
                self.started()
            }
            "forfiles" => self.value(&["c"]).map(Inner::Text),
            "wmic" => self.inner_wmic(),
            "psexec" | "psexec64" | "paexec" | "winrs" | "remcom" => self.inner_remote(),
            "invoke-command" | "icm" => self.invoked(),
            "ssh" => {
                let plain = self.plain_but(&["-i", "-p", "-l", "-o", "-F", "-L", "-R", "-D", "-J"]);
                let (host, rest) = plain.split_first()?;
                let host = host.rsplit('@').next().unwrap_or(host).to_owned();
                Some(Inner::On(host, rest.join(" ")))
            }
            _ => None,
        }
    }

    /// Where the command begins that stands after options, some of which take
    /// a value, and after variables that are set for it.
    fn after_options(&self, taking: &[&str]) -> Option<usize> {
        let mut at = 0;
        while let Some(arg) = self.args.get(at) {
            let number = arg.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b's' | b'm'));
            let duration = number && self.program == "timeout";
            if taking.contains(&arg.as_str()) {
                at += 2;
            } else if arg.starts_with('-') || arg.contains('=') || duration {
                at += 1;
            } else {
                return Some(at);
            }
        }
        None
    }

    fn inner_powershell(&self) -> Option<Inner> {
        let mut at = 0;
        while let Some((name, value)) = self.args.get(at).and_then(|arg| option(arg)) {
            let name = name.to_ascii_lowercase();
            let is = |whole: &str, least: usize| name.len() >= least && whole.starts_with(&name);
            if is("encodedcommand", 1) || name == "ec" {
                let code = value.map(str::to_owned).or_else(|| self.arg(at + 1))?;
                return decoded(&code).map(Inner::Text);
            }
            if is("command", 1) {
                return self.rest_text(at + 1).map(Inner::Text);
            }
            if is("file", 1) {
                return None;
            }
            let takes = [
                "executionpolicy",
                "windowstyle",
                "version",
                "inputformat",
                "outputformat",
                "configurationname",
                "psconsolefile",
                "workingdirectory",
                "custompipename",
                "settingsfile",
                "ep",
                "ex",
            ]
            .iter()
            .any(|whole| is(whole, 1));
            at += if takes && value.is_none() { 2 } else { 1 };
        }
        self.rest_text(at).map(Inner::Text)
    }

    fn started(&self) -> Option<Inner> {
        match self.program.as_str() {
            "invoke-expression" | "iex" => self.rest_text(0).map(Inner::Text),
            "start-process" | "saps" => {
                let file = self.parameter(&["FilePath"]);
                let positional = self.positional();
                let program =
                    file.into_iter().next().or_else(|| positional.first()?.first().cloned())?;
                let mut arguments = self.parameter(&["ArgumentList", "Args"]);
                if arguments.is_empty() {
                    arguments = positional.get(1).cloned().unwrap_or_default();
                }
                Some(Inner::Text(format!("{} {}", again_quoted(&program), arguments.join(" "))))
            }
            "runas" => self.plain().into_iter().next().map(Inner::Text),
            _ => {
                let at = self.find(|arg| !self.is_option(arg))?;
                // `start "title" program`.
                let title =
                    self.program == "start" && self.args.get(at).is_some_and(|a| a.is_empty());
                self.rest(if title { at + 1 } else { at })
            }
        }
    }

    fn inner_wmic(&self) -> Option<Inner> {
        let create = self.find(|arg| arg.eq_ignore_ascii_case("create"))?;
        let call = create.checked_sub(1).and_then(|at| self.args.get(at));
        if !call.is_some_and(|arg| arg.eq_ignore_ascii_case("call")) {
            return None;
        }
        let text = self.rest_text(create + 1)?;
        let node = self.value(&["node"]);
        Some(match node {
            Some(host) => Inner::On(host.trim_matches(['"', '\'', '@']).to_owned(), text),
            None => Inner::Text(text),
        })
    }

    /// `psexec \\host [options] command`, `winrs -r:host command`.
    fn inner_remote(&self) -> Option<Inner> {
        const TAKING: &[&str] = &["-u", "-p", "-i", "-n", "-w", "-a", "-r", "/u", "/p", "-remote"];
        let host = self
            .args()
            .find_map(|arg| arg.strip_prefix("\\\\").map(str::to_owned))
            .or_else(|| self.value(&["r", "remote"]));
        let mut at = 0;
        while let Some(arg) = self.args.get(at) {
            let taking = TAKING.iter().any(|option| option.eq_ignore_ascii_case(arg));
            if !self.is_option(arg) && !arg.starts_with("\\\\") {
                break;
            }
            at += if taking { 2 } else { 1 };
        }
        let text = self.rest_text(at).unwrap_or_default();
        Some(match host {
            Some(host) => Inner::On(host, text),
            None => Inner::Text(text),
        })
    }

    /// `Invoke-Command -ComputerName host -ScriptBlock {…}`: the block was cut
    /// off as commands of its own.
    fn invoked(&self) -> Option<Inner> {
        let host = self.parameter(&["ComputerName", "HostName"]).into_iter().next()?;
        Some(Inner::On(host, String::new()))
    }
}

/// A word with commas where it had them.
fn plain(word: &str) -> String {
    word.replace(COMMA, ",")
}

/// The parts of a list.
pub(super) fn list(word: &str) -> Vec<String> {
    word.split(COMMA).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The name of an option and its value, where it has one in it.
fn option(arg: &str) -> Option<(&str, Option<&str>)> {
    let name = arg.strip_prefix("--").or_else(|| arg.strip_prefix(['-', '/', '–']))?;
    match name.find([':', '=']) {
        Some(at) => Some((name.get(..at)?, name.get(at + 1..).filter(|value| !value.is_empty()))),
        None => Some((name, None)),
    }
}

/// A word as it must be written to be one word again.
fn again_quoted(word: &str) -> String {
    let safe = !word.is_empty()
        && !word.contains([' ', '\t', '&', '|', ';', '<', '>', '(', ')', '{', '}', '\'', '"']);
    if safe { word.to_owned() } else { format!("\"{}\"", word.replace('"', "\"\"")) }
}

/// The file name of a program without its folder and extension, in lower
/// case.
fn program(word: &str) -> String {
    let name = word.rsplit(['\\', '/']).next().unwrap_or(word).trim().to_lowercase();
    for ending in [".exe", ".com", ".bat", ".cmd", ".ps1", ".py"] {
        if let Some(bare) = name.strip_suffix(ending) {
            return bare.to_owned();
        }
    }
    name
}
