package android.widget;

import android.content.Context;
import android.view.View;

/** frameworks/base/core/java/android/widget/TextView.java */
public class TextView extends View {
  public TextView(Context context) {
    super(context);
  }

  public final void setText(CharSequence text) {
    throw new UnsupportedOperationException("a stub");
  }

  public void setTextColor(int color) {
    throw new UnsupportedOperationException("a stub");
  }

  public void setTextSize(float size) {
    throw new UnsupportedOperationException("a stub");
  }
}
