/* Judging an observation's facts again, with the same pure judges that the judge role runs. Owns
 * nothing. */
#ifndef VOGT_COMMAND_REJUDGE_H
#define VOGT_COMMAND_REJUDGE_H

#include "base/json.h"

enum rejudged { REJUDGED_ERROR, REJUDGED_DIFFERS, REJUDGED_NO_JUDGE, REJUDGED_AGREES };

/* `payload`: of type observation. NO_JUDGE: this program has no judge of that name, or the facts
 * are not in the payload. */
enum rejudged rejudge(struct arena *arena, const struct json *payload);

#endif
