/*
 * What encrypts a volume, from two sources: the header on its device, and the kernel's own table of the running mapping. Pure.
 *
 *   LUKS1  "LUKS" ba be, u16 1, cipher name [32], mode [32], hash [32], u32 payload offset, u32 key bytes at 108, …, UUID [40] at 168
 *   LUKS2  "LUKS" ba be, u16 2, u64 header bytes at 8, …, UUID [40] at 168, JSON from 4096 to the header's end. All big-endian.
 *   table  "cipher key iv-offset device offset …"; key is hex digits, or ":bytes:type:description" in the kernel's keyring
 */
#ifndef VOGT_COLLECT_LUKS_H
#define VOGT_COLLECT_LUKS_H

#include "base/arena.h"
#include "base/json.h"

enum { LUKS_HEADER_MAX_BYTES = 65536 };

/* Writes {"version","uuid","segments":[{"cipher","key_bits","integrity"?}]} into the fact. ERR_NOT_FOUND: no LUKS header; ERR_MALFORMED;
 * ERR_TOO_LARGE: the header is longer than what was given. */
enum err luks_read(struct arena *arena, struct slice header, struct json *fact) must_check;
/* Writes {"cipher","key_bits"}; never copies the key. ERR_MALFORMED. */
enum err luks_read_table(struct arena *arena, struct slice parameters, struct json *fact) must_check;

#endif
