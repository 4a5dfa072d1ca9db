use super::*;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use proptest::prelude::*;
use trust_posture::{GateId, Verdict};

pub(crate) fn verdicts() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        Just(Verdict::Fail),
        Just(Verdict::Unknown),
        Just(Verdict::Pass),
        Just(Verdict::NotApplicable)
    ]
}

fn month() -> impl Strategy<Value = u32> {
    (2000u32..2100, 1u32..13).prop_map(|(year, month)| year * 100 + month)
}

fn word() -> impl Strategy<Value = Box<str>> {
    "[!-~]{1,64}".prop_map(String::into_boxed_str)
}

fn boot() -> impl Strategy<Value = Boot> {
    let state = prop_oneof![
        Just(BootState::Verified),
        Just(BootState::SelfSigned),
        Just(BootState::Unverified),
        Just(BootState::Failed)
    ];
    let digest = || proptest::option::of(any::<[u8; 32]>());
    let month = || proptest::option::of(month());
    (proptest::option::of(state), digest(), digest(), month(), month(), month())
        .prop_map(|(state, key, vbmeta, os_patch, vendor_patch, boot_patch)| Boot {
            state,
            key,
            vbmeta,
            os_patch,
            vendor_patch,
            boot_patch,
        })
        .prop_filter("at least one fact", |boot| *boot != Boot::default())
}

pub(crate) fn any_claims() -> impl Strategy<Value = Claims> {
    let gates = proptest::sample::subsequence(GateId::ALL.to_vec(), 1..=10)
        .prop_flat_map(|gates| (Just(gates.clone()), proptest::collection::vec(verdicts(), gates.len())))
        .prop_map(|(gates, verdicts)| {
            gates
                .into_iter()
                .zip(verdicts)
                .map(|(gate, verdict)| GateClaim { gate, verdict })
                .collect::<Vec<_>>()
        });
    let posture = prop_oneof![
        Just(Posture::NonCompliant),
        Just(Posture::Indeterminate),
        Just(Posture::AtRisk),
        Just(Posture::Compliant)
    ];
    let policy = (word(), any::<u32>(), any::<[u8; 32]>(), any::<bool>())
        .prop_map(|(id, version, digest, is_lab)| PolicyClaim { id, version, digest, is_lab });
    let times = (any::<u64>(), any::<u64>(), any::<(u64, u64)>());
    let random = (any::<[u8; 16]>(), any::<[u8; 32]>(), any::<[u8; 32]>(), any::<[u8; 32]>());
    (word(), times, random, word(), policy, posture, gates, proptest::option::of(boot()), 0u64..1001)
        .prop_map(|(audience, times, random, build, policy, posture, gates, boot, waivers)| {
            let (issued_at, expires_at, (boots, sequence)) = times;
            let (id, confirmation, nonce, handle) = random;
            let counters = Counters { boot: boots, sequence };
            Claims {
                audience,
                issued_at,
                expires_at,
                id,
                confirmation,
                nonce,
                build,
                handle,
                policy,
                counters,
                posture,
                gates,
                boot,
                waivers,
            }
        })
}

/// Ten gates that pass, to one audience.
pub(crate) fn good() -> Claims {
    Claims {
        audience: "calls.enigm.example".into(),
        issued_at: 1_793_610_000,
        expires_at: 1_793_610_120,
        id: [1; 16],
        confirmation: [2; 32],
        nonce: [3; 32],
        build: "trustd/0.1.0".into(),
        handle: [4; 32],
        policy: PolicyClaim { id: "production".into(), version: 1, digest: [5; 32], is_lab: false },
        counters: Counters { boot: 7, sequence: 1234 },
        posture: Posture::Compliant,
        gates: GateId::ALL.map(|gate| GateClaim { gate, verdict: Verdict::Pass }).to_vec(),
        boot: Some(Boot {
            state: Some(BootState::Verified),
            key: Some([6; 32]),
            vbmeta: Some([7; 32]),
            os_patch: Some(202_610),
            vendor_patch: Some(202_610),
            boot_patch: Some(202_610),
        }),
        waivers: 0,
    }
}

proptest! {
    #[test]
    fn claims_are_read_back_and_written_again_as_they_were(claims in any_claims()) {
        let bytes = claims.to_bytes();
        let read = Claims::from_bytes(&bytes).unwrap();
        prop_assert_eq!(read.to_bytes(), bytes);
        prop_assert_eq!(read, claims);
    }

    /// A changed byte is refused, or it is another value whose one encoding it is.
    #[test]
    fn a_changed_byte_is_never_a_second_encoding(claims in any_claims(), at: proptest::sample::Index, byte: u8) {
        let mut bytes = claims.to_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = Claims::from_bytes(&bytes) {
            prop_assert_eq!(read.to_bytes(), bytes);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Claims::from_bytes(&bytes);
    }
}

#[test]
fn every_truncation_is_refused_and_nothing_may_follow() {
    let bytes = good().to_bytes();
    assert_eq!(Claims::from_bytes(&bytes), Ok(good()));
    for length in 0..bytes.len() {
        assert!(Claims::from_bytes(&bytes[..length]).is_err());
    }
    assert!(Claims::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
}
