use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::format;
use std::string::String;
use std::vec;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A key of RFC 4231 of at most 32 bytes: HMAC pads it with zeros itself (RFC 2104 §2), so padding changes nothing.
fn padded(key: &[u8]) -> [u8; 32] {
    let mut whole = [0; 32];
    whole[..key.len()].copy_from_slice(key);
    whole
}

/// RFC 4231 §4.2 to §4.5: the cases whose keys are no longer than ours.
#[test]
fn it_is_the_standards_hmac() {
    let ascending: Vec<u8> = (1..=25).collect();
    let rows: [(&[u8], Vec<u8>, &str); 4] = [
        (
            &[0x0b; 20],
            b"Hi There".to_vec(),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe",
            b"what do ya want for nothing?".to_vec(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (&[0xaa; 20], vec![0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        (&ascending, vec![0xcd; 50], "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    ];
    for (key, message, expected) in rows {
        assert_eq!(hex(&InMemory::new(padded(key)).hmac_sha256(&message).unwrap()), expected);
    }
}

fn of(audience: &str) -> HandleOf<'_> {
    HandleOf { audience, epoch: 1, user: 10, salt: &[3; 32] }
}

#[test]
fn a_handle_is_of_these_bytes() {
    let bytes = of("ab").to_bytes().unwrap();
    assert_eq!(
        hex(&bytes),
        format!("{}00026162{}{}{}", hex(b"enigm-handle/1"), "00000001", "0000000a", "03".repeat(32))
    );
}

#[test]
fn an_audience_has_one_to_64_bytes() {
    let key = InMemory::new([1; 32]);
    for length in [0, MAX_TEXT + 1, 65_536, 65_537] {
        assert_eq!(of(&"a".repeat(length)).handle(&key), Err(NoHandle::Audience), "{length}");
    }
    of(&"a".repeat(MAX_TEXT)).handle(&key).unwrap();
}

#[test]
fn a_key_is_not_shown() {
    assert_eq!(format!("{:?}", InMemory::new([1; 32])), "InMemory");
}

/// A key that can't be used.
struct Locked;

impl Prf for Locked {
    type Error = &'static str;

    fn hmac_sha256(&self, _: &[u8]) -> Result<[u8; 32], &'static str> {
        Err("locked")
    }
}

#[test]
fn no_key_no_handle() {
    assert_eq!(of("calls").handle(&Locked), Err(NoHandle::Prf("locked")));
}

type Inputs = ([u8; 32], String, u32, u32, [u8; 32]);

fn handle((key, audience, epoch, user, salt): &Inputs) -> [u8; 32] {
    let of = HandleOf { audience, epoch: *epoch, user: *user, salt };
    of.handle(&InMemory::new(*key)).unwrap()
}

fn inputs() -> impl Strategy<Value = Inputs> {
    (any::<[u8; 32]>(), "[a-z.é]{1,30}", any::<u32>(), any::<u32>(), any::<[u8; 32]>())
}

/// Few values, so that equal and nearly equal inputs meet.
fn near() -> impl Strategy<Value = Inputs> {
    let salt = prop_oneof![Just([0; 32]), Just([1; 32])];
    (salt.clone(), "[\0\u{1}a]{1,5}", 0..3_u32, 0..3_u32, salt)
}

proptest! {
    #[test]
    fn the_same_gives_the_same(inputs in inputs()) {
        prop_assert_eq!(handle(&inputs), handle(&inputs.clone()));
    }

    /// One bit of any input gives another handle.
    #[test]
    fn any_change_gives_another(inputs in inputs(), bit in 0..32_u32) {
        let mut changed = vec![inputs.clone(); 6];
        changed[0].0[bit as usize] ^= 1;
        changed[1].1.push('x');
        changed[2].2 ^= 1 << bit;
        changed[3].3 ^= 1 << bit;
        changed[4].4[bit as usize] ^= 0x80;
        changed[5].1.insert(0, 'y');
        let handles: BTreeSet<[u8; 32]> =
            changed.iter().chain([&inputs]).map(handle).collect();
        prop_assert_eq!(handles.len(), 7);
    }

    /// The framing is injective: other inputs, other bytes, and so other handles.
    #[test]
    fn only_the_same_gives_the_same(one in near(), other in near()) {
        let bytes = |inputs: &Inputs| {
            HandleOf { audience: &inputs.1, epoch: inputs.2, user: inputs.3, salt: &inputs.4 }.to_bytes()
        };
        prop_assert_eq!(handle(&one) == handle(&other), one == other);
        let (mut keyless, mut other_keyless) = (one.clone(), other.clone());
        (keyless.0, other_keyless.0) = ([0; 32], [0; 32]);
        prop_assert_eq!(bytes(&one) == bytes(&other), keyless == other_keyless);
    }
}
