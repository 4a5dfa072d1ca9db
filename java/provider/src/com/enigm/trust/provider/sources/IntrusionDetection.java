package com.enigm.trust.provider.sources;

import android.content.Context;
import android.security.intrusiondetection.IntrusionDetectionManager;
import com.enigm.trust.provider.Reader;
import com.enigm.trust.provider.Reading;
import com.enigm.trust.provider.Signal;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The state of Android's intrusion logging (Android 16), which is told at once to whoever listens. */
public final class IntrusionDetection implements Reader {
  private static final List<String> STATES = Signal.INTRUSION_DETECTION.words;

  private final Context context;
  private volatile Integer state;

  public IntrusionDetection(Context context) {
    this.context = context;
  }

  @Override
  public Set<Signal> signals() {
    return Set.of(Signal.INTRUSION_DETECTION);
  }

  @Override
  public Map<Signal, Reading> read() {
    Integer told = state;
    Reading reading;
    if (told == null) {
      // Names what lacks where nothing ever will be told.
      Services.need(context, IntrusionDetectionManager.class);
      reading = Reading.missing("the service has not said its state yet");
    } else if (told < 0 || told >= STATES.size()) {
      reading = Reading.missing("the service has the unknown state " + told);
    } else {
      reading = Reading.word(STATES.get(told));
    }
    return Map.of(Signal.INTRUSION_DETECTION, reading);
  }

  @Override
  public void watch(Runnable changed) {
    Services.need(context, IntrusionDetectionManager.class)
        .addStateCallback(
            Runnable::run,
            told -> {
              state = told;
              changed.run();
            });
  }
}
