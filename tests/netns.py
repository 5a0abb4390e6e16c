"""Two machines in network namespaces of the test's own, joined by one cable: `here` looks, `there` is looked at. Addresses are of the
documentation's ranges. Ends only what it started.
"""
import os
import socket
import subprocess
import sys

HERE4, THERE4, HERE6, THERE6 = "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"


def enter():
    """Runs the calling test once more inside a network namespace; returns True inside. 77: none can be had."""
    if os.environ.get("VOGT_TEST_NETNS") == "inside":
        return True
    command = ["unshare", "--net", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net", "--mount"]
    if subprocess.run([*command, "ip", "link", "set", "lo", "up"], capture_output=True).returncode != 0:
        print("left out: no network namespace can be made here")
        sys.exit(77)
    sys.exit(subprocess.run([*command, sys.executable, *sys.argv], env=dict(os.environ, VOGT_TEST_NETNS="inside")).returncode)


def run(*command, text=None):
    done = subprocess.run(command, capture_output=True, text=True, input=text, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def statements(ruleset):
    """nft wants a line end before and after the brace that closes a chain, none inside a set."""
    out, depth, inner = [], 0, 0
    for word in ruleset.split():
        if word == "{":
            starts_block = depth < 2 and not inner
            out.append("{\n" if starts_block else "{")
            depth, inner = (depth + 1, inner) if starts_block else (depth, inner + 1)
        elif word in ("}", "};"):
            if inner:
                inner -= 1
                out.append("}\n" if word == "};" else "}")
            else:
                depth -= 1
                out.append("\n}\n")
        else:
            out.append(word.replace(";", "\n") if word.endswith(";") else word)
    return " ".join(out)


class There:
    """The other machine: a process that holds its namespace, and whatever was started in it."""

    def __init__(self):
        run("ip", "link", "set", "lo", "up")
        self.processes = []
        self.holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo ready; read line"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.holder.stdout.readline()
        pid = str(self.holder.pid)
        run("ip", "link", "add", "here", "type", "veth", "peer", "name", "there", "netns", pid)
        for device, address4, address6, prefix in (("here", HERE4, HERE6, []), ("there", THERE4, THERE6, self.prefix())):
            run(*prefix, "ip", "link", "set", "lo", "up")
            run(*prefix, "ip", "address", "add", address4 + "/24", "dev", device)
            run(*prefix, "ip", "address", "add", address6 + "/64", "dev", device, "nodad")
            run(*prefix, "ip", "link", "set", device, "up")

    def prefix(self):
        return ["nsenter", "--target", str(self.holder.pid), "--net"]

    def run(self, *command, text=None):
        return run(*self.prefix(), *command, text=text)

    def rules(self, text):
        self.run("nft", "-f", "-", text="flush ruleset\n" + statements(text))

    def serve(self, program, *arguments):
        """A Python program over there that prints a line once it is ready."""
        process = subprocess.Popen([*self.prefix(), sys.executable, "-c", program, *map(str, arguments)], stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("a server of the test did not start")
        return process

    def listen(self, *ports):
        return self.serve(LISTEN, *ports)

    def close(self):
        for process in [*self.processes, self.holder]:
            process.kill()
            process.wait()


LISTEN = """
import socket, sys, time
kept = []
for port in sys.argv[1:]:
    for family, any_address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        one = socket.socket(family, socket.SOCK_STREAM)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind((any_address, int(port)))
        one.listen(64)
        kept.append(one)
print("ready", flush=True)
time.sleep(3600)
"""

ANSWER_UDP = """
import socket, sys
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind(("0.0.0.0", int(sys.argv[1])))
print("ready", flush=True)
while True:
    data, peer = one.recvfrom(2048)
    one.sendto(data, peer)
"""


def free_ports(count):
    """Ports of loopback that nobody listens on now."""
    kept = [socket.socket() for _ in range(count)]
    for one in kept:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in kept]
    for one in kept:
        one.close()
    return ports
