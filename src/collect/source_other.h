/*
 * Collectors of sources that no table of HTTP requests can ask: name servers (zone transfers), and texts that a person puts into the source's options (a
 * zone, an invoice). Their facts have the form of all sources (source.h), with "credential": "none" or "planted", because none of them logs in anywhere; and S3, which speaks XML.
 */
#ifndef VOGT_COLLECT_SOURCE_OTHER_H
#define VOGT_COLLECT_SOURCE_OTHER_H

#include "process/worker.h"

/* Kind "dns": input's address "dns://SERVER[:PORT]", options {"zones":["example.org",…]}. Each zone is a request whose items are its records. */
enum err source_dns(struct arena *arena, const struct json *input, struct work_reply *reply) must_check;
/* Kinds "s3" and "aws" (source_s3.c): address "https://HOST", credential access_key, secret_key, session_token, option region. */
enum err source_s3(struct arena *arena, const struct json *input, struct work_reply *reply) must_check;
struct source_wire;
extern const struct source_wire s3_planted;
/* Kind "registry" (source_registry.c): address "https://HOST", credential user, password, options images, platform, token_address. */
enum err source_registry(struct arena *arena, const struct json *input, struct work_reply *reply) must_check;
struct http_request;
struct http_reply;
typedef enum err (*registry_ask_fn)(void *context, const struct http_request *request, struct http_reply *ret_reply, struct complaint *complaint);
/* The planted registry, living in the arena. */
enum err registry_planted(struct arena *arena, void **ret_context, registry_ask_fn *ret_ask) must_check;
/* Kinds "zone" and "invoice": the text of the options is the fact; nothing is asked and nobody connected to. */
enum err source_import(struct arena *arena, const struct json *input, struct work_reply *reply) must_check;

#endif
