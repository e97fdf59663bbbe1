//! Names of CloudTrail's fields: as AWS writes them, in Athena's lower case,
//! and as Filebeat has them.

use crate::extract::cloud::Key;

macro_rules! keys {
    ($(own { $($own:ident = $forms:expr;)* })? request { $($req:ident = $r:literal;)* } response { $($res:ident = $s:literal;)* }) => {
        $($(pub(super) const $own: Key = &$forms;)*)?
        $(pub(super) const $req: Key = &[
            concat!("requestParameters.", $r),
            concat!("requestparameters.", $r),
            concat!("aws.cloudtrail.flattened.request_parameters.", $r),
        ];)*
        $(pub(super) const $res: Key = &[
            concat!("responseElements.", $s),
            concat!("responseelements.", $s),
            concat!("aws.cloudtrail.flattened.response_elements.", $s),
        ];)*
        /// All of them.
        pub(super) const ALL: &[Key] = &[$($($own,)*)? $($req,)* $($res,)*];
    };
}

keys! {
    own {
        NAME = ["eventName", "eventname", "event.action", "api.operation"];
        SOURCE = ["eventSource", "eventsource", "event.provider", "api.service.name"];
        ID = ["eventID", "eventid", "event.id", "metadata.uid"];
        ERROR = ["errorCode", "errorcode", "aws.cloudtrail.error_code", "api.response.error"];
        ERROR_MESSAGE = ["errorMessage", "errormessage", "aws.cloudtrail.error_message"];
        AGENT = ["userAgent", "useragent", "user_agent.original", "http_request.user_agent"];
        ADDRESS = ["sourceIPAddress", "sourceipaddress", "source.address", "source.ip", "src_endpoint.ip"];
        RECIPIENT = ["recipientAccountId", "recipientaccountid", "aws.cloudtrail.recipient_account_id", "cloud.account.id", "cloud.account.uid"];
        REGION = ["awsRegion", "awsregion", "cloud.region"];
        READ_ONLY = ["readOnly", "readonly", "aws.cloudtrail.read_only"];
        CATEGORY = ["eventCategory", "eventcategory", "aws.cloudtrail.event_category"];
        MANAGEMENT = ["managementEvent", "managementevent", "aws.cloudtrail.management_event"];
        WHO_TYPE = ["userIdentity.type", "useridentity.type", "aws.cloudtrail.user_identity.type", "actor.user.type"];
        WHO_ARN = ["userIdentity.arn", "useridentity.arn", "aws.cloudtrail.user_identity.arn", "actor.user.uid_alt"];
        WHO_NAME = ["userIdentity.userName", "useridentity.userName", "useridentity.username", "user.name", "actor.user.name"];
        WHO_ACCOUNT = ["userIdentity.accountId", "useridentity.accountId", "useridentity.accountid", "actor.user.account.uid"];
        WHO_PRINCIPAL = ["userIdentity.principalId", "useridentity.principalId", "useridentity.principalid", "actor.user.uid"];
        WHO_KEY = ["userIdentity.accessKeyId", "useridentity.accessKeyId", "useridentity.accesskeyid", "aws.cloudtrail.user_identity.access_key_id", "actor.user.credential_uid"];
        WHO_INVOKED = ["userIdentity.invokedBy", "useridentity.invokedBy", "useridentity.invokedby", "aws.cloudtrail.user_identity.invoked_by"];
        WHO_PROVIDER = ["userIdentity.identityProvider", "useridentity.identityProvider"];
        BYTES_OUT = ["additionalEventData.bytesTransferredOut", "additionaleventdata.bytesTransferredOut", "aws.cloudtrail.flattened.additional_eventdata.bytesTransferredOut"];
        RESOURCE_ARN = ["resources.ARN", "resources.arn", "aws.cloudtrail.resources.arn"];
        SHARED_SNAPSHOT = ["serviceEventDetails.snapshotId", "serviceeventdetails.snapshotId"];
        RESOURCE_ACCOUNT = ["resources.accountId", "resources.accountid", "aws.cloudtrail.resources.account_id"];
    }
    request {
        BUCKET = "bucketName";
        OBJECT_KEY = "key";
        PREFIX = "prefix";
        COPY_SOURCE = "x-amz-copy-source";
        ACL = "x-amz-acl";
        GRANT_READ = "x-amz-grant-read";
        GRANT_FULL = "x-amz-grant-full-control";
        GRANTEE_URI = "AccessControlPolicy.AccessControlList.Grant.Grantee.URI";
        GRANTEE_ID = "AccessControlPolicy.AccessControlList.Grant.Grantee.ID";
        OWNER_ID = "AccessControlPolicy.Owner.ID";
        BUCKET_POLICY = "bucketPolicy";
        POLICY_EFFECT = "bucketPolicy.Statement.Effect";
        POLICY_ACTION = "bucketPolicy.Statement.Action";
        POLICY_RESOURCE = "bucketPolicy.Statement.Resource";
        REPLICA_STATUS = "ReplicationConfiguration.Rule.Status";
        REPLICA_PREFIX = "ReplicationConfiguration.Rule.Prefix";
        REPLICA_FILTER = "ReplicationConfiguration.Rule.Filter.Prefix";
        POLICY_ANY = "bucketPolicy.Statement.Principal";
        POLICY_AWS = "bucketPolicy.Statement.Principal.AWS";
        BLOCK_ACLS = "PublicAccessBlockConfiguration.BlockPublicAcls";
        BLOCK_POLICY = "PublicAccessBlockConfiguration.BlockPublicPolicy";
        IGNORE_ACLS = "PublicAccessBlockConfiguration.IgnorePublicAcls";
        RESTRICT = "PublicAccessBlockConfiguration.RestrictPublicBuckets";
        REPLICA_BUCKET = "ReplicationConfiguration.Rule.Destination.Bucket";
        REPLICA_ACCOUNT = "ReplicationConfiguration.Rule.Destination.Account";
        LOGGING_TARGET = "BucketLoggingStatus.LoggingEnabled.TargetBucket";
        SECRET_ID = "secretId";
        CONTEXT_SECRET = "encryptionContext.SecretARN";
        FILTER_KEY = "filters.key";
        REQUEST_ARN = "resourceArn";
        RECOVERY_POINT = "recoveryPointArn";
        RUN_IMAGE = "instancesSet.items.imageId";
        MAPPED = "blockDeviceMapping.items.ebs.snapshotId";
        REPLACED_ROOT = "CreateReplaceRootVolumeTaskRequest.SnapshotId";
        SECRET_LIST = "secretIdList";
        PARAMETER = "name";
        PARAMETERS = "names";
        PATH = "path";
        RESOURCE_POLICY = "resourcePolicy";
        SNAPSHOT = "snapshotId";
        SOURCE_SNAPSHOT = "sourceSnapshotId";
        SECOND_SNAPSHOT = "secondSnapshotId";
        IMAGE = "imageId";
        SOURCE_IMAGE = "sourceImageId";
        VOLUME = "volumeId";
        INSTANCE = "instanceId";
        INSTANCES = "instancesSet.items.instanceId";
        SNAPSHOTS_INSTANCE = "CreateSnapshotsRequest.InstanceSpecification.InstanceId";
        VOLUME_TO = "createVolumePermission.add.items.userId";
        VOLUME_GROUP = "createVolumePermission.add.items.group";
        LAUNCH_TO = "launchPermission.add.items.userId";
        LAUNCH_GROUP = "launchPermission.add.items.group";
        LAUNCH_ORGANISATION = "launchPermission.add.items.organizationArn";
        LAUNCH_UNIT = "launchPermission.add.items.organizationalUnitArn";
        DB_INSTANCE = "dBInstanceIdentifier";
        DB_CLUSTER = "dBClusterIdentifier";
        DB_SNAPSHOT = "dBSnapshotIdentifier";
        DB_CLUSTER_SNAPSHOT = "dBClusterSnapshotIdentifier";
        DB_SOURCE_SNAPSHOT = "sourceDBSnapshotIdentifier";
        DB_CLUSTER_SOURCE = "sourceDBClusterSnapshotIdentifier";
        DB_TARGET_SNAPSHOT = "targetDBSnapshotIdentifier";
        DB_CLUSTER_TARGET = "targetDBClusterSnapshotIdentifier";
        VALUES_TO_ADD = "valuesToAdd";
        DB_PUBLIC = "publiclyAccessible";
        DB_PASSWORD = "masterUserPassword";
        EXPORT_SOURCE = "sourceArn";
        EXPORT_BUCKET = "s3BucketName";
        RS_SNAPSHOT = "snapshotIdentifier";
        RS_CLUSTER = "clusterIdentifier";
        RS_TO = "accountWithRestoreAccess";
        ATTRIBUTE = "attribute";
        USER_DATA = "userData";
        USER_DATA_VALUE = "userData.value";
        TABLE = "tableName";
        TABLE_ARN = "tableArn";
        EXPORT_S3 = "s3Bucket";
        QUERY = "queryExecutionId";
        STATEMENT = "id";
        REPOSITORY = "repositoryName";
        FUNCTION = "functionName";
        PRINCIPAL = "principal";
        LOG_GROUP = "logGroupName";
        LOG_STREAM = "logStreamName";
        USER = "userName";
        ROLE = "roleName";
        ROLE_ARN = "roleArn";
        ROLE_ARNS = "roleArns";
        GROUP = "groupName";
        POLICY_ARN = "policyArn";
        POLICY_NAME = "policyName";
        POLICY_DOCUMENT = "policyDocument";
        POLICY_TEXT = "policyText";
        TRUST = "assumeRolePolicyDocument";
        ACCESS_KEY = "accessKeyId";
        STATUS = "status";
        SERIAL = "serialNumber";
        PROFILE = "instanceProfileName";
        PROFILE_ARN = "iamInstanceProfile.arn";
        PROFILE_NAMED = "iamInstanceProfile.name";
        KEY_NAME = "keyName";
        OS_USER = "instanceOSUser";
        INSTANCE_IDS = "instanceIds";
        DOCUMENT = "documentName";
        TARGET = "target";
        TARGETS = "targets.values";
        CIDR = "cidrIp";
        CIDR_ITEMS = "ipPermissions.items.ipRanges.items.cidrIp";
        CIDR_ITEMS6 = "ipPermissions.items.ipv6Ranges.items.cidrIpv6";
        GROUP_ID = "groupId";
        LAYERS = "layers";
        NAMED = "name";
        TRAIL = "trailName";
        MULTI_REGION = "isMultiRegionTrail";
        GLOBAL = "includeGlobalServiceEvents";
        TRAIL_BUCKET = "s3BucketName";
        READ_WRITE = "eventSelectors.readWriteType";
        INCLUDE_MANAGEMENT = "eventSelectors.includeManagementEvents";
        EXCLUDED = "eventSelectors.excludeManagementEventSources";
        DATA_VALUES = "eventSelectors.dataResources.values";
        ADVANCED_FIELD = "advancedEventSelectors.fieldSelectors.field";
        ADVANCED_EQUALS = "advancedEventSelectors.fieldSelectors.equals";
        FLOW_LOGS = "DeleteFlowLogsRequest.FlowLogId.content";
        DETECTOR = "detectorId";
        ENABLE = "enable";
        QUERY_LOG = "resolverQueryLogConfigId";
        STACK = "stackName";
        TASK = "taskDefinition";
        FAMILY = "family";
        PROJECT = "projectName";
        RULE = "rule";
        PROVIDER_ARN = "sAMLProviderArn";
        PROVIDER_URL = "url";
        ACCOUNT_ID = "accountId";
        PRINCIPAL_ID = "principalId";
        PERMISSION_SET = "permissionSetArn";
    }
    response {
        LOGIN = "ConsoleLogin";
        ISSUED = "credentials.accessKeyId";
        ASSUMED = "assumedRoleUser.arn";
        FEDERATED = "federatedUser.arn";
        NEW_KEY = "accessKey.accessKeyId";
        NEW_KEY_USER = "accessKey.userName";
        NEW_USER = "user.arn";
        NEW_ROLE = "role.arn";
        NEW_SERVICE_KEY = "serviceSpecificCredential.serviceSpecificCredentialId";
        NEW_PUBLIC_KEY = "sSHPublicKey.sSHPublicKeyId";
        NEW_CERTIFICATE = "certificate.certificateId";
        NEW_SNAPSHOT = "snapshotId";
        NEW_SNAPSHOTS = "CreateSnapshotsResponse.snapshotSet.item.snapshotId";
        NEW_IMAGE = "imageId";
        NEW_VOLUME = "volumeId";
        NEW_INSTANCES = "instancesSet.items.instanceId";
        NEW_DB_SNAPSHOT = "dBSnapshotIdentifier";
        NEW_DB_CLUSTER_SNAPSHOT = "dBClusterSnapshotIdentifier";
        KEY_PAIR = "keyPairId";
        ANCHOR = "trustAnchor.trustAnchorArn";
        SAML = "sAMLProviderArn";
        OPENID = "openIDConnectProviderArn";
    }
}
