//! What was opened to others, or copied so that it can be.

use super::policy::{outside, principals};
use super::{Call, keys};
use crate::activity::{Object, Touch, TouchKind};
use crate::extract::cloud::say::{Say, touch};
use crate::extract::cloud::{Key, all, no, yes};
use crate::names::Name;

use TouchKind::{Named, Shared, Staged, Written};

pub(super) fn read(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    match call.service {
        "s3" => bucket(call, say),
        "s3control"
            if matches!(
                call.verb,
                "DeletePublicAccessBlock" | "DeleteAccountPublicAccessBlock"
            ) =>
        {
            // Nothing is open by that alone.
            let (service, id) = (say.name("s3"), say.name("*"));
            say.touch(Touch { whole: true, ..touch(Named, Object::Other { service, id }) });
            true
        }
        "ec2" => disks(call, say) || network(call, say),
        "rds" => databases(call, say),
        "redshift" => warehouses(call, say),
        "dynamodb" => tables(call, say),
        "secretsmanager" if call.verb == "PutResourcePolicy" => secret(call, say),
        "lambda" if call.verb.starts_with("AddPermission") => function(call, say),
        "ecr" if call.verb == "SetRepositoryPolicy" => repository(call, say),
        _ => false,
    }
}

/// Those of a list that are not the account itself.
fn others<'a>(call: &Call<'a>, mut to: Vec<&'a str>) -> Vec<&'a str> {
    to.retain(|to| Some(*to) != call.account);
    to
}

/// A thing is opened to each of these.
fn shared(say: &mut Say<'_, '_>, object: Object, to: &[&str]) {
    for to in to {
        let to = Some(say.name(to));
        say.touch(Touch { to, whole: true, ..touch(Shared, object) });
    }
}

/// Bucket and objects. Where the block on public access goes, nothing is opened
/// yet: that is a way.
fn bucket(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let row = call.row;
    let Some(bucket) = row.any(keys::BUCKET) else { return false };
    let bucket = say.name(bucket);
    let key = say.maybe(row.any(keys::OBJECT_KEY));
    let object = Object::Bucket { bucket, key };
    match call.verb {
        "PutBucketPolicy" => policy(call, bucket, say),
        "PutBucketAcl" | "PutObjectAcl" | "PutObject" | "CreateBucket" => {
            shared(say, object, &of_acl(call));
        }
        "PutBucketReplication" => replication(call, bucket, say),
        "DeleteBucketPublicAccessBlock" | "DeletePublicAccessBlock" => {
            say.touch(Touch { whole: true, ..touch(Named, object) });
        }
        "PutBucketPublicAccessBlock" | "PutPublicAccessBlock" => {
            let parts = [keys::BLOCK_ACLS, keys::BLOCK_POLICY, keys::IGNORE_ACLS, keys::RESTRICT];
            if parts.iter().any(|key| no(&row, key)) {
                say.touch(Touch { whole: true, ..touch(Named, object) });
            }
        }
        _ => return false,
    }
    true
}

/// Copies go out from then on, of what is put there from then on: of what was
/// there before, only if a job is made for that.
fn replication(call: &Call<'_>, bucket: Name, say: &mut Say<'_, '_>) {
    let row = call.row;
    let mut to = all(&row, keys::REPLICA_ACCOUNT);
    if to.is_empty() {
        to = all(&row, keys::REPLICA_BUCKET);
    }
    let states = all(&row, keys::REPLICA_STATUS);
    let off = !states.is_empty() && states.iter().all(|s| s.eq_ignore_ascii_case("disabled"));
    if off || others(call, to.clone()).is_empty() {
        return;
    }
    // A rule with a prefix or filter is of some objects only.
    let some =
        [keys::REPLICA_PREFIX, keys::REPLICA_FILTER].iter().any(|key| row.any(key).is_some());
    if some {
        let object = Object::Bucket { bucket, key: None };
        say.touch(Touch { whole: true, ..touch(Named, object) });
    } else {
        shared(say, Object::Bucket { bucket, key: None }, &others(call, to));
    }
}

/// A bucket's policy: opened is what it says, to whom it says, to be read.
/// Where statements that allow and that deny stand together it is not seen
/// which of them is of everybody: then it is a way, and no more is shown.
fn policy(call: &Call<'_>, bucket: Name, say: &mut Say<'_, '_>) {
    let row = call.row;
    let effects = all(&row, keys::POLICY_EFFECT);
    let denies = |effect: &&str| effect.eq_ignore_ascii_case("deny");
    if !effects.is_empty() && effects.iter().all(denies) {
        return;
    }
    let mut to = of_policy(call);
    if to.is_empty() {
        return;
    }
    let mixed = effects.iter().any(denies);
    let actions = all(&row, keys::POLICY_ACTION);
    let reads = actions.is_empty() || actions.iter().any(|action| is_read(action));
    if mixed {
        to.retain(|to| *to != "*");
    }
    let whole = Object::Bucket { bucket, key: None };
    if to.is_empty() || !reads {
        say.touch(Touch { whole: true, ..touch(Named, whole) });
        return;
    }
    let resources = all(&row, keys::POLICY_RESOURCE);
    let below: Vec<&str> = resources
        .iter()
        .filter_map(|arn| arn.rsplit_once(":::")?.1.split_once('/'))
        .map(|(_, key)| key)
        .collect();
    if below.is_empty() || resources.contains(&"*") || below.contains(&"*") {
        shared(say, whole, &to);
        return;
    }
    for key in below {
        let key = say.maybe(Some(key));
        shared(say, Object::Bucket { bucket, key }, &to);
    }
}

/// Whether an action of a policy lets somebody read objects.
fn is_read(action: &str) -> bool {
    let action = action.to_ascii_lowercase();
    matches!(&*action, "*" | "s3:*") || action.starts_with("s3:get") && !action.contains("bucket")
}

/// Those outside of the account to whom a bucket's policy speaks.
fn of_policy<'a>(call: &Call<'a>) -> Vec<&'a str> {
    let row = call.row;
    let mut named = all(&row, keys::POLICY_AWS);
    named.extend(all(&row, keys::POLICY_ANY).into_iter().filter(|p| *p == "*"));
    if named.is_empty() {
        named = row.any(keys::BUCKET_POLICY).map(principals).unwrap_or_default();
    }
    let mut far: Vec<&str> = named.into_iter().filter(|p| outside(p, call.account)).collect();
    far.sort_unstable();
    far.dedup();
    far
}

fn of_acl<'a>(call: &Call<'a>) -> Vec<&'a str> {
    let row = call.row;
    let mut to: Vec<&str> = all(&row, keys::GRANTEE_URI)
        .into_iter()
        .filter(|uri| uri.ends_with("/AllUsers") || uri.ends_with("/AuthenticatedUsers"))
        .collect();
    let owner = row.any(keys::OWNER_ID);
    to.extend(all(&row, keys::GRANTEE_ID).into_iter().filter(|id| Some(*id) != owner));
    let canned = ["public-read", "public-read-write", "authenticated-read"];
    to.extend(row.any(keys::ACL).filter(|acl| canned.contains(acl)));
    for key in [keys::GRANT_READ, keys::GRANT_FULL] {
        to.extend(row.any(key));
    }
    to
}

fn disks(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let row = call.row;
    let (keys_of, id): (&[Key], Key) = match call.verb {
        "ModifySnapshotAttribute" => (&[keys::VOLUME_TO, keys::VOLUME_GROUP], keys::SNAPSHOT),
        "ModifyImageAttribute" => (
            &[keys::LAUNCH_TO, keys::LAUNCH_GROUP, keys::LAUNCH_ORGANISATION, keys::LAUNCH_UNIT],
            keys::IMAGE,
        ),
        _ => return copies(call, say),
    };
    let Some(id) = row.any(id) else { return false };
    let id = say.name(id);
    for key in keys_of {
        shared(say, Object::Snapshot { id }, &others(call, all(&row, key)));
    }
    true
}

/// Copies of disks: of what, and what came of it.
fn copies(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let row = call.row;
    let (from, is_snapshot, made): (Key, bool, Key) = match call.verb {
        "CreateSnapshot" => (keys::VOLUME, false, keys::NEW_SNAPSHOT),
        "CreateSnapshots" => (keys::SNAPSHOTS_INSTANCE, false, keys::NEW_SNAPSHOTS),
        "CreateImage" => (keys::INSTANCE, false, keys::NEW_IMAGE),
        "CreateInstanceExportTask" => (keys::INSTANCE, false, keys::EXPORT_BUCKET),
        "CopySnapshot" => (keys::SOURCE_SNAPSHOT, true, keys::NEW_SNAPSHOT),
        "CopyImage" => (keys::SOURCE_IMAGE, true, keys::NEW_IMAGE),
        "CreateVolume" => (keys::SNAPSHOT, true, keys::NEW_VOLUME),
        "ExportImage" | "CreateStoreImageTask" => (keys::IMAGE, true, keys::NEW_IMAGE),
        _ => return false,
    };
    let Some(id) = row.any(from) else { return false };
    let id = say.name(id);
    let service = say.name("ec2");
    let object = if is_snapshot { Object::Snapshot { id } } else { Object::Other { service, id } };
    staged(say, object, &all(&row, made), call.verb != "CreateVolume");
    true
}

/// A thing was copied; where the copy is a snapshot or image, that was made.
fn staged(say: &mut Say<'_, '_>, object: Object, made: &[&str], is_snapshot: bool) {
    let to: Option<Name> = say.maybe(made.first().copied());
    say.touch(Touch { to, whole: true, ..touch(Staged, object) });
    if is_snapshot {
        for id in made {
            let id = say.name(id);
            say.touch(touch(Written, Object::Snapshot { id }));
        }
    }
}

/// A port that was opened to the whole world.
fn network(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let row = call.row;
    if call.verb != "AuthorizeSecurityGroupIngress" {
        return false;
    }
    let mut ranges = all(&row, keys::CIDR);
    ranges.extend(all(&row, keys::CIDR_ITEMS));
    ranges.extend(all(&row, keys::CIDR_ITEMS6));
    ranges.retain(|range| range.ends_with("/0"));
    let (service, id) = (say.name("ec2"), row.any(keys::GROUP_ID).unwrap_or("*"));
    let id = say.name(id);
    shared(say, Object::Other { service, id }, &ranges);
    true
}

fn databases(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let row = call.row;
    let one = |key: Key| row.any(key);
    let service = say.name("rds");
    let (from, is_snapshot, made): (Key, bool, Key) = match call.verb {
        "ModifyDBSnapshotAttribute" | "ModifyDBClusterSnapshotAttribute" => {
            let id = one(keys::DB_SNAPSHOT).or_else(|| one(keys::DB_CLUSTER_SNAPSHOT));
            let Some(id) = id else { return false };
            let id = say.name(id);
            let to = others(call, all(&row, keys::VALUES_TO_ADD));
            shared(say, Object::Snapshot { id }, &to);
            return true;
        }
        "ModifyDBInstance" | "CreateDBInstance" | "ModifyDBCluster"
            if yes(&row, keys::DB_PUBLIC) =>
        {
            let id = one(keys::DB_INSTANCE).or_else(|| one(keys::DB_CLUSTER));
            let id = say.name(id.unwrap_or("*"));
            say.touch(Touch { whole: true, ..touch(Shared, Object::Other { service, id }) });
            return true;
        }
        "CreateDBSnapshot" => (keys::DB_INSTANCE, false, keys::DB_SNAPSHOT),
        "CreateDBClusterSnapshot" => (keys::DB_CLUSTER, false, keys::DB_CLUSTER_SNAPSHOT),
        "CopyDBSnapshot" => (keys::DB_SOURCE_SNAPSHOT, true, keys::DB_TARGET_SNAPSHOT),
        "CopyDBClusterSnapshot" => (keys::DB_CLUSTER_SOURCE, true, keys::DB_CLUSTER_TARGET),
        "StartExportTask" => (keys::EXPORT_SOURCE, true, keys::EXPORT_BUCKET),
        "RestoreDBInstanceFromDBSnapshot" => (keys::DB_SNAPSHOT, true, keys::DB_INSTANCE),
        _ => return false,
    };
    let Some(id) = one(from) else { return false };
    let id = say.name(id);
    let object = if is_snapshot { Object::Snapshot { id } } else { Object::Other { service, id } };
    let snapshot = !matches!(call.verb, "StartExportTask" | "RestoreDBInstanceFromDBSnapshot");
    staged(say, object, &all(&row, made), snapshot);
    true
}

fn warehouses(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let row = call.row;
    let Some(id) = row.any(keys::RS_SNAPSHOT) else { return false };
    match call.verb {
        "AuthorizeSnapshotAccess" => {
            let id = say.name(id);
            shared(say, Object::Snapshot { id }, &others(call, all(&row, keys::RS_TO)));
        }
        "CreateClusterSnapshot" => {
            let service = say.name("redshift");
            let cluster = say.name(row.any(keys::RS_CLUSTER).unwrap_or("*"));
            staged(say, Object::Other { service, id: cluster }, &[id], true);
        }
        _ => return false,
    }
    true
}

fn tables(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let row = call.row;
    if !matches!(call.verb, "ExportTableToPointInTime" | "CreateBackup") {
        return false;
    }
    let name = row.any(keys::TABLE_ARN).or_else(|| row.any(keys::TABLE));
    let Some(name) = name.and_then(|name| name.rsplit('/').next()) else { return false };
    let (service, id) = (say.name("dynamodb"), say.name(name));
    staged(say, Object::Other { service, id }, &all(&row, keys::EXPORT_S3), false);
    true
}

/// Those outside of the account of whom a policy's text speaks.
fn far<'a>(call: &Call<'a>, key: Key) -> Vec<&'a str> {
    let text = call.row.any(key).unwrap_or_default();
    principals(text).into_iter().filter(|p| outside(p, call.account)).collect()
}

fn secret(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let Some(id) = call.row.any(keys::SECRET_ID) else { return false };
    let id = say.name(&super::store::full(call, id));
    shared(say, Object::Secret { id }, &far(call, keys::RESOURCE_POLICY));
    true
}

fn function(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let (service, id) = (say.name("lambda"), call.row.any(keys::FUNCTION).unwrap_or("*"));
    let id = say.name(id);
    let mut to = all(&call.row, keys::PRINCIPAL);
    to.retain(|p| outside(p, call.account));
    shared(say, Object::Other { service, id }, &to);
    true
}

fn repository(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let (service, id) = (say.name("ecr"), call.row.any(keys::REPOSITORY).unwrap_or("*"));
    let id = say.name(id);
    shared(say, Object::Other { service, id }, &far(call, keys::POLICY_TEXT));
    true
}
