//! What the image brought and what updates left: APEX modules, certificates, update state.

use super::context::{Context, MAX_FILE, Sink, names, text};
use super::reads::Reads;
use trust_evidence::{MAX_NAMES, Outcome, Reason, Source, Value};
use trust_formats::{apex, certs, digest, snapshot};

const APEX: &str = "/apex/apex-info-list.xml";
const OTA_CERTS: &str = "/system/etc/security/otacerts.zip";
/// The conscrypt module's store is the one in use since Android 14; the image's is its predecessor.
const CA_STORES: [&str; 2] = ["/apex/com.android.conscrypt/cacerts", "/system/etc/security/cacerts"];
const USERS: &str = "/data/misc/user";
const STATE: &str = "/metadata/ota/state";
/// The most certificates of a store that are read.
const MAX_CERTS: usize = 1024;

/// What [`image`] reads.
pub const READS: Reads = Reads::These(&[
    APEX,
    OTA_CERTS,
    "/apex/com.android.conscrypt/cacerts/",
    "/apex/com.android.conscrypt/cacerts/*",
    "/system/etc/security/cacerts/",
    "/system/etc/security/cacerts/*",
    "/data/misc/user/",
    "/data/misc/user/*/cacerts-added/",
    "/data/misc/user/*/cacerts-removed/",
]);
/// What [`ota`] reads.
pub const OTA_READS: Reads = Reads::These(&[STATE]);

/// APEX modules and certificate stores.
pub fn image(context: &Context, sink: &mut Sink<'_>) {
    let modules = context.parse(APEX, MAX_FILE, apex::parse);
    for (ix, signal) in sink.claimed() {
        let Source::Collector(_, item) = &signal.source else { continue };
        let (path, outcome) = match &**item {
            "active" | "updated" => (
                APEX,
                match &modules {
                    Ok(modules) => names(
                        modules
                            .iter()
                            .filter(|module| **item == *"active" || !module.is_factory)
                            .map(|module| format!("{}@{}", module.name, module.version)),
                    ),
                    Err(reason) => Outcome::Missing(*reason),
                },
            ),
            "ota" => (OTA_CERTS, ota_certificates(context)),
            "system_cas" => system_cas(context),
            "user_cas" => (USERS, user_cas(context, "cacerts-added")),
            "removed_cas" => (USERS, user_cas(context, "cacerts-removed")),
            _ => (APEX, Outcome::Missing(Reason::Unsupported)),
        };
        sink.put(ix, path, outcome);
    }
}

fn ota_certificates(context: &Context) -> Outcome {
    match context.parse(OTA_CERTS, MAX_FILE, certs::ota) {
        Ok(certs) => {
            context.dropped(OTA_CERTS, &certs.dropped);
            names(certs.digests.iter().map(|digest| Value::Digest((*digest).into()).to_string()))
        }
        Err(reason) => Outcome::Missing(reason),
    }
}

/// The digest of the first certificate store that is there.
fn system_cas(context: &Context) -> (&'static str, Outcome) {
    let store =
        CA_STORES.into_iter().find(|path| context.root.exists(path) == Ok(true)).unwrap_or(CA_STORES[1]);
    let read = || -> Result<[u8; 32], Reason> {
        let entries = context.root.entries(store)?;
        if entries.len() > MAX_CERTS {
            return Err(Reason::Malformed);
        }
        let mut files = Vec::new();
        for name in &entries {
            files.push((name.as_str(), context.root.read(&format!("{store}/{name}"), 65_536)?));
        }
        Ok(digest::named(files.iter().map(|(name, bytes)| (*name, bytes.as_slice()))))
    };
    (store, read().map_or_else(Outcome::Missing, |digest| Outcome::Seen(Value::Digest(digest.into()))))
}

/// The names in a certificate directory of every user; a user without the directory has none.
fn user_cas(context: &Context, directory: &str) -> Outcome {
    let users = match context.root.entries(USERS) {
        Ok(users) => users,
        Err(reason) => return Outcome::Missing(reason),
    };
    let mut all = Vec::new();
    for user in users {
        // More than a set of names holds changes nothing.
        if all.len() > MAX_NAMES {
            break;
        }
        match context.root.entries(&format!("{USERS}/{user}/{directory}")) {
            Ok(certificates) => all.extend(certificates),
            Err(Reason::NotPresent) => {}
            Err(reason) => return Outcome::Missing(reason),
        }
    }
    names(all)
}

/// The state of the last update. Without the file there was none.
pub fn ota(context: &Context, sink: &mut Sink<'_>) {
    let state = match context.root.exists(STATE) {
        Ok(false) => snapshot::parse(&[]).map_err(|_| Reason::Malformed),
        Ok(true) => context.parse(STATE, MAX_FILE, snapshot::parse),
        Err(reason) => Err(reason),
    };
    sink.each(STATE, |signal| match (&state, &signal.source) {
        (Ok(state), Source::Collector(_, item)) => match &**item {
            "state" => text(signal, state.state.word()),
            "source_fingerprint" => state
                .source_fingerprint
                .as_deref()
                .map_or(Outcome::Absent, |fingerprint| text(signal, fingerprint)),
            _ => Outcome::Missing(Reason::Unsupported),
        },
        (Ok(_), _) => Outcome::Missing(Reason::Unsupported),
        (Err(reason), _) => Outcome::Missing(*reason),
    });
}
