package android.provider;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/** packages/modules/ConfigInfrastructure/framework/java/android/provider/DeviceConfig.java. A fake that a test fills. */
public final class DeviceConfig {
  public static final String NAMESPACE_PRIVACY = "privacy";
  /** Not of Android. */
  public static final Map<String, String> PROPERTIES = new ConcurrentHashMap<>();

  private DeviceConfig() {}

  /** Null where nothing sets it. */
  public static String getProperty(String namespace, String name) {
    return PROPERTIES.get(namespace + "/" + name);
  }

  public static void addOnPropertiesChangedListener(
      String namespace, Executor executor, OnPropertiesChangedListener listener) {}

  /** What changed. */
  public static class Properties {}

  /** Told of a property that changed. */
  public interface OnPropertiesChangedListener {
    void onPropertiesChanged(Properties properties);
  }
}
