package android.os;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** frameworks/base/core/java/android/os/ServiceManager.java (hidden). A fake: what a test put there. */
public final class ServiceManager {
  /** Not of Android. */
  public static final Map<String, IBinder> SERVICES = new ConcurrentHashMap<>();

  private ServiceManager() {}

  public static IBinder checkService(String name) {
    return SERVICES.get(name);
  }
}
