/* A call stack's side of it: makes a challenge, verifies the answer, refuses what it must. Run by calls.rs, which
 * writes the files that it reads and names the result that it expects of each. */
#include "trust_token.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *slurp(const char *directory, const char *name, size_t *length) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  FILE *file = fopen(path, "rb");
  if (!file) {
    perror(path);
    exit(9);
  }
  uint8_t *data = malloc(65536);
  *length = fread(data, 1, 65536, file);
  fclose(file);
  return data;
}

static trust_bytes bytes(const char *directory, const char *name) {
  trust_bytes found;
  found.data = slurp(directory, name, &found.length);
  return found;
}

int main(int count, char **arguments) {
  if (count != 3) return 9;
  const char *directory = arguments[1];
  int32_t expected = atoi(arguments[2]);
  trust_bytes token = bytes(directory, "token"), credential = bytes(directory, "credential"),
              revoked = bytes(directory, "revoked"), key = bytes(directory, "issuer"),
              policy = bytes(directory, "policy"), none = {NULL, 0};
  trust_key issuer;
  memcpy(&issuer, key.data, sizeof issuer);
  uint8_t random[32], confirmation[32], nonce[32];
  memset(random, 11, sizeof random);
  memset(confirmation, 2, sizeof confirmation);
  const char *audience = "calls.enigm.example";
  trust_requirements asked = {{(const uint8_t *)audience, strlen(audience)},
                              0x3ff, 3, 1, 0, (const uint8_t(*)[32])policy.data, 1, 0, 120, 60, 86400};
  const uint64_t now = 1793610000;

  trust_ledger *ledger = trust_ledger_new(8);
  trust_posture found;
  if (trust_challenge_make(ledger, random, confirmation, none, now, nonce) != 0) return 8;
  int32_t result = trust_verify(ledger, token, nonce, confirmation, credential, revoked, &issuer, 1, &asked, now + 1,
                                &found);
  printf("%d %s\n", result, trust_words(result));
  if (result != expected) return 1;
  if (result == 0) {
    if (found.posture != 3 || found.gates_passing != 0x3ff || found.evidence != 2) return 2;
    /* The same answer again: its challenge is closed. */
    result = trust_verify(ledger, token, nonce, confirmation, credential, revoked, &issuer, 1, &asked, now + 1, &found);
    if (result != TRUST_CHALLENGE_USED) return 3;
  }
  /* Nulls are arguments like others. */
  if (trust_verify(NULL, token, nonce, confirmation, credential, revoked, &issuer, 1, &asked, now, &found) != -1) return 4;
  if (trust_verify(ledger, token, NULL, confirmation, credential, revoked, &issuer, 1, &asked, now, &found) != -1) return 4;
  if (trust_verify(ledger, token, nonce, confirmation, none, revoked, &issuer, 1, &asked, now, &found) != -2) return 5;
  if (trust_verify(ledger, token, nonce, confirmation, credential, none, &issuer, 1, &asked, now, &found) != -3) return 6;
  if (trust_verify(ledger, token, nonce, confirmation, credential, revoked, NULL, 1, &asked, now, &found) != -1) return 4;
  if (trust_challenge_make(ledger, random, confirmation, none, now, NULL) != -1) return 4;
  trust_ledger_free(ledger);
  trust_ledger_free(NULL);
  return 0;
}
