package com.enigm.trust.provider.sources;

import android.provider.DeviceConfig;
import com.enigm.trust.provider.Reader;
import com.enigm.trust.provider.Reading;
import com.enigm.trust.provider.Signal;
import java.util.Map;
import java.util.Set;

/** Whether use of camera and microphone is shown. Absent where nothing overrides the default, which is yes. */
public final class Indicators implements Reader {
  // frameworks/base/packages/SystemUI: PrivacyItemController, by SystemUiDeviceConfigFlags.PROPERTY_MIC_CAMERA_ENABLED.
  private static final String PROPERTY = "camera_mic_icons_enabled";

  @Override
  public Set<Signal> signals() {
    return Set.of(Signal.INDICATORS);
  }

  @Override
  public Map<Signal, Reading> read() {
    String value = DeviceConfig.getProperty(DeviceConfig.NAMESPACE_PRIVACY, PROPERTY);
    Reading reading;
    if (value == null) {
      reading = Reading.absent();
    } else if (value.equals("true") || value.equals("false")) {
      reading = Reading.of(value.equals("true"));
    } else {
      reading = Reading.missing(PROPERTY + " is neither true nor false");
    }
    return Map.of(Signal.INDICATORS, reading);
  }

  @Override
  public void watch(Runnable changed) {
    DeviceConfig.addOnPropertiesChangedListener(
        DeviceConfig.NAMESPACE_PRIVACY, Runnable::run, properties -> changed.run());
  }
}
