import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build, type Plugin } from 'esbuild'
import { preparePlatform } from '../../scripts/stack/platform.ts'

const project = join(import.meta.dirname, '..', '..')

// biome-ignore lint/suspicious/noExplicitAny: the inputs of a resource are whatever its provider takes
export type Inputs = Record<string, any>
export type Resource = { name: string; type: string; custom: boolean; retained: boolean; inputs: Inputs }
/** What sst is asked to build for one function. */
export type Build = {
  functionID: string
  handler: string
  runtime: string
  links: Record<string, Record<string, unknown>>
  properties: Record<string, unknown>
}
export type Synthesized = {
  app: { name: string; removal: string; protect: boolean; version: string; providers: Record<string, object> }
  protected: boolean
  resources: Resource[]
  builds: Build[]
}

/** Values of the right form, none of which is anybody's. */
const secrets = {
  RedisRestUrl: 'https://redis.test',
  RedisRestToken: 'the-token-of-a-test',
  DatabaseUrl: 'postgresql://hive:secret@pooled.postgres.test/hive',
  DatabaseDirectUrl: 'postgresql://hive:secret@direct.postgres.test/hive',
  AdminKeys: 'the-admin-key-of-a-test',
  SigningRoot: 'the-signing-root-of-a-test-is-long-enough',
}

/**
 * What `sst deploy --stage <stage>` would deploy: every resource with its inputs, and every bundle that sst is asked for.
 * The stack and sst's components are the real ones, the cloud is Pulumi's mocks. `env` is what `.env.<stage>` would set.
 */
export async function synthesize(stage: string, env: Record<string, string> = {}): Promise<Synthesized> {
  const platform = await preparePlatform()
  const work = await mkdtemp(join(tmpdir(), 'agent-hive-stack-'))
  const outfile = join(platform, `stack-${process.pid}-${stage}.mjs`)
  try {
    await build({
      entryPoints: [join(import.meta.dirname, 'run-stack.js')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
      inject: [join(platform, 'src', 'shim', 'run.js')],
      plugins: [inPlatform(platform)],
    })
    const variables = Object.entries(secrets).map(([name, value]) => [`SST_SECRET_${name}`, value])
    await promisify(execFile)(process.execPath, [outfile], {
      env: {
        PATH: process.env.PATH,
        HOME: work,
        STACK_STAGE: stage,
        STACK_ROOT: project,
        STACK_WORK: work,
        ...Object.fromEntries(variables),
        ...env,
      },
    })
    return JSON.parse(await readFile(join(work, 'stack.json'), 'utf8')) as Synthesized
  } finally {
    await rm(work, { recursive: true, force: true })
    await rm(outfile, { force: true })
  }
}

/** Finds the platform and the project; packages of the platform that this stack does not need are left empty. */
function inPlatform(platform: string): Plugin {
  return {
    name: 'in-platform',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^platform:/ }, ({ path }) => ({ path: join(platform, path.slice('platform:'.length)) }))
      onResolve({ filter: /^project:/ }, ({ path }) => ({ path: join(project, path.slice('project:'.length)) }))
      onResolve({ filter: /^(@pulumi\/(aws|pulumi|random)|archiver|glob|esbuild)(\/|$)/ }, ({ path }) => ({
        path,
        external: true,
      }))
      onResolve({ filter: /^(@pulumi\/|@pulumiverse\/|vite$|esbuild$)/ }, () => ({
        path: 'unused',
        namespace: 'unused',
      }))
      onResolve({ filter: /^\.\/(cloudflare|vercel)\/index\.js$/ }, () => ({ path: 'unused', namespace: 'unused' }))
      onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {}', loader: 'js' }))
    },
  }
}
