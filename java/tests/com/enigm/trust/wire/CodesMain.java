package com.enigm.trust.wire;

import com.enigm.trust.ITrustListener;
import com.enigm.trust.ITrustService;
import java.lang.reflect.Field;

/** Prints every transaction code: "NAME CODE". */
public final class CodesMain {
  private static final String PREFIX = "TRANSACTION_";

  private CodesMain() {}

  public static void main(String[] arguments) throws Exception {
    for (Class<?> stub : new Class<?>[] {ITrustService.Stub.class, ITrustListener.Stub.class}) {
      for (Field field : stub.getDeclaredFields()) {
        if (field.getName().startsWith(PREFIX)) {
          field.setAccessible(true);
          System.out.println(field.getName().substring(PREFIX.length()) + " " + field.getInt(null));
        }
      }
    }
  }
}
