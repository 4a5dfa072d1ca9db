/* Verifying posture attestations: the C face of trust_token (docs/attestation.md).
 *
 * Nothing here throws or prints; where memory is exhausted the process ends (abort). Every function says in its result
 * what happened; pointers that may not be null, and are, give TRUST_BAD_ARGUMENT, and so do pointers to a struct that
 * are not aligned. Times are seconds since 1970 by the caller's own clock. A ledger is used by one thread at a time, and
 * by the process that opened it alone: after fork() the child gets TRUST_INTERNAL, and opens its own. */
#ifndef TRUST_TOKEN_H
#define TRUST_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Results: 0 verified; from 1 the rule that the attestation breaks, in the order in which they are checked; from 101
 * what is wrong with the credential, from 201 with the list of revoked handles; below 0 what kept it from being judged.
 *
 * The attestation's envelope is looked at first (1 to 5), then the credential and the list are verified as of now, then
 * the rest: a credential that does not hold now is TRUST_CREDENTIAL_EXPIRED whatever the attestation says, and what is
 * refused for either of the two leaves the challenge open. */
enum trust_result {
  TRUST_VERIFIED = 0,
  TRUST_TOO_LARGE = 1,
  TRUST_MALFORMED_ENVELOPE = 2,
  TRUST_UNPROTECTED_HEADER = 3,
  TRUST_ALGORITHM = 4,
  TRUST_TYPE = 5,
  TRUST_UNKNOWN_KEY = 6,
  TRUST_HIGH_S = 7,
  TRUST_SIGNATURE = 8,
  TRUST_MALFORMED_CLAIMS = 9,
  TRUST_AUDIENCE = 10,
  TRUST_NONCE = 11,
  TRUST_CHALLENGE_USED = 12,
  TRUST_CLOCK_SET_BACK = 13,
  TRUST_TOO_LATE = 14,
  TRUST_LIFETIME = 15,
  TRUST_NOT_YET_VALID = 16,
  TRUST_EXPIRED = 17,
  TRUST_HANDLE = 18,
  TRUST_CREDENTIAL_EXPIRED = 19,
  TRUST_EVIDENCE_LEVEL = 20,
  TRUST_BOOT_KEY = 21,
  TRUST_UNKNOWN_POLICY = 22,
  TRUST_LAB_POLICY = 23,
  TRUST_GATE = 24,
  TRUST_WAIVERS = 25,
  TRUST_INCONSISTENT = 26,
  TRUST_POSTURE = 27,
  TRUST_REVOCATION_ISSUER = 28,
  TRUST_REVOCATION_AUDIENCE = 29,
  TRUST_REVOKED = 30,
  TRUST_REVOCATION_STALE = 31,
  TRUST_REVOCATION_OLDER = 32,
  TRUST_CONFIRMATION = 33,
  TRUST_FLOOR = 34,
  TRUST_LEDGER = 35,
  TRUST_CREDENTIAL_TOO_LARGE = 101,
  TRUST_CREDENTIAL_MALFORMED = 102,
  TRUST_CREDENTIAL_ALGORITHM = 103,
  TRUST_CREDENTIAL_UNPROTECTED_HEADER = 104,
  TRUST_CREDENTIAL_TYPE = 105,
  TRUST_CREDENTIAL_UNKNOWN_ISSUER = 106,
  TRUST_CREDENTIAL_HIGH_S = 107,
  TRUST_CREDENTIAL_SIGNATURE = 108,
  TRUST_REVOKED_MALFORMED = 201,
  TRUST_REVOKED_HEADER = 202,
  TRUST_REVOKED_TYPE = 203,
  TRUST_REVOKED_UNKNOWN_SIGNER = 204,
  TRUST_REVOKED_SIGNATURE = 205,
  TRUST_REVOKED_TOO_LARGE = 206,
  TRUST_BAD_ARGUMENT = -1, /* a null pointer, a text that is no UTF-8, a number out of range, a key off the curve */
  TRUST_INTERNAL = -2, /* a fault of this library; nothing was accepted */
};

/* A P-256 public key: its coordinates, big-endian. */
typedef struct trust_key {
  uint8_t x[32];
  uint8_t y[32];
} trust_key;

/* Bytes of the caller's, read during the call alone. */
typedef struct trust_bytes {
  const uint8_t *data;
  size_t length;
} trust_bytes;

/* Gates as bits: bit n - 1 for gate n. */
enum trust_gate {
  TRUST_GATE_BUILD_INTEGRITY = 1 << 0,
  TRUST_GATE_BOOT_INTEGRITY = 1 << 1,
  TRUST_GATE_RUNTIME_SECURITY = 1 << 2,
  TRUST_GATE_PLATFORM_CONFIGURATION = 1 << 3,
  TRUST_GATE_NETWORK_SECURITY = 1 << 4,
  TRUST_GATE_APPLICATION_EXPOSURE = 1 << 5,
  TRUST_GATE_PRIVACY_CONTROLS = 1 << 6,
  TRUST_GATE_DEVICE_MANAGEMENT = 1 << 7,
  TRUST_GATE_UPDATE_INTEGRITY = 1 << 8,
  TRUST_GATE_SECURITY_MONITORING = 1 << 9,
};

/* A policy that a relying party knows, from its file: what a device says of it must be the same. */
typedef struct trust_policy {
  uint8_t digest[32]; /* SHA-256 of its bytes */
  uint32_t version;
  uint8_t is_lab; /* 0 or 1: whether it is a laboratory's */
} trust_policy;

/* What a relying party asks ("What to ask for" in docs/attestation.md): of gates, those alone that the policy shows this
 * audience, as a gate that is not shown never passes. Posture: 1 non-compliant, 2 indeterminate, 3 at-risk,
 * 4 compliant. Evidence: 1 software, 2 TEE, 3 StrongBox: a struct of zeros is TRUST_BAD_ARGUMENT. Times are in seconds; max_age is at least the audience's ttl. */
typedef struct trust_requirements {
  trust_bytes audience; /* UTF-8 */
  uint16_t gates; /* of enum trust_gate, at least one */
  uint8_t posture;
  uint8_t evidence;
  uint8_t accepts_lab; /* 0 or 1 */
  const trust_policy *policies; /* the policies that it knows */
  size_t policies_length;
  uint64_t max_waivers;
  uint64_t max_age;
  uint64_t skew;
  uint64_t max_revocation_age;
} trust_requirements;

/* What was verified. */
typedef struct trust_posture {
  uint8_t posture; /* as in trust_requirements */
  uint8_t evidence; /* as in trust_requirements: what the enrolment verifier found */
  uint8_t is_lab;
  uint16_t gates_passing; /* bits, of the gates that are shown */
  uint16_t gates_shown;
  uint32_t policy_version;
  uint64_t waivers;
  uint8_t handle[32];
  uint8_t id[16]; /* cti: the attestation's own name, random, for logs */
  uint8_t policy[32]; /* SHA-256 of the policy that judged */
} trust_posture;

/* What a relying party remembers: the challenges that are open, how far each device had come, and which list of
 * revoked handles was the last. */
typedef struct trust_ledger trust_ledger;

/* A ledger of at most so many open challenges in memory, 1 at least; beyond it the oldest are closed. A restart forgets,
 * so that an older state of a device is accepted again. Null for 0. */
trust_ledger *trust_ledger_new(uint32_t most);

/* why, here and below: where a function does not answer 0, what was found and what was expected, in English, for logs,
 * cut to why_length bytes with the null. It may be null.
 *
 * A ledger in a file, which is on the disk before any function answers. is_new: 1 makes the file, which may not exist;
 * 0 opens one that exists; otherwise TRUST_LEDGER. At most so many challenges are open, 1 at least; beyond it the
 * oldest are closed. Several processes may have the same file open, each by a ledger of its own; FILE-lock beside it stays. */
int32_t trust_ledger_open(trust_bytes path, uint8_t is_new, uint32_t most, trust_ledger **ledger, char *why,
                          size_t why_length);

/* Frees either, once; null does nothing. */
void trust_ledger_free(trust_ledger *ledger);

/* Makes a challenge for one audience and writes its nonce: audience is who the relying party is, as in
 * trust_requirements; random is 32 bytes of a cryptographic source, fresh for every challenge;
 * confirmation the COSE key thumbprint of the key that the caller proves; exporter what only this channel's two ends
 * have in common. The same three make the same nonce, and open it again where it was closed: a random that is used
 * twice lets an old answer in. */
int32_t trust_challenge_make(trust_ledger *ledger, trust_bytes audience, const uint8_t random[32], const uint8_t confirmation[32],
                             trust_bytes exporter, uint64_t now, uint8_t nonce[32], char *why, size_t why_length);

/* Closes the challenges that were made before this time; how many, into closed, which may be null. Nothing needs it but
 * room: they are refused as too late in any case. */
int32_t trust_ledger_expire(trust_ledger *ledger, uint64_t before, uint64_t *closed, char *why, size_t why_length);

/* The thumbprint of the key that a token says signed it: a device's credential is found by it. Nothing is verified:
 * neither counts before trust_verify has seen both. 0, or the rule that the token breaks (1 to 5). */
int32_t trust_token_kid(trust_bytes token, uint8_t kid[32]);

/* The COSE key thumbprint (RFC 9679) of a key: what a challenge is made with, and what credentials are found by.
 * TRUST_BAD_ARGUMENT for a key off the curve. */
int32_t trust_key_thumbprint(const trust_key *key, uint8_t thumbprint[32]);

/* Verifies an answer to the challenge with this nonce and confirmation, which are those that it was made with.
 * Who may send credential and list should not be a stranger: a list of megabytes takes milliseconds. verified is written only for 0. */
int32_t trust_verify(trust_ledger *ledger, trust_bytes token, const uint8_t nonce[32],
                     const uint8_t confirmation[32], trust_bytes credential, trust_bytes revoked,
                     const trust_key *issuers, size_t issuers_length, const trust_requirements *requirements,
                     uint64_t now, trust_posture *verified, char *why, size_t why_length);

/* A result in words, for logs: a text that lives as long as the program. What one answer broke, why says. */
const char *trust_words(int32_t result);

#ifdef __cplusplus
}
#endif
#endif
