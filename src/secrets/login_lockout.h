/*
 * Lockout: a name that failed to log in too often is refused for a while, whatever it brings then. Who is locked out is a row, so that a restart frees nobody:
 *
 *   lockout/ACCESSOR/NAME  {"failures","last_ms","until_ms" (0: not locked out)}: of a mount and the name by which one logs in there; due when it counts no more
 *
 * Names that do not exist are counted and locked like those that do, so that nobody learns from it which there are. Every failure costs a hash in judge, and
 * rows end by themselves: that bounds how many there can be. Times are of the steady clock. What the mount's user_lockout_config leaves open is as in Vault:
 * five failures, none of them older than fifteen minutes before the next, lock for fifteen minutes.
 */
#ifndef VOGT_SECRETS_LOGIN_LOCKOUT_H
#define VOGT_SECRETS_LOGIN_LOCKOUT_H

#include "secrets/secrets.h"

/* May this name try to log in at the turn's mount? ERR_DENIED with a complaint when it is locked out. */
enum err lockout_check(struct turn *turn, struct slice name) must_check;
/* Counts a failure, also when the turn ends with an error. */
enum err lockout_count(struct turn *turn, struct slice name) must_check;
/* It logged in: nothing is counted any more. */
enum err lockout_forget(struct turn *turn, struct slice name) must_check;
/* For an engine that has no lockout: a warning when its mount is tuned for one. */
enum err lockout_warn(struct turn *turn, const struct json *row) must_check;

#endif
