//! Names of the fields of Entra ID's logs: in Graph, with `properties` around
//! them as diagnostic settings write them, in Log Analytics, in PowerShell.

use crate::extract::cloud::keys;

keys! {
    ID = ["id", "properties.id", "Id", "OriginalRequestId", "properties.requestId", "RequestId"];
    ERROR = ["status.errorCode", "properties.status.errorCode", "Status.errorCode", "Status.ErrorCode", "ResultType", "resultType"];
    UPN = ["userPrincipalName", "properties.userPrincipalName", "UserPrincipalName"];
    USER_ID = ["userId", "properties.userId", "UserId"];
    PRINCIPAL_NAME = ["servicePrincipalName", "properties.servicePrincipalName", "ServicePrincipalName"];
    PRINCIPAL_ID = ["servicePrincipalId", "properties.servicePrincipalId", "ServicePrincipalId"];
    PRINCIPAL_KEY = ["servicePrincipalCredentialKeyId", "properties.servicePrincipalCredentialKeyId", "ServicePrincipalCredentialKeyId"];
    BEGAN = ["properties.createdDateTime", "CreatedDateTime"];
    APP_ID = ["appId", "properties.appId", "AppId"];
    ADDRESS = ["ipAddress", "properties.ipAddress", "IPAddress", "IpAddress", "callerIpAddress", "CallerIpAddress"];
    AGENT = ["userAgent", "properties.userAgent", "UserAgent"];
    SESSION = ["sessionId", "properties.sessionId", "SessionId"];
    TOKEN = ["uniqueTokenIdentifier", "properties.uniqueTokenIdentifier", "UniqueTokenIdentifier"];
    CORRELATION = ["correlationId", "properties.correlationId", "CorrelationId"];
    RESOURCE = ["resourceId", "properties.resourceId", "ResourceIdentity", "resourceDisplayName", "properties.resourceDisplayName", "ResourceDisplayName"];
    RESOURCE_ID = ["properties.resourceId", "resourceId", "ResourceIdentity"];
    TENANT = ["tenantId", "AADTenantId", "properties.tenantId", "resourceTenantId", "properties.resourceTenantId", "ResourceTenantId", "homeTenantId", "properties.homeTenantId", "HomeTenantId"];
    ISSUER_TYPE = ["tokenIssuerType", "properties.tokenIssuerType", "TokenIssuerType"];
    INCOMING = ["incomingTokenType", "properties.incomingTokenType", "IncomingTokenType"];
    FEDERATED_ISSUER = ["federatedTokenIssuer", "properties.federatedTokenIssuer", "federatedTokenIssuerName"];
    FEDERATED_ID = ["federatedTokenId", "properties.federatedTokenId", "FederatedTokenId"];
    METHOD = ["authenticationDetails.authenticationMethod", "properties.authenticationDetails.authenticationMethod", "AuthenticationDetails.authenticationMethod", "AuthenticationDetails.AuthenticationMethod"];
    METHOD_DETAIL = ["authenticationDetails.authenticationMethodDetail", "properties.authenticationDetails.authenticationMethodDetail", "AuthenticationDetails.authenticationMethodDetail", "AuthenticationDetails.AuthenticationMethodDetail"];
    PROTOCOL = ["authenticationProtocol", "properties.authenticationProtocol", "AuthenticationProtocol"];
    OPERATION = ["activityDisplayName", "properties.activityDisplayName", "ActivityDisplayName", "OperationName", "operationName"];
    RESULT = ["result", "properties.result", "Result"];
    WHO = ["initiatedBy.user.userPrincipalName", "properties.initiatedBy.user.userPrincipalName", "InitiatedBy.user.userPrincipalName", "InitiatedBy.User.UserPrincipalName"];
    WHO_ID = ["initiatedBy.user.id", "properties.initiatedBy.user.id", "InitiatedBy.user.id", "InitiatedBy.User.Id"];
    WHO_APP = ["initiatedBy.app.appId", "properties.initiatedBy.app.appId", "InitiatedBy.app.appId", "InitiatedBy.App.AppId"];
    WHO_PRINCIPAL = ["initiatedBy.app.servicePrincipalId", "properties.initiatedBy.app.servicePrincipalId", "InitiatedBy.app.servicePrincipalId", "InitiatedBy.App.ServicePrincipalId"];
    WHO_APP_NAME = ["initiatedBy.app.displayName", "properties.initiatedBy.app.displayName", "InitiatedBy.app.displayName", "InitiatedBy.App.DisplayName"];
    WHO_ADDRESS = ["initiatedBy.user.ipAddress", "properties.initiatedBy.user.ipAddress", "InitiatedBy.user.ipAddress", "InitiatedBy.User.IpAddress"];
    WHO_TENANT = ["initiatedBy.user.homeTenantId", "properties.initiatedBy.user.homeTenantId"];
    TARGET_ID = ["targetResources.id", "properties.targetResources.id", "TargetResources.id", "TargetResources.Id"];
    TARGET_NAME = ["targetResources.displayName", "properties.targetResources.displayName", "TargetResources.displayName", "TargetResources.DisplayName"];
    TARGET_UPN = ["targetResources.userPrincipalName", "properties.targetResources.userPrincipalName", "TargetResources.userPrincipalName", "TargetResources.UserPrincipalName"];
    DETAIL_AGENT = ["additionalDetails.User-Agent", "properties.additionalDetails.User-Agent", "AdditionalDetails.User-Agent"];
    DETAIL_APP = ["additionalDetails.AppId", "properties.additionalDetails.AppId", "AdditionalDetails.AppId"];
    REQUEST_URI = ["requestUri", "properties.requestUri", "RequestUri"];
    REQUEST_METHOD = ["requestMethod", "properties.requestMethod", "RequestMethod"];
    RESPONSE_STATUS = ["responseStatusCode", "properties.responseStatusCode", "ResponseStatusCode"];
    RESPONSE_SIZE = ["responseSizeBytes", "properties.responseSizeBytes", "ResponseSizeBytes"];
    SIGN_IN = ["signInActivityId", "properties.signInActivityId", "SignInActivityId"];
}
