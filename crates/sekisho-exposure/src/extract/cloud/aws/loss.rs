//! What makes CloudTrail, or another log of an account, say less.

use super::{Call, keys};
use crate::activity::{LossKind, Object, TouchKind};
use crate::extract::cloud::say::{Say, touch};
use crate::extract::cloud::{all, no};

use LossKind::{Cleared, Narrowed, Started, Stopped, Widened};

/// The log of this module.
const TRAIL: &str = "aws/cloudtrail";

pub(super) fn read(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let row = call.row;
    let one = |key: &[&str]| row.any(key);
    let (kind, channel, what) = match (call.service, call.verb) {
        ("cloudtrail", "StartLogging") => (Started, TRAIL, one(keys::NAMED)),
        (
            "cloudtrail",
            "StopLogging" | "DeleteTrail" | "DeleteEventDataStore" | "StopEventDataStoreIngestion",
        ) => (Stopped, TRAIL, one(keys::NAMED)),
        ("cloudtrail", "UpdateTrail") => match changed(call) {
            Some(what) => (Narrowed, TRAIL, Some(what)),
            None => return false,
        },
        ("cloudtrail", "PutEventSelectors") => {
            let (kind, what) = selectors(call);
            (kind, TRAIL, Some(what))
        }
        ("organizations", "LeaveOrganization" | "RemoveAccountFromOrganization") => {
            (Stopped, TRAIL, Some("trail of the organisation"))
        }
        ("ec2", "DeleteFlowLogs") => (Stopped, "aws/vpcflow", one(keys::FLOW_LOGS)),
        ("guardduty", "UpdateDetector") => match no(&row, keys::ENABLE) {
            true => (Stopped, "aws/guardduty", one(keys::DETECTOR)),
            false => return false,
        },
        (
            "guardduty",
            "DeleteDetector"
            | "StopMonitoringMembers"
            | "DisassociateFromMasterAccount"
            | "DisassociateFromAdministratorAccount"
            | "DisassociateMembers"
            | "DeleteMembers",
        ) => (Stopped, "aws/guardduty", one(keys::DETECTOR)),
        ("config", "StopConfigurationRecorder" | "DeleteConfigurationRecorder") => {
            (Stopped, "aws/config", None)
        }
        ("securityhub", "DisableSecurityHub") => (Stopped, "aws/securityhub", None),
        (
            "route53resolver",
            "DeleteResolverQueryLogConfig" | "DisassociateResolverQueryLogConfig",
        ) => (Stopped, "aws/route53resolver", one(keys::QUERY_LOG)),
        ("logs", "DeleteLogGroup" | "DeleteLogStream") => {
            (Cleared, "aws/logs", one(keys::LOG_GROUP))
        }
        ("wafv2" | "waf", "DeleteLoggingConfiguration") => (Stopped, "aws/waf", None),
        ("s3", "PutBucketLogging") if one(keys::LOGGING_TARGET).is_none() => {
            (Stopped, "aws/s3", one(keys::BUCKET))
        }
        _ => return false,
    };
    if say.failed {
        // That somebody tried is worth a touch.
        let (service, id) = (say.name(channel), say.name(what.unwrap_or(call.verb)));
        say.touch(touch(TouchKind::Deleted, Object::Other { service, id }));
        return true;
    }
    say.loss(kind, Some(channel), what);
    true
}

/// What a trail no longer has.
fn changed(call: &Call<'_>) -> Option<&'static str> {
    if no(&call.row, keys::MULTI_REGION) {
        return Some("other regions");
    }
    if no(&call.row, keys::GLOBAL) {
        return Some("services of all regions");
    }
    call.row.any(keys::TRAIL_BUCKET).map(|_| "another bucket")
}

/// Selectors replace what was there. What they leave out is taken for lost.
fn selectors(call: &Call<'_>) -> (LossKind, &'static str) {
    let row = call.row;
    let advanced = all(&row, keys::ADVANCED_FIELD);
    if !advanced.is_empty() {
        let named = all(&row, keys::ADVANCED_EQUALS);
        let has = |word: &str| named.iter().any(|value| value.eq_ignore_ascii_case(word));
        // Whatever else a selector asks for leaves something out.
        const WHOLE: [&str; 3] = ["eventCategory", "readOnly", "resources.type"];
        let whole = |field: &&str| WHOLE.iter().any(|known| field.eq_ignore_ascii_case(known));
        if !advanced.iter().all(whole) {
            return (Narrowed, "events of some things only");
        }
        return match (has("Management"), has("Data")) {
            (false, _) => (Narrowed, "management events"),
            (true, _) if advanced.iter().any(|f| f.eq_ignore_ascii_case("readOnly")) => {
                (Narrowed, "events of one kind only, read or write")
            }
            (true, false) => (Narrowed, "data events"),
            (true, true) if !has("AWS::S3::Object") => (Narrowed, "data events of some services"),
            (true, true) => (Widened, "data events"),
        };
    }
    let is_false = |text: &&str| text.eq_ignore_ascii_case("false");
    if all(&row, keys::INCLUDE_MANAGEMENT).iter().any(is_false) {
        return (Narrowed, "management events");
    }
    if all(&row, keys::READ_WRITE).iter().any(|text| !text.eq_ignore_ascii_case("all")) {
        return (Narrowed, "events of one kind only, read or write");
    }
    if !all(&row, keys::EXCLUDED).is_empty() {
        return (Narrowed, "events of some services");
    }
    let values = all(&row, keys::DATA_VALUES);
    if values.is_empty() {
        return (Narrowed, "data events");
    }
    let everything = |value: &&str| {
        let value = value.trim_end_matches(':');
        value.starts_with("arn:") && value.ends_with(":s3")
    };
    if !values.iter().any(everything) {
        return (Narrowed, "data events of some things only");
    }
    (Widened, "data events")
}
