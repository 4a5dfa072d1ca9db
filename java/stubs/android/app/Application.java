package android.app;

import android.content.Context;

/** frameworks/base/core/java/android/app/Application.java */
public class Application extends Context {
  public void onCreate() {}
}
