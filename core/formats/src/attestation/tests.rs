use super::*;
use crate::signature::{BadSignature, Hash, PublicKey, Ring, SignatureVerifier};
use crate::x509::Certificate;
use std::cell::RefCell;
use std::collections::HashMap;
use trust_forge::certificate::{basic_constraints, extension, key_usage};
use trust_forge::chain::Link;
use trust_forge::{Key, KeyDescription as Forged, RootOfTrust, der};

/// 2026-11-03T00:00:00Z: the forge's remote chains are valid then.
const AT: i64 = 1_793_664_000;
/// 2027-06-01T00:00:00Z: they have expired.
const LATER: i64 = 1_811_808_000;

fn description() -> Forged {
    Forged { challenge: b"nonce".to_vec(), ..Forged::default() }
}

fn strongbox() -> Forged {
    Forged { level: 2, keymint_level: 2, ..description() }
}

fn factory() -> trust_forge::Chain {
    trust_forge::Chain::factory("test", "TEE", &description().encode())
}

fn remote() -> trust_forge::Chain {
    trust_forge::Chain::remote("test", "TEE", 8, &description().encode())
}

/// The key that signs attestations for itself, as a user's ATTEST_KEY is described.
fn attest_key() -> Forged {
    let mut key = Forged { challenge: b"pairing".to_vec(), ..Forged::default() };
    key.hardware.insert(1, der::set_of(&[der::integer(7)]));
    key
}

fn roots(chain: &trust_forge::Chain) -> Roots {
    let certificates = chain.certificates();
    Roots::none().and("test", pin(&Certificate::parse(certificates.last().unwrap()).unwrap()))
}

fn judge(certificates: &[Vec<u8>], demand: &Demand<'_>) -> Result<(), Refusal> {
    verify(&Chain::parse(certificates)?, demand, &Ring).map(|_| ())
}

fn demand<'d>(roots: &'d Roots) -> Demand<'d> {
    Demand { at: AT, roots, challenge: Some(b"nonce"), revocation: None, purposes: None }
}

/// The rule and the certificate of the refusal, and its sentence.
fn refused(chain: &trust_forge::Chain, with: impl Fn(&mut Demand<'_>)) -> (Rule, Option<usize>, String) {
    let roots = roots(chain);
    let mut demand = demand(&roots);
    with(&mut demand);
    let refusal = judge(&chain.certificates(), &demand).expect_err("a refusal");
    (refusal.rule(), refusal.certificate(), refusal.to_string())
}

fn changed(mut chain: trust_forge::Chain, change: impl FnOnce(&mut Vec<Link>)) -> trust_forge::Chain {
    change(&mut chain.links);
    chain
}

#[test]
fn chains_of_every_shape_are_accepted() {
    let key = attest_key().encode();
    let xperia = changed(factory(), |links| {
        links[1].certificate.extensions = vec![basic_constraints(false), key_usage(0x80)];
    });
    for (chain, level, provisioning) in [
        (factory(), SecurityLevel::TrustedEnvironment, Provisioning::Factory),
        (remote(), SecurityLevel::TrustedEnvironment, Provisioning::Remote),
        (xperia, SecurityLevel::TrustedEnvironment, Provisioning::Factory),
        (
            trust_forge::Chain::factory("test", "StrongBox", &strongbox().encode()),
            SecurityLevel::StrongBox,
            Provisioning::Factory,
        ),
        (
            trust_forge::Chain::remote("test", "StrongBox", 8, &strongbox().encode()),
            SecurityLevel::StrongBox,
            Provisioning::Remote,
        ),
        (factory().with_attest_key("key", &key), SecurityLevel::TrustedEnvironment, Provisioning::Factory),
        (remote().with_attest_key("key", &key), SecurityLevel::TrustedEnvironment, Provisioning::Remote),
    ] {
        let certificates = chain.certificates();
        let parsed = Chain::parse(&certificates).unwrap();
        let roots = roots(&chain);
        let verified = verify(&parsed, &demand(&roots), &Ring).unwrap_or_else(|refusal| panic!("{refusal}"));
        assert_eq!((verified.level(), verified.provisioning()), (level, provisioning));
        assert_eq!(verified.root().name, "test".into());
        assert_eq!(verified.at(), AT);
        assert_eq!(
            verified.attest_key().is_some(),
            chain.links.len() - usize::from(provisioning == Provisioning::Remote) == 5
        );
        let issued = verified.provisioning_info().map(|info| info.as_ref().unwrap().certificates_issued);
        assert_eq!(issued, (provisioning == Provisioning::Remote).then_some(Some(8)));
        assert!(verified.is_challenge_matched());
        assert_eq!(verified.description().challenge, b"nonce");
    }
}

#[test]
fn a_factory_chain_counts_after_it_expired_and_a_remote_one_does_not() {
    let expired = changed(factory(), |links| {
        links[1].dates("200101000000Z", "210101000000Z");
        links[2].dates("200101000000Z", "210101000000Z");
        links[3].dates("200101000000Z", "210101000000Z");
    });
    let roots = roots(&expired);
    judge(&expired.certificates(), &demand(&roots)).unwrap();
    let (rule, certificate, message) = refused(&remote(), |demand| demand.at = LATER);
    assert_eq!((rule, certificate), (Rule::Expired, Some(1)));
    assert!(
        message.ends_with("valid until 2026-11-09T00:00:00Z, judged as of 2027-06-01T00:00:00Z"),
        "{message}"
    );
    // The root's own dates never count.
    let old_root = changed(remote(), |links| links[4].dates("200101000000Z", "210101000000Z"));
    judge(&old_root.certificates(), &demand(&super::tests::roots(&old_root))).unwrap();
}

#[test]
fn what_breaks_a_rule_is_refused_by_its_name() {
    let level = |level: u8, keymint_level: u8| Forged { level, keymint_level, ..description() }.encode();
    let with = |tag: u32, value: Vec<u8>| {
        let mut forged = description();
        forged.hardware.insert(tag, value);
        forged.encode()
    };
    let without = |tag: u32| {
        let mut forged = description();
        forged.hardware.remove(&tag);
        forged.encode()
    };
    let described = |value: &[u8]| trust_forge::Chain::factory("test", "TEE", value);
    let signing = |purpose: u64| {
        let mut key = attest_key();
        key.hardware.insert(1, der::set_of(&[der::integer(purpose)]));
        key.encode()
    };
    let other_state = |trust: RootOfTrust| attest_key().with_root_of_trust(trust).encode();
    let in_software = {
        let mut key = attest_key();
        let purposes = key.hardware.remove(&1).unwrap();
        key.software.insert(1, purposes);
        key.encode()
    };
    let attests = |nth: usize| {
        changed(factory(), |links| {
            links[nth].certificate.extensions.push(extension(
                &trust_forge::certificate::KEY_ATTESTATION,
                false,
                &description().encode(),
            ));
        })
    };
    let rows: Vec<(&str, trust_forge::Chain, Rule, Option<usize>)> = vec![
        ("a target alone", changed(factory(), |links| links.truncate(1)), Rule::Length, None),
        ("no root", changed(factory(), |links| links.truncate(3)), Rule::NoRoot, Some(2)),
        (
            "a factory chain of five",
            changed(factory(), |links| {
                let again = links[2].clone();
                links.insert(2, again);
                links[3].certificate.subject = trust_forge::certificate::name(&[("serialNumber", "ff")]);
                trust_forge::Chain::of(links.clone()).links.clone_into(links);
            }),
            Rule::Length,
            None,
        ),
        (
            "a remote chain of four",
            changed(remote(), |links| {
                links.remove(2);
                trust_forge::Chain::of(links.clone()).links.clone_into(links);
            }),
            Rule::Length,
            None,
        ),
        (
            "an ML-DSA target",
            changed(factory(), |links| {
                let ml_dsa = der::sequence(&[der::oid(&[2, 16, 840, 1, 101, 3, 4, 3, 18])]);
                links[0].certificate.public_key = der::sequence(&[ml_dsa, der::bits(&[7; 1952])]);
            }),
            Rule::UnsupportedKey,
            Some(0),
        ),
        (
            "RSA-1024",
            changed(factory(), |links| {
                links[1].key = Key::rsa("short", 1024);
                links[1].certificate.public_key = links[1].key.public();
            }),
            Rule::UnsupportedKey,
            Some(1),
        ),
        (
            "RSA-8192",
            changed(factory(), |links| {
                links[0].certificate.public_key = Key::rsa("long", 8192).public();
            }),
            Rule::UnsupportedKey,
            Some(0),
        ),
        (
            "another issuer's name",
            changed(factory(), |links| {
                links[1].certificate.issuer = trust_forge::certificate::name(&[("serialNumber", "ff")]);
            }),
            Rule::NameChaining,
            Some(1),
        ),
        (
            "an intermediate that is no CA",
            changed(factory(), |links| {
                links[2].certificate.extensions = vec![basic_constraints(false), key_usage(0x04)];
            }),
            Rule::NotAnIssuer,
            Some(2),
        ),
        (
            "an intermediate without basicConstraints",
            changed(factory(), |links| {
                links[2].certificate.extensions = vec![key_usage(0x04)];
            }),
            Rule::NotAnIssuer,
            Some(2),
        ),
        (
            "an intermediate that may not sign certificates",
            changed(factory(), |links| {
                links[2].certificate.extensions = vec![basic_constraints(true), key_usage(0x80)];
            }),
            Rule::NotAnIssuer,
            Some(2),
        ),
        (
            "a critical extension",
            changed(factory(), |links| {
                links[2].certificate.extensions.push(extension(&[2, 5, 29, 30], true, &[0x30, 0]));
            }),
            Rule::CriticalExtension,
            Some(2),
        ),
        (
            "another key's signature",
            changed(factory(), |links| links[1].key = Key::p256("thief")),
            Rule::Signature,
            Some(0),
        ),
        (
            "no extension",
            changed(factory(), |links| links[0].certificate.extensions.clear()),
            Rule::NoExtension,
            Some(0),
        ),
        ("the extension in the attestation certificate", attests(1), Rule::ExtendedChain, Some(1)),
        ("the extension in the intermediate", attests(2), Rule::ExtendedChain, Some(2)),
        ("the extension in the root", attests(3), Rule::ExtendedChain, Some(3)),
        (
            "signed by an attested key that may sign",
            factory().with_attest_key("key", &signing(2)),
            Rule::ExtendedChain,
            Some(1),
        ),
        (
            "signed by an ATTEST_KEY of software's word",
            factory().with_attest_key("key", &in_software),
            Rule::ExtendedChain,
            Some(1),
        ),
        (
            "two ATTEST_KEYs",
            factory()
                .with_attest_key("one", &attest_key().encode())
                .with_attest_key("two", &attest_key().encode()),
            Rule::ExtendedChain,
            Some(2),
        ),
        (
            "an ATTEST_KEY before there were any",
            factory().with_attest_key("key", &Forged { version: 4, ..attest_key() }.encode()),
            Rule::ExtendedChain,
            Some(1),
        ),
        (
            "the root twice",
            changed(factory(), |links| {
                let root = links[3].clone();
                links.push(root);
            }),
            Rule::NoRoot,
            Some(3),
        ),
        (
            "an imported ATTEST_KEY",
            factory().with_attest_key("key", &attest_key().with_number(702, 2).encode()),
            Rule::Origin,
            Some(1),
        ),
        (
            "everybody's ATTEST_KEY",
            factory().with_attest_key("key", &attest_key().with_hardware(600, der::null()).encode()),
            Rule::AllApplications,
            Some(1),
        ),
        (
            "software's ATTEST_KEY",
            factory().with_attest_key("key", &Forged { keymint_level: 0, ..attest_key() }.encode()),
            Rule::SoftwareLevel,
            Some(1),
        ),
        (
            "an ATTEST_KEY without a root of trust",
            factory().with_attest_key("key", &attest_key().without(704).encode()),
            Rule::NoRootOfTrust,
            Some(1),
        ),
        (
            "an ATTEST_KEY of an unlocked device",
            factory().with_attest_key(
                "key",
                &other_state(RootOfTrust { device_locked: false, ..RootOfTrust::default() }),
            ),
            Rule::AttestKeyDiffers,
            Some(1),
        ),
        (
            "an ATTEST_KEY of another boot key",
            factory().with_attest_key(
                "key",
                &other_state(RootOfTrust { verified_boot_key: vec![9; 32], ..RootOfTrust::default() }),
            ),
            Rule::AttestKeyDiffers,
            Some(1),
        ),
        (
            "an ATTEST_KEY with another's boot state",
            factory().with_attest_key(
                "key",
                &other_state(RootOfTrust { verified_boot_state: 1, ..RootOfTrust::default() }),
            ),
            Rule::AttestKeyDiffers,
            Some(1),
        ),
        (
            "a factory chain not valid yet",
            changed(factory(), |links| links[1].dates("270101000000Z", "280101000000Z")),
            Rule::NotYetValid,
            Some(1),
        ),
        (
            "a remote chain not valid yet",
            changed(remote(), |links| links[2].dates("270101000000Z", "280101000000Z")),
            Rule::NotYetValid,
            Some(2),
        ),
        (
            "a chain of neither kind, expired",
            changed(factory(), |links| {
                links[2].certificate.subject = trust_forge::certificate::name(&[("CN", "x")]);
                links[2].dates("200101000000Z", "210101000000Z");
                trust_forge::Chain::of(links.clone()).links.clone_into(links);
            }),
            Rule::Expired,
            Some(2),
        ),
        ("an extension that is none", described(&[0x30, 0]), Rule::Description, Some(0)),
        ("software's attestation", described(&level(0, 1)), Rule::SoftwareLevel, Some(0)),
        ("software's key", described(&level(1, 0)), Rule::SoftwareLevel, Some(0)),
        ("two levels", described(&level(1, 2)), Rule::LevelsDiffer, Some(0)),
        ("StrongBox from a TEE's factory chain", described(&level(2, 2)), Rule::LevelOfChain, Some(0)),
        (
            "StrongBox from a TEE's remote chain",
            trust_forge::Chain::remote("test", "TEE", 8, &level(2, 2)),
            Rule::LevelOfChain,
            Some(0),
        ),
        (
            "a TEE from a StrongBox's factory chain",
            trust_forge::Chain::factory("test", "StrongBox", &level(1, 1)),
            Rule::LevelOfChain,
            Some(0),
        ),
        (
            "a remote chain for no level",
            trust_forge::Chain::remote("test", "Elsewhere", 8, &level(1, 1)),
            Rule::LevelOfChain,
            Some(0),
        ),
        ("an imported key", described(&with(702, der::integer(2))), Rule::Origin, Some(0)),
        ("no origin", described(&without(702)), Rule::Origin, Some(0)),
        ("everybody's key", described(&with(600, der::null())), Rule::AllApplications, Some(0)),
        ("no root of trust", described(&without(704)), Rule::NoRootOfTrust, Some(0)),
    ];
    for (name, chain, rule, certificate) in rows {
        let (found, at, message) = refused(&chain, |_| ());
        assert_eq!((found, at), (rule, certificate), "{name}: {message}");
        assert!(message.starts_with(rule.code()), "{name}: {message}");
    }
}

#[test]
fn what_was_demanded_and_is_not_so_is_refused() {
    let (rule, _, message) = refused(&factory(), |demand| demand.challenge = Some(b"once"));
    assert_eq!(rule, Rule::Challenge);
    assert_eq!(
        message,
        "challenge-mismatch: certificate 0: \"6e6f6e6365\": expected the challenge that was issued, \"6f6e6365\""
    );
    for challenge in [&b""[..], b"nonc", b"nonce ", b"NONCE"] {
        assert_eq!(refused(&factory(), |demand| demand.challenge = Some(challenge)).0, Rule::Challenge);
    }
    for purposes in [&[][..], &[3], &[2, 3], &[7]] {
        assert_eq!(refused(&factory(), |demand| demand.purposes = Some(purposes)).0, Rule::Purpose);
    }
    let chain = factory();
    judge(&chain.certificates(), &Demand { purposes: Some(&[2]), ..demand(&roots(&chain)) }).unwrap();
    // In any order.
    let both = trust_forge::Chain::factory("test", "TEE", &description().with_purposes(&[2, 3]).encode());
    judge(&both.certificates(), &Demand { purposes: Some(&[3, 2]), ..demand(&roots(&both)) }).unwrap();
    // Nobody issues an empty challenge.
    let empty = Forged { challenge: vec![], ..Forged::default() }.encode();
    let empty = trust_forge::Chain::factory("test", "TEE", &empty);
    assert_eq!(refused(&empty, |demand| demand.challenge = Some(b"")).0, Rule::Challenge);
}

#[test]
fn a_root_that_nobody_pinned_is_refused() {
    let chain = factory();
    for roots in [Roots::none(), Roots::google(), Roots::google().and("another", [7; 32])] {
        let refusal = judge(&chain.certificates(), &demand(&roots)).unwrap_err();
        assert_eq!((refusal.rule(), refusal.certificate()), (Rule::UnknownRoot, Some(3)), "{refusal}");
    }
    // One that calls itself the software keystore's is named for that.
    let chain = changed(factory(), |links| {
        links[3].certificate.subject =
            trust_forge::certificate::name(&[("CN", "Android Keystore Software Attestation Root")]);
        trust_forge::Chain::of(links.clone()).links.clone_into(links);
    });
    let refusal = judge(&chain.certificates(), &demand(&Roots::google())).unwrap_err();
    assert_eq!(refusal.rule(), Rule::SoftwareRoot);
}

#[test]
fn a_swapped_certificate_is_refused() {
    let (one, other) = (
        remote().certificates(),
        trust_forge::Chain::remote("other", "TEE", 8, &description().encode()).certificates(),
    );
    let roots = roots(&remote());
    for nth in 0..one.len() {
        let mut swapped = one.clone();
        swapped[nth].clone_from(&other[nth]);
        let rule = judge(&swapped, &demand(&roots)).unwrap_err().rule();
        let expected =
            [Rule::NameChaining, Rule::NameChaining, Rule::Signature, Rule::NameChaining, Rule::UnknownRoot];
        assert_eq!(rule, expected[nth], "certificate {nth}");
    }
    for (first, second) in [(0, 1), (1, 2), (2, 3), (3, 4)] {
        let mut swapped = one.clone();
        swapped.swap(first, second);
        judge(&swapped, &demand(&roots)).unwrap_err();
    }
}

/// Remembers what it verified, so that of a chain with one flipped bit only the touched links are done again.
#[derive(Default)]
struct Remembering(RefCell<HashMap<Vec<u8>, Result<(), BadSignature>>>);

impl SignatureVerifier for Remembering {
    fn verify(
        &self,
        key: PublicKey<'_>,
        hash: Hash,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        let name = [format!("{key:?} {hash:?} {} ", message.len()).as_bytes(), message, signature].concat();
        *self.0.borrow_mut().entry(name).or_insert_with(|| Ring.verify(key, hash, message, signature))
    }
}

#[test]
fn every_flipped_bit_and_every_truncation_of_every_certificate_is_refused() {
    for chain in [factory(), remote(), factory().with_attest_key("key", &attest_key().encode())] {
        let certificates = chain.certificates();
        let roots = roots(&chain);
        let remembering = Remembering::default();
        let mut judged = certificates.clone();
        let judge = |certificates: &[Vec<u8>]| {
            verify(&Chain::parse(certificates)?, &demand(&roots), &remembering).map(|_| ())
        };
        judge(&judged).unwrap();
        for nth in 0..judged.len() {
            for bit in 0..judged[nth].len() * 8 {
                judged[nth][bit / 8] ^= 1 << (bit % 8);
                assert!(judge(&judged).is_err(), "certificate {nth}, bit {bit}");
                judged[nth][bit / 8] ^= 1 << (bit % 8);
            }
            for length in 0..judged[nth].len() {
                judged[nth].truncate(length);
                assert_eq!(
                    judge(&judged).unwrap_err().rule(),
                    Rule::Malformed,
                    "certificate {nth}, {length} bytes"
                );
                judged[nth].clone_from(&certificates[nth]);
            }
            let left_out = [&certificates[..nth], &certificates[nth + 1..]].concat();
            assert!(judge(&left_out).is_err(), "without certificate {nth}");
        }
    }
}

#[test]
fn chains_are_split_from_pem_and_from_der() {
    let chain = remote();
    let certificates = chain.certificates();
    assert_eq!(split(chain.pem().as_bytes()).unwrap(), certificates);
    assert_eq!(split(&certificates.concat()).unwrap(), certificates);
    for bytes in
        [&b""[..], b"-----BEGIN KEY-----\nAAEC\n-----END KEY-----\n", &[0x30, 0x80], &[0x30, 0, 0x30]]
    {
        split(bytes).unwrap_err();
    }
    assert!(split(&certificates.concat().repeat(2)).unwrap_err().is_too_large());
    let many = [certificates.clone(), certificates.clone()].concat();
    assert_eq!(Chain::parse(&many).unwrap_err().rule(), Rule::Length);
    assert_eq!(Chain::parse::<Vec<u8>>(&[]).unwrap().path().map(|_| ()).unwrap_err().rule(), Rule::Length);
}

#[test]
fn each_rule_has_a_name_of_its_own() {
    let codes: std::collections::BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.code()).collect();
    assert_eq!(codes.len(), Rule::ALL.len());
    assert!(Rule::ALL.is_sorted());
}
