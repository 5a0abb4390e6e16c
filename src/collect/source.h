/*
 * "collect.source": asks a configured provider what there is, by the table of its kind (source_api.h), and brings the named members of its replies
 * as facts. It owns its connection and its login for one run. It never writes, never follows a redirect, never goes anywhere but to the address (and
 * token address) of its input, and never lets a secret into facts.
 *
 * Input:  {"kind","address"?,"port","ports"?,"credential":{…},"options":{…},"timeout_ms"?}   see source_kinds.h for fields and source_ports
 * Output: {"facts":{"kind","address","requests":[…],"token"?,"token_scope"?},"plant":{"facts":{…}},"vantage":"local"}
 *   a request: {"name","status","items":[{…}],"complete":bool,"error"?,"retry_after_s"?,"headers"?:{…}}
 *   one that is asked once for each of others: {"name","each":[{"of":"id","status","items":[…],"complete",…}],"complete"}
 * What the provider refuses or breaks is a fact ("error" is a reason id); a source that cannot be asked at all is ERR_INVALID with a complaint.
 */
#ifndef VOGT_COLLECT_SOURCE_H
#define VOGT_COLLECT_SOURCE_H

#include "process/worker.h"

enum err collect_source(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

#endif
