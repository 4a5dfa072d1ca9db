package com.enigm.trust.token;

/** An attestation, or what it is judged against, was refused. Nothing was verified. */
public final class PostureRefusedException extends Exception {
  private static final long serialVersionUID = 1;

  private final Refusal refusal;

  PostureRefusedException(Refusal refusal) {
    super(refusal.words());
    this.refusal = refusal;
  }

  /** The rule that was broken first. */
  public Refusal refusal() {
    return refusal;
  }
}
