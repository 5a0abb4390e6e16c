#include "measure/report_font.h"

uint16_t report_font_glyph(const struct report_font *font, uint32_t code_point)
{
    size_t low = 0, high = font->point_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (font->points[middle].code_point == code_point) {
            return (uint16_t)(middle + 1);
        }
        if (font->points[middle].code_point < code_point) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return 0;
}

uint16_t report_font_width(const struct report_font *font, uint16_t glyph)
{
    return glyph == 0 || glyph > font->point_count ? font->missing_width
                                                   : font->points[glyph - 1].width;
}
