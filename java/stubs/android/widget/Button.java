package android.widget;

import android.content.Context;

/** frameworks/base/core/java/android/widget/Button.java */
public class Button extends TextView {
  public Button(Context context) {
    super(context);
  }
}
