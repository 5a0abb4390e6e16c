import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// Gate serves the files below /ui/ under a policy without inline script or style, so nothing may be inlined.
export default defineConfig({
  base: '/ui/',
  plugins: [svelte()],
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false },
});
