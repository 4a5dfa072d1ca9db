package com.enigm.trust.provider.sources;

import android.content.BroadcastReceiver;
import android.content.Context;
import android.content.Intent;
import android.content.IntentFilter;

/** What the sources need of Android in the same way. */
final class Services {
  private Services() {}

  /** The service of this class. A source without its service can't be read. */
  static <T> T need(Context context, Class<T> service) {
    T found = context.getSystemService(service);
    if (found == null) {
      throw new IllegalStateException("this device has no " + service.getSimpleName());
    }
    return found;
  }

  /** Has this run at each of these broadcasts, all of which the system alone can send. */
  static void onBroadcast(Context context, Runnable changed, IntentFilter filter) {
    BroadcastReceiver receiver =
        new BroadcastReceiver() {
          @Override
          public void onReceive(Context receiving, Intent intent) {
            changed.run();
          }
        };
    context.registerReceiver(receiver, filter, Context.RECEIVER_NOT_EXPORTED);
  }

  static IntentFilter filter(String... actions) {
    IntentFilter filter = new IntentFilter();
    for (String action : actions) {
      filter.addAction(action);
    }
    return filter;
  }
}
