//! What was read out of stores, or written to them: buckets, secrets, tables,
//! code, logs, the directory.

use super::{Call, keys};
use crate::activity::{Object, Touch, TouchKind};
use crate::extract::cloud::say::{Say, touch};
use crate::extract::cloud::{Key, all, bytes};
use crate::names::present;

use TouchKind::{Deleted, Delivered, Listed, Opened, Read, Staged, Written};

pub(super) fn read(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    match call.service {
        "s3" => buckets(call, say),
        "secretsmanager" => secrets(call, say),
        "ssm" => parameters(call, say),
        "kms" => keys_used(call, say),
        "iam" => directory(call, say),
        "ec2" => machines(call, say),
        _ => others(call, say),
    }
}

fn buckets(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let row = call.row;
    let kind = match call.verb {
        "ListBuckets" => {
            let (service, id) = (say.name("s3"), say.name("*"));
            say.touch(Touch { whole: true, ..touch(Listed, Object::Other { service, id }) });
            return true;
        }
        "CopyObject" | "UploadPartCopy" => return copied(call, say),
        "GetObject" | "SelectObjectContent" | "GetObjectTorrent" => Delivered,
        "ListObjects"
        | "ListObjectsV2"
        | "ListObjectVersions"
        | "HeadObject"
        | "ListMultipartUploads"
        | "GetObjectAttributes" => Listed,
        "RestoreObject" => Opened,
        "PutObject" | "UploadPart" | "CompleteMultipartUpload" | "PostObject" | "CreateBucket" => {
            Written
        }
        "DeleteObject" | "DeleteObjects" | "DeleteBucket" => Deleted,
        // How a bucket is set up names nothing in it.
        verb if verb.starts_with("GetBucket") || verb == "HeadBucket" => {
            other(say, Listed, "s3", row.any(keys::BUCKET), false);
            return true;
        }
        verb if verb.starts_with("GetObject") => Listed,
        _ => return false,
    };
    let Some((bucket, key)) = object_of(call, kind) else { return false };
    let whole = key.is_none() && matches!(kind, Listed | Deleted);
    let key = say.maybe(key.or_else(|| row.any(keys::PREFIX)));
    let bucket = say.name(bucket);
    let handed = (kind == Delivered).then(|| bytes(&row, keys::BYTES_OUT)).flatten();
    let object = Object::Bucket { bucket, key };
    // Nothing was handed over where the caller had it already.
    let kind = if handed == Some(0) { Listed } else { kind };
    say.touch(Touch { whole, bytes: handed, ..touch(kind, object) });
    true
}

/// The bucket and key of a call. Where it names neither, or an access point, the
/// things that the record says it touched have them.
fn object_of<'a>(call: &Call<'a>, kind: TouchKind) -> Option<(&'a str, Option<&'a str>)> {
    let (bucket, key) = (call.row.any(keys::BUCKET), call.row.any(keys::OBJECT_KEY));
    if bucket.is_some_and(|bucket| !is_access_point(bucket)) && key.is_some() {
        return bucket.map(|bucket| (bucket, key));
    }
    let single = matches!(kind, Delivered | Opened | Deleted | Written);
    let objects = all(&call.row, keys::RESOURCE_ARN);
    let mut objects = objects.into_iter().filter_map(|arn| match Arn::of(arn) {
        Some(Arn::Object { bucket, key }) => Some((bucket, Some(key))),
        _ => None,
    });
    let one = objects.next().filter(|_| single && objects.next().is_none());
    one.or_else(|| bucket.map(|bucket| (bucket, key)))
}

/// Whether what stands for a bucket is a door to one.
pub(super) fn is_access_point(bucket: &str) -> bool {
    bucket.contains(':') && !bucket.contains(":::") || bucket.ends_with("-s3alias")
}

/// What an ARN is of, of what is kept in stores.
pub(super) enum Arn<'a> {
    Object { bucket: &'a str, key: &'a str },
    Secret,
    Disk,
}

impl<'a> Arn<'a> {
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':').skip(1);
        let (service, rest) = (parts.next()?, parts.nth(2)?);
        match service {
            "s3" => {
                let (bucket, key) = rest.split_once('/')?;
                let named = text.contains(":::") && !key.is_empty();
                named.then_some(Self::Object { bucket, key })
            }
            "secretsmanager" => Some(Self::Secret),
            "ssm" => rest.starts_with("parameter").then_some(Self::Secret),
            "ec2" => {
                let disk = rest.starts_with("snapshot/") || rest.starts_with("image/");
                disk.then_some(Self::Disk)
            }
            "rds" | "redshift" => rest.contains("snapshot:").then_some(Self::Disk),
            _ => None,
        }
    }
}

/// A copy: the source is named by `bucket/key`.
fn copied(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let row = call.row;
    let Some(bucket) = row.any(keys::BUCKET) else { return false };
    let key = row.any(keys::OBJECT_KEY);
    let to = say.name(&format!("{bucket}/{}", key.unwrap_or_default()));
    let source = row.any(keys::COPY_SOURCE).unwrap_or_default().trim_start_matches('/');
    let source = unescaped(source.split('?').next().unwrap_or_default());
    let owners = all(&row, keys::RESOURCE_ACCOUNT);
    let away = owners.iter().any(|owner| Some(*owner) != call.account);
    if let Some((from, key)) = source.split_once('/') {
        let object = Object::Bucket { bucket: say.name(from), key: say.maybe(Some(key)) };
        let kind = if away { Delivered } else { Staged };
        say.touch(Touch { to: Some(to), ..touch(kind, object) });
    }
    let object = Object::Bucket { bucket: say.name(bucket), key: say.maybe(key) };
    say.touch(touch(Written, object));
    true
}

/// Without the escapes of addresses (`%2F`).
pub(super) fn unescaped(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if first == b'%' => {
                out.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                out.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Touches of secrets that a call names.
fn each(
    call: &Call<'_>,
    say: &mut Say<'_, '_>,
    kind: TouchKind,
    ids: &[&str],
    whole: bool,
) -> bool {
    for id in ids {
        let id = say.name(&full(call, id));
        say.touch(Touch { whole, ..touch(kind, Object::Secret { id }) });
    }
    !ids.is_empty()
}

/// A secret's or parameter's whole ARN: the same name is another thing in
/// another service, region or account. A name that ends as ARNs of secrets do
/// stays, for in an ARN its end would not count.
pub(super) fn full(call: &Call<'_>, id: &str) -> String {
    let region = call.row.any(keys::REGION);
    let (Some(account), Some(region)) = (call.account, region) else { return id.to_owned() };
    let tail = id.rsplit('-').next().unwrap_or_default();
    let suffixed = id.contains('-') && tail.len() == 6;
    let kind = match call.service {
        "secretsmanager" if !suffixed => "secret:",
        "ssm" if id.starts_with('/') => "parameter",
        "ssm" => "parameter/",
        _ => return id.to_owned(),
    };
    if id.starts_with("arn:") {
        return id.to_owned();
    }
    format!("arn:{}:{}:{region}:{account}:{kind}{id}", call.partition, call.service)
}

fn other(say: &mut Say<'_, '_>, kind: TouchKind, service: &str, id: Option<&str>, whole: bool) {
    let (service, id) = (say.name(service), say.name(id.and_then(present).unwrap_or("*")));
    say.touch(Touch { whole, ..touch(kind, Object::Other { service, id }) });
}

fn secrets(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let row = call.row;
    let kind = match call.verb {
        "GetSecretValue" => Delivered,
        "BatchGetSecretValue" => {
            // What a filter found has records of its own.
            if !each(call, say, Delivered, &all(&row, keys::SECRET_LIST), false) {
                other(say, Listed, "secretsmanager", None, true);
            }
            return true;
        }
        "ListSecrets" => {
            other(say, Listed, "secretsmanager", None, true);
            return true;
        }
        "DescribeSecret" | "ListSecretVersionIds" | "GetResourcePolicy" => Listed,
        "PutSecretValue" | "UpdateSecret" | "CreateSecret" | "RotateSecret" => Written,
        "DeleteSecret" => Deleted,
        _ => return false,
    };
    let id = row.any(keys::SECRET_ID).or_else(|| row.any(keys::NAMED));
    if id.is_none() {
        // What stands beside the call, where the call itself is not there.
        let arns = all(&row, keys::RESOURCE_ARN);
        return each(call, say, kind, &arns, false);
    }
    each(call, say, kind, id.as_slice(), false)
}

fn parameters(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let row = call.row;
    let kind = match call.verb {
        "GetParameter" | "GetParameters" | "GetParameterHistory" => Delivered,
        "GetParametersByPath" => return each(call, say, Delivered, &all(&row, keys::PATH), true),
        "DescribeParameters" => {
            other(say, Listed, "ssm", None, true);
            return true;
        }
        "PutParameter" => Written,
        "DeleteParameter" | "DeleteParameters" => Deleted,
        _ => return false,
    };
    let mut names = all(&row, keys::PARAMETERS);
    names.extend(all(&row, keys::PARAMETER));
    if names.is_empty() {
        names = all(&row, keys::RESOURCE_ARN);
    }
    for name in &mut names {
        *name = without_label(name);
    }
    // Secrets are handed over by this service too.
    let mut secrets = Vec::new();
    names.retain(|name| match name.strip_prefix("/aws/reference/secretsmanager/") {
        Some(secret) => {
            secrets.push(secret);
            false
        }
        None => true,
    });
    let other = Call { service: "secretsmanager", ..*call };
    each(&other, say, kind, &secrets, false) | each(call, say, kind, &names, false)
}

/// A parameter's name without its version or label (`/db/password:3`).
fn without_label(name: &str) -> &str {
    let skip = if name.starts_with("arn:") { 5 } else { 0 };
    match name.match_indices(':').nth(skip) {
        Some((at, _)) => name.get(..at).unwrap_or(name),
        None => name,
    }
}

/// A key that is used stays where it is; what it opens is handed over.
fn keys_used(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    match call.verb {
        "Decrypt" | "ReEncrypt" | "GenerateDataKey" | "GenerateDataKeyPair" => {
            each(call, say, Read, &all(&call.row, keys::RESOURCE_ARN), false)
        }
        _ => false,
    }
}

fn directory(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let lists = call.verb.starts_with("List") || call.verb.starts_with("GetAccount");
    if !lists && call.verb != "GetCredentialReport" && call.verb != "GenerateCredentialReport" {
        return false;
    }
    let Some(account) = call.account else { return false };
    let realm = say.name(&format!("aws:{account}"));
    say.touch(touch(Listed, Object::Directory { realm }));
    true
}

fn machines(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let row = call.row;
    match call.verb {
        "DescribeInstanceAttribute" if row.any(keys::ATTRIBUTE) == Some("userData") => {
            other(say, Delivered, "ec2 user data", row.any(keys::INSTANCE), false);
        }
        "GetConsoleOutput" | "GetConsoleScreenshot" => {
            other(say, Delivered, "ec2 console", row.any(keys::INSTANCE), false);
        }
        _ => return false,
    }
    true
}

/// Services whose things have no kind of their own: what each call does to
/// the thing that a field names.
fn others(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let (kind, key, whole): (TouchKind, Key, bool) = match (call.service, call.verb) {
        ("ebs", "GetSnapshotBlock") => return snapshot(call, say, Delivered),
        ("ebs", "ListSnapshotBlocks" | "ListChangedBlocks") => return snapshot(call, say, Listed),
        ("dynamodb", "GetItem" | "Query" | "BatchGetItem" | "ExecuteStatement") => {
            (Delivered, keys::TABLE, false)
        }
        ("dynamodb", "Scan") => (Delivered, keys::TABLE, true),
        ("dynamodb", "PutItem" | "UpdateItem" | "BatchWriteItem") => (Written, keys::TABLE, false),
        ("dynamodb", "DeleteItem" | "DeleteTable") => (Deleted, keys::TABLE, false),
        ("dynamodb", "DescribeTable" | "ListTables") => (Listed, keys::TABLE, false),
        ("athena", "GetQueryResults" | "GetQueryResultsStream") => (Delivered, keys::QUERY, false),
        ("redshift-data", "GetStatementResult") => (Delivered, keys::STATEMENT, false),
        ("ecr", "BatchGetImage" | "GetDownloadUrlForLayer") => (Delivered, keys::REPOSITORY, false),
        ("codecommit", "GitPull") => (Delivered, keys::REPOSITORY, true),
        ("codecommit", "GetFile" | "GetBlob" | "GetFolder") => (Delivered, keys::REPOSITORY, false),
        ("codecommit", "GitPush") => (Written, keys::REPOSITORY, false),
        ("lambda", "GetFunction") => (Delivered, keys::FUNCTION, false),
        ("logs", "GetLogEvents" | "FilterLogEvents" | "StartQuery") => {
            (Delivered, keys::LOG_GROUP, false)
        }
        ("logs", "CreateExportTask") => (Staged, keys::LOG_GROUP, false),
        _ => return false,
    };
    other(say, kind, call.service, call.row.any(key), whole);
    true
}

fn snapshot(call: &Call<'_>, say: &mut Say<'_, '_>, kind: TouchKind) -> bool {
    for key in [keys::SNAPSHOT, keys::SECOND_SNAPSHOT] {
        if let Some(id) = call.row.any(key) {
            let id = say.name(id);
            say.touch(touch(kind, Object::Snapshot { id }));
        }
    }
    !say.silent()
}
