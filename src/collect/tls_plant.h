/*
 * The planted failure of the TLS probe: a server inside this process with everything the probe must find. It speaks TLS 1.0 to
 * 1.2 only, with a CBC suite and one without encryption, shows an expired certificate for another name, and answers HTTP without
 * Strict-Transport-Security. Its key is made anew each time and never leaves the process.
 */
#ifndef VOGT_COLLECT_TLS_PLANT_H
#define VOGT_COLLECT_TLS_PLANT_H

#include "collect/stream.h"

#define TLS_PLANT_NAME "planted.vogt.invalid" /* what the probe asks for; the certificate names another */

struct tls_plant;

enum err tls_plant_new(struct tls_plant **ret_plant) must_check;
void tls_plant_free(struct tls_plant *plant);
/* A new connection; the one before ends. The stream borrows the plant. */
enum err tls_plant_connect(struct tls_plant *plant, size_t read_max_bytes, struct stream *ret_stream) must_check;

#endif
