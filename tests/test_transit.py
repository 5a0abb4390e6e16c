"""Transit with a real client (python3-hvac) over TLS; what it makes is checked with other code (python3-cryptography)."""
import base64
import hashlib
import hmac
import os
import sys
import threading
import time

try:
    import hvac
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, keywrap, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF
except ImportError:
    if os.path.exists("/usr/lib/python3/dist-packages/hvac") and sys.executable != "/usr/bin/python3":
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
    print("python3-hvac or python3-cryptography is not installed (tools/install.sh test)")
    sys.exit(77)

from scenario import Daemon, is_sanitized, main

TEXT = b"the quick brown fox"


def b64(data):
    return base64.b64encode(data).decode()


def bytes_of(text):
    """What stands behind vault:vN:."""
    return base64.b64decode(text.split(":", 2)[2])


class Vogt(Daemon):
    """With transit mounted, and a client whose token may do all."""

    def __enter__(self):
        vogt = super().__enter__()
        code = vogt.ready["login_link"].split("#login=")[1]
        token = vogt.call("POST", "/v1/auth/link/login", {"code": code}, token="")[1]["auth"]["client_token"]
        self.vault = hvac.Client(url=vogt.address, token=token, verify=os.path.join(vogt.directory, "tls.pem"), timeout=60)
        self.vault.sys.enable_secrets_engine("transit")
        self.transit = self.vault.secrets.transit
        return self


def refused(call, word):
    try:
        call()
    except hvac.exceptions.VaultError as error:
        assert word in str(error), f"{word!r} is not in {error}"
        return
    raise AssertionError("was not refused")


def public_key(transit, name, version="1"):
    return transit.read_key(name)["data"]["keys"][version]["public_key"]


# ---- keys and ciphers, as hvac speaks ----

def keys_live_as_hvac_expects_it():
    with Vogt() as vogt:
        transit = vogt.transit
        transit.create_key("k", key_type="aes256-gcm96", exportable=False)
        data = transit.read_key("k")["data"]
        assert data["type"] == "aes256-gcm96" and data["latest_version"] == 1 and abs(data["keys"]["1"] - time.time()) < 60
        sealed = transit.encrypt_data("k", plaintext=b64(TEXT))["data"]["ciphertext"]
        assert transit.decrypt_data("k", sealed)["data"]["plaintext"] == b64(TEXT)
        transit.rotate_key("k")
        again = transit.rewrap_data("k", sealed)["data"]["ciphertext"]
        assert again.startswith("vault:v2:") and transit.decrypt_data("k", again)["data"]["plaintext"] == b64(TEXT)
        transit.update_key_configuration("k", min_decryption_version=2, deletion_allowed=True)
        vogt.vault.write("transit/keys/k/config", min_encryption_version=2)  # hvac's own method refuses equal minimums
        refused(lambda: transit.decrypt_data("k", sealed), "too old")
        transit.trim_key("k", 2)
        assert transit.list_keys()["data"]["keys"] == ["k"]
        made = transit.generate_data_key("k", key_type="plaintext", bits=512)["data"]
        assert transit.decrypt_data("k", made["ciphertext"])["data"]["plaintext"] == made["plaintext"] and len(base64.b64decode(made["plaintext"])) == 64
        batch = transit.encrypt_data("k", plaintext=None, batch_input=[{"plaintext": b64(b"a")}, {"plaintext": b64(b"b")}])["data"]["batch_results"]
        opened = transit.decrypt_data("k", ciphertext=None, batch_input=[{"ciphertext": one["ciphertext"]} for one in batch])["data"]["batch_results"]
        assert [base64.b64decode(one["plaintext"]) for one in opened] == [b"a", b"b"]
        assert len(base64.b64decode(transit.generate_random_bytes(n_bytes=40)["data"]["random_bytes"])) == 40
        assert transit.hash_data(b64(TEXT), algorithm="sha2-384")["data"]["sum"] == hashlib.sha384(TEXT).hexdigest()
        transit.delete_key("k")
        refused(lambda: transit.decrypt_data("k", again), "encryption key not found")
        # nothing of it in what is written down
        with open(os.path.join(vogt.directory, "vogt.db"), "rb") as stream:
            assert TEXT not in stream.read()


# ---- signatures, checked by other code ----

def signatures_are_good_to_other_code():
    with Vogt() as vogt:
        transit = vogt.transit
        for kind, curve, sized in (("ecdsa-p256", ec.SECP256R1, 32), ("ecdsa-p384", ec.SECP384R1, 48), ("ecdsa-p521", ec.SECP521R1, 66)):
            transit.create_key(kind, key_type=kind)
            key = serialization.load_pem_public_key(public_key(transit, kind).encode())
            assert isinstance(key.curve, curve)
            signature = bytes_of(transit.sign_data(kind, b64(TEXT), hash_algorithm="sha2-512")["data"]["signature"])
            key.verify(signature, TEXT, ec.ECDSA(hashes.SHA512()))
            jws = transit.sign_data(kind, b64(TEXT), marshaling_algorithm="jws")["data"]["signature"].split(":", 2)[2]
            raw = base64.urlsafe_b64decode(jws + "=" * (-len(jws) % 4))
            assert len(raw) == 2 * sized and "=" not in jws
            key.verify(utils.encode_dss_signature(int.from_bytes(raw[:sized], "big"), int.from_bytes(raw[sized:], "big")), TEXT, ec.ECDSA(hashes.SHA256()))
            texts = [b"text %d" % i for i in range(40)]
            batch = vogt.vault.write(f"transit/sign/{kind}", batch_input=[{"input": b64(text)} for text in texts])["data"]["batch_results"]
            for text, one in zip(texts, batch, strict=True):
                key.verify(bytes_of(one["signature"]), text, ec.ECDSA(hashes.SHA256()))
        transit.create_key("ed", key_type="ed25519")
        key = ed25519.Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key(transit, "ed")))
        key.verify(bytes_of(transit.sign_data("ed", b64(TEXT))["data"]["signature"]), TEXT)
        try:
            key.verify(bytes_of(transit.sign_data("ed", b64(b"other"))["data"]["signature"]), TEXT)
            raise AssertionError("a signature of another text was taken")
        except InvalidSignature:
            pass


def rsa_is_made_and_used_within_the_sandbox():
    with Vogt() as vogt:
        transit = vogt.transit
        for bits in (2048, 3072, 4096):
            name = f"rsa-{bits}"
            transit.create_key(name, key_type=name)
            key = serialization.load_pem_public_key(public_key(transit, name).encode())
            assert key.key_size == bits
            key.verify(bytes_of(transit.sign_data(name, b64(TEXT), signature_algorithm="pkcs1v15")["data"]["signature"]), TEXT, padding.PKCS1v15(), hashes.SHA256())
            signature = bytes_of(transit.sign_data(name, b64(TEXT), hash_algorithm="sha2-384", signature_algorithm="pss")["data"]["signature"])
            key.verify(signature, TEXT, padding.PSS(padding.MGF1(hashes.SHA384()), padding.PSS.MAX_LENGTH), hashes.SHA384())
            sealed = key.encrypt(TEXT, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
            assert transit.decrypt_data(name, "vault:v1:" + b64(sealed))["data"]["plaintext"] == b64(TEXT)
            ours = transit.encrypt_data(name, plaintext=b64(TEXT))["data"]["ciphertext"]
            assert transit.decrypt_data(name, ours)["data"]["plaintext"] == b64(TEXT)
        assert [role["role"] for role in vogt.call("GET", "/v1/sys/status")[1]["data"]["roles"]].count("keep") == 1


def others_do_not_wait_for_a_key_of_4096_bits():
    with Vogt() as vogt:
        stop, slowest = threading.Event(), [0.0]

        def read():
            while not stop.is_set():
                start = time.monotonic()
                vogt.call("GET", "/v1/sys/seal-status", token="")
                slowest[0] = max(slowest[0], time.monotonic() - start)

        reader = threading.Thread(target=read)
        reader.start()
        start = time.monotonic()
        for i in range(2):
            vogt.transit.create_key(f"r{i}", key_type="rsa-4096")
        took = time.monotonic() - start
        stop.set()
        reader.join()
        assert slowest[0] < max(0.35, took / 4), f"a read took {slowest[0]:.3f} s while keys were made for {took:.1f} s"


# ---- keys in plain: what Vogt made is made again by other code ----

def ciphertexts_open_elsewhere_and_others_open_here():
    with Vogt() as vogt:
        transit = vogt.transit
        for kind, cipher in (("aes256-gcm96", AESGCM), ("aes128-gcm96", AESGCM), ("chacha20-poly1305", ChaCha20Poly1305)):
            vogt.vault.write(f"transit/keys/{kind}", type=kind, exportable=True)
            vogt.vault.write(f"transit/keys/d-{kind}", type=kind, exportable=True, derived=True, convergent_encryption=True)
            key = base64.b64decode(transit.export_key(kind, "encryption-key")["data"]["keys"]["1"])
            sealed = bytes_of(vogt.vault.write(f"transit/encrypt/{kind}", plaintext=b64(TEXT), associated_data=b64(b"for"))["data"]["ciphertext"])
            assert cipher(key).decrypt(sealed[:12], sealed[12:], b"for") == TEXT
            ours = "vault:v1:" + b64(b"n" * 12 + cipher(key).encrypt(b"n" * 12, TEXT, None))
            assert transit.decrypt_data(kind, ours)["data"]["plaintext"] == b64(TEXT)
            # derived, convergent: HKDF-SHA-256 of the context; the nonce is an HMAC of the text under the bytes after the key
            key = base64.b64decode(transit.export_key(f"d-{kind}", "encryption-key")["data"]["keys"]["1"])
            derived = HKDF(hashes.SHA256(), len(key) + 32, salt=None, info=b"tenant 7").derive(key)
            nonce = hmac.digest(derived[len(key):], TEXT, "sha256")[:12]
            expected = "vault:v1:" + b64(nonce + cipher(derived[:len(key)]).encrypt(nonce, TEXT, None))
            assert transit.encrypt_data(f"d-{kind}", plaintext=b64(TEXT), context=b64(b"tenant 7"))["data"]["ciphertext"] == expected


def exported_pairs_sign_like_the_key():
    with Vogt() as vogt:
        transit = vogt.transit
        for kind in ("ecdsa-p256", "ecdsa-p521", "rsa-2048"):
            transit.create_key(kind, key_type=kind, exportable=True)
            key = serialization.load_pem_private_key(transit.export_key(kind, "signing-key")["data"]["keys"]["1"].encode(), None)
            sign = (key.sign(TEXT, padding.PKCS1v15(), hashes.SHA256()),) if kind.startswith("rsa") else (key.sign(TEXT, ec.ECDSA(hashes.SHA256())),)
            answer = transit.verify_signed_data(kind, b64(TEXT), signature="vault:v1:" + b64(sign[0]), signature_algorithm="pkcs1v15" if kind.startswith("rsa") else None)
            assert answer["data"]["valid"] is True, kind
        transit.create_key("ed", key_type="ed25519", exportable=True)
        pair = base64.b64decode(transit.export_key("ed", "signing-key")["data"]["keys"]["1"])
        key = ed25519.Ed25519PrivateKey.from_private_bytes(pair[:32])
        assert pair[32:] == base64.b64decode(public_key(transit, "ed"))
        assert bytes_of(transit.sign_data("ed", b64(TEXT))["data"]["signature"]) == key.sign(TEXT)


def own_keys_are_imported_as_the_documentation_says():
    with Vogt() as vogt:
        transit = vogt.transit
        wrapping = serialization.load_pem_public_key(vogt.vault.read("transit/wrapping_key")["data"]["public_key"].encode())
        assert wrapping.key_size == 4096
        own = ec.generate_private_key(ec.SECP384R1())
        secret = os.urandom(32)
        keys = {
            "aes256-gcm96": secret,
            "ecdsa-p384": own.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
            "rsa-3072": rsa.generate_private_key(65537, 3072).private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        }
        for kind, form in keys.items():
            ephemeral = os.urandom(32)
            travel = wrapping.encrypt(ephemeral, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)) + keywrap.aes_key_wrap_with_padding(ephemeral, form)
            vogt.vault.write(f"transit/keys/{kind}/import", type=kind, ciphertext=b64(travel), hash_function="SHA256")
            assert transit.read_key(kind)["data"]["imported_key"] is True
        sealed = bytes_of(transit.encrypt_data("aes256-gcm96", plaintext=b64(TEXT))["data"]["ciphertext"])
        assert AESGCM(secret).decrypt(sealed[:12], sealed[12:], None) == TEXT
        own.public_key().verify(bytes_of(transit.sign_data("ecdsa-p384", b64(TEXT))["data"]["signature"]), TEXT, ec.ECDSA(hashes.SHA256()))
        transit.sign_data("rsa-3072", b64(TEXT))


def a_backup_made_here_is_restored_under_another_name():
    with Vogt() as vogt:
        transit = vogt.transit
        transit.create_key("k", key_type="rsa-2048", exportable=True, allow_plaintext_backup=True)
        sealed = transit.encrypt_data("k", plaintext=b64(TEXT))["data"]["ciphertext"]
        backup = transit.backup_key("k")["data"]["backup"]
        refused(lambda: transit.restore_key(backup), "already exists")
        transit.restore_key(backup, name="other")
        assert transit.decrypt_data("other", sealed)["data"]["plaintext"] == b64(TEXT)
        refused(lambda: transit.restore_key(b64(b"{}"), name="none"), "damaged")


def macs_are_those_of_the_standard_library():
    with Vogt() as vogt:
        transit = vogt.transit
        vogt.vault.write("transit/keys/m", type="hmac", exportable=True)  # hvac's own method does not know this type
        mac = transit.generate_hmac("m", b64(TEXT), algorithm="sha2-512")["data"]["hmac"]
        key = base64.b64decode(transit.export_key("m", "hmac-key")["data"]["keys"]["1"])
        assert bytes_of(mac) == hmac.digest(key, TEXT, "sha512")
        assert transit.verify_signed_data("m", b64(TEXT), hmac=mac, hash_algorithm="sha2-512")["data"]["valid"] is True
        assert transit.verify_signed_data("m", b64(b"x"), hmac=mac, hash_algorithm="sha2-512")["data"]["valid"] is False


def what_megabytes_took_is_given_back():
    """While requests come, freed memory stays for the next one; a few quiet seconds later it is the system's again."""
    if is_sanitized():
        return "not asked: the sanitizers keep what is freed"
    with Vogt() as vogt:
        vogt.vault.write("transit/keys/k")
        body = {"batch_input": [{"plaintext": b64(bytes(1 << 20))}] * 3}
        before = vogt.memory_kib("keep", "gate")
        senders = [threading.Thread(target=lambda: [vogt.vault.write("transit/encrypt/k", **body) for _ in range(3)]) for _ in range(3)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        during, deadline = vogt.memory_kib("keep", "gate"), time.monotonic() + 20
        while vogt.memory_kib("keep", "gate") > before + (4 << 10) and time.monotonic() < deadline:
            time.sleep(0.2)
        after = vogt.memory_kib("keep", "gate")
        assert after <= before + (4 << 10), (before, during, after)


if __name__ == "__main__":
    main([what_megabytes_took_is_given_back, keys_live_as_hvac_expects_it, signatures_are_good_to_other_code, rsa_is_made_and_used_within_the_sandbox, others_do_not_wait_for_a_key_of_4096_bits,
          ciphertexts_open_elsewhere_and_others_open_here, exported_pairs_sign_like_the_key, own_keys_are_imported_as_the_documentation_says,
          a_backup_made_here_is_restored_under_another_name, macs_are_those_of_the_standard_library])
