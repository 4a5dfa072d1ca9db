package com.enigm.trust;

import com.enigm.trust.Attestation;
import com.enigm.trust.EnrolmentEvidence;
import com.enigm.trust.GateFindings;
import com.enigm.trust.GateId;
import com.enigm.trust.GateWords;
import com.enigm.trust.Head;
import com.enigm.trust.HistoryEntry;
import com.enigm.trust.ProviderState;
import com.enigm.trust.SignalReport;
import com.enigm.trust.Summary;

/**
 * The trust daemon of Enigm OS, registered as "com.enigm.trust.ITrustService/default".
 *
 * Who may call what stands in the device's policy, by SELinux type and uid; whoever is not named there is refused.
 * The roles, beside the methods: the *center* (the system's user interface), an *auditor* and a *manager* (device
 * management; whatever an auditor may, a manager may) see everything; an *audience* (a relying party's app or service) sees the posture and the gates that it is granted; a *provider*
 * reports signals. docs/access.md is the whole table.
 *
 * Every refusal is a service-specific error whose code is an ErrorCode, and every method may answer NOT_PERMITTED,
 * BUSY, TIMED_OUT or INTERNAL. What can't be read at all, or has an unknown transaction code, is refused by Binder
 * itself (BAD_VALUE, NOT_ENOUGH_DATA, UNKNOWN_TRANSACTION and the like), and is neither counted nor logged as a call.
 *
 * The version of the interface is what getInterfaceVersion() answers. Later versions add methods and fields; they
 * remove and renumber none.
 */
interface ITrustService {
    /**
     * The posture now. What can't be watched and was read too long ago is read again first.
     *
     * Center, auditor; audience: its posture, its gates without counts, no head.
     * NOT_READY until this boot's first reading is done.
     */
    Summary getSummary();

    /**
     * One gate, with every finding.
     *
     * Center, auditor. NOT_READY; BAD_ARGUMENT: no such gate.
     */
    GateFindings getGate(GateId gate);

    /**
     * The words of one gate. One by one, so that an answer stays far below what Binder carries.
     *
     * Center, auditor. BAD_ARGUMENT: no such gate.
     */
    GateWords getWords(GateId gate);

    /**
     * Entries of the history, oldest first: those whose number is greater than `after`, which is 0 or more, and at most
     * `most` of them, which is 1 to 256. Where older entries were pruned the first number is greater than `after` + 1.
     *
     * Center, auditor. BAD_ARGUMENT; NO_HISTORY: it can't be read now.
     */
    HistoryEntry[] getHistory(long after, int most);

    /**
     * The end of the history, to keep: see Head.
     *
     * Center, auditor. NO_HISTORY: none could be read since the daemon started.
     */
    Head getHead();

    /**
     * Reads and judges everything again, and gives the sequence number after that. Callers that ask at the same time
     * share one evaluation; there is at most one in a second.
     *
     * Center, auditor.
     */
    long evaluate();

    /**
     * Has an ITrustListener called at every change from now on, until it is taken away or its process dies, or does not
     * take calls for so long that Binder's buffer is full. Register first, then ask for the summary: so no change is
     * missed. A listener that is registered already stays registered. An object that is no ITrustListener is taken
     * away at the first change.
     *
     * It is an IBinder (in Java the listener's Stub is one, in Rust it is as_binder()) because a service in Rust asks
     * a typed argument for its type before anything else, and a hostile one need never answer.
     *
     * Center, auditor, audience. BUSY: more than 4 listeners of one uid, or 64 in all.
     */
    void registerListener(in IBinder listener);

    /**
     * Takes a listener away. One that is not registered (any more) is taken away already, which is no error.
     *
     * Center, auditor, audience.
     */
    void unregisterListener(in IBinder listener);

    /**
     * Takes a provider's report, whole or not at all.
     *
     * Provider. BAD_ARGUMENT: no signals, more than 64, one twice, one that the catalogue does not have, a value that
     * is not of its type, a text of more than 256 bytes in UTF-8, a time to live out of its range, a kind that the
     * fields beside it don't go with; NOT_YOURS; OTHER_BOOT; REPLAYED.
     */
    void reportSignals(in SignalReport report);

    /**
     * The providers that the policy names, and when each was last heard.
     *
     * Center, auditor.
     */
    ProviderState[] getProviders();

    /**
     * A signed posture attestation, for the audience that the caller is. `nonce` is the relying party's challenge,
     * `confirmation` the thumbprint (RFC 9679) of the key that the caller proves in the channel; 32 bytes each. What is
     * stale is read again first, and what is signed holds when it is answered.
     *
     * Audience. BAD_ARGUMENT; NOT_READY; NOT_ENROLLED; UNSUPPORTED: nothing keeps keys here; BUSY: the posture changes too
     * fast, or too many calls.
     */
    Attestation attest(in byte[] nonce, in byte[] confirmation);

    /**
     * Evidence of the posture key of the audience that the caller is (docs/enrolment.md), for the enrolment verifier that
     * issued `challenge`, of 32 bytes. Where there is no posture key yet, or it is gone, one is made for this challenge;
     * `anew` makes another in the place of the one that there is: for an enrolment verifier that does not know that one,
     * or asks for a newer. Whoever was enrolled with the old one then needs that verifier's approval.
     *
     * It is sealed to the enrolment verifier that the policy names. Audience. BAD_ARGUMENT; NOT_READY; UNSUPPORTED: nothing
     * keeps keys here, or they are in hardware and the policy names nobody.
     */
    EnrolmentEvidence getEnrolmentEvidence(in byte[] challenge, boolean anew);

    /**
     * Installs a signed policy bundle, of at most 512 KiB, in the place of the policy that holds: all of it or nothing.
     * Everything is judged under it before this answers with the version that holds then. What is installed already
     * is no error. docs/policies.md says whose bundles are taken.
     *
     * Center, manager. BAD_ARGUMENT: larger; POLICY_MALFORMED, POLICY_UNSIGNED, POLICY_OTHER, POLICY_EXPIRED,
     * POLICY_OLDER.
     */
    int installPolicy(in byte[] bundle);

    /**
     * Keeps a list of revoked attestation certificates, of at most 512 KiB, in the place of the one before it: a signed
     * snapshot, its signer's certificate and an X.509 CRL in PEM (docs/revocations.md). The device's own attestation is
     * judged against it before this answers with the list's number. What is kept already is no error.
     *
     * Center, manager. BAD_ARGUMENT: larger; REVOCATIONS_MALFORMED, REVOCATIONS_UNSIGNED, REVOCATIONS_OLDER.
     */
    long installRevocations(in byte[] snapshot);
}
