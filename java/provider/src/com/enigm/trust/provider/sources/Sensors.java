package com.enigm.trust.provider.sources;

import android.content.Context;
import android.hardware.SensorPrivacyManager;
import android.hardware.SensorPrivacyManager.StateTypes;
import com.enigm.trust.provider.Reader;
import com.enigm.trust.provider.Reading;
import com.enigm.trust.provider.Signal;
import java.util.Map;
import java.util.Set;

/** The switches of microphone and camera, software and hardware taken together, and the tile for all sensors. */
public final class Sensors implements Reader {
  private static final int[] KINDS = {
    SensorPrivacyManager.TOGGLE_TYPE_SOFTWARE, SensorPrivacyManager.TOGGLE_TYPE_HARDWARE
  };

  private final Context context;

  public Sensors(Context context) {
    this.context = context;
  }

  @Override
  public Set<Signal> signals() {
    return Set.of(
        Signal.MIC_TOGGLE, Signal.CAMERA_TOGGLE, Signal.MIC_SWITCH, Signal.CAMERA_SWITCH, Signal.ALL_SENSORS_OFF);
  }

  @Override
  public Map<Signal, Reading> read() {
    SensorPrivacyManager manager = Services.need(context, SensorPrivacyManager.class);
    int microphone = SensorPrivacyManager.Sensors.MICROPHONE;
    int camera = SensorPrivacyManager.Sensors.CAMERA;
    return Map.of(
        Signal.MIC_TOGGLE, toggle(manager, microphone),
        Signal.CAMERA_TOGGLE, toggle(manager, camera),
        Signal.MIC_SWITCH, position(manager, microphone),
        Signal.CAMERA_SWITCH, position(manager, camera),
        Signal.ALL_SENSORS_OFF, Reading.of(manager.isAllSensorPrivacyEnabled()));
  }

  private static Reading toggle(SensorPrivacyManager manager, int sensor) {
    boolean any = false;
    for (int kind : KINDS) {
      any |= manager.supportsSensorToggle(kind, sensor);
    }
    return Reading.of(any);
  }

  /** Whoever blocks more decides. */
  private static Reading position(SensorPrivacyManager manager, int sensor) {
    String position = "usable";
    for (int kind : KINDS) {
      if (!manager.supportsSensorToggle(kind, sensor)) {
        continue;
      }
      int state = manager.getSensorPrivacyState(kind, sensor);
      if (state == StateTypes.ENABLED) {
        return Reading.word("blocked");
      } else if (state == StateTypes.ENABLED_EXCEPT_ALLOWLISTED_APPS) {
        position = "blocked-except-allowlisted";
      } else if (state != StateTypes.DISABLED) {
        return Reading.missing("a switch in the unknown state " + state);
      }
    }
    return Reading.word(position);
  }

  @Override
  public void watch(Runnable changed) {
    SensorPrivacyManager manager = Services.need(context, SensorPrivacyManager.class);
    manager.addSensorPrivacyListener((sensor, on) -> changed.run());
    manager.addAllSensorPrivacyListener(on -> changed.run());
  }
}
