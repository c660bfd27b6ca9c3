// Bundles the editor into web/static/editor, or into the folder that is named. Same sources, same bytes.
import { build } from 'esbuild'
import { readdirSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const out = resolve(process.argv[2] ?? `${here}../static/editor`)

// The names of shared pieces change with their content.
rmSync(out, { recursive: true, force: true })
await build({
  absWorkingDir: here,
  entryPoints: { lesson: 'src/lesson.js', document: 'src/document.js' },
  outdir: out,
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  legalComments: 'eof',
  charset: 'utf8',
  logLevel: 'warning',
})
console.log(readdirSync(out).join('\n'))
