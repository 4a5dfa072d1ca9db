package com.enigm.trust.provider.sources;

import android.os.IBinder;
import android.os.RemoteException;
import android.os.ServiceManager;
import android.os.UpdateEngine;
import android.os.UpdateEngineCallback;
import com.enigm.trust.provider.Reader;
import com.enigm.trust.provider.Reading;
import com.enigm.trust.provider.Signal;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * What the update engine does, and how the last payload ended. The engine tells both to whoever is bound, its status at
 * once. That no payload was applied is known only if this was bound before the device had started, when no updater runs,
 * and the engine has not ended since.
 */
public final class Updates implements Reader {
  // frameworks/base/core/java/android/os/UpdateEngine.java: UPDATE_ENGINE_SERVICE
  private static final String SERVICE = "android.os.UpdateEngineService";

  // system/update_engine/client_library/include/update_engine/update_status.h, in its order
  private static final List<String> STATUS = Signal.ENGINE_STATUS.words;

  private final Supplier<UpdateEngine> engines;
  private final Supplier<Boolean> hasStarted;
  private Runnable changed = () -> {};
  private boolean isBound;
  private boolean sawAll;
  private Integer status;
  private Integer error;

  /** The engine may throw when it is made; whether the device has started, as sys.boot_completed says. */
  public Updates(Supplier<UpdateEngine> engines, Supplier<Boolean> hasStarted) {
    this.engines = engines;
    this.hasStarted = hasStarted;
  }

  @Override
  public Set<Signal> signals() {
    return Set.of(Signal.ENGINE_STATUS, Signal.PAYLOAD_ERROR);
  }

  @Override
  public synchronized Map<Signal, Reading> read() throws RemoteException {
    if (!isBound) {
      bind();
    }
    return Map.of(Signal.ENGINE_STATUS, status(), Signal.PAYLOAD_ERROR, error());
  }

  private Reading status() {
    if (status == null) {
      return Reading.missing("the update engine has not said its status yet");
    }
    return status >= 0 && status < STATUS.size()
        ? Reading.word(STATUS.get(status))
        : Reading.missing("the update engine has the unknown status " + status);
  }

  private Reading error() {
    if (error != null) {
      return Reading.of(error);
    }
    return sawAll ? Reading.absent() : Reading.missing("a payload may have been applied before this listened");
  }

  @Override
  public synchronized void watch(Runnable changed) {
    this.changed = changed;
  }

  private void bind() throws RemoteException {
    IBinder service = ServiceManager.checkService(SERVICE);
    if (service == null) {
      throw new RemoteException("there is no service " + SERVICE);
    }
    boolean early = !hasStarted.get();
    service.linkToDeath(this::ended, 0);
    UpdateEngineCallback callback =
        new UpdateEngineCallback() {
          @Override
          public void onStatusUpdate(int now, float percent) {
            heard(now, null);
          }

          @Override
          public void onPayloadApplicationComplete(int code) {
            heard(null, code);
          }
        };
    if (!engines.get().bind(callback, null)) {
      throw new RemoteException("the update engine refuses listeners");
    }
    isBound = true;
    sawAll = early;
  }

  private void heard(Integer newStatus, Integer newError) {
    Runnable tell;
    synchronized (this) {
      // Progress of a download is a status again and again.
      boolean isNew = newError != null || !newStatus.equals(status);
      status = newStatus != null ? newStatus : status;
      error = newError != null ? newError : error;
      tell = isNew ? changed : () -> {};
    }
    tell.run();
  }

  private void ended() {
    Runnable tell;
    synchronized (this) {
      isBound = false;
      sawAll = false;
      status = null;
      error = null;
      tell = changed;
    }
    tell.run();
  }
}
