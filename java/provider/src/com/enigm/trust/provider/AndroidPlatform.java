package com.enigm.trust.provider;

import android.app.AlarmManager;
import android.content.Context;
import android.os.Handler;
import android.os.IBinder;
import android.os.RemoteException;
import android.os.ServiceManager;
import android.os.SystemClock;
import android.util.Log;
import com.enigm.trust.ITrustService;
import java.io.IOException;

/** The platform, on Android. */
final class AndroidPlatform implements Platform {
  private static final String SERVICE = "com.enigm.trust.ITrustService/default";
  private static final String TAG = "trust-provider";

  /** A handler's clock stands still while the device sleeps: what waits longer is an alarm, which wakes nobody. */
  private static final long HANDLER_MILLIS = 60_000;

  private final Context context;
  private final Handler handler;

  AndroidPlatform(Context context, Handler handler) {
    this.context = context;
    this.handler = handler;
  }

  @Override
  public ITrustService daemon() {
    IBinder found = ServiceManager.checkService(SERVICE);
    return found == null ? null : ITrustService.Stub.asInterface(found);
  }

  @Override
  public void onDeath(ITrustService daemon, Runnable died) throws RemoteException {
    daemon.asBinder().linkToDeath(() -> handler.post(died), 0);
  }

  @Override
  public byte[] bootId() throws IOException {
    return BootId.read(BootId.FILE);
  }

  @Override
  public long sinceBootNanos() {
    return SystemClock.elapsedRealtimeNanos();
  }

  @Override
  public void later(long millis, Runnable task) {
    if (millis <= HANDLER_MILLIS) {
      handler.postDelayed(task, millis);
    } else {
      context
          .getSystemService(AlarmManager.class)
          .set(
              AlarmManager.ELAPSED_REALTIME,
              SystemClock.elapsedRealtime() + millis,
              TAG,
              task::run,
              handler);
    }
  }

  @Override
  public void log(String line) {
    Log.w(TAG, line);
  }
}
