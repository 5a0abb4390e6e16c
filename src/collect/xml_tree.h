/*
 * XML as a tree of the shape that JSON has, for answers of S3, IAM and STS: an element with elements inside becomes an object, one without its text. Several of one
 * name stand several times, in order. Hostile bytes: through libxml2 without network, entities and document types, bounded in depth and count.
 */
#ifndef VOGT_COLLECT_XML_TREE_H
#define VOGT_COLLECT_XML_TREE_H

#include "base/json.h"

enum { XML_DEPTH_MAX = 16, XML_ELEMENTS_MAX = 100000, XML_TEXT_MAX_BYTES = 8 << 20 };

/* *ret_root: an object with one member, the root element. ERR_MALFORMED, ERR_TOO_LARGE. */
enum err xml_tree_read(struct arena *arena, struct slice text, struct json **ret_root) must_check;

#endif
