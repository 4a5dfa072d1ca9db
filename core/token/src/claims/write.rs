//! Claims to bytes.

use super::gate::{posture, state, vector};
use super::*;
use crate::cbor::Writer;

impl Claims {
    /// The one encoding of these claims.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let (posture, tier) = posture(self.posture);
        let mut writer = Writer::default();
        writer.map(14 + usize::from(self.boot.is_some()) + usize::from(self.waivers > 0));
        writer.integer(AUD).text(&self.audience);
        writer.integer(EXP).unsigned(self.expires_at);
        writer.integer(IAT).unsigned(self.issued_at);
        writer.integer(CTI).bytes(&self.id);
        writer.integer(CNF).map(1).integer(CKT).bytes(&self.confirmation);
        writer.integer(NONCE).bytes(&self.nonce);
        writer.integer(EAT_PROFILE).text(PROFILE);
        writer.integer(SUBMODS);
        self.write_gates(&mut writer);
        writer.integer(EAR_STATUS).integer(tier);
        writer.integer(EAR_VERIFIER_ID).map(2).integer(0).text(DEVELOPER).integer(1).text(&self.build);
        // Negative keys descend as their encodings ascend.
        writer.integer(HANDLE).bytes(&self.handle);
        writer.integer(POLICY).array(4).text(&self.policy.id).unsigned(self.policy.version.into());
        writer.bytes(&self.policy.digest).boolean(self.policy.is_lab);
        writer.integer(COUNTERS).array(2).unsigned(self.counters.boot).unsigned(self.counters.sequence);
        writer.integer(POSTURE).integer(posture);
        if let Some(boot) = &self.boot {
            writer.integer(BOOT);
            boot.write(&mut writer);
        }
        if self.waivers > 0 {
            writer.integer(WAIVERS).unsigned(self.waivers);
        }
        writer.into_bytes()
    }

    /// The gates in the order of their ids' encodings: the shorter first.
    fn write_gates(&self, writer: &mut Writer) {
        let mut gates: Vec<&GateClaim> = self.gates.iter().collect();
        gates.sort_by_key(|claim| (claim.gate.id().len(), claim.gate.id()));
        writer.map(gates.len());
        for claim in gates {
            let (state, tier) = state(claim.verdict);
            let (trust, value) = vector(claim.gate, claim.verdict);
            writer.text(claim.gate.id()).map(3);
            writer.integer(EAR_STATUS).integer(tier);
            writer.integer(EAR_VECTOR).map(1).integer(trust).integer(value);
            writer.integer(STATE).integer(state);
        }
    }
}
