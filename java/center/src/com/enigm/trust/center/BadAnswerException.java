package com.enigm.trust.center;

/** What the daemon said makes no sense. */
final class BadAnswerException extends Exception {
  private static final long serialVersionUID = 1;

  BadAnswerException(String message) {
    super(message);
  }

  /** What was said, which must be something. */
  static <T> T need(T said, String what) throws BadAnswerException {
    if (said == null) {
      throw new BadAnswerException(what + " is lacking");
    }
    return said;
  }
}
