use super::*;
use trust_forge::key_description::{self as forge, authorizations, numbers};
use trust_forge::{KeyDescription as Forged, RootOfTrust as ForgedRoot, der};

#[test]
fn a_key_of_a_locked_phone_is_read_field_by_field() {
    let bytes = Forged::default().encode();
    let found = KeyDescription::parse(&bytes).unwrap();
    assert_eq!((found.attestation_version, found.keymint_version), (400, 400));
    assert_eq!(found.attestation_level, SecurityLevel::TrustedEnvironment);
    assert_eq!(found.keymint_level, SecurityLevel::TrustedEnvironment);
    assert_eq!((found.challenge, found.unique_id), (&b"challenge"[..], &[][..]));
    assert_eq!(found.deviations, []);
    let hardware = &found.hardware;
    assert_eq!(hardware.purposes.unwrap().as_slice(), [keymint::PURPOSE_SIGN]);
    assert_eq!(hardware.digests.unwrap().as_slice(), [keymint::DIGEST_SHA_2_256]);
    assert_eq!((hardware.algorithm, hardware.key_size), (Some(keymint::ALGORITHM_EC), Some(256)));
    assert_eq!(hardware.ec_curve, Some(keymint::EC_CURVE_P_256));
    assert_eq!((hardware.no_auth_required, hardware.origin), (true, Some(Origin::Generated)));
    assert_eq!(hardware.os_version, Some(160_000));
    let root = hardware.root_of_trust.unwrap();
    assert!(root.device_locked && root.verified_boot_state == VerifiedBootState::Verified);
    assert!(root.boot_key().is_some() && root.boot_hash().is_some());
    let date = PatchDate { year: 2026, month: 10, day: None };
    assert_eq!(hardware.os_patch_level.unwrap().date(), Some(date));
    let date = PatchDate { day: Some(5), ..date };
    assert_eq!(hardware.vendor_patch_level.unwrap().date(), Some(date));
    assert_eq!(hardware.boot_patch_level.unwrap().date(), Some(date));
    let application = found.software.application().unwrap().unwrap();
    assert_eq!(application.packages, [Package { name: "AndroidSystem", version: 1 }]);
    assert_eq!(application.signatures, Vec::<&[u8; 32]>::new());
    assert_eq!(found.software.module_hash.map(<[u8]>::len), Some(32));
    let _ = (
        forge::application_id(&[], &[]),
        authorizations([]),
        numbers(&[]),
        ForgedRoot::unlocked(),
        der::null(),
    );
}
