//! `sekisho explain`: why a rule did or did not match an event.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Result, bail};
use clap::Args;

use super::options::{Format, RuleArgs, TimeArgs};
use super::show;
use crate::Exit;
use crate::explain::{Answer, Question, explain};

/// Say why a rule did or did not match an event.
#[derive(Debug, Args)]
#[command(after_help = "\
Name the rule with --id (and --rules), and the event with --record-id or --offset as they stand in
detections.jsonl. Without either, the first events that the rule's log source covers are explained.")]
pub(super) struct Explain {
    /// Log file or folder with the event.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    rules: RuleArgs,
    #[command(flatten)]
    time: TimeArgs,
    /// Record id of the event.
    #[arg(long, value_name = "N")]
    record_id: Option<u64>,
    /// Offset of the event in its source.
    #[arg(long, value_name = "BYTES")]
    offset: Option<u64>,
    /// Only events for which the rule holds.
    #[arg(long)]
    matching: bool,
    /// Most events to explain.
    #[arg(long, value_name = "N", default_value_t = 3)]
    limit: usize,
    /// Form of the answer; JSON is one line an event.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Explain {
    pub(super) fn run(self) -> Result<Exit> {
        if !self.matching
            && self.record_id.is_none()
            && self.offset.is_none()
            && !self.rules.names_rules()
        {
            bail!(
                "name what to explain: the rule with --id, the event with --record-id or --offset, \
                 or ask with --matching for events for which rules hold"
            );
        }
        let question = Question {
            selection: self.rules.selection(),
            options: self.rules.parse_options()?,
            rules: self.rules.rules,
            paths: self.paths,
            timezone: self.time.zone()?.map(|(_, zone)| zone),
            record_id: self.record_id,
            offset: self.offset,
            matching: self.matching,
            limit: self.limit,
        };
        let mut shown = 0usize;
        let mut failed = None;
        let stop = Arc::new(AtomicBool::new(false));
        let format = self.format;
        let asked = explain(&question, &stop, &mut |answer| {
            shown += 1;
            let text = match format {
                Format::Text => text(&answer),
                Format::Json => json(&answer),
            };
            if let Err(e) = show::data(&text) {
                failed.get_or_insert(e);
            }
            failed.is_none()
        })?;
        if let Some(e) = failed {
            return Err(e.into());
        }
        if shown == 0 {
            bail!(
                "no event to explain: {asked} events were looked through, and none is one that \
                 was asked for (check --record-id and --offset, and that --id names a rule whose \
                 log source is in these logs)"
            );
        }
        Ok(Exit::Done)
    }
}

fn text(answer: &Answer) -> String {
    let about = format!(
        "event at {} offset {}{}  ({})\n",
        show::safe(&answer.path),
        answer.offset,
        answer.record_id.map_or_else(String::new, |id| format!(", record id {id}")),
        show::safe(&answer.kind),
    );
    let under: String = answer
        .correlations
        .iter()
        .map(|title| {
            format!(
                "  the correlation \"{}\" counts or orders the events of this rule;\n  \
                 detections.jsonl cites those that made it fire\n",
                show::safe(title)
            )
        })
        .collect();
    let about = format!("{about}{under}");
    let body = match &answer.explanation {
        Ok(explanation) => {
            let safe: Vec<String> = explanation.to_string().lines().map(show::safe).collect();
            safe.join("\n")
        }
        Err(reason) => format!("✗ {}\n  {reason}", show::safe(&answer.title)),
    };
    format!("{about}{body}\n\n")
}

fn json(answer: &Answer) -> String {
    let explanation = match &answer.explanation {
        Ok(explanation) => {
            let mut out = String::new();
            explanation.write_json(&mut out);
            serde_json::from_str(&out).unwrap_or(serde_json::Value::Null)
        }
        Err(_) => serde_json::Value::Null,
    };
    let value = serde_json::json!({
        "version": 1, "path": answer.path, "offset": answer.offset, "record_id": answer.record_id,
        "kind": answer.kind, "rule": {"id": answer.id, "title": answer.title},
        "correlations": answer.correlations,
        "looked_at": answer.explanation.is_ok(), "reason": answer.explanation.as_ref().err(),
        "held": answer.explanation.as_ref().is_ok_and(|e| e.held),
        "explanation": explanation,
    });
    format!("{value}\n")
}
