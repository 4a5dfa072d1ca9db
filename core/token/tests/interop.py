"""Decodes and verifies one of our posture attestations with python-cwt.

interop.py PACKAGES TOKEN X Y KID: a directory to install cwt into, then hexadecimal.
Exit code 77, with the reason on standard output, where cwt can't be had.
"""

import importlib
import importlib.metadata
import subprocess
import sys

# Its last version that was tried, so that the test stays what it is.
CWT = "cwt==3.3.0"


def install(packages):
    sys.path.insert(0, packages)
    try:
        import cwt  # noqa: F401

        return
    except ImportError:
        pass
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--retries", "1", "--timeout", "10", "--target", packages, CWT]
    try:
        done = subprocess.run(pip, capture_output=True, text=True, timeout=180)
    except subprocess.TimeoutExpired:
        skip(f"pip install {CWT} took more than 180 seconds")
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        skip(f"pip install {CWT}: {lines[-1]}")
    importlib.invalidate_caches()


def skip(why):
    print(why)
    sys.exit(77)


def refused(what, decode):
    try:
        decode()
    except Exception as error:
        return type(error).__name__
    sys.exit(f"{what} was accepted")


def main():
    packages, token, x, y, kid = sys.argv[1:]
    install(packages)
    from cwt import COSE, COSEKey

    token, x, y, kid = (bytes.fromhex(text) for text in (token, x, y, kid))
    key = COSEKey.new({1: 2, -1: 1, -2: x, -3: y, 3: -7, 2: kid})
    protected, unprotected, payload = COSE.new().decode_with_headers(token, key)
    assert protected == {1: -7, 4: kid, 16: "application/eat+cwt"}, protected
    assert unprotected == {}, unprotected

    import cbor2

    claims = cbor2.loads(payload)
    assert claims[3] == "calls.enigm.example" and claims[10] == bytes([3] * 32), claims
    assert claims[265] == "tag:enigm.example,2026:posture#1" and len(claims[266]) == 10, claims
    # Its canonical order is RFC 7049's, where the shorter key comes first; ours is the order of the bytes.
    assert cbor2.dumps(claims) == payload

    changed = bytearray(token)
    changed[-1] ^= 1
    why = refused("a changed signature", lambda: COSE.new().decode(bytes(changed), key))
    version = importlib.metadata.version("cwt")
    print(f"cwt {version} decodes and verifies {len(token)} bytes, and refuses a changed signature ({why})")


main()
