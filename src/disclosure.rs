//! Selective disclosure: of a judged device, what one audience sees, and nothing else.
//!
//! The policy that the device was judged under says which gates and boot facts those are. What it does not name for an
//! audience never gets as far as its attestation.

use trust_evidence::Value;
use trust_gates::{Audience, Fact, Report};
use trust_posture::Posture;
use trust_token::claims::{Boot, BootState, Claims, Counters, GateClaim, MAX_WAIVERS, PolicyClaim};

/// To how many seconds times are rounded down, where the lifetime allows it.
pub const GRAIN: u64 = 60;

/// What one audience sees of a judged device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosure {
    /// For whom.
    pub audience: Box<str>,
    /// How many seconds an attestation holds.
    pub ttl: u16,
    /// The policy that the device was judged under.
    pub policy: PolicyClaim,
    /// What all ten gates come to, those that are not shown among them.
    pub posture: Posture,
    /// The gates that are shown, by number.
    pub gates: Vec<GateClaim>,
    /// The boot facts that are shown and known, if any.
    pub boot: Option<Boot>,
    /// How many waivers hold. Shown to all: a waiver lowers what is asked.
    pub waivers: u64,
}

/// What the daemon adds to a disclosure: who asks, how, when.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'o> {
    /// The time, in seconds since 1970 by the device's clock. It is rounded before it is shown.
    pub now: u64,
    /// The attestation's name: 16 random bytes.
    pub id: [u8; 16],
    /// The relying party's challenge.
    pub nonce: [u8; 32],
    /// The thumbprint of the key that the caller proves.
    pub confirmation: [u8; 32],
    /// The device's handle with this audience.
    pub handle: [u8; 32],
    /// The counters of this audience.
    pub counters: Counters,
    /// The build of the daemon.
    pub build: &'o str,
}

/// What an audience sees of a judged device; `None` where the policy that it was judged under has no such audience.
pub fn disclose(report: &Report<'_>, audience: &str) -> Option<Disclosure> {
    let policy = report.plan.policy;
    let audience = policy.audience(audience)?;
    let shown = report.gates().filter(|view| audience.gates.contains(&view.gate.id));
    Some(Disclosure {
        audience: audience.id.clone(),
        ttl: audience.ttl,
        policy: PolicyClaim {
            id: policy.id().into(),
            version: policy.version(),
            digest: *policy.digest(),
            is_lab: policy.is_lab(),
        },
        posture: report.posture(),
        gates: shown.map(|view| GateClaim { gate: view.gate.id, verdict: view.verdict }).collect(),
        boot: boot(report, audience),
        waivers: u64::try_from(report.waivers().count()).unwrap_or(MAX_WAIVERS).min(MAX_WAIVERS),
    })
}

impl Disclosure {
    /// The claims to sign. `iat` is rounded down to a minute, or to half of the lifetime where that is shorter, so that
    /// an attestation holds for at least half of it.
    pub fn claims(&self, occasion: &Occasion<'_>) -> Claims {
        let ttl = u64::from(self.ttl);
        let grain = GRAIN.min(ttl / 2).max(1);
        let issued_at = occasion.now - occasion.now % grain;
        Claims {
            audience: self.audience.clone(),
            issued_at,
            expires_at: issued_at.saturating_add(ttl),
            id: occasion.id,
            confirmation: occasion.confirmation,
            nonce: occasion.nonce,
            build: occasion.build.into(),
            handle: occasion.handle,
            policy: self.policy.clone(),
            counters: occasion.counters,
            posture: self.posture,
            gates: self.gates.clone(),
            boot: self.boot,
            waivers: self.waivers,
        }
    }
}

/// The signals that tell a fact.
pub fn sources(fact: Fact) -> &'static [&'static str] {
    match fact {
        Fact::BootState => &[
            "attested.verified_boot_state",
            "strongbox.verified_boot_state",
            "bootconfig.verified_boot_state",
            "cmdline.verified_boot_state",
            "property.verified_boot_state",
        ],
        Fact::BootKey => &[
            "attested.verified_boot_key",
            "strongbox.verified_boot_key",
            "bootconfig.verified_boot_key",
            "property.verified_boot_key",
        ],
        Fact::VbmetaDigest => {
            &["attested.verified_boot_hash", "bootconfig.vbmeta_digest", "property.vbmeta_digest"]
        }
        Fact::OsPatch => {
            &["attested.os_patch", "strongbox.os_patch", "build_prop.os_patch", "property.os_patch"]
        }
        Fact::VendorPatch => &["attested.vendor_patch", "property.vendor_patch"],
        Fact::BootPatch => &["attested.boot_patch"],
    }
}

fn boot(report: &Report<'_>, audience: &Audience) -> Option<Boot> {
    let mut boot = Boot::default();
    for fact in &audience.facts {
        let Some(value) = agreed(report, *fact) else { continue };
        match fact {
            Fact::BootState => boot.state = state(value),
            Fact::BootKey => boot.key = digest(value),
            Fact::VbmetaDigest => boot.vbmeta = digest(value),
            Fact::OsPatch => boot.os_patch = month(value),
            Fact::VendorPatch => boot.vendor_patch = month(value),
            Fact::BootPatch => boot.boot_patch = month(value),
        }
    }
    // An empty map would say that the audience may see facts that the device does not know.
    (boot != Boot::default()).then_some(boot)
}

/// What the sources of a fact agree on, if one of them is as strong as its signal asks. A weaker one can contradict,
/// and is never shown; one that has no value has no say.
fn agreed<'r>(report: &Report<'r>, fact: Fact) -> Option<&'r Value> {
    let catalogue = report.plan.catalogue;
    let (mut agreed, mut upheld) = (None, false);
    for ix in sources(fact).iter().filter_map(|id| catalogue.find(id)) {
        let Some((value, class)) = report.reading(ix) else { continue };
        if *agreed.get_or_insert(value) != value {
            return None;
        }
        upheld |= catalogue.signal(ix).is_some_and(|signal| class.upholds(signal.ceiling));
    }
    agreed.filter(|_| upheld)
}

fn state(value: &Value) -> Option<BootState> {
    match value {
        Value::Word(word) => match &**word {
            "verified" => Some(BootState::Verified),
            "self-signed" => Some(BootState::SelfSigned),
            "unverified" => Some(BootState::Unverified),
            "failed" => Some(BootState::Failed),
            _ => None,
        },
        _ => None,
    }
}

fn digest(value: &Value) -> Option<[u8; 32]> {
    match value {
        Value::Digest(digest) => digest.as_ref().try_into().ok(),
        _ => None,
    }
}

/// A month that the attestation has a number for.
fn month(value: &Value) -> Option<u32> {
    match value {
        Value::Month(month) => Some(month.number()).filter(|number| (200_001..=209_912).contains(number)),
        _ => None,
    }
}
