"""What every test program here shares: running its cases and counting them, observing once, and servers that misbehave."""
import contextlib
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
import traceback


def run(cases, *arguments):
    """Calls each case, one line each; ends the program with 'N passed, N failed'. A text that a case returns is shown beside its name."""
    passed = failed = 0
    for case in cases:
        begin = time.monotonic()
        try:
            said = case(*arguments)
            passed += 1
            print(f"ok   {case.__name__}" + (f" ({said})" if isinstance(said, str) else "") + f" {time.monotonic() - begin:.1f} s", flush=True)
        except Exception:  # a case that fails must not hide the others
            failed += 1
            print(f"FAIL {case.__name__}\n{traceback.format_exc()}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def observed(request, timeout=60):
    """What collect_run, the program's first argument, makes of a request: the plant is caught, and no sentence has a gap."""
    done = subprocess.run([sys.argv[1]], input=json.dumps(request), capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0, done.stderr
    output = json.loads(done.stdout)
    assert output["plant"]["caught"], output["plant"]
    for sentence in output["sentences"]:
        assert "?" not in sentence, sentence
    return output


@contextlib.contextmanager
def hostile(behave):
    """A TCP server on loopback whose every connection is handed to behave(connection) in a thread. Gives its port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def one(connection):
        with contextlib.suppress(OSError, ssl.SSLError), connection:
            connection.settimeout(20)
            behave(connection)

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
