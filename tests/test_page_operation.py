"""What operators do on the page, in Debian's Chromium against a running Vogt: audit devices and how they fare, a copy of the store, rate limits, namespaces, locked users."""
import socket
import tempfile

from scenario import Daemon, wait_until
from test_page import node, run


def operation_on_a_running_vogt():
    with Daemon() as vogt, socket.create_server(("127.0.0.1", 0)) as listener, tempfile.TemporaryDirectory() as pictures:
        link = vogt.ready["login_link"]
        admin = vogt.call("POST", "/v1/auth/link/login", {"code": link.split("#login=")[1]}, token="")[1]["auth"]["client_token"]
        for path, more in (("file", {"type": "file", "options": {"file_path": "audit.log"}}), ("gone", {"type": "socket", "options": {"address": "127.0.0.1:%d" % listener.getsockname()[1], "socket_type": "tcp"}})):
            assert vogt.call("POST", f"/v1/sys/audit/{path}", more, token=admin)[0] == 204
        listener.accept()[0].close()
        listener.close()
        link = vogt.call("POST", "/v1/auth/link/create", {"name": "admin", "policies": ["default", "admin"]}, token=admin)[1]["data"]["link"]
        wait_until(lambda: vogt.call("GET", "/v1/sys/audit", token=admin)[1]["data"]["gone/"]["state"]["failures"], what="the device that is gone")
        return node("tests/page_operation.mjs", vogt.address, link, pictures)


if __name__ == "__main__":
    run([operation_on_a_running_vogt])
