//! Executions: something runs, or is set up to.

use super::ProcessRef;
use crate::names::Name;

/// What happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ExecStep {
    /// A process began. [`Exec::process`] is the new one.
    #[default]
    Started,
    /// It ended.
    Ended,
    /// The actor's process opened another, [`Exec::process`] (Sysmon 10).
    Accessed,
    /// The actor's process put code into another (Sysmon 8, 25).
    Injected,
    /// Text was run by an interpreter (PowerShell 4103, 4104).
    Script,
    /// Something was set up to run later or again: a service, a task, a run
    /// key, an inbox rule, a web shell. [`Exec::label`] names it.
    Installed,
    /// Such a thing was taken away.
    Removed,
}

/// Of the activity, `place` is the host on which it runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exec {
    /// What happened.
    pub step: ExecStep,
    /// The process that it happened to.
    pub process: ProcessRef,
    /// The session in which it runs.
    pub session: Option<Name>,
    /// The account it runs under.
    pub account: Option<Name>,
    /// Who started it.
    pub parent: ProcessRef,
    /// Its program.
    pub image: Option<Name>,
    /// Its command line, or the script's text, cut at a limit.
    pub command: Option<Box<str>>,
    /// SHA-256, SHA-1 or MD5 of the program, in hex.
    pub hashes: Vec<Name>,
    /// What was set up: `service NAME`, `task NAME`, `run key NAME`.
    pub label: Option<Name>,
    /// For [`ExecStep::Accessed`] the access mask.
    pub rights: Option<u32>,
}
