/*
 * The package around a Word file: a zip of XML parts. Takes the three parts that hold text, styles and numbering, and opens
 * them as XML without entities, network or external files. Bounded: entries, unpacked bytes, ratio.
 */
#ifndef VOGT_MEASURE_DOCX_PACKAGE_H
#define VOGT_MEASURE_DOCX_PACKAGE_H

#include <libxml/xmlreader.h>

#include "base/bytes.h"

enum { DOCX_UNPACKED_MAX_BYTES = 32 * 1024 * 1024 };

struct docx_package {
    struct buf document, styles, numbering; /* owned */
};

void docx_package_free(struct docx_package *package);
enum err docx_package_open(struct slice bytes, struct docx_package *ret_package, struct complaint *complaint) must_check;

/* NULL without memory. Free with xmlFreeTextReader. */
xmlTextReaderPtr docx_xml_open(const struct buf *part);
/* Moves to the next node: 1, 0 at the end, -1 when the XML is broken or carries a document type (entities). */
int docx_xml_next(xmlTextReaderPtr reader);
struct slice docx_xml_name(xmlTextReaderPtr reader);              /* local name; borrowed until the next node */
/* The attribute's value (with the prefix "w:"), as a string to be freed with xmlFree; NULL if absent. */
char *docx_xml_attribute(xmlTextReaderPtr reader, const char *name);
long docx_xml_number(xmlTextReaderPtr reader, const char *name, long fallback);
/* A switch such as <w:b/>: on unless its value says 0, false or off. */
bool docx_xml_switch(xmlTextReaderPtr reader);

enum err docx_complain_broken(struct complaint *complaint) must_check;

#endif
