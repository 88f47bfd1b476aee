import { join } from 'node:path'
import { build, type Metafile } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { routes } from './routes.ts'

/** The packages that a function loads when it starts: what stands behind an `import()` is not among them. */
async function packagesAtStart(file: string): Promise<Set<string>> {
  const { metafile } = await build({
    entryPoints: [join(import.meta.dirname, `${file}.ts`)],
    bundle: true,
    metafile: true,
    write: false,
    splitting: true,
    format: 'esm',
    platform: 'node',
    outdir: 'out',
  })
  const entry = Object.keys(metafile.outputs).find((name) => name.endsWith(`/${file}.js`)) ?? ''
  const inputs = chunksAtStart(metafile, entry).flatMap((chunk) => Object.keys(metafile.outputs[chunk]?.inputs ?? {}))
  const names = inputs.map((input) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1])
  return new Set(names.filter((name) => name !== undefined))
}

function chunksAtStart({ outputs }: Metafile, entry: string): string[] {
  const found = new Set([entry])
  for (const chunk of found) {
    for (const { path, kind } of outputs[chunk]?.imports ?? []) {
      if (kind === 'import-statement' && path in outputs) found.add(path)
    }
  }
  return [...found]
}

describe('starting a function', () => {
  const files = [...new Set(routes.map(({ file }) => file)), 'not-found', 'deliver', 'history', 'sweep']

  it.each(files)('%s loads neither Postgres nor the SQS client before it needs them', async (file) => {
    const packages = await packagesAtStart(file)
    expect(packages).toContain('@upstash/redis')
    for (const heavy of ['@neondatabase/serverless', 'pg', 'ws', '@aws-sdk/client-sqs', '@smithy/core']) {
      expect(packages).not.toContain(heavy)
    }
  })

  it('finds what a function does load, so that the test above can fail', async () => {
    expect(await packagesAtStart('publish')).toContain('zod')
  })
})
