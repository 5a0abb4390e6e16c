#include "measure/docx_package.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES_MAX = 5000, RATIO_MAX = 400, RATIO_FREE_BYTES = 1024 * 1024, CHUNK_BYTES = 65536 };

void docx_package_free(struct docx_package *package)
{
    buf_free(&package->document);
    buf_free(&package->styles);
    buf_free(&package->numbering);
}

enum err docx_complain_broken(struct complaint *complaint)
{
    return complain(complaint, ERR_INVALID,
                    TEXT("the Word file is broken and cannot be read. Open it in Word or LibreOffice, save it again as .docx and "
                         "try again",
                         "Die Word-Datei ist beschädigt und nicht lesbar. Bitte in Word oder LibreOffice öffnen, neu als .docx "
                         "speichern und erneut versuchen"),
                    0, 0, NULL, 0);
}

static enum err complain_bomb(struct complaint *complaint)
{
    return complain(complaint, ERR_TOO_LARGE,
                    TEXT("the Word file unpacks to more than it may (32 MiB, or 400 times its size). Save the annex alone, without "
                         "pictures",
                         "Die Word-Datei wird entpackt größer als erlaubt (32 MiB oder das 400-Fache). Bitte nur den Anhang "
                         "speichern, ohne Bilder"),
                    0, 0, NULL, 0);
}

static enum err complain_locked(struct complaint *complaint)
{
    return complain(complaint, ERR_INVALID,
                    TEXT("the file is locked with a password. Save it without one and try again",
                         "Die Datei ist mit einem Kennwort geschützt. Bitte ohne Kennwort speichern und erneut versuchen"),
                    0, 0, NULL, 0);
}

static enum err complain_no_word(struct complaint *complaint)
{
    return complain(complaint, ERR_UNSUPPORTED,
                    TEXT("a zip file, but no Word document (.docx) in it. Give the annex as Word, PDF, Markdown or plain text",
                         "Eine Zip-Datei, aber kein Word-Dokument (.docx). Bitte den Anhang als Word, PDF, Markdown oder reinen "
                         "Text angeben"),
                    0, 0, NULL, 0);
}

static enum err unpack(struct archive *zip, size_t packed_bytes, size_t *total, struct buf *out, struct complaint *complaint)
{
    buf_clear(out);
    for (;;) {
        enum err err = buf_reserve(out, CHUNK_BYTES);
        if (err != ERR_NONE) {
            return err == ERR_TOO_LARGE ? complain_bomb(complaint) : err;
        }
        la_ssize_t count = archive_read_data(zip, out->data + out->len, CHUNK_BYTES);
        if (count == 0) {
            return ERR_NONE;
        }
        if (count < 0) {
            return docx_complain_broken(complaint);
        }
        out->len += (size_t)count;
        *total += (size_t)count;
        if (*total > DOCX_UNPACKED_MAX_BYTES || (*total > RATIO_FREE_BYTES && *total / RATIO_MAX > packed_bytes)) {
            return complain_bomb(complaint);
        }
    }
}

static struct buf *part_named(struct docx_package *package, const char *name)
{
    if (name == NULL) {
        return NULL;
    }
    return strcmp(name, "word/document.xml") == 0    ? &package->document
           : strcmp(name, "word/styles.xml") == 0    ? &package->styles
           : strcmp(name, "word/numbering.xml") == 0 ? &package->numbering
                                                     : NULL;
}

static enum err read_entries(struct archive *zip, size_t packed_bytes, struct docx_package *package,
                             struct complaint *complaint)
{
    struct archive_entry *entry;
    size_t total = 0;
    for (size_t i = 0; i < ENTRIES_MAX; i++) {
        int status = archive_read_next_header(zip, &entry);
        if (status == ARCHIVE_EOF) {
            return ERR_NONE;
        }
        if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
            return docx_complain_broken(complaint);
        }
        struct buf *part = part_named(package, archive_entry_pathname(entry));
        if (part == NULL) {
            continue;
        }
        if (archive_entry_is_encrypted(entry)) {
            return complain_locked(complaint);
        }
        if (part->len > 0) {
            return docx_complain_broken(complaint);  /* the same part twice: two readers could see two texts */
        }
        enum err err = unpack(zip, packed_bytes, &total, part, complaint);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return docx_complain_broken(complaint);
}

enum err docx_package_open(struct slice bytes, struct docx_package *ret_package, struct complaint *complaint)
{
    struct docx_package package = {BUF_INIT(DOCX_UNPACKED_MAX_BYTES + CHUNK_BYTES),
                                   BUF_INIT(DOCX_UNPACKED_MAX_BYTES + CHUNK_BYTES),
                                   BUF_INIT(DOCX_UNPACKED_MAX_BYTES + CHUNK_BYTES)};
    struct archive *zip = archive_read_new();
    if (zip == NULL) {
        return ERR_MEMORY;
    }
    enum err err = ERR_NONE;
    if (archive_read_support_format_zip(zip) != ARCHIVE_OK ||
        archive_read_open_memory(zip, bytes.data, bytes.len) != ARCHIVE_OK) {
        err = docx_complain_broken(complaint);
    } else {
        err = read_entries(zip, bytes.len, &package, complaint);
    }
    archive_read_free(zip);
    if (err == ERR_NONE && package.document.len == 0) {
        err = complain_no_word(complaint);
    }
    if (err != ERR_NONE) {
        docx_package_free(&package);
        return err;
    }
    *ret_package = package;
    return ERR_NONE;
}

/* Errors end the reading; what they say in English about XML helps nobody who wrote a Word file. */
static void be_silent(void *user, xmlErrorPtr error)
{
    (void)user;
    (void)error;
}

xmlTextReaderPtr docx_xml_open(const struct buf *part)
{
    xmlTextReaderPtr reader =
        xmlReaderForMemory((const char *)part->data, (int)part->len, NULL, NULL, XML_PARSE_NONET | XML_PARSE_COMPACT);
    if (reader != NULL) {
        xmlTextReaderSetStructuredErrorHandler(reader, be_silent, NULL);
    }
    return reader;
}

int docx_xml_next(xmlTextReaderPtr reader)
{
    int status = xmlTextReaderRead(reader);
    if (status != 1) {
        return status;
    }
    int type = xmlTextReaderNodeType(reader);
    bool entity = type == XML_READER_TYPE_DOCUMENT_TYPE || type == XML_READER_TYPE_ENTITY_REFERENCE ||
                  type == XML_READER_TYPE_ENTITY;
    return entity ? -1 : 1;
}

struct slice docx_xml_name(xmlTextReaderPtr reader)
{
    return slice_string((const char *)xmlTextReaderConstLocalName(reader));
}

char *docx_xml_attribute(xmlTextReaderPtr reader, const char *name)
{
    return (char *)xmlTextReaderGetAttribute(reader, (const xmlChar *)name);
}

long docx_xml_number(xmlTextReaderPtr reader, const char *name, long fallback)
{
    char *value = docx_xml_attribute(reader, name);
    char *end = value;
    long number = value == NULL ? fallback : strtol(value, &end, 10);
    number = end == value || number < 0 || number > 1000000 ? fallback : number;
    xmlFree(value);
    return number;
}

bool docx_xml_switch(xmlTextReaderPtr reader)
{
    char *value = docx_xml_attribute(reader, "w:val");
    bool off = value != NULL && (strcmp(value, "0") == 0 || strcmp(value, "false") == 0 || strcmp(value, "off") == 0);
    xmlFree(value);
    return !off;
}
