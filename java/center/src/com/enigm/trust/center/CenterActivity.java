package com.enigm.trust.center;

import android.app.Activity;
import android.os.Bundle;
import android.os.Handler;
import android.os.IBinder;
import android.os.Looper;
import android.os.RemoteException;
import android.os.ServiceManager;
import android.util.Log;
import android.view.View;
import android.widget.Button;
import android.widget.LinearLayout;
import android.widget.ScrollView;
import android.widget.TextView;
import com.enigm.trust.Change;
import com.enigm.trust.ITrustListener;
import com.enigm.trust.ITrustService;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;

/** Shows pages, one at a time, and the current one again at every change. What they say is decided by {@link Session}. */
public final class CenterActivity extends Activity {
  private static final String TAG = "trust-center";
  private static final String SERVICE = "com.enigm.trust.ITrustService/default";
  private static final int PADDING = 24;
  private static final long AGAIN_MILLIS = 3000;

  /** A daemon that hangs tells no change. */
  private static final long EVERY_MILLIS = 60_000;

  /** More than the daemon takes to say that it can't tell. */
  private static final long OVERDUE_MILLIS = 20_000;

  private final ExecutorService worker = Executors.newSingleThreadExecutor();
  private final Handler main = new Handler(Looper.getMainLooper());
  private final AtomicBoolean isAsked = new AtomicBoolean();

  /** The daemon tells every change; calls that come together are one. */
  private final ITrustListener.Stub listener =
      new ITrustListener.Stub() {
        @Override
        public void onPostureChanged(Change change) {
          main.post(CenterActivity.this::refresh);
        }
      };

  private LinearLayout page;
  private Session session;
  private volatile boolean isShown;

  /** What the page shows; of the main thread. */
  private Asked asked = Session::overview;

  /** What was answered last, how often was asked, answered and shown; of the main thread. */
  private List<Line> last = List.of();

  private long asks;
  private long answered;
  private long shows;

  /** The daemon that the listener is registered with; of the worker's thread. */
  private IBinder heard;

  private interface Asked {
    List<Line> of(Session session);
  }

  @Override
  protected void onCreate(Bundle state) {
    super.onCreate(state);
    session = new Session(this::daemon, new KeptHead(getSharedPreferences("history", MODE_PRIVATE)));
    page = new LinearLayout(this);
    page.setOrientation(LinearLayout.VERTICAL);
    page.setPadding(PADDING, PADDING, PADDING, PADDING);
    ScrollView scrolls = new ScrollView(this);
    scrolls.addView(page);
    setContentView(scrolls);
  }

  @Override
  protected void onStart() {
    super.onStart();
    isShown = true;
    refresh();
  }

  @Override
  protected void onStop() {
    isShown = false;
    worker.execute(this::unlisten);
    super.onStop();
  }

  @Override
  protected void onDestroy() {
    worker.shutdown();
    super.onDestroy();
  }

  /** Listens first and asks then, so that no change is missed. */
  private ITrustService daemon() {
    IBinder found = ServiceManager.checkService(SERVICE);
    ITrustService service = ITrustService.Stub.asInterface(found);
    if (found != null && !found.equals(heard)) {
      try {
        found.linkToDeath(() -> main.post(this::refresh), 0);
        service.registerListener(listener);
        heard = found;
      } catch (RemoteException | RuntimeException refused) {
        // The page says why nothing can be asked; it is asked again after a while.
        Log.w(TAG, "not told of changes: " + refused);
      }
    }
    return service;
  }

  private void unlisten() {
    IBinder before = heard;
    heard = null;
    try {
      if (before != null) {
        ITrustService.Stub.asInterface(before).unregisterListener(listener);
      }
    } catch (RemoteException | RuntimeException gone) {
      Log.w(TAG, "not unregistered: " + gone);
    }
  }

  private void refresh() {
    if (isShown && isAsked.compareAndSet(false, true)) {
      Asked now = asked;
      long ask = ++asks;
      main.postDelayed(() -> overdue(ask), OVERDUE_MILLIS);
      worker.execute(
          () -> {
            isAsked.set(false);
            List<Line> lines = now.of(session);
            boolean isListening = heard != null;
            main.post(() -> show(now, ask, lines, isListening));
          });
    }
  }

  private void go(Asked to) {
    asked = to;
    refresh();
  }

  /** Nothing that was shown before stays as if it held. */
  private void overdue(long ask) {
    if (isShown && answered < ask) {
      draw(Session.overdue(last));
    }
  }

  private void show(Asked shown, long ask, List<Line> lines, boolean isListening) {
    answered = ask;
    if (shown != asked) {
      refresh(); // another page was asked for meanwhile
      return;
    }
    last = lines;
    draw(lines);
    long show = ++shows;
    main.postDelayed(
        () -> {
          if (show == shows) {
            refresh();
          }
        },
        isListening ? EVERY_MILLIS : AGAIN_MILLIS);
  }

  private void draw(List<Line> lines) {
    page.removeAllViews();
    for (Line line : lines) {
      TextView view = line.action == Line.Action.NONE ? new TextView(this) : button(line);
      view.setText(line.text);
      view.setTextColor(color(line.tone));
      view.setTextSize(line.tone == Line.Tone.TITLE ? 20 : 16);
      page.addView(view);
    }
  }

  private Button button(Line line) {
    Button button = new Button(this);
    View.OnClickListener leads;
    switch (line.action) {
      case GATE:
        leads = view -> go(session -> session.gate(line.gate));
        break;
      case HISTORY:
        leads = view -> go(Session::history);
        break;
      case ACCEPT_HISTORY:
        leads =
            view -> {
              // Once: the next refresh shows the history, and takes nothing more.
              worker.execute(session::acceptHistory);
              go(Session::history);
            };
        break;
      default:
        leads = view -> go(Session::overview);
    }
    button.setOnClickListener(leads);
    button.setFilterTouchesWhenObscured(true); // what another app draws over it lends it no words
    return button;
  }

  /** Dark enough to be read on white; words say the same as the colour. */
  private static int color(Line.Tone tone) {
    switch (tone) {
      case GOOD:
        return 0xff1b5e20;
      case UNSURE:
        return 0xff8a5000;
      case BAD:
        return 0xffb00020;
      default:
        return 0xff202020;
    }
  }
}
