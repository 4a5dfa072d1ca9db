package com.enigm.trust.wire;

import android.os.IBinder;
import android.os.IInterface;
import android.os.Parcel;
import android.os.RemoteException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/**
 * An object on the other side of standard input and output: a call is a line "CODE HEX", its reply a line "HEX", or "!"
 * where the call does not come through. The bytes are a parcel's, after the interface's token.
 */
public final class PipeBinder implements IBinder {
  private final BufferedReader replies =
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));

  @Override
  public IInterface queryLocalInterface(String descriptor) {
    return null;
  }

  @Override
  public boolean transact(int code, Parcel data, Parcel reply, int flags) throws RemoteException {
    StringBuilder hex = new StringBuilder();
    for (byte one : data.arguments()) {
      hex.append(String.format("%02x", one));
    }
    System.out.println("call " + code + " " + hex);
    System.out.flush();
    String line;
    try {
      line = replies.readLine();
    } catch (IOException broken) {
      throw new RemoteException(broken.toString());
    }
    if (line == null || line.equals("!")) {
      throw new RemoteException("the call did not come through");
    }
    byte[] bytes = new byte[line.length() / 2];
    for (int at = 0; at < bytes.length; at++) {
      bytes[at] = (byte) Integer.parseInt(line.substring(2 * at, 2 * at + 2), 16);
    }
    reply.replace(bytes);
    return true;
  }

  @Override
  public void linkToDeath(DeathRecipient recipient, int flags) {}

  @Override
  public boolean unlinkToDeath(DeathRecipient recipient, int flags) {
    return true;
  }
}
