package com.enigm.trust.provider.sources;

import android.accessibilityservice.AccessibilityServiceInfo;
import android.content.Context;
import android.view.accessibility.AccessibilityManager;
import com.enigm.trust.provider.Reader;
import com.enigm.trust.provider.Reading;
import com.enigm.trust.provider.Signal;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The packages of the accessibility services that run. */
public final class Accessibility implements Reader {
  private final Context context;

  public Accessibility(Context context) {
    this.context = context;
  }

  @Override
  public Set<Signal> signals() {
    return Set.of(Signal.ACCESSIBILITY);
  }

  @Override
  public Map<Signal, Reading> read() {
    AccessibilityManager manager = Services.need(context, AccessibilityManager.class);
    Set<String> packages = new TreeSet<>();
    for (AccessibilityServiceInfo service :
        manager.getEnabledAccessibilityServiceList(AccessibilityServiceInfo.FEEDBACK_ALL_MASK)) {
      packages.add(service.getResolveInfo().serviceInfo.packageName);
    }
    return Map.of(Signal.ACCESSIBILITY, Reading.names(packages));
  }

  @Override
  public void watch(Runnable changed) {
    Services.need(context, AccessibilityManager.class)
        .addAccessibilityServicesStateChangeListener(Runnable::run, manager -> changed.run());
  }
}
