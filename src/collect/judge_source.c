#include "collect/judge_source.h"

static const struct source_judge *const judges[] = {
    &source_judge_hetzner, &source_judge_github, &source_judge_gitlab, &source_judge_forgejo, &source_judge_keycloak,
    &source_judge_entra,   &source_judge_google, &source_judge_scim,   &source_judge_csv,
    &source_judge_dokploy, &source_judge_crtsh,  &source_judge_certspotter,
    &source_judge_dns,     &source_judge_zone,   &source_judge_invoice,
    &source_judge_s3,      &source_judge_aws,    &source_judge_registry,
    &source_judge_vault,
};

/* Facts of another kind than the judge's are no facts for it. */
static const struct source_judge *judge_of(const struct json *facts)
{
    struct slice kind = json_text(facts, "kind", SLICE_NONE);
    for (size_t i = 0; i < sizeof(judges) / sizeof(judges[0]); i++) {
        if (slice_is(kind, judges[i]->kind)) {
            return judges[i];
        }
    }
    return NULL;
}

static void judge_nothing(struct judge_case *judge_case)
{
    (void)judge_case;
}

enum err judge_source(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    static const struct judge_kind kinds[] = {{"source.complete", "source.incomplete", false}, {"source.read-only", "source.can-write", false}};
    static const struct judge nothing = {kinds, 2, judge_nothing};
    (void)raw;
    const struct source_judge *real = judge_of(json_member(input, "facts")), *planted = judge_of(json_path(input, "plant.facts"));
    return judge_run(arena, input, real == NULL || real != planted ? &nothing : &real->judge, reply);
}
