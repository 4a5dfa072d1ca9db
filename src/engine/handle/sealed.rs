//! Evidence of keys in hardware, of which no daemon in a test has any: it is sealed, or stays here.

use super::*;
use crate::keys::Chain;
use std::sync::atomic::AtomicUsize;
use trust_enrol::Opener;
use trust_token::crypto::{PublicKey, Ring, Sign, Signature};
use trust_token::evidence::Kept;
use trust_token::sealed::{Sealed, unpad};

/// One key, said to be in hardware, and how often it was shown.
struct Hardware {
    key: p256::ecdsa::SigningKey,
    shown: AtomicUsize,
}

impl Keys for Hardware {
    fn public_key(&self, _: Whose<'_>) -> Result<PublicKey, KeyError> {
        Ok(self.key.public_key())
    }

    fn sign(&self, _: Whose<'_>, message: &[u8]) -> Result<Signature, KeyError> {
        let Ok(signature) = Sign::sign(&self.key, message);
        Ok(signature)
    }

    fn handle(&self, _: Whose<'_>) -> Result<[u8; 32], KeyError> {
        Ok([3; 32])
    }

    fn show(&self, _: Whose<'_>, _: &[u8; 32], _: bool) -> Result<(PublicKey, Kept), KeyError> {
        self.shown.fetch_add(1, Ordering::Relaxed);
        let chain = (1..=4).map(|nth| vec![nth; 900].into()).collect();
        Ok((self.key.public_key(), Kept::Hardware(chain)))
    }

    fn attest_device(&self, _: &[u8; 32]) -> Result<Vec<Chain>, KeyError> {
        Ok(Vec::new())
    }
}

/// What comes of a request for evidence under a policy that names this verifier, and how often the key was shown.
fn asked(verifier: Option<[u8; 65]>) -> (Result<Vec<u8>, Refusal>, usize) {
    let key = p256::ecdsa::SigningKey::from_slice(&[5; 32]).unwrap();
    let keys = Arc::new(Hardware { key, shown: AtomicUsize::new(0) });
    let house = Arc::new(House::open().unwrap());
    let (shared, requests) =
        Shared::new(house, Clock::default(), Waker::new().unwrap(), Some(keys.clone() as Arc<dyn Keys>));
    let evaluator = std::thread::spawn(move || {
        let Ok(Request::EnrolmentVerifier(reply)) = requests.recv() else { panic!("another request") };
        reply.send(Ok(verifier)).unwrap();
    });
    let whose = Whose { audience: "calls.enigm.example", user: 0 };
    let answer = Handle::new(shared).enrolment_evidence(whose, [9; 32], false);
    evaluator.join().unwrap();
    (answer, keys.shown.load(Ordering::Relaxed))
}

#[test]
fn a_chain_leaves_the_daemon_sealed_or_not_at_all_and_no_key_is_made_in_vain() {
    assert_eq!(asked(None), (Err(Refusal::Unsupported), 0));
    assert_eq!(asked(Some([4; 65])), (Err(Refusal::Unsupported), 0), "a point off the curve");

    let path = std::env::temp_dir().join(format!("trustd-sealed-{}.pem", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let opener = Opener::create(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let (answer, shown) = asked(Some(opener.public_key().point()));
    let bytes = answer.unwrap();
    assert_eq!(shown, 1);
    assert!(!bytes.windows(16).any(|window| window == [2; 16]), "nothing of the chain is to be seen");
    let plaintext = opener.plaintext(&Sealed::from_bytes(&bytes).unwrap()).unwrap();
    let verified = Evidence::verify(unpad(&plaintext).unwrap(), &Ring).unwrap();
    assert_eq!(verified.get().challenge, [9; 32]);
    assert!(matches!(&verified.get().kept, Kept::Hardware(chain) if chain.len() == 4));
}
