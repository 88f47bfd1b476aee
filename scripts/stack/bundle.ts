import { createCipheriv, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build, type Metafile } from 'esbuild'
import type { Links } from '../../core/linked-config.ts'

export type Bundle = {
  /** The file that Lambda loads; it exports `handler`. */
  file: string
  /** Bytes that are loaded at the start: the file and the chunks that it imports, not those behind an `import()`. */
  startBytes: number
  /** How many files that is: each has to be found, read and linked. */
  startFiles: number
  /** Source files loaded at the start with the bytes that each has in them, the largest first. */
  startInputs: [path: string, bytes: number][]
  metafile: Metafile
}

const project = join(import.meta.dirname, '..', '..')

/** sst puts it before every ES module, for packages that expect CommonJS. */
const banner = [
  `import { createRequire as topLevelCreateRequire } from 'module';`,
  `const require = topLevelCreateRequire(import.meta.url);`,
  `import { fileURLToPath as topLevelFileUrlToPath, URL as topLevelURL } from "url"`,
  `const __filename = topLevelFileUrlToPath(import.meta.url)`,
  `const __dirname = topLevelFileUrlToPath(new topLevelURL(".", import.meta.url))`,
].join('\n')

/** Bundles `functions/<file>.ts` into a folder as sst does; see `bundleEntry`. */
export function bundleFunction(file: string, outdir: string): Promise<Bundle> {
  return bundleEntry(join('functions', `${file}.ts`), outdir)
}

/**
 * Bundles a file of the project that exports `handler` into a folder, with the options that sst gives esbuild for the functions of
 * infra/, source maps apart, which are not part of what is loaded.
 */
export async function bundleEntry(entry: string, outdir: string): Promise<Bundle> {
  const { metafile } = await build({
    absWorkingDir: project,
    entryPoints: [entry],
    entryNames: 'bundle',
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    minify: true,
    keepNames: false,
    format: 'esm',
    platform: 'node',
    target: 'es2024',
    mainFields: ['module', 'main'],
    external: ['sharp', 'pg-native'],
    banner: { js: banner },
    metafile: true,
  })
  return { file: join(outdir, 'bundle.mjs'), ...start(metafile), metafile }
}

function start({ outputs }: Metafile): Pick<Bundle, 'startBytes' | 'startFiles' | 'startInputs'> {
  const loaded = new Set(Object.keys(outputs).filter((name) => name.endsWith('/bundle.mjs')))
  for (const name of loaded) {
    for (const { path, kind } of outputs[name]?.imports ?? []) {
      if (kind === 'import-statement' && path in outputs) loaded.add(path)
    }
  }
  const chunks = [...loaded].flatMap((name) => outputs[name] ?? [])
  const inputs = chunks.flatMap((chunk) => Object.entries(chunk.inputs))
  return {
    startBytes: chunks.reduce((sum, { bytes }) => sum + bytes, 0),
    startFiles: chunks.length,
    startInputs: inputs
      .map(([path, { bytesInOutput }]): [string, number] => [path, bytesInOutput])
      .sort(([, a], [, b]) => b - a),
  }
}

/** Puts links beside a bundle as sst does; gives the environment with which the function finds them. */
export async function writeLinks(folder: string, links: Links): Promise<Record<string, string>> {
  const key = randomBytes(32)
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.alloc(12))
  const sealed = Buffer.concat([cipher.update(JSON.stringify(links)), cipher.final()])
  await writeFile(join(folder, 'resource.enc'), Buffer.concat([sealed, cipher.getAuthTag()]))
  return { SST_KEY: key.toString('base64'), SST_KEY_FILE: 'resource.enc' }
}
