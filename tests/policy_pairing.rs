//! Whether the precompiled SELinux policy belongs to its images, as a root directory shows it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod scratch;

use scratch::{Scratch, catalogue, outcome};
use trust_evidence::{Outcome, Reason, Value};

const ONE: &str = "1111111111111111111111111111111111111111111111111111111111111111\n";
const OTHER: &str = "2222222222222222222222222222222222222222222222222222222222222222\n";
const PLATFORM: &str = "system/etc/selinux/plat_sepolicy_and_mapping.sha256";
const PRODUCT: &str = "product/etc/selinux/product_sepolicy_and_mapping.sha256";
const VENDOR: &str = "vendor/etc/selinux/precompiled_sepolicy";
const ODM: &str = "odm/etc/selinux/precompiled_sepolicy";

/// What comes of files: paths, and an ending for those that lie beside a precompiled policy, with their texts. The
/// directories of all images are there.
fn found(name: &str, files: &[(&str, &str, &str)]) -> Outcome {
    let (scratch, catalogue) = (Scratch::new(&format!("pairing-{name}")), catalogue());
    for image in ["system", "system_ext", "product", "vendor", "odm"] {
        std::fs::create_dir_all(scratch.0.join(image).join("etc")).unwrap();
    }
    for (path, end, text) in files {
        scratch.write(&format!("{path}{end}"), text);
    }
    outcome(&catalogue, &scratch.collect(&catalogue).evidence, "selinux.policy_precompiled").clone()
}

const PLAT: &str = ".plat_sepolicy_and_mapping.sha256";
const PROD: &str = ".product_sepolicy_and_mapping.sha256";

#[test]
fn a_policy_is_precompiled_where_every_pair_matches() {
    let (yes, no) = (Outcome::Seen(Value::Bool(true)), Outcome::Seen(Value::Bool(false)));
    let whole = [(PLATFORM, "", ONE), (VENDOR, "", "policy"), (VENDOR, PLAT, ONE)];
    for (name, files, expected) in [
        ("platform-alone", whole.to_vec(), &yes),
        ("in-odm", vec![(PLATFORM, "", ONE), (ODM, "", "policy"), (ODM, PLAT, ONE)], &yes),
        ("product-too", [&whole[..], &[(PRODUCT, "", OTHER), (VENDOR, PROD, OTHER)]].concat(), &yes),
        ("other-platform", vec![(PLATFORM, "", OTHER), whole[1], whole[2]], &no),
        ("other-product", [&whole[..], &[(PRODUCT, "", ONE), (VENDOR, PROD, OTHER)]].concat(), &no),
        ("product-since", [&whole[..], &[(PRODUCT, "", ONE)]].concat(), &no),
        ("product-gone", [&whole[..], &[(VENDOR, PROD, ONE)]].concat(), &no),
        ("no-digest-beside", vec![whole[0], whole[1]], &no),
        ("no-policy", vec![whole[0]], &no),
        // Init takes odm's, whatever vendor has.
        ("odm-first", [&whole[..], &[(ODM, "", "policy"), (ODM, PLAT, OTHER)]].concat(), &no),
    ] {
        assert_eq!(&found(name, &files), expected, "{name}");
    }
}

#[test]
fn what_can_not_be_compared_is_unknown() {
    let not_present = Outcome::Missing(Reason::NotPresent);
    let malformed = Outcome::Missing(Reason::Malformed);
    let policy = (VENDOR, "", "policy");
    for (name, files, expected) in [
        ("not-split", vec![policy], &not_present),
        ("upper-case", vec![(PLATFORM, "", "AA"), policy, (VENDOR, PLAT, "AA")], &malformed),
        ("empty", vec![(PLATFORM, "", ""), policy, (VENDOR, PLAT, "")], &malformed),
    ] {
        assert_eq!(&found(name, &files), expected, "{name}");
    }
    // A root that holds no image says nothing.
    let (scratch, catalogue) = (Scratch::new("pairing-nothing"), catalogue());
    scratch.write("proc/bootconfig", "androidboot.hardware = \"halcyon\"\n");
    let collected = scratch.collect(&catalogue);
    assert_eq!(outcome(&catalogue, &collected.evidence, "selinux.policy_precompiled"), &not_present);
}
