#include "ledger/policy.h"

#include <string.h>

struct line {
    struct policy *policy;
    struct slice rest; /* words not yet read */
    struct slice word; /* the last one read */
    size_t number;
    bool quorum_seen;
    uint64_t used; /* members that a group holds already */
    struct complaint *complaint;
};

typedef enum err (*line_fn)(struct line *line);

struct line_kind {
    const char *keyword;
    line_fn read;
};

static enum err refuse(const struct line *line, enum err err, struct text text)
{
    return complain(line->complaint, err, text, line->number, 0, (const char *)line->word.data,
                    line->word.len);
}

static bool next_word(struct line *line)
{
    size_t begin = 0;
    while (begin < line->rest.len &&
           (line->rest.data[begin] == ' ' || line->rest.data[begin] == '\t')) {
        begin++;
    }
    size_t end = begin;
    while (end < line->rest.len && line->rest.data[end] != ' ' && line->rest.data[end] != '\t') {
        end++;
    }
    line->word = slice_first(slice_from(line->rest, begin), end - begin);
    line->rest = slice_from(line->rest, end);
    return end > begin;
}

static enum err take_word(struct line *line)
{
    return next_word(line) ? ERR_NONE
                           : refuse(line, ERR_MALFORMED,
                                    TEXT("the line ends too early", "die Zeile endet zu früh"));
}

static enum err end_line(struct line *line)
{
    return next_word(line) ? refuse(line, ERR_MALFORMED,
                                    TEXT("unexpected word at the end of the line",
                                         "unerwartetes Wort am Zeilenende"))
                           : ERR_NONE;
}

static enum err take_key(struct line *line, uint8_t type, struct note_key *ret_key)
{
    enum err err = take_word(line);
    if (err != ERR_NONE) {
        return err;
    }
    err = note_key_parse(line->word, ret_key);
    if (err == ERR_UNSUPPORTED || (err == ERR_NONE && ret_key->type != type)) {
        return refuse(line, ERR_UNSUPPORTED,
                      TEXT("a key of this type is not supported here",
                           "ein Schlüssel dieser Art ist hier nicht möglich"));
    }
    return err == ERR_NONE
               ? err
               : refuse(line, err,
                        TEXT("this is no verifier key", "das ist kein Prüfschlüssel (vkey)"));
}

static enum err take_url(struct line *line, struct slice *ret_url)
{
    *ret_url = SLICE_NONE;
    if (!next_word(line)) {
        return ERR_NONE;
    }
    *ret_url = line->word;
    return end_line(line);
}

static bool same_key(const struct note_key *a, const struct note_key *b)
{
    return memcmp(a->public_key, b->public_key, sizeof(a->public_key)) == 0;
}

static enum err read_log(struct line *line)
{
    struct policy *policy = line->policy;
    if (policy->log_count == POLICY_LOGS_MAX) {
        return refuse(line, ERR_TOO_LARGE, TEXT("more than 32 logs", "mehr als 32 Logs"));
    }
    struct policy_log *log = &policy->logs[policy->log_count];
    enum err err = take_key(line, NOTE_TYPE_ED25519, &log->key);
    if (err != ERR_NONE) {
        return err;
    }
    for (size_t i = 0; i < policy->log_count; i++) {
        if (same_key(&policy->logs[i].key, &log->key)) {
            return refuse(line, ERR_INVALID,
                          TEXT("this log is listed twice", "dieses Log steht zweimal da"));
        }
    }
    err = take_url(line, &log->url);
    if (err == ERR_NONE) {
        policy->log_count++;
    }
    return err;
}

static size_t find_member(const struct policy *policy, struct slice name)
{
    for (size_t i = 0; i < policy->member_count; i++) {
        if (slice_equal(policy->members[i].name, name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* Reads the name of a new member into the next free place. */
static enum err take_new_name(struct line *line, struct policy_member **ret_member)
{
    struct policy *policy = line->policy;
    enum err err = take_word(line);
    if (err != ERR_NONE) {
        return err;
    }
    if (slice_is(line->word, "none") || find_member(policy, line->word) != SIZE_MAX) {
        return refuse(line, ERR_INVALID, TEXT("this name is taken", "dieser Name ist vergeben"));
    }
    *ret_member = &policy->members[policy->member_count];
    **ret_member = (struct policy_member){.name = line->word};
    return ERR_NONE;
}

static enum err read_witness(struct line *line)
{
    struct policy *policy = line->policy;
    if (policy->witness_count == POLICY_WITNESSES_MAX) {
        return refuse(line, ERR_TOO_LARGE, TEXT("more than 32 witnesses", "mehr als 32 Zeugen"));
    }
    struct policy_member *witness = NULL;
    enum err err = take_new_name(line, &witness);
    if (err == ERR_NONE) {
        err = take_key(line, NOTE_TYPE_COSIGNATURE, &witness->key);
    }
    if (err != ERR_NONE) {
        return err;
    }
    for (size_t i = 0; i < policy->member_count; i++) {
        if (policy->members[i].is_witness && same_key(&policy->members[i].key, &witness->key)) {
            return refuse(line, ERR_INVALID,
                          TEXT("this witness is listed twice", "dieser Zeuge steht zweimal da"));
        }
    }
    err = take_url(line, &witness->url);
    if (err == ERR_NONE) {
        witness->is_witness = true;
        policy->witness_count++;
        policy->member_count++;
    }
    return err;
}

static enum err take_members(struct line *line, uint64_t *ret_members, unsigned *ret_count)
{
    while (next_word(line)) {
        size_t index = find_member(line->policy, line->word);
        if (index == SIZE_MAX) {
            return refuse(line, ERR_INVALID,
                          TEXT("no witness or group of this name above",
                               "kein Zeuge und keine Gruppe dieses Namens darüber"));
        }
        if ((line->used >> index & 1) != 0) {
            return refuse(line, ERR_INVALID,
                          TEXT("is a member already", "ist schon irgendwo Mitglied"));
        }
        line->used |= (uint64_t)1 << index;
        *ret_members |= (uint64_t)1 << index;
        ++*ret_count;
    }
    return *ret_count > 0
               ? ERR_NONE
               : refuse(line, ERR_MALFORMED,
                        TEXT("a group needs a member", "eine Gruppe braucht ein Mitglied"));
}

static enum err read_group(struct line *line)
{
    struct policy *policy = line->policy;
    if (policy->group_count == POLICY_GROUPS_MAX) {
        return refuse(line, ERR_TOO_LARGE, TEXT("more than 32 groups", "mehr als 32 Gruppen"));
    }
    struct policy_member *group = NULL;
    enum err err = take_new_name(line, &group);
    if (err == ERR_NONE) {
        err = take_word(line);
    }
    struct slice rule = line->word;
    unsigned count = 0;
    if (err == ERR_NONE) {
        err = take_members(line, &group->members, &count);
    }
    if (err != ERR_NONE) {
        return err;
    }
    uint64_t threshold = slice_is(rule, "any") ? 1 : count;
    if (!slice_is(rule, "any") && !slice_is(rule, "all") &&
        (slice_to_u64(rule, &threshold) != ERR_NONE || threshold < 1 || threshold > count)) {
        line->word = rule;
        return refuse(
            line, ERR_INVALID,
            TEXT("must be \"all\", \"any\" or a number from 1 to the count of members",
                 "muss \"all\", \"any\" oder eine Zahl von 1 bis zur Zahl der Mitglieder sein"));
    }
    group->threshold = (unsigned)threshold;
    policy->group_count++;
    policy->member_count++;
    return ERR_NONE;
}

static enum err read_quorum(struct line *line)
{
    if (line->quorum_seen) {
        return refuse(line, ERR_INVALID, TEXT("a second quorum line", "eine zweite Quorum-Zeile"));
    }
    enum err err = take_word(line);
    if (err != ERR_NONE) {
        return err;
    }
    line->policy->quorum_none = slice_is(line->word, "none");
    if (!line->policy->quorum_none) {
        line->policy->quorum = find_member(line->policy, line->word);
        if (line->policy->quorum == SIZE_MAX) {
            return refuse(line, ERR_INVALID,
                          TEXT("no witness or group of this name above",
                               "kein Zeuge und keine Gruppe dieses Namens darüber"));
        }
    }
    line->quorum_seen = true;
    return end_line(line);
}

static const struct line_kind line_kinds[] = {
    {"log", read_log},
    {"witness", read_witness},
    {"group", read_group},
    {"quorum", read_quorum},
};

static enum err read_line(struct line *line)
{
    for (size_t i = 0; i < line->rest.len; i++) {
        uint8_t byte = line->rest.data[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
            return refuse(line, ERR_MALFORMED, TEXT("a control character", "ein Steuerzeichen"));
        }
    }
    if (!next_word(line) || line->word.data[0] == '#') {
        return ERR_NONE;
    }
    for (size_t i = 0; i < sizeof(line_kinds) / sizeof(line_kinds[0]); i++) {
        if (slice_is(line->word, line_kinds[i].keyword)) {
            return line_kinds[i].read(line);
        }
    }
    return refuse(line, ERR_MALFORMED,
                  TEXT("a line begins with log, witness, group or quorum",
                       "eine Zeile beginnt mit log, witness, group oder quorum"));
}

enum err policy_read(struct slice text, struct policy *ret_policy, struct complaint *complaint)
{
    *ret_policy = (struct policy){.quorum_none = false};
    struct line line = {.policy = ret_policy, .complaint = complaint};
    struct slice rest = text;
    while (rest.len > 0) {
        size_t end = slice_find_byte(rest, '\n');
        line.rest = end == SIZE_MAX ? rest : slice_first(rest, end);
        line.word = SLICE_NONE;
        rest = end == SIZE_MAX ? SLICE_NONE : slice_from(rest, end + 1);
        line.number++;
        enum err err = read_line(&line);
        if (err != ERR_NONE) {
            return err;
        }
    }
    line.word = SLICE_NONE;
    return line.quorum_seen ? ERR_NONE
                            : refuse(&line, ERR_MALFORMED,
                                     TEXT("the quorum line is missing", "die Quorum-Zeile fehlt"));
}

enum err policy_count(const struct policy *policy, const struct note *note,
                      struct policy_result *ret_result)
{
    struct policy_result result = {.log = 0};
    for (size_t i = 0; i < policy->member_count; i++) {
        const struct policy_member *member = &policy->members[i];
        uint64_t time_unix_s = 0;
        if (!member->is_witness) {
            unsigned met = (unsigned)__builtin_popcountll(member->members & result.witnessed);
            result.witnessed |= met >= member->threshold ? (uint64_t)1 << i : 0;
            continue;
        }
        enum err err = note_verify(note, &member->key, &time_unix_s);
        if (err == ERR_NOT_FOUND) {
            continue;
        }
        if (err != ERR_NONE) {
            return err;
        }
        result.witnessed |= (uint64_t)1 << i;
        bool first = result.witness_count++ == 0;
        result.earliest_unix_s =
            first || time_unix_s < result.earliest_unix_s ? time_unix_s : result.earliest_unix_s;
        result.latest_unix_s =
            time_unix_s > result.latest_unix_s ? time_unix_s : result.latest_unix_s;
    }
    *ret_result = result;
    return ERR_NONE;
}

bool policy_quorum_met(const struct policy *policy, const struct policy_result *result)
{
    return policy->quorum_none || (result->witnessed >> policy->quorum & 1) != 0;
}

enum err policy_open(const struct policy *policy, struct slice bytes, struct note *ret_note,
                     struct checkpoint *ret_checkpoint, struct policy_result *ret_result)
{
    struct checkpoint checkpoint;
    struct policy_result result;
    enum err err = note_parse(bytes, ret_note);
    if (err == ERR_NONE) {
        err = checkpoint_parse(ret_note->text, &checkpoint);
    }
    if (err == ERR_NONE) {
        err = policy_count(policy, ret_note, &result);
    }
    if (err != ERR_NONE) {
        return err;
    }
    enum err signature = ERR_NOT_FOUND;
    for (size_t i = 0; i < policy->log_count && signature == ERR_NOT_FOUND; i++) {
        if (slice_equal(policy->logs[i].key.name, checkpoint.origin)) {
            signature = note_verify(ret_note, &policy->logs[i].key, NULL);
            result.log = i;
        }
    }
    if (signature != ERR_NONE) {
        return signature;
    }
    if (!policy_quorum_met(policy, &result)) {
        return ERR_DENIED;
    }
    *ret_checkpoint = checkpoint;
    *ret_result = result;
    return ERR_NONE;
}
