#!/usr/bin/env python3
"""Buckets and the people of an AWS account: against versitygw (a real S3 server, if it is installed), moto (which imitates AWS and checks signatures and rights),
and servers that lie.

usage: collect_s3.py PATH-OF-COLLECT_RUN
What is not installed is left out, which is said.
"""
import http.server
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from source_case import main, run, test

FOLDER = tempfile.mkdtemp(prefix="vogt-s3-")
XML = '<?xml version="1.0"?>'


def ask(kind, port, access, secret, **more):
    options = {"region": "us-east-1", **more.get("options", {})}
    output = run({"collect": "collect.source", "judge": "judge.source", "subject": {"kind": "source", "name": "test"}, "options": options,
                  "input": {"kind": kind, "address": f"http://127.0.0.1:{port}", "port": port, "credential": {"access_key": access, "secret_key": secret}, "options": options,
                            "timeout_ms": more.get("timeout_ms", 30000)}})
    assert output["plant"]["caught"], output["plant"]
    assert not any("?" in sentence for sentence in output["sentences"]), output["sentences"]
    assert secret not in str(output), "the secret key became a fact"
    return output


def said(output, kind, subject=None):
    return [entry["outcome"] + " " + entry["reason"] for entry in output["observations"] if entry["kind"] == kind and entry.get("subject") == subject]


def buckets(output):
    return {entry["name"]: entry["attributes"] for entry in output.get("proposals", []) if entry["kind"] == "bucket"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process, log):
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert process.poll() is None, open(log, encoding="utf-8", errors="replace").read()[-2000:]
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


class Server:
    def __init__(self, name, command, port, **more):
        self.log, self.port = os.path.join(FOLDER, name + ".log"), port
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=dict(os.environ, **more))

    def __enter__(self):
        wait_for(self.port, self.process, self.log)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)


# ---- a real S3 server ----

def real_server():
    port, data = free_port(), os.path.join(FOLDER, "data")
    for name in ("invoices", "backups"):
        os.makedirs(os.path.join(data, name))
    command = [shutil.which("versitygw"), "--access", "AKIDREAL", "--secret", "real-secret-key-value", "--port", f"127.0.0.1:{port}", "posix", data]
    with Server("versitygw", command, port):
        output = ask("s3", port, "AKIDREAL", "real-secret-key-value")
        assert set(buckets(output)) == {"test/invoices", "test/backups"}, (buckets(output), output["facts"])
        assert said(output, "source.read-only") == ["unprovable source.powers-unseen"]
        assert said(output, "source.complete") == ["pass source.all-read"], (said(output, "source.complete"), output["facts"]["requests"])
        for name in ("invoices", "backups"):
            outcome = said(output, "bucket.encryption", "bucket:test/" + name)
            assert outcome and not outcome[0].startswith("pass"), outcome  # it encrypts nothing by itself
        wrong = ask("s3", port, "AKIDREAL", "another-secret-key-value")
        assert said(wrong, "source.complete") == ["error source.forbidden"] and not wrong.get("whole"), said(wrong, "source.complete")


if shutil.which("versitygw"):
    test(real_server)
else:
    print("left out: no versitygw here")


# ---- an imitation of AWS that checks signatures and rights ----

# moto names some rights otherwise than AWS does, hence the two patterns
POLICY = ('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*","Action":["s3:ListAllMyBuckets","s3:GetBucketLocation","s3:GetEncryptionConfiguration",'
          '"s3:GetBucketVersioning","s3:GetBucketObjectLockConfiguration","s3:GetBucketPublicAccessBlock","s3:GetBucketPolicyStatus","s3:Get*","s3:List*","iam:GenerateCredentialReport",'
          '"iam:GetCredentialReport","iam:SimulatePrincipalPolicy","sts:GetCallerIdentity"]}]}')


def set_up_aws(port):
    import boto3
    here = dict(endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1", aws_access_key_id="setup", aws_secret_access_key="setup")
    s3, iam = boto3.client("s3", **here), boto3.client("iam", **here)
    s3.create_bucket(Bucket="plain-data")
    s3.create_bucket(Bucket="kept-data", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}, ObjectLockEnabledForBucket=True)
    s3.put_object(Bucket="plain-data", Key="a-secret-name", Body=b"x")
    s3.put_bucket_encryption(Bucket="kept-data", ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]})
    iam.create_user(UserName="ann")
    iam.create_login_profile(UserName="ann", Password="a-Password-1234")
    iam.create_user(UserName="vogt")
    iam.put_user_policy(UserName="vogt", PolicyName="read", PolicyDocument=POLICY)
    key = iam.create_access_key(UserName="vogt")["AccessKey"]
    iam.create_user(UserName="nobody")
    other = iam.create_access_key(UserName="nobody")["AccessKey"]
    return key, other


def imitated_aws():
    port = free_port()
    with Server("moto", [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], port):
        key, other = set_up_aws(port)
        # from here on every signature and every right is checked
        request = urllib.request.Request(f"http://127.0.0.1:{port}/moto-api/reset-auth", data=b"0", method="POST", headers={"Content-Type": "text/plain"})
        urllib.request.urlopen(request, timeout=20).close()
        output = ask("aws", port, key["AccessKeyId"], key["SecretAccessKey"])
        found = buckets(output)
        assert set(found) == {"aws/plain-data", "aws/kept-data"}, (found, output["facts"]["requests"][0])
        assert found["aws/kept-data"]["region"] == "eu-central-1" and found["aws/plain-data"]["region"] == "us-east-1", found
        assert found["aws/kept-data"]["lock"] is True and found["aws/kept-data"]["versioning"] is True and found["aws/plain-data"]["versioning"] is False, found
        assert said(output, "bucket.encryption", "bucket:aws/kept-data") == ["pass bucket.encrypted"]
        assert said(output, "bucket.encryption", "bucket:aws/plain-data")[0].split()[1] in ("bucket.encrypted", "bucket.not-encrypted")
        assert said(output, "source.complete") == ["pass source.all-read"], (said(output, "source.complete"), [r for r in output["facts"]["requests"] if not r["complete"]])
        assert said(output, "mfa.cloud-factor", "account:aws/ann") == ["fail mfa.none"], [entry for entry in output["observations"] if entry["kind"] == "mfa.cloud-factor"]
        assert said(output, "mfa.cloud-factor", "account:aws/vogt") == ["pass mfa.service-account"]
        assert "ListBucketResult" not in str(output) or "<Key>" not in str(output), "names of objects became facts"
        wrong = ask("aws", port, key["AccessKeyId"], "wrong-secret-key-value-000000000000000000")
        assert said(wrong, "source.complete") == ["error source.forbidden"], said(wrong, "source.complete")
        weak = ask("aws", port, other["AccessKeyId"], other["SecretAccessKey"])
        assert said(weak, "source.complete") == ["error source.forbidden"] and not weak.get("whole"), said(weak, "source.complete")


if importlib.util.find_spec("moto") and importlib.util.find_spec("boto3") and importlib.util.find_spec("flask"):
    test(imitated_aws)
else:
    print("left out: no moto with its server here")


# ---- servers that lie ----

class Liar:
    def __init__(self, reply):
        liar = self
        self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                liar.asked.append(self.path)
                status, body = reply(self.path)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Location", "http://169.254.169.254/")
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass

            def log_message(self, *arguments):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # a client that had enough
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def listing(*names):
    return (XML + "<ListAllMyBucketsResult><Buckets>" + "".join(f"<Bucket><Name>{name}</Name></Bucket>" for name in names) + "</Buckets></ListAllMyBucketsResult>").encode()


@test
def lying_servers_end_in_errors():
    cases = [
        ("no XML", lambda path: (200, b"<html"), "error source.wrong-shape"),
        ("another document", lambda path: (200, (XML + "<Other/>").encode()), "error source.wrong-shape"),
        ("a name that leads elsewhere", lambda path: (200, listing("../../x")), "error source.wrong-shape"),
        ("entities", lambda path: (200, b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><ListAllMyBucketsResult><Buckets><Bucket><Name>&e;</Name></Bucket></Buckets>'
                                   b"</ListAllMyBucketsResult>"), "error source.wrong-shape"),
        ("redirect", lambda path: (307, b""), "error source.led-elsewhere"),
        ("slow down", lambda path: (503, b""), "error source.rate-limited"),
        ("endless", lambda path: (200, b" " * (5 << 20)), "error source.too-large"),
        ("settings refused", lambda path: (200, listing("data-1")) if path == "/" else (403, b""), "fail source.incomplete"),
        ("a comment that looks like a bucket", lambda path: (200, listing("data-1").replace(b"<Buckets>", b"<Buckets><!--<Bucket><Name>data-2</Name></Bucket>-->")) if path == "/" else
         (404, (XML + "<Error><Code>ServerSideEncryptionConfigurationNotFoundError</Code></Error>").encode()), "pass source.all-read"),
    ]
    for name, reply, wanted in cases:
        liar = Liar(reply)
        output = ask("s3", liar.port, "a", "some-secret-key-value")
        liar.close()
        assert said(output, "source.complete") == [wanted], (name, said(output, "source.complete"))
        assert not [entry for entry in output["observations"] if entry["outcome"] == "pass" and entry["kind"] == "bucket.encryption"], name
        assert not any(".." in path for path in liar.asked), (name, liar.asked)
    refused = Liar(lambda path: (200, listing("data-1")) if path == "/" else (501, (XML + "<Error><Code>NotImplemented</Code></Error>").encode()))
    output = ask("s3", refused.port, "a", "some-secret-key-value")
    refused.close()
    assert said(output, "bucket.encryption", "bucket:test/data-1") == ["unprovable bucket.encryption-unseen"], output["observations"]


sys.exit(main(FOLDER))
