package android.widget;

import android.content.Context;
import android.view.ViewGroup;

/** frameworks/base/core/java/android/widget/ScrollView.java */
public class ScrollView extends ViewGroup {
  public ScrollView(Context context) {
    super(context);
  }
}
