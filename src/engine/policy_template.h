/* Patterns that name the caller: {{identity.entity.name}} and its siblings, filled in when a request is checked. */
#ifndef VOGT_ENGINE_POLICY_TEMPLATE_H
#define VOGT_ENGINE_POLICY_TEMPLATE_H

#include "engine/entity.h"

bool template_has(struct slice pattern);
/* Is every "{{" ended, and what stands there known? For when a policy is written. */
bool template_is_good(struct slice pattern);
/*
 * The pattern for this identity (NULL: a token without one). False: it stands for nothing here, and the rule with it, because the value is not there, or because
 * it could widen the pattern: empty, with "*", with a segment "+", "." or "..".
 */
bool template_fill(struct arena *arena, const struct identity *identity, struct slice pattern, struct slice *ret_pattern);

#endif
