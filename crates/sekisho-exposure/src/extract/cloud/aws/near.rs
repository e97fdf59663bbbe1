//! Calls of which a record does not say, or nobody here knows, what they did to
//! which thing. They show nothing of it; they keep it from being ruled out.

use super::{Call, keys};
use crate::activity::{Object, Touch, TouchKind};
use crate::extract::cloud::all;
use crate::extract::cloud::say::{Say, touch};

use super::store::{Arn, full, unescaped};

/// Services that read what others keep: everything that they are told to.
const MOVERS: &[&str] = &["backup", "backup-gateway", "datasync", "dlm", "drs", "mgn"];

/// Words in the names of calls of `ec2` and `rds` that are about disks.
const DISKS: &[&str] = &["Snapshot", "Image", "ReplaceRoot", "RecycleBin"];

/// Errors that are the caller's: nothing was done.
const REFUSED: &[&str] = &[
    "Denied",
    "Unauthorized",
    "Forbidden",
    "NotFound",
    "NoSuch",
    "Invalid",
    "Validation",
    "Malformed",
    "Expired",
    "NotModified",
    "PreconditionFailed",
    "DoesNotExist",
    "NotAllowed",
    "Missing",
    "DryRunOperation",
    "Signature",
    "AuthFailure",
    "Client.",
];

/// What a call may have touched besides what it was seen to. `known` is
/// whether the rest of this module knows it.
pub(super) fn read(call: &Call<'_>, known: bool, say: &mut Say<'_, '_>) {
    let error = call.row.any(keys::ERROR).unwrap_or_default();
    if say.failed && REFUSED.iter().any(|word| error.contains(word)) {
        return;
    }
    let unsure = say.failed || !known;
    match call.service {
        "s3" | "s3control" => buckets(call, unsure, say),
        "secretsmanager" => secrets(call, unsure, say),
        "ssm" if call.verb.contains("Parameter") => parameters(call, unsure, say),
        "ec2" | "rds" | "ebs" | "imagebuilder" => disks(call, unsure, say),
        "kms" => each_arn(call, keys::CONTEXT_SECRET, say),
        service if MOVERS.contains(&service) && !is_reading(call.verb) => {
            if !arns(call, say) {
                something("s3", say);
                something("ec2", say);
            }
        }
        // Whatever another service did with a thing, its name stands there.
        _ => {
            if !known {
                arns(call, say);
            }
        }
    }
}

/// Whether a call only tells how things are set up.
fn is_reading(verb: &str) -> bool {
    ["Get", "List", "Describe", "Search"].iter().any(|word| verb.starts_with(word))
}

/// Something of a service, and nobody knows what.
fn something(service: &str, say: &mut Say<'_, '_>) {
    let (service, id) = (say.name(service), say.name("*"));
    near(Object::Other { service, id }, say);
}

fn near(object: Object, say: &mut Say<'_, '_>) {
    say.near(Touch { whole: true, ..touch(TouchKind::Named, object) });
}

/// Things by the ARNs that stand in a record; whether there were any.
fn arns(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let mut found = false;
    for key in [keys::RESOURCE_ARN, keys::RECOVERY_POINT, keys::EXPORT_SOURCE, keys::REQUEST_ARN] {
        for arn in all(&call.row, key) {
            found |= thing(arn, say);
        }
    }
    found
}

fn each_arn(call: &Call<'_>, key: super::super::Key, say: &mut Say<'_, '_>) {
    for arn in all(&call.row, key) {
        thing(arn, say);
    }
}

/// The thing that an ARN is of. A bucket alone is no thing in it.
fn thing(arn: &str, say: &mut Say<'_, '_>) -> bool {
    let object = match Arn::of(arn) {
        Some(Arn::Object { bucket, key }) => {
            Object::Bucket { bucket: say.name(bucket), key: say.maybe(Some(key)) }
        }
        Some(Arn::Secret) => Object::Secret { id: say.name(arn) },
        Some(Arn::Disk) => Object::Snapshot { id: say.name(arn) },
        None => return false,
    };
    near(object, say);
    true
}

fn buckets(call: &Call<'_>, unsure: bool, say: &mut Say<'_, '_>) {
    let row = call.row;
    let (bucket, key) = (row.any(keys::BUCKET), row.any(keys::OBJECT_KEY));
    // How it is set up names nothing in it.
    let set_up = ["Bucket", "PublicAccessBlock", "Tagging", "Retention", "LegalHold", "Acl"];
    let aside = is_reading(call.verb) && call.verb != "GetObject"
        || set_up.iter().any(|word| call.verb.contains(word))
        || matches!(call.verb, "CreateMultipartUpload" | "AbortMultipartUpload" | "HeadObject");
    if aside {
        return;
    }
    if let (Some(bucket), Some(key)) = (bucket, key.filter(|key| key.contains('%'))) {
        let (bucket, key) = (say.name(bucket), unescaped(key));
        near(Object::Bucket { bucket, key: say.maybe(Some(&key)) }, say);
    }
    // Through an access point, nobody sees into which bucket.
    let behind = bucket.is_some_and(super::store::is_access_point);
    let silent = bucket.is_none() || key.is_none() || behind;
    let copied = matches!(call.verb, "CopyObject" | "UploadPartCopy");
    let source = row.any(keys::COPY_SOURCE);
    let from_behind = copied && source.is_none_or(|source| source.contains("arn:"));
    if !(unsure || silent || from_behind) {
        return;
    }
    let mut found = arns(call, say);
    if let Some(bucket) = bucket.filter(|_| !behind && unsure) {
        let object = Object::Bucket { bucket: say.name(bucket), key: say.maybe(key) };
        near(object, say);
        found = true;
    }
    let named = bucket.is_some() && !behind && !from_behind;
    if !found && !named {
        something("s3", say);
    }
}

fn secrets(call: &Call<'_>, unsure: bool, say: &mut Say<'_, '_>) {
    let row = call.row;
    let aside = ["List", "Describe", "Tag", "Untag", "GetRandom", "Validate", "GetResource"];
    if aside.iter().any(|word| call.verb.starts_with(word)) {
        return;
    }
    let listed = !all(&row, keys::SECRET_LIST).is_empty();
    let id = row.any(keys::SECRET_ID).or_else(|| row.any(keys::NAMED));
    if listed || id.is_some() && !unsure {
        return;
    }
    let found = arns(call, say);
    if let Some(id) = id {
        let id = say.name(&full(call, id));
        near(Object::Secret { id }, say);
    } else if !(found || call.verb == "BatchGetSecretValue" && !say.failed && has_filter(call)) {
        something("secretsmanager", say);
    }
}

/// What a filter finds has records of its own.
fn has_filter(call: &Call<'_>) -> bool {
    call.row.any(keys::FILTER_KEY).is_some()
}

fn parameters(call: &Call<'_>, unsure: bool, say: &mut Say<'_, '_>) {
    if call.verb.starts_with("Describe") || call.verb.contains("Tags") {
        return;
    }
    let mut names = all(&call.row, keys::PARAMETERS);
    names.extend(all(&call.row, keys::PARAMETER));
    names.extend(all(&call.row, keys::PATH));
    if names.is_empty() {
        if !arns(call, say) {
            something("ssm", say);
        }
        return;
    }
    for name in names.into_iter().filter(|_| unsure) {
        let id = say.name(&full(call, name));
        near(Object::Secret { id }, say);
    }
}

fn disks(call: &Call<'_>, unsure: bool, say: &mut Say<'_, '_>) {
    if is_reading(call.verb) && call.service != "ebs" {
        return;
    }
    let row = call.row;
    // Machines and images that are made from them.
    let mut ids: Vec<&str> = Vec::new();
    for key in [keys::RUN_IMAGE, keys::MAPPED, keys::REPLACED_ROOT, keys::SHARED_SNAPSHOT] {
        ids.extend(all(&row, key));
    }
    if unsure {
        for key in [
            keys::SNAPSHOT,
            keys::IMAGE,
            keys::SOURCE_SNAPSHOT,
            keys::SOURCE_IMAGE,
            keys::DB_SNAPSHOT,
            keys::DB_CLUSTER_SNAPSHOT,
            keys::RS_SNAPSHOT,
        ] {
            ids.extend(all(&row, key));
        }
    }
    for id in &ids {
        let id = say.name(id);
        near(Object::Snapshot { id }, say);
    }
    let about = DISKS.iter().any(|word| call.verb.contains(word));
    if unsure && !arns(call, say) && ids.is_empty() && about {
        something("ec2", say);
    }
}
