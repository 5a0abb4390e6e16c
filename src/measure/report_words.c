#include "measure/report_words.h"

static const struct text words[WORD_COUNT] = {
#define WORD(id, english, german) [WORD_##id] = TEXT_INIT(english, german),
#include "measure/report_words.def"
#undef WORD
};

#define DISC                                                                                       \
    "500 0 m 776 0 1000 224 1000 500 c 1000 776 776 1000 500 1000 c 224 1000 0 776 0 500 c 0 224 " \
    "224 0 500 0 c h "
#define RING                                                                                       \
    DISC "500 120 m 710 120 880 290 880 500 c 880 710 710 880 500 880 c 290 880 120 710 120 500 "  \
         "c 120 290 290 120 500 120 c h "

const struct report_verdict report_verdicts[REPORT_VERDICTS] = {
    {"kept",
     TEXT_INIT("kept", "gehalten"),
     TEXT_INIT("Every promise of the sentence was observed, on every subject in scope, and no "
               "observation is older than allowed.",
               "Jede Zusage des Satzes wurde beobachtet, an jedem Gegenstand im Geltungsbereich, "
               "und keine Beobachtung ist älter als erlaubt."),
     {22, 104, 48},
     DISC "210 490 m 300 580 l 440 440 l 710 720 l 800 630 l 440 260 l h f*"},
    {"broken",
     TEXT_INIT("broken", "gebrochen"),
     TEXT_INIT(
         "At least one observation contradicts the sentence. Only measuring again ends this state.",
         "Mindestens eine Beobachtung widerspricht dem Satz. Nur neues Messen beendet diesen "
         "Zustand."),
     {172, 28, 28},
     "40 40 920 920 re 240 340 m 340 240 l 500 400 l 660 240 l 760 340 l 600 500 l 760 660 l 660 "
     "760 l 500 600 l 340 760 l 240 660 l 400 500 l h f*"},
    {"stale",
     TEXT_INIT("stale", "veraltet"),
     TEXT_INIT("It was kept, but the last observation is older than allowed.",
               "Er war gehalten, aber die letzte Beobachtung ist älter als erlaubt."),
     {134, 84, 0},
     RING "450 780 m 550 780 l 550 530 l 760 410 l 710 325 l 450 470 l h f*"},
    {"unproven",
     TEXT_INIT("unproven", "unbewiesen"),
     TEXT_INIT("No observation covers the whole sentence: not yet measured, not measurable here, "
               "or the measurement failed.",
               "Keine Beobachtung deckt den ganzen Satz: noch nicht gemessen, hier nicht messbar, "
               "oder die Messung schlug fehl."),
     {82, 89, 98},
     RING "290 445 420 110 re f*"},
    {"attested",
     TEXT_INIT("attested", "bescheinigt"),
     TEXT_INIT("A person signed that it is so, with a date of expiry. No machine saw it.",
               "Ein Mensch hat mit Ablaufdatum unterschrieben, dass es so ist. Keine Maschine hat "
               "es gesehen."),
     {42, 76, 156},
     "500 0 m 1000 500 l 500 1000 l 0 500 l h 500 230 m 770 500 l 500 770 l 230 500 l h f*"},
};

struct slice report_word(enum report_word word, enum language language)
{
    return slice_string(text_in(words[word], language));
}

size_t report_verdict_find(struct slice name)
{
    for (size_t i = 0; i < REPORT_VERDICTS; i++) {
        if (slice_is(name, report_verdicts[i].name)) {
            return i;
        }
    }
    return SIZE_MAX;
}
