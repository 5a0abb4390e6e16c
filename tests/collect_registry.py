#!/usr/bin/env python3
"""Images in a registry: a real one (Debian's docker-registry) with and without a login, images made by umoci and put there by skopeo; and registries that lie.

usage: collect_registry.py PATH-OF-COLLECT_RUN
What is not installed is left out, which is said.
"""
import gzip
import hashlib
import http.server
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import socket

from source_case import main, run, test

FOLDER = tempfile.mkdtemp(prefix="vogt-registry-")
SECRET = "must-never-be-a-fact"


def ask(port, images, credential=None, options=None, **more):
    options = {"images": images, **(options or {})}
    output = run({"collect": "collect.source", "judge": "judge.source", "subject": {"kind": "source", "name": "test"}, "options": options,
                  "input": {"kind": "registry", "address": f"http://127.0.0.1:{port}" + more.get("path", ""), "port": port, "ports": more.get("ports", []), "credential": credential or {}, "options": options,
                            "timeout_ms": more.get("timeout_ms", 40000)}})
    assert output["plant"]["caught"], output["plant"]
    assert not any("?" in sentence for sentence in output["sentences"]), output["sentences"]
    return output


def said(output):
    return {entry["kind"]: entry["outcome"] + " " + entry["reason"] for entry in output["observations"]}


def item(output, name):
    request = next(request for request in output["facts"]["requests"] if request["name"] == name)
    assert request["complete"], request
    return request["items"][0]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# ---- a real registry ----

def shell(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def make_image(name, user, layers):
    """Each layer: {path: content, or None to remove it}."""
    layout, bundle = os.path.join(FOLDER, "layout"), os.path.join(FOLDER, "bundle-" + name)
    if not os.path.isdir(layout):
        shell("umoci", "init", "--layout", layout)
    shell("umoci", "new", "--image", f"{layout}:{name}")
    for number, files in enumerate(layers):
        place = bundle + str(number)
        shell("umoci", "unpack", "--image", f"{layout}:{name}", place)
        for path, content in files.items():
            full = os.path.join(place, "rootfs", path)
            if content is None:
                os.unlink(full)
                continue
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "wb") as out:
                out.write(content)
        shell("umoci", "repack", "--image", f"{layout}:{name}", place)
    shell("umoci", "config", "--image", f"{layout}:{name}", "--config.user", user, "--config.env", "PASSWORD=" + SECRET, "--config.entrypoint", "/app")
    return layout


class Registry:
    def __init__(self, name, more=""):
        self.port, path = free_port(), os.path.join(FOLDER, name + ".yml")
        with open(path, "w", encoding="ascii") as out:
            out.write(f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {FOLDER}/{name}}}}}\nhttp: {{addr: '127.0.0.1:{self.port}'}}\n{more}")
        self.log = os.path.join(FOLDER, name + ".log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(["docker-registry", "serve", path], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def __enter__(self):
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                assert self.process.poll() is None, open(self.log, encoding="utf-8").read()[-2000:]
                time.sleep(0.1)
        raise AssertionError("the registry does not answer")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)


def status_of(count):
    return "".join(f"Package: p{number}\nStatus: install ok installed\n\n" for number in range(count)).encode()


def real_registry():
    layout = make_image("slim", "1000", [{"lib/apk/db/installed": b"P:musl\nV:1\n\nP:busybox\nV:1\n", "bin/sh": b"x"}, {"bin/sh": None, "app": b"y" * 5000}])
    make_image("fat", "0", [{"var/lib/dpkg/status": status_of(100)}, {"var/lib/dpkg/status": status_of(200), "usr/bin/bash": b"z"}])
    make_image("bare", "65534", [{"app": os.urandom(3_000_000)}])
    make_image("red", "1", [{"var/lib/rpm/rpmdb.sqlite": b"SQLite"}])
    names = ("slim", "fat", "bare", "red")
    with Registry("open") as registry:
        for name in names:
            shell("skopeo", "copy", "-q", "--dest-tls-verify=false", f"oci:{layout}:{name}", f"docker://127.0.0.1:{registry.port}/shop/{name}:1")
        output = ask(registry.port, ["shop/slim:1", "shop/bare:1"])
        assert said(output) == {"source.complete": "pass source.all-read", "source.read-only": "pass source.no-credential", "image.budget": "pass image.in-budget",
                                "image.not-root": "pass image.unprivileged"}, output["observations"]
        slim, bare = item(output, "shop/slim:1"), item(output, "shop/bare:1")
        assert (slim["packages"], slim["from"], slim["shells"], slim["layers"], slim["user"], slim["entrypoint"]) == (2, "apk", 0, 2, "1000", ["/app"]), slim
        assert bare["from"] == "none" and bare["packages"] == 0 and bare["unpacked_bytes"] >= 3_000_000, bare
        assert SECRET not in json.dumps(output)
        fat = ask(registry.port, ["shop/slim:1", "shop/fat:1"])
        assert item(fat, "shop/fat:1")["packages"] == 200 and item(fat, "shop/fat:1")["shells"] == 1
        assert said(fat)["image.budget"] == "fail image.packages" and said(fat)["image.not-root"] == "fail image.root"
        assert said(ask(registry.port, ["shop/bare:1"], options={"image_megabytes": 2}))["image.budget"] == "fail image.large"
        assert said(ask(registry.port, ["shop/red:1"]))["image.budget"] == "error image.packages-unread"
        by_digest = ask(registry.port, ["shop/slim@" + slim["digest"]])
        assert item(by_digest, "shop/slim@" + slim["digest"])["digest"] == slim["digest"]
        absent = ask(registry.port, ["shop/slim:2", "shop/slim:1"])
        assert said(absent)["source.complete"] == "error source.not-found" and said(absent)["image.budget"] == "error image.unread"
        # the same in Docker's own format
        shell("skopeo", "copy", "-q", "--format", "v2s2", "--dest-tls-verify=false", f"oci:{layout}:fat", f"docker://127.0.0.1:{registry.port}/shop/docker:1")
        assert item(ask(registry.port, ["shop/docker:1"]), "shop/docker:1")["packages"] == 200
    real_login(layout)
    real_layout(layout)


class Folder:
    """A folder given out by a web server, under /images/shop; `changed` holds other bytes for some of its files."""

    def __init__(self, path):
        self.changed, self.asked = {}, []
        folder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.removeprefix("/images/shop/")
                folder.asked.append(self.path)
                full = os.path.join(path, name)
                data = folder.changed.get(name, open(full, "rb").read() if os.path.isfile(full) else None)
                self.send_response(404 if data is None else 200)
                self.send_header("Content-Length", str(len(data or b"")))
                self.end_headers()
                self.wfile.write(data or b"")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def pack_by_zstd(layout, name):
    """The image `name` of the layout once more as NAME-zstd: its layers unpacked and packed by the program zstd, and the manifest that says so."""
    def put(data):
        digest = hashlib.sha256(data).hexdigest()
        with open(os.path.join(layout, "blobs", "sha256", digest), "wb") as out:
            out.write(data)
        return "sha256:" + digest

    def get(digest):
        with open(os.path.join(layout, "blobs", "sha256", digest[7:]), "rb") as stream:
            return stream.read()
    with open(os.path.join(layout, "index.json"), encoding="utf-8") as stream:
        index = json.load(stream)
    entry = next(one for one in index["manifests"] if one["annotations"]["org.opencontainers.image.ref.name"] == name)
    manifest = json.loads(get(entry["digest"]))
    for layer in manifest["layers"]:
        packed = subprocess.run(["zstd", "-q", "-c"], input=gzip.decompress(get(layer["digest"])), capture_output=True, check=True, timeout=60).stdout
        layer.update(mediaType="application/vnd.oci.image.layer.v1.tar+zstd", digest=put(packed), size=len(packed))
    data = json.dumps(manifest).encode()
    index["manifests"].append({"mediaType": entry["mediaType"], "digest": put(data), "size": len(data), "annotations": {"org.opencontainers.image.ref.name": name + "-zstd"}})
    with open(os.path.join(layout, "index.json"), "w", encoding="utf-8") as out:
        json.dump(index, out)


def real_layout(layout):
    """What umoci wrote, read as it lies there; then one whose files are not what their names say."""
    with Folder(layout) as folder:
        output = ask(folder.port, ["slim", "bare"], options={"layout": True}, path="/images/shop/")
        assert said(output)["source.complete"] == "pass source.all-read" and said(output)["image.budget"] == "pass image.in-budget", said(output)
        slim = item(output, "slim")
        assert (slim["packages"], slim["from"], slim["shells"], slim["layers"], slim["user"]) == (2, "apk", 0, 2, "1000"), slim
        assert all(path.startswith("/images/shop/") for path in folder.asked), folder.asked
        assert item(ask(folder.port, ["fat"], options={"layout": True}, path="/images/shop"), "fat")["packages"] == 200
        pack_by_zstd(layout, "fat")
        packed, fat = (item(ask(folder.port, [name], options={"layout": True}, path="/images/shop"), name) for name in ("fat-zstd", "fat"))
        assert all(packed[word] == fat[word] for word in ("packages", "unpacked_bytes", "entries", "shells", "layers")) and packed["packages"] == 200, (packed, fat)
        by_digest = ask(folder.port, [slim["digest"]], options={"layout": True}, path="/images/shop")
        assert item(by_digest, slim["digest"])["digest"] == slim["digest"]
        for absent in ("none", "../slim", "sha256:" + "0" * 64):
            assert said(ask(folder.port, [absent], options={"layout": True}, path="/images/shop"))["source.complete"] == "error source.not-found"
        manifest = "blobs/sha256/" + slim["digest"][7:]
        with open(os.path.join(layout, manifest), "rb") as stream:
            good = stream.read()
        folder.changed = {manifest: good + b" "}
        assert said(ask(folder.port, ["slim"], options={"layout": True}, path="/images/shop"))["source.complete"] == "error image.digest-differs"
        folder.changed = {"blobs/sha256/" + json.loads(good)["layers"][0]["digest"][7:]: gzip.compress(b"\0" * 1024)}
        changed = ask(folder.port, ["slim"], options={"layout": True}, path="/images/shop")
        assert said(changed)["source.complete"] == "fail source.incomplete" and changed["facts"]["requests"][0]["error"] == "image.digest-differs", changed["facts"]["requests"]
        folder.changed = {"oci-layout": b'{"imageLayoutVersion":"9.0.0"}'}
        assert said(ask(folder.port, ["slim"], options={"layout": True}, path="/images/shop"))["source.complete"] == "error source.wrong-shape"
        for index, reason in ((b"{}", "source.not-found"), (b"[", "source.malformed"),
                              (b'{"manifests":[{"digest":"../../x","annotations":{"org.opencontainers.image.ref.name":"slim"}}]}', "source.wrong-shape")):
            folder.changed = {"index.json": index}
            assert said(ask(folder.port, ["slim"], options={"layout": True}, path="/images/shop"))["source.complete"] == "error " + reason, index


def real_login(layout):
    with open(os.path.join(FOLDER, "htpasswd"), "w", encoding="ascii") as out:
        # user vogt, password "pass-of-a-reader"; bcrypt, the only form that the registry takes
        out.write(subprocess.run(["htpasswd", "-nbB", "vogt", "pass-of-a-reader"], capture_output=True, text=True, timeout=30, check=True).stdout
                  if shutil.which("htpasswd") else "")
    if not shutil.which("htpasswd"):
        print("left out: no htpasswd here for a registry with a login")
        return
    with Registry("closed", f"auth: {{htpasswd: {{realm: x, path: {FOLDER}/htpasswd}}}}\n") as registry:
        shell("skopeo", "copy", "-q", "--dest-tls-verify=false", "--dest-creds", "vogt:pass-of-a-reader", f"oci:{layout}:slim", f"docker://127.0.0.1:{registry.port}/shop/slim:1")
        output = ask(registry.port, ["shop/slim:1"], {"user": "vogt", "password": "pass-of-a-reader"})
        assert said(output)["source.complete"] == "pass source.all-read" and said(output)["source.read-only"] == "unprovable source.powers-unseen", said(output)
        assert "pass-of-a-reader" not in json.dumps(output)
        for credential in ({}, {"user": "vogt", "password": "wrong"}):
            assert said(ask(registry.port, ["shop/slim:1"], credential))["source.complete"] == "error source.unauthorised"


if all(shutil.which(program) for program in ("docker-registry", "skopeo", "umoci")):
    test(real_registry)
else:
    print("left out: docker-registry, skopeo or umoci is not here")


# ---- registries that lie, and one that gives tokens ----

def layer_of(files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return gzip.compress(packed.getvalue())


def digest_of(body):
    return "sha256:" + hashlib.sha256(body).hexdigest()


class Fake:
    """A registry of one image, whose answers `change(path, status, headers, body)` may alter."""

    def __init__(self, change=None, layer=None, media="application/vnd.oci.image.layer.v1.tar+gzip", token=None):
        fake = self
        self.asked = []
        layer = layer_of({"var/lib/dpkg/status": status_of(3)}) if layer is None else layer
        config = json.dumps({"architecture": "amd64", "config": {"User": "7"}}).encode()
        manifest = json.dumps({"schemaVersion": 2, "config": {"digest": digest_of(config)}, "layers": [{"mediaType": media, "digest": digest_of(layer), "size": len(layer)}]}).encode()
        index = json.dumps({"schemaVersion": 2, "manifests": [{"digest": "sha256:" + "0" * 64, "platform": {"architecture": "arm64"}},
                                                              {"digest": digest_of(manifest), "platform": {"architecture": "amd64"}}]}).encode()
        bodies = {"/v2/a/b/manifests/1": manifest, "/v2/a/b/manifests/many": index, "/v2/a/b/manifests/" + digest_of(manifest): manifest, "/v2/a/b/blobs/" + digest_of(config): config,
                  "/v2/a/b/blobs/" + digest_of(layer): layer}

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                fake.asked.append(self.path)
                status, headers, body = (200, {}, bodies[self.path]) if self.path in bodies else (404, {}, b"{}")
                if self.path.startswith("/token"):
                    status, body = 200, json.dumps({"token": token}).encode()
                elif token and self.headers.get("Authorization") != "Bearer " + token:
                    realm = f"http://127.0.0.1:{fake.port}/token"
                    status, headers, body = 401, {"WWW-Authenticate": f'Bearer realm="{realm}",service="fake",scope="repository:a/b:pull"'}, b"{}"
                if change:
                    status, headers, body = change(self.path, status, headers, body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if "Content-Length" not in headers:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass
                if "Content-Length" in headers:
                    self.close_connection = True

            def log_message(self, *arguments):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@test
def tokens_and_platforms():
    with Fake(token="a-token-for-reading") as fake:
        output = ask(fake.port, ["a/b:1", "a/b:many"])
        assert said(output)["source.complete"] == "pass source.all-read" and item(output, "a/b:many")["packages"] == 3, said(output)
        assert "a-token-for-reading" not in json.dumps(output)
        assert any(path.startswith("/token?scope=repository%3Aa%2Fb%3Apull&service=fake") for path in fake.asked), fake.asked
        other = ask(fake.port, ["a/b:many"], options={"platform": "s390x"})
        assert said(other)["source.complete"].split()[1] in ("image.no-platform", "source.incomplete"), said(other)

    def elsewhere(path, status, headers, body):
        return status, ({"WWW-Authenticate": 'Bearer realm="http://127.0.0.1:1/token",service="x"'} if status == 401 else headers), body
    with Fake(change=elsewhere, token="t") as fake:
        assert said(ask(fake.port, ["a/b:1"]))["source.complete"] == "error source.led-elsewhere"


@test
def lying_registries_end_in_errors():
    bomb = gzip.compress(b"\0" * (200 << 20), 9)

    def blobs(answer):
        return lambda path, status, headers, body: answer(status, headers, body) if "/blobs/" in path and len(body) > 200 else (status, headers, body)
    big = layer_of({"x": os.urandom(100_000)})
    cases = [
        ("another layer than its digest", dict(change=blobs(lambda status, headers, body: (200, {}, layer_of({"x": os.urandom(1000)}))), layer=big), "fail source.incomplete"),
        ("a layer that breaks off", dict(change=blobs(lambda status, headers, body: (200, {"Content-Length": str(len(body))}, body[:50])), layer=big), "fail source.incomplete"),
        ("redirected", dict(change=blobs(lambda status, headers, body: (307, {"Location": "http://169.254.169.254/"}, b"")), layer=big), "fail source.incomplete"),
        ("no gzip", dict(layer=b"x" * 5000), "fail source.incomplete"),
        ("no tar", dict(layer=gzip.compress(b"x" * 5000)), "fail source.incomplete"),
        ("zstd", dict(media="application/vnd.oci.image.layer.v1.tar+zstd"), "fail source.incomplete"),
        ("no manifest", dict(change=lambda path, status, headers, body: (200, {}, b"[]")), "error source.malformed"),
        ("refused", dict(change=lambda path, status, headers, body: (403, {}, b"{}")), "error source.forbidden"),
    ]
    for name, more, wanted in cases:
        with Fake(**more) as fake:
            output = ask(fake.port, ["a/b:1"])
        assert said(output)["source.complete"] == wanted, (name, said(output), output["facts"])
        assert said(output)["image.budget"] == "error image.unread", (name, said(output))
    with Fake(layer=bomb) as fake:
        begun = time.monotonic()
        output = ask(fake.port, ["a/b:1"])
        assert time.monotonic() - begun < 60 and said(output)["image.budget"] == "pass image.in-budget" and item(output, "a/b:1")["unpacked_bytes"] == 0, said(output)
    with Fake() as fake:
        for name in ("../../x", "a//b", "A/b", "a/b:..", "a/../b", "a/b@sha256:00", "a/b:1/../../c"):
            assert said(ask(fake.port, [name]))["source.complete"] == "error source.not-found", name
        assert not fake.asked, fake.asked


sys.exit(main(FOLDER))
