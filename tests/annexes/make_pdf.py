"""Makes the two PDF fixtures: python3 make_pdf.py two-pages.pdf scan.pdf (needs python3-cairo). locked.pdf is the first one, encrypted with qpdf."""
import cairo, sys
def page(ctx, lines, n, total):
    ctx.select_font_face("DejaVu Sans"); ctx.set_font_size(10)
    ctx.move_to(60, 40); ctx.show_text("Muster GmbH - vertraulich")
    ctx.move_to(260, 810); ctx.show_text("Seite %d von %d" % (n, total))
    y = 90
    for x, text in lines:
        if text:
            ctx.move_to(60 + x, y); ctx.show_text(text)
        y += 15
    ctx.show_page()
pages = [
 [(0,"Anhang Sicherheit"),(0,""),(0,"1. Zugriff"),(0,""),(0,"Wir vergeben Rechte sparsam, z. B. über Rollen, und prüfen sie in jedem"),
  (0,"Quartal. Für Administratoren gilt Folgendes:"),(10,"• Anmeldung nur mit zweitem Faktor und mit einem Schlüs-"),(18,"sel, der nicht kopiert werden kann"),
  (10,"• Notfallzugänge werden protokolliert"),(0,""),(0,"2. Verschlüsselung"),(0,""),(0,"Alle Verbindungen nutzen TLS 1.3. Die Volumes aller Datenbanken und")],
 [(0,"Sicherungen sind mit AES-256 verschlüsselt."),(0,""),(0,"3. Sicherung"),(0,""),(0,"Sicherungen entstehen täglich. Sie werden höchstens 30 Tage aufbewahrt.")]]
s = cairo.PDFSurface(sys.argv[1], 595, 842)
s.set_metadata(cairo.PDFMetadata.CREATE_DATE, "2026-01-01T00:00:00Z")
c = cairo.Context(s)
for i, p in enumerate(pages): page(c, p, i+1, len(pages))
s.finish()
s = cairo.PDFSurface(sys.argv[2], 595, 842)
c = cairo.Context(s); c.rectangle(50,50,200,200); c.fill(); c.show_page(); s.finish()
