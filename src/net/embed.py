#!/usr/bin/env python3
"""Writes the web page (ui/dist) as a C table: embed.py DIST OUT.c OUT.d

Without DIST the table holds one page that says what is missing. OUT.d tells ninja what to watch.
"""
import gzip
import hashlib
import html
import os
import sys

TYPES = {
    '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8',
    '.svg': 'image/svg+xml', '.png': 'image/png', '.ico': 'image/x-icon', '.webp': 'image/webp',
    '.woff2': 'font/woff2', '.json': 'application/json', '.txt': 'text/plain; charset=utf-8',
    '.webmanifest': 'application/manifest+json', '.wasm': 'application/wasm', '.map': 'application/json',
}

MISSING = '''<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Vogt</title></head><body>
<h1>Vogt</h1>
<p>This build has no web page: <code>{dist}</code> was missing. Build it with
<code>npm --prefix ui ci &amp;&amp; npm --prefix ui run build</code>, then build Vogt again.
The command line (<code>vogt help</code>) and the API under <code>/v1/</code> work.</p>
<p lang="de">Dieser Bau enthält keine Webseite: <code>{dist}</code> fehlte. Sie entsteht mit
<code>npm --prefix ui ci &amp;&amp; npm --prefix ui run build</code>; danach Vogt neu bauen.
Die Kommandozeile (<code>vogt help</code>) und die Schnittstelle unter <code>/v1/</code> arbeiten.</p>
</body></html>
'''


def collect(dist):
    files, watched = [], []
    for folder, folders, names in os.walk(dist):
        folders.sort()
        watched.append(folder)
        for name in sorted(names):
            path = os.path.join(folder, name)
            watched.append(path)
            with open(path, 'rb') as file:
                files.append((os.path.relpath(path, dist).replace(os.sep, '/'), file.read()))
    return files, watched


def array(name, data):
    lines = [f'static const unsigned char {name}[] = {{']
    for start in range(0, len(data), 24):
        lines.append('    ' + ','.join(str(byte) for byte in data[start:start + 24]) + ',')
    return '\n'.join(lines + ['};', ''])


def row(index, path, data, out):
    kind = TYPES.get(os.path.splitext(path)[1].lower(), 'application/octet-stream')
    packed = gzip.compress(data, 9, mtime=0)
    use_gzip = len(packed) < len(data) * 9 // 10
    out.append(array(f'file_{index}', data or b'\0'))
    if use_gzip:
        out.append(array(f'file_{index}_gzip', packed))
    # Vite puts a digest into the names of what it lays under assets/: such a file never changes.
    unchanging = 'true' if path.startswith('assets/') else 'false'
    gzipped = f'file_{index}_gzip, sizeof(file_{index}_gzip)' if use_gzip else 'NULL, 0'
    name = path.replace('\\', '\\\\').replace('"', '\\"')
    return (f'    {{"{name}", "{kind}", "\\"{hashlib.sha256(data).hexdigest()[:32]}\\"", {unchanging}, '
            f'file_{index}, {len(data)}, {gzipped}}},')


def main():
    dist, target, depfile = sys.argv[1:4]
    files, watched = collect(dist) if os.path.isfile(os.path.join(dist, 'index.html')) else ([], [])
    if not files:
        shown = os.path.join(os.path.basename(os.path.dirname(dist)), os.path.basename(dist))
        files = [('index.html', MISSING.format(dist=html.escape(shown)).encode())]
        watched = [os.path.dirname(dist)]
    out = ['#include "net/page.h"', '']
    rows = [row(index, path, data, out) for index, (path, data) in enumerate(files)]
    out += ['const struct page_file page_files[] = {', *rows, '};',
            'const size_t page_file_count = sizeof(page_files) / sizeof(page_files[0]);', '']
    with open(target, 'w', encoding='ascii') as file:
        file.write('\n'.join(out))
    with open(depfile, 'w', encoding='utf-8') as file:
        file.write(f'{target}: ' + ' '.join(path.replace(' ', '\\ ') for path in watched) + '\n')


if __name__ == '__main__':
    main()
