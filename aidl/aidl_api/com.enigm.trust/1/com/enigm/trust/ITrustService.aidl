package com.enigm.trust;
interface ITrustService {
  com.enigm.trust.Summary getSummary();
  com.enigm.trust.GateFindings getGate(com.enigm.trust.GateId gate);
  com.enigm.trust.GateWords getWords(com.enigm.trust.GateId gate);
  com.enigm.trust.HistoryEntry[] getHistory(long after, int most);
  com.enigm.trust.Head getHead();
  long evaluate();
  void registerListener(in IBinder listener);
  void unregisterListener(in IBinder listener);
  void reportSignals(in com.enigm.trust.SignalReport report);
  com.enigm.trust.ProviderState[] getProviders();
  com.enigm.trust.Attestation attest(in byte[] nonce, in byte[] confirmation);
  com.enigm.trust.EnrolmentEvidence getEnrolmentEvidence(in byte[] challenge, boolean anew);
  int installPolicy(in byte[] bundle);
  long installRevocations(in byte[] snapshot);
}
