/*
 * Sealed texts: what keep hands out and takes back, unread by whoever carries it. base64url of XAES-256-GCM over a packed tree; key: HKDF-SHA-256(token key, `salt`, info `label`),
 * associated data: the label. Only what keep itself sealed opens, so unpacking it is no parsing of others' bytes.
 */
#ifndef VOGT_ENGINE_SEALED_TEXT_H
#define VOGT_ENGINE_SEALED_TEXT_H

#include "engine/turn.h"

enum { SEALED_TEXT_PLAIN_MAX_BYTES = 2048 };

/* The text lies in the turn's arena. tree NULL: ERR_MEMORY. ERR_TOO_LARGE: packed it is longer than SEALED_TEXT_PLAIN_MAX_BYTES. ERR_SEALED. */
enum err sealed_text_make(struct turn *turn, const char *label, struct slice salt, const struct json *tree, struct slice *ret_text) must_check;
/* ERR_NOT_FOUND: not made here, with this label and salt. ERR_SEALED. */
enum err sealed_text_open(struct turn *turn, const char *label, struct slice salt, struct slice text, const struct json **ret_tree) must_check;

#endif
