//! Records of a cloud account: `CloudTrail`, with management events and, where a bucket has them, data events.

use super::estate::Bucket;
use super::scene::{FactId, Scene, Source};
use crate::demo::clock::{Micros, seconds};
use crate::demo::json::{Obj, list};
use crate::demo::rng::text_number;

/// Who calls.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// Name of the user or of the role.
    pub(super) name: String,
    /// A role that was assumed, with the name of the session; else a user.
    pub(super) role_session: Option<String>,
    /// The key that signs the calls.
    pub(super) key: String,
    pub(super) ip: String,
    pub(super) agent: String,
}

/// A call.
#[derive(Clone, Debug)]
pub(super) struct Call<'a> {
    pub(super) service: &'a str,
    pub(super) name: &'a str,
    pub(super) read_only: bool,
    /// Of what is in the stores, not of the account.
    pub(super) data: bool,
    pub(super) request: Obj,
    pub(super) response: Option<Obj>,
    pub(super) resources: Vec<(String, &'a str)>,
    /// Bytes handed out.
    pub(super) bytes: Option<u64>,
}

impl<'a> Call<'a> {
    /// A call that only reads.
    pub(super) fn reads(service: &'a str, name: &'a str, request: Obj) -> Self {
        Self {
            service,
            name,
            read_only: true,
            data: false,
            request,
            response: None,
            resources: Vec::new(),
            bytes: None,
        }
    }

    /// A call that changes something.
    pub(super) fn writes(service: &'a str, name: &'a str, request: Obj) -> Self {
        Self { read_only: false, ..Self::reads(service, name, request) }
    }
}

/// A key in the manner of the service; `temporary` ones begin otherwise.
pub(super) fn key_id(text: &str, temporary: bool) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut n = text_number(text);
    let mut key = String::from(if temporary { "ASIA" } else { "AKIA" });
    for _ in 0..16 {
        let at = usize::try_from(n % 32).unwrap_or(0);
        key.push(char::from(LETTERS.get(at).copied().unwrap_or(b'A')));
        n = n.rotate_right(5) ^ 0x9e37_79b9_7f4a_7c15;
    }
    key
}

impl Scene {
    fn identity(&self, caller: &Caller, account: &str) -> String {
        let id = |kind: &str| {
            format!("{kind}{}", key_id(&caller.name, false).trim_start_matches("AKIA"))
        };
        match &caller.role_session {
            Some(session) => {
                let issuer = Obj::new()
                    .s("type", "Role")
                    .s("principalId", &id("AROA"))
                    .s("arn", &format!("arn:aws:iam::{account}:role/{}", caller.name))
                    .s("accountId", account)
                    .s("userName", &caller.name);
                let attributes = Obj::new()
                    .s("creationDate", &format!("{}Z", seconds(self.estate.start)))
                    .s("mfaAuthenticated", "false");
                let context =
                    Obj::new().n("sessionIssuer", issuer.end()).n("attributes", attributes.end());
                Obj::new()
                    .s("type", "AssumedRole")
                    .s("principalId", &format!("{}:{session}", id("AROA")))
                    .s(
                        "arn",
                        &format!("arn:aws:sts::{account}:assumed-role/{}/{session}", caller.name),
                    )
                    .s("accountId", account)
                    .s("accessKeyId", &caller.key)
                    .n("sessionContext", context.end())
                    .end()
            }
            None => Obj::new()
                .s("type", "IAMUser")
                .s("principalId", &id("AIDA"))
                .s("arn", &format!("arn:aws:iam::{account}:user/{}", caller.name))
                .s("accountId", account)
                .s("accessKeyId", &caller.key)
                .s("userName", &caller.name)
                .end(),
        }
    }

    /// A call to the cloud account.
    pub(super) fn call(
        &mut self,
        caller: &Caller,
        call: Call<'_>,
        time: Micros,
        fact: Option<FactId>,
    ) {
        let Some(cloud) = self.estate.cloud.clone() else { return };
        let mut data = Obj::new()
            .s("eventVersion", "1.08")
            .n("userIdentity", self.identity(caller, &cloud.account))
            .s("eventTime", &format!("{}Z", seconds(time)))
            .s("eventSource", &format!("{}.amazonaws.com", call.service))
            .s("eventName", call.name)
            .s("awsRegion", cloud.region)
            .s("sourceIPAddress", &caller.ip)
            .s("userAgent", &caller.agent)
            .n("requestParameters", call.request.end())
            .n("responseElements", call.response.map_or("null".to_owned(), Obj::end));
        if let Some(bytes) = call.bytes {
            let more = Obj::new().n("bytesTransferredIn", 0).n("bytesTransferredOut", bytes);
            data = data.n("additionalEventData", more.end());
        }
        data = data
            .s("requestID", &self.rng.guid().to_lowercase())
            .s("eventID", &self.rng.guid().to_lowercase())
            .n("readOnly", call.read_only);
        if !call.resources.is_empty() {
            let all = call
                .resources
                .iter()
                .map(|(arn, kind)| Obj::new().s("type", kind).s("ARN", arn).end());
            data = data.n("resources", list(all));
        }
        data = data
            .s("eventType", "AwsApiCall")
            .n("managementEvent", !call.data)
            .s("recipientAccountId", &cloud.account)
            .s("eventCategory", if call.data { "Data" } else { "Management" });
        self.line(Source::Trail, time, data, fact);
    }

    /// A bucket's objects listed; recorded where the bucket has data events.
    pub(super) fn list_objects(
        &mut self,
        caller: &Caller,
        bucket: &Bucket,
        prefix: &str,
        time: Micros,
        fact: Option<FactId>,
    ) {
        if !bucket.data_events {
            return;
        }
        let request =
            Obj::new().s("list-type", "2").s("bucketName", &bucket.name).s("prefix", prefix);
        let mut call = Call::reads("s3", "ListObjects", request);
        call.data = true;
        call.resources = vec![(format!("arn:aws:s3:::{}", bucket.name), "AWS::S3::Bucket")];
        self.call(caller, call, time, fact);
    }

    /// An object got; recorded where the bucket has data events.
    pub(super) fn get_object(
        &mut self,
        caller: &Caller,
        bucket: &Bucket,
        (key, size): (&str, u64),
        time: Micros,
        fact: Option<FactId>,
    ) {
        if !bucket.data_events {
            return;
        }
        let request = Obj::new().s("bucketName", &bucket.name).s("key", key);
        let mut call = Call::reads("s3", "GetObject", request);
        call.data = true;
        call.bytes = Some(size);
        call.resources = vec![
            (format!("arn:aws:s3:::{}/{key}", bucket.name), "AWS::S3::Object"),
            (format!("arn:aws:s3:::{}", bucket.name), "AWS::S3::Bucket"),
        ];
        self.call(caller, call, time, fact);
    }

    /// A secret's value asked for.
    pub(super) fn get_secret(
        &mut self,
        caller: &Caller,
        arn: &str,
        time: Micros,
        fact: Option<FactId>,
    ) {
        let request = Obj::new().s("secretId", arn);
        self.call(caller, Call::reads("secretsmanager", "GetSecretValue", request), time, fact);
    }

    /// A snapshot opened to another account.
    pub(super) fn share_snapshot(
        &mut self,
        caller: &Caller,
        (id, with): (&str, &str),
        time: Micros,
        fact: Option<FactId>,
    ) {
        let item = Obj::new().s("userId", with).end();
        let items = Obj::new().n("items", list([item])).end();
        let request = Obj::new()
            .s("snapshotId", id)
            .n("createVolumePermission", Obj::new().n("add", items).end())
            .s("attributeType", "CREATE_VOLUME_PERMISSION");
        let mut call = Call::writes("ec2", "ModifySnapshotAttribute", request);
        call.response = Some(Obj::new().n("_return", true));
        self.call(caller, call, time, fact);
    }
}
