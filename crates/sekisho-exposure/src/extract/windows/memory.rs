//! Memory that holds credentials: who may read that of LSASS, has those of
//! everybody with a session on the host.

use super::event::{Event, file_name};
use crate::activity::{Actor, Ticket, TicketKind, TicketStep, What};

/// The right to read a process's memory.
const VM_READ: u64 = 0x10;

/// The right to make a copy of the process, whose memory can then be read.
const CREATE_PROCESS: u64 = 0x80;

/// Rights that hold all of them, or are not resolved yet.
const EVERYTHING: u64 = 0x1000_0000 | 0x8000_0000 | 0x200_0000;

/// Parts of the system that read the memory of LSASS in its daily work: they
/// start it, report its faults or look for malware in it. The name alone says
/// little (an intruder can take it), so it counts only below the folders that
/// an ordinary user cannot write to. What such a process does after it was
/// taken over is missed here; that it was taken over shows elsewhere.
const READERS: &[(&str, &[&str])] = &[
    ("\\windows\\system32\\", &["wininit.exe", "csrss.exe", "lsass.exe", "lsm.exe", "mrt.exe"]),
    ("\\programdata\\microsoft\\windows defender\\", &["msmpeng.exe", "mpdefendercoreservice.exe"]),
    ("\\program files\\windows defender\\", &["msmpeng.exe"]),
    (
        "\\program files\\windows defender advanced threat protection\\",
        &["mssense.exe", "sensendr.exe", "senseir.exe"],
    ),
];

/// A process that was opened.
#[derive(Clone, Copy)]
pub(super) struct Access<'t> {
    /// File name of its program.
    pub(super) target: &'t str,
    /// With which rights.
    pub(super) rights: u64,
    /// Path of the program that opened it.
    pub(super) by: Option<&'t str>,
}

/// Says that credentials were within reach, where they were.
pub(super) fn accessed(e: &mut Event<'_, '_, '_>, actor: Actor, access: Access<'_>) {
    if !holds_credentials(access.target)
        || access.rights & (VM_READ | CREATE_PROCESS | EVERYTHING) == 0
        || access.by.is_some_and(is_reader)
    {
        return;
    }
    let method = format!("memory of {}", access.target);
    let method = Some(e.of(&method));
    let what = Ticket { method, ..Ticket::of(TicketStep::Taken, TicketKind::Password) };
    e.push(actor, What::Ticket(Box::new(what)));
}

fn holds_credentials(program: &str) -> bool {
    program.eq_ignore_ascii_case("lsass.exe")
}

fn is_reader(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let name = file_name(&path);
    READERS.iter().any(|(folder, names)| names.contains(&name) && path.contains(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readers_name_elsewhere_is_no_reader() {
        assert!(is_reader("C:\\Windows\\system32\\csrss.exe"));
        assert!(!is_reader("C:\\Users\\x\\csrss.exe"));
        assert!(!is_reader("C:\\Windows\\System32\\svchost.exe"));
    }
}
