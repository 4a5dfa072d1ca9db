//! Access: who a caller is to the policy, and what such a caller may ask. What is not named here is refused.

use trust_gates::Callers;
use trust_posture::GateId;

/// How many app ids each Android user has: a uid is `user * 100000 + app id`
/// (`frameworks/base/core/java/android/os/UserHandle.java`, `PER_USER_RANGE`).
const APP_IDS: u32 = 100_000;

/// Which door a call came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Binder.
    Binder,
    /// D-Bus.
    DBus,
}

/// Who calls, as the kernel or the bus vouches for it. Nothing here is from the call itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The door.
    pub door: Door,
    /// The Unix user: the sender's effective uid (Binder) or that of its connection (D-Bus).
    pub uid: u32,
    /// The type of its SELinux context, if the door gives one.
    pub selinux_type: Option<Box<str>>,
    /// What it is called in the log: its unique bus name, or "binder".
    pub name: Box<str>,
}

impl Caller {
    /// The Android user that it runs for; 0 on D-Bus, where there are none.
    pub fn android_user(&self) -> u32 {
        match self.door {
            Door::Binder => self.uid / APP_IDS,
            Door::DBus => 0,
        }
    }
}

/// The type in an SELinux context: the third of its fields, `user:role:type:level`.
pub fn type_of(context: &str) -> Option<&str> {
    let mut fields = context.splitn(4, ':');
    let (_user, _role) = (fields.next()?, fields.next()?);
    let found = fields.next()?;
    let _level = fields.next()?;
    let named =
        !found.is_empty() && found.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.');
    named.then_some(found)
}

/// What a caller is to the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role<'a> {
    /// The user interface of the device's owner: sees findings.
    Center,
    /// Sees what the center sees: a log collector, a laboratory.
    Auditor,
    /// Sees the same, and may install policy bundles as the center may: device management.
    Manager,
    /// A component of the platform that reports signals, by its name in the policy.
    Provider(&'a str),
    /// Who asks in the name of a relying party.
    Audience(&'a Tier),
    /// Anybody else.
    Stranger,
}

/// What an audience sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier {
    /// The audience's id.
    pub id: Box<str>,
    /// Its gates, by number.
    pub gates: Vec<GateId>,
}

/// What an entry makes of those it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// The center.
    Center,
    /// An auditor.
    Auditor,
    /// Device management.
    Manager,
    /// The provider of this name.
    Provider(Box<str>),
    /// An audience.
    Audience(Tier),
}

/// One line of the policy: who, and what they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What they are.
    pub grant: Grant,
    /// Who they are.
    pub callers: Callers,
}

/// Who may ask what, from the policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    entries: Vec<Entry>,
}

impl Access {
    /// These entries; of two that name one caller, the first counts. None: everybody is a stranger.
    pub fn new(entries: Vec<Entry>) -> Access {
        Access { entries }
    }

    /// Whether it names anybody on D-Bus.
    pub fn names_users(&self) -> bool {
        self.entries.iter().any(|entry| !entry.callers.users.is_empty())
    }

    /// What this caller is.
    pub fn resolve(&self, caller: &Caller) -> Role<'_> {
        match self.entries.iter().find(|entry| entry.names(caller)).map(|entry| &entry.grant) {
            Some(Grant::Center) => Role::Center,
            Some(Grant::Auditor) => Role::Auditor,
            Some(Grant::Manager) => Role::Manager,
            Some(Grant::Provider(name)) => Role::Provider(name),
            Some(Grant::Audience(tier)) => Role::Audience(tier),
            None => Role::Stranger,
        }
    }
}

impl Entry {
    fn names(&self, caller: &Caller) -> bool {
        let found = caller.selinux_type.as_deref();
        match caller.door {
            Door::Binder => found.is_some_and(|found| self.callers.on_binder(found, caller.uid % APP_IDS)),
            Door::DBus => self.callers.on_bus(caller.uid, found),
        }
    }
}

/// What can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The version of the interface.
    Version,
    /// The posture in short.
    Summary,
    /// One gate's findings.
    Gate,
    /// The words of all gates.
    Words,
    /// Entries of the history.
    History,
    /// The history's end.
    Head,
    /// A new evaluation.
    Evaluate,
    /// Taking a provider's report.
    Report,
    /// The providers and how they are.
    Providers,
    /// Being told of changes.
    Listen,
    /// Not being told any more.
    Unlisten,
    /// A signed attestation.
    Attest,
    /// What an enrolment authority needs.
    EnrolmentEvidence,
    /// Installing a policy bundle.
    InstallPolicy,
    /// Installing a revocation list.
    InstallRevocations,
}

/// Whether a role may call a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// It may not: [`Refusal::NotPermitted`](super::wire::Refusal::NotPermitted), before anything else is looked at.
    No,
    /// It may.
    Yes,
    /// It may, and sees the posture and the gates of its audience: no findings, counts or head of the history.
    Tier,
}

/// One method and who may call it. A stranger has no column: it may call nothing.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The method.
    pub method: Method,
    /// Its name on D-Bus and in docs/access.md.
    pub name: &'static str,
    /// The columns.
    pub center: Cell,
    /// An auditor.
    pub auditor: Cell,
    /// Device management.
    pub manager: Cell,
    /// A provider.
    pub provider: Cell,
    /// An audience.
    pub audience: Cell,
}

use Cell::{No, Tier as Own, Yes};

/// The matrix: what is decided by, tested cell by cell, and printed in docs/access.md.
pub const MATRIX: [Row; 15] = [
    row(Method::Version, "Version", Yes, Yes, Yes, Yes, Yes),
    row(Method::Summary, "GetSummary", Yes, Yes, Yes, No, Own),
    row(Method::Gate, "GetGate", Yes, Yes, Yes, No, No),
    row(Method::Words, "GetWords", Yes, Yes, Yes, No, No),
    row(Method::History, "GetHistory", Yes, Yes, Yes, No, No),
    row(Method::Head, "GetHead", Yes, Yes, Yes, No, No),
    row(Method::Evaluate, "Evaluate", Yes, Yes, Yes, No, No),
    row(Method::Report, "ReportSignals", No, No, No, Yes, No),
    row(Method::Providers, "GetProviders", Yes, Yes, Yes, No, No),
    row(Method::Listen, "Listen", Yes, Yes, Yes, No, Own),
    row(Method::Unlisten, "Unlisten", Yes, Yes, Yes, No, Own),
    row(Method::Attest, "Attest", No, No, No, No, Yes),
    row(Method::EnrolmentEvidence, "GetEnrolmentEvidence", No, No, No, No, Yes),
    row(Method::InstallPolicy, "InstallPolicy", Yes, No, Yes, No, No),
    row(Method::InstallRevocations, "InstallRevocations", Yes, No, Yes, No, No),
];

const fn row(
    method: Method,
    name: &'static str,
    center: Cell,
    auditor: Cell,
    manager: Cell,
    provider: Cell,
    audience: Cell,
) -> Row {
    Row { method, name, center, auditor, manager, provider, audience }
}

impl Row {
    /// What this role may.
    pub fn cell(&self, role: Role<'_>) -> Cell {
        match role {
            Role::Center => self.center,
            Role::Auditor => self.auditor,
            Role::Manager => self.manager,
            Role::Provider(_) => self.provider,
            Role::Audience(_) => self.audience,
            Role::Stranger => No,
        }
    }
}

impl Method {
    /// What this role may of it.
    pub fn cell(self, role: Role<'_>) -> Cell {
        MATRIX.iter().find(|row| row.method == self).map_or(No, |row| row.cell(role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_the_third_field_of_a_whole_context() {
        let table = [
            ("u:r:trust_center:s0", Some("trust_center")),
            ("u:r:platform_app:s0:c512,c768", Some("platform_app")),
            ("unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023", Some("unconfined_t")),
            ("", None),
            ("unconfined", None),
            ("/usr/bin/thing (enforce)", None),
            ("u:r:trust_center", None),
            ("u:r::s0", None),
            ("u:r:trust center:s0", None),
            ("u:r:trust_center\0:s0", None),
            ("trust_center:trust_center", None),
        ];
        for (context, expected) in table {
            assert_eq!(type_of(context), expected, "{context:?}");
        }
    }

    #[test]
    fn the_matrix_names_each_method_once() {
        for row in MATRIX {
            assert_eq!(MATRIX.iter().filter(|other| other.method == row.method).count(), 1, "{}", row.name);
            assert_eq!(MATRIX.iter().filter(|other| other.name == row.name).count(), 1, "{}", row.name);
            assert_eq!(row.cell(Role::Stranger), No);
        }
    }

    #[test]
    fn of_two_entries_that_name_one_caller_the_first_counts() {
        let callers = Callers { types: vec!["ui".into()], app_ids: vec![], users: vec![7] };
        let entry = |grant| Entry { grant, callers: callers.clone() };
        let access = Access::new(vec![entry(Grant::Auditor), entry(Grant::Center)]);
        let caller = |door, selinux_type: Option<&str>| Caller {
            door,
            uid: 7,
            selinux_type: selinux_type.map(Into::into),
            name: "x".into(),
        };
        assert_eq!(access.resolve(&caller(Door::Binder, Some("ui"))), Role::Auditor);
        assert_eq!(access.resolve(&caller(Door::Binder, None)), Role::Stranger);
        assert_eq!(access.resolve(&caller(Door::DBus, None)), Role::Auditor);
        assert_eq!(access.resolve(&caller(Door::DBus, Some("other"))), Role::Stranger);
        assert_eq!(Access::default().resolve(&caller(Door::DBus, None)), Role::Stranger);
    }
}
