//! Keys that Android's keystore keeps, in hardware.
//!
//! Posture keys and the handles' key live in trustd's own namespace. What attests them is a key of trustd's uid, one for
//! each kind of hardware, because only such keys are given certificates by a provisioning server: so those are asked for
//! once, and not at each enrolment. Whatever else runs under that uid could have it attest a key too; so the enrolment
//! verifier pins the first key of a handle.

mod client;
mod vault;

pub use client::{Keystore2, NAMESPACE};
pub use vault::{Entry, Fault, Name, Use, Vault, With};

use super::worker::Worker;
use super::{Chain, EPOCH, KeyError, Keys, Owner, Whose, handle_of};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use trust_formats::attestation::{self, Demand, Roots, SecurityLevel, pin, verify};
use trust_formats::signature::{Curve, PublicKey as Attested, Ring as Certificates, p256_fixed};
use trust_token::crypto::{PublicKey, Ring, Signature, VerifySignature, lowered, sha256};
use trust_token::evidence::{Kept, attestation_challenge};
use trust_token::handle::{NoHandle, Prf};

/// How long a signature or a MAC is waited for. A StrongBox takes some tenths of a second.
const USING: Duration = Duration::from_secs(3);
/// How long a new key is waited for. A StrongBox takes seconds, a first certificate one more round to a server.
const MAKING: Duration = Duration::from_secs(20);
/// An ATTEST_KEY is made again when one of the certificates above it is valid for less than this many seconds.
const LEFT: i64 = 86_400;

/// The key of the handles.
const HANDLES: &str = "trustd handles";
/// A key that is made, attested and removed.
const DEVICE: &str = "trustd device";
/// What ATTEST_KEYs are attested for: nobody asks for it, but without a challenge nothing is attested.
const ATTEST_KEY_LABEL: &[u8] = b"enigm/attest-key/1";
/// KeyPurpose SIGN (hardware/interfaces/security/keymint).
const SIGN: u32 = 2;

/// Keys that a keystore keeps. Nothing here waits for it for ever.
pub struct KeystoreKeys {
    /// Signs.
    uses: Worker<Box<dyn Vault>>,
    /// Makes keys, one after the other, so that no two make the same.
    makes: Worker<Maker>,
    known: Mutex<BTreeMap<Owner, Known>>,
    /// Whose keys are being made: one of each owner, so that nobody fills the queue for all.
    making: Mutex<BTreeSet<Owner>>,
}

/// What needs not be asked for twice.
#[derive(Clone)]
struct Known {
    handle: [u8; 32],
    key: Option<Arc<Posture>>,
}

/// A posture key that was shown or may be.
#[derive(Clone)]
struct Posture {
    name: Name,
    level: SecurityLevel,
    key: PublicKey,
    chain: Chain,
}

/// What becomes of a key for handles that can't be used any more.
#[derive(Clone, Copy)]
enum Gone {
    /// Nobody is enrolled any more, and is told so.
    NotEnrolled,
    /// Another is made: whoever asks is being enrolled.
    MadeAnew,
}

/// What makes keys.
struct Maker {
    vault: Box<dyn Vault>,
    /// Where a new ATTEST_KEY has old certificates too: the kinds of hardware, once tried.
    in_vain: Vec<SecurityLevel>,
}

impl KeystoreKeys {
    /// # Errors
    /// No threads can be started.
    pub fn start(connect: impl Fn() -> Box<dyn Vault>) -> io::Result<KeystoreKeys> {
        Ok(KeystoreKeys {
            uses: Worker::start("keystore", connect())?,
            makes: Worker::start("keystore-make", Maker { vault: connect(), in_vain: Vec::new() })?,
            known: Mutex::default(),
            making: Mutex::default(),
        })
    }

    /// The owner's turn to have a key made.
    fn turn(&self, whose: Whose<'_>) -> Result<Turn<'_>, KeyError> {
        let owner = whose.owner();
        match lock(&self.making).insert(owner.clone()) {
            true => Ok(Turn { of: &self.making, owner }),
            false => Err(KeyError::Busy),
        }
    }

    fn remember(&self, whose: Whose<'_>, known: Known) {
        lock(&self.known).insert(whose.owner(), known);
    }

    fn recalled(&self, whose: Whose<'_>) -> Option<Known> {
        lock(&self.known).get(&whose.owner()).cloned()
    }

    fn handle_or(&self, whose: Whose<'_>, gone: Gone) -> Result<[u8; 32], KeyError> {
        if let Some(known) = self.recalled(whose) {
            return Ok(known.handle);
        }
        let (audience, user) = (whose.audience.to_owned(), whose.user);
        let handle = self.makes.ask(Some(whose.owner()), MAKING, move |maker| {
            maker.handle(Whose { audience: &audience, user }, gone)
        })?;
        self.remember(whose, Known { handle, key: None });
        Ok(handle)
    }

    /// The handle and the posture key, if there is one.
    fn key(&self, whose: Whose<'_>) -> Result<([u8; 32], Arc<Posture>), KeyError> {
        if let Some(Known { handle, key: Some(key) }) = self.recalled(whose) {
            return Ok((handle, key));
        }
        let handle = self.handle(whose)?;
        let found = self.uses.ask(Some(whose.owner()), USING, move |vault| current(&mut **vault, &handle))?;
        let key = Arc::new(found.ok_or(KeyError::NotEnrolled)?);
        self.remember(whose, Known { handle, key: Some(key.clone()) });
        Ok((handle, key))
    }
}

/// An owner's turn; dropping it ends it.
struct Turn<'t> {
    of: &'t Mutex<BTreeSet<Owner>>,
    owner: Owner,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        lock(self.of).remove(&self.owner);
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Keys for KeystoreKeys {
    fn public_key(&self, whose: Whose<'_>) -> Result<PublicKey, KeyError> {
        Ok(self.key(whose)?.1.key)
    }

    fn sign(&self, whose: Whose<'_>, message: &[u8]) -> Result<Signature, KeyError> {
        let (handle, posture) = self.key(whose)?;
        let (signs, signed) = (posture.clone(), message.to_vec());
        let signature = self.uses.ask(Some(whose.owner()), USING, move |vault| {
            vault.sign(&signs.name, signs.level, With::Ecdsa, &signed).map_err(|fault| match fault {
                Fault::NotFound | Fault::Invalid => KeyError::NotEnrolled,
                fault => refused(fault),
            })
        });
        let signature = signature.inspect_err(|error| {
            if *error == KeyError::NotEnrolled {
                self.remember(whose, Known { handle, key: None });
            }
        })?;
        let fixed = p256_fixed(&signature).map_err(|error| KeyError::Unusable(error.to_string()))?;
        let signature = lowered(fixed);
        // What the keystore gives is looked at before anybody is given it.
        match Ring.verify(&posture.key, message, &signature) {
            true => Ok(signature),
            false => Err(KeyError::Unusable("the keystore's signature is not the posture key's".into())),
        }
    }

    fn handle(&self, whose: Whose<'_>) -> Result<[u8; 32], KeyError> {
        self.handle_or(whose, Gone::NotEnrolled)
    }

    fn show(
        &self,
        whose: Whose<'_>,
        challenge: &[u8; 32],
        anew: bool,
    ) -> Result<(PublicKey, Kept), KeyError> {
        let _turn = self.turn(whose)?;
        let handle = self.handle_or(whose, Gone::MadeAnew)?;
        let challenge = attestation_challenge(whose.audience, challenge, &handle, EPOCH);
        let shown =
            self.makes.ask(Some(whose.owner()), MAKING, move |maker| maker.show(&handle, challenge, anew))?;
        let answer = (shown.key, Kept::Hardware(shown.chain.clone()));
        self.remember(whose, Known { handle, key: Some(Arc::new(shown)) });
        Ok(answer)
    }

    fn attest_device(&self, challenge: &[u8; 32]) -> Result<Vec<Chain>, KeyError> {
        let challenge = *challenge;
        self.makes.ask(None, MAKING, move |maker| {
            let mut chains = Vec::new();
            for level in [SecurityLevel::TrustedEnvironment, SecurityLevel::StrongBox] {
                if maker.vault.has(level).map_err(refused)? {
                    chains.push(maker.device(level, challenge)?);
                }
            }
            Ok(chains)
        })
    }
}

impl Maker {
    /// A handle. Whoever is being enrolled has the key of the handles made, where there is none or none that can be used:
    /// with another one the device is another to everybody.
    fn handle(&mut self, whose: Whose<'_>, gone: Gone) -> Result<[u8; 32], KeyError> {
        let name = Name::Own(HANDLES.into());
        let found = match self.vault.find(&name) {
            // Whether it can be used shows when it is.
            Ok(_) => self.mac(whose),
            Err(fault) => Err(NoHandle::Prf(fault)),
        };
        match (found, gone) {
            (Err(NoHandle::Prf(Fault::Invalid | Fault::NotFound)), Gone::NotEnrolled) => {
                return Err(KeyError::NotEnrolled);
            }
            (Err(NoHandle::Prf(fault @ (Fault::Invalid | Fault::NotFound))), Gone::MadeAnew) => {
                tracing::warn!(
                    "the key for handles: {fault}: it is made, and every audience is to be enrolled"
                );
                let made = self.vault.make(&name, SecurityLevel::TrustedEnvironment, &Use::Mac);
                made.map_err(refused)?;
                self.mac(whose)
            }
            (found, _) => found,
        }
        .map_err(|error| match error {
            NoHandle::Audience => KeyError::Unusable("an audience of another length".into()),
            NoHandle::Prf(fault) => refused(fault),
        })
    }

    fn mac(&mut self, whose: Whose<'_>) -> Result<[u8; 32], NoHandle<Fault>> {
        handle_of(&Mac(RefCell::new(&mut *self.vault)), whose)
    }

    /// The posture key: the one that there is, or a new one for this challenge. The new one counts when it was looked at
    /// and its chain is kept, and then the old one goes. A kill between the two leaves both, of which the first counts.
    fn show(&mut self, handle: &[u8; 32], challenge: [u8; 32], anew: bool) -> Result<Posture, KeyError> {
        let found = current(&mut *self.vault, handle)?;
        if let Some(found) = found.as_ref().filter(|_| !anew) {
            return Ok(found.clone());
        }
        let [first, second] = posture(handle);
        let (name, other) = match found.is_some_and(|found| found.name == first) {
            true => (second, first),
            false => (first, second),
        };
        let level = match self.vault.has(SecurityLevel::StrongBox).map_err(refused)? {
            true => SecurityLevel::StrongBox,
            false => SecurityLevel::TrustedEnvironment,
        };
        tracing::info!("a posture key is made, of which nobody knows until it is enrolled");
        let (chain, key) = self.attested(&name, level, challenge)?;
        let kept = self.vault.keep(&name, &chain).and_then(|()| self.vault.remove(&other));
        kept.map_err(refused).inspect_err(|_| {
            let _ = self.vault.remove(&name);
        })?;
        Ok(Posture { name, level, key, chain })
    }

    /// What the device says of itself for a challenge, by a key that does not stay.
    fn device(&mut self, level: SecurityLevel, challenge: [u8; 32]) -> Result<Chain, KeyError> {
        let name = Name::Own(DEVICE.into());
        let made = self.attested(&name, level, challenge);
        if let Err(fault) = self.vault.remove(&name) {
            tracing::warn!("a key of no use can't be removed: {fault}");
        }
        Ok(made?.0)
    }

    /// A new key with its whole chain, which is of this key and for this challenge.
    fn attested(
        &mut self,
        name: &Name,
        level: SecurityLevel,
        challenge: [u8; 32],
    ) -> Result<(Chain, PublicKey), KeyError> {
        let (by, above) = self.attest_key(level)?;
        let made = self.vault.make(name, level, &Use::Sign { challenge, by: by.clone() });
        let own = made.inspect_err(|fault| {
            if *fault == Fault::Invalid {
                self.forget(&by, level);
            }
        });
        let chain: Chain = own.map_err(refused)?.chain.into_iter().take(1).chain(above).collect();
        let key = key_of(&chain, Some(challenge)).inspect_err(|_| {
            let _ = self.vault.remove(name);
            self.forget(&by, level);
        })?;
        Ok((chain, key))
    }

    /// Removes a key that attests others, by which nothing good was made: whoever else has trustd's uid may have changed
    /// it. The next that needs one makes it.
    fn forget(&mut self, by: &Name, level: SecurityLevel) {
        tracing::warn!("a key that attests others is of no use: the next is made anew");
        let _ = self.vault.remove(by);
        self.in_vain.retain(|tried| *tried != level);
    }

    /// The key that attests others on this hardware, with its chain. Where its certificates end soon it is made again:
    /// those of a provisioning server are valid for weeks.
    fn attest_key(&mut self, level: SecurityLevel) -> Result<(Name, Chain), KeyError> {
        let name = Name::Shared(format!("trustd attest key {}", level.word()));
        match self.vault.find(&name) {
            Ok(Entry { chain, .. }) if self.in_vain.contains(&level) || is_valid_for_long(&chain) => {
                return Ok((name, chain));
            }
            Ok(_) => {
                tracing::info!("the certificates of the key that attests others end soon: it is made again")
            }
            Err(Fault::NotFound | Fault::Invalid) => tracing::info!("a key that attests others is made"),
            Err(fault) => return Err(refused(fault)),
        }
        let made = self.vault.make(&name, level, &Use::Attest(sha256(&[ATTEST_KEY_LABEL])));
        let chain = made.map_err(refused)?.chain;
        if !is_valid_for_long(&chain) {
            // Those of a factory may be old for good.
            self.in_vain.push(level);
        }
        Ok((name, chain))
    }
}

/// The key of the handles as what makes them.
struct Mac<'v>(RefCell<&'v mut dyn Vault>);

impl Prf for Mac<'_> {
    type Error = Fault;

    fn hmac_sha256(&self, message: &[u8]) -> Result<[u8; 32], Fault> {
        let name = Name::Own(HANDLES.into());
        let level = SecurityLevel::TrustedEnvironment;
        let mac = self.0.borrow_mut().sign(&name, level, With::Hmac, message)?;
        let length = mac.len();
        mac.try_into().map_err(|_| Fault::Refused(format!("a MAC of {length} bytes: expected 32")))
    }
}

/// What the two places of a posture key are called: by its handle, as another handle has another key.
fn posture(handle: &[u8; 32]) -> [Name; 2] {
    let handle = data_encoding::HEXLOWER.encode(handle);
    ["a", "b"].map(|place| Name::Own(format!("trustd posture {handle} {place}")))
}

/// The posture key of a handle. One without its chain was never shown, and one that can't be used is none.
fn current(vault: &mut dyn Vault, handle: &[u8; 32]) -> Result<Option<Posture>, KeyError> {
    for name in posture(handle) {
        match vault.find(&name) {
            Ok(Entry { level, chain }) => {
                if let Ok(key) = key_of(&chain, None) {
                    return Ok(Some(Posture { name, level, key, chain }));
                }
            }
            Err(Fault::NotFound | Fault::Invalid) => {}
            Err(fault) => return Err(refused(fault)),
        }
    }
    Ok(None)
}

fn refused(fault: Fault) -> KeyError {
    match fault {
        Fault::Unavailable(why) => KeyError::Unavailable(why),
        fault => KeyError::Unusable(fault.to_string()),
    }
}

fn is_valid_for_long(chain: &Chain) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let until = i64::try_from(now).unwrap_or(i64::MAX).saturating_add(LEFT);
    attestation::Chain::parse(chain)
        .is_ok_and(|chain| chain.certificates().iter().all(|certificate| certificate.not_after > until))
}

/// The key of a chain in which each certificate signed the one before, whatever its root, and which was made for this
/// challenge. What the chain is worth, others find out; this is what the keystore was asked for.
fn key_of(chain: &Chain, challenge: Option<[u8; 32]>) -> Result<PublicKey, KeyError> {
    // The rule alone: what certificates are called tells this device from others.
    let wrong = |why: &str| KeyError::Unusable(format!("a key attestation of the keystore's: {why}"));
    let refused = |refusal: attestation::Refusal| wrong(refusal.rule().code());
    let parsed = attestation::Chain::parse(chain).map_err(refused)?;
    let root = parsed.certificates().last().ok_or_else(|| wrong("no certificate"))?;
    let roots = Roots::none().and("the keystore's", pin(root));
    // When the youngest of them began: those of a key that was kept may have expired since.
    let at = parsed.certificates().iter().map(|certificate| certificate.not_before).max().unwrap_or_default();
    let challenge = challenge.as_ref().map(<[u8; 32]>::as_slice);
    let demand = Demand { at, roots: &roots, challenge, revocation: None, purposes: Some(&[SIGN]) };
    let verified = verify(&parsed, &demand, &Certificates).map_err(refused)?;
    match verified.public_key() {
        Attested::Ec(Curve::P256, point) => PublicKey::from_point(point),
        _ => None,
    }
    .ok_or_else(|| wrong("a key of another kind: expected one on P-256"))
}
