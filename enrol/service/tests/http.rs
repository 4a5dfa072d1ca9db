//! The service over real HTTP: what it answers, and to what it does not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

#[path = "../../tests/phone/mod.rs"]
mod phone;
#[path = "../../tests/place/mod.rs"]
mod place;
mod served;

use phone::{CALLS, KEYS, Phone};
use served::{Served, configuration, now};
use std::time::Duration;
use trust_posture::{GateId, Posture, Verdict};
use trust_token::bundle::{BUNDLE_TYPE, Bundle};
use trust_token::claims::{Claims, Counters, GateClaim, PolicyClaim};
use trust_token::credential::{CREDENTIAL_TYPE, Credential, EvidenceLevel};
use trust_token::crypto::{PublicKey, Ring, Sign};
use trust_token::enrolment::{ChallengeRequest, MESSAGE_TYPE};
use trust_token::ledger::Memory;
use trust_token::revocation::{REVOCATION_TYPE, Revoked};
use trust_token::{Against, Challenge, KnownPolicy, Requirements, issue, verify};

/// What a phone says of its posture, to one challenge.
fn claims(phone: &Phone, credential: &Credential, nonce: [u8; 32]) -> Claims {
    Claims {
        audience: phone.audience.clone(),
        issued_at: now() - now() % 60,
        expires_at: now() - now() % 60 + 120,
        id: [1; 16],
        confirmation: [2; 32],
        nonce,
        build: "1".into(),
        handle: phone.handle,
        policy: PolicyClaim { id: "production".into(), version: 3, digest: [5; 32], is_lab: false },
        counters: Counters { boot: 7, sequence: 9 },
        posture: Posture::Compliant,
        gates: vec![GateClaim { gate: GateId::BootIntegrity, verdict: Verdict::Pass }],
        boot: Some(trust_token::claims::Boot {
            key: Some(credential.boot_key),
            os_patch: Some(202_610),
            ..Default::default()
        }),
        waivers: 0,
    }
}

/// A relying party that has the enrolment verifier's public key, a credential and a list: what it says to a token.
fn relying_party(
    phone: &Phone,
    issuer: PublicKey,
    credential: &[u8],
    list: &[u8],
    least: EvidenceLevel,
) -> Result<EvidenceLevel, &'static str> {
    let mut ledger = Memory::new(4);
    let credential =
        Credential::verify(credential, &[issuer], now(), &Ring).map_err(|refusal| refusal.code())?;
    let revoked = Revoked::verify(list, &[issuer], &Ring).map_err(|refusal| refusal.code())?;
    let Ok(challenge) = Challenge::make(&phone.audience, &[3; 32], [2; 32], b"exporter", now(), &mut ledger);
    let token = issue(&claims(phone, credential.get(), *challenge.nonce()), &phone.key()).unwrap();
    let requirements = Requirements {
        audience: &phone.audience,
        gates: &[GateId::BootIntegrity],
        posture: Posture::Compliant,
        policies: &[KnownPolicy { digest: [5; 32], version: 3, is_lab: false }],
        accepts_lab: false,
        max_waivers: 0,
        evidence: least,
        max_age: 120,
        skew: 60,
        max_revocation_age: 3600,
    };
    let against =
        Against { credential: &credential, requirements: &requirements, revoked: &revoked, now: now() };
    verify(&token, challenge, against, &mut ledger, &Ring)
        .map(|verified| verified.evidence())
        .map_err(|refusal| refusal.code())
}

#[test]
fn from_evidence_to_a_posture_that_a_relying_party_verifies() {
    let served = Served::start("whole", "accept_file_keys = true\nhttp = { listen = \"127.0.0.1:0\" }");
    let issuer = served.key().public_key();
    let tee = EvidenceLevel::TrustedEnvironment;
    let mut phone = Phone::new("whole", CALLS, 1);
    let evidence = served.evidence(&mut phone);
    let answer = served.enrol(&evidence);
    assert_eq!((answer.status, &*answer.media), (201, CREDENTIAL_TYPE), "{answer:?}");
    let list = served.get(&format!("/v1/revoked/{CALLS}"));
    assert_eq!((list.status, &*list.media), (200, REVOCATION_TYPE));
    assert_eq!(relying_party(&phone, issuer, &answer.body, &list.body, tee), Ok(tee));
    // A key in a file works too, says so, and is refused where hardware is asked for.
    let mut lab = Phone::new("lab", CALLS, 2);
    let evidence = served.evidence(lab.file());
    let answer = served.enrol(&evidence);
    let software = EvidenceLevel::Software;
    // Nothing attests its boot key: it does not show one.
    assert_eq!(relying_party(&lab, issuer, &answer.body, &list.body, software), Ok(software));
    assert_eq!(relying_party(&lab, issuer, &answer.body, &list.body, tee), Err("evidence-level"));
    // Another phone's token is not this one's.
    let thief = Phone { handle: phone.handle, ..Phone::new("thief", CALLS, 1) };
    let credential = served.enrol(&served.evidence(&mut phone)).body;
    assert_eq!(relying_party(&thief, issuer, &credential, &list.body, tee), Err("unknown-key"));
}

#[test]
fn replayed_reordered_and_concurrent_requests() {
    let served = Served::start("order", "http = { listen = \"127.0.0.1:0\" }");
    let mut phone = Phone::new("order", CALLS, 1);
    let first = served.evidence(&mut phone);
    let second = served.evidence(&mut phone);
    // The later challenge first: a key is attested for one of them.
    assert_eq!(served.enrol(&second).word(), "chain");
    assert_eq!(served.enrol(&first).word(), "given");
    for replayed in [&first, &second] {
        let answer = served.enrol(replayed);
        assert_eq!((answer.status, answer.code()), (409, "challenge".into()));
    }
    // Now that the key is known, in any order.
    let (third, fourth) = (served.evidence(&mut phone), served.evidence(&mut phone));
    assert_eq!((served.enrol(&fourth).word(), served.enrol(&third).word()), ("given".into(), "given".into()));
    // With one challenge at once: one.
    for round in 0..5_u8 {
        let challenge = served.challenge(CALLS);
        let evidence: Vec<Vec<u8>> = (0..8_u8)
            .map(|nth| {
                let mut phone = Phone::new(&format!("at once {round} {nth}"), CALLS, 10 + round * 8 + nth);
                phone.made_at = now();
                phone.make(&challenge).evidence(&challenge)
            })
            .collect();
        let mut words: Vec<String> = std::thread::scope(|scope| {
            let all: Vec<_> = evidence.iter().map(|one| scope.spawn(|| served.enrol(one).word())).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        words.sort();
        assert_eq!(words.iter().filter(|word| *word == "given").count(), 1, "{words:?}");
        assert_eq!(words.iter().filter(|word| *word == "challenge").count(), 7, "{words:?}");
    }
    assert_eq!(served.state().devices().unwrap().len(), 6);
}

#[test]
fn a_clock_that_stepped_back_stops_the_service_until_a_person_resets_it() {
    let served = Served::start("clock", "http = { listen = \"127.0.0.1:0\" }");
    let evidence = served.evidence(&mut Phone::new("clock", CALLS, 1));
    // As if it had been an hour later.
    served.state().reset_clock(now() + 3600).unwrap();
    let request = ChallengeRequest { audience: CALLS.into() }.to_bytes();
    let answer = served.post("/v1/challenges", MESSAGE_TYPE, &request);
    assert_eq!((answer.status, answer.code()), (503, "clock-set-back".into()));
    assert_eq!(served.enrol(&evidence).code(), "clock-set-back");
    assert_eq!(served.get(&format!("/v1/revoked/{CALLS}")).code(), "clock-set-back");
    assert!(served.command(&["reset-clock"]).status.success());
    // What was open when it was reset is closed.
    assert_eq!(served.enrol(&evidence).code(), "challenge");
    let evidence = served.evidence(&mut Phone::new("clock", CALLS, 1));
    assert_eq!(served.enrol(&evidence).word(), "given");
}

#[test]
fn a_person_approves_and_revokes_while_it_serves_and_the_log_names_nobody() {
    let served = Served::start("person", "lifetimes = { list = 1 }\nhttp = { listen = \"127.0.0.1:0\" }");
    let mut phone = Phone::new("one", CALLS, 0xab);
    assert_eq!(served.enrol(&served.evidence(&mut phone)).word(), "given");
    let mut next = Phone::new("other", CALLS, 0xab);
    let answer = served.enrol(&served.evidence(&mut next));
    assert_eq!((answer.status, answer.code()), (403, "approval".into()));
    let (handle, key) = ("ab".repeat(32), data_encoding::HEXLOWER.encode(&next.public_key().thumbprint()));
    let listed = |arguments: &[&str]| String::from_utf8(served.command(arguments).stdout).unwrap();
    let waiting = listed(&["list", "--pending"]);
    assert_eq!(waiting, format!("{CALLS} {handle} {key} trusted-environment\n"));
    assert!(!served.command(&["approve", CALLS, &handle, &handle]).status.success());
    assert!(!served.command(&["approve", KEYS, &handle, &key]).status.success());
    assert!(!served.command(&["approve", CALLS, &handle, "abc"]).status.success());
    assert_eq!(listed(&["approve", CALLS, &handle, &key]), "approved\n");
    assert_eq!(served.enrol(&served.evidence(&mut next)).word(), "given");
    assert_eq!(listed(&["list"]), format!("{CALLS} {handle} {key} trusted-environment\n"));
    assert_eq!(listed(&["revoke", CALLS, &handle]), "revoked\n");
    assert_eq!(listed(&["revoke", CALLS, &handle]), "revoked before\n");
    assert!(!served.command(&["revoke", "nobody", &handle]).status.success());
    assert_eq!(served.enrol(&served.evidence(&mut next)).word(), "revoked");
    std::thread::sleep(Duration::from_millis(2100));
    let list = served.get(&format!("/v1/revoked/{CALLS}")).body;
    let list = Revoked::verify(&list, &[served.key().public_key()], &Ring).unwrap();
    assert!(list.get().handles.contains(&[0xab; 32]));
    assert!(listed(&["list"]).ends_with(" revoked\n"));
    // Neither handle, key, address nor certificate in the log.
    let log = served.log();
    assert!(log.contains("route=\"enrolments\"") && log.contains("code=\"approval\""), "{log}");
    for private in [&handle[..8], &key[..8], "127.0.0.1", "Attestation", "O=", "hardware"] {
        assert!(!log.contains(private), "{private} in {log}");
    }
}

#[test]
fn a_policy_is_given_out_as_it_was_signed_and_never_an_older_one() {
    let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let mut served = Served::prepare("policy", &configuration(""));
    let signer = trust_forge::pem("PUBLIC KEY", &[trust_forge::Key::P256(key.clone()).public()]);
    std::fs::write(served.place.file("signer.pem"), signer).unwrap();
    let text = configuration("policy_signers = [\"signer.pem\"]\nhttp = { listen = \"127.0.0.1:0\" }");
    std::fs::write(served.place.file("config.toml"), text).unwrap();
    served.run();
    let bundle = |id: &str, version: u32, key: &p256::ecdsa::SigningKey| {
        let policy = format!("version = {version}\n").into_bytes().into();
        Bundle { issued_at: 0, expires_at: u64::MAX, id: id.into(), version, policy }.sign(key).unwrap()
    };
    let publish = |name: &str, bytes: &[u8]| {
        std::fs::write(served.place.file(name), bytes).unwrap();
        served.command(&["publish", "production", served.place.file(name).to_str().unwrap()]).status.success()
    };
    let second = bundle("production", 2, &key);
    assert!(publish("second", &second));
    assert!(publish("second", &second));
    let other = p256::ecdsa::SigningKey::from_slice(&[8; 32]).unwrap();
    assert!(!publish("first", &bundle("production", 1, &key)));
    assert!(!publish("lab", &bundle("lab", 3, &key)));
    assert!(!publish("forged", &bundle("production", 3, &other)));
    let answer = served.get("/v1/policies/production");
    assert_eq!((answer.status, &*answer.media, &answer.body), (200, BUNDLE_TYPE, &second));
    let third = bundle("production", 3, &key);
    assert!(publish("third", &third) && !publish("second", &second));
    assert_eq!(served.get("/v1/policies/production").body, third);
    assert_eq!(served.get("/v1/policies/lab").code(), "policy");
}
