package android.hardware;

/** frameworks/base/core/java/android/hardware/SensorPrivacyManager.java (final there) */
public class SensorPrivacyManager {
  public static final int TOGGLE_TYPE_SOFTWARE = 1;
  public static final int TOGGLE_TYPE_HARDWARE = 2;

  public boolean supportsSensorToggle(int toggleType, int sensor) {
    throw new UnsupportedOperationException("a stub");
  }

  /** System API since 35: a StateTypes. */
  public int getSensorPrivacyState(int toggleType, int sensor) {
    throw new UnsupportedOperationException("a stub");
  }

  /** Hidden: the developers' tile that switches all sensors off. */
  public boolean isAllSensorPrivacyEnabled() {
    throw new UnsupportedOperationException("a stub");
  }

  public void addSensorPrivacyListener(OnSensorPrivacyChangedListener listener) {
    throw new UnsupportedOperationException("a stub");
  }

  /** Hidden. */
  public void addAllSensorPrivacyListener(OnAllSensorPrivacyChangedListener listener) {
    throw new UnsupportedOperationException("a stub");
  }

  /** Which sensor. */
  public static class Sensors {
    public static final int MICROPHONE = 1;
    public static final int CAMERA = 2;
  }

  /** In which state a switch is. */
  public static class StateTypes {
    public static final int ENABLED = 1;
    public static final int DISABLED = 2;
    public static final int ENABLED_EXCEPT_ALLOWLISTED_APPS = 3;
  }

  /** Told of a switch that changed. */
  public interface OnSensorPrivacyChangedListener {
    void onSensorPrivacyChanged(int sensor, boolean enabled);
  }

  /** Hidden: told of the developers' tile. */
  public interface OnAllSensorPrivacyChangedListener {
    void onAllSensorPrivacyChanged(boolean enabled);
  }
}
