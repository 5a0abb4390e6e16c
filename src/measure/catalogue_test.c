#include "measure/catalogue.h"

#include "base/check.h"

TEST(catalogue_has_28_measures_in_order_and_both_languages)
{
    CHECK_U64(28, catalogue_measure_count());
    CHECK(strlen(catalogue_version) == 16);
    for (size_t i = 0; i < catalogue_measure_count(); i++) {
        const struct measure *measure = catalogue_measure_at(i);
        CHECK_U64(i + 1, measure->number);
        CHECK(measure->title.english[0] != '\0' && measure->title.german[0] != '\0');
        CHECK(measure->runs.english[0] != '\0' && measure->proves.german[0] != '\0');
        CHECK(measure->promise_count > 0 && measure->framework_count > 0 &&
              measure->pattern_count > 0);
        CHECK(catalogue_measure(slice_string(measure->id)) == measure);
        CHECK(catalogue_section(slice_string(measure->section)) != NULL);
    }
    CHECK(catalogue_measure_at(28) == NULL);
    CHECK(catalogue_measure(SLICE_LITERAL("crypto")) == NULL);
}

TEST(catalogue_promises_point_back_and_need_observations)
{
    for (size_t i = 0; i < catalogue_measure_count(); i++) {
        const struct measure *measure = catalogue_measure_at(i);
        for (size_t j = 0; j < measure->promise_count; j++) {
            const struct promise *promise = &measure->promises[j];
            CHECK(promise->measure == measure);
            CHECK(promise->observation_count > 0 && promise->pattern_count > 0);
            CHECK(catalogue_promise(slice_string(measure->id), slice_string(promise->name)) ==
                  promise);
            for (size_t k = 0; k < promise->observation_count; k++) {
                CHECK(promise->observations[k].max_age_s >= 60);
                CHECK(catalogue_subject(slice_string(promise->observations[k].subject)) != NULL);
            }
        }
    }
}

TEST(catalogue_says_what_has_a_probe)
{
    const struct promise *tls = catalogue_promise(SLICE_LITERAL("crypto.transit"), SLICE_LITERAL("tls13"));
    CHECK(tls != NULL && promise_has_probe(tls));
    CHECK_STRING("tls.version", tls->observations[0].kind);
    CHECK_STRING("endpoint", tls->observations[0].subject);
    CHECK_U64(86400, tls->observations[0].max_age_s);
    CHECK_STRING("\"1.2\"", promise_parameter(tls, "version")->value);
    CHECK(promise_parameter(tls, "days") == NULL);
    const struct promise *restore = catalogue_promise(SLICE_LITERAL("backup.restore"), SLICE_LITERAL("tested"));
    CHECK(restore != NULL && !promise_has_probe(restore));
    CHECK_STRING("days", restore->observations[0].max_age_from);
}

TEST(catalogue_every_probe_serves_a_promise)
{
    CHECK(catalogue_probe_count() > 0);
    for (size_t i = 0; i < catalogue_probe_count(); i++) {
        const struct probe *probe = catalogue_probe_at(i);
        CHECK(probe->observation_count > 0);
        /* a machine tells what there is, files with secrets are what two environments are compared by: they serve none by themselves */
        CHECK(catalogue_probe_promise(probe, NULL) != NULL || slice_is(slice_string(probe->id), "machine") || slice_is(slice_string(probe->id), "secrets"));
    }
    size_t count = 0;
    const struct probe *tls = catalogue_probe(SLICE_LITERAL("tls"));
    for (const struct promise *promise = catalogue_probe_promise(tls, NULL); promise != NULL;
         promise = catalogue_probe_promise(tls, promise)) {
        count++;
    }
    CHECK_U64(4, count);
}

TEST_MAIN
