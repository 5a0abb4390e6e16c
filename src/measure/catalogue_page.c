/* docs/measures.md: what the catalogue holds, for people, English and German. */
#include "measure/catalogue_emit.h"

static enum err put_slice(struct buf *out, struct slice text)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < text.len; i++) {
        err = text.data[i] == '|' ? buf_append_string(out, "\\|")
                                  : buf_append_byte(out, text.data[i]);
    }
    return err;
}

static enum err put_line(struct buf *out, const char *before, struct slice text, const char *after)
{
    enum err err = buf_append_string(out, before);
    err = err == ERR_NONE ? put_slice(out, text) : err;
    return err == ERR_NONE ? buf_append_string(out, after) : err;
}

static enum err put_both(struct buf *out, const char *label, const struct hcl_block *block,
                         const char *name)
{
    enum err err = put_line(out, label, block_text(block, name, "en"), "  \n");
    return err == ERR_NONE ? put_line(out, "*", block_text(block, name, "de"), "*\n\n") : err;
}

static enum err put_frameworks(struct buf *out, const struct json *frameworks)
{
    static const struct {
        const char *id, *title;
    } names[] = {{"iso27001", "ISO/IEC 27001:2022 Annex A"},
                 {"gdpr", "GDPR Art."},
                 {"gspp", "Grundschutz++"},
                 {"nis2", "NIS2 Art."},
                 {"c5", "BSI C5:2020"}};
    enum err err = buf_append_string(out, "Frameworks: ");
    const char *between = "";
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct json *ids = json_member(frameworks, names[i].id);
        if (ids == NULL) {
            continue;
        }
        err = err == ERR_NONE ? buf_printf(out, "%s%s", between, names[i].title) : err;
        for (const struct json *id = ids->first; err == ERR_NONE && id != NULL; id = id->next) {
            err = put_line(out, id == ids->first ? " " : ", ", id->text, "");
        }
        between = "; ";
    }
    return err == ERR_NONE ? buf_append_string(out, ".\n\n") : err;
}

static enum err put_observation(struct buf *out, const struct hcl_block *promise,
                                const struct hcl_block *observation)
{
    bool first = promise->blocks == observation;
    const struct json *attestable = block_value(promise, "attestable");
    enum err err = put_line(out, "| ", first ? promise->labels[0] : SLICE_NONE, " | ");
    err = err == ERR_NONE && first ? put_line(out, "", block_text(promise, "title", "en"), " · ")
                                   : err;
    err = err == ERR_NONE && first ? put_line(out, "*", block_text(promise, "title", "de"), "*")
                                   : err;
    if (first && attestable != NULL && attestable->type == JSON_TRUE) {
        err = err == ERR_NONE ? buf_append_string(out, " (attestable)") : err;
    }
    err = err == ERR_NONE ? put_line(out, " | ", observation->labels[0], " | ") : err;
    err = err == ERR_NONE ? put_line(out, "", hcl_text(observation, "subject", SLICE_NONE), " | ")
                          : err;
    err = err == ERR_NONE ? put_slice(out, hcl_text(observation, "max_age", SLICE_NONE)) : err;
    struct slice from = hcl_text(observation, "max_age_from", SLICE_NONE);
    err = err == ERR_NONE && from.len > 0 ? put_line(out, ", or the clause's ", from, "") : err;
    return err == ERR_NONE
               ? put_line(out, " | ", hcl_text(observation, "probe", SLICE_LITERAL("none yet")),
                          " |\n")
               : err;
}

static enum err put_measure(struct buf *out, const struct hcl_block *block)
{
    enum err err = put_line(out, "### ", block_value(block, "number")->text, " ");
    err = err == ERR_NONE ? put_line(out, "`", block->labels[0], "`: ") : err;
    err = err == ERR_NONE ? put_line(out, "", block_text(block, "title", "en"), " · ") : err;
    err = err == ERR_NONE ? put_line(out, "", block_text(block, "title", "de"), "\n\n") : err;
    err = err == ERR_NONE ? put_both(out, "Runs it: ", block, "runs") : err;
    err = err == ERR_NONE ? put_both(out, "Proves it: ", block, "proves") : err;
    err = err == ERR_NONE ? put_frameworks(out, block_value(block, "frameworks")) : err;
    err =
        err == ERR_NONE
            ? buf_append_string(
                  out, "| promise | what it says | observation | subject | greatest age | probe |\n"
                       "|---|---|---|---|---|---|\n")
            : err;
    for (const struct hcl_block *promise = block->blocks; err == ERR_NONE && promise != NULL;
         promise = promise->next) {
        for (const struct hcl_block *observation = promise->blocks;
             err == ERR_NONE && observation != NULL; observation = observation->next) {
            err = put_observation(out, promise, observation);
        }
    }
    return err == ERR_NONE ? buf_append_string(out, "\n") : err;
}

static enum err put_sections(struct buf *out, const struct source *source)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < source->lists[ENTRY_SECTION].count; i++) {
        const struct hcl_block *section = source->lists[ENTRY_SECTION].items[i].block;
        err = err == ERR_NONE ? put_line(out, "## ", section->labels[0], ". ") : err;
        err = err == ERR_NONE ? put_line(out, "", block_text(section, "title", "en"), " · ") : err;
        err = err == ERR_NONE ? put_line(out, "", block_text(section, "title", "de"), "\n\n") : err;
        for (size_t j = 0; err == ERR_NONE && j < source->lists[ENTRY_MEASURE].count; j++) {
            const struct hcl_block *measure = source->lists[ENTRY_MEASURE].items[j].block;
            if (slice_equal(hcl_text(measure, "section", SLICE_NONE), section->labels[0])) {
                err = put_measure(out, measure);
            }
        }
    }
    return err;
}

static enum err put_terms(struct buf *out, const struct source *source)
{
    enum err err =
        buf_append_string(out, "## Vague words · Unbestimmte Wörter\n\n| word | proposed reading | "
                               "vorgeschlagene Lesart |\n|---|---|---|\n");
    for (size_t i = 0; i < source->lists[ENTRY_TERM].count; i++) {
        const struct hcl_block *term = source->lists[ENTRY_TERM].items[i].block;
        err = err == ERR_NONE ? put_line(out, "| ", term->labels[0], " | ") : err;
        err = err == ERR_NONE ? put_line(out, "", block_text(term, "proposal", "en"), " | ") : err;
        err = err == ERR_NONE ? put_line(out, "", block_text(term, "proposal", "de"), " |\n") : err;
    }
    return err;
}

enum err emit_page(struct buf *out, const struct source *source)
{
    enum err err = buf_append_string(
        out,
        "# The catalogue of measures · Der Katalog der Maßnahmen\n\n"
        "Written from `measures/` by the build; a test checks that it is up to date. \"None yet\" "
        "means that no probe makes the\n"
        "observation in this release: such a promise is shown as unproven, never as kept.\n\n");
    err = err == ERR_NONE ? put_sections(out, source) : err;
    return err == ERR_NONE ? put_terms(out, source) : err;
}
