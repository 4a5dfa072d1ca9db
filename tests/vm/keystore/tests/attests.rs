//! That what the stand-in attests is what a device with a KeyMint attests, and that its faults are seen.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod asked;

use android_hardware_security_keymint::aidl::android::hardware::security::keymint::{
    KeyPurpose::KeyPurpose, Tag::Tag,
};
use android_system_keystore2::aidl::android::system::keystore2::KeyMetadata::KeyMetadata;
use asked::*;
use trust_enrol::{BootKey, Expected, Release, Revocation, Rules, appraise};
use trust_forge::certificate::{
    Certificate as Forged, RevocationList as List, basic_constraints, key_usage, name,
};
use trust_forge::{Hash, Key};
use trust_formats::attestation::key_description::VerifiedBootState;
use trust_formats::attestation::{
    Chain, Demand, Provisioning, RevocationList, Roots, Rule, SecurityLevel, pin, split, verify,
};
use trust_formats::signature::{PublicKey as Attested, Ring};
use trust_formats::x509::Certificate;
use trust_token::credential::EvidenceLevel;
use trust_token::crypto::{PublicKey, Sign, Signature};
use trust_token::evidence::{Evidence, Kept, SignedEvidence};
use vm_keystore::{Fault, HARDWARE, Keystore, Refusal, boot_key, vbmeta_digest};

const CHALLENGE: [u8; 32] = [7; 32];

/// The roots that the tests' policy names beside Google's.
fn roots() -> Roots {
    let pem = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../devices/roots.pem")).unwrap();
    let certificates = split(&pem).unwrap();
    certificates
        .iter()
        .fold(Roots::none(), |roots, root| roots.and(HARDWARE, pin(&Certificate::parse(root).unwrap())))
}

/// What a client shows: the leaf, the ATTEST_KEY's certificate, and what stands above that.
fn shown(leaf: &KeyMetadata, attest_key: Option<&KeyMetadata>) -> Vec<Vec<u8>> {
    let own = |key: &KeyMetadata| {
        let mut certificates = vec![key.certificate.clone().unwrap()];
        certificates.extend(key.certificateChain.as_deref().map_or(vec![], |chain| split(chain).unwrap()));
        certificates
    };
    own(leaf).into_iter().chain(attest_key.map_or(vec![], own)).collect()
}

fn rule(chain: &[Vec<u8>], at: i64) -> Result<(), Rule> {
    let roots = roots();
    let demand =
        Demand { at, roots: &roots, challenge: Some(&CHALLENGE), revocation: None, purposes: Some(&[2]) };
    Chain::parse(chain)
        .and_then(|chain| verify(&chain, &demand, &Ring).map(drop))
        .map_err(|refusal| refusal.rule())
}

/// An ATTEST_KEY and a posture key under it.
fn pair(keystore: &Keystore) -> (KeyMetadata, KeyMetadata) {
    let attest_key = alias("attest");
    // An ATTEST_KEY needs no digest.
    let params = without(attested(KeyPurpose::ATTEST_KEY, b"once"), Tag::DIGEST);
    let above = make(keystore, &attest_key, None, &params).unwrap();
    let key = attested(KeyPurpose::SIGN, &CHALLENGE);
    let leaf = make(keystore, &alias("posture"), Some(&attest_key), &key).unwrap();
    (leaf, above)
}

#[test]
fn a_posture_key_under_an_attest_key_is_accepted_from_the_tests_root_alone() {
    let place = Place::new("accepted");
    let keystore = place.keystore();
    let (leaf, above) = pair(&keystore);
    assert_eq!(leaf.certificateChain, None, "the client appends what stands above");
    assert_eq!(split(above.certificateChain.as_ref().unwrap()).unwrap().len(), 4);

    let chain = shown(&leaf, Some(&above));
    let parsed = Chain::parse(&chain).unwrap();
    let roots = roots();
    let demand = Demand {
        at: NOW,
        roots: &roots,
        challenge: Some(&CHALLENGE),
        revocation: None,
        purposes: Some(&[2]),
    };
    let verified = verify(&parsed, &demand, &Ring).unwrap();
    assert!(verified.is_challenge_matched() && verified.attest_key().is_some());
    assert_eq!(
        (verified.level(), verified.provisioning()),
        (SecurityLevel::TrustedEnvironment, Provisioning::Remote)
    );
    assert_eq!(verified.root_of_trust().boot_key(), Some(&boot_key()));
    assert_eq!(verified.root_of_trust().boot_hash(), Some(&vbmeta_digest()));

    let google = Demand { roots: &Roots::google(), ..demand };
    assert!(verify(&parsed, &google, &Ring).is_err(), "nobody but the tests believes it");
    // The server's certificates hold for some weeks.
    assert_eq!(rule(&chain, NOW + 6 * 86_400), Ok(()));
    assert!(rule(&chain, NOW + 8 * 86_400).is_err());
}

#[test]
fn a_key_may_be_attested_without_an_attest_key_and_by_a_strongbox() {
    let place = Place::new("strongbox");
    let keystore = place.keystore();
    for (level, expected) in [(TEE, SecurityLevel::TrustedEnvironment), (STRONGBOX, SecurityLevel::StrongBox)]
    {
        let params = attested(KeyPurpose::SIGN, &CHALLENGE);
        let leaf = keystore.generate(&trustd(), level, &alias("alone"), None, &params, NOW * 1000).unwrap();
        assert_eq!(leaf.keySecurityLevel, level);
        let chain = shown(&leaf, None);
        let parsed = Chain::parse(&chain).unwrap();
        let roots = roots();
        let demand = Demand {
            at: NOW,
            roots: &roots,
            challenge: Some(&CHALLENGE),
            revocation: None,
            purposes: Some(&[2]),
        };
        assert_eq!(verify(&parsed, &demand, &Ring).unwrap().level(), expected);
    }
}

/// A key of keystore2's, as trustd signs with one.
struct Signing<'k>(&'k Keystore, PublicKey);

impl Sign for Signing<'_> {
    type Error = Refusal;

    fn public_key(&self) -> PublicKey {
        self.1
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, Refusal> {
        let der = sign(self.0, &alias("posture"), message)?;
        Ok(fixed(&der))
    }
}

/// r and s at a fixed length, s the lower, from a DER ECDSA-Sig-Value.
fn fixed(der: &[u8]) -> Signature {
    let signature = p256::ecdsa::Signature::from_der(der).unwrap().normalize_s();
    signature.to_bytes().into()
}

fn rules() -> Rules {
    let key = Key::p256("keystore test revocation");
    let signer = Forged {
        extensions: vec![basic_constraints(false), key_usage(0x02)],
        ..Forged::ca(name(&[("CN", "Keystore test revocation")]), &key)
    };
    let list = List {
        issuer: signer.subject.clone(),
        this_update: "261101000000Z".into(),
        next_update: "261115000000Z".into(),
        number: 1,
        revoked: vec![],
        extensions: vec![],
    };
    let certificate = signer.sign(&key, Hash::Sha256);
    let pins = [pin(&Certificate::parse(&certificate).unwrap())];
    let text = trust_forge::pem("CERTIFICATE", [&certificate])
        + &trust_forge::pem("X509 CRL", [&list.sign(&key, Hash::Sha256)]);
    let list = RevocationList::snapshot(text.as_bytes(), &pins, &Ring).unwrap();
    Rules {
        roots: roots(),
        revocation: Some(Revocation { list, max_age: 7 * 86_400 }),
        boot_keys: vec![BootKey { key: boot_key(), state: VerifiedBootState::Verified }],
        releases: vec![Release { name: "sample".into(), vbmeta: vbmeta_digest() }],
        patches: [202_610; 3],
        ..Rules::none()
    }
}

#[test]
fn the_enrolment_verifier_appraises_it_well() {
    let place = Place::new("appraised");
    let keystore = place.keystore();
    let mut evidence = Evidence {
        audience: "calls.enigm.example".into(),
        made_at: NOW as u64,
        challenge: CHALLENGE,
        handle: [1; 32],
        epoch: 1,
        kept: Kept::File,
    };
    let attested_challenge = evidence.attestation_challenge();
    let above = make(&keystore, &alias("attest"), None, &attested(KeyPurpose::ATTEST_KEY, b"once")).unwrap();
    let params = attested(KeyPurpose::SIGN, &attested_challenge);
    let leaf = make(&keystore, &alias("posture"), Some(&alias("attest")), &params).unwrap();
    let chain = shown(&leaf, Some(&above));
    let Attested::Ec(_, point) = Certificate::parse(&chain[0]).unwrap().public_key.unwrap() else {
        panic!("a key on a curve");
    };
    let coordinate = |start: usize| <[u8; 32]>::try_from(&point[start..start + 32]).unwrap();
    let key = PublicKey { x: coordinate(1), y: coordinate(33) };
    evidence.kept = Kept::Hardware(chain.into_iter().map(Vec::into_boxed_slice).collect());
    let signed = evidence.sign(&Signing(&keystore, key)).unwrap();
    let signed: SignedEvidence = Evidence::verify(&signed, &trust_token::crypto::Ring).unwrap();
    let expected = Expected { attested: attested_challenge, judged_at: NOW as u64 };
    let appraised = appraise(&signed, &expected, &rules(), NOW as u64, &Ring).unwrap();
    assert_eq!(
        (appraised.level, appraised.boot_key, appraised.patches),
        (EvidenceLevel::TrustedEnvironment, boot_key(), [202_610; 3])
    );
}

#[test]
fn each_fault_of_an_attestation_is_seen_and_none_is_another() {
    let rows = [
        (Fault::GarbageCertificate, Err(Rule::Malformed)),
        (Fault::OldChallenge, Err(Rule::Challenge)),
        (Fault::Software, Err(Rule::SoftwareLevel)),
        // Genuine: what it says of the boot, and of whose key it is, is the reader's to look at.
        (Fault::Unlocked, Ok(())),
        (Fault::OthersChain, Ok(())),
    ];
    for (fault, expected) in rows {
        let place = Place::new("faulty");
        let keystore = place.with(fault);
        let leaf = make(&keystore, &alias("key"), None, &attested(KeyPurpose::SIGN, &CHALLENGE)).unwrap();
        assert_eq!(rule(&shown(&leaf, None), NOW), expected, "{fault:?}");
    }
    // Beneath an ATTEST_KEY another device's leaf does not fit.
    let place = Place::new("others");
    let keystore = place.with(Fault::OthersChain);
    let (leaf, above) = pair(&keystore);
    assert!(rule(&shown(&leaf, Some(&above)), NOW).is_err());
}

#[test]
fn another_devices_chain_is_of_another_key_and_an_unlocked_ones_says_so() {
    let place = Place::new("said");
    let key_of = |keystore: &Keystore| {
        let leaf = make(keystore, &alias("key"), None, &attested(KeyPurpose::SIGN, &CHALLENGE)).unwrap();
        let signature = sign(keystore, &alias("key"), b"message").unwrap();
        let chain = shown(&leaf, None);
        let parsed = Chain::parse(&chain).unwrap();
        let roots = roots();
        let demand =
            Demand { at: NOW, roots: &roots, challenge: Some(&CHALLENGE), revocation: None, purposes: None };
        let verified = verify(&parsed, &demand, &Ring).unwrap();
        let Attested::Ec(_, point) = verified.public_key() else { panic!("a key on a curve") };
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).unwrap();
        let signature = p256::ecdsa::Signature::from_der(&signature).unwrap();
        let is_its = p256::ecdsa::signature::Verifier::verify(&key, b"message", &signature).is_ok();
        (is_its, verified.root_of_trust().device_locked)
    };
    assert_eq!(key_of(&place.keystore()), (true, true));
    assert_eq!(key_of(&place.with(Fault::OthersChain)), (false, true));
    assert_eq!(key_of(&place.with(Fault::Unlocked)), (true, false));
}
