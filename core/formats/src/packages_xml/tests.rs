use super::*;
use crate::digest::sha256;
use crate::written::{Writer, from_xml};
use proptest::prelude::*;

const TEXT: &str = r#"<?xml version='1.0' encoding='utf-8' standalone='yes' ?>
<packages>
  <version sdkVersion="36" databaseVersion="3" fingerprint="enigm/halcyon" />
  <permissions><item name="a.P" package="a" protection="2" /></permissions>
  <package name="a" codePath="/system/priv-app/A" publicFlags="1" privateFlags="8" ft="19c0b0fab7c"
      version="36" userId="10001" isOrphaned="true" domainSetId="x">
    <sigs count="1" schemeVersion="3"><cert index="0" key="30820101" /></sigs>
    <proper-signing-keyset identifier="1" />
  </package>
  <package name="b" codePath="/data/app/~~x==/b-y==" publicFlags="1" privateFlags="0" version="37" sharedUserId="1001"
      installer="com.enigm.store">
    <sigs count="2" schemeVersion="3"><cert index="0" /><cert index="1" key="30820202" />
      <pastSigs count="2"><cert index="2" key="30820303" flags="23" /><cert index="1" flags="2" /></pastSigs></sigs>
    <install-initiator-sigs count="1" schemeVersion="3"><cert index="3" key="30820404" /></install-initiator-sigs>
  </package>
  <package name="c" codePath="/data/app/c" publicFlags="0" version="1" userId="-1" />
  <updated-package name="b" codePath="/system/app/B" ft="1" version="36" sharedUserId="1001" />
  <updated-package name="c" codePath="/system/app/C" />
  <shared-user name="android.uid.phone" userId="1001">
    <sigs count="1" schemeVersion="3"><cert index="3" /></sigs></shared-user>
  <keyset-settings version="1"><keys><public-key identifier="1" value="MIIB" /></keys></keyset-settings>
</packages>
"#;

fn digests(keys: &[&[u8]]) -> Vec<[u8; 32]> {
    keys.iter().map(|key| sha256(key)).collect()
}

#[test]
fn packages_are_read_with_their_signers_from_both_forms() {
    let found = parse(TEXT.as_bytes()).unwrap();
    assert_eq!(parse(&from_xml(TEXT)).unwrap(), found);
    let packages: Vec<_> = found.packages().collect();
    let [("a", a), ("b", b), ("c", c)] = packages[..] else { panic!("{packages:?}") };
    assert_eq!((&*a.code_path, a.app_id, a.is_shared, a.version), ("/system/priv-app/A", 10_001, false, 36));
    assert_eq!((a.is_system, a.is_updated_system, a.is_privileged, &a.installer), (true, false, true, &None));
    assert_eq!(a.signers, Signers { current: digests(&[&[0x30, 0x82, 1, 1]]), past: vec![] });
    assert_eq!((b.app_id, b.is_shared, b.installer.as_deref()), (1001, true, Some("com.enigm.store")));
    assert_eq!((b.is_system, b.is_updated_system, b.is_privileged), (true, true, false));
    let (first, second, third) = (&[0x30, 0x82, 1, 1], &[0x30, 0x82, 2, 2], &[0x30, 0x82, 3, 3]);
    assert_eq!(b.signers, Signers { current: digests(&[first, second]), past: digests(&[third, second]) });
    assert_eq!(
        (c.app_id, c.is_system, c.is_updated_system),
        (-1, false, false),
        "an app is not the system's"
    );
    assert_eq!(c.signers, Signers::default());
    let users: Vec<_> = found.shared_users().collect();
    let signers = Signers { current: digests(&[&[0x30, 0x82, 4, 4]]), past: vec![] };
    assert_eq!(users, [("android.uid.phone", &SharedUser { app_id: 1001, signers })]);
}

#[test]
fn what_is_no_packages_xml_is_refused() {
    const PACKAGE: &str = "name='a' codePath='/a' publicFlags='0' userId='1'";
    let package = |attributes: &str, inside: &str| format!("<package {attributes}>{inside}</package>");
    for (inside, message) in [
        (package(&PACKAGE.replace("name='a'", ""), ""), "<packages/package>: expected an attribute name"),
        (package(&PACKAGE.replace("codePath='/a'", ""), ""), "expected an attribute codePath"),
        (package(&PACKAGE.replace("publicFlags='0'", ""), ""), "expected an attribute publicFlags"),
        (package(&PACKAGE.replace("userId='1'", ""), ""), "expected an attribute userId"),
        (
            package(&format!("{PACKAGE} sharedUserId='1'"), ""),
            "userId and sharedUserId: expected one of them",
        ),
        (package(&PACKAGE.replace("'/a'", &format!("'{}'", "x".repeat(1_025))), ""), "at most 1024 bytes"),
        (package(&format!("{PACKAGE} version='1.0'"), ""), "version=\"1.0\": expected a whole number"),
        (package(PACKAGE, "").repeat(2), "packages.xml: \"a\" again: expected each name once"),
        (package(PACKAGE, "<sigs/>"), "<packages/package/sigs>: expected an attribute count"),
        (package(PACKAGE, "<sigs count='1'/>"), "1 certificates fewer than counted"),
        (
            package(PACKAGE, "<sigs count='1'><pastSigs count='0'/></sigs>"),
            "<packages/package/sigs/pastSigs>: 1 certificates fewer than counted",
        ),
        (
            package(PACKAGE, "<sigs count='1'><cert index='0' key=''/><cert index='0'/></sigs>"),
            "<packages/package/sigs/cert>: a certificate more than counted",
        ),
        (
            package(PACKAGE, "<sigs count='1'><cert index='0'/></sigs>"),
            "index=\"0\": expected one of the 0 certificates so far",
        ),
        (
            package(PACKAGE, "<sigs count='1'><cert index='1' key='30'/></sigs>"),
            "index=\"1\": expected 0 for a new certificate",
        ),
        (
            package(PACKAGE, "<sigs count='1'><cert index='0' key='3'/></sigs>"),
            "key=\"3\": expected bytes in hexadecimal",
        ),
        (package(PACKAGE, "<sigs count='1'><cert key='30'/></sigs>"), "expected an attribute index"),
        ("<shared-user name='a'/>".into(), "expected an attribute userId"),
        ("<updated-package/>".into(), "expected an attribute name"),
    ] {
        for text in [format!("<packages>{inside}</packages>")] {
            for bytes in [text.as_bytes().to_vec(), from_xml(&text)] {
                let error = parse(&bytes).unwrap_err().to_string();
                assert!(error.contains(message), "{text} | {error}");
            }
        }
    }
    let many: String =
        (0..=MAX_PACKAGES).map(|n| package(&PACKAGE.replace("'a'", &format!("'p{n}'")), "")).collect();
    assert!(parse(format!("<packages>{many}</packages>").as_bytes()).unwrap_err().is_too_large());
}

#[test]
fn a_certificate_is_bytes_in_one_form_and_hex_of_either_case_in_the_other() {
    let text = |key: &str| {
        format!(
            "<packages><package name='a' codePath='/a' publicFlags='0' userId='1'>\
             <sigs count='1'><cert index='0' key='{key}'/></sigs></package></packages>"
        )
    };
    let mut writer = Writer::new();
    writer.start("packages").start("package").string("name", "a").string("codePath", "/a");
    writer.int("publicFlags", 0).int("userId", 1).start("sigs").int("count", 1).start("cert").int("index", 0);
    writer.hex("key", &[0x30, 0xab]).end("cert").end("sigs").end("package").end("packages");
    let expected = parse(&writer.finish()).unwrap();
    assert_eq!(parse(text("30ab").as_bytes()), Ok(expected.clone()));
    assert_eq!(parse(text("30AB").as_bytes()), Ok(expected));
}

#[test]
fn every_truncation_is_refused_and_no_flipped_bit_panics() {
    let bytes = from_xml(TEXT);
    for end in 0..bytes.len() {
        assert!(parse(&bytes[..end]).is_err(), "{end}");
    }
    for bit in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let _ = parse(&flipped);
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn a_package_reads_back(name in "[a-z.]{1,20}", version: i64, app_id: i32, key in proptest::collection::vec(any::<u8>(), 0..40)) {
        let mut writer = Writer::new();
        writer.start("packages").start("package").string("name", &name).string("codePath", "/x").int("publicFlags", 1);
        writer.int("privateFlags", 0).long("version", version).int("userId", app_id);
        writer.start("sigs").int("count", 1).start("cert").int("index", 0).hex("key", &key).end("cert").end("sigs");
        writer.end("package").end("packages");
        let found = parse(&writer.finish()).unwrap();
        let (found_name, package) = found.packages().next().unwrap();
        prop_assert_eq!((found_name, package.version, package.app_id), (&*name, version, app_id));
        prop_assert_eq!(&package.signers.current, &vec![sha256(&key)]);
    }
}
