//! PowerShell: 4103 (a command with its parameters), 4104 (a script's text),
//! 400 and 800 (how it was started, what it ran).

use super::event::Event;
use crate::activity::{Actor, Exec, ExecStep, ProcessRef, What};
use crate::extract::commanded;

pub(super) fn read(e: &mut Event<'_, '_, '_>) {
    match e.id {
        4104 => script(e),
        4103 => command(e),
        400 => started(e),
        800 => pipeline(e),
        _ => {}
    }
}

fn say(e: &mut Event<'_, '_, '_>, process: ProcessRef, text: &str) {
    let account = e.head_account();
    let actor = Actor { host: e.here(), account, process, ..Actor::default() };
    let what = Exec {
        step: ExecStep::Script,
        process,
        account,
        command: Some(super::cut(text)),
        ..Exec::default()
    };
    e.push(actor, What::Exec(Box::new(what)));
    commanded::say(e.out(), actor, None, text);
}

fn script(e: &mut Event<'_, '_, '_>) {
    let process = e.writer();
    if let Some(text) = e.text("ScriptBlockText") {
        say(e, process, text);
    }
}

fn command(e: &mut Event<'_, '_, '_>) {
    let process = e.writer();
    let Some(payload) = e.text("Payload") else { return };
    let text = rebuilt(payload);
    if !text.is_empty() {
        say(e, process, &text);
    }
}

/// The command of a payload. Its labels are in the language of the host, but
/// not the order of what stands in parentheses and quotes:
/// `CommandInvocation(Copy-Item): "Copy-Item"`,
/// `ParameterBinding(Copy-Item): name="Path"; value="C:\a"`.
fn rebuilt(payload: &str) -> String {
    let mut text = String::new();
    for line in payload.lines().take(256) {
        let Some((_, rest)) = line.split_once('(') else { continue };
        let Some((command, rest)) = rest.split_once(')') else { continue };
        let mut quoted = rest.splitn(3, '"').skip(1);
        let (first, rest) = (quoted.next(), quoted.next());
        match (first, rest.and_then(|rest| rest.split_once("=\""))) {
            (Some(name), Some((_, value))) => {
                let value = value.trim_end().trim_end_matches('"').replace('\'', "''");
                text.push_str(&format!(" -{name} '{value}'"));
            }
            _ => {
                if !text.is_empty() {
                    text.push_str("; ");
                }
                text.push_str(command);
            }
        }
    }
    text
}

/// Values of records of this log have no names. The third says how the host
/// was started, in words that are not translated.
fn started(e: &mut Event<'_, '_, '_>) {
    let values: Vec<&str> = e.values("Data").collect();
    let mut lines = values.iter().flat_map(|value| value.lines());
    let command = lines.find_map(|line| line.trim().strip_prefix("HostApplication="));
    if let Some(command) = command {
        say_command(e, command);
    }
}

fn pipeline(e: &mut Event<'_, '_, '_>) {
    let first = e.values("Data").next();
    if let Some(text) = first.filter(|text| !text.contains("HostApplication=")) {
        say(e, ProcessRef::default(), text.trim());
    }
}

fn say_command(e: &mut Event<'_, '_, '_>, command: &str) {
    let actor = Actor { host: e.here(), ..Actor::default() };
    let step = ExecStep::Script;
    let what = Exec { step, command: Some(super::cut(command)), ..Exec::default() };
    e.push(actor, What::Exec(Box::new(what)));
    commanded::say(e.out(), actor, None, command);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_of_any_language() {
        let payload = "CommandInvocation(Copy-Item): \"Copy-Item\"\r\nParameterBinding(Copy-Item): Name=\"Path\"; Wert=\"C:\\it's\"\r\n";
        assert_eq!(rebuilt(payload), "Copy-Item -Path 'C:\\it''s'");
        assert_eq!(rebuilt("x"), "");
    }
}
