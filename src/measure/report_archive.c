#include "measure/report_archive.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/time.h"
#include "base/utf8.h"

enum { METADATA_MAX_BYTES = 1 << 16, PROFILE_MAX_BYTES = 4096, DATE_DIGITS = 14 };

static enum err put_xml(struct buf *out, struct slice text)
{
    enum err err = ERR_NONE;
    size_t position = 0;
    for (size_t letters = 0;
         err == ERR_NONE && position < text.len && letters < REPORT_STRING_LETTERS; letters++) {
        uint32_t point = 0xfffd;
        if (utf8_next(text, &position, &point) != ERR_NONE) {
            position++;
        }
        if (point == '<' || point == '>' || point == '&' || point == '"') {
            err = buf_printf(out, "&#%" PRIu32 ";", point);
        } else if (point >= 0x20 && (point < 0x7f || point >= 0xa0) && point != 0xfffe &&
                   point != 0xffff) {
            err = utf8_append(out, point);
        }
    }
    return err;
}

/* XMP (ISO 16684-1): title, maker, time, and the claim to be PDF/A-3A. */
static enum err metadata(struct buf *out, const struct archive *archive)
{
    char time[RFC3339_BYTES];
    rfc3339_format(archive->generated_unix_ms, time);
    enum err err = buf_append_string(
        out,
        "<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
        "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF "
        "xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"
        "<rdf:Description rdf:about=\"\" xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\""
        " xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\""
        " xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\">\n"
        "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>\n"
        "<dc:format>application/pdf</dc:format>\n<dc:title><rdf:Alt><rdf:li "
        "xml:lang=\"x-default\">");
    err = err == ERR_NONE ? put_xml(out, archive->title) : err;
    err = err == ERR_NONE
              ? buf_append_string(out,
                                  "</rdf:li></rdf:Alt></dc:title>\n<dc:language><rdf:Bag><rdf:li>")
              : err;
    err = err == ERR_NONE ? put_xml(out, archive->language) : err;
    err = err == ERR_NONE ? buf_append_string(out, "</rdf:li></rdf:Bag></dc:language>\n") : err;
    if (err == ERR_NONE && archive->company.len > 0) {
        err = buf_append_string(out, "<dc:creator><rdf:Seq><rdf:li>");
        err = err == ERR_NONE ? put_xml(out, archive->company) : err;
        err = err == ERR_NONE ? buf_append_string(out, "</rdf:li></rdf:Seq></dc:creator>\n") : err;
    }
    err = err == ERR_NONE
              ? buf_printf(out,
                           "<xmp:CreateDate>%s</xmp:CreateDate><xmp:ModifyDate>%s</xmp:ModifyDate>",
                           time, time)
              : err;
    return err != ERR_NONE
               ? err
               : buf_append_string(
                     out, "<xmp:CreatorTool>Vogt " VOGT_VERSION
                          "</xmp:CreatorTool><pdf:Producer>Vogt " VOGT_VERSION "</pdf:Producer>\n"
                          "</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>\n");
}

static uint32_t write_metadata(struct report_file *file, const struct archive *archive)
{
    cleanup_buf struct buf text = BUF_INIT(METADATA_MAX_BYTES);
    enum err err = metadata(&text, archive);
    file->err = file->err == ERR_NONE ? err : file->err;
    uint32_t object = report_file_object(file);
    report_file_stream(file, object, "/Type/Metadata/Subtype/XML", buf_slice(&text));
    return object;
}

static uint32_t write_intent(struct report_file *file)
{
    cleanup_buf struct buf profile = BUF_INIT(PROFILE_MAX_BYTES);
    enum err err = archive_profile(&profile);
    file->err = file->err == ERR_NONE ? err : file->err;
    uint32_t stream = report_file_object(file), object = report_file_object(file);
    report_file_stream_deflated(file, stream, "/N 3", buf_slice(&profile));
    report_file_begin(file, object);
    report_file_printf(file,
                       "<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB "
                       "IEC61966-2.1)/Info(sRGB IEC61966-2.1)"
                       "/DestOutputProfile %" PRIu32 " 0 R>>",
                       stream);
    report_file_end(file);
    return object;
}

/* "2026-11-23T09:27:32.123Z" -> "20261123092732" */
static void pdf_date(int64_t unix_ms, char out[DATE_DIGITS + 1])
{
    char text[RFC3339_BYTES];
    rfc3339_format(unix_ms, text);
    size_t count = 0;
    for (size_t i = 0; text[i] != '\0' && text[i] != '.' && count < DATE_DIGITS; i++) {
        if (text[i] >= '0' && text[i] <= '9') {
            out[count++] = text[i];
        }
    }
    out[count] = '\0';
}

static uint32_t write_evidence(struct report_file *file, const struct archive *archive)
{
    char entries[192], date[DATE_DIGITS + 1];
    pdf_date(archive->generated_unix_ms, date);
    int len =
        snprintf(entries, sizeof(entries),
                 "/Type/EmbeddedFile/Subtype/application#2Fjson/Params<</Size %zu/ModDate(D:%sZ)>>",
                 archive->evidence.len, date);
    if (len < 0 || (size_t)len >= sizeof(entries)) {
        file->err = file->err == ERR_NONE ? ERR_TOO_LARGE : file->err;
        return 0;
    }
    uint32_t stream = report_file_object(file), object = report_file_object(file);
    report_file_stream_deflated(file, stream, entries, archive->evidence);
    report_file_begin(file, object);
    report_file_printf(file, "<</Type/Filespec/F(" EVIDENCE_FILE_NAME ")/UF(" EVIDENCE_FILE_NAME
                             ")/AFRelationship/Data/Desc");
    report_file_string(file, archive->evidence_about);
    report_file_printf(file, "/EF<</F %" PRIu32 " 0 R/UF %" PRIu32 " 0 R>>>>", stream, stream);
    report_file_end(file);
    return object;
}

enum err archive_finish(struct sheet *sheet, const struct archive *archive, uint32_t outlines)
{
    struct report_file *file = &sheet->file;
    uint32_t meta = write_metadata(file, archive), intent = write_intent(file);
    uint32_t evidence = archive->evidence.len > 0 ? write_evidence(file, archive) : 0;
    uint32_t catalog = report_file_object(file);
    report_file_begin(file, catalog);
    report_file_printf(
        file,
        "<</Type/Catalog/Pages %" PRIu32 " 0 R/Metadata %" PRIu32 " 0 R/OutputIntents[%" PRIu32
        " 0 R]/StructTreeRoot %" PRIu32
        " 0 R/MarkInfo<</Marked true>>/ViewerPreferences<</DisplayDocTitle true>>/Lang(%.*s)",
        sheet->pages_object, meta, intent, sheet->tree_object, (int)archive->language.len,
        (const char *)archive->language.data);
    if (outlines != 0) {
        report_file_printf(file, "/Outlines %" PRIu32 " 0 R/PageMode/UseOutlines", outlines);
    }
    if (evidence != 0) {
        report_file_printf(file,
                           "/AF[%" PRIu32 " 0 R]/Names<</EmbeddedFiles<</Names[(" EVIDENCE_FILE_NAME
                           ")%" PRIu32 " 0 R]>>>>",
                           evidence, evidence);
    }
    report_file_printf(file, ">>");
    report_file_end(file);
    return report_file_finish(file, catalog);
}
