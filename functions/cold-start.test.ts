import { join } from 'node:path'
import { build, type Metafile } from 'esbuild'
import { beforeAll, describe, expect, it } from 'vitest'
import { routes } from './routes.ts'

const files = [
  ...new Set(routes.map(({ file }) => file)),
  'not-found',
  'deliver',
  'history',
  'sweep',
  'retention',
  'audit',
]

let metafile: Metafile
beforeAll(async () => {
  const entryPoints = files.map((file) => join(import.meta.dirname, `${file}.ts`))
  const options = { bundle: true, splitting: true, format: 'esm', platform: 'node', outdir: 'out' } as const
  metafile = (await build({ ...options, entryPoints, metafile: true, write: false })).metafile
})

/** The files that a function loads when it starts: what stands behind an `import()` is not among them. */
function filesAtStart(file: string): string[] {
  const { outputs } = metafile
  const loaded = new Set(Object.keys(outputs).filter((name) => name.endsWith(`/${file}.js`)))
  for (const chunk of loaded) {
    for (const { path, kind } of outputs[chunk]?.imports ?? []) {
      if (kind === 'import-statement' && path in outputs) loaded.add(path)
    }
  }
  return [...loaded].flatMap((chunk) => Object.keys(outputs[chunk]?.inputs ?? {}))
}

function packagesAtStart(file: string): Set<string> {
  const names = filesAtStart(file).map((input) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1])
  return new Set(names.filter((name) => name !== undefined))
}

describe('starting a function', () => {
  it.each(files)('%s loads no client of Redis, Postgres or SQS before it needs it', (file) => {
    const packages = packagesAtStart(file)
    expect(packages).toContain('zod')
    for (const heavy of [
      '@upstash/redis',
      '@neondatabase/serverless',
      'pg',
      'ws',
      '@aws-sdk/client-sqs',
      '@smithy/core',
    ]) {
      expect(packages).not.toContain(heavy)
    }
  })

  it('none loads what describes the API, but openapi what it says', () => {
    const describes = /functions\/(openapi\/|answers\/|schemas\.ts)/
    const loaded = files.flatMap((file) => filesAtStart(file).filter((name) => describes.test(name)))
    expect(loaded).toEqual(['functions/openapi/document.json'])
  })

  it.each(files)('%s reads requests without the larger half of zod', (file) => {
    expect(filesAtStart(file).filter((input) => input.includes('/zod/v4/classic/'))).toEqual([])
  })

  it('has the heavy packages behind an import()', () => {
    const inputs = Object.keys(metafile.inputs)
    for (const heavy of ['@upstash/redis', '@neondatabase/serverless', 'pg', '@aws-sdk/client-sqs']) {
      expect(inputs.some((input) => input.includes(`node_modules/${heavy}/`))).toBe(true)
    }
  })
})
