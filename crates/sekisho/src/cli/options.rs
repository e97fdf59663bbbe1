//! Flags that several verbs share.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;
use sekisho_case::key::PRIVATE_KEY_HEAD;
use sekisho_sigma::ParseOptions;
use sekisho_sigma::rule::{Level, Status};

use crate::rules::Selection;

/// Refuses as somebody's name, which goes on record and is shown to people, what is no line of text.
pub(super) fn check_name(flag: &str, name: &str) -> Result<()> {
    if name.contains(PRIVATE_KEY_HEAD) {
        bail!(
            "{flag}: this is a private key, which is not shown here; expected what people call them"
        );
    }
    if name.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        bail!(
            "{flag} {name:?}: expected what people call them, in one line without control characters"
        );
    }
    Ok(())
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs; the form is versioned.
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum LevelArg {
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

impl From<LevelArg> for Level {
    fn from(level: LevelArg) -> Self {
        match level {
            LevelArg::Informational => Self::Informational,
            LevelArg::Low => Self::Low,
            LevelArg::Medium => Self::Medium,
            LevelArg::High => Self::High,
            LevelArg::Critical => Self::Critical,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum StatusArg {
    Unsupported,
    Deprecated,
    Experimental,
    Test,
    Stable,
}

impl From<StatusArg> for Status {
    fn from(status: StatusArg) -> Self {
        match status {
            StatusArg::Unsupported => Self::Unsupported,
            StatusArg::Deprecated => Self::Deprecated,
            StatusArg::Experimental => Self::Experimental,
            StatusArg::Test => Self::Test,
            StatusArg::Stable => Self::Stable,
        }
    }
}

/// Which rules to use.
#[derive(Clone, Debug, Args)]
pub(super) struct RuleArgs {
    /// Sigma rule file or folder; may be given again. Without it, the built-in pack is used.
    #[arg(long, value_name = "PATH", help_heading = "Which rules")]
    pub(super) rules: Vec<PathBuf>,
    /// Only rules of this level or above.
    #[arg(long, value_name = "LEVEL", help_heading = "Which rules")]
    level: Option<LevelArg>,
    /// Only rules of this status or better.
    #[arg(long, value_name = "STATUS", help_heading = "Which rules")]
    status: Option<StatusArg>,
    /// Only rules with this tag or one below it (`attack.t1059`); may be given again.
    #[arg(long = "tag", value_name = "TAG", help_heading = "Which rules")]
    tags: Vec<String>,
    /// Only the rule with this id; may be given again.
    #[arg(long = "id", value_name = "ID", help_heading = "Which rules")]
    ids: Vec<String>,
    /// Leave out rules with this tag; may be given again.
    #[arg(long, value_name = "TAG", help_heading = "Which rules")]
    exclude_tag: Vec<String>,
    /// Leave out the rule with this id; may be given again.
    #[arg(long, value_name = "ID", help_heading = "Which rules")]
    exclude_id: Vec<String>,
    /// Value of a placeholder `%NAME%` in rules; may be given again.
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Which rules")]
    placeholder: Vec<String>,
}

impl RuleArgs {
    pub(super) fn selection(&self) -> Selection {
        Selection {
            level: self.level.map(Into::into),
            status: self.status.map(Into::into),
            tags: self.tags.clone(),
            ids: self.ids.clone(),
            exclude_tags: self.exclude_tag.clone(),
            exclude_ids: self.exclude_id.clone(),
        }
    }

    /// Whether rules are named one by one: by id, tag or file.
    pub(super) fn names_rules(&self) -> bool {
        let files = !self.rules.is_empty() && self.rules.iter().all(|path| !path.is_dir());
        files || !self.ids.is_empty() || !self.tags.is_empty()
    }

    pub(super) fn parse_options(&self) -> Result<ParseOptions> {
        let mut options = ParseOptions::default();
        for given in &self.placeholder {
            let Some((name, value)) = given.split_once('=') else {
                bail!("--placeholder {given:?}: expected NAME=VALUE");
            };
            let name = name.trim_matches('%').to_owned();
            options.placeholders.entry(name).or_default().push(value.to_owned());
        }
        Ok(options)
    }
}

/// What is known about the logs and not said in them.
#[derive(Clone, Debug, Args)]
pub(super) struct StatedArgs {
    /// Host of all records that name none; goes before a host that the path names.
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// Year of the last record of each log whose times carry no year. Without it, it is taken from
    /// a date in the path, the time in the archive or the time of the file, and the report says
    /// which.
    #[arg(long, value_name = "YYYY", value_parser = clap::value_parser!(i64).range(1970..=2261))]
    pub(super) year: Option<i64>,
}

impl StatedArgs {
    pub(super) fn host(&self) -> Result<Option<String>> {
        let Some(name) = &self.host else { return Ok(None) };
        let name = name.trim();
        if name.is_empty() || name.chars().any(char::is_control) {
            bail!("--host {name:?}: expected the name of a machine");
        }
        Ok(Some(name.to_owned()))
    }
}

/// The zone of times that state none.
#[derive(Clone, Debug, Args)]
pub(super) struct TimeArgs {
    /// Zone of times that carry none, such as `Europe/Berlin`, `UTC` or `+09:00`. Without it they
    /// are read as UTC, and the report says which.
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
}

impl TimeArgs {
    pub(super) fn zone(&self) -> Result<Option<(String, TimeZone)>> {
        let Some(name) = &self.timezone else { return Ok(None) };
        let zone = match name.strip_prefix(['+', '-']) {
            Some(_) => format!("1970-01-01T00:00[{name}]")
                .parse::<jiff::Zoned>()
                .map(|zoned| zoned.time_zone().clone()),
            None => TimeZone::get(name),
        };
        let Ok(zone) = zone else {
            bail!(
                "--timezone {name:?} is no known zone: expected a name such as Europe/Berlin or an \
                 offset such as +09:00"
            );
        };
        Ok(Some((name.clone(), zone)))
    }
}
