"""Has the SD-JWT library of the OpenWallet Foundation unfold what a release
discloses: `disclosures.py RELEASE`.

Each event becomes an SD-JWT whose `_sd` are the digests of its leaf, signed with
a key made for it, followed by the event's disclosures. The library must find
exactly the fields that are disclosed. What it must refuse is tried too.
"""

import base64
import json
import sys
import zipfile

from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from sd_jwt.verifier import SDJWTVerifier

from parts import change_value


def url_base64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def digests_of(leaf):
    """Digests in a leaf: from byte 36 on, 32 bytes each."""
    data = base64.b64decode(leaf)
    return [url_base64(data[at : at + 32]) for at in range(36, len(data), 32)]


def unfold(digests, disclosures):
    """Fields that the library finds in an SD-JWT of these."""
    key = JWK.generate(kty="EC", crv="P-256")
    token = JWS(json.dumps({"_sd": digests, "_sd_alg": "sha-256"}))
    token.add_signature(key, alg="ES256", protected=json.dumps({"alg": "ES256"}))
    presented = "~".join([token.serialize(compact=True), *disclosures, ""])
    public = JWK.from_json(key.export_public())
    return SDJWTVerifier(presented, lambda _issuer, _header: public).get_verified_payload()


def expected(disclosures):
    """Names and values as the disclosures say, if all of them are good."""
    decoded = [json.loads(base64.urlsafe_b64decode(d + "=" * (-len(d) % 4))) for d in disclosures]
    return {name: value for _, name, value in decoded}


def check(event, place):
    digests, disclosures = digests_of(event["leaf"]), event["disclosures"]
    found = unfold(digests, disclosures)
    if found != expected(disclosures) or len(found) != len(disclosures):
        sys.exit(f"{place}: the library finds {sorted(found)}, not what is disclosed")
    for n, disclosure in enumerate(disclosures):
        changed = [*disclosures[:n], change_value(disclosure), *disclosures[n + 1 :]]
        if len(unfold(digests, changed)) == len(disclosures):
            sys.exit(f"{place}: the library takes a changed disclosure")
    return len(disclosures)


def main():
    with zipfile.ZipFile(sys.argv[1]) as file:
        release = json.loads(file.read("release.json"))
    count = sum(check(event, f"event {n}") for n, event in enumerate(release["events"]))
    print(f"{count} disclosures of {len(release['events'])} events unfold to their fields")


if __name__ == "__main__":
    main()
