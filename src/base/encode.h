/* Base64 (RFC 4648 section 4, strict: padding required, no white space, zero spare bits), base64url without padding
 * (section 5), lower-case hex. Decoding accepts hex of either case. ERR_MALFORMED, ERR_TOO_LARGE (of the buf). */
#ifndef VOGT_BASE_ENCODE_H
#define VOGT_BASE_ENCODE_H

#include "base/bytes.h"

enum err base64_encode(struct buf *out, struct slice bytes) must_check;
enum err base64_decode(struct buf *out, struct slice text) must_check;
enum err base64url_encode(struct buf *out, struct slice bytes) must_check;
enum err base64url_decode(struct buf *out, struct slice text) must_check;
enum err hex_encode(struct buf *out, struct slice bytes) must_check;
enum err hex_decode(struct buf *out, struct slice text) must_check;

#endif
