package com.enigm.trust.provider;

/** Prints what is reported, "ID TYPE WORDS", and what is not, "- ID REASON". */
public final class SignalsMain {
  private SignalsMain() {}

  public static void main(String[] arguments) {
    for (Signal signal : Signal.values()) {
      System.out.println(signal.id + " " + signal.type + " " + String.join(",", signal.words));
    }
    NotReported.REASONS.forEach((id, reason) -> System.out.println("- " + id + " " + reason));
  }
}
