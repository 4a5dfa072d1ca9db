package com.enigm.trust.token;

/** An attestation, or what it is judged against, was refused. Nothing was verified. */
public final class PostureRefusedException extends Exception {
  private static final long serialVersionUID = 1;

  private final Refusal refusal;

  PostureRefusedException(Refusal refusal, String detail) {
    super(detail == null ? refusal.words() : detail);
    this.refusal = refusal;
  }

  /** The rule that was broken first. */
  public Refusal refusal() {
    return refusal;
  }

  /** What was found and what was expected, in English, for logs: "gate: runtime-security is unknown, expected pass". */
  public String detail() {
    return getMessage();
  }
}
