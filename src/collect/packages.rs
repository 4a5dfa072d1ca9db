//! The installed packages: packages.list, and packages.xml, which knows their signers and their files.

use super::android::MAX_LARGE;
use super::context::{Context, Sink, names};
use super::reads::Reads;
use crate::verity::Measured;
use std::collections::BTreeMap;
use trust_evidence::{Outcome, Reason, Source};
use trust_formats::packages as list;
use trust_formats::packages_xml::{self as installed, PackagesXml};
use trust_gates::published_certificates;

const PACKAGES_XML: &str = "/data/system/packages.xml";
const PACKAGES: &str = "/data/system/packages.list";

/// What [`packages`] reads.
pub const READS: Reads = Reads::These(&[PACKAGES]);
/// What [`packages_xml`] reads, beside the directories that the file names ([`super::INDEXED`]).
pub const XML_READS: Reads = Reads::These(&[PACKAGES_XML]);

/// The installed packages.
pub fn packages(context: &Context, sink: &mut Sink<'_>) {
    let packages = context.parse(PACKAGES, MAX_LARGE, list::parse);
    if let Ok(packages) = &packages {
        context.dropped(PACKAGES, packages.dropped());
    }
    sink.each(PACKAGES, |signal| match (&packages, &signal.source) {
        // A line that could not be read may hide a package.
        (Ok(packages), _) if !packages.dropped().is_empty() => Outcome::Missing(Reason::Malformed),
        (Ok(packages), Source::Collector(_, item)) => {
            let all = packages.iter();
            match &**item {
                "names" => names(all.map(|package| package.name.clone())),
                "installers" => names(all.filter_map(|package| package.installer.clone())),
                "debuggable" => {
                    names(all.filter(|package| package.debuggable).map(|package| package.name.clone()))
                }
                "profileable" => names(
                    all.filter(|package| package.profileable == Some(true))
                        .map(|package| package.name.clone()),
                ),
                _ => Outcome::Missing(Reason::Unsupported),
            }
        }
        (Ok(_), _) => Outcome::Missing(Reason::Unsupported),
        (Err(reason), _) => Outcome::Missing(*reason),
    });
}

/// What the package manager stores of the packages: who signs them, and where they lie.
pub fn packages_xml(context: &Context, sink: &mut Sink<'_>) {
    let packages = context.parse(PACKAGES_XML, MAX_LARGE, installed::parse);
    sink.each(PACKAGES_XML, |signal| match (&packages, &signal.source) {
        (Ok(packages), Source::Collector(_, item)) if **item == *"test_signed" => {
            match published_certificates() {
                Ok(certificates) => names(signed_with(packages, &certificates)),
                Err(_) => Outcome::Missing(Reason::Unsupported),
            }
        }
        (Ok(packages), Source::Collector(_, item)) if **item == *"unverified_updates" => {
            unverified(context, packages).map_or_else(Outcome::Missing, names)
        }
        (Ok(_), _) => Outcome::Missing(Reason::Unsupported),
        (Err(reason), _) => Outcome::Missing(*reason),
    });
}

/// The packages that one of these certificates signs now, by themselves or by the user that they share. What
/// signed them before is left out: it vouches for them only as far as their signer of today says.
fn signed_with<'a>(
    packages: &'a PackagesXml,
    certificates: &BTreeMap<[u8; 32], Box<str>>,
) -> impl Iterator<Item = &'a str> + use<'a> {
    let bears =
        |signers: &installed::Signers| signers.current.iter().any(|one| certificates.contains_key(one));
    let users: Vec<i32> =
        packages.shared_users().filter_map(|(_, user)| bears(&user.signers).then_some(user.app_id)).collect();
    let signed: Vec<&str> = packages
        .packages()
        .filter(|(_, package)| {
            bears(&package.signers) || package.is_shared && users.contains(&package.app_id)
        })
        .map(|(name, _)| name)
        .collect();
    signed.into_iter()
}

/// The updated system apps that have an APK whose content the kernel does not check.
fn unverified<'a>(context: &Context, packages: &'a PackagesXml) -> Result<Vec<&'a str>, Reason> {
    let mut unverified = Vec::new();
    for (name, package) in packages.packages().filter(|(_, package)| package.is_updated_system) {
        // What is written there is no more than a text: only apps lie below /data/app.
        let directory = &*package.code_path;
        if !directory.starts_with("/data/app/") {
            unverified.push(name);
            continue;
        }
        let files = context.root.entries(directory)?;
        let mut apks = files.iter().filter(|file| file.ends_with(".apk")).peekable();
        let mut is_verified = apks.peek().is_some();
        for apk in apks {
            is_verified &= matches!(context.root.verity(&format!("{directory}/{apk}"))?, Measured::Digest(_));
        }
        if !is_verified {
            unverified.push(name);
        }
    }
    Ok(unverified)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root::{Parts, Root};
    use crate::verity::VerityDigest;
    use std::sync::Arc;
    use trust_evidence::Catalogue;

    #[test]
    fn a_package_is_signed_by_its_own_certificate_or_by_that_of_its_shared_user() {
        let package = |name: &str, user: &str, inside: &str| {
            format!("<package name='{name}' codePath='/x' publicFlags='0' {user}>{inside}</package>")
        };
        let sigs = |certificate: &str| format!("<sigs count='1'><cert {certificate}/></sigs>");
        let past = "<sigs count='1'><cert index='1' key='31'/><pastSigs count='1'><cert index='0'/></pastSigs></sigs>";
        let text = [
            package("a", "userId='10001'", &sigs("index='0' key='30'")),
            package("b", "userId='10002'", past),
            package("c", "sharedUserId='10003'", ""),
            package("d", "userId='10003'", ""),
            package("e", "sharedUserId='10004'", &sigs("index='1'")),
            format!("<shared-user name='s' userId='10003'>{}</shared-user>", sigs("index='0'")),
            format!("<shared-user name='t' userId='10004'>{}</shared-user>", sigs("index='1'")),
        ];
        let text = format!("<packages>{}</packages>", text.concat());
        let packages = installed::parse(text.as_bytes()).unwrap();
        let of =
            |name: &str| packages.packages().find(|(found, _)| *found == name).unwrap().1.signers.current[0];
        let only = |digest: [u8; 32]| BTreeMap::from([(digest, "test".into())]);
        assert_eq!(signed_with(&packages, &only(of("a"))).collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!(signed_with(&packages, &only(of("b"))).collect::<Vec<_>>(), ["b", "e"]);
        assert_eq!(signed_with(&packages, &BTreeMap::new()).count(), 0);
    }

    /// A system whose APKs are measured as they are named.
    struct Apps(Parts);

    impl Root for Apps {
        fn read(&self, path: &str, cap: usize) -> Result<Vec<u8>, Reason> {
            self.0.read(path, cap)
        }
        fn entries(&self, path: &str) -> Result<Vec<String>, Reason> {
            match path {
                "/data/app/~~a/verified-b" => Ok(vec!["base.apk".into(), "lib".into(), "split.apk".into()]),
                "/data/app/~~a/half-b" => Ok(vec!["base.apk".into(), "plain.apk".into()]),
                "/data/app/~~a/empty-b" => Ok(vec!["lib".into()]),
                _ => Err(Reason::PermissionDenied),
            }
        }
        fn exists(&self, path: &str) -> Result<bool, Reason> {
            self.0.exists(path)
        }
        fn subdirectories(&self, path: &str) -> Result<i64, Reason> {
            self.0.subdirectories(path)
        }
        fn filesystem(&self, _: &str) -> Option<u64> {
            None
        }
        fn verity(&self, path: &str) -> Result<Measured, Reason> {
            let verified = path.ends_with("base.apk") || path.ends_with("split.apk");
            Ok(if verified { Measured::Digest(VerityDigest::Sha256([1; 32])) } else { Measured::NotVerity })
        }
    }

    #[test]
    fn an_updated_system_app_needs_verity_on_every_apk() {
        let catalogue = Arc::new(Catalogue::built_in().unwrap());
        let of = |packages: &[(&str, &str)]| {
            let row = |(name, path): &(&str, &str)| {
                format!(
                    "<package name='{name}' codePath='{path}' publicFlags='129' userId='10001'/>\
                     <updated-package name='{name}' codePath='/system/app/x' userId='10001'/>"
                )
            };
            let mut parts = Parts::default();
            let text = format!("<packages>{}</packages>", packages.iter().map(row).collect::<String>());
            parts.add(PACKAGES_XML, text.into_bytes());
            let context = Context::new(std::sync::Arc::new(Apps(parts)), catalogue.clone(), false);
            let mut sink =
                Sink::new(&context, vec![catalogue.find("kernel.unverified_system_apps").unwrap()]);
            packages_xml(&context, &mut sink);
            sink.into_observations().remove(0).1.outcome
        };
        assert_eq!(of(&[("a", "/data/app/~~a/verified-b")]), names::<&str>([]));
        assert_eq!(of(&[("a", "/data/app/~~a/verified-b"), ("b", "/data/app/~~a/half-b")]), names(["b"]));
        assert_eq!(of(&[("a", "/data/app/~~a/empty-b")]), names(["a"]));
        assert_eq!(of(&[("a", "/mnt/elsewhere")]), names(["a"]));
        assert_eq!(of(&[("a", "/data/app/~~a/hidden-b")]), Outcome::Missing(Reason::PermissionDenied));
    }
}
