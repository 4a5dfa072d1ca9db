/* A relying party in C: makes a challenge, verifies the answer, refuses what it must. Each argument is a folder with a
 * vector, laid out by vectors.rs; a line of output each, "RESULT FOLDER". */
#include "trust_token.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[4096];

static trust_bytes bytes(const char *folder, const char *name) {
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "rb");
  if (!file) {
    perror(path);
    exit(9);
  }
  uint8_t *data = malloc(1 << 22);
  trust_bytes found = {data, fread(data, 1, 1 << 22, file)};
  fclose(file);
  return found;
}

static int32_t run(const char *folder, int twice) {
  trust_bytes token = bytes(folder, "token"), credential = bytes(folder, "credential"),
              revoked = bytes(folder, "revoked"), issuers = bytes(folder, "issuers"),
              policies = bytes(folder, "policies"), random = bytes(folder, "random"),
              confirmation = bytes(folder, "confirmation"), exporter = bytes(folder, "exporter"),
              nonce = bytes(folder, "nonce"), numbers = bytes(folder, "numbers");
  ((uint8_t *)numbers.data)[numbers.length] = 0;
  uint64_t n[11];
  char *at = (char *)numbers.data;
  for (int i = 0; i < 11; i++) n[i] = strtoull(at, &at, 10);
  /* Rows of 37: digest, version (big-endian), laboratory. */
  trust_policy known[8];
  for (size_t i = 0; i < policies.length / 37; i++) {
    const uint8_t *row = policies.data + 37 * i;
    memcpy(known[i].digest, row, 32);
    known[i].version = (uint32_t)row[32] << 24 | (uint32_t)row[33] << 16 | (uint32_t)row[34] << 8 | row[35];
    known[i].is_lab = row[36];
  }
  trust_requirements asked = {bytes(folder, "audience"), (uint16_t)n[0], (uint8_t)n[1], (uint8_t)n[2], (uint8_t)n[3],
                              known, policies.length / 37, n[4], n[5], n[6], n[7]};

  trust_ledger *ledger = NULL;
  char why[256];
  snprintf(path, sizeof path, "%s/ledger", folder);
  trust_bytes file = {(const uint8_t *)path, strlen(path)};
  if (trust_ledger_open(file, 0, 8, &ledger, why, sizeof why) != 0) {
    fprintf(stderr, "%s\n", why);
    exit(8);
  }
  uint8_t made[32];
  if (n[10]) {
    if (trust_challenge_make(ledger, bytes(folder, "opened_for"), random.data, confirmation.data, exporter, n[8], made, why, sizeof why) != 0) exit(7);
    if (memcmp(made, nonce.data, 32) != 0) exit(6);
  }
  trust_posture found;
  memset(&found, 0xa5, sizeof found);
  int32_t result = trust_verify(ledger, token, nonce.data, confirmation.data, credential, revoked,
                                (const trust_key *)issuers.data, issuers.length / 64, &asked, n[9], &found, why, sizeof why);
  if (result == 0 && twice) {
    if (found.gates_passing != (n[0] & found.gates_shown)) exit(5);
    /* The same answer again: its challenge is closed. */
    if (trust_verify(ledger, token, nonce.data, confirmation.data, credential, revoked,
                     (const trust_key *)issuers.data, issuers.length / 64, &asked, n[9], &found, NULL, 0) !=
        TRUST_CHALLENGE_USED)
      exit(4);
  }
  if (result > 0 && result < 100 && result != TRUST_CREDENTIAL_EXPIRED) {
    /* "gate: runtime-security is unknown, expected pass" begins with the rule's name, as its words do. */
    const char *words = trust_words(result);
    if (strncmp(words, why, strcspn(words, ":")) != 0) exit(2);
  }
  if (result == 0) {
    uint8_t kid[32];
    if (memcmp(found.policy, policies.data, 32) != 0 || found.policy_version == 0) exit(10);
    if (trust_token_kid(token, kid) != 0 || trust_token_kid(credential, kid) != TRUST_TYPE) exit(11);
  }
  if (result != 0 && found.posture != 0xa5) exit(3); /* written for 0 alone */
  trust_ledger_free(ledger);
  return result;
}

/* Nulls and numbers out of range are arguments like others. */
static int arguments(const char *folder) {
  trust_bytes none = {NULL, 0}, absent = {(const uint8_t *)"/absent/ledger", 14};
  trust_ledger *ledger = (trust_ledger *)path;
  uint8_t nonce[32] = {0};
  trust_posture found;
  char why[12];
  if (trust_ledger_open(none, 0, 1, &ledger, why, sizeof why) != TRUST_BAD_ARGUMENT || ledger) return 1;
  if (trust_ledger_open(absent, 2, 1, &ledger, why, sizeof why) != TRUST_BAD_ARGUMENT) return 2;
  if (trust_ledger_open(absent, 0, 1, NULL, why, sizeof why) != TRUST_BAD_ARGUMENT) return 3;
  if (trust_ledger_open(absent, 0, 1, &ledger, why, sizeof why) != TRUST_LEDGER || ledger) return 4;
  if (strcmp(why, "/absent/led") != 0) return 5;
  if (trust_ledger_open(absent, 1, 1, &ledger, NULL, 0) != TRUST_LEDGER) return 6;
  ledger = trust_ledger_new(8);
  trust_bytes token = bytes(folder, "token"), credential = bytes(folder, "credential"),
              revoked = bytes(folder, "revoked"), issuers = bytes(folder, "issuers");
  const trust_key *key = (const trust_key *)issuers.data;
  trust_requirements asked = {bytes(folder, "audience"), TRUST_GATE_BOOT_INTEGRITY | TRUST_GATE_SECURITY_MONITORING, 4, 2, 0, NULL, 0, 0, 120, 60, 86400};
  trust_requirements odd[12] = {asked, asked, asked, asked, asked, asked, asked, asked, asked, asked};
  trust_policy no_number = {{0}, 1, 2};
  odd[0].gates = 0x400;
  odd[1].posture = 5;
  odd[2].evidence = 4;
  odd[3].accepts_lab = 2;
  odd[4].policies_length = 1;
  odd[5].audience.data = (const uint8_t *)"\xff";
  odd[5].audience.length = 1;
  odd[6].gates = 0;
  odd[7].posture = 0;
  odd[8].evidence = 0;
  odd[9].policies = &no_number;
  odd[9].policies_length = 1;
  odd[10].policies = (const trust_policy *)((const uint8_t *)&no_number + 1);
  odd[10].policies_length = 1;
  /* odd[11] is all zeros. */
  for (int i = 0; i < 12; i++)
    if (trust_verify(ledger, token, nonce, nonce, credential, revoked, key, 1, &odd[i], 0, &found, NULL, 0) != TRUST_BAD_ARGUMENT)
      return 50 + i;
  const trust_requirements *off_by_one = (const trust_requirements *)((const uint8_t *)&odd + 1);
  if (trust_verify(ledger, token, nonce, nonce, credential, revoked, key, 1, off_by_one, 0, &found, NULL, 0) != TRUST_BAD_ARGUMENT) return 70;
  if (trust_verify(NULL, token, nonce, nonce, credential, revoked, key, 1, &asked, 0, &found, NULL, 0) != TRUST_BAD_ARGUMENT) return 20;
  if (trust_verify(ledger, token, NULL, nonce, credential, revoked, key, 1, &asked, 0, &found, NULL, 0) != TRUST_BAD_ARGUMENT) return 21;
  if (trust_verify(ledger, token, nonce, NULL, credential, revoked, key, 1, &asked, 0, &found, NULL, 0) != TRUST_BAD_ARGUMENT) return 22;
  if (trust_verify(ledger, token, nonce, nonce, credential, revoked, NULL, 1, &asked, 0, &found, NULL, 0) != TRUST_BAD_ARGUMENT) return 23;
  if (trust_verify(ledger, token, nonce, nonce, credential, revoked, key, 1, NULL, 0, &found, NULL, 0) != TRUST_BAD_ARGUMENT) return 24;
  if (trust_verify(ledger, token, nonce, nonce, credential, revoked, key, 1, &asked, 0, NULL, NULL, 0) != TRUST_BAD_ARGUMENT) return 25;
  token.length = SIZE_MAX;
  if (trust_verify(ledger, token, nonce, nonce, credential, revoked, key, 1, &asked, 0, &found, NULL, 0) != TRUST_BAD_ARGUMENT) return 26;
  if (trust_challenge_make(ledger, none, nonce, nonce, none, 0, NULL, NULL, 0) != TRUST_BAD_ARGUMENT) return 27;
  if (trust_challenge_make(ledger, none, NULL, nonce, none, 0, nonce, NULL, 0) != TRUST_BAD_ARGUMENT) return 28;
  trust_key off = {{1}, {1}}, device = *key;
  uint8_t kid[32], thumbprint[32];
  if (trust_verify(ledger, credential, nonce, nonce, credential, revoked, &off, 1, &asked, 0, &found, why, sizeof why) !=
          TRUST_BAD_ARGUMENT ||
      strcmp(why, "issuers: a ") != 0)
    return 30;
  if (trust_key_thumbprint(&off, thumbprint) != TRUST_BAD_ARGUMENT) return 31;
  if (trust_key_thumbprint(NULL, thumbprint) != TRUST_BAD_ARGUMENT) return 32;
  if (trust_key_thumbprint(&device, NULL) != TRUST_BAD_ARGUMENT) return 33;
  if (trust_key_thumbprint(&device, thumbprint) != 0) return 34;
  token = bytes(folder, "token");
  /* The credential names the enrolment verifier, and is no token. */
  if (trust_token_kid(credential, kid) != TRUST_TYPE || trust_token_kid(none, kid) != TRUST_MALFORMED_ENVELOPE) return 35;
  if (trust_token_kid(token, NULL) != TRUST_BAD_ARGUMENT) return 36;
  if (trust_token_kid(token, kid) != 0 || memcmp(kid, thumbprint, 32) == 0) return 37;
  if (trust_ledger_new(0)) return 38;
  trust_ledger *never = NULL;
  if (trust_ledger_open(absent, 0, 0, &never, why, sizeof why) != TRUST_BAD_ARGUMENT || never) return 39;
  if (strcmp(trust_words(-1), "an argument is null or out of range") != 0) return 40;
  if (strcmp(trust_words(12345), "no result of this library") != 0) return 29;
  /* A token that is none is refused before a credential that is none is looked at. */
  if (trust_verify(ledger, none, nonce, nonce, none, none, key, 1, &asked, 0, &found, NULL, 0) != TRUST_MALFORMED_ENVELOPE) return 71;
  if (trust_verify(ledger, token, nonce, nonce, none, none, key, 1, &asked, 0, &found, NULL, 0) != TRUST_CREDENTIAL_MALFORMED) return 72;
  uint64_t closed = 9;
  if (trust_challenge_make(ledger, none, nonce, nonce, none, 5, kid, NULL, 0) != 0) return 73;
  if (trust_ledger_expire(ledger, 5, &closed, NULL, 0) != 0 || closed != 0) return 74;
  if (trust_ledger_expire(ledger, 6, NULL, NULL, 0) != 0) return 75;
  if (trust_ledger_expire(ledger, 6, &closed, NULL, 0) != 0 || closed != 0) return 76;
  if (trust_ledger_expire(NULL, 6, &closed, NULL, 0) != TRUST_BAD_ARGUMENT) return 77;
  /* After fork() each of the two would close the same challenge. */
  char own[4096];
  snprintf(own, sizeof own, "%s/ledger", folder);
  trust_ledger *file = NULL;
  if (trust_ledger_open((trust_bytes){(const uint8_t *)own, strlen(own)}, 0, 8, &file, NULL, 0) != 0) return 78;
  pid_t child = fork();
  if (child == 0)
    _exit(trust_challenge_make(ledger, none, nonce, nonce, none, 5, kid, NULL, 0) == TRUST_INTERNAL &&
          trust_ledger_expire(ledger, 6, &closed, NULL, 0) == TRUST_INTERNAL &&
          trust_challenge_make(file, none, nonce, nonce, none, 5, kid, NULL, 0) == TRUST_INTERNAL ? 0 : 1);
  int status = 1;
  if (waitpid(child, &status, 0) != child || status != 0) return 79;
  trust_ledger_free(file);
  trust_ledger_free(ledger);
  trust_ledger_free(NULL);
  return 0;
}

int main(int count, char **folders) {
  for (int i = 1; i < count; i++) printf("%" PRId32 " %s\n", run(folders[i], 1), folders[i]);
  return count < 2 ? 9 : arguments(folders[1]);
}
