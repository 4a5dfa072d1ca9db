package com.enigm.trust;
interface ITrustListener {
  oneway void onPostureChanged(in com.enigm.trust.Change change);
}
