/*
 * Password policies: how passwords that engines make look, as Vault writes them in HCL.
 *   policy/password/NAME  {"text": HCL as written,"length","rules":[{"charset","min_chars"}]}
 * A password has `length` characters, each as likely as the others of all charsets together, but for those that the rules ask for.
 */
#ifndef VOGT_ENGINE_PASSWORD_POLICY_H
#define VOGT_ENGINE_PASSWORD_POLICY_H

#include "engine/turn.h"

/* A password by the policy of this name, in the arena. ERR_NOT_FOUND: there is none. */
enum err password_generate(struct turn *turn, struct slice policy, struct slice *ret_password) must_check;

#endif
