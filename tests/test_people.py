"""A source of many people, whole: ten thousand are taken over in one run, more are refused in words and none of them is, and the history tells all of each."""
import json
import os

from scenario import ROOT, Daemon, main


def people(first, count):
    return "email,login,active,admin,second_factor,last_login\r\n" + "".join(
        "person.%05d@example.org,p%05d,yes,no,yes,2026-10-01\r\n" % (number, number) for number in range(first, first + count))


def put(vogt, name, text):
    status, reply = vogt.call("POST", "/v1/estate/sources/" + name, {"kind": "csv", "options": {"text": text}})
    assert status == 200, reply
    status, reply = vogt.call("POST", "/v1/estate/sources/%s/run" % name, {})
    assert status == 200, reply
    return reply["data"]["complete"]


def ten_thousand_people_are_taken_over():
    with Daemon() as vogt:
        assert vogt.vogt("adopt", os.path.join(ROOT, "examples", "annex.de.md")).returncode == 0
        complete = put(vogt, "staff", people(0, 9900))
        assert complete["verdict"] == "kept" and complete["reason"]["english"] == "Everything that was put in as text was read (9900 items).", complete
        assert vogt.call("GET", "/v1/estate/sources/staff")[1]["data"]["found"] == 19800
        seen = vogt.call("GET", "/v1/observations?subject=account:csv/staff/p00007")[1]["data"]["observations"]
        assert {one["kind"] for one in seen} >= {"mfa.factor", "mfa.cloud-factor", "access.unused-rights", "access.matrix"}, seen
        # the estate holds 20,000 subjects: those of the second list would be more
        complete = put(vogt, "more", people(20000, 500))
        assert complete["verdict"] == "unproven" and complete["reason"]["id"] == "estate.too-many", complete
        assert "20000" in complete["reason"]["english"] and "20000" in complete["reason"]["german"], complete
        assert vogt.call("GET", "/v1/estate/sources/more")[1]["data"]["found"] == 0
        assert vogt.call("GET", "/v1/observations?subject=account:csv/more/p20007")[1]["data"]["observations"] == []
        complete = put(vogt, "staff", people(0, 9900))
        assert complete["verdict"] == "kept", complete
        replayed = vogt.vogt("replay", "--json", timeout=600)
        assert replayed.returncode == 0 and json.loads(replayed.stdout)["differing"] == 0, replayed.stdout + replayed.stderr


def a_list_of_too_many_is_refused_in_words():
    with Daemon() as vogt:
        assert vogt.vogt("adopt", os.path.join(ROOT, "examples", "annex.de.md")).returncode == 0
        complete = put(vogt, "staff", people(0, 11000))
        assert complete["verdict"] == "unproven" and complete["reason"]["id"] == "source.too-many", complete
        assert "at most 64000" in complete["reason"]["english"] and "höchstens 64000" in complete["reason"]["german"], complete
        assert vogt.call("GET", "/v1/estate/sources/staff")[1]["data"]["found"] == 0
        replayed = vogt.vogt("replay", "--json")
        assert replayed.returncode == 0 and json.loads(replayed.stdout)["differing"] == 0, replayed.stdout + replayed.stderr


if __name__ == "__main__":
    main([ten_thousand_people_are_taken_over, a_list_of_too_many_is_refused_in_words])
