import react from '@vitejs/plugin-react';
import { defineConfig, type UserConfig } from 'vite';

const config: UserConfig = defineConfig({
  plugins: [react()],
  base: '/',
  build: {
    outDir: '../../../dist/coordinator/dashboard/ui',
    emptyOutDir: true,
    target: 'es2022',
    // Everything comes as a file of its own, because the pages' security policy allows nothing inline.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
  },
  worker: { format: 'es' },
});

export default config;
