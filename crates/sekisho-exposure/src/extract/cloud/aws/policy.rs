//! Who a policy of AWS speaks of.

/// The principals in the text of a policy: `*`, ARNs, numbers of accounts,
/// names of services. Statements that deny are passed over where the policy
/// has no others.
pub(super) fn principals(text: &str) -> Vec<&str> {
    if !text.contains("Allow") && text.contains("Deny") {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("\"Principal\"") {
        rest = rest.get(at + "\"Principal\"".len()..).unwrap_or_default();
        let value = rest.trim_start().trim_start_matches(':').trim_start();
        if value.starts_with('"') {
            found.extend(quoted(value).into_iter().take(1).map(|(text, _)| text));
            continue;
        }
        let end = value.find('}').unwrap_or(value.len());
        let of_it = quoted(value.get(..end).unwrap_or_default());
        found.extend(of_it.into_iter().filter(|(_, is_key)| !is_key).map(|(text, _)| text));
    }
    found
}

/// The texts in quotes, and whether a colon follows (a key).
fn quoted(text: &str) -> Vec<(&str, bool)> {
    let mut found = Vec::new();
    let mut parts = text.split('"').skip(1);
    while let Some(inner) = parts.next() {
        let after = parts.next().unwrap_or_default();
        found.push((inner, after.trim_start().starts_with(':')));
    }
    found
}

/// Whether a principal is outside of an account: anybody, another account, or
/// one of its users and roles. Services of AWS itself are not.
pub(super) fn outside(principal: &str, account: Option<&str>) -> bool {
    if principal == "*" {
        return true;
    }
    let owner = match principal.strip_prefix("arn:") {
        Some(rest) => rest.split(':').nth(3).unwrap_or_default(),
        None => principal,
    };
    let is_account = owner.len() == 12 && owner.bytes().all(|b| b.is_ascii_digit());
    is_account && Some(owner) != account
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_of_a_policy_are_found() {
        let text = r#"{"Statement":[
            {"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com","AWS":["arn:aws:iam::111122223333:root","444455556666"]},"Action":"*"},
            {"Effect":"Allow","Principal":"*","Action":"s3:*"}]}"#;
        let found = principals(text);
        let all = ["ec2.amazonaws.com", "arn:aws:iam::111122223333:root", "444455556666", "*"];
        assert_eq!(found, all);
        let far: Vec<_> = found.into_iter().filter(|p| outside(p, Some("444455556666"))).collect();
        assert_eq!(far, ["arn:aws:iam::111122223333:root", "*"]);
        assert!(principals(r#"{"Effect":"Deny","Principal":"*"}"#).is_empty());
        assert!(principals("\"Principal\"").is_empty());
        assert!(principals("\"Principal\":{\"AWS\":\"").len() <= 1);
    }
}
