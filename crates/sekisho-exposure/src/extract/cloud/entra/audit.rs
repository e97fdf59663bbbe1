//! The directory's audit log.

use super::keys;
use crate::activity::Actor;
use crate::extract::cloud::directory::{self, Change};
use crate::extract::cloud::say::{Say, account, caller};
use crate::extract::cloud::{all, tenant};
use crate::extract::{Class, Out, Row};

pub(super) fn read(row: &Row<'_>, out: &mut Out<'_>) {
    out.class(Class::AccountChange);
    let user = row.any(keys::WHO);
    let id = row.any(keys::TENANT).or_else(|| row.any(keys::WHO_TENANT));
    tenant(id, user.or_else(|| row.any(keys::TARGET_UPN)), out);
    let app_name = row.any(keys::WHO_APP_NAME).or_else(|| row.any(keys::WHO_PRINCIPAL));
    let who = match user.or_else(|| row.any(keys::WHO_ID)) {
        Some(user) => account(out, user),
        None => app_name.map(|name| out.names().of(name)),
    };
    let names = out.names();
    let mut of = |text: Option<&str>| text.map(|text| names.of(text));
    let address = row.any(keys::WHO_ADDRESS).or_else(|| row.any(keys::ADDRESS));
    let actor = Actor {
        account: who,
        session: of(row.any(keys::SESSION)),
        address: of(address.and_then(caller)),
        agent: of(row.any(keys::DETAIL_AGENT)),
        app: of(row.any(keys::WHO_APP).or_else(|| row.any(keys::WHO_PRINCIPAL))),
        ..Actor::default()
    };
    let result = row.any(keys::RESULT).unwrap_or_default();
    let failed = result.to_ascii_lowercase().starts_with("fail");
    let mut say = Say::of(out, actor, failed);
    let change = Change {
        row,
        operation: row.any(keys::OPERATION).unwrap_or_default(),
        users: all(row, keys::TARGET_UPN),
        ids: all(row, keys::TARGET_ID),
        names: all(row, keys::TARGET_NAME),
        app: row.any(keys::DETAIL_APP),
    };
    directory::read(&change, &mut say);
    if say.silent() && actor.account.is_some() {
        say.out.seen(actor, None);
    }
}
