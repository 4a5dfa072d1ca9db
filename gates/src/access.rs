//! Access: who may ask the daemon what. Whom no table of the policy names may ask nothing.

use crate::audience::Audience;
use crate::policy::Policy;
use crate::provider::Provider;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use toml::Spanned;
use trust_evidence::LoadError;

/// The longest name of an audience or a provider, in bytes; the attestation's own limit.
const MAX_NAME: usize = 64;
/// The longest SELinux type, in bytes.
const MAX_TYPE: usize = 128;
/// The greatest app id: Android counts uids in users of 100,000
/// (`AID_USER_OFFSET`, system/core/libcutils/include/private/android_filesystem_config.h).
const MAX_APP_ID: u32 = 99_999;
/// The greatest Unix user. The number above it stands for none.
const MAX_USER: u32 = u32::MAX - 1;

/// Who a table of the policy speaks of. On Binder it is told by SELinux type and app id, on D-Bus by Unix user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Callers {
    /// SELinux types. A type stands in one table of a policy alone, so that who calls decides what may be asked.
    pub types: Vec<Box<str>>,
    /// Android app ids (a uid modulo 100,000), one of which a caller on Binder must have besides its type; empty
    /// where the type alone says who it is.
    pub app_ids: Vec<RangeInclusive<u32>>,
    /// Unix users, for D-Bus. A user stands in one table alone, too.
    pub users: Vec<u32>,
}

/// Who reads what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// What they are.
    pub reader: Reader,
    /// Who they are.
    pub callers: Callers,
}

/// What a reader of findings is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The user interface that shows the device's owner what was found.
    Center,
    /// Whoever else sees what the center sees.
    Auditor,
    /// Device management: sees the same, and may install policy bundles, as the center may.
    Manager,
}

/// What a caller is to a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role<'p> {
    /// The user interface that shows the device's owner what was found.
    Center,
    /// Whoever else sees what the center sees.
    Auditor,
    /// Device management: sees the same, and may install policy bundles.
    Manager,
    /// A component of the platform that pushes signals.
    Provider(&'p Provider),
    /// Who asks in the name of a relying party.
    Audience(&'p Audience),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAccess {
    role: Spanned<String>,
    #[serde(default)]
    types: Vec<Spanned<String>>,
    #[serde(default)]
    app_ids: Vec<Spanned<String>>,
    #[serde(default)]
    users: Vec<Spanned<i64>>,
}

impl RawAccess {
    pub(crate) fn who(&self) -> Who<'_> {
        Who { what: "type", types: &self.types, app_ids: &self.app_ids, users: &self.users }
    }
}

/// Whom a table names, as it stands in the file.
pub(crate) struct Who<'r> {
    /// What the table calls an SELinux type.
    pub what: &'static str,
    pub types: &'r [Spanned<String>],
    pub app_ids: &'r [Spanned<String>],
    pub users: &'r [Spanned<i64>],
}

impl Reader {
    const ALL: [Reader; 3] = [Reader::Center, Reader::Auditor, Reader::Manager];

    /// Its name in a policy.
    pub fn name(self) -> &'static str {
        match self {
            Reader::Center => "center",
            Reader::Auditor => "auditor",
            Reader::Manager => "manager",
        }
    }
}

impl Callers {
    /// Whether it names a caller on Binder: by its SELinux type and, where there are app ids, one of those too.
    pub fn on_binder(&self, selinux_type: &str, app_id: u32) -> bool {
        let app = self.app_ids.is_empty() || self.app_ids.iter().any(|ids| ids.contains(&app_id));
        app && self.has_type(selinux_type)
    }

    /// Whether it names a caller on D-Bus: by its user and, where the bus gives an SELinux type and there are types,
    /// one of those too.
    pub fn on_bus(&self, user: u32, selinux_type: Option<&str>) -> bool {
        let typed = self.types.is_empty() || selinux_type.is_none_or(|found| self.has_type(found));
        typed && self.users.contains(&user)
    }

    fn has_type(&self, selinux_type: &str) -> bool {
        self.types.iter().any(|known| **known == *selinux_type)
    }
}

impl Policy {
    pub(crate) fn read_access(&self) -> Result<Vec<Access>, LoadError> {
        let read = |raw: &RawAccess| {
            let role = raw.role.as_ref();
            let reader = Reader::ALL.into_iter().find(|reader| reader.name() == role);
            let reader = reader.ok_or_else(|| {
                let message = format!("role = \"{role}\": expected \"center\", \"auditor\" or \"manager\"");
                self.error(raw.role.span(), message)
            })?;
            Ok(Access { reader, callers: self.read_callers(&raw.role, &raw.who())? })
        };
        self.raw.access.iter().map(read).collect()
    }

    /// Whom a table names; an error of the table as a whole points at `place`.
    pub(crate) fn read_callers(&self, place: &Spanned<String>, who: &Who<'_>) -> Result<Callers, LoadError> {
        if who.types.is_empty() && who.users.is_empty() {
            let message =
                format!("\"{}\": expected types or users, so that it is somebody's", place.as_ref());
            return Err(self.error(place.span(), message));
        }
        let types =
            who.types.iter().map(|found| self.read_type(who.what, found)).collect::<Result<_, _>>()?;
        let mut app_ids: Vec<RangeInclusive<u32>> = Vec::new();
        for found in who.app_ids {
            let error = |message: String| self.error(found.span(), message);
            let text = found.as_ref();
            let ids = app_ids_of(text).ok_or_else(|| {
                error(format!(
                    "app id \"{text}\": expected a number up to {MAX_APP_ID}, or two from the lesser to the greater, \
                     such as \"10000-19999\""
                ))
            })?;
            if who.types.is_empty() {
                return Err(error(format!("app id \"{text}\": expected types, which app ids narrow")));
            }
            if app_ids.iter().any(|known| known.start() <= ids.end() && ids.start() <= known.end()) {
                return Err(error(format!("app id \"{text}\" is there twice: expected it once")));
            }
            app_ids.push(ids);
        }
        let read_user = |found: &Spanned<i64>| {
            u32::try_from(*found.as_ref()).ok().filter(|user| *user <= MAX_USER).ok_or_else(|| {
                let message = format!("user {}: expected a Unix user, 0 to {MAX_USER}", found.as_ref());
                self.error(found.span(), message)
            })
        };
        let users = who.users.iter().map(read_user).collect::<Result<_, _>>()?;
        Ok(Callers { types, app_ids, users })
    }

    fn read_type(&self, what: &str, found: &Spanned<String>) -> Result<Box<str>, LoadError> {
        let name = found.as_ref().as_str();
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !(1..=MAX_TYPE).contains(&name.len()) || !name.bytes().all(plain) {
            let message = format!(
                "{what} \"{name}\": expected an SELinux type, 1 to {MAX_TYPE} small letters, digits and underscores"
            );
            return Err(self.error(found.span(), message));
        }
        Ok(name.into())
    }

    /// The name of an audience or a provider, under its key.
    pub(crate) fn read_name(&self, key: &str, name: &Spanned<String>) -> Result<Box<str>, LoadError> {
        let text = name.as_ref();
        if !(1..=MAX_NAME).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            let message = format!(
                "{key} = \"{text}\": expected 1 to {MAX_NAME} printable ASCII characters without spaces"
            );
            return Err(self.error(name.span(), message));
        }
        Ok(text.as_str().into())
    }

    /// Refuses a type or a user that two tables name, or one names twice: who calls must say what it is.
    pub(crate) fn refuse_shared_callers(&self) -> Result<(), LoadError> {
        let raw = &self.raw;
        let access = raw.access.iter().map(RawAccess::who);
        let all =
            access.chain(raw.provider.iter().map(|p| p.who())).chain(raw.audience.iter().map(|a| a.who()));
        let mut found = Vec::new();
        for who in all {
            let types = who.types.iter().map(|t| (t.span(), who.what, format!("\"{}\"", t.as_ref())));
            found.extend(types);
            found.extend(who.users.iter().map(|user| (user.span(), "user", user.as_ref().to_string())));
        }
        // Of two in the file, the later is the one too many.
        found.sort_by_key(|(span, ..)| span.start);
        let mut known = BTreeSet::new();
        match found.iter().find(|(_, _, caller)| !known.insert(caller)) {
            None => Ok(()),
            Some((span, what, caller)) => {
                let message = format!(
                    "{what} {caller} is there twice: expected it once among access, providers and audiences"
                );
                Err(self.error(span.clone(), message))
            }
        }
    }

    /// Who reads what was found, in the file's order.
    pub fn access(&self) -> &[Access] {
        &self.access
    }

    /// What a caller on Binder is, by the type of its SELinux context and its app id, the uid modulo 100,000. Without
    /// a context it is nobody.
    pub fn role(&self, selinux_type: Option<&str>, app_id: u32) -> Option<Role<'_>> {
        self.role_where(|callers| selinux_type.is_some_and(|found| callers.on_binder(found, app_id)))
    }

    /// What a caller on D-Bus is, by its Unix user and the type of its SELinux context, where the bus gives one.
    pub fn role_of_user(&self, user: u32, selinux_type: Option<&str>) -> Option<Role<'_>> {
        self.role_where(|callers| callers.on_bus(user, selinux_type))
    }

    fn role_where(&self, names: impl Fn(&Callers) -> bool) -> Option<Role<'_>> {
        let reader =
            self.access.iter().find(|access| names(&access.callers)).map(|access| match access.reader {
                Reader::Center => Role::Center,
                Reader::Auditor => Role::Auditor,
                Reader::Manager => Role::Manager,
            });
        let provider = || self.providers.iter().find(|provider| names(&provider.callers)).map(Role::Provider);
        let audience = || self.audiences.iter().find(|audience| names(&audience.callers)).map(Role::Audience);
        reader.or_else(provider).or_else(audience)
    }
}

/// `1000` or `10000-19999`.
fn app_ids_of(text: &str) -> Option<RangeInclusive<u32>> {
    let number = |text: &str| {
        let plain = text == "0" || (!text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()));
        text.parse().ok().filter(|id| plain && *id <= MAX_APP_ID)
    };
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (number(first)?, number(last)?),
        None => (number(text)?, number(text)?),
    };
    (first <= last).then_some(first..=last)
}
