//! What runs in an account, and what was set up to.

use super::{Call, keys};
use crate::activity::ExecStep;
use crate::extract::cloud::all;
use crate::extract::cloud::say::{Say, exec};

use ExecStep::{Installed, Started};

pub(super) fn read(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let row = call.row;
    let one = |key: &[&str]| row.any(key);
    let (step, what) = match (call.service, call.verb) {
        ("ssm", "SendCommand") => return commands(call, say),
        ("ssm", "StartSession" | "ResumeSession") => (Started, ("session", one(keys::TARGET))),
        ("ssm", "StartAutomationExecution") => (Started, ("automation", one(keys::DOCUMENT))),
        ("ssm", "CreateAssociation") => (Installed, ("association", one(keys::NAMED))),
        ("ec2", "RunInstances") => return instances(call, say),
        ("ec2", "ModifyInstanceAttribute") => {
            let changed = one(keys::USER_DATA).or_else(|| one(keys::USER_DATA_VALUE)).is_some()
                || one(keys::ATTRIBUTE) == Some("userData");
            if !changed {
                return false;
            }
            (Installed, ("user data", one(keys::INSTANCE)))
        }
        (
            "lambda",
            "CreateFunction"
            | "UpdateFunctionCode"
            | "UpdateFunctionConfiguration"
            | "CreateEventSourceMapping"
            | "PublishLayerVersion",
        ) => (Installed, ("function", one(keys::FUNCTION))),
        ("lambda", "Invoke" | "InvokeExecution" | "InvokeAsync") => {
            (Started, ("function", one(keys::FUNCTION)))
        }
        ("ecs", "RunTask" | "StartTask") => (Started, ("task", one(keys::TASK))),
        ("ecs", "RegisterTaskDefinition") => (Installed, ("task", one(keys::FAMILY))),
        ("codebuild", "StartBuild") => (Started, ("build", one(keys::PROJECT))),
        ("cloudformation", "CreateStack" | "UpdateStack") => {
            (Installed, ("stack", one(keys::STACK)))
        }
        ("events", "PutTargets") => (Installed, ("rule", one(keys::RULE))),
        ("events" | "scheduler", "PutRule" | "CreateSchedule") => {
            (Installed, ("rule", one(keys::NAMED)))
        }
        _ => return false,
    };
    let (kind, name) = what;
    let label = say.name(&format!("{kind} {}", name.unwrap_or_default()));
    say.exec(exec(step, label));
    true
}

/// A command that was sent to machines, or to all with a tag.
fn commands(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let document = call.row.any(keys::DOCUMENT).unwrap_or_default();
    let mut targets = all(&call.row, keys::INSTANCE_IDS);
    if targets.is_empty() {
        targets = all(&call.row, keys::TARGETS);
    }
    if targets.is_empty() {
        targets.push("*");
    }
    for target in targets {
        let label = say.name(&format!("command {document} on {target}"));
        say.exec(exec(Started, label));
    }
    true
}

fn instances(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    for instance in all(&call.row, keys::NEW_INSTANCES) {
        let label = say.name(&format!("instance {instance}"));
        say.exec(exec(Started, label));
    }
    true
}
