package com.enigm.trust.center;

import com.enigm.trust.Head;
import com.enigm.trust.ITrustService;
import com.enigm.trust.wire.PipeBinder;
import java.util.List;

/** Prints pages of the daemon behind the pipe: each argument is "overview", "history" or a gate's number. */
public final class PageMain {
  private PageMain() {}

  public static void main(String[] arguments) {
    ITrustService daemon = ITrustService.Stub.asInterface(new PipeBinder());
    Session.Keeper forgets =
        new Session.Keeper() {
          @Override
          public Head kept() {
            return null;
          }

          @Override
          public void keep(Head head) {}
        };
    Session session = new Session(() -> daemon, forgets);
    for (String page : arguments) {
      List<Line> lines;
      if (page.equals("overview")) {
        lines = session.overview();
      } else if (page.equals("history")) {
        lines = session.history();
      } else {
        lines = session.gate(Integer.parseInt(page));
      }
      lines.forEach(line -> System.out.println("line " + line));
    }
  }
}
