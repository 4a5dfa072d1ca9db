package android.app;

import android.content.Context;
import android.os.Bundle;
import android.view.View;

/** frameworks/base/core/java/android/app/Activity.java */
public class Activity extends Context {
  protected void onCreate(Bundle savedInstanceState) {}

  protected void onStart() {}

  protected void onStop() {}

  protected void onDestroy() {}

  public void setContentView(View view) {
    throw new UnsupportedOperationException("a stub");
  }
}
